"""A unit is told: its people on a chat get the card; one without account gets a dispatch card (派单卡), which
whoever answers for the case passes on as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, names, passing, queries, rules, voice
from gridbot.desk import clockwork, notices, parties
from gridbot.grid import queries as grid
from gridbot.grid.queries import Party
from gridbot.grid.rules import UnitScope
from gridbot.messages import Actor, Urgency
from gridbot.store import timers
from gridbot.store.tables import communities, people
from gridbot.texts import duty as words

HANDED = "handed"  #: timer: whom a case was passed to is told when it can no longer be taken back
_PHONE = sa.select(people.c.phone).where(people.c.id == sa.bindparam("of_person"))
_NAME = sa.select(communities.c.name).where(communities.c.id == sa.bindparam("of_community"))


def first_to_unit(db: Connection, case: Row[Any], now: datetime) -> UnitScope | None:
    """Where routing puts a unit first (部件先属主) it is asked, and the leader of the place looks on.

    Returns the unit if its people can be written to; of another the leader's card names the telephone.
    """
    order = parties.asked(db, case, now).parties()
    if not order or order[0].unit_id is None or order[0].disputed or case.unit_id is not None:
        return None
    unit = unit_of(db, case.community_id, order[0].unit_id)
    if unit is None:
        return None
    if not reached(db, unit, now):
        actions.note(db, case, first_unit=unit.id)
        return None
    passing.hand_over(db, case, actor=Actor.system(), now=now, unit_id=unit.id)
    return unit


def unit_of(db: Connection, community_id: int, unit_id: int | None) -> UnitScope | None:
    return next((one for one in grid.unit_scopes(db, community_id) if one.id == unit_id), None)


def reached(db: Connection, unit: UnitScope, now: datetime) -> list[Party]:
    """The people of a unit who can be written to."""
    return [
        one
        for one in grid.people_of_unit(db, unit.id, now)
        if one.person_id is not None and grid.private_chat_of(db, one.person_id) is not None
    ]


def tell_unit(db: Connection, case: Row[Any], unit: UnitScope, now: datetime) -> bool:
    """Its people get the card. Without account: whoever answers for the case gets the text to pass on.
    Returns whether somebody of the unit was told."""
    fresh = queries.case(db, case.id)
    told = reached(db, unit, now)
    if not told:
        pass_on(db, fresh, unit, now)
        return False
    said = queries.words_of(db, fresh.parent_id or fresh.id)
    said = names.masked_of(db, fresh, said)[:300]
    for person in told:
        text = words.unit_notice(unit.name, voice.called(fresh, shared=True), fresh.number, said)
        notices.tell(db, fresh, person.person_id, person.name, now, text=text)
    return True


def pass_on(db: Connection, case: Row[Any], unit: UnitScope, now: datetime) -> None:
    """Two messages: what to do, and the card to be forwarded as it is; to the owner, else the admins."""
    head = words.no_account(unit.name, unit.contact)
    card = dispatch_text(db, case, unit.name)
    chat = grid.private_chat_of(db, case.owner_id) if case.owner_id is not None else None
    if chat is None:
        notices.tell_admins(db, case.community_id, f"{head}\n\n{card}", now, case, purpose="dispatch-card")
        return
    for text, purpose in ((head, "dispatch-head"), (card, "dispatch-card")):
        due = by_day(db, case.community_id, now)
        voice.to_chat(db, chat, text, purpose=purpose, now=now, case=case, urgency=Urgency.NOTICE, due_at=due)
    if case.first_told_at is None:
        actions.told(db, case, person_id=case.owner_id, private=True, now=now)


@dataclass(frozen=True, slots=True)
class Card:
    """派单卡. Area and type alone: no door, no name of a resident, and of a private matter no place."""

    number: int
    unit: str
    kind: str
    place: str
    ask: str
    until: str
    callback: str
    community: str


def card_of(db: Connection, case: Row[Any], unit: str) -> Card:
    zone = grid.settings_of(db, case.community_id).zone
    by = case.finish_by
    return Card(
        number=case.number,
        unit=unit,
        kind="、".join(case.data.get("titles", [])),
        place="" if case.private else rules.public_place(case.place),
        ask=words.asked_of_unit(),
        until=words.until_day(by.astimezone(zone).strftime("%-m月%-d日")) if by else words.soon(),
        callback=callback(db, case),
        community=community_name(db, case.community_id),
    )


def dispatch_text(db: Connection, case: Row[Any], unit: str) -> str:
    """The card as text to be forwarded as it is."""
    return words.dispatch_card(**asdict(card_of(db, case, unit)))


def community_name(db: Connection, community_id: int) -> str:
    return str(db.execute(_NAME, {"of_community": community_id}).scalar_one())


def by_day(db: Connection, community_id: int, now: datetime) -> datetime:
    """Now, or the morning: nothing of this is worth waking anybody."""
    settings = grid.settings_of(db, community_id)
    return rules.after_quiet_hours(now, settings.quiet_start, settings.quiet_end, settings.zone)


def callback(db: Connection, case: Row[Any]) -> str:
    """Whom to call: the community's telephone, else the handler's own, with his name."""
    settings = grid.settings_of(db, case.community_id)
    name = grid.name_of(db, case.owner_id) if case.owner_id is not None else settings.contact
    phone = settings.phone
    if not phone and case.owner_id is not None:
        phone = db.execute(_PHONE, {"of_person": case.owner_id}).scalar_one_or_none() or ""
    return " ".join(one for one in (name, phone) if one)


# --- whoever is waited for -----------------------------------------------------------------------


def tell_candidate_later(db: Connection, case: Row[Any], now: datetime, *, tapped: bool) -> None:
    """At once after words; after a tap, when its minute is over."""
    if tapped:
        at = now + rules.UNDO_FOR
        timers.set_timer(db, HANDED, actions.subject(case.id), at, community_id=case.community_id)
    else:
        timers.cancel(db, HANDED, actions.subject(case.id))


def start_clock(db: Connection, case: Row[Any], now: datetime) -> None:
    """From now on it is waited that somebody takes it."""
    clockwork.begin(db, queries.case(db, case.id), now, now)
