"""From bytes to text: which encoding a file is in. What people send has been through Windows and phones."""

from __future__ import annotations

import codecs
import contextlib
import io
from typing import BinaryIO, TextIO

_CHUNK = 1 << 18
_SAMPLE = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def as_text(stream: BinaryIO) -> TextIO:
    """The stream as text, from its beginning; what no encoding explains becomes U+FFFD."""
    encoding = encoding_of(stream)
    stream.seek(0)
    return _Borrowed(stream, encoding=encoding, errors="replace")


class _Borrowed(io.TextIOWrapper):
    """The bytes below are closed by whoever opened them, not by the last reader that goes."""

    def __del__(self) -> None:
        with contextlib.suppress(ValueError):
            self.detach()


def encoding_of(stream: BinaryIO) -> str:
    """UTF-8 if all of it is, or more of it than is GB18030 (one broken byte does not make a file
    Chinese); UTF-16 by its mark or by its zero bytes."""
    stream.seek(0)
    head = stream.read(4096)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) > len(head) // 40:
            return "utf-16-be" if even > odd else "utf-16-le"
    if _is_utf8(stream):
        return "utf-8"
    stream.seek(0)
    sample = stream.read(_SAMPLE)
    broken = {name: sample.decode(name, "replace").count("\ufffd") for name in ("utf-8", "gb18030")}
    return min(broken, key=lambda name: broken[name])


def _is_utf8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and not stream.read(1)
    return True
