"""What has left the database: copies and exports, in a list beside it; and who was erased, beside each copy.

Both lists hold paths, ids and times, no word. A copy made before somebody was erased still has him: the
list says which; when it is put back, he is erased again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gridbot.store.upkeep import is_sqlite, sqlite_path

BACKUP, EXPORT = "backup", "export"
KEEP = 7  #: copies that a folder of them keeps
ERASED_FILE = "gridbot.erased"  #: in the folder of every copy


@dataclass(frozen=True, slots=True)
class Copy:
    """One file that was written. `at`: UTC; `logged`: it stands in the record of events, too."""

    kind: str
    path: str
    at: datetime
    community: str = ""  #: of an export: whose
    logged: bool = True

    @property
    def there(self) -> bool:
        return Path(self.path).exists()


@dataclass(frozen=True, slots=True)
class Gone:
    """One person erased: `of` is a mark of the community (not its name), so that lists can be mixed."""

    of: str
    person: int
    at: datetime


def register(url: str, data: Path) -> Path:
    """Where the list of a database's copies lies: beside it, or in the data folder."""
    if is_sqlite(url):
        path = sqlite_path(url)
        return path.with_name(f"{path.name}.copies")
    return data / f"{sa.make_url(url).database}.copies"


def erased_list(url: str, data: Path) -> Path:
    """Where the list of the erased lies, beside the list of copies."""
    return register(url, data).with_suffix(".erased")


def note(list_: Path, copy: Copy) -> None:
    """One line more; readable by its owner only."""
    _append(list_, [asdict(copy) | {"at": copy.at.astimezone(UTC).isoformat()}])


def listed(list_: Path) -> list[Copy]:
    """Every file written that is still there, oldest first."""
    rows = [Copy(**row | {"at": datetime.fromisoformat(row["at"])}) for row in _lines(list_)]
    return [copy for copy in rows if copy.there]


def unlogged(list_: Path) -> list[Copy]:
    """The exports that no event tells of yet."""
    rows = [row for row in _lines(list_) if not row.get("logged", True)]
    return [Copy(**row | {"at": datetime.fromisoformat(row["at"])}) for row in rows]


def told(list_: Path) -> None:
    """To be called once they stand in the record."""
    if rows := _lines(list_):
        _write(list_, [row | {"logged": True} for row in rows])


def holding(list_: Path, erased_at: datetime) -> list[Copy]:
    """The files that still have what was erased then: made before, and still there."""
    return [copy for copy in listed(list_) if copy.at <= erased_at]


def in_folder(folder: Path, *, postgresql: bool, now: datetime) -> Path:
    """A new file's name in a folder of copies."""
    return folder / f"gridbot-{now:%Y%m%d-%H%M%S}.{'dump' if postgresql else 'db'}"


def rotate(folder: Path, *, keep: int = KEEP) -> list[Path]:
    """Takes the oldest copies of a folder away; what somebody named otherwise stays. Returns which."""
    ours = sorted([*folder.glob("gridbot-[0-9]*-[0-9]*.db"), *folder.glob("gridbot-[0-9]*-[0-9]*.dump")])
    old = ours[: max(0, len(ours) - keep)]
    for path in old:
        path.unlink()
    return old


# --- the erased ----------------------------------------------------------------------------------


def known_gone(*lists: Path) -> list[Gone]:
    """Everybody any of the lists names, once."""
    found: dict[tuple[str, int], Gone] = {}
    for list_ in lists:
        for row in _lines(list_):
            one = Gone(row["of"], row["person"], datetime.fromisoformat(row["at"]))
            found[(one.of, one.person)] = one
    return list(found.values())


def keep_gone(list_: Path, gone: Iterable[Gone]) -> None:
    """The list anew, with whoever stood in it before."""
    known = {(one.of, one.person): one for one in (*known_gone(list_), *gone)}
    if known:
        _write(
            list_, [{"of": one.of, "person": one.person, "at": one.at.isoformat()} for one in known.values()]
        )


# --- lines ---------------------------------------------------------------------------------------


def _lines(list_: Path) -> list[dict[str, Any]]:
    if not list_.is_file():
        return []
    return [json.loads(line) for line in list_.read_text(encoding="utf-8").splitlines() if line.strip()]


def _append(list_: Path, rows: list[dict[str, Any]]) -> None:
    list_.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(
        os.open(list_, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a", encoding="utf-8"
    ) as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(list_: Path, rows: list[dict[str, Any]]) -> None:
    half = list_.with_name(f".{list_.name}.half")
    half.unlink(missing_ok=True)
    _append(half, rows)
    half.replace(list_)
