"""Whom the bot cannot reach: nothing is lost silently, somebody who can act is told at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.desk import due, losses, watch
from gridbot.messages import ChatKind, Fault, Incoming, IncomingKind, Outcome, OutKind, Sender, SendResult
from gridbot.rehearsal import Stage
from gridbot.store import outbox
from gridbot.store.tables import chats, identities, leases
from tests.cast import ADMIN, LEADERS, LI, NOW, RESIDENTS, WANG


def forget_li(stage: Stage) -> None:
    """As if 李格长 had never pressed Start."""
    with stage.db() as db:
        db.execute(sa.delete(chats).where(chats.c.chat == LI.id))
        db.execute(sa.update(identities).where(identities.c.user == LI.id).values(reachable=False))


def row_to(db: Connection, chat: str) -> Any:
    """The newest row for a chat, as delivery has it in hand."""
    query = (
        sa.select(outbox.outbox, chats.c.platform, chats.c.bot, chats.c.chat)
        .join(chats, chats.c.id == outbox.outbox.c.chat_id)
        .where(chats.c.chat == chat)
        .order_by(outbox.outbox.c.id.desc())
        .limit(1)
    )
    return db.execute(query).one()


def test_a_leader_who_never_pressed_start_is_named_among_leaders_and_the_admin_told(stage: Stage) -> None:
    forget_li(stage)
    stage.says(WANG.id, "5号楼302楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=1)
    among = stage.in_chat(LEADERS)
    assert len(among) == 1 and "(1)" in among[0].text
    assert "302" not in among[0].text and WANG.name not in among[0].text
    assert any(LI.name in text and "(1)" not in text for text in stage.texts(ADMIN.id)) or any(
        LI.name in text for text in stage.texts(ADMIN.id)
    )


def test_a_leader_who_blocked_the_bot_loses_no_case(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=1)
    with stage.db() as db:
        row = row_to(db, LI.id)
        losses.lost(db, row, SendResult(Outcome.PERMANENT, fault=Fault.BLOCKED), now=stage.now)
    stage.passes(seconds=5)
    assert any("要您看" in text for text in stage.texts(LEADERS))
    assert any(LI.name in text for text in stage.texts(ADMIN.id))


def test_put_out_of_a_group_the_admin_hears_it_and_nothing_more_is_sent_there(stage: Stage) -> None:
    stage.hear(_membership(stage, IncomingKind.LEFT, RESIDENTS))
    assert any("不在" in text for text in stage.texts(ADMIN.id))
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert stage.in_chat(RESIDENTS) == []


def _membership(stage: Stage, kind: IncomingKind, chat: str, **more: Any) -> Incoming:
    return Incoming(
        platform=stage.platform,
        bot=stage.bot,
        update_id=f"membership {kind} {more}",
        kind=kind,
        sent_at=stage.now,
        chat=chat,
        chat_kind=ChatKind.GROUP,
        sender=Sender(WANG.id, WANG.name),
        **more,
    )


def test_a_migrated_group_keeps_its_cases_and_its_binding(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.hear(_membership(stage, IncomingKind.MIGRATED, RESIDENTS, new_chat="-100777"))
    stage.passes(minutes=1)
    stage.says(LI.id, "修好了", chat=LI.id)
    assert any("您看好了吗" in text for text in stage.texts("-100777"))


def test_an_unbound_group_hears_one_sentence_and_is_left_after_a_day(stage: Stage) -> None:
    stage.hear(
        _membership(stage, IncomingKind.JOINED, "-5", chat_title="别的群", rights=("send", "read_all"))
    )
    assert [sent.purpose for sent in stage.in_chat("-5")] == ["not-activated"]
    stage.says("77", "5号楼漏水", chat="-5")
    stage.passes(hours=25)
    assert [sent.purpose for sent in stage.in_chat("-5")] == ["not-activated", "leave"]
    assert stage.in_chat("-5")[-1].kind is OutKind.PROBE
    assert stage.cases() == []


@pytest.mark.parametrize(
    ("away", "told"),
    [
        (timedelta(minutes=5), False),  # a restart
        (timedelta(minutes=29), False),
        (timedelta(hours=10), True),  # a night
    ],
)
def test_a_long_absence_is_told_to_the_admins(stage: Stage, away: timedelta, told: bool) -> None:
    with stage.db() as db:
        watch.alive(db, now=NOW - away)
        assert watch.came_back(db, now=NOW) is told
    stage.passes(seconds=1)
    assert any("掉线" in text for text in stage.texts(ADMIN.id)) is told


def test_a_quiet_night_is_no_absence(stage: Stage) -> None:
    with stage.db() as db:
        watch.alive(db, now=NOW - timedelta(minutes=1))
        watch.alive(db, now=NOW)
        assert db.execute(sa.select(sa.func.count()).where(leases.c.name == "alive")).scalar_one() == 1
        assert watch.came_back(db, now=NOW + timedelta(minutes=1)) is False


def test_health_counts_what_lies_unsaid_and_unhandled(stage: Stage) -> None:
    with stage.db() as db:
        assert not any(watch.health(db, now=NOW).values())
        chat = db.execute(sa.select(chats.c.id).where(chats.c.chat == LI.id)).scalar_one()
        payload = outbox.Outgoing(text="…")
        outbox.say(db, chat_id=chat, payload=payload, community_id=None, purpose="test", now=NOW)
        assert watch.health(db, now=NOW + timedelta(minutes=1))["unsaid"] == 0
        assert watch.health(db, now=NOW + timedelta(minutes=3))["unsaid"] == 1


def test_talk_is_erased_after_a_day_and_the_row_stays(stage: Stage) -> None:
    stage.says(WANG.id, "今天白菜便宜", chat=RESIDENTS)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    with stage.db() as db:
        due.start(db, now=stage.now)
    stage.passes(hours=25)
    with stage.db() as db:
        rows = db.execute(sa.text("SELECT incoming, case_id, update_id FROM inbox ORDER BY id")).all()
    assert rows[0].incoming is None and rows[0].update_id
    assert rows[1].incoming is not None and rows[1].case_id is not None
