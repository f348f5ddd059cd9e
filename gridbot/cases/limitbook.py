"""The shipped and own tables of limits: intents/limits/*.yaml. Read once, with file and line of a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from gridbot.almanac import Limit, LimitError
from gridbot.cases.clocks import FIELDS, Line, Stage
from gridbot.understanding.intents import default_folder
from gridbot.understanding.yamlfile import Document, PackError, read_document

COMMON = "常用"  #: the preset of a community that chose none
_PAUSES = "pauses.yaml"
_LINE = frozenset({"types", "levels", "rungs", "stages", *FIELDS})


@dataclass(frozen=True, slots=True)
class Preset:
    """One table with its source: 北京接诉即办, 数字城管 … To be edited, never "the national limit"."""

    name: str
    source: str
    note: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that is waited for, the words that show it, and how long it may take at most."""

    name: str
    words: tuple[str, ...]
    most: Limit
    alone: bool = False  #: said without a day it is a pause too


@dataclass(frozen=True, slots=True)
class PauseWords:
    words: tuple[str, ...] = ()  #: say outright that the clock shall stand
    resume: tuple[str, ...] = ()
    waits: tuple[Waits, ...] = ()
    longest: Limit = Limit.read("10工作日")  # noqa: RUF009 - a frozen value


@dataclass(frozen=True, slots=True)
class Book:
    presets: Mapping[str, Preset] = field(default_factory=dict)
    pauses: PauseWords = field(default_factory=PauseWords)

    def lines(self, preset: str) -> tuple[Line, ...]:
        """Of the chosen preset, or of the common one; none where that is missing too."""
        chosen = self.presets.get(preset) or self.presets.get(COMMON)
        return chosen.lines if chosen is not None else ()


def load_book(folder: Path) -> Book:
    """Every *.yaml of a folder; one that is not there is an empty book. Raises PackError."""
    presets: dict[str, Preset] = {}
    pauses = PauseWords()
    for file in sorted(folder.glob("*.yaml")):
        document = read_document(file)
        if file.name == _PAUSES:
            pauses = _pauses(document)
            continue
        preset = _preset(document)
        if preset.name in presets:
            raise document.error(("name",), f"{preset.name} stands in another file too")
        presets[preset.name] = preset
    return Book(presets, pauses)


@lru_cache(maxsize=1)
def shipped_book() -> Book:
    return load_book(default_folder() / "limits")


_in_use: Book | None = None


def use_book(book: Book | None) -> None:
    """Said once at the start where a house keeps its own tables; None goes back to the shipped ones."""
    global _in_use
    _in_use = book


def use_folder(folder: Path) -> None:
    """The tables of a house's own folder; the shipped ones where it has none. Raises PackError."""
    use_book(load_book(folder) if folder.is_dir() else None)


def book_in_use() -> Book:
    return _in_use or shipped_book()


# --- reading -------------------------------------------------------------------------------------


def _preset(document: Document) -> Preset:
    data = _mapping(document, (), document.data, {"name", "source", "note", "limits"})
    for name in ("name", "source"):
        if not isinstance(data.get(name), str) or not data[name].strip():
            raise document.error((name,), "is missing: figures are shown with their source")
    lines = tuple(_line(document, at, one) for at, one in _items(document, ("limits",), data.get("limits")))
    return Preset(data["name"], data["source"], str(data.get("note", "")), lines)


def _line(document: Document, at: int, data: Any) -> Line:
    here = ("limits", at)
    data = _mapping(document, here, data, _LINE)
    said: dict[str, Any] = {
        name: _limit(document, (*here, name), data[name]) for name in FIELDS if name in data
    }
    if "stages" in data:
        said["stages"] = tuple(
            _stage(document, (*here, "stages", number), one)
            for number, one in _items(document, (*here, "stages"), data["stages"])
        )
    if not said:
        raise document.error(here, "says no limit")
    rungs = [one for _, one in _items(document, (*here, "rungs"), data.get("rungs"))]
    if not all(isinstance(one, int) and 0 <= one <= 12 for one in rungs):
        raise document.error((*here, "rungs"), "are numbers from 0 up")
    words = {
        name: frozenset(str(one) for _, one in _items(document, (*here, name), data.get(name)))
        for name in ("types", "levels")
    }
    return Line(words["types"], words["levels"], frozenset(rungs), **said)


def _stage(document: Document, here: tuple[str | int, ...], data: Any) -> Stage:
    data = _mapping(document, here, data, {"name", "within"})
    if not data.get("name"):
        raise document.error(here, "a stage needs a name")
    return Stage(str(data["name"]), _limit(document, (*here, "within"), data.get("within")))


def _pauses(document: Document) -> PauseWords:
    data = _mapping(document, (), document.data, {"words", "resume", "longest", "waits"})
    waits = []
    for name, one in _mapping(document, ("waits",), data.get("waits") or {}, None).items():
        here = ("waits", name)
        known = _mapping(document, here, one, {"words", "most", "alone"})
        most = _limit(document, (*here, "most"), known.get("most"))
        said = _words(document, (*here, "words"), known.get("words"))
        waits.append(Waits(name, said, most, known.get("alone") is True))
    longest = _limit(document, ("longest",), data.get("longest"))
    outright, again = (_words(document, (key,), data.get(key)) for key in ("words", "resume"))
    return PauseWords(outright, again, tuple(waits), longest)


def _words(document: Document, here: tuple[str | int, ...], data: Any) -> tuple[str, ...]:
    return tuple(str(one) for _, one in _items(document, here, data))


def _limit(document: Document, here: tuple[str | int, ...], value: Any) -> Limit:
    try:
        return Limit.read(str(value))
    except LimitError as error:
        raise document.error(here, str(error)) from None


def _mapping(
    document: Document, here: tuple[str | int, ...], data: Any, known: set[str] | frozenset[str] | None
) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise document.error(here, "a mapping is expected")
    if known is not None and (strange := sorted(set(data) - known)):
        raise document.error((*here, strange[0]), "is not known here")
    return data


def _items(document: Document, here: tuple[str | int, ...], data: Any) -> Iterator[tuple[int, Any]]:
    if data is None:
        return iter(())
    if not isinstance(data, list):
        raise document.error(here, "a list is expected")
    return iter(enumerate(data))


__all__ = [
    "COMMON",
    "Book",
    "PackError",
    "PauseWords",
    "Preset",
    "Waits",
    "book_in_use",
    "load_book",
    "shipped_book",
    "use_book",
    "use_folder",
]
