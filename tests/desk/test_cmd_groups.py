"""Groups by command: bound by an admin, silenced by a word, looked over by 体检."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.messages import ChatKind, ChatRole, Incoming, IncomingKind, OutKind, Role, Sender, load_outgoing
from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LEADERS, LI, NOW, RESIDENTS, SECRETARY, STRANGER, WANG

NEW = "-3001"


def joins(stage: Stage, chat: str = NEW, title: str = "新群", **more: Any) -> None:
    """The bot is added to a group nobody knows."""
    incoming = Incoming(
        platform=stage.platform,
        bot=stage.bot,
        update_id=f"join{chat}{len(stage.sent)}",
        kind=IncomingKind.JOINED,
        sent_at=stage.now,
        chat=chat,
        chat_kind=ChatKind.GROUP,
        chat_title=title,
        sender=Sender(STRANGER.id, "皮皮"),
        **more,
    )
    stage.hear(incoming)


def chat(stage: Stage, which: str = NEW) -> Any:
    with stage.db() as db:
        return db.execute(sa.select(tables.chats).where(tables.chats.c.chat == which)).one()


def events(stage: Stage, move: str) -> list[Any]:
    with stage.db() as db:
        query = sa.select(tables.case_events).where(tables.case_events.c.move == move)
        return list(db.execute(query))


def grid_name(stage: Stage, node_id: int) -> str:
    with stage.db() as db:
        query = sa.select(tables.grid_nodes.c.name).where(tables.grid_nodes.c.id == node_id)
        return str(db.execute(query).scalar_one())


def test_an_admin_binds_a_group_by_name_and_the_notice_is_pinned(stage: Stage) -> None:
    joins(stage)
    stage.says(ADMIN.id, "/绑定 二网格", chat=NEW, chat_title="新群")
    bound = chat(stage)
    assert bound.role == ChatRole.RESIDENTS and grid_name(stage, bound.node_id) == "二网格"
    notice = next(one for one in stage.in_chat(NEW) if one.purpose == "notice-to-all")
    assert "青秀佳苑社区" in notice.text and "别看我" in notice.text and "119" in notice.text
    with stage.db() as db:
        payload = db.execute(
            sa.select(tables.outbox.c.payload).where(tables.outbox.c.purpose == "notice-to-all")
        ).scalar_one()
        assert load_outgoing(payload).pin
    (event,) = events(stage, "group_bound")
    assert event.data == {"chat": bound.id, "node": bound.node_id, "role": "residents"}
    assert [one.kind for one in stage.in_chat(NEW)].count(OutKind.PROBE) == 1
    stage.passes(hours=30)
    assert not any(one.purpose == "leave" for one in stage.sent)
    stage.says(WANG.id, "51号院楼道灯不亮了", chat=NEW)
    assert len(stage.cases()) == 1


def test_nobody_else_binds_it(stage: Stage) -> None:
    joins(stage)
    for who in (LI.id, WANG.id, STRANGER.id):
        stage.says(who, "/绑定 一网格", chat=NEW)
        stage.says(who, "绑定 一网格", chat=NEW)
        assert "社区的同志" in stage.presses(who, "开通", chat=NEW)
    assert chat(stage).role == ChatRole.UNBOUND
    assert sum(one.purpose == "no-right" for one in stage.sent if one.chat == NEW) <= 1


def test_activate_then_choose_the_grid(stage: Stage) -> None:
    """The grid whose name stands in the group's title comes first."""
    joins(stage, title="青秀二网格邻里")
    stage.presses(ADMIN.id, "开通", chat=NEW)
    asked = stage.in_chat(NEW)[-2]
    assert asked.text == "这个群是哪个网格的?"
    assert asked.buttons[0][0].text == "二网格"
    assert stage.presses(LI.id, "二网格", chat=NEW) == "这个按钮不是给您的,谢谢。"
    stage.presses(ADMIN.id, "二网格", chat=NEW)
    assert grid_name(stage, chat(stage).node_id) == "二网格"
    settled = [one for one in stage.in_chat(NEW) if one.kind is OutKind.CARD][-1]
    assert settled.text == "好,这个群归二网格。" and not settled.buttons
    assert settled.message == asked.message


def test_a_leaders_group_reads_another_notice(stage: Stage) -> None:
    joins(stage, title="网格长工作群二")
    stage.says(ADMIN.id, "／绑定 青秀佳苑", chat=NEW)
    assert chat(stage).role == ChatRole.LEADERS
    notice = next(one for one in stage.in_chat(NEW) if one.purpose == "notice-to-all")
    assert "工作群" in notice.text
    joins(stage, chat="-3002", title="什么群")
    stage.presses(ADMIN.id, "开通", chat="-3002")
    stage.presses(ADMIN.id, "网格长工作群", chat="-3002")
    assert chat(stage, "-3002").role == ChatRole.LEADERS


def test_an_unknown_grid_is_asked_back(stage: Stage) -> None:
    joins(stage)
    stage.says(ADMIN.id, "/绑定 九网格", chat=NEW)
    assert "没找到“九网格”" in stage.texts(NEW)[-1]
    stage.presses(ADMIN.id, "一网格", chat=NEW)
    assert chat(stage).role == ChatRole.RESIDENTS


def test_binding_anew_and_unbinding_ask_first(stage: Stage) -> None:
    stage.says(ADMIN.id, "/绑定 二网格", chat=RESIDENTS)
    assert "改成二网格吗" in stage.texts(RESIDENTS)[-1]
    assert stage.presses(WANG.id, "确定", chat=RESIDENTS) == "这个按钮不是给您的,谢谢。"
    stage.presses(ADMIN.id, "算了", chat=RESIDENTS)
    assert grid_name(stage, chat(stage, RESIDENTS).node_id) == "一网格"
    stage.says(ADMIN.id, "/解绑", chat=RESIDENTS)
    stage.passes(minutes=11)
    assert "过时" in stage.presses(ADMIN.id, "确定", chat=RESIDENTS)
    stage.says(ADMIN.id, "/解绑", chat=RESIDENTS)
    stage.presses(ADMIN.id, "确定", chat=RESIDENTS)
    assert chat(stage, RESIDENTS).role == ChatRole.UNBOUND
    assert len(events(stage, "group_unbound")) == 1
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert stage.cases() == []


def test_a_confirmation_works_once(stage: Stage) -> None:
    stage.says(ADMIN.id, "/解绑", chat=RESIDENTS)
    button = stage.in_chat(RESIDENTS)[-1].buttons[0][0]
    stage.presses(ADMIN.id, "算了", chat=RESIDENTS)
    again = stage._incoming(
        ADMIN.id, "", RESIDENTS, kind=IncomingKind.BUTTON, button=button.token, callback="cb"
    )
    stage.hear(again)
    assert chat(stage, RESIDENTS).role == ChatRole.UNBOUND  # 算了 spends its own button, not the other
    stage.hear(Incoming(**{**{f: getattr(again, f) for f in again.__struct_fields__}, "update_id": "again"}))
    assert len(events(stage, "group_unbound")) == 1


def test_somebody_named_at_start_opens_a_group_and_becomes_admin(stage: Stage) -> None:
    stage.desk.admins = frozenset({(stage.platform, "8008")})
    joins(stage)
    stage.says("8008", "/绑定 一网格", chat=NEW, name="新来的")
    assert chat(stage).role == ChatRole.RESIDENTS
    (event,) = events(stage, "admin_claimed")
    with stage.db() as db:
        held = db.execute(
            sa.select(tables.holdings).where(tables.holdings.c.person_id == event.person_id)
        ).one()
    assert held.role == Role.ADMIN and held.node_id is None


def test_with_several_communities_one_is_chosen(stage: Stage) -> None:
    stage.desk.admins = frozenset({(stage.platform, "8008")})
    with stage.db() as db:
        other = db.execute(
            sa.insert(tables.communities).values(name="凉城", salt="22" * 16, created_at=NOW)
        ).inserted_primary_key
        assert other is not None
        node = {"name": "片区四", "path": "片区四", "level": "片区", "community_id": other[0]}
        db.execute(sa.insert(tables.grid_nodes).values(**node))
    joins(stage)
    stage.presses("8008", "开通", chat=NEW)
    assert stage.texts(NEW)[-1] == "是哪个社区?"
    stage.presses("8008", "凉城", chat=NEW)
    assert chat(stage).community_id == other[0]


# --- 暂停 and 开口 -------------------------------------------------------------------------------


def test_one_word_silences_a_group_at_once_and_work_goes_on(stage: Stage) -> None:
    stage.says(ADMIN.id, "都别出声", chat=RESIDENTS)
    assert stage.texts(RESIDENTS)[-1].startswith("好,我先不说话")
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(minutes=1)
    assert len(stage.texts(RESIDENTS)) == 1 and len(stage.cases()) == 1
    assert stage.texts(LI.id)
    stage.says(ADMIN.id, "开口", chat=RESIDENTS)
    assert stage.texts(RESIDENTS)[-1] == "好,我又说话了。"
    assert len(events(stage, "paused")) == len(events(stage, "resumed")) == 1


def test_an_emergency_is_said_in_a_silenced_group(stage: Stage) -> None:
    stage.says(ADMIN.id, "暂停", chat=RESIDENTS)
    stage.says(WANG.id, "5号楼有很重的煤气味", chat=RESIDENTS)
    assert any("煤气" in text for text in stage.texts(RESIDENTS))


def test_what_waits_to_be_said_is_not_said_after_the_word(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.presses(LI.id, "办好了", chat=LI.id)  # "您看好了吗" waits for a minute
    stage.says(ADMIN.id, "暂停", chat=RESIDENTS)
    stage.passes(minutes=5)
    assert not any("您看好了吗" in text for text in stage.texts(RESIDENTS))


def test_from_the_private_chat_one_or_all(stage: Stage) -> None:
    stage.says(ADMIN.id, "暂停", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "是哪个群?"
    stage.presses(ADMIN.id, "一网格居民群", chat=ADMIN.id)
    assert chat(stage, RESIDENTS).muted and not chat(stage, LEADERS).muted
    stage.says(ADMIN.id, "都别出声", chat=ADMIN.id)
    assert chat(stage, LEADERS).muted
    stage.says(ADMIN.id, "开口", chat=ADMIN.id)
    stage.presses(ADMIN.id, "所有群", chat=ADMIN.id)
    assert not chat(stage, RESIDENTS).muted and not chat(stage, LEADERS).muted


# --- 体检 ----------------------------------------------------------------------------------------


def test_a_checkup_names_what_is_amiss_in_private(stage: Stage) -> None:
    with stage.db() as db:
        residents = tables.chats.c.chat == RESIDENTS
        db.execute(sa.update(tables.chats).where(residents).values(rights=["send"]))
        db.execute(sa.update(tables.chats).where(tables.chats.c.chat == LI.id).values(active=False))
    joins(stage)
    stage.says(ADMIN.id, "体检", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == ["私下发您了。"]
    said = stage.texts(ADMIN.id)[-1]
    for part in ("看不到大家说话", "李格长", "“网格长工作群”", "新群", "二网格", "管理员只有一位"):
        assert part in said, part
    probes = [one for one in stage.sent if one.kind is OutKind.PROBE]
    assert {one.chat for one in probes} == {RESIDENTS, LEADERS}


def test_a_healthy_community_is_told_so(stage: Stage) -> None:
    stage.starts(SECRETARY.id, SECRETARY.name)
    with stage.db() as db:
        db.execute(sa.update(tables.chats).values(rights=["send", "read_all", "admin", "pin"]))
        db.execute(
            sa.update(tables.grid_nodes).where(tables.grid_nodes.c.name == "二网格").values(active=False)
        )
        li, community = db.execute(
            sa.select(tables.identities.c.person_id, tables.identities.c.community_id).where(
                tables.identities.c.user == LI.id
            )
        ).one()
        held = {"community_id": community, "person_id": li, "role": "admin", "since": NOW}
        db.execute(sa.insert(tables.holdings).values(**held))
    stage.says(ADMIN.id, "体检", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1].startswith("体检:都好")


@pytest.mark.parametrize("title", ['<b>群</b> & "朋友"', "群\x07\x00名", "长" * 300])
def test_titles_are_shown_as_they_are(stage: Stage, title: str) -> None:
    """Plain text goes out; escaping is the channel's."""
    with stage.db() as db:
        clean = title.replace("\x00", "")
        db.execute(sa.update(tables.chats).where(tables.chats.c.chat == RESIDENTS).values(title=clean))
    stage.says(ADMIN.id, "体检", chat=ADMIN.id)
    assert clean in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "暂停", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "是哪个群?"
