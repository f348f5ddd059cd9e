"""One writer, many readers.

SQLite: a single thread owns the one writing connection. It takes everything that waits, runs it in one
transaction, commits once, and only then answers: with `synchronous=FULL` sixty-four tasks share one
fsync. If one of them raises, the group is undone and run again with a SAVEPOINT each, so that the
others stand. PostgreSQL: a task is a transaction on a pooled connection.

A task is a function of a Connection. On SQLite it may be run a second time, so it must touch nothing
but the connection.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
T = TypeVar("T")
Task = Callable[[Connection], T]

GROUP = 64  #: tasks that share one commit
BUSY_MS = 5_000  #: how long a connection waits for another process's lock

DatabaseTrouble = (sa.exc.OperationalError, sa.exc.InterfaceError)
"""The database as a whole is out of order (full disk, lost server): not the fault of one message."""


class Database:
    """Opens the engines for a SQLAlchemy URL. Close it: the writer finishes what it has taken."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._thread: _Writer | None = None
        self._pool: ThreadPoolExecutor | None = None
        if self.sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise ValueError(f"{url!r} keeps nothing: give SQLite a file")
            self.writer = sqlite_engine(self.url, read_only=False)
            self.reader = sqlite_engine(self.url, read_only=True)
            self._thread = _Writer(self.writer)
        else:
            self.writer = self.reader = sa.create_engine(self.url, pool_size=10, pool_pre_ping=True, **_JSON)
            self._pool = ThreadPoolExecutor(8, thread_name_prefix="gridbot-db")

    def submit(self, task: Task[T]) -> Future[T]:
        """Runs `task` in a transaction; the future is answered after the commit."""
        if self._thread:
            return self._thread.submit(task)
        assert self._pool
        return self._pool.submit(self._transaction, task)

    def write(self, task: Task[T]) -> T:
        """`submit` and wait: for the command line and tests, never on an event loop."""
        return self.submit(task).result()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        with self.reader.connect() as connection:
            yield connection

    def close(self) -> None:
        if self._thread:
            self._thread.stop()
        if self._pool:
            self._pool.shutdown()
        self.writer.dispose()
        self.reader.dispose()

    def _transaction(self, task: Task[T]) -> T:
        with self.writer.begin() as connection:
            return task(connection)


def sqlite_engine(url: sa.URL, *, read_only: bool, durable: bool = True) -> Engine:
    """With the driver's own transactions off: with them a SAVEPOINT's release would commit."""
    if not read_only and url.database:  # what residents say is nobody else's on this machine
        Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):  # opening it will say so better
            Path(url.database).touch(mode=0o600)
    engine = sa.create_engine(
        url, connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000}, **_JSON
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(driver: Any, _record: Any) -> None:
        driver.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'OFF'}",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is erased does not stay in the file's free pages
            f"busy_timeout={BUSY_MS}",
        ):
            driver.execute(f"PRAGMA {pragma}")
        if read_only:
            driver.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


Item = tuple[Task[Any], "Future[Any]"]


class _Writer:
    """The thread that writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._open = True
        self._gate = threading.Lock()  # nothing is queued behind the last word
        self._thread = threading.Thread(target=self._run, name="gridbot-writer", daemon=True)
        self._thread.start()

    def submit(self, task: Task[T]) -> Future[T]:
        future: Future[T] = Future()
        with self._gate:
            if not self._open:
                raise RuntimeError("the database is closed")
            self._tasks.put((task, future))
        return future

    def stop(self) -> None:
        with self._gate:
            self._open = False
            self._tasks.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._take()
            if group:
                for future, value, error in self._commit(group):
                    if error is None:
                        future.set_result(value)
                    else:
                        future.set_exception(error)

    def _take(self) -> tuple[list[Item], bool]:
        """Waits for one task and takes all that wait with it. True: nothing comes after."""
        group: list[Item] = []
        item = self._tasks.get()
        while item is not None:
            if item[1].set_running_or_notify_cancel():
                group.append(item)
            if len(group) >= GROUP:
                return group, False
            try:
                item = self._tasks.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[Item]) -> list[tuple[Future[Any], Any, BaseException | None]]:
        """Runs a group in one transaction: without SAVEPOINTs first, which cost as much as the work; if a
        task raises, all is undone and run again with one each."""
        try:
            with self._engine.connect() as connection, connection.begin():
                return [(future, task(connection), None) for task, future in group]
        except BaseException:
            return self._commit_guarded(group)

    def _commit_guarded(self, group: list[Item]) -> list[tuple[Future[Any], Any, BaseException | None]]:
        """A SAVEPOINT a task. Whatever goes wrong becomes an answer: the thread lives on."""
        began = False
        try:
            with self._engine.connect() as connection, connection.begin():
                began = True
                return [(future, *_in_savepoint(connection, task)) for task, future in group]
        except BaseException as trouble:
            if began and len(group) > 1:  # one of them took the whole group with it: each alone
                return [answer for item in group for answer in self._commit_guarded([item])]
            error = trouble.__cause__ if isinstance(trouble, _GroupLostError) else trouble
            return [(future, None, error) for _, future in group]


class _GroupLostError(Exception):
    """SQLite ended the transaction itself: what ran before in this group is gone too."""


def _in_savepoint(connection: Connection, task: Task[Any]) -> tuple[Any, BaseException | None]:
    savepoint = connection.begin_nested()
    try:
        value = task(connection)
        savepoint.commit()
    except Exception as error:
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            raise _GroupLostError from error
        savepoint.rollback()
        return None, error
    return value, None
