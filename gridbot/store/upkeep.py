"""Keeping the database: one process at a time, upgrades with a copy before them, backup and restore."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gridbot.store.db import sqlite_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY = 0x67726964  #: "grid": PostgreSQL's lock while somebody upgrades


class UpkeepError(Exception):
    """Says in a sentence what cannot be done and what can."""


class InUseError(UpkeepError):
    """Another process has the database."""


# --- one process ---------------------------------------------------------------------------------


class FileLock:
    """SQLite is one process's: the lock lies beside the file and goes with the process, however it ends."""

    def __init__(self, url: str) -> None:
        self.database = sqlite_path(url).resolve()
        self.path = self.database.with_name(f"{self.database.name}.lock")
        self._file: Any = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = self.path.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise InUseError(f"Another gridbot (process {owner}) is using {self.database}") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def sole_use(url: str) -> contextlib.AbstractContextManager[object]:
    """For whatever writes. Raises InUseError; on PostgreSQL any number may."""
    return FileLock(url) if is_sqlite(url) else contextlib.nullcontext()


def is_sqlite(url: str) -> bool:
    return sa.make_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    name = sa.make_url(url).database
    if not name or name == ":memory:":
        raise UpkeepError("SQLite needs a file")
    return Path(name)


# --- migrations ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Upgraded:
    before: str | None  #: None: the database was empty
    after: str
    copy: Path | None = None


def head() -> str:
    """The revision this code is written for."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def current(url: str) -> str | None:
    """The revision the database has; None: it is empty."""
    if is_sqlite(url) and not sqlite_path(url).exists():
        return None
    with _opened(url, read_only=True) as connection:
        return _current(connection)


def upgrade(url: str, *, copy: bool = True) -> Upgraded:
    """Brings the database to `head`, all or nothing. Copies it first, unless it is empty."""
    with migrating(url) as config:
        connection: sa.Connection = config.attributes["connection"]
        before, after = _current(connection), head()
        if before == after:
            return Upgraded(before, after)
        if before is None and sa.inspect(connection).get_table_names():
            raise UpkeepError("The database has tables that are not gridbot's: give gridbot one of its own")
        if before is not None and before not in _known():
            raise UpkeepError(
                f"The database is newer ({before}) than this gridbot ({after}): install the newer gridbot,"
                " or take back an older copy with gridbot restore"
            )
        saved = _copy_beside(url, before) if copy and before else None
        command.upgrade(config, "head")
        if is_sqlite(url) and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            raise UpkeepError(
                f"The upgrade would lose connections between rows ({len(broken)}): nothing changed"
            )
    return Upgraded(before, after, saved)


@contextlib.contextmanager
def migrating(url: str) -> Iterator[Config]:
    """An Alembic configuration with a connection in a transaction. Foreign keys are off meanwhile: SQLite
    alters a table by copying it, and dropping the old one would take its children along."""
    config = _config()
    with _opened(url) as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))
            config.attributes["connection"] = connection
            yield config


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextlib.contextmanager
def _opened(url: str, *, read_only: bool = False) -> Iterator[sa.Connection]:
    parsed = sa.make_url(url)
    engine = sqlite_engine(parsed, read_only=read_only) if is_sqlite(url) else sa.create_engine(parsed)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


# --- copies --------------------------------------------------------------------------------------


def backup(url: str, target: Path) -> None:
    """A whole and consistent copy, also while gridbot runs. Readable by its owner only."""
    if target.exists():
        raise UpkeepError(f"{target} exists already: name a new file")
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")  # a copy that was cut short must not look like one
    half.unlink(missing_ok=True)
    try:
        os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if is_sqlite(url):
            _vacuum_into(sqlite_path(url), half)
        else:
            _postgres("pg_dump", url, "--format=custom", f"--file={half}")
        half.rename(target)
    finally:
        half.unlink(missing_ok=True)


def restore(url: str, source: Path, *, now: datetime) -> Path | None:
    """Puts a copy in the database's place. What was there is copied beside it first; returns where."""
    if not source.is_file():
        raise UpkeepError(f"There is no file {source}")
    if not is_sqlite(url):
        _postgres(
            "pg_restore", url, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(source)
        )
        return None
    revision = _revision_of(source)
    if revision not in _known():
        raise UpkeepError(
            f"{source} is newer ({revision}) than this gridbot ({head()}): install the newer gridbot"
        )
    path = sqlite_path(url)
    aside = None
    if path.exists() and current(url) is not None:
        aside = _unused(path.with_name(f"{path.name}.before-restore-{now:%Y%m%d-%H%M%S}"))
        backup(url, aside)
    with _opened(url) as connection, contextlib.closing(_read_only(source)) as copy:
        driver: Any = connection.connection.driver_connection
        copy.backup(driver)
    return aside


def _copy_beside(url: str, revision: str) -> Path:
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if is_sqlite(url):
        path = sqlite_path(url)
        target = path.with_name(f"{path.name}.before-upgrade-{revision}-{stamp}")
    else:
        target = Path.cwd() / f"{sa.make_url(url).database}.before-upgrade-{revision}-{stamp}.dump"
    target = _unused(target)
    backup(url, target)
    return target


def _unused(path: Path) -> Path:
    names = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(name for name in itertools.chain([path], names) if not name.exists())


def _vacuum_into(path: Path, target: Path) -> None:
    if not path.is_file():
        raise UpkeepError(f"There is no database {path}")
    try:
        with contextlib.closing(_read_only(path)) as database:
            database.execute("VACUUM INTO ?", (str(target),))
        with contextlib.closing(_read_only(target)) as copy:
            verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        raise UpkeepError(f"{path} cannot be copied: {error}") from None
    if verdict != "ok":
        raise UpkeepError(f"{path} is damaged: {verdict}")


def _revision_of(source: Path) -> str:
    try:
        with contextlib.closing(_read_only(source)) as copy:
            verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
            revision = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.Error, TypeError):
        raise UpkeepError(f"{source} is not a copy of gridbot's database") from None
    if verdict != "ok":
        raise UpkeepError(f"{source} is damaged: {verdict}")
    return revision


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _postgres(tool: str, url: str, *arguments: str) -> None:
    """Runs one of PostgreSQL's own tools. The password goes by the environment, where `ps` shows nothing."""
    program = shutil.which(tool)
    if not program:
        raise UpkeepError(f"{tool} is not installed (Debian: apt-get install postgresql-client)")
    parts = sa.make_url(url)
    target = parts.set(drivername="postgresql")._replace(password=None).render_as_string()
    password = {"PGPASSWORD": str(parts.password)} if parts.password else {}
    done = subprocess.run(  # noqa: S603 -- no shell, and the program is PostgreSQL's
        [program, f"--dbname={target}", *arguments],
        env=os.environ | password,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UpkeepError(
            f"{tool}: {done.stderr.strip().splitlines()[-1] if done.stderr else done.returncode}"
        )
