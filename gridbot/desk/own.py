"""What everybody may say about himself: 帮助, 我是谁, 别看我, 看我, 删掉我的记录."""

from __future__ import annotations

from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import erasing
from gridbot.desk.context import Hearing
from gridbot.desk.menus import for_roles
from gridbot.desk.registry import (
    ANYBODY,
    AREAS,
    Answer,
    Command,
    NotMineError,
    Where,
    command,
    confirm,
    pressed,
    reply,
    settle,
)
from gridbot.messages import Button, Role
from gridbot.store import outbox
from gridbot.store.tables import people

AT_HAND = ("list", "check", "service_days")  #: what help offers as buttons


@command(
    "start", "开始", roles=ANYBODY, help="打个招呼", area="报事", where=Where.DISCREET, hidden=True, talk=True
)
def start(h: Hearing, said: Match[str]) -> str:
    if not h.private:
        raise NotMineError
    return texts.greeting(h.chat.community, "、".join(role_words(h)))


@command("help", "帮助", "怎么用", "你会什么", "你能干什么", roles=ANYBODY, help="我会做什么", area="报事")
def help_(h: Hearing, said: Match[str]) -> Answer | str:
    """In a group one line; in private everything this person may say, by subject."""
    if not h.private:
        return texts.help_in_group()
    mine = for_roles(h.roles)
    groups = [
        (area, [(one.example, one.help) for one in mine if one.area == area and one.name != "help"])
        for area in AREAS
    ]
    text = texts.help_groups(texts.help_head(h.chat.community), [group for group in groups if group[1]])
    at_hand = [one for name in AT_HAND for one in mine if one.name == name]
    return Answer(text, [[_runs(h, one) for one in at_hand]] if at_hand else ())


def _runs(h: Hearing, one: Command) -> Button:
    data = {"name": one.name}
    return outbox.button(
        h.db, one.words[0], "command:run", community_id=h.community_id, person_id=h.person, data=data
    )


@pressed("run", roles=ANYBODY)
def _run(h: Hearing, button: Row[Any]) -> str:
    """A command on a button: the same as its word, the right looked at again."""
    for one in for_roles(h.roles):
        said = one.takes.fullmatch("") if one.name == button.data["name"] else None
        if said is not None:
            answer = one.run(h, said)
            if answer:
                reply(h, answer, purpose=f"command-{one.name}", discreet=one.where is Where.DISCREET)
            return ""
    return texts.expired()


def role_words(h: Hearing) -> list[str]:
    order = (Role.ADMIN, Role.LEADER, Role.DEPUTY, Role.LIAISON, Role.UNIT, Role.CONTACT, Role.OFFICER)
    return [texts.ROLE_WORDS[role.value] for role in order if role in h.roles]


@command("whoami", "我是谁", roles=ANYBODY, help="我记得您是谁", area="报事", where=Where.DISCREET, talk=True)
def who_am_i(h: Hearing, said: Match[str]) -> str:
    person = h.known_person()
    if not h.for_us and person is None:
        raise NotMineError
    row = _person(h)
    return texts.who_you_are(row.name, role_words(h), ignored=bool(row.data.get("ignored")))


def _person(h: Hearing) -> Any:
    return h.db.execute(sa.select(people.c.name, people.c.data).where(people.c.id == h.person)).one()


# --- 别看我 --------------------------------------------------------------------------------------


@command("ignore_me", "别看我", "不要看我", roles=ANYBODY, help="您在群里说的话我不看", area="报事")
def ignore_me(h: Hearing, said: Match[str]) -> str:
    _ignored(h, True)
    return texts.ignored_you()


@command("see_me", "看我", "可以看我", roles=ANYBODY, help="您说的事我又能记", area="报事")
def see_me(h: Hearing, said: Match[str]) -> str | None:
    known = h.known_person() is not None and bool(_person(h).data.get("ignored"))
    if not known and not h.for_us:
        raise NotMineError  # 看我! is also what one says to other people
    _ignored(h, False)
    return texts.seeing_you()


def _ignored(h: Hearing, ignored: bool) -> None:
    if not h.private and not h.for_us and h.said.reply_to:
        raise NotMineError  # said to somebody else
    data = {**_person(h).data, "ignored": ignored}
    h.db.execute(sa.update(people).where(people.c.id == h.person).values(data=data))


# --- 删掉我的记录 ---------------------------------------------------------------------------------


@command(
    "forget_me",
    "删掉我的记录",
    "删除我的记录",
    "删记录",
    roles=ANYBODY,
    help="把您说过的话和名字删掉",
    area="报事",
)
def forget_me(h: Hearing, said: Match[str]) -> Answer:
    return confirm(h, texts.really_erase(), "forget", yes=texts.ERASE)


@pressed("forget", roles=ANYBODY)
def _forget(h: Hearing, button: Row[Any]) -> str:
    erasing.forget(
        h.db,
        h.community_id,
        h.person,
        h.said.platform,
        h.said.sender.id,
        inbox_id=h.inbox_id,
        actor=h.actor(Role.RESIDENT),
        now=h.now,
    )
    return settle(h, button, texts.erased())
