"""Who must not know, who may, and that it is on record: played through the whole house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gridbot import texts
from gridbot.cases import audit, chain, secrecy, views
from gridbot.desk.context import Desk
from gridbot.messages import Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import (
    ADMIN,
    ENGINEER,
    LEADERS,
    LI,
    NOW,
    RESIDENTS,
    STRANGER,
    WANG,
    ZHOU,
    Cast,
    seed,
    seed_units,
)
from tests.desk.conftest import packs

COMPLAINT = "物业态度恶劣,5号楼302的我找他们三次了"
LAMP = "5号楼302门口楼道灯不亮了,找我一三八一二三四五六七八"


@pytest.fixture
def cast_there() -> list[Cast]:
    return []


@pytest.fixture
def town(cast_there: list[Cast]) -> Iterator[Stage]:
    """The cast with its units: 物业 has an engineer who can be reached."""
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        with opened.db() as db:
            cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        cast_there.append(cast)
        yield opened


def said_everywhere(stage: Stage, chat: str) -> str:
    return "\n".join(stage.texts(chat))


def complain(stage: Stage) -> int:
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, COMPLAINT, chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=15)
    (case,) = [one for one in stage.cases() if one.data["routing"].get("against")]
    return int(case.number)


# --- the unit complained about -------------------------------------------------------------------


def test_in_the_leaders_group_nothing_is_said_of_it(town: Stage) -> None:
    """Nobody takes it for days, it climbs to the top, and the group where 物业 sits hears nothing."""
    number = complain(town)
    town.passes(days=4)
    assert f"({number})" not in said_everywhere(town, LEADERS) and str(number) not in said_everywhere(
        town, LEADERS
    )
    assert any(str(number) in text for text in town.texts(LI.id) + town.texts(ADMIN.id))


def test_where_its_person_speaks_it_sits_from_then_on(town: Stage, cast_there: list[Cast]) -> None:
    town.says(ENGINEER.id, "大家好,明天擦玻璃", chat=RESIDENTS, name=ENGINEER.name)
    before = len(town.in_chat(RESIDENTS))
    number = complain(town)
    town.presses(LI.id, "我去看", chat=LI.id)
    town.says(LI.id, "修好了", chat=LI.id)
    town.passes(days=1)
    assert town.in_chat(RESIDENTS)[before:] == [], "no word, no reaction"
    assert any(str(number) in text for text in town.texts(WANG.id)), "she hears in private"


def test_elsewhere_the_group_hears_as_ever(town: Stage) -> None:
    """So that the test above can fail: without the unit there the group is answered."""
    town.says(ZHOU.id, "大家好,明天擦玻璃", chat=RESIDENTS, name=ZHOU.name)
    town.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    assert town.texts(RESIDENTS)


def test_an_admin_marks_where_a_unit_sits(town: Stage, cast_there: list[Cast]) -> None:
    town.says(ADMIN.id, "本群有 物业", chat=RESIDENTS, name=ADMIN.name)
    with town.db() as db:
        assert db.execute(sa.select(tables.seats.c.how)).scalar_one() == secrecy.MARKED
    before = len(town.in_chat(RESIDENTS))
    complain(town)
    assert town.in_chat(RESIDENTS)[before:] == []
    town.says(ADMIN.id, "本群没有 物业", chat=RESIDENTS, name=ADMIN.name)
    with town.db() as db:
        assert db.execute(sa.select(tables.seats)).all() == []


@pytest.mark.parametrize("command", ["看 {}", "看 {} 全程", "为什么 {}", "谁看过 {}"])
def test_its_person_reads_nothing_even_as_a_leader(town: Stage, cast_there: list[Cast], command: str) -> None:
    with town.db() as db:
        engineer = db.execute(
            sa.select(tables.identities.c.person_id).where(tables.identities.c.user == ENGINEER.id)
        ).scalar_one()
        for role, node in ((Role.LEADER, cast_there[0].grid), (Role.ADMIN, None)):
            values = {"person_id": engineer, "node_id": node, "role": role.value, "since": NOW, "position": 9}
            db.execute(sa.insert(tables.holdings).values(community_id=cast_there[0].community, **values))
    number = complain(town)
    before = len(town.in_chat(ENGINEER.id))
    town.says(ENGINEER.id, command.format(number), chat=ENGINEER.id)
    assert len(town.in_chat(ENGINEER.id)) > before
    town.passes(days=2)
    told = said_everywhere(town, ENGINEER.id)
    for word in ("三次", "302", WANG.name, "恶劣"):
        assert word not in told, told


# --- who has seen what ---------------------------------------------------------------------------


def test_the_door_shows_only_to_whoever_took_it_and_that_is_on_record(stage: Stage) -> None:
    stage.says(WANG.id, LAMP, chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=2)
    assert "302" not in said_everywhere(stage, LI.id)
    stage.says(LI.id, "看 1", chat=LI.id)
    assert "302" not in said_everywhere(stage, LI.id)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=2)
    assert "302" in said_everywhere(stage, LI.id) and "一三八" not in said_everywhere(stage, LI.id)
    stage.says(ADMIN.id, "看 1", chat=ADMIN.id)
    assert "302" not in said_everywhere(stage, ADMIN.id)
    with stage.db() as db:
        looks = views.of_case(db, db.execute(sa.select(tables.cases)).one())
    assert [(one.name, one.what, one.how) for one in reversed(looks)] == [
        (LI.name, ("words",), "command"),
        (LI.name, ("door",), "card"),
        (ADMIN.name, ("words",), "command"),
    ]


def test_who_looked_is_told_to_leaders_and_to_the_reporter_alone(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, LAMP, chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=2)
    stage.says(LI.id, "谁看过 1", chat=LI.id)
    assert "还没人看过" in stage.texts(LI.id)[-1]
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.says(ADMIN.id, "谁看过 1", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1].endswith("李格长(网格长) 卡片上看了门牌")
    stage.says(WANG.id, "谁看过 1", chat=WANG.id)
    assert "李格长(网格长) 卡片上看了门牌" in stage.texts(WANG.id)[-1]
    stage.starts(STRANGER.id, STRANGER.name)
    stage.says(STRANGER.id, "谁看过 1", chat=STRANGER.id)
    assert "李格长" not in stage.texts(STRANGER.id)[-1]
    stage.says(WANG.id, "谁看过 1", chat=RESIDENTS, name=WANG.name)
    assert "李格长" not in said_everywhere(stage, RESIDENTS)


def test_a_known_name_is_called_by_its_role(stage: Stage) -> None:
    stage.says(ZHOU.id, f"5号楼楼道灯不亮了,{WANG.name}摔了一跤,李格长知道", chat=RESIDENTS, name=ZHOU.name)
    stage.passes(minutes=2)
    told = said_everywhere(stage, LI.id)
    assert "〔居民〕摔了一跤" in told and "〔网格长〕知道" in told and WANG.name not in told


def test_what_a_leader_has_told_to_the_group_names_nobody(stage: Stage) -> None:
    """His words go there only if he says so, and whoever is known by name is called by his role."""
    stage.says(WANG.id, "5号楼302门口楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.says(STRANGER.id, "早上好", chat=RESIDENTS, name="柳莺歌")
    with stage.db() as db:
        db.execute(
            sa.update(tables.identities).where(tables.identities.c.user == ZHOU.id).values(name="柳莺歌")
        )
    stage.passes(minutes=2)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.says(LI.id, "师傅下午来,柳莺歌不开门,302也不开,电话13812345678", chat=LI.id)
    stage.presses(LI.id, texts.TO_GROUP, chat=LI.id)
    stage.passes(minutes=2)
    told = said_everywhere(stage, RESIDENTS)
    assert "师傅下午来" in told and "〔居民〕不开门" in told
    assert "柳莺歌" not in told and "302" not in told and "13812345678" not in told


# --- 责任倒查 -------------------------------------------------------------------------------------


def test_who_was_told_when_and_what_came_of_it(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=10)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=10)
    stage.says(LI.id, "上报", chat=LI.id)
    stage.passes(minutes=5)
    with stage.db() as db:
        case = db.execute(sa.select(tables.cases)).one()
        account = audit.accountability(db, case)
        assert chain.verify(db, case.community_id).broken == ()
    first = account.told[0]
    assert (first.name, first.private, first.state) == (LI.name, True, "sent")
    assert first.at >= case.reported_at and first.sent_at is not None and first.sent_at >= first.at
    assert first.first == "accepted" and first.first_at is not None and first.first_at > first.at
    assert [step.move for step in account.moved][:1] == ["escalated"]
    stage.says(ADMIN.id, "看 1 全程", chat=ADMIN.id)
    told = stage.texts(ADMIN.id)[-1]
    assert "告诉李格长" in told and "送到" in told and "接了" in told and "李格长上报→" in told
    assert "王秀英" not in told and "302" not in told
    stage.says(WANG.id, "看 1 全程", chat=RESIDENTS, name=WANG.name)
    assert "告诉李格长" not in said_everywhere(stage, RESIDENTS)
