"""A record that WeChat mailed, saved as .eml: the text inside."""

from __future__ import annotations

import email
import email.policy
import html
import io
import re
from typing import BinaryIO, TextIO

_LARGEST = 32 * 1024 * 1024
_FIELD = re.compile(rb"(?:\xef\xbb\xbf)?[A-Za-z][A-Za-z-]{1,40}: ?\S")
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|tr|li|h\d)>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def text_of_mail(stream: BinaryIO) -> TextIO | None:
    """None: it is no mail."""
    stream.seek(0)
    head = stream.read(4096)
    if not _FIELD.match(head) or b"content-type:" not in head.lower() or b"mime-version:" not in head.lower():
        return None
    stream.seek(0)
    mail = email.message_from_bytes(stream.read(_LARGEST), policy=email.policy.default)
    part = mail.get_body(("plain", "html"))
    if part is None:
        return None
    try:
        text = str(part.get_content())
    except (LookupError, UnicodeError):
        return None
    return io.StringIO(_plain(text) if part.get_content_subtype() == "html" else text)


def _plain(page: str) -> str:
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", page))))
