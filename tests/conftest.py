"""Fixtures for every test: a database on either engine, a transaction that is rolled back, the cast."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store.db import Database
from gridbot.store.tables import metadata
from tests import postgres
from tests.cast import NOW, Cast, seed


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own GRIDBOT_ variables and home must not decide a test."""
    for name in [name for name in os.environ if name.startswith("GRIDBOT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    """A command that sets up logging writes to a stream that ends with its test."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def now() -> datetime:
    return NOW


# --- SQLite --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copying a file with all tables is ten times faster than making them."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture
def database(_empty_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A database on SQLite with all tables, empty."""
    path = tmp_path / "gridbot.db"
    shutil.copyfile(_empty_sqlite, path)
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


# --- PostgreSQL ----------------------------------------------------------------------------------

_outside = os.environ.get("GRIDBOT_TEST_PG_URL", "")


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[sa.URL]:
    """A PostgreSQL database for this test process: GRIDBOT_TEST_PG_URL, Debian's server, or a wheel's.

    Where there is none, tests are shown as skipped, and with CI=true they fail.
    """
    try:
        if _outside:
            yield _own_database(sa.make_url(_outside), f"gridbot_test_{worker_id}")
        else:
            with postgres.server() as server:
                yield server.url
    except postgres.NoPostgresError as trouble:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL for the tests: {trouble}")
        pytest.skip(f"no PostgreSQL: {trouble}")


def _own_database(server: sa.URL, name: str) -> sa.URL:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.set(database=name)


@pytest.fixture(scope="session")
def _postgres_tables(postgres_url: sa.URL) -> sa.URL:
    engine = sa.create_engine(postgres_url)
    metadata.create_all(engine)
    engine.dispose()
    return postgres_url


@pytest.fixture
def postgres_database(_postgres_tables: sa.URL) -> Iterator[Database]:
    """A database on PostgreSQL with all tables, empty."""
    opened = Database(_postgres_tables.render_as_string(hide_password=False))
    tables = ", ".join(f'"{table.name}"' for table in metadata.tables.values())
    opened.write(lambda db: db.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY")))
    yield opened
    opened.close()


# --- either --------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_database(request: pytest.FixtureRequest) -> Database:
    """The test runs twice, once on each."""
    name = "database" if request.param == "sqlite" else "postgres_database"
    opened: Database = request.getfixturevalue(name)
    return opened


def _rolled_back(database: Database) -> Iterator[Connection]:
    with database.writer.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def db(database: Database) -> Iterator[Connection]:
    """A connection in a transaction that is rolled back. It holds SQLite's one write lock: in a test that
    uses it, `database.write` would wait for ever."""
    yield from _rolled_back(database)


@pytest.fixture
def any_db(any_database: Database) -> Iterator[Connection]:
    """The same on both databases."""
    yield from _rolled_back(any_database)


@pytest.fixture
def cast(db: Connection) -> Cast:
    """The cast, in `db`. With `any_db` or a database use `tests.cast.seed`."""
    return seed(db)
