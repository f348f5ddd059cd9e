"""People by command: invited by name, dismissed, absent; the first admin; who lives where."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.messages import OutKind, Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LI, NOW, RESIDENTS, SECRETARY, WANG, ZHOU

CHEN = "5001"


def code_in(text: str) -> str:
    return text.rpartition(":")[2].strip()


def invite(stage: Stage, words: str) -> str:
    stage.says(ADMIN.id, words, chat=ADMIN.id)
    return code_in(stage.texts(ADMIN.id)[-1])


def events(stage: Stage, move: str) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(tables.case_events).where(tables.case_events.c.move == move)))


def holders(stage: Stage, role: Role, grid: str | None = None) -> list[str]:
    with stage.db() as db:
        query = (
            sa.select(tables.people.c.name)
            .join(tables.holdings, tables.holdings.c.person_id == tables.people.c.id)
            .outerjoin(tables.grid_nodes, tables.grid_nodes.c.id == tables.holdings.c.node_id)
            .where(tables.holdings.c.role == role.value, tables.holdings.c.until.is_(None))
            .where(tables.grid_nodes.c.name == grid if grid else sa.true())
        )
        return list(db.execute(query).scalars())


def test_an_invitation_is_forwarded_opened_and_binds(stage: Stage) -> None:
    stage.desk.start_link = lambda code: f"https://t.me/gridbot?start={code}"
    stage.starts(SECRETARY.id, SECRETARY.name)
    stage.says(ADMIN.id, "任命 陈格长 二网格", chat=ADMIN.id)
    for_admin, to_forward = stage.texts(ADMIN.id)[-2:]
    assert "7天内有效" in for_admin and "已绑定 2/2" in for_admin
    assert "陈格长,您好" in to_forward and "二网格的网格长" in to_forward
    code = code_in(to_forward)
    assert f"https://t.me/gridbot?start={code}" in to_forward
    assert holders(stage, Role.LEADER, "二网格") == []
    stage.starts(CHEN, "chenchen", payload=code)
    assert holders(stage, Role.LEADER, "二网格") == ["陈格长"]
    assert stage.texts(CHEN)[-1].startswith("陈格长,绑好了。二网格有事我先私下告诉您")
    told = stage.texts(ADMIN.id)[-1]
    assert "陈格长绑好了" in told and "chenchen" in told and "已绑定 3/3" in told
    assert any(one.kind is OutKind.MENU for one in stage.in_chat(CHEN))
    assert len(events(stage, "invited")) == len(events(stage, "bound")) == 1
    stage.says(WANG.id, "51号院楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    assert "51号院" in stage.in_chat(CHEN)[-1].text


def test_a_code_may_be_typed_and_works_once(stage: Stage) -> None:
    code = invite(stage, "任命 陈格长 二网格")
    stage.starts(CHEN, "陈")
    stage.says(CHEN, code, chat=CHEN)
    assert "绑好了" in stage.texts(CHEN)[-1]
    stage.starts("6001", "皮皮", payload=code)
    assert stage.texts("6001")[-1] == "这个邀请用过了,请社区再发一份。"
    stage.starts(CHEN, "陈", payload=code)  # the same link pressed again
    assert "绑好了" in stage.texts(CHEN)[-1] and len(events(stage, "bound")) == 1


def test_a_late_or_invented_invitation_is_refused(stage: Stage) -> None:
    code = invite(stage, "任命 陈格长 二网格")
    stage.passes(days=8)
    stage.starts(CHEN, "陈", payload=code)
    assert "过期" in stage.texts(CHEN)[-1]
    stage.starts("6001", "皮皮", payload="A" * 32)
    assert "不认得" in stage.texts("6001")[-1]
    assert holders(stage, Role.LEADER, "二网格") == []


@pytest.mark.parametrize(
    ("words", "role", "grid"),
    [
        ("任命 陈格长 二网格", Role.LEADER, "二网格"),
        ("任命 二网格 陈格长", Role.LEADER, "二网格"),
        ("任命 陈格长 二网格 副网格长", Role.DEPUTY, "二网格"),
        ("任命 陈格长 二网格副网格长", Role.DEPUTY, "二网格"),
        ("任命 陈格长 联络员 二网格", Role.LIAISON, "二网格"),
        ("任命 陈格长 管理员", Role.ADMIN, None),
        ("任命陈格长二网格", None, None),  # without any blank it is not taken for a command
        ("让陈格长当二网格的网格长", Role.LEADER, "二网格"),
        ("/任命 陈格长二网格", Role.LEADER, "二网格"),
    ],
)
def test_ways_to_say_it(stage: Stage, words: str, role: Role | None, grid: str | None) -> None:
    before = len(stage.texts(ADMIN.id))
    stage.says(ADMIN.id, words, chat=ADMIN.id)
    if role is None:
        assert not any("您好" in text for text in stage.texts(ADMIN.id)[before:])
        return
    stage.starts(CHEN, "陈", payload=code_in(stage.texts(ADMIN.id)[-1]))
    assert "陈格长" in holders(stage, role, grid)


def test_an_unknown_grid_or_no_name_is_one_sentence(stage: Stage) -> None:
    stage.says(ADMIN.id, "任命 陈格长 八网格", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "没有叫“八网格”的网格。说“任命 李格长 一网格”就行。"
    stage.says(ADMIN.id, "任命 陈格长", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "说“任命 李格长 一网格”就行。"
    stage.says(ADMIN.id, "任命 陈格长 网格", chat=ADMIN.id)
    assert "说全一点" in stage.texts(ADMIN.id)[-1]


def test_an_invitation_never_stands_in_a_group(stage: Stage) -> None:
    stage.says(ADMIN.id, "任命 陈格长 二网格", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == ["私下发您了。"]
    assert "您好" in stage.texts(ADMIN.id)[-1]


def test_everybody_on_the_list_without_an_account_is_invited_at_once(stage: Stage) -> None:
    stage.says(ADMIN.id, "邀请全部", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "已绑定 1/2。名单上的人都有账号了。"
    with stage.db() as db:
        community, node = db.execute(
            sa.select(tables.grid_nodes.c.community_id, tables.grid_nodes.c.id).where(
                tables.grid_nodes.c.name == "二网格"
            )
        ).one()
        person = {"name": "陈格长", "phone": "13800000000", "created_at": NOW}
        made = db.execute(
            sa.insert(tables.people).values(community_id=community, **person)
        ).inserted_primary_key
        assert made is not None
        held = {"person_id": made[0], "node_id": node, "role": "leader", "since": NOW}
        db.execute(sa.insert(tables.holdings).values(community_id=community, **held))
    stage.says(ADMIN.id, "邀请全部", chat=ADMIN.id)
    count, line = stage.texts(ADMIN.id)[-1].splitlines()
    assert count == "已绑定 1/3。" and line.startswith("陈格长(13800000000):")
    stage.starts(CHEN, "陈", payload=code_in(line))
    assert "绑好了" in stage.texts(CHEN)[-1]


def test_a_start_link_with_rubbish_is_refused_kindly(stage: Stage) -> None:
    for rubbish in ("x", "'; DROP TABLE case", "\x00" * 20, "码" * 64, "A" * 5000):
        stage.starts("6001", "皮皮", payload=rubbish)
        assert "不认得" in stage.texts("6001")[-1]


def test_what_waited_for_a_leader_reaches_him_when_he_binds(stage: Stage) -> None:
    with stage.db() as db:
        li = tables.identities.c.user == LI.id
        db.execute(sa.update(tables.identities).where(li).values(user="lost", reachable=False))
        db.execute(sa.update(tables.chats).where(tables.chats.c.chat == LI.id).values(active=False))
        secretary = tables.holdings.c.role == Role.LEADER.value
        top = tables.grid_nodes.c.name == "青秀佳苑"
        node = db.execute(sa.select(tables.grid_nodes.c.id).where(top)).scalar()
        db.execute(sa.delete(tables.holdings).where(secretary, tables.holdings.c.node_id == node))
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    assert stage.texts("2002") == []
    code = invite(stage, "任命 李格长 一网格")
    stage.starts("2002", "新手机", payload=code)
    assert any("5号楼" in text for text in stage.texts("2002"))


# --- 撤职 ----------------------------------------------------------------------------------------


def test_a_dismissal_asks_first_and_hands_his_cases_on(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.says(ADMIN.id, "撤职 李格长", chat=ADMIN.id)
    assert "李格长不再当一网格的网格长" in stage.texts(ADMIN.id)[-1]
    assert holders(stage, Role.LEADER, "一网格") == ["李格长"]
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert holders(stage, Role.LEADER, "一网格") == []
    assert "手上1件已转给下一位" in stage.texts(ADMIN.id)[-1]
    assert "5号楼" in stage.texts(SECRETARY.id)[-1]
    gone = stage.in_chat(LI.id)[-1]
    assert "转给周书记" in gone.text and not gone.buttons
    stage.says(LI.id, "修好了", chat=LI.id)
    assert stage.cases()[0].state == "waiting"
    (event,) = events(stage, "dismissed")
    assert set(event.data) == {"person", "role", "node"}


def test_the_last_admin_cannot_go(stage: Stage) -> None:
    stage.says(ADMIN.id, "撤职 刘书记", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert "最后一位管理员" in stage.texts(ADMIN.id)[-1]
    assert holders(stage, Role.ADMIN) == ["刘书记"]


def test_several_offices_or_people_are_asked_about(stage: Stage) -> None:
    stage.starts(LI.id, LI.name, payload=invite(stage, "任命 李格长 二网格"))
    stage.says(ADMIN.id, "撤职 李格长", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "李格长有几个职务,免哪个?"
    stage.presses(ADMIN.id, "二网格的网格长", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert holders(stage, Role.LEADER, "二网格") == []
    assert holders(stage, Role.LEADER, "一网格") == ["李格长"]
    stage.says(ADMIN.id, "撤职 书记", chat=ADMIN.id)
    assert "是哪一位" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "撤职 王麻子", chat=ADMIN.id)
    assert "名单里没有“王麻子”" in stage.texts(ADMIN.id)[-1]


# --- 请假 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (LI.id, "请假到周五"),
        (LI.id, "我请假到周五"),
        (LI.id, "请假 2天"),
        (LI.id, "请假到明天"),
        (ADMIN.id, "李格长请假到周五"),
        (ADMIN.id, "代请假 李格长 到20号"),
    ],
)
def test_while_he_is_away_others_are_asked(stage: Stage, who: str, words: str) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    stage.says(who, words, chat=who)
    said = stage.texts(who)[-1]
    assert "明天(20日周五)" in said and "周书记" in said  # NOW is Thursday the 19th
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    assert not any("5号楼" in text for text in stage.texts(LI.id))
    assert any("5号楼" in text for text in stage.texts(SECRETARY.id))
    stage.says(LI.id, "我回来了", chat=LI.id)
    assert "回来了" in stage.texts(LI.id)[-1]
    stage.says(WANG.id, "3号楼单元门锁坏了", chat=RESIDENTS)
    stage.passes(seconds=31)
    assert any("3号楼" in text for text in stage.texts(LI.id))
    assert len(events(stage, "absent")) == len(events(stage, "back")) == 1


def test_absence_ends_by_itself(stage: Stage) -> None:
    stage.says(LI.id, "请假到周五", chat=LI.id)
    stage.passes(hours=40)  # two o'clock in the night to Saturday
    stage.passes(hours=8)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    assert any("5号楼" in text for text in stage.texts(LI.id))


def test_only_an_admin_speaks_for_others_and_talk_stays_talk(stage: Stage) -> None:
    stage.says(LI.id, "周书记请假到周五", chat=RESIDENTS)
    stage.says(LI.id, "回来了", chat=RESIDENTS)
    stage.says(LI.id, "请假到周五行吗?", chat=RESIDENTS)
    stage.says(WANG.id, "请假到周五", chat=RESIDENTS)
    assert events(stage, "absent") == events(stage, "back") == [] and stage.sent == []


def test_a_day_that_is_past_or_none_is_one_sentence(stage: Stage) -> None:
    stage.says(LI.id, "/请假 到2020年1月1日", chat=LI.id)
    assert "已经过了" in stage.texts(LI.id)[-1]
    stage.says(LI.id, "/请假 到那啥时候", chat=LI.id)
    assert stage.texts(LI.id)[-1] == "说“请假到周五”就行。"


def test_the_roster_shows_who_has_not_started(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    with stage.db() as db:
        db.execute(sa.update(tables.chats).where(tables.chats.c.chat == LI.id).values(active=False))
    stage.says(ADMIN.id, "人员", chat=ADMIN.id)
    first, second = stage.texts(ADMIN.id)[-1].splitlines()[:2]
    assert first == "已绑定 1/2。" and second == "李格长:一网格的网格长(还没点开始)"


# --- the first admin -----------------------------------------------------------------------------


def test_who_is_named_at_start_becomes_admin_by_writing(stage: Stage) -> None:
    stage.desk.admins = frozenset({(stage.platform, ZHOU.id)})
    stage.starts(ZHOU.id, ZHOU.name)
    assert "管理员" in stage.texts(ZHOU.id)[0]
    assert set(holders(stage, Role.ADMIN)) == {"刘书记", "小周"}
    assert len(events(stage, "admin_claimed")) == 1
    stage.says(ADMIN.id, "撤职 小周", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    stage.says(ZHOU.id, "体检", chat=ZHOU.id)
    assert holders(stage, Role.ADMIN) == ["刘书记"]  # dismissed is dismissed
    assert "体检:" not in stage.texts(ZHOU.id)[-1]


def test_the_same_number_on_another_platform_is_somebody_else(stage: Stage) -> None:
    stage.desk.admins = frozenset({("telegram", ZHOU.id)})
    stage.starts(ZHOU.id, ZHOU.name)
    assert holders(stage, Role.ADMIN) == ["刘书记"]


def test_a_stranger_of_several_communities_is_asked_which(stage: Stage) -> None:
    with stage.db() as db:
        values = {"name": "凉城", "salt": "22" * 16, "created_at": NOW}
        db.execute(sa.insert(tables.communities).values(**values))
    stage.starts("6002", "新邻居")
    assert stage.texts("6002")[-1] == "是哪个社区?"
    stage.presses("6002", "凉城", chat="6002")
    assert stage.texts("6002")[-1] == "好,凉城。有事请再说一遍。"
    stage.says("6002", "5号楼楼道灯不亮了", chat="6002")
    assert len(stage.cases()) == 1


def test_names_with_markup_and_control_characters_stay_text(stage: Stage) -> None:
    stage.says(ADMIN.id, "任命 <b>陈&陈</b> 二网格", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "说“任命 李格长 一网格”就行。"
    code = invite(stage, "任命 陈&格长 二网格")
    stage.starts(CHEN, "<script>alert(1)</script>\x07", payload=code)
    assert "陈&格长绑好了" in stage.texts(ADMIN.id)[-1]
