"""Several bodies, one matter: sub-cases are opened, told, and make up the whole again.

By the data of the type (bodies: both_sides) or by the leader's word (拆成 物业、社管办). The reporter sees
the whole alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, parts, queries, shares, standing, voice
from gridbot.cases.parts import Share
from gridbot.desk import dispatching, endings, notices, parties
from gridbot.grid import queries as grid
from gridbot.grid.rules import INSIDE, OUTSIDE, UnitScope
from gridbot.messages import Actor, Button, CaseState
from gridbot.store import outbox, timers
from gridbot.texts import duty as words

SPLITTABLE = (CaseState.GATHERING, CaseState.WAITING, CaseState.ACCEPTED)


def first_notice(db: Connection, case: Row[Any], now: datetime) -> None:
    """The first notice of an ordinary case: to each body its share, or to whoever is first in line."""
    parties.ask_statements(db, case, now)
    if by_type(db, case, now):
        return
    unit = dispatching.first_to_unit(db, case, now)
    notices.tell_leader(db, queries.case(db, case.id), now)
    if unit is not None:
        dispatching.tell_unit(db, case, unit, now)


def by_type(db: Connection, case: Row[Any], now: datetime) -> bool:
    """Both sides of the wall have a share: the type says so, and the side is not known or one of its words
    was said. False: one body is enough."""
    cues = case.data.get("duty", {}).get("both_sides")
    if cues is None or case.parent_id is not None or case.urgent or case.data.get("split"):
        return False
    said = queries.words_of(db, case.id)
    if case.side in (INSIDE, OUTSIDE) and not any(cue in said for cue in cues):
        return False
    both = parties.asked(db, case, now).of_each_side()
    if both is None:
        return False
    sides = zip(both, (INSIDE, OUTSIDE), strict=True)
    open_shares(db, case, [(unit, side) for unit, side in sides], actor=Actor.system(), now=now)
    return True


def open_shares(
    db: Connection,
    whole: Row[Any],
    bodies: Sequence[tuple[UnitScope | int, str]],
    *,
    actor: Actor,
    now: datetime,
) -> list[Row[Any]]:
    """One sub-case a body: a unit, or the id of a person. The leader of the place answers for those of units
    until they accept, and reads once how it was divided."""
    leader = whole.owner_id or _leader(db, whole, now)
    opened = []
    for body, side in bodies:
        unit = body if isinstance(body, UnitScope) else None
        owner = leader if unit is not None else int(body)  # type: ignore[arg-type]
        share = Share(unit.id if unit else None, owner, side)
        opened.append(parts.open_part(db, whole, share, actor=actor, now=now))
    parts.split(db, whole, opened, actor=actor, now=now)
    _tell_whole(db, whole, leader, now)
    for part in opened:
        _tell_part(db, part, now)
    return opened


def _leader(db: Connection, case: Row[Any], now: datetime) -> int | None:
    found = parties.asked(db, case, now).parties()
    return next((one.person_id for one in found if one.person_id is not None), None)


def _tell_whole(db: Connection, whole: Row[Any], leader: int | None, now: datetime) -> None:
    fresh = queries.case(db, whole.id)
    text = words.split_card(voice.called(fresh, shared=True), fresh.number, standing.parts(db, whole.id))
    if leader is None:
        notices.tell_admins(db, whole.community_id, text, now, fresh)
    elif fresh.first_told_at is None:
        notices.tell(db, fresh, leader, grid.name_of(db, leader), now, text=text)
    else:
        notices.card(db, fresh, text, "split", now, voice.leader_buttons(db, fresh, leader))


def _tell_part(db: Connection, part: Row[Any], now: datetime) -> None:
    unit = dispatching.unit_of(db, part.community_id, part.unit_id)
    if unit is not None:
        dispatching.tell_unit(db, part, unit, now)
    elif part.owner_id is not None:
        notices.tell(db, part, part.owner_id, grid.name_of(db, part.owner_id), now)
    dispatching.start_clock(db, part, now)


# --- the shares make up the whole ----------------------------------------------------------------


def taken(db: Connection, part: Row[Any], now: datetime) -> None:
    """Somebody took a share: the whole is in hand, and its card says so."""
    parts.begun(db, part, now=now)
    if part.parent_id is not None:
        notices.refresh_card(db, queries.case(db, part.parent_id), now)


def done(db: Connection, part: Row[Any], now: datetime, *, event: int, tapped: bool) -> None:
    """A share is done; after the last one the reporter is asked, once."""

    timers.cancel_all(db, actions.subject(part.id))
    fresh = queries.case(db, part.id)
    settled = parts.settle(db, fresh, now=now) if shares.is_body(fresh) else None
    whole = queries.case(db, part.parent_id)
    text = words.part_done(
        voice.called(fresh, shared=True), fresh.number, whole=whole.number if settled else None
    )
    undo = voice.undo_button(db, fresh, fresh.owner_id, event, now) if tapped else []
    notices.card(db, fresh, text, "part-done", now, undo)
    if settled is not None:
        endings.after_done(db, whole.id, now, event=settled[1], tapped=tapped)
    else:
        notices.refresh_card(db, whole, now)


def gone(db: Connection, part: Row[Any], now: datetime) -> None:
    """A share was withdrawn: the others may be all there is."""
    settled = parts.settle(db, part, now=now) if shares.is_body(part) else None
    if settled is not None:
        endings.after_done(db, settled[0].id, now, event=settled[1], tapped=False)


def ask_for_rest(db: Connection, case: Row[Any], actor: Actor, now: datetime) -> bool:
    """办好了 said of a whole of which shares (or households) are open: asked back. False: nothing is open."""
    left = parts.open_bodies(db, case.id)
    done_, total = case.data.get("households") or (0, 0)
    if not left and done_ >= total:
        return False
    what = voice.called(case, shared=True)
    if left:
        ids = {one.number for one in left}
        open_ones = [one for one in standing.parts(db, case.id) if one[1] in ids]
        text = words.whole_waits(what, case.number, open_ones)
    else:
        text = words.households_wait(what, case.number, total - done_)
    if actor.person is not None:
        buttons = [_both(db, case, actor)]
        voice.leader_card(db, case, actor.person, text, purpose="parts-open", now=now, buttons=buttons)
    return True


def _both(db: Connection, case: Row[Any], actor: Actor) -> list[Button]:
    return [
        outbox.button(
            db, text, action, community_id=case.community_id, case_id=case.id, person_id=actor.person
        )
        for text, action in ((words.ALL_MENDED, "case:all_mended"), (words.NOT_ALL, "case:back"))
    ]


def finish_all(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> None:
    """都好了: the leader answers for the shares that are still open, and for the households."""
    for part in parts.open_bodies(db, case.id):
        actions.finish(db, part, actor=actor, now=now)

        timers.cancel_all(db, actions.subject(part.id))
        notices.card(
            db,
            part,
            words.part_done(voice.called(part, shared=True), part.number, whole=case.number),
            "part-done",
            now,
            [],
        )
    if case.data.get("households"):
        total = case.data["households"][1]
        actions.note(db, case, households=[total, total])
