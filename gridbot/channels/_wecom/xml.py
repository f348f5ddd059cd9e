"""XML as the platform posts it to a callback: small, flat, and possibly not from the platform at all."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_BYTES = 64 * 1024
MOST_DEPTH = 8


class XmlError(Exception):
    """No XML that the platform would send; the text says nothing of the content."""

    def __init__(self) -> None:
        super().__init__("not a document of the platform")


def read_xml(body: bytes) -> dict[str, Any]:
    """The root's children by name: text, a dict where there are children below, a list where a name recurs.

    Raises XmlError for more than 64 KiB, any DTD or entity, depth over 8, and what is no XML.
    """
    if len(body) > MOST_BYTES:
        raise XmlError
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an unknown encoding
        raise XmlError from None
    found = _read(root, MOST_DEPTH)
    return found if isinstance(found, dict) else {}


def _read(element: Element, depth: int) -> dict[str, Any] | str:
    if depth == 0:
        raise XmlError
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        value = _read(child, depth - 1)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found
