"""三九 from the plan to the morning, with everything that can come between."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from gridbot.almanac import Rule
from gridbot.messages import Actor, OutKind, Role
from gridbot.services import service_days
from gridbot.services.service_days import Comes, Result
from gridbot.store import tables
from gridbot.store.timers import set_timer

from .conftest import SYSTEM, Said, Town, at

GROUPS = ["一网格居民群", "二网格居民群"]
IN_GROUPS = ("service-eve", "service-morning", "service-told", "service-line")


def plan(town: Town, now: str = "2026-12-10 12:00") -> None:
    service_days.plan(town.db, town.id, now=at(now))


def brief(said: list[Said]) -> list[tuple[str, str]]:
    return [(one.chat, one.purpose.removeprefix("service-")) for one in said]


def everyone_comes(town: Town, day: str, now: str) -> None:
    wanted = dict.fromkeys(("理发", "磨刀", "义诊", "冲洗地垫"), Comes.YES)
    service_days.set_items(town.db, town.occurrence(day), wanted, actor=town.as_organiser, now=at(now))


# --- the plain course ----------------------------------------------------------------------------


def test_the_eve_is_said_as_a_neighbour_would(town: Town) -> None:
    plan(town)
    everyone_comes(town, "2026-12-19", "2026-12-17 12:00")
    town.run("2026-12-18 18:00")
    eve = town.said("service-eve")
    assert [one.chat for one in eve] == GROUPS  # not the leaders' group
    assert eve[0].text == (
        "明天(19日周六)三九便民服务日,9到11点,小广场:理发、磨刀、义诊、冲洗地垫。刀请包好。下雨改活动室。"
    )
    assert eve[0].kind == OutKind.CARD and not eve[0].silent


def test_the_morning_is_silent_and_says_today(town: Town) -> None:
    plan(town)
    town.run("2026-12-19 07:30")
    morning = town.said("service-morning")
    assert [one.chat for one in morning] == GROUPS
    assert all(one.silent and one.text.startswith("今天(19日周六)三九便民服务日") for one in morning)


def test_each_is_due_at_its_local_hour(town: Town) -> None:
    plan(town)
    query = sa.select(tables.timers.c.kind, tables.timers.c.due_at).where(
        tables.timers.c.subject == f"occurrence:{town.occurrence('2026-12-19')}"
    )
    assert dict(town.db.execute(query).all()) == {
        "service:ask": at("2026-12-17 10:00"),
        "service:eve": at("2026-12-18 18:00"),
        "service:morning": at("2026-12-19 07:30"),
    }


def test_the_hours_are_the_communitys(town: Town) -> None:
    own = {"service_days": {"eve_at": "19:00", "ask_days": 3}}
    town.db.execute(sa.update(tables.communities).values(settings=own, timezone="Asia/Urumqi"))
    plan(town)
    query = sa.select(tables.timers.c.due_at).where(
        tables.timers.c.subject == f"occurrence:{town.occurrence('2026-12-19')}",
        tables.timers.c.kind == "service:eve",
    )
    assert town.db.execute(query).scalar_one() == at("2026-12-18 21:00")  # 19:00 in 乌鲁木齐


def test_what_nobody_confirmed_is_pending(town: Town) -> None:
    plan(town)
    service_days.set_items(
        town.db,
        town.occurrence("2026-12-19"),
        {"理发": Comes.YES, "磨刀": Comes.NO},
        actor=town.as_organiser,
        now=at("2026-12-17 12:00"),
    )
    town.run("2026-12-18 18:00")
    assert "小广场:理发,义诊、冲洗地垫待定。下雨" in town.said("service-eve")[0].text  # and no 刀请包好


def test_planning_again_changes_nothing(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    before = db.execute(sa.select(tables.occurrences)).all(), town.mark()
    timers = sorted(db.execute(sa.select(tables.timers.c.kind, tables.timers.c.subject)).all())
    plan(town, "2026-12-18 18:05")
    assert (db.execute(sa.select(tables.occurrences)).all(), town.mark()) == before
    assert sorted(db.execute(sa.select(tables.timers.c.kind, tables.timers.c.subject)).all()) == timers


def test_two_months_go_by_without_a_hand(town: Town) -> None:
    plan(town, "2026-12-01 12:00")
    town.run("2027-02-01 00:00")
    posted = [one.text for one in town.said("service-eve", chat=town.north)]
    assert [text.partition("日")[0] for text in posted] == [f"明天({day}" for day in (9, 19, 29, 9, 19, 29)]


def test_a_changed_rule_forgets_dates_nobody_heard_of(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    rule = Rule(days=(10, 20))
    service_days.create(
        db, town.id, name="三九便民服务日", rule=rule, actor=town.as_admin, now=at("2026-12-18 19:00")
    )
    days = db.execute(sa.select(tables.occurrences.c.day).order_by(tables.occurrences.c.day)).scalars().all()
    assert [f"{day:%m-%d}" for day in days] == ["12-19", "12-20", "01-10", "01-20"]  # the 19th was posted
    subjects = db.execute(sa.select(tables.timers.c.subject)).scalars().all()
    assert f"occurrence:{town.occurrence('2026-12-20')}" in subjects


def test_retired_is_silent(town: Town, db: Connection) -> None:
    plan(town)
    assert service_days.retire(db, town.san_jiu, actor=town.as_admin, now=at("2026-12-18 12:00"))
    assert not service_days.retire(db, town.san_jiu, actor=town.as_admin, now=at("2026-12-18 12:00"))
    mark = town.mark()
    town.run("2026-12-30 00:00")
    assert town.said(*IN_GROUPS, since=mark) == []


def test_a_new_service_day_today_for_tomorrow(town: Town, db: Connection) -> None:
    service = service_days.create(
        db,
        town.id,
        name="磨刀日",
        rule=Rule(date=date(2026, 12, 20)),
        items=[{"name": "磨刀"}],
        organiser_id=town.organiser,
        actor=town.as_admin,
        now=at("2026-12-19 20:00"),
    )
    town.fire(at("2026-12-19 20:01"))
    assert brief([one for one in town.said() if "磨刀日" in one.text]) == [
        ("刘师傅", "ask"),
        (GROUPS[0], "eve"),
        (GROUPS[1], "eve"),
    ]
    assert town.occurrence("2026-12-20", service)
    assert "service_day" in town.events()


# --- where it may speak --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "change", "expected"),
    [
        ("all", {}, GROUPS),
        (["二网格居民群"], {}, [GROUPS[1]]),
        (["网格长群", "一网格居民群"], {}, [GROUPS[0], "网格长群"]),  # a leaders' group if it is named
        ({}, {}, GROUPS),  # an import that named none
        ("all", {"muted": True}, [GROUPS[1]]),  # 暂停
        ("all", {"active": False}, [GROUPS[1]]),  # the bot was removed
        ("all", {"modules": {"service_days": False}}, [GROUPS[1]]),
        ("all", {"modules": ["announcements"]}, [GROUPS[1]]),
        ("all", {"modules": ["service_days"]}, GROUPS),
        ("all", {"role": "unbound"}, [GROUPS[1]]),
    ],
)
def test_groups(
    town: Town, db: Connection, groups: object, change: dict[str, object], expected: list[str]
) -> None:
    db.execute(sa.update(tables.service_days).values(groups=groups))
    if change:
        db.execute(sa.update(tables.chats).where(tables.chats.c.id == town.north).values(**change))
    plan(town)
    town.run("2026-12-18 18:00")
    assert [one.chat for one in town.said("service-eve")] == expected


def test_another_communitys_groups_hear_nothing(town: Town, db: Connection) -> None:
    other = Town.__new__(Town)
    other.db = db
    other.id = other._insert(tables.communities, name="别的社区", created_at=at("2026-11-01 09:00"))
    other.group("别的群")
    plan(town)
    town.run("2026-12-19 12:00")
    assert "别的群" not in {one.chat for one in town.said()}


# --- once, whatever restarts ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ask", "eve", "morning"])
def test_run_twice_is_said_once(town: Town, kind: str) -> None:
    """The process dies after the post and before the timer is gone; the timer comes again."""
    plan(town)
    due = {"ask": "2026-12-17 10:00", "eve": "2026-12-18 18:00", "morning": "2026-12-19 07:30"}[kind]
    town.run(due)
    before = len(town.said(f"service-{kind}"))
    occurrence = town.occurrence("2026-12-19")
    for _ in range(3):
        set_timer(town.db, f"service:{kind}", f"occurrence:{occurrence}", at(due), community_id=town.id)
        town.fire(at(due) + timedelta(minutes=2), keep=True)
        town.db.execute(sa.update(tables.timers).values(lease_until=None))
    assert len(town.said(f"service-{kind}")) == before == (1 if kind == "ask" else 2)


def test_a_group_bound_between_two_runs_gets_its_own(town: Town) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    town.group("三网格居民群")
    subject = f"occurrence:{town.occurrence('2026-12-19')}"
    set_timer(town.db, "service:eve", subject, at("2026-12-18 18:00"), community_id=town.id)
    town.fire(at("2026-12-18 18:10"))
    assert [one.chat for one in town.said("service-eve")] == [*GROUPS, "三网格居民群"]


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        # down over the eve, back the same evening: late, but it still helps
        ("2026-12-18 20:30", ["eve"]),
        # back in the night: nobody is woken, the morning says it
        ("2026-12-18 23:30", []),
        ("2026-12-19 03:00", []),
        # back at eight on the day: one message, not two; it says 今天
        ("2026-12-19 08:00", ["eve"]),
        # it has begun: the eve is over, the silent one still tells
        ("2026-12-19 09:30", ["morning"]),
        # it is over
        ("2026-12-19 11:00", []),
        ("2026-12-22 12:00", []),
    ],
)
def test_downtime_across_the_eve(town: Town, back: str, expected: list[str]) -> None:
    plan(town)
    town.run("2026-12-17 12:00")
    mark = town.mark()
    town.fire(at(back))
    said = [one for one in town.said(*IN_GROUPS, since=mark) if one.chat == GROUPS[0]]
    assert [one.purpose.removeprefix("service-") for one in said] == expected
    if back.startswith("2026-12-19"):
        assert all(one.text.startswith("今天") for one in said)


def test_after_a_night_without_power_the_morning_tells(town: Town) -> None:
    plan(town)
    town.run("2026-12-17 12:00")
    town.fire(at("2026-12-19 03:00"))
    mark = town.mark()
    town.run("2026-12-19 07:30")
    assert brief(town.said(*IN_GROUPS, since=mark)) == [(GROUPS[0], "morning"), (GROUPS[1], "morning")]


def test_three_days_down_and_the_next_date_is_kept(town: Town) -> None:
    plan(town)
    town.run("2026-12-17 12:00")
    service_days.plan_all(town.db, now=at("2026-12-20 12:00"))
    town.fire(at("2026-12-20 12:01"))
    mark = town.mark()
    town.run("2026-12-29 08:00")
    assert [one for one in brief(town.said(since=mark)) if one[0] != GROUPS[1]] == [
        ("周书记", "month"),
        ("刘师傅", "ask"),
        (GROUPS[0], "eve"),
        (GROUPS[0], "morning"),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 6 * 24 * 12), min_size=1, max_size=12))
def test_whenever_the_clock_runs_nobody_hears_it_twice(town: Town, minutes: list[int]) -> None:
    """The clock wakes at any moments between the 16th and the 22nd, with a restart at each."""
    saved = town.db.begin_nested()
    start = at("2026-12-16 00:00")
    service_days.plan(town.db, town.id, now=start)
    for minute in sorted(minutes):
        now = start + timedelta(minutes=5 * minute)
        service_days.plan(town.db, town.id, now=now)
        town.fire(now)
        town.fire(now)
    said = [(one.chat, one.key) for one in town.said(*IN_GROUPS)]
    assert len(said) == len(set(said))
    last = start + timedelta(minutes=5 * max(minutes))
    for one in town.said(*IN_GROUPS):
        assert one.due_at < at("2026-12-19 11:00") and one.due_at <= last
    saved.rollback()


# --- who comes -----------------------------------------------------------------------------------


def test_the_organiser_is_asked_two_days_before(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-17 10:00")
    (ask,) = town.said("service-ask")
    assert ask.chat == "刘师傅"
    assert ask.text.startswith("后天(19日周六)三九便民服务日")
    assert ask.words[1] == ["磨刀来", "磨刀不来", "改磨刀"]
    until = db.execute(sa.select(tables.buttons.c.until)).scalars().first()
    assert until == at("2026-12-19 11:00")


def test_an_answer_edits_the_question(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-17 10:00")
    now = at("2026-12-17 10:05")
    action, data = town.press("磨刀不来", chat=town.organiser_chat)
    assert (
        service_days.on_button(db, action, data, actor=town.as_organiser, now=now)
        == "好,19日(周六)磨刀这次不来。"
    )
    card = town.said("service-ask")[-1]
    assert "磨刀:不来" in card.text and card.words[1] == ["改磨刀"]
    # the old button pressed again changes nothing
    mark = town.mark()
    assert (
        service_days.on_button(db, action, data, actor=town.as_organiser, now=now)
        == "已经是这样了,不用再说。"
    )
    assert town.mark() == mark
    # 改 puts it back to 待定 and says how to say it
    action, data = town.press("改磨刀", chat=town.organiser_chat)
    assert "磨刀改到10点" in service_days.on_button(db, action, data, actor=town.as_organiser, now=now)
    assert "磨刀:待定" in town.said("service-ask")[-1].text


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"organiser_id": None}, "周书记"),  # nobody named: the admin
        ({"items": []}, None),  # nothing to ask
    ],
)
def test_whom_to_ask(town: Town, db: Connection, change: dict[str, object], asked: str | None) -> None:
    db.execute(sa.update(tables.service_days).values(**change))
    plan(town)
    town.run("2026-12-17 10:00")
    assert [one.chat for one in town.said("service-ask")] == ([asked] if asked else [])


def test_an_organiser_who_cannot_be_reached(town: Town, db: Connection) -> None:
    db.execute(sa.update(tables.chats).where(tables.chats.c.id == town.organiser_chat).values(active=False))
    plan(town)
    town.run("2026-12-17 10:00")
    assert [one.chat for one in town.said("service-ask")] == ["周书记"]


def test_asked_late_but_not_at_night(town: Town) -> None:
    plan(town)
    town.fire(at("2026-12-18 02:00"))
    (ask,) = town.said("service-ask")
    assert ask.due_at == at("2026-12-18 08:00")


def test_one_item_off_after_the_eve_is_one_edit_and_one_line(town: Town, db: Connection) -> None:
    plan(town)
    everyone_comes(town, "2026-12-19", "2026-12-17 12:00")
    town.run("2026-12-18 18:00")
    mark = town.mark()
    occurrence = town.occurrence("2026-12-19")
    for result in (Result.DONE, Result.ALREADY, Result.ALREADY):
        found = service_days.cancel_item(
            db, occurrence, "磨刀", actor=town.as_organiser, now=at("2026-12-18 19:00")
        )
        assert found is result
    assert brief(town.said(*IN_GROUPS, since=mark)) == [
        (GROUPS[0], "eve"),
        (GROUPS[1], "eve"),
        (GROUPS[0], "line"),
        (GROUPS[1], "line"),
    ]
    edit, _, line, _ = town.said(*IN_GROUPS, since=mark)
    assert edit.key == town.said("service-eve")[0].key  # the same message
    assert "磨刀" not in edit.text and "刀请包好" not in edit.text
    assert line.text == "19日(周六)三九:磨刀这次不来了,其余照常。"


def test_an_item_off_before_the_eve_is_said_nowhere(town: Town, db: Connection) -> None:
    plan(town)
    service_days.cancel_item(
        db, town.occurrence("2026-12-19"), "磨刀", actor=town.as_organiser, now=at("2026-12-17 12:00")
    )
    assert town.said() == []
    town.run("2026-12-18 18:00")
    assert "磨刀" not in town.said("service-eve")[0].text


def test_confirming_after_the_eve_edits_and_rings_nobody(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    mark = town.mark()
    everyone_comes(town, "2026-12-19", "2026-12-18 19:00")
    assert brief(town.said(*IN_GROUPS, since=mark)) == [(GROUPS[0], "eve"), (GROUPS[1], "eve")]


def test_back_again_is_said(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    occurrence = town.occurrence("2026-12-19")
    now = at("2026-12-18 19:00")
    service_days.cancel_item(db, occurrence, "磨刀", actor=town.as_organiser, now=now)
    mark = town.mark()
    service_days.set_items(db, occurrence, {"磨刀": Comes.YES}, actor=town.as_organiser, now=now)
    assert town.said("service-line", since=mark)[0].text == "19日(周六)三九:磨刀这次来。"


def test_a_line_at_night_does_not_ring_and_a_paused_group_gets_none(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    db.execute(sa.update(tables.chats).where(tables.chats.c.id == town.south).values(muted=True))
    service_days.cancel_item(
        db, town.occurrence("2026-12-19"), "磨刀", actor=town.as_organiser, now=at("2026-12-18 23:00")
    )
    (line,) = town.said("service-line")
    assert line.chat == GROUPS[0] and line.silent


def test_nobody_comes(town: Town, db: Connection) -> None:
    plan(town)
    wanted = dict.fromkeys(("理发", "磨刀", "义诊", "冲洗地垫"), Comes.NO)
    service_days.set_items(
        db, town.occurrence("2026-12-19"), wanted, actor=town.as_organiser, now=at("2026-12-17 12:00")
    )
    town.run("2026-12-18 18:00")
    assert town.said("service-eve")[0].text == (
        "明天(19日周六)三九便民服务日,9到11点,小广场:师傅们这次都来不了,别白跑一趟。下次是29日(周二)。"
    )


def test_after_it_is_over_nothing_changes(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-19 07:30")
    occurrence, late, mark = town.occurrence("2026-12-19"), at("2026-12-19 11:00"), town.mark()
    assert service_days.cancel_item(db, occurrence, "磨刀", actor=SYSTEM, now=late) is Result.PAST
    assert service_days.cancel(db, occurrence, actor=SYSTEM, now=late) is Result.PAST
    assert service_days.move(db, occurrence, date(2026, 12, 20), actor=SYSTEM, now=late) is Result.PAST
    assert service_days.restore(db, occurrence, actor=SYSTEM, now=late) is Result.PAST
    assert service_days.cancel(db, 999, actor=SYSTEM, now=late) is Result.GONE
    assert town.mark() == mark


# --- who may -------------------------------------------------------------------------------------


def test_only_organiser_and_admins(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-17 10:00")
    now = at("2026-12-17 10:05")
    action, data = town.press("磨刀不来", chat=town.organiser_chat)
    for actor in (town.as_stranger, Actor(None, Role.STRANGER), Actor(town.stranger, Role.LEADER)):
        answer = service_days.on_button(db, action, data, actor=actor, now=now)
        assert answer == "这个按钮不是给您的,谢谢。"
    change = service_days.understand_organiser("三九取消", service_days.service_days(db, town.id), now)
    assert change is not None
    assert "社区的同志" in service_days.apply_change(db, change, actor=town.as_stranger, now=now)
    assert town.events() == []
    # an admin who is also a leader is still an admin
    leader = Actor(town.admin, Role.LEADER)
    assert service_days.apply_change(db, change, actor=leader, now=now).startswith("好,19日(周六)三九取消")
    late = at("2026-12-19 12:00")
    assert "过时" in service_days.on_button(db, action, data, actor=town.as_organiser, now=late)
