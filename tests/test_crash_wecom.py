"""The crash test on WeCom: killed at named points in the middle of an emergency, started again, and the
platform (or the person) says the same message once more. One case, everything said, twice at most where it
was in flight; a card never twice, for the platform itself takes none again.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.store import upkeep
from gridbot.store.db import Database
from tests.cast import NOW
from tests.fakes.wecom_server import FakeWecom
from tests.test_whole_wecom import BOT, DIRECTORY, GROUP, SECRET

pytestmark = pytest.mark.crash

REPORT = "@网格助手 5号楼有股煤气味"
POINTS = (
    ("before-inbox-commit", 1),  # heard, not kept: it has to be said again
    ("after-inbox-commit", 1),
    ("mid-handling", 1),
    ("after-case-commit", 1),
    ("after-outbox-claim", 1),
    ("after-outbox-claim", 3),
    ("after-send-before-mark", 1),
    ("after-send-before-mark", 2),
    ("after-send-before-mark", 3),
)


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A community whose leaders and admin can be reached on WeCom, and nothing else happened."""
    folder = tmp_path_factory.mktemp("quiet")
    url = f"sqlite:///{folder / 'crash.db'}"
    upkeep.upgrade(url, copy=False)
    database = Database(url)
    directory = read_yaml(DIRECTORY)
    database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=NOW))
    database.close()

    async def settle() -> None:
        async with FakeWecom() as fake, _gridbot(folder, fake) as house:
            for person in ("li", "zhou", "admin"):
                await fake.enters(person)
            await fake.until(lambda: house.count("SELECT count(*) FROM identity WHERE reachable") == 3, 20)
            await fake.until(house.rests, 20)
            assert await house.stops() == 0

    asyncio.run(settle())
    return folder


@pytest.mark.asyncio
@pytest.mark.parametrize(("point", "nth"), POINTS)
async def test_nothing_is_lost_and_nothing_counts_twice(
    quiet_house: Path, tmp_path: Path, point: str, nth: int
) -> None:
    shutil.copytree(quiet_house, tmp_path, dirs_exist_ok=True)
    async with FakeWecom() as fake:
        fake.spoken |= {"li", "zhou", "admin", GROUP}
        async with _gridbot(tmp_path, fake, fail=f"{point}:{nth}") as house:
            msgid = await fake.says("wang", REPORT, group=GROUP)
            assert await house.dies() == -signal.SIGKILL, f"{point}:{nth} was never passed"
        async with _gridbot(tmp_path, fake) as house:
            await fake.again(msgid)
            await fake.again(msgid)
            kept = f"SELECT count(*) FROM inbox WHERE update_id = '{msgid}' AND state = 'done'"
            await fake.until(lambda: house.count(kept) == 1 and house.rests(), 40)
            _check(house, fake)
            assert await house.stops() == 0


def _check(house: _House, fake: FakeWecom) -> None:
    assert house.count("SELECT count(*) FROM cases") == 1
    assert house.count("SELECT count(*) FROM inbox WHERE state = 'dead'") == 0
    assert house.count("SELECT count(*) FROM outbox WHERE state = 'failed'") == 0
    said = [message for chat in ("li", "zhou", "admin", GROUP) for message in fake.messages(chat)]
    words = [message for message in said if message["msgtype"] != "template_card"]
    tasks = [message["template_card"]["task_id"] for message in said if message["msgtype"] == "template_card"]
    assert len(tasks) == len(set(tasks))
    sent = "SELECT count(*) FROM outbox WHERE state = 'sent' AND case_id IS NOT NULL"
    to_be_said = house.count(sent)
    in_flight = house.count("SELECT count(*) FROM outbox WHERE maybe_twice")
    assert to_be_said > 2
    assert (
        to_be_said <= len(words) + len(tasks) <= to_be_said + 2 * in_flight
    )  # long words stand above a card
    assert in_flight <= 4, "more were in flight than a bot may have"


class _House:
    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.folder, self.process = folder, process

    def count(self, query: str) -> int:
        connection = sqlite3.connect(f"file:{self.folder / 'crash.db'}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()

    def rests(self) -> bool:
        soon = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed') AND due_at < "
        return not (
            self.count("SELECT count(*) FROM inbox WHERE state = 'pending'")
            or self.count(f"{soon} datetime('now', '+10 seconds')")
        )

    async def dies(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 20)

    async def stops(self) -> int:
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 8)


@asynccontextmanager
async def _gridbot(folder: Path, fake: FakeWecom, *, fail: str = "") -> AsyncIterator[_House]:
    fake.bot(BOT, SECRET)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GRIDBOT_")},
        "GRIDBOT_DATABASE": f"sqlite:///{folder / 'crash.db'}",
        "GRIDBOT_HTTP": f"127.0.0.1:{port}",
        "GRIDBOT_WECOM_AIBOT": BOT,
        "GRIDBOT_WECOM_AIBOT_SECRET": SECRET,
        "GRIDBOT_WECOM_AIBOT_NAME": "网格助手",
        "GRIDBOT_WECOM_SOCKET": fake.socket,
        "GRIDBOT_FAIL": fail,
    }
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gridbot", "serve", env=environment, stdout=log, stderr=log
        )
    try:
        await fake.until(lambda: fake.connected() or process.returncode is not None, 30)
        yield _House(folder, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await fake.until(lambda: not fake.connected())
