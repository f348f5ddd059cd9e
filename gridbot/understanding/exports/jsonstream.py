"""JSON of any length, an element at a time, in constant memory.

Exporters write JSON that a strict parser refuses: Telegram Desktop puts control characters as `\\x0b`,
others leave them raw. What cannot be parsed is found by its brackets, repaired, or left out by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

_CHUNK = 1 << 18
_LARGEST = 1 << 24  #: characters of one element
_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[\s\ufeff]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]|"', re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\s]*")
_ESCAPE = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|u[0-9A-Fa-f]{4}|["\\/bfnrt]|(.)|$)', re.DOTALL)


class CutShortError(Exception):
    """The text ends in the middle."""


class Broken:
    """Stands for an element that could not be repaired."""


class JsonStream:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text, self._at = "", 0
        self._chunk = _CHUNK
        self.taken = 0  #: how many values and marks were taken: tells whether anybody did

    def peek(self) -> str:
        """The next character that is not space; "" at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, mark: str) -> bool:
        if self.peek() != mark:
            return False
        self._at += 1
        self.taken += 1
        return True

    def value(self) -> Any:
        """The value that begins here. Raises CutShortError."""
        if not self.peek():
            raise CutShortError
        self._chunk = _CHUNK
        self.taken += 1
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                found = _end_of(self._text, self._at)
                if found is None and len(self._text) - self._at < _LARGEST and self._more():
                    continue
                if found is None:
                    raise CutShortError from None
                value, end = _repaired(self._text[self._at : found]), found
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self._at = end
            return value

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; a value nobody takes is passed over."""
        self.take("{")
        while not self.take("}"):
            if self.peek() != '"':
                raise CutShortError
            key = self.value()
            self.take(":")
            before = self.taken
            yield str(key)
            if self.taken == before:
                self.value()
            self.take(",")

    def elements(self) -> Iterator[None]:
        """Once for every element of the array that begins here; the caller takes it."""
        self.take("[")
        while not self.take("]"):
            if not self.peek():
                raise CutShortError
            before = self.taken
            yield
            if self.taken == before:
                self.value()
            if not self.take(",") and self.peek() not in ("]", ""):
                raise CutShortError  # neither goes on nor ends: what follows is no list any more

    def _more(self) -> bool:
        chunk = self._stream.read(self._chunk)
        if not chunk:
            return False
        self._text, self._at = self._text[self._at :] + chunk, 0
        self._chunk = min(self._chunk * 2, _LARGEST)
        return True


def _end_of(text: str, start: int) -> int | None:
    """Where the value ends, by its brackets alone; None if it goes on."""
    if text[start] not in '{["':
        scalar = _SCALAR.match(text, start)
        assert scalar is not None
        return max(scalar.end(), start + 1) if scalar.end() < len(text) else None
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark == '"':
            return None
        depth += 1 if mark in "{[" else -1 if mark in "}]" else 0
        if depth == 0:
            return token.end()
    return None


def _repaired(text: str) -> Any:
    try:
        return json.loads(_ESCAPE.sub(_escape, text), strict=False)
    except (ValueError, RecursionError):
        return Broken


def _escape(match: re.Match[str]) -> str:
    if match[1]:
        return f"\\u00{match[1]}"
    return match[0] if match[2] is None else match[2]
