"""Several values in one spreadsheet cell: 李格长(电话:138…;telegram:2001)、王某. Pure.

A backslash takes the meaning from the sign after it, so that any name can be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LIST = "\u3001,\uff0c;\uff1b\n"  #: and their full-width forms
_OPEN, _CLOSE, _COLON = "(\uff08", ")\uff09", ":\uff1a"
_SIGNS = frozenset(LIST + _OPEN + _CLOSE + _COLON + "\\")


def escape(text: str) -> str:
    return "".join(f"\\{char}" if char in _SIGNS else char for char in text)


def unescape(text: str) -> str:
    found, chars = [], iter(text)
    for char in chars:
        found.append(next(chars, "") if char == "\\" else char)
    return "".join(found).strip()


def split(text: str) -> list[str]:
    """At the signs outside brackets; still escaped, empty parts left out."""
    parts, depth, quoted = [""], 0, False
    for char in text:
        if quoted:
            quoted = False
        elif char == "\\":
            quoted = True
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char in LIST and not depth:
            parts.append("")
            continue
        parts[-1] += char
    return [part for part in parts if part.strip()]


def names(text: str) -> list[str]:
    return [unescape(part) for part in split(text)]


def entries(text: str) -> list[tuple[str, dict[str, str]]]:
    """(name, what stands in brackets after it); brackets without a colon belong to the name."""
    return [_entry(part.strip()) for part in split(text)]


def _entry(part: str) -> tuple[str, dict[str, str]]:
    opened = _first(part, _OPEN)
    if opened < 0 or not _closed(part):
        return unescape(part), {}
    found = pairs(part[opened + 1 : -1])
    return (unescape(part[:opened]), found) if found else (unescape(part), {})


def _closed(part: str) -> bool:
    """Whether it ends with a bracket that means one."""
    before = part[:-1]
    return part.endswith(tuple(_CLOSE)) and (len(before) - len(before.rstrip("\\"))) % 2 == 0


def pairs(text: str) -> dict[str, str]:
    """电话:138…;telegram:2001 as a mapping; {} if any part is none."""
    found = {}
    for part in split(text):
        colon = _first(part, _COLON)
        if colon < 0:
            return {}
        found[unescape(part[:colon])] = unescape(part[colon + 1 :])
    return found


def _first(text: str, signs: str) -> int:
    quoted = False
    for index, char in enumerate(text):
        if quoted:
            quoted = False
        elif char == "\\":
            quoted = True
        elif char in signs:
            return index
    return -1


def join(values: Iterable[str]) -> str:
    return "、".join(escape(value) for value in values)


def join_pairs(values: Mapping[str, str]) -> str:
    return ";".join(f"{escape(key)}:{escape(value)}" for key, value in values.items() if value)


def entry(name: str, values: Mapping[str, str]) -> str:
    shown = join_pairs(values)
    return f"{escape(name)}({shown})" if shown else escape(name)
