"""gridbot setup on WeCom: tried before anything is written, and what a bot cannot do said at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gridbot.cli import run
from gridbot.desk import pasting
from gridbot.store import upkeep
from gridbot.store.db import Database
from tests.cast import seed
from tests.fakes.wecom_server import FakeWecom

MINE = "# mine\n"
BOT, SECRET = "aibSETUP1", "secret-that-must-never-be-seen"


@pytest_asyncio.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeWecom]:
    async with FakeWecom() as fake:
        fake.bot(BOT, SECRET)
        monkeypatch.setenv("GRIDBOT_WECOM_SOCKET", fake.socket)
        monkeypatch.setenv("GRIDBOT_WECOM_API", fake.url)
        yield fake


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRIDBOT_ENV_FILE", str(tmp_path / "gridbot.env"))
    monkeypatch.setenv("GRIDBOT_DATABASE", f"sqlite:///{tmp_path / 'house.db'}")
    (tmp_path / "gridbot.env").write_text(MINE)
    return tmp_path / "gridbot.env"


def secret_file(folder: Path, secret: str = SECRET) -> str:
    file = folder / "secret"
    file.write_text(secret)
    file.chmod(0o600)
    return str(file)


def text_of(file: Path) -> str:
    return file.read_text()


async def cli(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = await asyncio.to_thread(run, list(words))
    said = capsys.readouterr()
    return status, " ".join(f"{said.out} {said.err}".split())


@pytest.mark.asyncio
async def test_what_connects_is_written(
    fake: FakeWecom, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--bot-name", "网格助手", "--admin", "wecom_aibot:wang")
    status, said = await cli(capsys, "setup", "--bot", BOT, "--secret-file", secret_file(tmp_path), *more)
    assert (status, f"连上了:{BOT}" in said, SECRET in said) == (0, True, False)
    assert text_of(target).splitlines() == [
        "# mine",
        f"GRIDBOT_WECOM_AIBOT={BOT}",
        f"GRIDBOT_WECOM_AIBOT_SECRET={SECRET}",
        "GRIDBOT_WECOM_AIBOT_NAME=网格助手",
        "GRIDBOT_ADMINS=wecom_aibot:wang",
    ]
    assert oct(os.stat(target).st_mode & 0o777) == "0o600"
    assert "居民的普通微信群,我进不去" in said and "贴聊天记录" in said and "gridbot poster" in said
    assert not fake.connected(), "the line is given back"


@pytest.mark.asyncio
async def test_a_wrong_secret_is_told_and_nothing_is_written(
    fake: FakeWecom, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = secret_file(tmp_path, "another-secret-of-some-length")
    status, said = await cli(capsys, "setup", "--bot", BOT, "--secret-file", file)
    assert (status, "不认这个 Bot ID" in said, text_of(target)) == (1, True, MINE)


@pytest.mark.asyncio
async def test_a_gridbot_that_runs_is_not_thrown_out(
    fake: FakeWecom, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with upkeep.sole_use(f"sqlite:///{tmp_path / 'house.db'}"):
        status, said = await cli(capsys, "setup", "--bot", BOT, "--secret-file", secret_file(tmp_path))
    assert (status, "正在运行" in said, fake.subscriptions) == (0, True, 0)
    assert f"GRIDBOT_WECOM_AIBOT={BOT}" in text_of(target)


@pytest.mark.asyncio
async def test_without_any_channel_there_is_a_way(target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = await cli(capsys, "setup", "--channel", "none")
    assert (status, "/console/paste" in said, text_of(target)) == (0, True, MINE)


@pytest.mark.asyncio
async def test_check_tells_of_the_groups_served_by_hand(
    target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'house.db'}"
    upkeep.upgrade(url, copy=False)
    database = Database(url)
    cast = database.write(seed)
    database.write(lambda db: pasting.group_of(db, cast.community, cast.grid, "一网格微信群"))
    database.close()
    status, said = await cli(capsys, "check", "--offline")
    assert status == 0, said
    assert "居民的普通微信群进不去,靠人贴 (1)" in said and "没有人可提醒" not in said
