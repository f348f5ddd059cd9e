"""The weekly lines, each from a timer of its community that sets itself anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import chain
from gridbot.grid.checkup import checkup
from gridbot.grid.contacts import contacts
from gridbot.messages import Outgoing, Urgency
from gridbot.services import audience
from gridbot.services.echo import queries
from gridbot.services.echo.rules import ALIVE, ECHO, Weekly, areas, still_sensible
from gridbot.store import outbox, timers
from gridbot.store.tables import chats, communities
from gridbot.store.tables import timers as timer_table
from gridbot.texts import echo as words
from gridbot.texts.privacy import anchor_line

MODULE = "echo"
GROUPS, ADMINS = "echo:groups", "echo:admins"
WEEK = timedelta(days=7)
_USUAL: Mapping[str, tuple[str, Weekly]] = {GROUPS: ("echo", ECHO), ADMINS: ("alive", ALIVE)}


def start(db: Connection, *, now: datetime) -> None:
    """The next moment of each community, moved where its settings were changed."""
    for community_id in db.execute(sa.select(communities.c.id)).scalars():
        for kind in _USUAL:
            _set(db, kind, audience.community(db, community_id), now)


def _set(db: Connection, kind: str, home: audience.Community, now: datetime) -> None:
    """What is due and not yet said stays due: a start does not put it off."""
    subject = f"community:{home.id}"
    known = db.execute(
        sa.select(timer_table.c.due_at).where(timer_table.c.kind == kind, timer_table.c.subject == subject)
    ).scalar()
    if known is not None and known <= now:
        return
    due = _weekly(kind, home).next_after(now, home.zone)
    timers.set_timer(db, kind, subject, due.astimezone(UTC), community_id=home.id)


def _weekly(kind: str, home: audience.Community) -> Weekly:
    name, usual = _USUAL[kind]
    given = home.settings.get(name)
    return usual.with_(given if isinstance(given, Mapping) else {})


def groups_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """Each residents' group reads of its own grid; where nothing was, nothing is said."""
    home = _home(db, timer)
    _set(db, GROUPS, home, now)
    if not _weekly(GROUPS, home).on or not still_sensible(timer.due_at, now):
        return
    names = queries.place_names(db, home.id)
    for chat_id in audience.groups(db, home.id, None, module=MODULE):
        node = db.execute(sa.select(chats.c.node_id).where(chats.c.id == chat_id)).scalar()
        found = queries.week(db, home.id, node, timer.due_at - WEEK, timer.due_at, public=True)
        if not (found.reported or found.mended):
            continue
        text = words.week(found.reported, areas(found.places, names), found.mended, found.working)
        _say(db, home.id, chat_id, text, "echo", now)


def admins_due(db: Connection, timer: Any, *, now: datetime) -> None:
    """I am alive, what there was, and what is not in order: said every week, for silence says nothing."""
    home = _home(db, timer)
    _set(db, ADMINS, home, now)
    if not _weekly(ADMINS, home).on or not still_sensible(timer.due_at, now):
        return
    since = timer.due_at - WEEK
    found = queries.week(db, home.id, None, since, timer.due_at, public=False)
    lines = [words.alive(found.reported, found.mended, found.working, queries.groups(db, home.id))]
    troubles = _troubles(db, home.id, since, now)
    lines.append(words.look_after(troubles) if troubles else words.all_well())
    if end := chain.anchor(db, home.id):
        lines.append(anchor_line(end))
    for admin in audience.admins(db, home.id):
        _say(db, home.id, admin.chat_id, "\n".join(lines), "alive", now)


def _troubles(db: Connection, community_id: int, since: datetime, now: datetime) -> list[str]:
    found = checkup(db, community_id, now)
    known: tuple[tuple[int, Callable[[int], str]], ...] = (
        (queries.unhandled(db, community_id), words.unhandled),
        (queries.undelivered(db, community_id, since), words.undelivered),
        (queries.overdue(db, community_id, now), words.overdue),
        (len(found.unreached), words.unreached),
        (len(found.without_leader), words.without_leader),
        (len(found.not_seen), words.groups_out),
    )
    said = [say(count) for count, say in known if count]
    said += [words.one_admin()] if found.admins == 1 else []
    return said + ([] if contacts(db, community_id) else [words.no_contacts()])


def _home(db: Connection, timer: Any) -> audience.Community:
    return audience.community(db, int(str(timer.subject).partition(":")[2]))


def _say(db: Connection, community_id: int, chat_id: int, text: str, purpose: str, now: datetime) -> None:
    outbox.say(
        db,
        chat_id=chat_id,
        payload=Outgoing(text=text, silent=True),
        community_id=community_id,
        purpose=purpose,
        now=now,
        urgency=Urgency.BULK,
    )


DUE: Mapping[str, Callable[..., None]] = {GROUPS: groups_due, ADMINS: admins_due}
