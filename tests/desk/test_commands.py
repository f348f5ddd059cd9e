"""The registry: which text is a command, who may say it where, and what is made of it for others."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.desk import registry
from gridbot.desk.commands import REGISTRY, Command, find, markdown_table, menu_text, menus
from gridbot.desk.registry import ANYBODY, Where
from gridbot.messages import ChatKind, ChatRole, Role
from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LI, NOW, RESIDENTS, STRANGER, WANG, ZHOU

# --- which text is a command ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("暂停", "pause", ""),
        ("/暂停", "pause", ""),
        ("／暂停", "pause", ""),
        ("/pause", "pause", ""),
        ("/PAUSE@gridbot", "pause", ""),
        (" 暂停。", "pause", ""),
        ("都别出声!", "pause", ""),
        ("看128", "show", "128"),
        ("看 １２８", "show", "１２８"),  # full-width digits
        ("/看 128", "show", "128"),
        ("看 128 号", "show", "128 号"),
        ("改派 128", None, None),  # to whom?
        ("改派128 李格长", "reassign", "128 李格长"),
        ("把128改派给李格长", "reassign", "128改派给李格长"),
        ("请假到周五", "absent", "到周五"),
        ("我请假到周五", "absent", "到周五"),
        ("李格长请假到周五", "absent_other", "李格长请假到周五"),
        ("李格长 请假 到周五", "absent_other", "李格长 请假 到周五"),
        ("我回来了", "back", ""),
        ("帮我看 128", "show", "128"),
        ("/绑定 一网格", "bind", "一网格"),
        ("任命 李格长 一网格", "appoint", "李格长 一网格"),
        ("让李格长当一网格的网格长", "appoint", "李格长当一网格的网格长"),
        ("加词 照明 声控灯不响", "add_word", "照明 声控灯不响"),
        ("加词 照明:声控灯不响", "add_word", "照明:声控灯不响"),
        ("还有哪些没办的?", "list", ""),
        ("删掉我的记录", "forget_me", ""),
    ],
)
def test_a_command_is_heard_as_typed(text: str, name: str | None, rest: str | None) -> None:
    heard = find(text)
    assert heard is not None
    if name is None:
        assert heard.said is None
    else:
        assert heard.command.name == name
        assert heard.said is not None and heard.said.string == rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "看我家的灯",
        "看看楼道灯吧",
        "看了一下,没事",
        "暂停一下广场舞行吗",
        "名单上有我吗",
        "公告栏的玻璃碎了",
        "帮助老人过马路",
        "体检报告出来了",
        "列表里没有我",
        "为什么总停水",
        "开口的井盖",
        "help",  # Latin words want a slash
        "5号楼楼道灯不亮了",
        "/unknown",
    ],
)
def test_talk_that_begins_like_one_is_none(text: str) -> None:
    heard = find(text)
    assert heard is None or heard.said is None


def test_a_very_long_text_and_control_characters_do_no_harm(stage: Stage) -> None:
    for text in (
        "看 " + "1" * 60_000,
        "任命 " + "李" * 60_000 + " 一网格",
        "加词 照明 " + "灯\x00\x07" * 20_000,
    ):
        assert find(text) is not None
    stage.says(ADMIN.id, "加词 照明 " + "灯" * 60_000, chat=ADMIN.id)
    stage.says(ADMIN.id, "任命 李\x00格\x07长 一网格", chat=ADMIN.id)
    assert "李格长" in stage.texts(ADMIN.id)[-1]


# --- what the registry promises ------------------------------------------------------------------


def test_names_and_words_are_unique_and_names_fit_a_platforms_menu() -> None:
    words = Counter(word for one in REGISTRY for word in (*one.words, one.name))
    assert [word for word, times in words.items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", one.name) for one in REGISTRY)
    assert all(one.roles and Role.STRANGER not in one.roles for one in REGISTRY)
    assert all(one.area in registry.AREAS and 0 < len(one.help) <= 60 for one in REGISTRY)


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_every_example_is_itself_understood(one: Command) -> None:
    heard = find(one.example)
    assert heard is not None and heard.command is one and heard.said is not None


def test_menus_and_table_come_from_it() -> None:
    found = menus()
    names = {role: {name for name, _ in found[role]} for role in found}
    assert names[Role.RESIDENT] < names[Role.LEADER] < names[Role.ADMIN]
    assert "start" not in names[Role.ADMIN]
    assert {one.name for one in REGISTRY if not one.hidden} == names[Role.ADMIN]
    table = markdown_table()
    assert all(f"`/{name}`" in table for name in names[Role.ADMIN])
    assert all(line.count("|") == 5 for line in table.splitlines())
    lines = menu_text(frozenset({Role.LEADER})).splitlines()
    assert {line.split()[0] for line in lines} == names[Role.LEADER]


# --- rights: role × command × chat ---------------------------------------------------------------

ROLES = (Role.STRANGER, Role.RESIDENT, Role.LEADER, Role.DEPUTY, Role.LIAISON, Role.UNIT, Role.ADMIN)
OTHER_GROUP = "-2001"


def _add(db: Any, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    return int(key[0])


def _people(stage: Stage) -> dict[Role, str]:
    """One person of each role here, and a group of a community where none of them is anything."""
    users: dict[Role, str] = {}
    with stage.db() as db:
        here = db.execute(sa.select(tables.communities.c.id)).scalar_one()
        node = db.execute(
            sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.name == "一网格")
        ).scalar()
        for at, role in enumerate(ROLES):
            users[role] = str(4000 + at)
            if role is Role.STRANGER:
                continue
            person = _add(db, tables.people, community_id=here, name=role.value, created_at=NOW)
            account = {"platform": stage.platform, "user": users[role], "reachable": True}
            _add(db, tables.identities, community_id=here, person_id=person, **account)
            private = {"platform": stage.platform, "bot": stage.bot, "chat": users[role]}
            kind = {"kind": ChatKind.PRIVATE.value, "role": ChatRole.PRIVATE.value}
            _add(db, tables.chats, community_id=here, person_id=person, **private, **kind)
            if role is not Role.RESIDENT:
                where = None if role is Role.ADMIN else node
                held = {"person_id": person, "node_id": where, "role": role.value, "since": NOW}
                _add(db, tables.holdings, community_id=here, **held)
        there = _add(db, tables.communities, name="别的社区", salt="11" * 16, created_at=NOW)
        group = {"platform": stage.platform, "bot": stage.bot, "chat": OTHER_GROUP}
        kind = {"kind": ChatKind.GROUP.value, "role": ChatRole.RESIDENTS.value}
        _add(db, tables.chats, community_id=there, **group, **kind)
    return users


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every command only notes that it was run."""
    calls: list[str] = []

    def noting(one: Command) -> Command:
        def run(_h: Any, _said: Any) -> None:
            calls.append(one.name)

        return dataclasses.replace(one, run=run)

    monkeypatch.setattr(registry, "REGISTRY", REGISTRY)
    originals = list(REGISTRY)
    REGISTRY[:] = [noting(one) for one in originals]
    registry._Heads.stale()
    yield calls
    REGISTRY[:] = originals
    registry._Heads.stale()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", ["own group", "private", "other community"])
def test_who_may_run_what_where(stage: Stage, ran: list[str], role: Role, place: str) -> None:
    users = _people(stage)
    user = users[role]
    chat = {"own group": RESIDENTS, "private": user, "other community": OTHER_GROUP}[place]
    held = {role, Role.RESIDENT} if place != "other community" else {Role.RESIDENT}
    if role is Role.STRANGER and place == "private":
        held = set()  # of two communities: he is first asked which one is his
    for one in REGISTRY:
        ran.clear()
        rest = one.example.lstrip("/").partition(" ")[2] or one.example.lstrip("/").removeprefix(one.words[0])
        stage.says(user, f"/{one.name} {rest}".strip(), chat=chat)
        allowed = bool(one.roles & held) and not (place == "private" and one.where is Where.GROUP)
        assert ran == ([one.name] if allowed else []), one.name


def test_in_a_group_a_plain_word_of_somebody_without_the_right_is_talk(stage: Stage, ran: list[str]) -> None:
    for one in REGISTRY:
        if not one.roles & {Role.RESIDENT}:
            stage.says(ZHOU.id, one.example.lstrip("/"), chat=RESIDENTS)
    assert ran == [] and stage.sent == []


def test_a_name_a_group_and_a_group_admin_give_no_right(stage: Stage, ran: list[str]) -> None:
    """What the platform shows (a name, being the group's administrator) is no role."""
    stage.says("7777", "/暂停", chat=RESIDENTS, name="刘书记", message="x1")
    assert ran == []


def test_the_right_is_lost_with_the_office(stage: Stage, ran: list[str]) -> None:
    with stage.db() as db:
        db.execute(sa.update(tables.holdings).values(until=NOW))
    stage.says(ADMIN.id, "/暂停", chat=RESIDENTS)
    assert ran == []


# --- a kind refusal ------------------------------------------------------------------------------


def test_a_resident_is_refused_in_private_and_once_a_day(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    before = len(stage.texts(WANG.id))
    for _ in range(3):
        stage.says(WANG.id, "/暂停", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == []
    assert len(stage.texts(WANG.id)) == before + 1
    assert "社区的同志" in stage.texts(WANG.id)[-1]


def test_who_cannot_be_reached_reads_one_line_once(stage: Stage) -> None:
    for who in (STRANGER.id, STRANGER.id, ZHOU.id, STRANGER.id):
        stage.says(who, "/撤销 1", chat=RESIDENTS)
    assert len(stage.texts(RESIDENTS)) == 1
    stage.passes(hours=25)
    stage.says(STRANGER.id, "/撤销 1", chat=RESIDENTS)
    assert len(stage.texts(RESIDENTS)) == 1  # never repeated to the same person


def test_wrong_arguments_get_one_sentence_with_an_example(stage: Stage) -> None:
    stage.says(ADMIN.id, "改派 128", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "说“改派 128 李格长”就行。"
    stage.says(ADMIN.id, "/任命", chat=ADMIN.id)
    assert "任命 李格长 一网格" in stage.texts(ADMIN.id)[-1]


def test_help_shows_what_this_person_may_say(stage: Stage) -> None:
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, "帮助", chat=WANG.id)
    mine = stage.texts(WANG.id)[-1]
    assert "别看我" in mine and "撤销" not in mine
    stage.says(ADMIN.id, "帮助", chat=ADMIN.id)
    assert "撤销 128" in stage.texts(ADMIN.id)[-1]
    stage.says(WANG.id, "/help", chat=RESIDENTS)
    assert "撤销" not in stage.texts(RESIDENTS)[-1] and len(stage.texts(RESIDENTS)[-1]) < 60


def test_help_carries_buttons_so_that_nothing_need_be_learnt(stage: Stage) -> None:
    stage.says(ADMIN.id, "帮助", chat=ADMIN.id)
    stage.presses(ADMIN.id, "列表", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "现在没有在办的事。"


def test_forwarded_and_other_bots_commands_are_not_ours(stage: Stage) -> None:
    stage.says(ADMIN.id, "/暂停", chat=RESIDENTS, forwarded=True)
    stage.says(ADMIN.id, "/暂停", chat=RESIDENTS, mentions_other=True)
    assert stage.sent == []


def test_everybody_may_say_what_is_about_himself() -> None:
    names = {one.name for one in REGISTRY if one.roles == ANYBODY}
    assert {"help", "ignore_me", "see_me", "forget_me", "whoami", "service_days"} <= names
    assert LI  # the cast stays whole
