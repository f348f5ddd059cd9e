"""Service days and announcements by command and by sentence."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.almanac import Rule
from gridbot.desk.admin_services import split_time
from gridbot.messages import Actor
from gridbot.rehearsal import Stage
from gridbot.services import service_days
from gridbot.store import tables
from tests.cast import ADMIN, LI, NOW, RESIDENTS, SHANGHAI, WANG


@pytest.fixture
def with_day(stage: Stage) -> Stage:
    with stage.db() as db:
        community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
        service_days.create(
            db,
            community,
            name="三九便民服务日",
            rule=Rule(days=(9, 19, 29)),
            actor=Actor.system(),
            now=NOW,
            place="小广场",
            items=[{"name": "理发"}, {"name": "磨刀"}],
        )
    return stage


def items(stage: Stage) -> list[str]:
    with stage.db() as db:
        (row,) = db.execute(sa.select(tables.service_days.c["items"]).where(tables.service_days.c.active))
    return [one["name"] for one in row[0]]


def announced(stage: Stage) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(tables.announcements).order_by(tables.announcements.c.id)))


def test_anybody_may_ask_for_the_next_days(with_day: Stage) -> None:
    with_day.says(WANG.id, "便民日", chat=RESIDENTS)
    said = with_day.texts(RESIDENTS)[-1]
    assert "11月三九便民服务日" in said and "29日" in said and "12月" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("三九取消", "取消"),
        ("29号三九改到30号", "改到"),
        ("磨刀的不来了", "磨刀"),
        ("三九加修鞋", "修鞋来"),
        ("三九这次不要磨刀了", "磨刀"),
    ],
)
def test_an_admin_changes_the_next_date_in_a_sentence(with_day: Stage, words: str, said: str) -> None:
    with_day.passes(hours=10)  # today's is over: the next one is on the 29th
    with_day.says(ADMIN.id, words, chat=ADMIN.id)
    assert said in with_day.texts(ADMIN.id)[-1] and "29" in with_day.texts(ADMIN.id)[-1]
    assert items(with_day) == ["理发", "磨刀"]


def test_for_good_the_list_itself_changes(with_day: Stage) -> None:
    with_day.says(ADMIN.id, "三九以后加修鞋", chat=ADMIN.id)
    assert with_day.texts(ADMIN.id)[-1] == "好,三九以后都有修鞋。"
    assert items(with_day) == ["理发", "磨刀", "修鞋"]
    with_day.says(ADMIN.id, "三九以后不要磨刀了", chat=ADMIN.id)
    assert items(with_day) == ["理发", "修鞋"]


def test_others_sentences_change_nothing(with_day: Stage) -> None:
    for who in (WANG.id, LI.id):
        with_day.says(who, "三九加修鞋", chat=RESIDENTS)
        with_day.says(who, "三九以后不要磨刀了", chat=RESIDENTS)
    assert items(with_day) == ["理发", "磨刀"]
    with with_day.db() as db:
        assert not any(db.execute(sa.select(tables.occurrences.c["items"])).scalars())


def test_the_organiser_may_though_he_holds_nothing(with_day: Stage) -> None:
    with with_day.db() as db:
        wang = tables.identities.c.user == WANG.id
        person = db.execute(sa.select(tables.identities.c.person_id).where(wang)).scalar()
        db.execute(sa.update(tables.service_days).values(organiser_id=person))
        db.execute(sa.update(tables.communities).values(version=tables.communities.c.version + 1))
    with_day.says(WANG.id, "三九以后加修鞋", chat=RESIDENTS)
    assert items(with_day) == ["理发", "磨刀", "修鞋"]


def test_a_service_day_is_made_and_given_up(stage: Stage) -> None:
    words = "加便民日 三九便民服务日 每月9、19、29日 9点到11点 小广场 理发、磨刀、义诊"
    stage.says(ADMIN.id, words, chat=ADMIN.id)
    assert "每月9、19、29日,小广场:理发、磨刀、义诊" in stage.texts(ADMIN.id)[-1]
    with stage.db() as db:
        assert db.execute(sa.select(tables.service_days)).all() == []
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    with stage.db() as db:
        row = db.execute(sa.select(tables.service_days)).one()
    assert (row.starts, row.ends, row.place) == ("09:00", "11:00", "小广场")
    assert items(stage) == ["理发", "磨刀", "义诊"]
    stage.says(ADMIN.id, "停办 三九", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    with stage.db() as db:
        assert not db.execute(sa.select(tables.service_days.c.active)).scalar()
    stage.says(ADMIN.id, "停办 三九", chat=ADMIN.id)
    assert "没有叫“三九”的便民日" in stage.texts(ADMIN.id)[-1]


# --- 公告 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "at", "said"),
    [
        ("明天9点 停水通知", "2026年11月20日", "09:00", "停水通知"),
        ("明天9点停水通知", "2026年11月20日", "09:00", "停水通知"),
        ("明天 上午9点半,停水", "2026年11月20日", "09:30", "停水"),
        ("明天9点30分停水", "2026年11月20日", "09:30", "停水"),
        ("明天9:30 停水", "2026年11月20日", "09:30", "停水"),
        ("今晚8点发 明天9点到12点停水", "2026年11月19日", "20:00", "明天9点到12点停水"),
        ("每周五晚上7点半 广场舞", "每周五", "19:30", "广场舞"),
        ("每月第二个周六上午9点 社区议事会", "每月第二个周六", "09:00", "社区议事会"),
        ("12月9日9点 9号楼停电", "2026年12月9日", "09:00", "9号楼停电"),
        ("现在 水管爆了,先接水", "2026年11月19日", "10:01", "水管爆了,先接水"),
    ],
)
def test_the_time_comes_first_and_the_rest_is_said(text: str, rule: str, at: str, said: str) -> None:
    found = split_time(text, NOW, SHANGHAI)
    assert found is not None
    assert (found[0].words(), f"{found[1]:%H:%M}", found[2]) == (rule, at, said)


@pytest.mark.parametrize("text", ["停水通知", "明天 停水", "明天9点", "每两周 开会", "x" * 5000])
def test_without_a_time_or_a_text_it_is_asked(stage: Stage, text: str) -> None:
    stage.says(ADMIN.id, f"公告 {text}", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1].startswith("哪天几点发")
    assert announced(stage) == []


def test_an_announcement_is_shown_then_posted_once(stage: Stage) -> None:
    stage.says(ADMIN.id, "公告 明天9点 <停水> & 通知", chat=ADMIN.id)
    shown = stage.texts(ADMIN.id)[-1]
    assert shown == "明天(20日周五)09:00发到1个群:\n<停水> & 通知"
    stage.passes(minutes=1)
    assert announced(stage) == []
    stage.presses(ADMIN.id, "发", chat=ADMIN.id)
    assert len(announced(stage)) == 1
    stage.passes(hours=26)
    assert stage.texts(RESIDENTS) == ["<停水> & 通知"]


def test_at_once(stage: Stage) -> None:
    stage.says(ADMIN.id, "公告 现在 水管爆了,先接水", chat=ADMIN.id)
    stage.presses(ADMIN.id, "发", chat=ADMIN.id)
    stage.passes(minutes=2)
    assert stage.texts(RESIDENTS) == ["水管爆了,先接水"]


def test_at_once_though_it_took_a_moment_to_confirm(stage: Stage) -> None:
    stage.says(ADMIN.id, "公告 现在 水管爆了,先接水", chat=ADMIN.id)
    stage.passes(minutes=5)
    stage.presses(ADMIN.id, "发", chat=ADMIN.id)
    stage.passes(minutes=2)
    assert stage.texts(RESIDENTS) == ["水管爆了,先接水"]


def test_listed_and_stopped(stage: Stage) -> None:
    stage.says(ADMIN.id, "公告 每周五晚上7点 广场舞", chat=ADMIN.id)
    stage.presses(ADMIN.id, "发", chat=ADMIN.id)
    assert "好,每周五19:00发" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "公告", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "1. 每周五19:00:广场舞"
    stage.says(ADMIN.id, "取消公告 1", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    stage.passes(days=3)
    assert stage.texts(RESIDENTS) == []
    stage.says(ADMIN.id, "取消公告 1", chat=ADMIN.id)
    assert "没有1号通知" in stage.texts(ADMIN.id)[-1]


def test_another_communitys_announcement_is_not_there(stage: Stage) -> None:
    with stage.db() as db:
        made = db.execute(
            sa.insert(tables.communities).values(name="别的社区", salt="11" * 16, created_at=NOW)
        ).inserted_primary_key
        assert made is not None
        values = {"text": "机密", "rule": {"weekday": 5}, "groups": "all", "at": "09:00", "created_at": NOW}
        db.execute(sa.insert(tables.announcements).values(community_id=made[0], **values))
    stage.says(ADMIN.id, "取消公告 1", chat=ADMIN.id)
    assert "没有1号通知" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "公告", chat=ADMIN.id)
    assert "机密" not in stage.texts(ADMIN.id)[-1]


def test_in_a_group_it_is_what_people_write_anyway(stage: Stage) -> None:
    stage.says(ADMIN.id, "公告:明天9点到12点停水,请提前接水", chat=RESIDENTS)
    assert not any(one.purpose.startswith("command") for one in stage.sent)
    assert announced(stage) == []
