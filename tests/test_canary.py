"""Canaries: personal data put in at every way in must not come out in a group, a log or an error."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from gridbot.desk.context import Desk
from gridbot.rehearsal import Stage
from gridbot.settings import Log, configure_logging
from gridbot.store import inbox, timers
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import LEADERS, LI, NOW, RESIDENTS, WANG, kept, said, seed

PHONE, ID_CARD, PLATE = "13812345678", "310101199003071234", "沪A12345"
CANARIES = re.compile(r"138.?1234.?5678|一三八一二三四|１３８|310101199003071234|沪A12345")
LINES = (
    f"五号楼的楼道灯不亮了，打我电话{PHONE}",
    "5号楼电梯困人了，我手机138 1234 5678",
    "3号楼下水道堵了，联系一三八一二三四五六七八",
    f"{PLATE}停在消防通道，车主１３８１２３４５６７８",
    f"我身份证{ID_CARD}被拍了发在群里",
    f"@网格助手 {PHONE} 是谁",
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    desk = Desk(load_packs(default_folder()), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        with opened.db() as db:
            seed(db, platform=Stage.platform, bot=Stage.bot)
        yield opened


def test_no_number_comes_out_in_a_group_or_a_log(
    stage: Stage, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    configure_logging(Log("debug", "json"))
    stage.starts(LI.id, LI.name)
    for line in LINES:
        stage.says(WANG.id, line, chat=RESIDENTS, name=WANG.name)
        stage.passes(minutes=5)
    stage.says(LI.id, f"收到，师傅{PHONE}下午来", chat=LI.id, name=LI.name)
    stage.passes(days=2)
    assert stage.in_chat(LI.id), "the leader was told of something"
    for group in (RESIDENTS, LEADERS):
        told = [sent.text for sent in stage.in_chat(group) if CANARIES.search(sent.text)]
        assert told == []
    assert not CANARIES.search(capsys.readouterr().err)


def test_an_error_that_quotes_what_was_said_is_kept_masked(stage: Stage) -> None:
    """The row outlives the words it quotes: dead letters stay until somebody looks."""
    with stage.db() as db:
        inbox.keep(db, kept(said(PHONE)), now=NOW)
        (row,) = inbox.claim(db, owner="w", now=NOW).rows
        inbox.failed(db, row, f"ValueError: {PHONE}, {PLATE}")
        timers.set_timer(db, "remind", "case:1", NOW, community_id=None)
        due = timers.claim_due(db, owner="c", now=NOW)
        for timer in due:
            timers.fail(db, timer, owner="c", error=f"KeyError: {PHONE}")
        errors = [
            *db.exec_driver_sql("SELECT error FROM inbox").scalars(),
            *db.exec_driver_sql("SELECT error FROM timer WHERE error != ''").scalars(),
        ]
    assert errors == ["ValueError: 〔电话〕, 〔车牌〕", "KeyError: 〔电话〕"]


def test_a_traceback_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Log("info", "console"))
    try:
        raise LookupError(LINES[0])
    except LookupError:
        structlog.get_logger().exception("it broke", text=LINES[1])
        logging.getLogger("some.library").exception("it broke for %s", LINES[2])
    out = capsys.readouterr().err
    assert "LookupError" in out
    assert not CANARIES.search(out)
