"""gridbot check on WeChat's channels: what is set, what is missing, what it can do; and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gridbot.cli import run
from gridbot.grid.actions import adopt_chats
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.settings import SettingsError, load
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import chats, communities
from tests.cast import NOW
from tests.test_whole_wecom import DIRECTORY

KEY = "693a91f6-key-that-must-never-be-seen"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'check.db'}"
    monkeypatch.setenv("GRIDBOT_DATABASE", url)
    upkeep.upgrade(url, copy=False)
    database = Database(url)
    directory = read_yaml(DIRECTORY)
    database.write(lambda db: import_directory(db, directory, actor=Actor.system(), now=NOW))
    for platform, bot in (("wecom_aibot", "aib1"), ("wecom_webhook", "webhook")):
        database.write(lambda db, p=platform, b=bot: adopt_chats(db, p, b, now=NOW))
    database.close()
    return url


def check(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    status = run(["check", *more])
    said = capsys.readouterr()
    return status, " ".join(f"{said.out} {said.err}".split())


def test_nothing_set(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = check(capsys)
    assert status == 0 and "GRIDBOT_WECOM_AIBOT_SECRET" in said


def test_what_each_channel_can_do_for_residents(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_WECOM_AIBOT", "aib1")
    monkeypatch.setenv("GRIDBOT_WECOM_AIBOT_SECRET", "secret-that-must-never-be-seen")
    monkeypatch.setenv("GRIDBOT_WECOM_WEBHOOKS", f"一网格:{KEY},没人用:{KEY}")
    status, said = check(capsys)
    assert status == 0
    assert "居民的普通微信群进不去" in said and "只发通知,听不见" in said
    assert "没写机器人的名字" in said
    assert "没人用: no group of the directory has wecom_webhook" in said
    assert "一网格: no group" not in said
    assert "never-be-seen" not in said


def test_a_webhook_whose_robot_is_gone(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_WECOM_WEBHOOKS", f"一网格:{KEY}")
    database = Database(url)
    gone = sa.update(chats).where(chats.c.platform == "wecom_webhook").values(active=False)
    database.write(lambda db: db.execute(gone))
    database.close()
    status, said = check(capsys)
    assert status == 1 and "一网格: this webhook was refused" in said


def test_made_up_people_get_no_real_channel(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_WECOM_AIBOT", "aib1")
    monkeypatch.setenv("GRIDBOT_WECOM_AIBOT_SECRET", "secret")
    database = Database(url)
    database.write(lambda db: db.execute(sa.update(communities).values(sample=True)))
    database.close()
    assert run(["serve"]) == 1
    assert "is made up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WECOM_AIBOT", "aib1", "belong together"),
        ("WECOM_AIBOT_SECRET", "canary-secret", "belong together"),
        ("WECOM_WEBHOOKS", "canary-key-alone", "needs name:key"),
        ("WECOM_WEBHOOKS", "一网格:canary-key, 一网格:canary-other", "one webhook twice"),
        ("WECOM_WEBHOOKS", "一网格:https://qyapi.weixin.qq.com/x?key=canary", "needs name:key"),
        ("WECOM_SOCKET", "https://openws.work.weixin.qq.com", "wss://"),
        ("ADMINS", "wecom:zhang", "did you mean wecom_aibot"),
    ],
)
def test_what_is_not_written_right(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GRIDBOT_{name}", value)
    with pytest.raises(SettingsError, match=words) as told:
        load()
    assert "canary" not in str(told.value)


def test_what_is_written_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDBOT_ADMINS", "wecom_aibot:zhangsan")
    monkeypatch.setenv("GRIDBOT_WECOM_WEBHOOKS", f"一网格:{KEY}, 网格长:{KEY}x:wrkSFfCgAA")
    found = load()
    assert [tuple(hook) for hook in found.hooks] == [
        ("一网格", KEY, ""),
        ("网格长", f"{KEY}x", "wrkSFfCgAA"),
    ]
    assert found.live and KEY not in f"{found!r}"
    monkeypatch.delenv("GRIDBOT_WECOM_WEBHOOKS")
    assert not load().live


def test_a_file_with_a_key_in_it_is_private(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text(f"GRIDBOT_WECOM_WEBHOOKS=一网格:{KEY}\n", encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load(file)
    file.chmod(0o600)
    assert load(file).hooks
