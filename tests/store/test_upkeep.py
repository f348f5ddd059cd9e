"""Keeping the database: the migrations are the tables, one process at a time, copies that are whole."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import communities, metadata
from gridbot.store.upkeep import FileLock, InUseError, UpkeepError
from tests import postgres
from tests.cast import NOW


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/kept/gridbot.db"


@pytest.fixture
def postgresql(postgres_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database of its own, and PostgreSQL's tools on the path."""
    if not os.environ.get("GRIDBOT_TEST_PG_URL"):
        monkeypatch.setenv("PATH", f"{postgres.bin_dir()}:{os.environ['PATH']}")
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS upkeep WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE upkeep")
    engine.dispose()
    yield postgres_url.set(database="upkeep").render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def put(url: str, *names: str) -> None:
    database = Database(url)
    for name in names:
        database.write(
            lambda db, name=name: db.execute(sa.insert(communities).values(name=name, created_at=NOW))
        )
    database.close()


def names(url: str) -> list[str]:
    database = Database(url)
    with database.read() as db:
        found = list(db.execute(sa.select(communities.c.name).order_by(communities.c.id)).scalars())
    database.close()
    return found


# --- migrations ----------------------------------------------------------------------------------


def test_the_migrations_are_the_tables(url: str) -> None:
    """If this fails: python -m gridbot.store.migrations "what changed" (or --next)."""
    upkeep.upgrade(url)
    with upkeep.migrating(url) as config:
        connection: sa.Connection = config.attributes["connection"]
        exact = connection.dialect.name == "postgresql"  # SQLite gives defaults back in another form
        context = MigrationContext.configure(connection, opts={"compare_server_default": exact})
        assert compare_metadata(context, metadata) == []
        made = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    assert made == {table.name for table in metadata.tables.values()}


def test_an_empty_database_needs_no_copy(url: str) -> None:
    assert upkeep.current(url) is None
    first = upkeep.upgrade(url)
    assert (first.before, first.after, first.copy) == (None, upkeep.head(), None)
    again = upkeep.upgrade(url)
    assert (again.before, again.copy) == (upkeep.head(), None)
    assert upkeep.current(url) == upkeep.head()


def test_a_newer_database_is_refused(url: str) -> None:
    upkeep.upgrade(url)
    with upkeep.migrating(url) as config:
        config.attributes["connection"].exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UpkeepError, match="newer \\(9999\\) than this gridbot"):
        upkeep.upgrade(url)


def test_somebody_elses_database_is_refused(url: str) -> None:
    with upkeep.migrating(url) as config:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE diary (x INTEGER)")
    with pytest.raises(UpkeepError, match="not gridbot's"):
        upkeep.upgrade(url)


@pytest.fixture
def one_more_migration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The next release: the same migrations and one more, which adds a column to a table with children."""
    folder = tmp_path / "migrations"
    shutil.copytree(upkeep.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    step = folder / "versions" / "9000_next.py"
    step.write_text(
        textwrap.dedent(
            f"""
            import os, signal
            import sqlalchemy as sa
            from alembic import op
            revision, down_revision = "9000", "{upkeep.head()}"
            def upgrade() -> None:
                with op.batch_alter_table("community", recreate="auto") as batch:
                    batch.alter_column("name", nullable=True)
                    batch.add_column(sa.Column("more", sa.Text(), nullable=True))
                if os.environ.get("DIE"):
                    os.kill(os.getpid(), signal.SIGKILL)
            """
        ),
        encoding="utf-8",
    )
    monkeypatch.setattr(upkeep, "MIGRATIONS", folder)
    return folder


def as_shipped(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A filled database of the revision that is shipped; which that is."""
    with monkeypatch.context() as before:
        before.setattr(upkeep, "MIGRATIONS", Path(upkeep.__file__).parent / "migrations")
        upkeep.upgrade(url)
        shipped = upkeep.head()
    put(url, "青秀佳苑社区", "桃源社区")
    database = Database(url)
    database.write(
        lambda db: db.exec_driver_sql(
            "INSERT INTO unit (community_id, name, handles, data) VALUES (1, '物业', '[]', '{}')"
        )
    )
    database.close()
    return shipped


def test_a_copy_is_made_before_an_upgrade_and_nothing_is_lost(
    url: str, one_more_migration: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = as_shipped(url, monkeypatch)
    done = upkeep.upgrade(url)
    assert (done.before, done.after) == (shipped, "9000")
    assert done.copy is not None
    assert done.copy.stat().st_mode & 0o777 == 0o600
    assert names(url) == ["青秀佳苑社区", "桃源社区"]
    database = Database(url)
    with database.read() as db:  # children of the table that was made anew
        assert db.exec_driver_sql("SELECT name FROM unit").scalars().all() == ["物业"]
        assert db.exec_driver_sql("SELECT more FROM community").scalars().all() == [None, None]
    database.close()


def test_a_process_killed_in_an_upgrade_leaves_the_old_database(
    sqlite: str, one_more_migration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = as_shipped(sqlite, monkeypatch)
    program = (
        "import sys; from pathlib import Path; from gridbot.store import upkeep;"
        f"upkeep.MIGRATIONS = Path({str(one_more_migration)!r}); upkeep.upgrade({sqlite!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | {"DIE": "1"}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert upkeep.current(sqlite) == shipped
    assert names(sqlite) == ["青秀佳苑社区", "桃源社区"]
    assert upkeep.upgrade(sqlite).after == "9000"


@pytest.mark.postgres
def test_processes_that_start_together_upgrade_once(postgresql: str) -> None:
    results: list[upkeep.Upgraded] = []
    threads = [threading.Thread(target=lambda: results.append(upkeep.upgrade(postgresql))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result.before or "" for result in results) == ["", upkeep.head(), upkeep.head()]


# --- copies --------------------------------------------------------------------------------------


def test_backup_and_restore(url: str, tmp_path: Path) -> None:
    upkeep.upgrade(url)
    put(url, "青秀佳苑社区")
    copy = tmp_path / "copies" / "monday.db"
    upkeep.backup(url, copy)
    put(url, "桃源社区")
    aside = upkeep.restore(url, copy, now=NOW)
    assert names(url) == ["青秀佳苑社区"]
    if aside is not None:
        assert names(f"sqlite:///{aside}") == ["青秀佳苑社区", "桃源社区"]
    put(url, "again")  # it can be written to, and keeps its ways
    assert len(names(url)) == 2


def test_a_backup_overwrites_nothing_and_is_private(url: str, tmp_path: Path) -> None:
    upkeep.upgrade(url)
    copy = tmp_path / "x.db"
    upkeep.backup(url, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UpkeepError, match="exists already"):
        upkeep.backup(url, copy)
    assert list(tmp_path.glob(".*half")) == []


def test_a_backup_is_whole_while_gridbot_runs(sqlite: str, tmp_path: Path) -> None:
    upkeep.upgrade(sqlite)
    database = Database(sqlite)
    with FileLock(sqlite):
        database.write(lambda db: db.execute(sa.insert(communities).values(name="一", created_at=NOW)))
        upkeep.backup(sqlite, tmp_path / "x.db")
    database.close()
    assert names(f"sqlite:///{tmp_path}/x.db") == ["一"]


def test_restore_into_nothing(sqlite: str, tmp_path: Path) -> None:
    """On a new machine."""
    upkeep.upgrade(sqlite)
    put(sqlite, "青秀佳苑社区")
    upkeep.backup(sqlite, tmp_path / "x.db")
    new = f"sqlite:///{tmp_path}/new/gridbot.db"
    assert upkeep.restore(new, tmp_path / "x.db", now=NOW) is None
    assert names(new) == ["青秀佳苑社区"]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_copy_is_not_restored(sqlite: str, tmp_path: Path, content: bytes) -> None:
    upkeep.upgrade(sqlite)
    put(sqlite, "青秀佳苑社区")
    (tmp_path / "odd.db").write_bytes(content)
    with pytest.raises(UpkeepError, match=r"not a copy of gridbot's database"):
        upkeep.restore(sqlite, tmp_path / "odd.db", now=NOW)
    assert names(sqlite) == ["青秀佳苑社区"]


def test_a_copy_from_a_newer_gridbot_is_not_restored(sqlite: str, tmp_path: Path) -> None:
    upkeep.upgrade(sqlite)
    upkeep.backup(sqlite, tmp_path / "x.db")
    with sqlite3.connect(tmp_path / "x.db") as copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
    copy.close()
    with pytest.raises(UpkeepError, match="newer"):
        upkeep.restore(sqlite, tmp_path / "x.db", now=NOW)


def test_what_is_not_there_is_told(sqlite: str, tmp_path: Path) -> None:
    with pytest.raises(UpkeepError, match="There is no database"):
        upkeep.backup(sqlite, tmp_path / "x.db")
    with pytest.raises(UpkeepError, match="There is no file"):
        upkeep.restore(sqlite, tmp_path / "x.db", now=NOW)
    assert list(tmp_path.glob("*.db")) == []


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UpkeepError, match="pg_dump is not installed"):
        upkeep.backup("postgresql://u:canary@h/x", tmp_path / "x")


def test_a_tool_gets_the_password_where_nobody_sees_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text('#!/bin/sh\necho "$PGPASSWORD|$@" >&2; exit 1\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UpkeepError) as caught:
        upkeep.backup("postgresql+psycopg://u:canary@h/x", tmp_path / "x")
    assert str(caught.value).startswith("pg_dump: canary|--dbname=postgresql://u@h/x ")


def test_a_database_is_nobody_elses(sqlite: str) -> None:
    upkeep.upgrade(sqlite)
    path = upkeep.sqlite_path(sqlite)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


# --- one process ---------------------------------------------------------------------------------


def test_a_second_process_is_told_who_has_it(sqlite: str) -> None:
    with FileLock(sqlite):
        program = (
            "import sys; from gridbot.store.upkeep import *\n"
            f"try:\n    FileLock({sqlite!r}).__enter__()\n"
            "except InUseError as error: sys.exit(str(error))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"Another gridbot (process {os.getpid()}) is using {upkeep.sqlite_path(sqlite)}"
    )


def test_the_lock_goes_with_its_process(sqlite: str) -> None:
    program = (
        "import os, signal; from gridbot.store.upkeep import *\n"
        f"FileLock({sqlite!r}).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    with FileLock(sqlite), pytest.raises(InUseError), FileLock(sqlite):
        pass
    with FileLock(sqlite):
        pass


def test_one_database_has_one_lock_whatever_it_is_called(
    sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep.upgrade(sqlite)
    (tmp_path / "link.db").symlink_to(upkeep.sqlite_path(sqlite))
    monkeypatch.chdir(tmp_path)
    with FileLock(sqlite):
        for other in ("sqlite:///link.db", "sqlite:///kept/../kept/gridbot.db"):
            with pytest.raises(InUseError), FileLock(other):
                pass


def test_looking_at_the_version_needs_no_write_lock(sqlite: str) -> None:
    """Beside a running gridbot in the middle of a commit."""
    upkeep.upgrade(sqlite)
    writer = sqlite3.connect(upkeep.sqlite_path(sqlite), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    start = time.perf_counter()
    assert upkeep.current(sqlite) == upkeep.head()
    assert time.perf_counter() - start < 2
    writer.close()


def test_two_databases_in_one_folder_have_two_locks(sqlite: str) -> None:
    with FileLock(sqlite), FileLock(sqlite.replace("gridbot.db", "gridbot.sqlite")):
        pass


def test_postgresql_is_anybodys() -> None:
    with upkeep.sole_use("postgresql://h/x"), upkeep.sole_use("postgresql://h/x"):
        pass
