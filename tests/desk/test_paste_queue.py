"""Groups no bot may sit in: what is to be said waits to be pasted, is asked for, ticked off, or missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.almanac import Rule
from gridbot.desk import due, paste_queue, pasting
from gridbot.desk.context import Desk
from gridbot.messages import Actor, Outgoing, OutKind, Role, Urgency
from gridbot.rehearsal import Stage
from gridbot.services import announcements, service_days
from gridbot.store import outbox, tables, timers
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import ADMIN, LI, NOW, SECRETARY, SHANGHAI, Cast, seed
from tests.desk.conftest import packs

GROUP = "一网格微信群"
WATER = "明天上午停水,请接好水。"


class House(Stage):
    cast: Cast
    group: int


@pytest.fixture
def house() -> Iterator[House]:
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with House(desk, NOW) as stage:
        with stage.db() as db:
            stage.cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            stage.group = pasting.group_of(db, stage.cast.community, stage.cast.grid, GROUP)
            due.start(db, now=NOW)
        yield stage


def put(house: House, text: str = WATER, **more: Any) -> int:

    with house.db() as db:
        known: dict[str, Any] = {"community_id": house.cast.community, "purpose": "progress"}
        values = known | {"now": house.now} | more
        return outbox.say(db, chat_id=house.group, payload=Outgoing(text=text), **values)


def row(house: House, row_id: int) -> Any:
    with house.db() as db:
        return db.execute(sa.select(tables.outbox).where(tables.outbox.c.id == row_id)).one()


def later(house: House, **length: float) -> None:
    """A long time at once: the sweep looks only at its end."""
    with house.db() as db:
        timers.cancel(db, paste_queue.QUEUE, "outbox")
    house.passes(**length)
    with house.db() as db:
        paste_queue.sweep(db, now=house.now)
    house.passes(seconds=1)


def queue(house: House) -> list[paste_queue.Sentence]:
    with house.db() as db:
        return paste_queue.sentences(db, house.cast.community, now=house.now)


# --- asked, pasted -------------------------------------------------------------------------------


def test_the_leader_is_asked_and_his_tap_is_the_receipt(house: House) -> None:
    which = put(house)
    house.passes(minutes=2)
    asked, alone = house.texts(LI.id)
    assert GROUP in asked and "整条复制" in asked
    assert alone == WATER, "the text stands alone, to be copied whole"
    house.passes(minutes=5)
    house.presses(LI.id, "已贴", chat=LI.id)
    pasted = row(house, which)
    assert (pasted.state, pasted.receipt_by_id, pasted.accepted_at) == ("sent", house.cast.li, None)
    assert pasted.sent_at == pasted.delivered_at == house.now
    (one,) = queue(house)
    assert (one.pasted, one.by, one.at) == (True, "李格长", house.now)
    before = len(house.texts(LI.id))
    later(house, hours=6)
    assert len(house.texts(LI.id)) == before, "nobody is asked for what is pasted"


def test_in_words_too(house: House) -> None:
    first, second = put(house), put(house, "再说一句")
    house.passes(minutes=2)
    assert "2段话" in house.texts(LI.id)[0]
    assert house.texts(LI.id)[1] == f"{WATER}\n\n再说一句"
    house.says(LI.id, "都贴了", chat=LI.id)
    assert {row(house, first).state, row(house, second).state} == {"sent"}
    house.says(LI.id, "贴好了", chat=LI.id)  # nothing waits: it is talk
    assert "贴过了" not in house.texts(LI.id)[-1]


def test_asked_twice_and_no_more(house: House) -> None:
    put(house)
    house.passes(minutes=1)
    for _ in range(4):
        later(house, hours=2, minutes=5)
    asked = [text for text in house.texts(LI.id) if "整条复制" in text]
    assert len(asked) == 2 and "还有一段话" in asked[1]


def test_at_night_only_what_is_urgent(house: House) -> None:
    later(house, hours=13)
    put(house)
    house.passes(minutes=5)
    assert house.texts(LI.id) == []
    put(house, "有人说9号楼道有煤气味。", urgency=Urgency.EMERGENCY)
    house.passes(minutes=2)
    assert house.texts(LI.id)[0].startswith("急") and house.texts(LI.id)[1].startswith("有人说")
    assert len(house.texts(LI.id)) == 2
    later(house, hours=10)
    assert WATER in house.texts(LI.id)


def test_who_pastes_is_named_or_is_the_next_in_reach(house: House) -> None:
    house.says(ADMIN.id, f"谁来贴 {GROUP} 刘书记", chat=ADMIN.id)
    assert "由刘书记贴" in house.texts(ADMIN.id)[-1]
    put(house)
    house.passes(minutes=2)
    assert house.texts(LI.id) == [] and WATER in house.texts(ADMIN.id)
    with house.db() as db:
        chat = tables.chats.c.id == house.cast.admin_private
        db.execute(sa.update(tables.chats).where(chat).values(active=False))
    put(house, "第二句")
    house.passes(minutes=2)
    assert house.texts(LI.id)[-1] == "第二句"


def test_where_nobody_can_be_asked_it_stands_on_the_console(house: House) -> None:
    with house.db() as db:
        db.execute(sa.update(tables.chats).where(tables.chats.c.kind == "private").values(active=False))
    which = put(house)
    later(house, hours=1)
    assert (row(house, which).state, row(house, which).attempts) == ("waiting", 0)
    with house.db() as db:
        assert paste_queue.waiting(db, house.cast.community, now=house.now) == 1


# --- edited, too late ----------------------------------------------------------------------------


def test_a_newer_text_takes_the_place_of_what_is_not_pasted(house: House) -> None:

    card: dict[str, Any] = {"kind": OutKind.CARD, "key": "service:1:eve"}
    put(house, "明天便民日:理发", **card)
    house.passes(minutes=2)
    put(house, "明天便民日:理发、磨刀", **card)
    house.passes(minutes=2)
    assert [one.text for one in queue(house)] == ["明天便民日:理发、磨刀"]
    assert house.texts(LI.id)[-1] == "明天便民日:理发、磨刀"
    house.says(LI.id, "已贴", chat=LI.id)
    put(house, "明天便民日:磨刀的不来了", **card)
    house.passes(minutes=2)
    assert [one.text for one in queue(house) if not one.pasted] == ["明天便民日:磨刀的不来了"], "a correction"
    house.says(LI.id, "已贴", chat=LI.id)
    put(house, "明天便民日:磨刀的不来了", **card)
    house.passes(minutes=2)
    assert [one.text for one in queue(house) if not one.pasted] == [], "the same again is nothing new"


def test_what_nobody_pasted_in_time_is_marked_and_told(house: House) -> None:
    which = put(house, until=house.now + timedelta(hours=5))
    house.passes(minutes=1)
    later(house, hours=6)
    assert (row(house, which).state, row(house, which).reason) == ("dropped", paste_queue.MISSED)
    assert "没来得及贴" in house.texts(LI.id)[-1] and WATER[:10] in house.texts(LI.id)[-1]
    (one,) = queue(house)
    assert one.missed and not one.pasted
    with house.db() as db:
        assert not paste_queue.tick(db, [house.cast.community], which, pasted=True, now=house.now)
        assert paste_queue.waiting(db, house.cast.community, now=house.now) == 0


def test_what_has_no_end_of_its_own_waits_a_week(house: House) -> None:
    which = put(house)
    later(house, days=6)
    assert row(house, which).state == "waiting"
    later(house, days=2)
    assert row(house, which).state == "dropped"


def test_a_tick_of_another_community_or_of_no_sentence(house: House) -> None:
    which = put(house)
    with house.db() as db:
        assert not paste_queue.tick(db, [house.cast.community + 1], which, pasted=True, now=NOW)
        assert not paste_queue.tick(db, [house.cast.community], which + 99, pasted=True, now=NOW)
        assert paste_queue.tick(db, [house.cast.community], which, pasted=True, now=NOW)
        assert paste_queue.tick(db, [house.cast.community], which, pasted=False, now=NOW)
    back = row(house, which)
    assert (back.state, back.delivered_at, back.receipt_by_id) == ("waiting", None, None)


# --- what comes into it --------------------------------------------------------------------------


def test_an_announcement_reaches_the_group_by_hand(house: House) -> None:
    with house.db() as db:
        day = Rule(date=NOW.astimezone(SHANGHAI).date())
        actor = Actor(house.cast.admin, Role.ADMIN)
        announcements.create(db, house.cast.community, WATER, day, "15:00", actor=actor, now=NOW)
    later(house, hours=5, minutes=2)
    assert house.texts(LI.id)[-1] == WATER
    (one,) = queue(house)
    assert one.until is not None and one.until.astimezone(SHANGHAI).hour == 0
    later(house, hours=10)
    assert [one.missed for one in queue(house)] == [True]


def test_groups_by_command(house: House) -> None:
    house.says(ADMIN.id, "微信群 二网格微信群 二网格", chat=ADMIN.id)
    assert "归二网格" in house.texts(ADMIN.id)[-1]
    put(house)
    house.says(SECRETARY.id, "/微信群", chat=SECRETARY.id)
    shown = house.texts(SECRETARY.id)[-1]
    assert f"{GROUP}(一网格):李格长贴,1段等着贴" in shown and "二网格微信群(二网格)" in shown
    house.says(LI.id, "微信群 又一个群 二网格", chat=LI.id)
    with house.db() as db:
        assert len(pasting.groups(db, house.cast.community)) == 2, "an admin adds them"
    for text, answer in (
        ("谁来贴 没有的群 李格长", "没有叫"),
        (f"谁来贴 {GROUP} 没有的人", "名单上没有"),
        ("微信群 某某群 没有的网格", "没有叫"),
    ):
        house.says(ADMIN.id, text, chat=ADMIN.id)
        assert answer in house.texts(ADMIN.id)[-1]


def test_a_group_of_the_directory_is_one_of_them(house: House) -> None:
    with house.db() as db:
        values = {"platform": "paste", "bot": "", "chat": "三号院群", "kind": "group", "role": "residents"}
        where = {"community_id": house.cast.community, "node_id": house.cast.yard, "title": "三号院群"}
        db.execute(sa.insert(tables.chats).values(**values, **where))
        due.start(db, now=NOW)
        assert "三号院群" in [one.title for one in pasting.groups(db, house.cast.community)]
        assert (
            db.execute(sa.select(tables.chats.c.bot).where(tables.chats.c.chat == "三号院群")).scalar()
            == "paste"
        )


def test_a_service_day_is_pasted_or_missed_with_its_day(house: House) -> None:
    """The eve's post is asked for, an edit takes its place, and after the day it is of no use."""
    with house.db() as db:
        values = {"items": [{"name": "理发"}, {"name": "磨刀"}], "place": "小广场", "groups": "all"}
        actor = Actor(house.cast.admin, Role.ADMIN)
        tomorrow = NOW.astimezone(SHANGHAI).date() + timedelta(days=1)
        service_days.create(
            db,
            house.cast.community,
            name="邻里便民日",
            rule=Rule(date=tomorrow),
            actor=actor,
            now=NOW,
            **values,
        )
    later(house, hours=10)
    (one,) = [one for one in queue(house) if "邻里便民日" in one.text]
    assert one.until is not None and one.until.astimezone(SHANGHAI).date() == tomorrow
    assert any("邻里便民日" in text for text in house.texts(LI.id))
    later(house, hours=24)
    assert any(one.missed and "邻里便民日" in one.text for one in queue(house))
    assert any("没来得及贴" in text and "邻里便民日" in text for text in house.texts(LI.id))


def test_a_check_up_does_not_ask_what_the_bot_may_do_there(house: House) -> None:
    house.desk.can[paste_queue.PLATFORM] = paste_queue.CAN
    house.says(ADMIN.id, "体检", chat=ADMIN.id)
    assert GROUP not in house.texts(ADMIN.id)[-1]
