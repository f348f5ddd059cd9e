"""Reading fields of a directory file: each value with the row it stands in, each mistake a sentence.

Both forms of the file, YAML and XLSX, come here as the same nested data in which every scalar is the
text as written: 11:00 is not 660, 010-1234 keeps its zero.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
_YES = {"true", "yes", "on", "1", "是", "有", "对", "√", "✓", "y"}
_NO = {"false", "no", "off", "0", "否", "无", "不", "×", "n", ""}
_INSIDE = {"inside", "墙内", "院内", "院里", "内", "小区内"}
_OUTSIDE = {"outside", "墙外", "院外", "马路上", "外", "小区外"}
_INVISIBLE = re.compile(r"[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")
_SPLIT = re.compile(r"[\u3001,\uff0c;\uff1b\n]+")
LONGEST = 200


def tidy(text: str) -> str:
    """A name as meant: full-width digits made narrow, spaces around and doubled ones away."""
    return " ".join(_INVISIBLE.sub(" ", unicodedata.normalize("NFKC", text)).split())


def plain(text: str) -> str:
    """A sentence as meant: invisible characters away, its punctuation left alone."""
    return " ".join(_INVISIBLE.sub(" ", text).split())


@dataclass
class Source:
    """A file's data, where each field stands ("第7行"), and the problems found so far."""

    data: Any
    where: Callable[[Path], str]
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def wrong(self, path: Path, problem: str) -> None:
        named = [str(part) for part in path if not isinstance(part, int)]
        label = f"{named[-1]}:" if named else ""
        self.problems.append(f"{self.where(path)}:{label}{problem}")


@dataclass(frozen=True, slots=True)
class At:
    """One spot in a source. Reading a wrong value notes the problem and gives an empty one."""

    source: Source
    path: Path
    value: Any

    @property
    def where(self) -> str:
        return self.source.where(self.path)

    def wrong(self, problem: str) -> None:
        self.source.wrong(self.path, problem)

    # --- mappings and lists ---

    def only(self, allowed: Collection[str]) -> bool:
        """Whether this is a mapping; keys that are not allowed are noted."""
        if not isinstance(self.value, dict):
            self.wrong("这里要写成「名称: 值」的几行")
            return False
        for key in self.value:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                hint = f",是不是「{near[0]}」?" if near else f"。可以写:{'、'.join(allowed)}"
                self.source.problems.append(
                    f"{self.source.where((*self.path, key))}:不认识的字段「{key}」{hint}"
                )
        return True

    def get(self, key: str) -> At:
        inner = self.value.get(key) if isinstance(self.value, dict) else None
        return At(self.source, (*self.path, key), inner)

    def each(self) -> Iterator[At]:
        """The entries of a list; nothing there is an empty list."""
        if self.value is None or self.value == "":
            return
        if not isinstance(self.value, list):
            self.wrong("这里要写成一列,每项前面一个「-」")
            return
        for index, value in enumerate(self.value):
            yield At(self.source, (*self.path, index), value)

    def names(self) -> list[At]:
        """A list, or several names in one text: 1号楼、2号楼."""
        if isinstance(self.value, str):
            parts = [part for part in _SPLIT.split(self.value) if part.strip()]
            return [At(self.source, self.path, part) for part in parts]
        return list(self.each())

    # --- scalars ---

    def text(self, *, required: bool = False, sentence: bool = False, longest: int = LONGEST) -> str:
        if self.value is None or self.value == "":
            if required:
                self.wrong("空着")
            return ""
        if not isinstance(self.value, str):
            self.wrong("要是一段文字")
            return ""
        said = plain(self.value) if sentence else tidy(self.value)
        if not said and required:
            self.wrong("空着")
        if len(said) > longest:
            self.wrong(f"太长了,最多{longest}个字")
            return said[:longest]
        return said

    def name(self, *, in_path: bool = False) -> str:
        """Never empty. `in_path`: it stands in a path, so it holds no slash."""
        said = self.text(required=True, longest=60)
        if in_path and "/" in said:
            self.wrong(f"「{said}」里不能有斜杠")
        return said

    def flag(self) -> bool:
        said = self.text().lower()
        if said not in _YES | _NO:
            self.wrong(f"要写 是 或 否,写的是「{said}」")
        return said in _YES

    def whole(self) -> int | None:
        """A whole number; 3.0, as a spreadsheet writes it, is one."""
        said = self.text()
        found = re.fullmatch(r"(-?\d{1,15})(?:\.0+)?", said)
        if not found:
            self.wrong(f"要是整数,写的是「{said}」")
            return None
        return int(found[1])

    def side(self) -> str:
        said = self.text().lower()
        if said in _INSIDE:
            return "inside"
        if said in _OUTSIDE:
            return "outside"
        if said not in ("", "unknown", "都管"):
            self.wrong(f"要写 inside(墙内)或 outside(墙外),写的是「{said}」")
        return ""
