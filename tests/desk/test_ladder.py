"""The ladder on a frozen clock: every level of a four-level town, nights, holidays, years without a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.almanac import CalendarError, load_calendar
from gridbot.cases import queries
from gridbot.desk import due, ladder, losses
from gridbot.desk.context import Desk
from gridbot.grid.directory_files import read_directory
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor, ChatKind, ChatRole, Fault, Outcome, Role, SendResult
from gridbot.rehearsal import Stage
from gridbot.store import outbox, tables, timers
from gridbot.store.tables import chats
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import ADMIN, LEADERS, LI, RESIDENTS, SECRETARY, SHANGHAI, WANG, ZHOU
from tests.desk.conftest import packs

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "samples" / "liangcheng-4.yaml"
GROUP = "-77"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def opened(stage: Stage, moment: str) -> Stage:
    stage.until(at(moment))
    return stage


def report(stage: Stage, text: str = "5号楼楼道灯不亮了", who: Any = WANG) -> None:
    stage.says(who.id, text, chat=RESIDENTS, name=who.name)


def settings(stage: Stage, **values: Any) -> None:
    with stage.db() as db:
        row = db.execute(sa.select(tables.communities.c.settings)).scalar_one()
        db.execute(
            sa.update(tables.communities).values(
                settings={**(row or {}), **values}, version=tables.communities.c.version + 1
            )
        )


def position(stage: Stage, number: int = 1) -> Any:
    case = next(one for one in stage.cases() if one.number == number)
    with stage.db() as db:
        return queries.ladder_position(db, queries.case(db, case.id), stage.now)


def clocked(stage: Stage, chat: str, purpose: str) -> list[str]:
    """When something of that purpose came, in the community's time."""
    return [
        one.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
        for one in stage.in_chat(chat)
        if one.purpose == purpose
    ]


# --- every level ---------------------------------------------------------------------------------


@pytest.fixture
def town() -> Iterator[Stage]:
    """The four-level sample; one leader of each level has pressed Start, and so has an admin."""
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, at("2026-11-19 08:30")) as stage:
        with stage.db() as db:
            made = import_directory(db, read_directory(SAMPLE), actor=Actor(None, Role.ADMIN), now=stage.now)
            community = made.community_id
            assert community is not None
            node = db.execute(
                sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.name == "玉兰一村一小区")
            ).scalar_one()
            place = {"community_id": community, "platform": stage.platform, "bot": stage.bot}
            group = {"chat": GROUP, "kind": ChatKind.GROUP.value, "role": ChatRole.RESIDENTS.value}
            db.execute(sa.insert(chats).values(**place, **group, node_id=node, title="居民群"))
            for name in ("苏与禾", "柏与禾", "乔思野", "穆思野"):
                who = db.execute(
                    sa.select(tables.people.c.id).where(tables.people.c.name == name)
                ).scalar_one()
                _bind(db, place, who, name)
            boss = db.execute(
                sa.insert(tables.people).values(community_id=community, name="刘书记", created_at=stage.now)
            ).inserted_primary_key
            assert boss is not None
            _bind(db, place, boss[0], "刘书记")
            held = {"person_id": boss[0], "role": Role.ADMIN.value, "since": stage.now}
            db.execute(sa.insert(tables.holdings).values(community_id=community, **held))
        yield stage


def _bind(db: Any, place: dict[str, Any], person: int, name: str) -> None:
    known = {"community_id": place["community_id"], "platform": place["platform"], "user": name}
    db.execute(sa.insert(tables.identities).values(**known, person_id=person, name=name, reachable=True))
    private = {"chat": name, "kind": ChatKind.PRIVATE.value, "role": ChatRole.PRIVATE.value}
    db.execute(sa.insert(chats).values(**place, **private, person_id=person))


def test_nobody_takes_it_and_it_climbs_every_level_and_stops(town: Stage) -> None:
    town.says("r1", "3号楼道闸坏了,车进不来", chat=GROUP, name="居民")
    town.says("r1", "3号楼楼道灯不亮了", chat=GROUP, name="居民")
    town.passes(minutes=1)
    lamp = next(one.number for one in town.cases() if one.types == ["lighting"])
    town.until(at("2026-11-20 20:00"))
    first = {chat: clocked(town, chat, "notice")[:1] for chat in ("苏与禾", "柏与禾", "乔思野", "穆思野")}
    days = [when[0] for when in first.values()]
    assert days == sorted(days) and len(set(days)) == 4
    where = position(town, lamp)
    assert [step.level for step in where.steps] == ["微单元", "居民区", "片区", "社区"]
    assert [step.here for step in where.steps] == [False, False, False, True]
    assert where.at_top and "认领" in where.overdue and "穆思野" in where.steps[-1].people
    said = town.texts("刘书记")
    assert sum("到最上一级了" in text and f"({lamp})" in text for text in said) == 1
    everything = [one.at.astimezone(SHANGHAI).hour for one in town.sent]
    assert all(8 <= hour < 21 for hour in everything)


def test_at_the_top_it_stays_visible_with_a_line_a_week(town: Stage) -> None:
    town.says("r1", "3号楼楼道灯不亮了", chat=GROUP, name="居民")
    town.until(at("2026-11-20 20:00"))
    before = len(town.in_chat("穆思野"))
    town.until(at("2026-12-19 20:00"))
    after = [one.text for one in town.in_chat("穆思野")[before:] if one.purpose != "overdue"]
    assert len(after) == 4 and all("还没人接" in text for text in after)
    assert town.cases()[0].state == "waiting"


def test_each_level_may_have_its_own_limit(town: Stage) -> None:
    settings(town, limits={"居民区.认领": "30分钟", "居民区.催办": "0分钟", "lighting.认领": "60分钟"})
    town.says("r1", "3号楼楼道灯不亮了", chat=GROUP, name="居民")
    town.until(at("2026-11-19 20:00"))
    assert clocked(town, "苏与禾", "reminder") == ["11-19 09:30"]
    assert clocked(town, "柏与禾", "notice") == ["11-19 11:30"]
    assert clocked(town, "柏与禾", "reminder") == []
    assert clocked(town, "乔思野", "notice") == ["11-19 12:00"]


def test_a_level_where_nobody_can_be_reached_is_skipped_at_once(town: Stage) -> None:
    with town.db() as db:
        db.execute(sa.update(chats).where(chats.c.chat == "柏与禾").values(active=False))
    town.says("r1", "3号楼楼道灯不亮了", chat=GROUP, name="居民")
    town.until(at("2026-11-19 13:00"))
    assert clocked(town, "乔思野", "notice") == ["11-19 12:30"]
    case = town.cases()[0]
    with town.db() as db:
        moves = [one.move for one in queries.timeline(db, case.id)]
    assert "passed_over" in moves


# --- who can be told -----------------------------------------------------------------------------


def test_a_leader_who_blocks_the_bot_is_passed_over_for_the_next(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    report(stage)
    stage.passes(minutes=1)
    with stage.db() as db:
        row = db.execute(
            sa.select(outbox.outbox, chats.c.platform, chats.c.bot, chats.c.chat)
            .join(chats, chats.c.id == outbox.outbox.c.chat_id)
            .where(chats.c.chat == LI.id)
            .order_by(outbox.outbox.c.id.desc())
        ).first()
        losses.lost(db, row, SendResult(Outcome.PERMANENT, fault=Fault.BLOCKED), now=stage.now)
    stage.passes(seconds=5)
    assert "5号楼" in stage.in_chat(SECRETARY.id)[-1].text
    assert stage.names()[stage.cases()[0].owner_id] == SECRETARY.name


def test_a_notice_that_is_refused_for_good_goes_to_the_next_and_never_back(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    report(stage)
    stage.passes(minutes=1)
    case = stage.cases()[0]
    with stage.db() as db:
        ladder.undelivered(db, case, case.owner_id, stage.now)
    stage.passes(seconds=5)
    before = len(stage.in_chat(LI.id))
    assert "5号楼" in stage.in_chat(SECRETARY.id)[-1].text
    stage.passes(hours=8)
    assert len(stage.in_chat(LI.id)) == before


def test_a_leader_dismissed_by_a_new_directory_hands_his_cases_on(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    report(stage)
    stage.passes(minutes=1)
    stage.presses(LI.id, "我去看", chat=LI.id)
    case = stage.cases()[0]
    with stage.db() as db:
        mine = tables.holdings.c.person_id == case.owner_id
        db.execute(sa.update(tables.holdings).where(mine).values(until=stage.now))
        timers.set_timer(
            db, ladder.RESPONSIBLE, f"person:{case.owner_id}", stage.now, community_id=case.community_id
        )
    stage.passes(seconds=5)
    assert stage.names()[stage.cases()[0].owner_id] == SECRETARY.name
    assert "5号楼" in stage.in_chat(SECRETARY.id)[-1].text


def test_a_grid_that_is_gone_leaves_its_cases_to_the_one_above(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    report(stage)
    stage.passes(minutes=1)
    case = stage.cases()[0]
    with stage.db() as db:
        node = tables.grid_nodes.c.id == case.node_id
        db.execute(sa.update(tables.grid_nodes).where(node).values(active=False))
        db.execute(
            sa.update(tables.holdings)
            .where(tables.holdings.c.node_id == case.node_id)
            .values(until=stage.now)
        )
        timers.set_timer(
            db, ladder.RESPONSIBLE, f"node:{case.node_id}", stage.now, community_id=case.community_id
        )
    stage.passes(seconds=5)
    fresh = stage.cases()[0]
    assert fresh.node_id != case.node_id and stage.names()[fresh.owner_id] == SECRETARY.name


# --- the night -----------------------------------------------------------------------------------


def nine_at_night(stage: Stage) -> None:
    opened(stage, "2026-11-19 23:10")
    for number in range(1, 10):
        stage.says(f"80{number}", f"{number}号楼楼道灯不亮了", chat=RESIDENTS, name=f"居民{number}")
        stage.passes(seconds=20)


def test_nine_reports_at_ten_past_eleven_and_the_morning_after(stage: Stage) -> None:
    nine_at_night(stage)
    stage.until(at("2026-11-20 07:59"))
    assert stage.in_chat(LI.id) == []
    stage.until(at("2026-11-20 08:05"))
    (digest,) = stage.in_chat(LI.id)
    assert digest.purpose == "digest" and "9件" in digest.text
    assert [button.text for row in digest.buttons for button in row] == [str(n) for n in range(1, 10)]
    assert all(f"{number} {number}号楼" in digest.text for number in range(1, 10))
    stage.presses(LI.id, "3", chat=LI.id)
    card = stage.in_chat(LI.id)[-2] if stage.in_chat(LI.id)[-1].text == "" else stage.in_chat(LI.id)[-1]
    assert "3号楼" in card.text and [one.text for one in card.buttons[0]] == ["我去看", "找别人", "更多"]


def test_what_came_at_night_is_not_late_before_it_could_be_known(stage: Stage) -> None:
    nine_at_night(stage)
    stage.until(at("2026-11-20 09:59"))
    assert all(position(stage, number).overdue == () for number in range(1, 10))
    assert not any("还没回音" in text for text in stage.texts(LI.id))
    stage.until(at("2026-11-20 10:01"))
    assert any("还没回音" in text for text in stage.texts(LI.id))


def test_what_is_settled_by_morning_is_not_in_the_digest(stage: Stage) -> None:
    nine_at_night(stage)
    stage.says("801", "亮了亮了谢谢", chat=RESIDENTS)
    stage.until(at("2026-11-20 08:05"))
    assert "8件" in stage.in_chat(LI.id)[0].text


def test_whoever_is_away_in_the_morning_leaves_the_digest_to_the_next(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    opened(stage, "2026-11-19 22:00")
    for number in (1, 2):
        stage.says(f"80{number}", f"{number}号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(minutes=5)
    stage.says(LI.id, "请假到周日", chat=LI.id)
    stage.until(at("2026-11-20 08:10"))
    assert not any(one.purpose in ("digest", "notice") for one in stage.in_chat(LI.id))
    assert "2件" in stage.in_chat(SECRETARY.id)[-1].text


def test_an_emergency_at_night_waits_for_nothing(stage: Stage) -> None:
    opened(stage, "2026-11-19 23:10")
    report(stage, "5号楼有股煤气味")
    assert "急" in stage.in_chat(LI.id)[0].text


def test_a_stop_across_the_night_loses_nothing_and_rings_once(stage: Stage) -> None:
    nine_at_night(stage)
    stage.now = at("2026-11-21 09:00")  # down for a day: everything is due at once
    stage.passes(minutes=1)
    assert [one.purpose for one in stage.in_chat(LI.id)].count("digest") == 1


def test_a_role_with_hours_of_its_own_is_told_within_them(stage: Stage) -> None:
    settings(stage, role_hours={"网格长": "工作日 9:00-12:00,14:00-18:00"})
    opened(stage, "2026-11-20 19:00")  # a Friday evening
    report(stage)
    stage.until(at("2026-11-23 08:59"))
    assert stage.in_chat(LI.id) == []
    stage.until(at("2026-11-23 09:01"))
    assert "5号楼" in stage.in_chat(LI.id)[0].text
    stage.until(at("2026-11-23 10:59"))
    assert not any("还没回音" in text for text in stage.texts(LI.id))
    stage.until(at("2026-11-23 11:01"))
    assert any("还没回音" in text for text in stage.texts(LI.id))


def test_the_chosen_preset_with_its_source_decides(stage: Stage) -> None:
    settings(stage, limits_preset="天津12345")
    stage.says(LI.id, "时限", chat=LI.id)
    assert "天津12345" in stage.texts(LI.id)[-1] and "出处" in stage.texts(LI.id)[-1]
    report(stage)
    stage.passes(minutes=1)
    claim = position(stage).claim_by
    assert claim is not None and claim.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == "11-20 10:00"
    stage.says(LI.id, "时限 1", chat=LI.id)
    assert "办结:11月24日前" in stage.texts(LI.id)[-1]


# --- not too much --------------------------------------------------------------------------------


def test_the_fourth_report_of_one_person_a_day_waits_for_the_digest(stage: Stage) -> None:
    for number in (1, 2, 3, 5):
        stage.says(WANG.id, f"{number}号楼单元门锁坏了", chat=RESIDENTS, name=WANG.name)
        stage.passes(minutes=12)
    told = [one.text for one in stage.in_chat(LI.id) if one.purpose == "notice"]
    assert len({one.case_id for one in stage.in_chat(LI.id)}) == 3 and not any("5号楼" in one for one in told)
    stage.until(at("2026-11-19 17:01"))
    assert any("5号楼" in text for text in stage.texts(LI.id))
    assert stage.cases()[-1].first_told_at is not None


def test_a_persons_budget_sends_the_rest_into_the_digest(stage: Stage) -> None:
    settings(stage, person_budget=2)
    for number in (1, 2, 3):
        stage.says(f"80{number}", f"{number}号楼单元门锁坏了", chat=RESIDENTS)
        stage.passes(minutes=2)
    assert len(stage.in_chat(LI.id)) == 2
    report(stage, "5号楼有股煤气味")
    assert "急" in stage.in_chat(LI.id)[-1].text
    stage.until(at("2026-11-19 17:01"))
    assert any("3号楼" in text for text in stage.texts(LI.id))


def test_a_groups_budget_sends_what_can_wait_into_one_message(stage: Stage) -> None:
    settings(stage, group_budget=1)
    for number in (1, 2):
        stage.says(f"80{number}", f"{number}号楼单元门锁坏了", chat=RESIDENTS)
        stage.passes(minutes=2)
        stage.says(LI.id, f"{number} 师傅下午来", chat=LI.id)
    assert not any("在办" in text for text in stage.texts(RESIDENTS))
    stage.until(at("2026-11-19 17:01"))
    (digest,) = [one for one in stage.in_chat(RESIDENTS) if one.purpose == "digest"]
    assert digest.text.count("在办") == 2
    stage.says("803", "3号楼有股煤气味", chat=RESIDENTS)
    assert "119" in stage.texts(RESIDENTS)[-1]


# --- holidays ------------------------------------------------------------------------------------


@pytest.fixture
def before_holiday(stage: Stage) -> Stage:
    stage.now = at("2026-09-30 15:00")
    return stage


def test_across_the_national_holiday_and_the_saturday_that_is_worked(before_holiday: Stage) -> None:
    stage = before_holiday
    settings(stage, limits={"认领": "1工作日", "催办": "4工作时", "办结": "3工作日"})
    report(stage)
    stage.passes(minutes=1)
    where = position(stage)
    assert where.claim_by is not None and where.finish_by is not None
    assert where.claim_by.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == "10-08 15:00"
    assert where.finish_by.astimezone(SHANGHAI) == at("2026-10-10 15:00")  # a Saturday
    stage.until(at("2026-10-08 14:59"))
    assert position(stage).overdue == () and not any("还没回音" in text for text in stage.texts(LI.id))
    stage.until(at("2026-10-08 15:05"))
    assert any("还没回音" in text for text in stage.texts(LI.id))
    stage.until(at("2026-10-10 14:59"))
    assert "办结" not in position(stage).overdue
    stage.until(at("2026-10-10 15:30"))
    assert "办结" in position(stage).overdue
    assert sum("〔办结〕的时限到了" in text for text in stage.texts(LI.id)) == 1


def test_a_roster_for_the_holiday_decides_who_is_told(before_holiday: Stage) -> None:
    stage = before_holiday
    stage.starts(SECRETARY.id, SECRETARY.name)
    stage.says(ADMIN.id, "值班 10月1日到3日 周书记", chat=ADMIN.id)
    assert "10月1日到3日" in stage.texts(ADMIN.id)[-1] and "周书记" in stage.texts(ADMIN.id)[-1]
    stage.until(at("2026-10-02 10:00"))
    report(stage)
    stage.passes(minutes=1)
    assert "5号楼" in stage.in_chat(SECRETARY.id)[-1].text and stage.in_chat(LI.id) == []
    stage.says(SECRETARY.id, "收到", chat=SECRETARY.id)
    assert stage.cases()[0].state == "accepted"
    stage.until(at("2026-10-04 10:00"))
    report(stage, "3号楼单元门锁坏了", ZHOU)
    stage.passes(minutes=1)
    assert "3号楼" in stage.in_chat(LI.id)[-1].text


def test_into_a_year_without_a_table(stage: Stage) -> None:
    opened(stage, "2026-12-31 10:00")
    with stage.db() as db:
        due.start(db, now=stage.now)
    settings(stage, limits={"认领": "1工作日", "催办": "4工作时"})
    report(stage)
    stage.passes(minutes=1)
    assert position(stage).claim_by.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") == "2027-01-04 10:00"
    stage.until(at("2027-01-05 20:00"))
    assert any("还没回音" in text for text in stage.texts(LI.id))
    assert sum("2027年的放假调休表还没有" in text for text in stage.texts(ADMIN.id)) == 1


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (
            "year: 2027\noff:\n  元旦: [2027-01-01, 2027-01-03]\n  又: [2027-01-03, 2027-01-04]\n",
            4,
            "已经算在",
        ),
        ("year: 2027\noff:\n  元旦: [2027-01-01, 2027-01-03]\nwork:\n  - 2027-01-03\n", 5, "已经算在"),
    ],
)
def test_a_table_that_overlaps_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    (tmp_path / "2027.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CalendarError) as refused:
        load_calendar(tmp_path)
    assert f"2027.yaml:{line}:" in str(refused.value) and problem in str(refused.value)


# --- stages --------------------------------------------------------------------------------------


def test_each_stage_that_is_late_is_told_once_to_leader_and_above(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    report(stage, "3号楼楼顶有人私搭乱建阳光房")
    stage.passes(minutes=1)
    assert "停工:11月20日前" in stage.in_chat(LI.id)[0].text
    stage.says(LI.id, "收到", chat=LI.id)
    stage.until(at("2026-11-20 11:00"))
    late = [text for text in stage.texts(LI.id) if "〔停工〕的时限到了" in text]
    above = [text for text in stage.texts(SECRETARY.id) if "〔停工〕的时限到了" in text]
    assert len(late) == 1 and len(above) == 1
    stage.says(LI.id, "阶段 1 查处", chat=LI.id)
    stage.until(at("2026-12-12 12:00"))
    said = stage.texts(LI.id)
    assert sum("〔停工〕的时限到了" in text for text in said) == 1
    assert not any("〔查处〕的时限到了" in text for text in said)
    assert sum("〔拆除〕的时限到了" in text for text in said) == 1


# --- the clock itself ----------------------------------------------------------------------------


def test_set_forward_a_year_every_timer_fires_once_and_none_twice(stage: Stage) -> None:
    report(stage)
    stage.passes(minutes=1)
    stage.now = stage.now + timedelta(days=365)
    stage.passes(minutes=1)
    reminders = [one for one in stage.in_chat(LI.id) if one.purpose == "reminder"]
    assert len(reminders) == 1
    stage.passes(minutes=30)
    assert len([one for one in stage.in_chat(LI.id) if one.purpose == "reminder"]) == 1


def test_set_back_an_hour_nothing_is_early_and_nothing_negative(stage: Stage) -> None:
    report(stage)
    stage.passes(minutes=1)
    stage.now = stage.now - timedelta(hours=1)
    stage.passes(minutes=119)
    assert not any("还没回音" in text for text in stage.texts(LI.id))
    stage.passes(minutes=70)
    assert sum("还没回音" in text for text in stage.texts(LI.id)) == 1


def test_one_timer_claimed_by_two_clocks_fires_once(stage: Stage) -> None:
    report(stage)
    stage.passes(minutes=1)
    stage.now += timedelta(hours=2)
    with stage.db() as db:
        mine = timers.claim_due(db, owner="first", now=stage.now)
        theirs = timers.claim_due(db, owner="second", now=stage.now)
    assert [row.kind for row in mine] == ["claim"] and theirs == []
    with stage.db() as db:  # the first one hangs past its lease, the second takes over, the first wakes
        late = timers.claim_due(db, owner="second", now=stage.now + timedelta(minutes=2))
        assert len(late) == 1
        from gridbot.clock import fire_one

        assert fire_one(db, stage.desk, late[0], owner="second", now=stage.now)
        assert not fire_one(db, stage.desk, mine[0], owner="first", now=stage.now)
    stage.passes(seconds=1)
    assert sum("还没回音" in text for text in stage.texts(LI.id)) == 1


def test_a_notice_at_night_whose_leader_is_unknown_to_the_bot_waits_too(stage: Stage) -> None:
    with stage.db() as db:
        db.execute(sa.delete(chats).where(chats.c.chat == LI.id))
    opened(stage, "2026-11-19 23:10")
    report(stage)
    stage.until(at("2026-11-20 07:59"))
    assert stage.in_chat(LEADERS) == [] and stage.in_chat(ADMIN.id) == []
    stage.until(at("2026-11-20 08:05"))
    assert len(stage.in_chat(LEADERS)) == 1
