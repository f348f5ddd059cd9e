"""The writers: binding, moving, remembering, appointing, dismissing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, event

from gridbot.grid import actions, queries
from gridbot.grid.actions import Accepted, NotAllowedError, accept_invitation, appoint, dismiss, set_absent
from gridbot.grid.rules import Refusal
from gridbot.messages import Actor, ChatRole, Role
from gridbot.store import tables
from tests.cast import BOT, LI, NOW, PLATFORM, STRANGER, WANG, ZHOU, Cast, seed
from tests.grid.given import ADMIN

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def folk(any_db: Connection) -> Cast:
    return seed(any_db)


def chat(db: Connection, which: str, role: ChatRole = ChatRole.UNBOUND, kind: str = "group") -> int:
    values = {"platform": PLATFORM, "bot": BOT, "chat": which, "kind": kind, "role": role.value}
    key = db.execute(sa.insert(tables.chats).values(**values, modules={}, rights={})).inserted_primary_key
    assert key is not None
    return int(key[0])


def row(db: Connection, chat_id: int) -> sa.Row[tuple[object, ...]]:
    return db.execute(sa.select(tables.chats).where(tables.chats.c.id == chat_id)).one()


def statements(db: Connection, work: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(db, "before_cursor_execute", note)
    work()
    event.remove(db, "before_cursor_execute", note)
    return len(seen)


# --- chats ---


def test_bind_and_unbind(any_db: Connection, folk: Cast) -> None:
    group = chat(any_db, "-1009")
    actions.bind_chat(any_db, group, folk.yard, ChatRole.RESIDENTS, actor=ADMIN, now=NOW)
    bound = row(any_db, group)
    assert (bound.community_id, bound.node_id, bound.role) == (folk.community, folk.yard, "residents")
    actions.unbind_chat(any_db, group, actor=ADMIN, now=NOW)
    free = row(any_db, group)
    assert (free.community_id, free.node_id, free.role) == (None, None, "unbound")


def test_binding_what_cannot_be_bound(any_db: Connection, folk: Cast) -> None:
    group = chat(any_db, "-1009")
    with pytest.raises(NotAllowedError):
        actions.bind_chat(any_db, group, folk.yard, ChatRole.RESIDENTS, actor=Actor(1, Role.LEADER), now=NOW)
    with pytest.raises(LookupError):
        actions.bind_chat(any_db, group, 10**6, ChatRole.RESIDENTS, actor=ADMIN, now=NOW)
    for which, role in ((folk.li_private, ChatRole.RESIDENTS), (group, ChatRole.PRIVATE)):
        with pytest.raises(ValueError, match=r"no role of a group|is no group"):
            actions.bind_chat(any_db, which, folk.yard, role, actor=ADMIN, now=NOW)
    any_db.execute(
        sa.update(tables.grid_nodes).where(tables.grid_nodes.c.id == folk.yard).values(active=False)
    )
    with pytest.raises(LookupError):
        actions.bind_chat(any_db, group, folk.yard, ChatRole.RESIDENTS, actor=ADMIN, now=NOW)


def test_a_group_becomes_a_supergroup(any_db: Connection, folk: Cast) -> None:
    actions.move_chat(any_db, folk.residents, "-1001234", now=NOW)
    moved = row(any_db, folk.residents)
    assert (moved.chat, moved.node_id, moved.role) == ("-1001234", folk.grid, "residents")
    stray = chat(any_db, "-1005678")
    actions.move_chat(any_db, folk.residents, "-1005678", now=NOW)
    actions.move_chat(any_db, folk.residents, "-1005678", now=NOW)
    assert row(any_db, folk.residents).chat == "-1005678"
    assert not row(any_db, stray).active


# --- settings ---


def test_settings_are_changed_all_or_none(any_db: Connection, folk: Cast) -> None:
    version = any_db.execute(sa.select(tables.communities.c.version)).scalar_one()
    given = {"phone": "000-1", "gather_idle": 5}
    actions.change_settings(any_db, folk.community, given, actor=ADMIN, now=NOW)
    assert queries.settings_of(any_db, folk.community).phone == "000-1"
    for wrong in ({"fone": "1"}, {"phone": "000-2", "quiet_start": "26:00"}):
        with pytest.raises(ValueError, match=r"没有「fone」这项设置|夜里从要写成"):
            actions.change_settings(any_db, folk.community, wrong, actor=ADMIN, now=NOW)
    assert queries.settings_of(any_db, folk.community).phone == "000-1"
    actions.change_settings(any_db, folk.community, {"phone": None}, actor=ADMIN, now=NOW)
    assert queries.settings_of(any_db, folk.community).phone == ""
    assert any_db.execute(sa.select(tables.communities.c.version)).scalar_one() == version + 2
    with pytest.raises(NotAllowedError):
        actions.change_settings(any_db, folk.community, given, actor=Actor(1, Role.UNIT), now=NOW)


# --- people ---


def test_remembering_is_one_statement_when_known(any_db: Connection, folk: Cast) -> None:
    def again() -> int:
        return actions.remember_person(any_db, folk.community, PLATFORM, WANG.id, WANG.name, now=NOW)

    assert again() == folk.wang
    assert statements(any_db, again) == 1


def test_remembering_somebody_new(any_db: Connection, folk: Cast) -> None:
    new = actions.remember_person(any_db, folk.community, PLATFORM, "6666", "半个表情\ud83d", now=NOW)
    assert new != folk.wang
    assert actions.remember_person(any_db, folk.community, PLATFORM, "6666", "换了名字", now=NOW) == new
    shown = sa.select(tables.identities.c.name).where(tables.identities.c.person_id == new)
    assert any_db.execute(shown).scalar_one() == "换了名字"
    with pytest.raises(ValueError, match="account"):
        actions.remember_person(any_db, folk.community, PLATFORM, "", "匿名管理员", now=NOW)


def test_reachable(any_db: Connection, folk: Cast) -> None:
    flag = sa.select(tables.identities.c.reachable).where(tables.identities.c.person_id == folk.li)
    actions.mark_reachable(any_db, folk.li, PLATFORM, reachable=False, now=NOW)
    assert any_db.execute(flag).scalar_one() is False
    actions.mark_reachable(any_db, folk.li, PLATFORM, reachable=True, now=NOW)
    assert any_db.execute(flag).scalar_one() is True


# --- appointments ---


def invite(db: Connection, folk: Cast, name: str = "孙格长", **more: int) -> str:
    return appoint(db, folk.community, folk.yard, name, Role.LEADER, actor=ADMIN, now=NOW, **more)


def test_an_invitation_makes_a_leader_once(any_db: Connection, folk: Cast) -> None:
    token = invite(any_db, folk)
    assert len(token) <= 64 and token.replace("-", "").replace("_", "").isalnum()
    private = chat(any_db, "6666", ChatRole.PRIVATE, "private")
    done = accept_invitation(any_db, token, PLATFORM, "6666", "花开富贵", now=TOMORROW, chat_id=private)
    assert isinstance(done, Accepted) and not done.again
    assert (done.name, done.role, done.node_id) == ("孙格长", Role.LEADER, folk.yard)
    (leader,) = queries.leaders_of(any_db, folk.yard, TOMORROW)
    assert (leader.name, leader.reachable) == ("孙格长", True), "under the name the admin gave"
    assert queries.roles_of(any_db, folk.community, done.person_id, folk.yard, TOMORROW) == {Role.LEADER}
    assert accept_invitation(any_db, token, PLATFORM, "7777", "捡到的人", now=TOMORROW) is Refusal.USED
    assert queries.person_of(any_db, folk.community, PLATFORM, "7777") is None
    again = accept_invitation(any_db, token, PLATFORM, "6666", "花开富贵", now=TOMORROW)
    assert isinstance(again, Accepted) and again.again
    assert len(queries.leaders_of(any_db, folk.yard, TOMORROW)) == 1


def test_wrong_and_expired(any_db: Connection, folk: Cast) -> None:
    token = invite(any_db, folk)
    late = NOW + timedelta(days=7)
    for given, user, when, refused in (
        ("", "6666", NOW, Refusal.UNKNOWN),
        ("x" * 32, "6666", NOW, Refusal.UNKNOWN),
        (token, "", NOW, Refusal.UNKNOWN),
        (token, "6666", late, Refusal.EXPIRED),
    ):
        assert accept_invitation(any_db, given, PLATFORM, user, "某人", now=when) is refused
    assert queries.leaders_of(any_db, folk.yard, NOW) == []


def test_a_resident_is_appointed(any_db: Connection, folk: Cast) -> None:
    done = accept_invitation(any_db, invite(any_db, folk), PLATFORM, WANG.id, WANG.name, now=NOW)
    assert isinstance(done, Accepted) and done.person_id == folk.wang


def test_a_leader_takes_a_second_grid_under_his_own_name(any_db: Connection, folk: Cast) -> None:
    done = accept_invitation(any_db, invite(any_db, folk, "小李"), PLATFORM, LI.id, LI.name, now=NOW)
    assert isinstance(done, Accepted) and done.person_id == folk.li
    assert queries.name_of(any_db, folk.li) == "李格长"


def test_a_link_for_one_leader_is_not_for_another(any_db: Connection, folk: Cast) -> None:
    token = invite(any_db, folk, person_id=folk.secretary)
    assert accept_invitation(any_db, token, PLATFORM, LI.id, LI.name, now=NOW) is Refusal.TAKEN
    assert queries.person_of(any_db, folk.community, PLATFORM, LI.id) == folk.li


def listed(db: Connection, folk: Cast) -> int:
    """A leader the directory names, without account, who was already told of a case."""
    from gridbot.grid.people import add_person

    person = add_person(db, folk.community, "孙格长", "000", NOW)
    values = {"community_id": folk.community, "person_id": person, "node_id": folk.yard, "since": NOW}
    db.execute(sa.insert(tables.holdings).values(**values, role=Role.LEADER.value))
    case = {"community_id": folk.community, "number": 1, "state": "waiting", "owner_id": person, "types": []}
    more = {"chat_id": folk.residents, "reported_at": NOW, "data": {}}
    db.execute(sa.insert(tables.cases).values(**case, **more))
    return person


def test_everybody_without_account_is_invited(any_db: Connection, folk: Cast) -> None:
    person = listed(any_db, folk)
    (invited,) = actions.invite_unbound(any_db, folk.community, actor=ADMIN, now=NOW)
    assert (invited.person_id, invited.name, invited.phone) == (person, "孙格长", "000")
    assert invited.path == "青秀佳苑/二网格"
    (again,) = actions.invite_unbound(any_db, folk.community, actor=ADMIN, now=TOMORROW)
    assert again.token == invited.token, "a link that was forwarded stays good"
    done = accept_invitation(any_db, invited.token, PLATFORM, "6666", "花开富贵", now=NOW)
    assert isinstance(done, Accepted) and done.person_id == person
    assert actions.invite_unbound(any_db, folk.community, actor=ADMIN, now=NOW) == []
    assert len(queries.leaders_of(any_db, folk.yard, NOW)) == 1


def test_a_listed_leader_was_known_as_a_resident(any_db: Connection, folk: Cast) -> None:
    person = listed(any_db, folk)
    (invited,) = actions.invite_unbound(any_db, folk.community, actor=ADMIN, now=NOW)
    done = accept_invitation(any_db, invited.token, PLATFORM, ZHOU.id, ZHOU.name, now=NOW)
    assert isinstance(done, Accepted) and done.person_id == folk.zhou
    (leader,) = queries.leaders_of(any_db, folk.yard, NOW)
    assert (leader.person_id, leader.name) == (folk.zhou, "孙格长")
    assert any_db.execute(sa.select(tables.cases.c.owner_id)).scalar_one() == folk.zhou
    assert not queries.roles_of(any_db, folk.community, person, None, NOW)


def test_a_leader_with_a_new_telephone(any_db: Connection, folk: Cast) -> None:
    token = appoint(
        any_db, folk.community, folk.grid, "李格长", Role.LEADER, actor=ADMIN, now=NOW, person_id=folk.li
    )
    done = accept_invitation(any_db, token, PLATFORM, STRANGER.id, "新号", now=NOW)
    assert isinstance(done, Accepted) and done.person_id == folk.li
    assert queries.person_of(any_db, folk.community, PLATFORM, LI.id) is None, "the old telephone is nobody's"
    assert queries.private_chat_of(any_db, folk.li) is None


def test_only_admins_appoint_and_dismiss(any_db: Connection, folk: Cast) -> None:
    leader = Actor(folk.li, Role.LEADER)
    with pytest.raises(NotAllowedError):
        appoint(any_db, folk.community, folk.yard, "我兄弟", Role.LEADER, actor=leader, now=NOW)
    with pytest.raises(NotAllowedError):
        dismiss(any_db, folk.community, folk.secretary, Role.LEADER, actor=leader, now=NOW)
    with pytest.raises(NotAllowedError):
        actions.invite_unbound(any_db, folk.community, actor=leader, now=NOW)
    with pytest.raises(LookupError):
        appoint(any_db, folk.community, 10**6, "某人", Role.LEADER, actor=ADMIN, now=NOW)


def test_dismissal(any_db: Connection, folk: Cast) -> None:
    assert (
        dismiss(any_db, folk.community, folk.li, Role.LEADER, folk.yard, actor=ADMIN, now=NOW)
        is Refusal.UNKNOWN
    )
    assert dismiss(any_db, folk.community, folk.li, Role.LEADER, folk.grid, actor=ADMIN, now=NOW) is None
    assert queries.leaders_of(any_db, folk.grid, NOW) == []
    assert dismiss(any_db, folk.community, folk.admin, Role.ADMIN, actor=ADMIN, now=NOW) is Refusal.LAST_ADMIN
    token = appoint(any_db, folk.community, None, "新书记", Role.ADMIN, actor=ADMIN, now=NOW)
    accept_invitation(any_db, token, PLATFORM, STRANGER.id, "新", now=NOW)
    assert len(queries.admins(any_db, folk.community)) == 2
    assert dismiss(any_db, folk.community, folk.admin, Role.ADMIN, actor=ADMIN, now=NOW) is None
    assert len(queries.admins(any_db, folk.community)) == 1


def test_absence(any_db: Connection, folk: Cast) -> None:
    himself = Actor(folk.li, Role.LEADER)
    set_absent(any_db, folk.community, folk.li, TOMORROW, actor=himself, now=NOW)
    assert queries.leaders_of(any_db, folk.grid, NOW) == []
    set_absent(any_db, folk.community, folk.li, None, actor=ADMIN, now=NOW)
    assert len(queries.leaders_of(any_db, folk.grid, NOW)) == 1
    with pytest.raises(NotAllowedError):
        set_absent(any_db, folk.community, folk.secretary, TOMORROW, actor=himself, now=NOW)
