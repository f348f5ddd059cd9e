"""关联, 断开, 以后发到…: one person on several channels."""

from __future__ import annotations

import re
from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot.cases import voice
from gridbot.cases.events import record
from gridbot.desk import invitations
from gridbot.desk.context import Hearing
from gridbot.desk.registry import (
    ADMINS,
    ANYBODY,
    Answer,
    NotMineError,
    Where,
    button,
    card_key,
    command,
    pressed,
    settle,
)
from gridbot.grid import linking, linking_rules
from gridbot.grid import queries as grid
from gridbot.grid.linking_rules import Refused
from gridbot.messages import Actor, Role, Urgency
from gridbot.store import outbox
from gridbot.texts import linking as words

CODE = re.compile(r"\d{6}")
_YES = frozenset({"对", "对的", "是", "是的", "是我", "对,是我", "对，是我", "嗯"})
_NO = frozenset({"不是", "不对", "不是我", "不"})
_NAMES = "|".join(
    sorted({re.escape(name) for names in words.CHANNELS.values() for name in names}, reverse=True)
)
_CHANNEL = rf"(?i:(?P<channel>{_NAMES}|\S{{1,12}}))?"


# --- 关联 ----------------------------------------------------------------------------------------


@command(
    "link",
    "关联",
    roles=ANYBODY,
    help="您在别的软件里也有号:要一个码,到那边发给我,两边就算一个人",
    area="报事",
    takes=r"(?P<code>\d{6})?",
    also=(("我也在", rf"我(?:在)?也在(?i:{_NAMES})(?:上|里)?(?:有号|用)?(?P<rest>)[。了]?"),),
    where=Where.DISCREET,
    addressed=True,
)
def link(h: Hearing, said: Match[str]) -> str | None:
    if not h.private:
        return words.only_private()
    if said["code"]:
        _typed(h, said["code"])
        return None
    code = linking.new_code(h.db, h.community_id, h.person, h.said.platform, now=h.now)
    if isinstance(code, Refused):
        return words.REFUSED[code.value]
    minutes = int(linking_rules.CODE_FOR.total_seconds() // 60)
    return words.code(code, words.channel(h.said.platform), minutes)


def heard(h: Hearing, text: str) -> bool:
    """What is no command by itself: the bare code, and 对 or 不是 while somebody is asked."""
    if not h.private or len(text) > 8:
        return False
    if CODE.fullmatch(text):
        if not linking.expects_code(h.db, h.community_id, now=h.now):
            return False
        _typed(h, text)
        return True
    said = text.rstrip("。!！~ ")
    person = h.known_person() if said in _YES | _NO else None
    waits = linking.pending(h.db, h.community_id, person, now=h.now) if person is not None else None
    if waits is None or _mine(waits, h) is not None:
        return False
    h.answer(_agreed(h, waits) if said in _YES else _called_off(h, waits), purpose="link")
    return True


def _typed(h: Hearing, code: str) -> None:
    """The code of the other side: both are asked."""
    found = linking.type_code(h.db, h.community_id, h.person, h.said.platform, code, now=h.now)
    if isinstance(found, Refused):
        h.answer(words.REFUSED[found.value], purpose="link-refused")
        return
    asker = linking.side(h.db, found.person_id, h.now)
    text = words.is_it_you(words.channel(found.platform), asker.name)
    _ask(h, found, h.person, h.said.platform, text)
    text = words.typed_elsewhere(words.channel(h.said.platform), h.said.sender.name)
    _ask(h, found, found.person_id, found.platform, text)


def _ask(h: Hearing, link: Row[Any], person: int, platform: str, text: str) -> None:
    chat = grid.private_chat_of(h.db, person, platform)
    if chat is None:
        return
    key = f"link:{link.id}"
    row = [
        outbox.button(
            h.db,
            name,
            f"command:{action}",
            community_id=h.community_id,
            person_id=person,
            data={"link": link.id, "key": key},
            until=link.until,
        )
        for name, action in ((words.ITS_ME, "link_yes"), (words.NOT_ME, "link_no"))
    ]
    voice.to_chat(
        h.db, chat, text, purpose="link-confirm", now=h.now, buttons=[row], key=key, until=link.until
    )


def _mine(link: Row[Any], h: Hearing) -> Any:
    """When this side said 对; None: not yet."""
    return link.yes_at if h.person == link.person_id else link.other_yes_at


@pressed("link_yes", roles=ANYBODY)
def _yes(h: Hearing, pressed_button: Row[Any]) -> str:
    found = linking.pending(h.db, h.community_id, h.person, now=h.now)
    if found is None or found.id != pressed_button.data["link"]:
        return settle(h, pressed_button, words.link_over())
    return settle(h, pressed_button, _agreed(h, found))


@pressed("link_no", roles=ANYBODY)
def _no(h: Hearing, pressed_button: Row[Any]) -> str:
    found = linking.pending(h.db, h.community_id, h.person, now=h.now)
    if found is None or found.id != pressed_button.data["link"]:
        return settle(h, pressed_button, words.link_over())
    return settle(h, pressed_button, _called_off(h, found))


def _other(link: Row[Any], h: Hearing) -> tuple[int, str]:
    """The other side: person and platform."""
    if h.person == link.person_id:
        return link.other_id, link.other_platform
    return link.person_id, link.platform


def _agreed(h: Hearing, link: Row[Any]) -> str:
    other, platform = _other(link, h)
    there = grid.private_chat_of(h.db, other, platform)
    done = linking.confirm(h.db, link, h.person, now=h.now)
    if isinstance(done, Refused):
        return words.REFUSED[done.value]
    if done.merged_at is None:
        return words.wait_for_other(words.channel(platform))
    h.chat = h.desk.chat(h.db, h.chat.id)
    roles = grid.roles_of(h.db, h.community_id, done.kept_id, None, h.now)
    role = next(iter(sorted(roles)), Role.RESIDENT)
    data = {"link": link.id, "kept": done.kept_id, "gone": done.gone_id}
    _record(h, "linked", Actor(done.kept_id, role), data)
    if there is not None:
        _say(h, there, words.linked(words.channel(h.said.platform)), "linked")
    if roles:
        for chat in (h.chat, there):
            if chat is not None:
                invitations.menu(h.db, chat, roles | {Role.RESIDENT}, h.now)
        _tell_admins(h, done)
    return words.linked(words.channel(platform))


def _tell_admins(h: Hearing, link: Row[Any]) -> None:
    """Whoever holds an office may now be somebody else's hand: the admins can take it back for a day."""
    name = grid.name_of(h.db, link.kept_id)
    text = words.admin_linked(name, words.channel(link.platform), words.channel(link.other_platform))
    for person in grid.admins(h.db, h.community_id):
        chat = grid.private_chat_of(h.db, person)
        if chat is not None and person != link.kept_id:
            voice.to_chat(h.db, chat, text, purpose="admin-linked", now=h.now, urgency=Urgency.NOTICE)


def _called_off(h: Hearing, link: Row[Any]) -> str:
    other, platform = _other(link, h)
    linking.cancel(h.db, link.id, now=h.now)
    _record(h, "link_refused", h.actor(Role.RESIDENT), {"link": link.id})
    there = grid.private_chat_of(h.db, other, platform)
    if there is not None:
        _say(h, there, words.called_off_there(words.channel(h.said.platform)), "link-refused")
    return words.called_off()


def _say(h: Hearing, chat: Row[Any], text: str, purpose: str) -> None:
    voice.to_chat(h.db, chat, text, purpose=purpose, now=h.now)


def _record(h: Hearing, event: str, actor: Actor, data: dict[str, Any]) -> None:
    record(h.db, event, community_id=h.community_id, case_id=None, actor=actor, now=h.now, data=data)


# --- 撤销关联 -------------------------------------------------------------------------------------


@command(
    "unlink",
    "撤销关联",
    roles=ADMINS,
    help="一天之内,把关联错了的两个号分开",
    area="人",
    takes=r"(?P<who>\S{1,20})?",
    usage="撤销关联 李格长",
    where=Where.DISCREET,
)
def take_back(h: Hearing, said: Match[str]) -> str:
    found = linking.undoable(h.db, h.community_id, now=h.now)
    if not found:
        return words.nothing_to_take_back()
    if not said["who"]:
        return words.which_to_take_back([one.name or words.somebody("") for one in found])
    meant = next((one for one in found if one.name == said["who"]), None)
    if meant is None or not linking.undo(h.db, meant.id, now=h.now):
        return words.which_to_take_back([one.name or words.somebody("") for one in found])
    link = linking.find(h.db, meant.id)
    data = {"link": link.id, "kept": link.kept_id, "gone": link.gone_id}
    _record(h, "link_undone", h.actor(Role.ADMIN), data)
    for person in (link.kept_id, link.gone_id):
        chat = grid.private_chat_of(h.db, person)
        if chat is not None:
            _say(h, chat, words.link_taken_back(), "link-undone")
    return words.taken_back(meant.name)


# --- 断开 ----------------------------------------------------------------------------------------


@command(
    "part",
    "断开",
    "断开关联",
    roles=ANYBODY,
    help="关联过的两个号分开,以后各算各的",
    area="报事",
    takes=_CHANNEL,
    usage="断开 企业微信",
    where=Where.DISCREET,
    talk=True,
)
def part(h: Hearing, said: Match[str]) -> Answer | str:
    """In private alone: 断开 is also what one does to a switch."""
    own = _channels(h)
    if not h.private or not own or (said["channel"] and not _meant(said["channel"], own)):
        raise NotMineError
    if len(own) < 2:
        return words.only_one_channel(words.channel(own[0]))
    platform = _meant(said["channel"] or "", own)
    if platform:
        return _part(h, platform)
    key = card_key(h)
    row = [button(h, words.channel(one), "part", key, platform=one) for one in own]
    return Answer(words.which_to_part([words.channel(one) for one in own]), [row], key)


@pressed("part", roles=ANYBODY)
def _pressed_part(h: Hearing, pressed_button: Row[Any]) -> str:
    return settle(h, pressed_button, _part(h, pressed_button.data["platform"]))


def _part(h: Hearing, platform: str) -> str:
    person, here = h.person, h.said.platform == platform
    fresh = linking.split_off(h.db, h.community_id, person, platform, now=h.now)
    if fresh is None:
        return words.only_one_channel(words.channel(platform))
    _record(h, "unlinked", Actor(person, Role.RESIDENT), {"person": person, "now": fresh})
    h.chat = h.desk.chat(h.db, h.chat.id)
    rest = sorted(linking.channels_of(h.db, person))
    return words.parted_there(words.channel(rest[0])) if here else words.parted(words.channel(platform))


def _channels(h: Hearing) -> list[str]:
    person = h.known_person()
    return sorted(linking.channels_of(h.db, person)) if person is not None else []


def _meant(name: str, own: list[str]) -> str:
    """Which of his own channels somebody names; "": none of them."""
    known = [(platform, names) for platform, names in words.CHANNELS.items() if platform in own]
    known += [(platform, (platform,)) for platform in own if platform not in words.CHANNELS]
    return linking_rules.prefers(name, known)


# --- 以后发到… ------------------------------------------------------------------------------------


@command(
    "prefer",
    "发到",
    roles=ANYBODY,
    help="您在几个软件里都有号,以后给您的消息发到哪一边",
    area="报事",
    takes=_CHANNEL,
    usage="以后发到企业微信",
    also=(("以后", r"以后(?:都|就|请)?(?:给我)?发到?(?P<rest>\S{2,12}?)(?:上|里|吧|来)?"),),
    where=Where.DISCREET,
    talk=True,
)
def prefer(h: Hearing, said: Match[str]) -> str:
    own = _channels(h)
    if not h.private or not own:
        raise NotMineError
    named = said["channel"] or ""
    platform = h.said.platform if named in ("这里", "这儿", "这边") else _meant(named, own)
    if named in ("哪边都行", "都行"):
        linking.prefer(h.db, h.person, "")
        return words.prefers_latest()
    if not platform:
        known = {one.lower() for names in words.CHANNELS.values() for one in names}
        if named.lower() not in known:
            raise NotMineError
        return words.not_there(named, [words.channel(one) for one in own])
    linking.prefer(h.db, h.person, platform)
    return words.prefers(words.channel(platform))
