"""Cutting text to Telegram's measure. Pure.

Telegram counts UTF-16 units: most emoji are two. A cut is made where a reader would make one, never
inside what is seen as one sign and never inside a mention.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
#: where a part may end, the best first; the sign itself stays with the part before it
_ENDS = ("\n\n", "\n", "。", "！", "？", "；", ". ", "，", " ")
_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)
_CLUSTER = 40  #: no sign that is seen as one is longer; a chain of marks beyond it is cut anyway


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the text that rings its owner; in UTF-16 units, as Telegram counts."""

    user: int
    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    mentions: tuple[Mention, ...] = ()


def units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def clean(text: str) -> str:
    """Half an emoji becomes U+FFFD: it cannot be sent, and would fail the whole message."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def with_mentions(people: Sequence[tuple[str, str]], text: str) -> Part:
    """The names before the text. Whose id is not one of Telegram's is named without ringing."""
    words = ""
    mentions = []
    for user, name in people:
        name = clean(name).strip()[:64] or "*"
        if user.isdecimal():
            mentions.append(Mention(int(user), name, units(words), units(name)))
        words += name + " "
    return Part(words + clean(text), tuple(mentions))


def cut(whole: Part, *, first: int = TEXT_LIMIT, limit: int = TEXT_LIMIT) -> list[Part]:
    """Parts that together are the text again. `first`: the measure of the first one (a caption)."""
    parts = []
    text, done, room = whole.text, 0, first
    while units(text) > room:
        end = _place(text, room, [m.offset - done for m in whole.mentions], whole.mentions)
        parts.append(_part(text[:end], done, whole.mentions))
        done += units(text[:end])
        text, room = text[end:], limit
    parts.append(_part(text, done, whole.mentions))
    return parts


def shorten(whole: Part, limit: int) -> Part:
    """One message and no more: a card is edited later, which a chain of messages cannot be."""
    if units(whole.text) <= limit:
        return whole
    first = cut(whole, first=limit - 1)[0]
    return Part(first.text.rstrip() + "…", first.mentions)


def _part(text: str, done: int, mentions: Sequence[Mention]) -> Part:
    end = done + units(text)
    inside = tuple(
        Mention(m.user, m.name, m.offset - done, m.length) for m in mentions if done <= m.offset < end
    )
    return Part(text, inside)


def _place(text: str, room: int, starts: Sequence[int], mentions: Sequence[Mention]) -> int:
    """Index (in characters) of the cut: at most `room` units before it, at least one character."""
    most = _fitting(text, room)
    window = text[:most]
    for end in _ENDS:
        found = window.rfind(end, len(window) // 2)
        if found >= 0:
            most = found + len(end)
            break
    else:
        most = _whole_sign(text, most)
    before = units(text[:most])
    for start, mention in zip(starts, mentions, strict=True):
        if 0 < start < before < start + mention.length:
            return _fitting(text, start)
    return most


def _fitting(text: str, room: int) -> int:
    used = 0
    for index, char in enumerate(text):
        used += 2 if char > "\uffff" else 1
        if used > room:
            return index
    return len(text)


def _whole_sign(text: str, index: int) -> int:
    for back in range(index, max(index - _CLUSTER, 0), -1):
        if _between_signs(text, back):
            return back
    return index


def _between_signs(text: str, index: int) -> bool:
    if index >= len(text):
        return True
    after, before = text[index], text[index - 1]
    if after == _JOINER or before == _JOINER or ord(after) in _SKIN:
        return False
    if unicodedata.category(after) in ("Mn", "Mc", "Me"):  # accents, variation selectors, key caps
        return False
    if ord(after) in _FLAGS and ord(before) in _FLAGS:  # a flag is two letters
        run = index
        while run and ord(text[run - 1]) in _FLAGS:
            run -= 1
        return (index - run) % 2 == 0
    return True
