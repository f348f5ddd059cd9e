"""例会材料 and 月报 put together and sent: asked for, at their hour of the week, on the first of the month.

The week's pack goes to the leaders of a grid in private, by day, and only where there is something to talk
of. A month's figures go to the admins when the units named in them have had their look, and to the officer
(街道) over several communities on one sheet when all of these have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.almanac import local_time
from gridbot.almanac.periods import moments
from gridbot.cases import deadlines
from gridbot.cases.rates import Formula
from gridbot.desk import digest
from gridbot.desk.context import Desk
from gridbot.grid import queries as grid
from gridbot.grid.settings import SettingsView
from gridbot.grid.tree import Node, load_tree
from gridbot.messages import Outgoing, Role, Sheet, Urgency
from gridbot.services.echo.rules import still_sensible
from gridbot.services.packs import month, previews, queries, week
from gridbot.services.packs.rules import Plan
from gridbot.store import outbox, timers
from gridbot.store.tables import communities, holdings, identities
from gridbot.texts import packs as words

WEEK, MONTH, FIGURES, OFFICER = "pack:week", "pack:month", "pack:figures", "pack:officer"
TOGETHER = timedelta(minutes=5)  #: what several communities finish within it is one sheet to their officer
Made = tuple[str, Sheet]


# --- put together --------------------------------------------------------------------------------


def titles(desk: Desk, db: Connection, community_id: int) -> dict[str, str]:
    """The issue types of a community and their names."""
    version = db.execute(
        sa.select(communities.c.version).where(communities.c.id == community_id)
    ).scalar_one()
    packs = desk.knows(db, community_id, version).packs
    return {kind: one.title for kind, one in packs.types.items()}


def weekly(
    db: Connection,
    community_id: int,
    node_id: int | None,
    since: datetime,
    until: datetime,
    *,
    names: Mapping[str, str],
    now: datetime,
) -> tuple[Made, bool]:
    """例会材料 of a grid (None: of the community), and whether there is anything to talk of."""
    settings = grid.settings_of(db, community_id)
    plan = Plan.read(settings.packs)
    part = queries.part_of(db, community_id, node_id)
    found = queries.week(db, community_id, part, since, until, titles=names, plan=plan, now=now)
    more: dict[str, Any] = {"now": now, "zone": settings.zone}
    made = week.text(found, since, until, plan, **more), week.sheet(found, since, until, plan, **more)
    return made, week.anything(found, now, plan)


def monthly(
    db: Connection,
    community_ids: Sequence[int],
    node_id: int | None,
    span: tuple[str, date, date],
    *,
    names: Mapping[str, str],
    now: datetime,
) -> Made:
    """月报 of one community, of a grid in it, or (several) of each community as one line."""
    name, first, after = span
    settings = grid.settings_of(db, community_ids[0])
    rows: list[month.Row] = []
    for one in community_ids:
        part = queries.part_of(db, one, node_id)
        facts = queries.month(db, one, part, *moments(first, after, grid.settings_of(db, one).zone))
        if len(community_ids) > 1:
            rows.append(month.Row(part.name, facts))
        else:
            parts = [(node.name, node.path) for node in part.grids]
            rows = month.rows_of(parts, facts, words.rest_of(part.name))
    lines, note = _units(db, community_ids, first, now) if node_id is None else ([], "")
    made = month.sheet(
        part.name if len(community_ids) == 1 else words.several(len(community_ids)),
        name,
        rows,
        titles=names,
        formula=Formula.read(settings.rates),
        now=now,
        units=lines,
        of=words.GRID if len(community_ids) == 1 else words.COMMUNITY,
        note=note,
    )
    return month.text(made), made


def _units(
    db: Connection, community_ids: Sequence[int], first: date, now: datetime
) -> tuple[list[month.UnitLine], str]:
    """The units' lines that may go out; else a note on when they will."""
    lines: list[month.UnitLine] = []
    waits: list[str] = []
    for one in community_ids:
        found = previews.lines(db, one, first, now)
        if len(community_ids) > 1:
            name = queries.part_of(db, one).name
            found = [month.UnitLine(f"{x.unit}({name})", x.handled, x.closed, x.note) for x in found]
        lines += found
        until = previews.waits_until(db, one, first, now)
        if until is not None:
            waits.append(previews.moment(until, grid.settings_of(db, one).zone))
    return lines, words.unit_waits(max(waits)) if waits else ""


def send(
    db: Connection,
    community_id: int,
    chat_id: int,
    made: Made,
    *,
    purpose: str,
    now: datetime,
    due_at: datetime | None = None,
    urgency: Urgency = Urgency.BULK,
) -> None:
    """Text and picture with the same figures; it does not ring unless it was asked for."""
    text, sheet = made
    outbox.say(
        db,
        chat_id=chat_id,
        payload=Outgoing(text=text, sheet=sheet, silent=urgency is Urgency.BULK),
        community_id=community_id,
        purpose=purpose,
        now=now,
        urgency=urgency,
        due_at=due_at,
    )


# --- at their hour -------------------------------------------------------------------------------


def start(db: Connection, *, now: datetime) -> None:
    """The timers of every community stand, moved where its settings were changed."""
    for community_id in db.execute(sa.select(communities.c.id)).scalars():
        settings = grid.settings_of(db, community_id)
        for kind, at in ((WEEK, _next_week(settings, now)), (MONTH, _next_month(settings, now))):
            known = timers.due_at(db, kind, _of(community_id))
            if known is None or known > now:  # what is due and not yet done stays due
                timers.set_timer(db, kind, _of(community_id), at, community_id=community_id)


def _of(community_id: int) -> str:
    return f"community:{community_id}"


def _id(timer: Row[Any]) -> int:
    return int(str(timer.subject).partition(":")[2])


def _next_week(settings: SettingsView, now: datetime) -> datetime:
    at = Plan.read(settings.packs).weekly.next_after(now, settings.zone)
    return deadlines.town(settings).reach(at)


def _next_month(settings: SettingsView, now: datetime) -> datetime:
    """The first of this month if that is still to come, else of the next."""
    plan, town = Plan.read(settings.packs), deadlines.town(settings)
    first = now.astimezone(settings.zone).date().replace(day=1)
    moments_ = (
        town.reach(local_time(day, plan.month_at, settings.zone)) for day in (first, _after_month(first))
    )
    return next(at for at in moments_ if at > now)


def _after_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def week_due(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Each grid that meets: its leaders read the seven days before today. Nothing to talk of: nothing is
    said, unless 零上报 is wanted."""
    community_id = _id(timer)
    settings = grid.settings_of(db, community_id)
    plan = Plan.read(settings.packs)
    timers.set_timer(db, WEEK, timer.subject, _next_week(settings, now), community_id=community_id)
    if not plan.weekly.on or not still_sensible(timer.due_at, now):
        return
    today = timer.due_at.astimezone(settings.zone).date()
    since, until = moments(today - timedelta(days=7), today, settings.zone)
    names = titles(desk, db, community_id)
    told: set[int] = set()
    for node in _meeting_grids(db, community_id, plan):
        readers = [one for one in _readers(db, node, now) if one not in told]
        if not readers:
            continue
        made, anything = weekly(db, community_id, node.id, since, until, names=names, now=now)
        if not anything and not plan.zero:
            continue
        for person in readers:
            told.add(person)
            _tell(db, community_id, person, made, "meeting-pack", now, settings)


def _meeting_grids(db: Connection, community_id: int, plan: Plan) -> list[Node]:
    """Those of the levels named; else those with grids under them, and the top. Parents first: who leads a
    grid and one under it reads of the larger one alone."""
    tree = load_tree(db, community_id)
    if plan.levels:
        return [node for node in tree.nodes if node.level in plan.levels]
    return [node for node in tree.nodes if node.depth == 0 or tree.children(node.id)]


def _readers(db: Connection, node: Node, now: datetime) -> list[int]:
    leaders = (party.person_id for party in grid.leaders_of(db, node.id, now))
    return [one for one in dict.fromkeys(leaders) if one is not None]


def _tell(
    db: Connection,
    community_id: int,
    person_id: int,
    made: Made,
    purpose: str,
    now: datetime,
    settings: SettingsView,
) -> None:
    """In private, in his hours; who cannot be reached there reads nothing."""
    chat = grid.private_chat_of(db, person_id)
    if chat is None:
        return
    wait = digest.waits(db, community_id, person_id, now, settings=settings)
    send(db, community_id, chat.id, made, purpose=purpose, now=now, due_at=wait[1] if wait else None)


def month_due(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """The month is over: units read their lines; the figures go out when they have had their time."""
    community_id = _id(timer)
    settings = grid.settings_of(db, community_id)
    plan = Plan.read(settings.packs)
    timers.set_timer(db, MONTH, timer.subject, _next_month(settings, now), community_id=community_id)
    if not plan.monthly:
        return
    after = timer.due_at.astimezone(settings.zone).date().replace(day=1)
    first = (after - timedelta(days=1)).replace(day=1)
    found = queries.handled(db, community_id, *moments(first, after, settings.zone))
    ahead = timedelta(hours=plan.preview_hours)
    out_at = previews.show(db, community_id, first, found, now=now, ahead=ahead) if found else now
    out_at = deadlines.town(settings).reach(out_at)
    data = {"month": first.isoformat()}
    timers.set_timer(db, FIGURES, timer.subject, out_at, community_id=community_id, data=data)


def figures_due(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """The admins read the month; the officers' sheet is looked at. A month without a report says nothing."""
    community_id = _id(timer)
    settings = grid.settings_of(db, community_id)
    first = date.fromisoformat(timer.data["month"])
    names = titles(desk, db, community_id)
    made = monthly(db, [community_id], None, span_of(first), names=names, now=now)
    if made[1].key[0][1] != 0:
        for person in grid.admins(db, community_id):
            _tell(db, community_id, person, made, "month", now, settings)
    for platform, user in officers(db, community_id):
        subject = f"{platform}:{user}"
        at = max(now + TOGETHER, timers.due_at(db, OFFICER, subject) or now)
        timers.set_timer(db, OFFICER, subject, at, community_id=None, data=timer.data)


def officer_due(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """One sheet over all his communities, once the last of them has its figures out."""
    platform, _, user = str(timer.subject).partition(":")
    under = communities_of(db, platform, user)
    first = date.fromisoformat(timer.data["month"])
    pending = [timers.due_at(db, FIGURES, _of(one)) for one in under]
    if any(pending):
        latest = max(at for at in pending if at is not None)
        timers.set_timer(
            db, OFFICER, timer.subject, max(latest, now) + TOGETHER, community_id=None, data=timer.data
        )
        return
    if not under:
        return
    person = grid.person_of(db, under[0], platform, user)
    if person is not None:
        made = monthly(db, under, None, span_of(first), names=names_of(desk, db, under), now=now)
        _tell(db, under[0], person, made, "month", now, grid.settings_of(db, under[0]))


def span_of(first: date) -> tuple[str, date, date]:
    return words.month_name(first.year, first.month), first, _after_month(first)


def names_of(desk: Desk, db: Connection, community_ids: Iterable[int]) -> dict[str, str]:
    """The issue types of several communities; where they differ the first one's name holds."""
    found: dict[str, str] = {}
    for one in community_ids:
        found = {**titles(desk, db, one), **found}
    return found


# --- the officer ---------------------------------------------------------------------------------

_OFFICES = (
    sa.select(identities.c.platform, identities.c.user, identities.c.community_id)
    .join(holdings, holdings.c.person_id == identities.c.person_id)
    .where(holdings.c.role == Role.OFFICER.value, holdings.c.until.is_(None))
    .order_by(identities.c.community_id)
)


def officers(db: Connection, community_id: int) -> list[tuple[str, str]]:
    """Accounts of who looks from above at this community: (platform, user)."""
    rows = db.execute(_OFFICES.where(identities.c.community_id == community_id))
    return list(dict.fromkeys((row.platform, row.user) for row in rows))


def communities_of(db: Connection, platform: str, user: str) -> list[int]:
    """The communities of this database to which an account was made officer: each by its own admin."""
    mine = _OFFICES.where(identities.c.platform == platform, identities.c.user == user)
    return list(dict.fromkeys(row.community_id for row in db.execute(mine)))
