"""Announcements at a set time: once per group and date, late only while it still makes sense."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.almanac import Rule
from gridbot.services import announcements
from gridbot.store import tables
from gridbot.store.timers import set_timer

from .conftest import Town, at

GROUPS = ["一网格居民群", "二网格居民群"]
TEXT = "明天上午9点到11点打疫苗,在活动室。"
ONCE = Rule(date=date(2026, 12, 9))


def make(town: Town, rule: Rule = ONCE, clock: str = "18:00", now: str = "2026-12-01 12:00") -> int:
    made = announcements.create(town.db, town.id, TEXT, rule, clock, actor=town.as_admin, now=at(now))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("rule", "until", "days"),
    [
        (ONCE, "2027-01-01 00:00", ["12-09"]),
        (Rule(weekday=5), "2026-12-19 00:00", ["12-04", "12-11", "12-18"]),  # every 周五
        (Rule(weekday=6, nth=2), "2027-02-28 00:00", ["12-12", "01-09", "02-13"]),  # 每月第二个周六
        (Rule(days=(31,)), "2027-04-01 00:00", ["12-31", "01-31", "03-31"]),  # February is jumped over
    ],
)
def test_posted_on_each_date_in_each_group(town: Town, rule: Rule, until: str, days: list[str]) -> None:
    announcement = make(town, rule)
    town.run(until)
    said = town.said("announcement")
    assert [(f"{one.due_at:%m-%d %H:%M}", one.chat) for one in said] == [
        (f"{day} 10:00", group) for day in days for group in GROUPS
    ]
    assert all(one.text == TEXT for one in said)
    found = announcements.find(town.db, announcement)
    assert found is not None and found.active is (rule != ONCE)  # a single date is over


def test_run_twice_is_said_once(town: Town) -> None:
    """The process dies after the post and before the timer is gone."""
    announcement = make(town, Rule(weekday=5))
    town.run("2026-12-04 18:00")
    for minutes in (0, 1, 5):
        due = at("2026-12-04 18:00")
        subject = f"announcement:{announcement}"
        set_timer(town.db, announcements.KIND, subject, due, community_id=town.id)
        town.fire(due + timedelta(minutes=minutes))
    assert len(town.said("announcement")) == 2
    town.run("2026-12-11 18:00")  # and the next week is not lost
    assert len(town.said("announcement")) == 4


@pytest.mark.parametrize(
    ("back", "clock", "posted"),
    [
        ("2026-12-04 18:05", "18:00", True),  # a moment late
        ("2026-12-04 20:30", "18:00", True),  # within three hours
        ("2026-12-04 21:30", "18:00", False),  # too late
        ("2026-12-04 22:30", "21:00", False),  # night
        ("2026-12-04 22:05", "22:00", True),  # it was meant for the night
        ("2026-12-04 21:05", "18:30", False),  # within three hours, but night by now
        ("2026-12-05 09:00", "18:00", False),  # another day
        ("2026-12-09 09:00", "18:00", False),
    ],
)
def test_downtime(town: Town, back: str, clock: str, posted: bool) -> None:
    make(town, Rule(weekday=5), clock)
    town.fire(at(back))
    assert bool(town.said("announcement")) is posted
    mark = town.mark()
    town.run("2026-12-11 23:59")
    assert len(town.said("announcement", since=mark)) == 2  # the next one is in time


def test_the_hours_it_may_be_late_are_data(town: Town, db: Connection) -> None:
    for given, posted in ((5, True), ("nonsense", False), (True, False)):
        db.execute(sa.update(tables.communities).values(settings={"service_days": {"late_hours": given}}))
        saved = db.begin_nested()
        make(town, Rule(weekday=5), "16:00")
        town.fire(at("2026-12-04 20:30"))
        assert bool(town.said("announcement")) is posted
        saved.rollback()


def test_a_time_that_is_past_is_refused(town: Town, db: Connection) -> None:
    for now in ("2026-12-09 18:00", "2026-12-20 12:00"):
        made = announcements.create(db, town.id, TEXT, ONCE, time(18), actor=town.as_admin, now=at(now))
        assert made is None
    assert announcements.listing(db, town.id) == [] and town.events() == []


def test_stopped(town: Town, db: Connection) -> None:
    announcement = make(town, Rule(weekday=5))
    now = at("2026-12-01 12:00")
    assert [one.text for one in announcements.listing(db, town.id)] == [TEXT]
    assert announcements.cancel(db, announcement, actor=town.as_admin, now=now)
    assert not announcements.cancel(db, announcement, actor=town.as_admin, now=now)
    assert not announcements.cancel(db, 99, actor=town.as_admin, now=now)
    town.run("2027-01-01 00:00")
    assert town.said() == [] and announcements.listing(db, town.id) == []
    assert town.events() == ["announcement", "announcement_stopped"]


def test_a_timer_of_one_that_was_stopped_says_nothing(town: Town, db: Connection) -> None:
    announcement = make(town)
    announcements.cancel(db, announcement, actor=town.as_admin, now=at("2026-12-01 12:00"))
    for subject in (f"announcement:{announcement}", "announcement:99"):
        set_timer(db, announcements.KIND, subject, at("2026-12-09 18:00"), community_id=town.id)
    town.fire(at("2026-12-09 18:00"))
    assert town.said() == []


def test_only_in_the_groups_named(town: Town, db: Connection) -> None:
    announcements.create(
        db,
        town.id,
        TEXT,
        ONCE,
        "18:00",
        groups=["网格长群"],
        actor=town.as_admin,
        now=at("2026-12-01 12:00"),
    )
    db.execute(sa.update(tables.chats).where(tables.chats.c.id == town.north).values(muted=True))
    town.run("2026-12-09 18:00")
    assert [one.chat for one in town.said("announcement")] == ["网格长群"]


@pytest.mark.parametrize(
    ("rule", "clock", "now", "words"),
    [
        (Rule(weekday=5), "18:00", "2026-12-03 12:00", "明天(4日周五)18:00"),
        (Rule(weekday=5), "18:00", "2026-12-04 18:00", "11日(周五)18:00"),  # today's is being posted
        (ONCE, "09:00", "2026-12-09 08:00", "今天(9日周三)09:00"),
        (ONCE, "09:00", "2026-12-09 09:00", ""),
    ],
)
def test_when_words(town: Town, rule: Rule, clock: str, now: str, words: str) -> None:
    announcement = announcements.find(town.db, make(town, rule, clock))
    assert announcement is not None
    assert announcements.when_words(announcement, at(now)) == words
