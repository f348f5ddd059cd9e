"""The crash test on the callback server: a resident's emergency on 微信客服, the process killed at named
points and started again. Nobody rings a second time at first: what the platform was told 200 for is pulled
all the same. Then it rings three times more, and still there is one case.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gridbot.app_wechat import CALLBACK
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.store import upkeep
from gridbot.store.db import Database
from tests.cast import NOW
from tests.fakes.wecom_kf import AES_KEY, TOKEN, FakeKf
from tests.fakes.wecom_server import CORP, FakeWecom
from tests.fakes.wecom_server import SECRET as APP_SECRET
from tests.test_crash_wecom import POINTS, _House
from tests.test_whole_wecom import BOT, DIRECTORY, SECRET

pytestmark = pytest.mark.crash

ACCOUNT = "wkQINGXIU"
WITH_KF = DIRECTORY.replace(
    "groups:\n", f"groups:\n  - {{name: 网格客服, grid: 青秀佳苑, wecom_kf: {ACCOUNT}}}\n"
)


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leaders and admin can be reached on the 智能机器人, and nothing else happened."""
    folder = tmp_path_factory.mktemp("quiet")
    url = f"sqlite:///{folder / 'crash.db'}"
    upkeep.upgrade(url, copy=False)
    database = Database(url)
    directory = read_yaml(WITH_KF)
    database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=NOW))
    database.close()

    async def settle() -> None:
        async with FakeWecom() as fake, _gridbot(folder, fake, _kf(fake)) as house:
            for person in ("li", "zhou", "admin"):
                await fake.enters(person)
            await fake.until(lambda: house.count("SELECT count(*) FROM identity WHERE reachable") == 3, 20)
            await fake.until(house.rests, 20)
            assert await house.stops() == 0

    asyncio.run(settle())
    return folder


def _kf(fake: FakeWecom) -> FakeKf:
    kf = FakeKf(fake, now=lambda: datetime.now(UTC))
    kf.account(ACCOUNT)
    return kf


@pytest.mark.asyncio
@pytest.mark.parametrize(("point", "nth"), POINTS)
async def test_nothing_is_lost_and_nothing_counts_twice(
    quiet_house: Path, tmp_path: Path, point: str, nth: int
) -> None:
    shutil.copytree(quiet_house, tmp_path, dirs_exist_ok=True)
    async with FakeWecom() as fake:
        fake.spoken |= {"li", "zhou", "admin"}
        kf = _kf(fake)
        async with _gridbot(tmp_path, fake, kf, fail=f"{point}:{nth}") as house:
            msgid = await kf.says("wmWANG", "5号楼有股煤气味", to=ACCOUNT)
            assert kf.statuses == [200]
            assert await house.dies() == -signal.SIGKILL, f"{point}:{nth} was never passed"
        async with _gridbot(tmp_path, fake, kf) as house:
            kept = f"SELECT count(*) FROM inbox WHERE update_id = '{msgid}' AND state = 'done'"
            await fake.until(lambda: house.count(kept) == 1 and house.rests(), 40)
            await kf.rings(ACCOUNT, times=3)
            await fake.until(lambda: house.rests(), 40)
            assert kf.statuses == [200] * 4
            assert house.count("SELECT count(*) FROM cases") == 1
            assert house.count("SELECT count(*) FROM inbox WHERE state = 'dead'") == 0
            assert house.count("SELECT count(*) FROM outbox WHERE state IN ('failed', 'parked')") == 0
            assert any("119" in text or "12119" in text for text in kf.said("wmWANG"))
            msgids = [body["msgid"] for body in kf.messages("wmWANG")]
            assert len(msgids) == len(set(msgids))  # an id of our own: the platform knows what it has
            assert await house.stops() == 0
        log = (tmp_path / "log").read_text("utf-8")
        for private in (TOKEN, AES_KEY, APP_SECRET, SECRET, "煤气", "access_token", "Traceback"):
            assert private not in log, private


@asynccontextmanager
async def _gridbot(folder: Path, fake: FakeWecom, kf: FakeKf, *, fail: str = "") -> AsyncIterator[_House]:
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
        "GRIDBOT_WECOM_SOCKET": fake.socket,
        "GRIDBOT_WECOM_API": fake.url,
        "GRIDBOT_WECOM_CORP": CORP,
        "GRIDBOT_WECOM_KF_SECRET": APP_SECRET,
        "GRIDBOT_WECOM_KF_TOKEN": TOKEN,
        "GRIDBOT_WECOM_KF_AES_KEY": AES_KEY,
        "GRIDBOT_FAIL": fail,
    }
    url = f"http://127.0.0.1:{port}"

    async def ring(query: dict[str, str], body: bytes) -> int:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            return (await client.post(CALLBACK, params=query, content=body)).status_code

    kf.ring = ring
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gridbot", "serve", env=environment, stdout=log, stderr=log
        )
    try:
        await fake.until(lambda: fake.connected() or process.returncode is not None, 30)
        await _answers(fake, url)
        yield _House(folder, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await fake.until(lambda: not fake.connected())


async def _answers(fake: FakeWecom, url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(200):
            try:
                await client.get(CALLBACK)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise AssertionError("the web server does not answer")
