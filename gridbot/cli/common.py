"""What commands share: settings, the open database, words for what went wrong."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gridbot.settings import Settings
    from gridbot.store.db import Database

env_file: Path | None = None  #: what --env-file said

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask. 不再询问。")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


class ProblemError(Exception):
    """Something in what was given; the sentence for the person at the keyboard."""


def explain(error: Exception) -> tuple[int, str]:
    """Status and sentence. gridbot's own errors are sentences for people; what nobody expected is told
    whole, for whoever mends it."""
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    from gridbot.store.upkeep import InUseError

    if isinstance(error, InUseError):
        return 3, f"{error}: stop it, or use chat or console."
    if type(error) in (DatabaseError, InterfaceError, OperationalError):  # not its children: those are bugs
        return 1, f"The database cannot be used: {getattr(error, 'orig', error)}"
    if type(error).__module__.startswith("gridbot."):
        return 1, str(error)
    if isinstance(error, OSError) and error.filename:
        return 1, f"{error.filename}: {error.strerror}"
    return 1, "".join(traceback.format_exception(error))


def say_no(text: str, status: int = 1) -> int:
    sys.stderr.write(f"{text.rstrip()}\n")
    return status


def read_settings(**over: str) -> Settings:
    from gridbot import settings as house

    return house.load(env_file, **over)


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def working(text: str) -> Iterator[None]:
    """Something turns while it takes long; nothing where nobody looks."""
    with console(stderr=True).status(text):
        yield


@contextlib.contextmanager
def opened(house: Settings, *, write: bool = False) -> Iterator[Database]:
    """The database as it is. To write, nobody else may have it (on SQLite); an empty one is made first."""
    from gridbot.store import upkeep
    from gridbot.store.db import Database

    with upkeep.sole_use(house.database) if write else contextlib.nullcontext():
        revision = upkeep.current(house.database)
        if revision is None and write:
            upkeep.upgrade(house.database)
        elif revision != upkeep.head():
            what = "is empty" if revision is None else f"is at {revision}, this gridbot at {upkeep.head()}"
            raise ProblemError(f"The database {what}: run gridbot db upgrade.")
        with contextlib.closing(Database(house.database)) as database:
            yield database


def now() -> datetime:
    return datetime.now(UTC)
