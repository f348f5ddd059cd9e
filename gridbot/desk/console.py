"""What is done to a case in the console: the acts of the chat, by the same functions and the same rights.

A press in the browser becomes a `Hearing` of the person in his private chat with the bot; the record says
`via: console`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import events, queries, rules, secrecy, standing, views, voice
from gridbot.cases.limitbook import book_in_use
from gridbot.desk import admin_cases, bouncing, buttons, meetings, moves, pausing
from gridbot.desk.admin_people import held
from gridbot.desk.context import Desk, Hearing
from gridbot.grid import queries as grid
from gridbot.messages import (
    CaseState,
    ChatKind,
    Incoming,
    IncomingKind,
    Move,
    Role,
    Sender,
)
from gridbot.privacy import kinds
from gridbot.store.tables import communities, identities
from gridbot.texts import console as words
from gridbot.texts import ladder as ladder_words
from gridbot.understanding.replies import read_reply

CONSOLE = views.CONSOLE
Form = Mapping[str, str]
_COMMUNITY = sa.select(communities).where(communities.c.id == sa.bindparam("of_community"))
_ACCOUNT = (
    sa.select(identities.c.user, identities.c.platform, identities.c.name)
    .where(identities.c.person_id == sa.bindparam("of_person"))
    .order_by(identities.c.reachable.desc(), identities.c.id)
)


def hearing(
    db: Connection,
    desk: Desk,
    community_id: int,
    person_id: int | None,
    now: datetime,
    *,
    roles: frozenset[Role] | None = None,
) -> Hearing:
    """As if he said something in private. `person_id` None: the machine's own admin, who only looks."""
    community = db.execute(_COMMUNITY, {"of_community": community_id}).one()
    own = grid.private_chat_of(db, person_id) if person_id is not None else None
    account = db.execute(_ACCOUNT, {"of_person": person_id}).first() if person_id is not None else None
    chat: Any = SimpleNamespace(
        **(dict(own._mapping) if own is not None else {"id": 0, "platform": "", "bot": "", "chat": ""})
        | {"kind": ChatKind.PRIVATE.value, "community_id": community_id, "version": community.version}
        | {"community": community.name, "sample": community.sample}
    )
    name = grid.name_of(db, person_id) if person_id is not None else ""
    said = Incoming(
        platform=account.platform if account else "",
        bot=chat.bot,
        update_id="",
        kind=IncomingKind.BUTTON,
        sent_at=now,
        chat=chat.chat,
        chat_kind=ChatKind.PRIVATE,
        sender=Sender(account.user if account else "", name),
    )
    found = Hearing(db, desk, chat, said, 0, now, _person=person_id, _looked_up=True)
    if person_id is None:
        found._roles = roles
    return found


# --- what he may see -----------------------------------------------------------------------------


def case_for(h: Hearing, case_id: int) -> Row[Any] | None:
    """The case of this id, if it is this community's and he may see it."""
    case = queries.in_community(h.db, h.community_id, case_id)
    return next(iter(admin_cases.visible(h, [case])), None) if case is not None else None


def kept_from(h: Hearing, case: Row[Any]) -> bool:
    """He speaks for the unit it complains about: number, kind and area are all he reads."""
    return secrecy.is_kept_from(h.db, case, h.known_person(), h.now)


def may_open(h: Hearing, case: Row[Any]) -> bool:
    """The door number is for whoever has taken it, while he has it."""
    return bool(
        case.accepted_at is not None
        and case.owner_id is not None
        and case.owner_id == h.known_person()
        and case.state in (CaseState.ACCEPTED, CaseState.DONE)
        and not kept_from(h, case)
    )


def open_words(h: Hearing, case: Row[Any]) -> tuple[str, str]:
    """(place, words) with the door, for whoever `may_open`; the look is on record."""
    text = voice.notice_text(h.db, case, "", accepted=True)
    said = queries.words_of(h.db, case.id) if not case.private else ""
    shown = f"{case.place} {text}"
    views.seen(h.db, case, what=kinds(shown) or ["door"], how=views.CONSOLE, actor=h.actor(), now=h.now)
    return case.place, text if case.private or not said else text.partition("原话:")[2] or text


# --- what he may do ------------------------------------------------------------------------------

_GOING_ON = (CaseState.WAITING, CaseState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the forms of a case offer. Pairs are (value, name shown)."""

    acts: tuple[str, ...]
    units: tuple[tuple[str, str], ...] = ()
    likely: tuple[tuple[str, str], ...] = ()  #: whose it may be, for a return
    people: tuple[tuple[str, str], ...] = ()
    meetings: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    undo: int = 0  #: the event that can still be taken back by him; 0: none


def choices(h: Hearing, case: Row[Any]) -> Choices:
    """Which acts he has now, with what there is to choose from."""
    acts = offered(h, case)
    if not acts:
        return Choices(())
    rows = held(h.db, h.community_id, h.now) if {"reassign", "designate"} & set(acts) else []
    people = {f"person:{row.person_id}": row.name for row in rows if row.role in _HANDLERS}
    all_units = [(f"unit:{one.id}", one.name) for one in grid.unit_scopes(h.db, h.community_id)]
    mine = grid.units_for(h.db, h.community_id, case.types, case.side) if "hand_over" in acts else []
    likely = bouncing.candidates(h.db, case, h.now, without=h.known_person()) if "bounce" in acts else []
    return Choices(
        acts=acts,
        units=_named([(f"unit:{one.id}", one.name) for one in mine] + all_units),
        likely=_named([(_written(bouncing.as_whose(one)), one.name) for one in likely]),
        people=_named(list(people.items())),
        meetings=_named([(str(one.id), one.name) for one in meetings.all_of(h.db, h.community_id)]),
        reasons=tuple(bouncing.settings_of(h.db, case.community_id)["reasons"]),
        waits=tuple(ladder_words.waits_for(one.name) for one in book_in_use().pauses.waits),
        undo=_undoable(h, case),
    )


_HANDLERS = (Role.LEADER.value, Role.DEPUTY.value, Role.UNIT.value, Role.ADMIN.value)


def _named(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple({value: (value, name) for value, name in reversed(pairs)}.values())[::-1]


def _written(whose: Mapping[str, int]) -> str:
    return next((f"{kind}:{key}" for kind, key in whose.items()), "")


def offered(h: Hearing, case: Row[Any]) -> tuple[str, ...]:
    """The acts he may do in this state; the same is asked again when one is done."""
    if h.known_person() is None or h.chat.id == 0 or case.number is None or kept_from(h, case):
        return ()
    if not admin_cases.visible(h, [case]):
        return ()
    found: list[str] = []
    paused, tabled = bool(case.data.get("paused")), case.data.get("meeting") is not None
    going_on = case.state in _GOING_ON
    leads = bool(h.roles & {Role.ADMIN, Role.LEADER, Role.DEPUTY})
    if moves.may_handle(h, case):
        if case.state == CaseState.WAITING and not tabled:
            found.append("take")
        if going_on:
            found += ["progress", "done", "hand_over", "escalate"]
            found += [] if bouncing.binding(h.db, case, h.known_person(), h.now) else ["bounce"]
            if paused:
                found.append("resume")
            elif not (case.urgent or tabled):
                found.append("pause")
        if _undoable(h, case):
            found.append("undo")
    if leads and going_on:
        found.append("reassign")
        if not (case.urgent or tabled) and meetings.all_of(h.db, h.community_id):
            found.append("table")
    if going_on and bouncing.may_designate(h, case):
        found.append("designate")
    return tuple(found)


def _undoable(h: Hearing, case: Row[Any]) -> int:
    silent = (Move.VIEWED, Move.NOTIFIED)
    last = queries.last_event(h.db, case.id, [move for move in Move if move not in silent])
    if last is None or last.person_id != h.known_person() or last.move not in rules.UNDOABLE:
        return 0
    return last.id if last.data.get("before") and h.now - last.at <= rules.UNDO_FOR else 0


Act = Callable[[Hearing, Row[Any], Form], str]


def act(h: Hearing, case: Row[Any], name: str, form: Form) -> str:
    """Does it and returns the line to show; the record says that it came by the console."""
    if name not in offered(h, case):
        return words.no_longer()
    with events.by_way_of(CONSOLE):
        return _ACTS[name](h, case, form)


def _pressed(action: str) -> Act:
    """The button of that name, as if pressed in the chat."""

    def press(h: Hearing, case: Row[Any], form: Form) -> str:
        button: Any = SimpleNamespace(action=action, data=dict(form))
        return buttons.PRESSED[action](h, case, button) or texts.noted()

    return press


def _progress(h: Hearing, case: Row[Any], form: Form) -> str:
    text = form.get("words", "").strip()[:300]
    if not text:
        return words.say_what()
    until = read_reply(text, h.knows.packs).until or ""
    done = moves.progress(h.db, case, text, until=until, actor=h.actor(), now=h.now)
    return texts.noted() if done else words.no_longer()


def _done(h: Hearing, case: Row[Any], form: Form) -> str:
    text = form.get("words", "").strip()[:300]
    done = moves.finish(h.db, case, actor=h.actor(), now=h.now, words=text, tapped=True)
    return texts.noted() if done else words.no_longer()


def _hand_over(h: Hearing, case: Row[Any], form: Form) -> str:
    whose = _whose(h, form.get("to", ""))
    if whose is None or "unit" not in whose:
        return words.choose_one()
    text = form.get("words", "").strip()[:300]
    done = moves.hand_over(
        h.db, case, to="", unit_id=whose["unit"], words=text, actor=h.actor(), now=h.now, tapped=True
    )
    return texts.noted() if done else words.no_longer()


def _escalate(h: Hearing, case: Row[Any], form: Form) -> str:
    text = form.get("words", "").strip()[:300]
    done = moves.escalate(h.db, case, actor=h.actor(), now=h.now, words=text, tapped=True)
    return texts.noted() if done else words.no_longer()


def _bounce(h: Hearing, case: Row[Any], form: Form) -> str:
    reason = (form.get("words", "").strip() or form.get("reason", "").strip())[:300]
    if not reason:
        return words.say_why()
    to = _whose(h, form.get("to", ""))
    done = bouncing.bounce(h.db, case, actor=h.actor(), now=h.now, reason=reason, to=to, tapped=True)
    return texts.noted() if done else words.no_longer()


def _pause(h: Hearing, case: Row[Any], form: Form) -> str:
    text = (form.get("words", "").strip() or form.get("reason", "").strip())[:100]
    pause = pausing.read(text, h.now, h.knows.settings.zone, book_in_use().pauses, told=True)
    if not text or pause is None or not pause.reason:
        return words.say_why()
    done = pausing.start(h.db, case, pause, text, actor=h.actor(), now=h.now)
    return texts.noted() if done else words.no_longer()


def _designate(h: Hearing, case: Row[Any], form: Form) -> str:
    to = _whose(h, form.get("to", ""))
    if to is None:
        return words.choose_one()
    if not bouncing.designate(h.db, case, to, actor=h.actor(), now=h.now):
        return words.no_longer()
    return words.done(f"{case.number}定给{standing.name_of(h.db, to)}")


def _reassign(h: Hearing, case: Row[Any], form: Form) -> str:
    to = _whose(h, form.get("to", ""))
    if to is None or "person" not in to:
        return words.choose_one()
    return admin_cases.hand_to(h, case, to["person"])


def _table(h: Hearing, case: Row[Any], form: Form) -> str:
    wanted = form.get("meeting", "")
    found = next((one for one in meetings.all_of(h.db, h.community_id) if str(one.id) == wanted), None)
    if found is None:
        return words.choose_one()
    if not meetings.table(h.db, case, found, actor=h.actor(), now=h.now):
        return words.no_longer()
    return words.done(f"{case.number}列入{found.name}")


def _undo(h: Hearing, case: Row[Any], form: Form) -> str:
    done = moves.undo(h.db, case, _undoable(h, case), actor=h.actor(), now=h.now)
    return words.taken_back() if done else texts.too_late_to_undo()


def _whose(h: Hearing, written: str) -> dict[str, int] | None:
    """ "unit:3" or "person:5" of this community; None: nobody's."""
    kind, _, key = written.partition(":")
    if not key.isdecimal() or len(key) > 18:
        return None
    if kind == "unit":
        known = {one.id for one in grid.unit_scopes(h.db, h.community_id)}
    elif kind == "person":
        known = {row.person_id for row in held(h.db, h.community_id, h.now) if row.role in _HANDLERS}
    else:
        return None
    return {kind: int(key)} if int(key) in known else None


_ACTS: Mapping[str, Act] = {
    "take": _pressed("case:take"),
    "progress": _progress,
    "done": _done,
    "hand_over": _hand_over,
    "escalate": _escalate,
    "bounce": _bounce,
    "pause": _pause,
    "resume": _pressed("case:resume"),
    "designate": _designate,
    "reassign": _reassign,
    "table": _table,
    "undo": _undo,
}
