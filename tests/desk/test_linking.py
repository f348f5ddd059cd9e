"""关联: one person on several channels, from the code to the work in hand; and apart again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.channels.wecom_aibot import WecomAibot
from gridbot.desk.context import Desk
from gridbot.grid import linking
from gridbot.grid import queries as grid
from gridbot.grid.linking_rules import CODES, TRIES
from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import ADMIN, LI, NOW, RESIDENTS, SECRETARY, WANG, ZHOU, seed, seed_units
from tests.desk.conftest import packs

WECOM = "wecom_aibot"
LI_THERE, WANG_THERE = "lige", "wang"  #: their accounts at WeCom


@pytest.fixture
def stage() -> Iterator[Stage]:
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        opened.also(WECOM, WecomAibot.capabilities)
        with opened.db() as db:
            seed_units(
                db, seed(db, platform=Stage.platform, bot=Stage.bot), platform=Stage.platform, bot=Stage.bot
            )
        yield opened


def says(stage: Stage, who: str, text: str, name: str = "", chat: str = "") -> str:
    """On WeCom, in private if no chat is named; returns what was answered there last."""
    stage.says(who, text, chat=chat or who, name=name or who, platform=WECOM)
    return stage.texts(chat or who)[-1] if stage.texts(chat or who) else ""


def code(stage: Stage, who: str = LI.id) -> str:
    stage.says(who, "关联", chat=who)
    found = re.search(r"\d{6}", stage.texts(who)[-1])
    assert found is not None, stage.texts(who)
    return found[0]


def linked(stage: Stage, who: str = LI.id, there: str = LI_THERE, name: str = "李格") -> None:
    """Code, typed, said yes to on both sides."""
    says(stage, there, f"关联 {code(stage, who)}", name)
    stage.presses(there, "对,是我", chat=there, platform=WECOM)
    stage.presses(who, "对,是我", chat=who)


def person(stage: Stage, user: str, platform: str = Stage.platform) -> Any:
    with stage.db() as db:
        return db.execute(
            sa.select(tables.people)
            .join(tables.identities, tables.identities.c.person_id == tables.people.c.id)
            .where(tables.identities.c.user == user, tables.identities.c.platform == platform)
        ).one()


def rows(stage: Stage, table: sa.Table, *where: Any) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(table).where(*where).order_by(table.c.id)))


def moves(stage: Stage) -> list[str]:
    return [row.move for row in rows(stage, tables.case_events)]


# --- becoming one --------------------------------------------------------------------------------


def test_a_leader_reached_on_two_channels_is_one_person(stage: Stage) -> None:
    given = code(stage)
    assert "10分钟内有效" in stage.texts(LI.id)[-1]
    assert "是同一个人吗" in says(stage, LI_THERE, f"关联 {given}", "李格")
    assert "是您本人吗" in stage.texts(LI.id)[-1] and "李**" in stage.texts(LI.id)[-1]
    stage.presses(LI_THERE, "对,是我", chat=LI_THERE, platform=WECOM)
    assert "也说一声对" in stage.texts(LI_THERE)[-1]
    assert person(stage, LI_THERE, WECOM).id != person(stage, LI.id).id  # one side is not enough
    stage.presses(LI.id, "对,是我", chat=LI.id)
    assert person(stage, LI_THERE, WECOM).id == person(stage, LI.id).id
    assert "算一个人了" in stage.texts(LI.id)[-1] and "算一个人了" in stage.texts(LI_THERE)[-1]
    assert "linked" in moves(stage)
    assert any("撤销关联 李格长" in text for text in stage.texts(ADMIN.id))
    with stage.db() as db:
        names = "".join(str(row) for row in db.execute(sa.select(tables.links)))
    assert given not in names, "the code is kept hashed"


def test_the_bare_code_and_a_typed_yes_will_do(stage: Stage) -> None:
    says(stage, LI_THERE, code(stage), "李格")
    says(stage, LI_THERE, "对")
    stage.says(LI.id, "是我", chat=LI.id)
    assert person(stage, LI_THERE, WECOM).id == person(stage, LI.id).id


def test_in_plain_words(stage: Stage) -> None:
    stage.says(WANG.id, "我也在企业微信", chat=WANG.id)
    assert "关联码" in stage.texts(WANG.id)[-1]
    stage.says(WANG.id, "我也在企业微信", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == []


def test_a_report_on_wechat_is_handled_on_telegram_and_the_other_way_round(stage: Stage) -> None:
    """The leader's card goes where he spoke last, or where he wants it."""
    linked(stage)
    says(stage, WANG_THERE, "5号楼楼道灯不亮了", "王阿姨")
    stage.says(LI.id, "我手上有哪些事", chat=LI.id)  # he is on Telegram just now
    stage.passes(seconds=40)
    assert "楼道灯" in stage.texts(LI.id)[-1]
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.says(LI.id, "修好了", chat=LI.id)
    stage.passes(minutes=2)
    assert "您看好了吗" in stage.texts(WANG_THERE)[-1]
    before = len(stage.texts(LI.id))
    says(stage, LI_THERE, "以后发到企业微信")
    stage.says(LI.id, "在吗", chat=LI.id)
    before = len(stage.texts(LI.id))
    stage.says(WANG.id, "3号楼单元门锁坏了", chat=RESIDENTS, name=WANG.name)
    stage.passes(seconds=40)
    assert "单元门" in stage.texts(LI_THERE)[-1] or "门锁" in stage.texts(LI_THERE)[-1]
    assert len(stage.texts(LI.id)) == before
    stage.presses(LI_THERE, "我去看", chat=LI_THERE, platform=WECOM)
    taken = stage.cases()[-1]
    assert (taken.state, taken.owner_id) == ("accepted", person(stage, LI.id).id)


def test_what_was_reported_and_supported_goes_over(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=5)
    says(stage, WANG_THERE, "5号楼楼道灯不亮了", "王姐")
    says(stage, WANG_THERE, "51号院阴沟堵了", "王姐")
    lamp, drain = stage.cases()
    assert lamp.supporters == 1
    linked(stage, WANG.id, WANG_THERE)
    lamp, drain = stage.cases()
    assert lamp.supporters == 0, "nobody supports his own report"
    assert drain.reporter_id == lamp.reporter_id == person(stage, WANG.id).id
    assert not any("撤销关联" in text for text in stage.texts(ADMIN.id)), "a resident's links are his own"
    stage.says(ADMIN.id, "撤销关联 王阿姨", chat=ADMIN.id)
    lamp, drain = stage.cases()
    assert (lamp.supporters, lamp.reporter_id) == (1, person(stage, WANG.id).id)
    assert drain.reporter_id == person(stage, WANG_THERE, WECOM).id != lamp.reporter_id


# --- refused -------------------------------------------------------------------------------------


def test_a_code_works_once_and_for_ten_minutes(stage: Stage) -> None:
    old = code(stage)
    new = code(stage)
    assert "不对" in says(stage, LI_THERE, f"关联 {old}"), "a new code ends the old one"
    stage.passes(minutes=11)
    assert "不对" in says(stage, LI_THERE, f"关联 {new}")
    used = code(stage)
    says(stage, LI_THERE, f"关联 {used}")
    assert "不对" in says(stage, WANG_THERE, f"关联 {used}")
    assert person(stage, LI_THERE, WECOM).id != person(stage, LI.id).id


def test_nobody_guesses(stage: Stage) -> None:
    right = code(stage)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(TRIES):
        assert "不对" in says(stage, ZHOU.id, wrong)
    assert "歇一个小时" in says(stage, ZHOU.id, right)
    stage.passes(minutes=61)
    assert "不对" not in says(stage, ZHOU.id, code(stage))


def test_a_person_asks_for_a_few_codes_an_hour(stage: Stage) -> None:
    for _ in range(CODES):
        code(stage)
    stage.says(LI.id, "关联", chat=LI.id)
    assert "歇一个小时" in stage.texts(LI.id)[-1]


def test_the_owner_of_the_code_says_it_was_not_he(stage: Stage) -> None:
    says(stage, ZHOU.id, f"关联 {code(stage)}", "皮皮")
    stage.presses(LI.id, "不是我", chat=LI.id)
    assert "没有关联" in stage.texts(ZHOU.id)[-1] and "link_refused" in moves(stage)
    says(stage, ZHOU.id, "对")
    assert person(stage, ZHOU.id, WECOM).id != person(stage, LI.id).id


def test_yes_comes_too_late(stage: Stage) -> None:
    says(stage, LI_THERE, f"关联 {code(stage)}", "李格")
    stage.presses(LI_THERE, "对,是我", chat=LI_THERE, platform=WECOM)
    stage.passes(minutes=31)
    stage.presses(LI.id, "对,是我", chat=LI.id)
    assert person(stage, LI_THERE, WECOM).id != person(stage, LI.id).id


def test_six_digits_are_talk_where_nobody_has_a_code(stage: Stage) -> None:
    says(stage, WANG_THERE, "201203")
    assert rows(stage, tables.link_tries) == []
    assert "不对" not in says(stage, WANG_THERE, "201203")


def test_in_a_group_there_is_no_code(stage: Stage) -> None:
    stage.says(LI.id, "/关联", chat=RESIDENTS)
    assert rows(stage, tables.links) == []
    assert "私聊" in stage.texts(LI.id)[-1]


def test_two_accounts_of_one_channel_are_not_put_together(stage: Stage) -> None:
    given = code(stage)
    stage.says(WANG.id, f"关联 {given}", chat=WANG.id)
    assert "同一个软件" in stage.texts(WANG.id)[-1]


@pytest.mark.parametrize(
    ("holds", "who", "refused", "remark"),
    [
        ({"unit": True}, LI.id, "身份不能合", "leads a grid and speaks for a unit"),
        ({"role": "leader", "name": "钱格长"}, SECRETARY.id, "两个人", "two names of the directory"),
        (
            {"role": "leader", "name": "周书记"},
            SECRETARY.id,
            "是同一个人吗",
            "one name twice in the directory",
        ),
        ({"erased": True}, LI.id, "删掉了记录", "he wanted to be forgotten"),
    ],
)
def test_rights_that_contradict(
    stage: Stage, holds: dict[str, Any], who: str, refused: str, remark: str
) -> None:
    says(stage, LI_THERE, "你好")
    other = person(stage, LI_THERE, WECOM)
    with stage.db() as db:
        role = {"community_id": other.community_id, "person_id": other.id, "since": NOW}
        mine = tables.people.c.id == other.id
        if "unit" in holds:
            unit = db.execute(sa.select(tables.units.c.id)).scalars().first()
            db.execute(sa.insert(tables.holdings).values(**role, role="unit", unit_id=unit))
        elif "role" in holds:
            db.execute(sa.update(tables.people).where(mine).values(name=holds["name"]))
            node = db.execute(sa.select(tables.grid_nodes.c.id)).scalars().first()
            db.execute(sa.insert(tables.holdings).values(**role, role="leader", node_id=node))
        else:
            db.execute(sa.update(tables.people).where(mine).values(erased_at=NOW))
    assert refused in says(stage, LI_THERE, f"关联 {code(stage, who)}"), remark


# --- back and apart ------------------------------------------------------------------------------


def test_an_admin_takes_it_back_within_a_day(stage: Stage) -> None:
    before = person(stage, LI.id)
    linked(stage)
    stage.passes(hours=23)
    stage.says(ADMIN.id, "撤销关联 李格长", chat=ADMIN.id)
    assert "各归各" in stage.texts(ADMIN.id)[-1] and "link_undone" in moves(stage)
    assert person(stage, LI.id) == before
    assert person(stage, LI_THERE, WECOM).id != before.id
    stage.says(ADMIN.id, "撤销关联", chat=ADMIN.id)
    assert "没有可以撤销" in stage.texts(ADMIN.id)[-1]


def test_after_a_day_it_stays(stage: Stage) -> None:
    linked(stage)
    stage.passes(hours=25)
    stage.says(ADMIN.id, "撤销关联 李格长", chat=ADMIN.id)
    assert "没有可以撤销" in stage.texts(ADMIN.id)[-1]
    assert person(stage, LI_THERE, WECOM).id == person(stage, LI.id).id


def test_only_an_admin_takes_it_back(stage: Stage) -> None:
    linked(stage)
    stage.says(WANG.id, "/撤销关联 李格长", chat=WANG.id)
    assert person(stage, LI_THERE, WECOM).id == person(stage, LI.id).id


def test_apart_the_rights_stay_behind(stage: Stage) -> None:
    linked(stage)
    stage.says(LI.id, "断开 企业微信", chat=LI.id)
    fresh = person(stage, LI_THERE, WECOM)
    assert fresh.id != person(stage, LI.id).id and "unlinked" in moves(stage)
    with stage.db() as db:
        assert grid.roles_of(db, fresh.community_id, fresh.id, None, stage.now) == frozenset()
        chat = grid.private_chat_of(db, person_id=fresh.id)
    assert chat is not None and chat.chat == LI_THERE
    stage.says(LI.id, "断开", chat=LI.id)
    assert "没有可断开的" in stage.texts(LI.id)[-1]


def test_a_switch_is_switched_off_without_us(stage: Stage) -> None:
    linked(stage)
    stage.says(LI.id, "断开 总闸", chat=LI.id)
    assert person(stage, LI_THERE, WECOM).id == person(stage, LI.id).id


def test_forgotten_on_both(stage: Stage) -> None:
    """Words written down before the two were one go too."""
    says(stage, WANG_THERE, "51号院阴沟堵了,红色的猫", "王姐")
    stage.passes(minutes=2)
    linked(stage, WANG.id, WANG_THERE)
    stage.says(WANG.id, "删掉我的记录", chat=WANG.id)
    stage.presses(WANG.id, "删掉", chat=WANG.id)
    stage.passes(minutes=1)
    with stage.db() as db:
        kept = [str(row) for table in tables.metadata.sorted_tables for row in db.execute(sa.select(table))]
    assert not any("红色的猫" in row or "王姐" in row for row in kept)


def test_every_table_that_may_hold_a_person_twice_is_looked_at() -> None:
    """`linking` moves rows by their foreign keys; where a row may not stand twice it has to be told how."""
    twice = {
        column.table.name
        for column in linking._references()
        for one in column.table.constraints
        if isinstance(one, sa.UniqueConstraint) and column in set(one.columns)
    }
    assert twice == {"supporter", "duty"}
