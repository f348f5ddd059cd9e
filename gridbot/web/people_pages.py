"""The other pages of the console: 三率, 例会和值班, 人员, 谁看过, 保存期限."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gridbot.almanac.periods import moments, period
from gridbot.cases import retention, views, waiting
from gridbot.cases.facts import facts
from gridbot.cases.rates import Fact, Formula, Rate, Rates, rates, under
from gridbot.desk import admin_cases, meetings
from gridbot.desk.admin_people import held
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, LEADERS
from gridbot.grid import duty
from gridbot.grid import queries as grid
from gridbot.grid.tree import load_tree
from gridbot.messages import OPEN_STATES, Role
from gridbot.store.tables import cases, places
from gridbot.texts import privacy as privacy_words
from gridbot.texts import rates as rates_words
from gridbot.web.session import MAY_LOOK, Viewer

if TYPE_CHECKING:
    from gridbot.web.console import Console

PERIODS = ("本周", "上周", "本月", "上月", "今年")
MONTHS = 6  #: of the trend
MOST_LOOKS = 300


def pages_routes(console: Console) -> list[Route]:
    page, seen_by = _Pages(console), console.doors.seen_by
    return [
        Route("/console/rates", seen_by(page.rates, roles=LEADERS)),
        Route("/console/agenda", seen_by(page.agenda, roles=MAY_LOOK - {Role.OFFICER})),
        Route("/console/people", seen_by(page.people, roles=LEADERS)),
        Route("/console/views", seen_by(page.views, roles=ADMINS)),
        Route("/console/keeping", seen_by(page.keeping, roles=ADMINS)),
    ]


class _Pages:
    def __init__(self, console: Console) -> None:
        self._console = console

    async def _answer(self, request: Request, viewer: Viewer, template: str, work: Any) -> Response:
        if not viewer.place.id:
            raise HTTPException(404)
        shown = await self._console.look(viewer, work)
        return self._console.answer(request, viewer, template, **shown)

    async def rates(self, request: Request, viewer: Viewer) -> Response:
        said = request.query_params.get("period", "本月")
        if said not in PERIODS:
            raise HTTPException(404)
        titles = self._console.titles
        return await self._answer(request, viewer, "rates.html", lambda h: _figures(h, said, titles))

    async def agenda(self, request: Request, viewer: Viewer) -> Response:
        return await self._answer(request, viewer, "agenda.html", _agenda)

    async def people(self, request: Request, viewer: Viewer) -> Response:
        return await self._answer(request, viewer, "people.html", _people)

    async def views(self, request: Request, viewer: Viewer) -> Response:
        def work(h: Hearing) -> dict[str, Any]:
            looks = views.of_community(h.db, h.community_id, most=MOST_LOOKS)
            return {"looks": looks, "words": privacy_words, "most": MOST_LOOKS}

        return await self._answer(request, viewer, "views.html", work)

    async def keeping(self, request: Request, viewer: Viewer) -> Response:
        return await self._answer(request, viewer, "keeping.html", _keeping)


# --- 三率 ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its name, n of how many, and how it is counted."""

    name: str
    rate: Rate
    how: str
    more: str = ""


def _figures(h: Hearing, said: str, titles: Any) -> dict[str, Any]:
    settings = grid.settings_of(h.db, h.community_id)
    zone, formula = settings.zone, Formula.read(settings.rates)
    today = h.now.astimezone(zone).date()
    found = period(said, today)
    assert found is not None
    _, first, after = found
    mine = _own(h, facts(h.db, h.community_id, *moments(first, after, zone)))
    total = rates(mine, h.now, formula)
    twice = formula.asked_twice_satisfies
    return {
        "period": said,
        "periods": PERIODS,
        "total": total,
        "lines": _lines(total),
        "kinds": _by_kind(mine, titles, h.now, formula),
        "trend": _trend(h, today, zone, formula),
        "definitions": rates_words.definitions(partly=formula.partly_solves, twice=twice),
        "spans": _spans(total),
        "days": f"{first:%-m月%-d日}到{after - timedelta(days=1):%-m月%-d日}",
    }


def _own(h: Hearing, everything: list[Fact]) -> list[Fact]:
    """All to an admin; to a leader the grids he holds and what lies under them, each case once."""
    if Role.ADMIN in h.roles:
        return everything
    tree, nodes = load_tree(h.db, h.community_id), admin_cases.nodes_of(h)
    paths = [tree.by_id[node].path for node in nodes]
    return list({one.number: one for path in paths for one in under(everything, path)}.values())


def _lines(total: Rates) -> list[Line]:
    return [
        Line("响应率", total.response, "时限内有人接 ÷ 该接的", rates_words.pending(total.pending)),
        Line("解决率", total.solution, "最后一句说好了 ÷ 回了话的"),
        Line("满意率", total.satisfaction, "一次就说好了 ÷ 回了话的"),
        Line("未回访", total.unanswered, "没回话的 ÷ 问过的", rates_words.asking(total.asking)),
        Line("没出本级", total.at_home, "在哪级报、在哪级办结 ÷ 办结的"),
        Line("自报自办", total.own, "自己报自己说办好的 ÷ 说办好的"),
    ]


def _by_kind(mine: list[Fact], titles: Any, now: datetime, formula: Formula) -> list[tuple[str, Rates]]:
    """By issue type, the most frequent first; what is private counts together."""
    groups: dict[str, list[Fact]] = {}
    for one in mine:
        kind = "不公开的" if one.private else titles.get(one.types[0], one.types[0]) if one.types else "别的"
        groups.setdefault(kind, []).append(one)
    counted = [(kind, rates(group, now, formula)) for kind, group in groups.items()]
    return sorted(counted, key=lambda pair: (-pair[1].cases, pair[0]))


def _trend(h: Hearing, today: date, zone: Any, formula: Formula) -> list[tuple[str, Rates]]:
    """The last months, the oldest first; only those since something was reported."""
    months: list[tuple[str, Rates]] = []
    first = today.replace(day=1)
    for _ in range(MONTHS):
        after = (first + timedelta(days=32)).replace(day=1)
        mine = _own(h, facts(h.db, h.community_id, *moments(first, after, zone)))
        months.append((f"{first.month}月", rates(mine, h.now, formula)))
        first = (first - timedelta(days=1)).replace(day=1)
    months.reverse()
    while len(months) > 1 and not months[0][1].cases:
        months.pop(0)
    return months


def _spans(total: Rates) -> list[tuple[str, str]]:
    lengths = (("接手", total.until_taken), ("办好", total.until_done), ("办结", total.until_closed))
    return [(name, rates_words.length(one.total_seconds() / 60)) for name, one in lengths if one is not None]


# --- 例会和值班 ----------------------------------------------------------------------------------


def _agenda(h: Hearing) -> dict[str, Any]:
    zone = grid.settings_of(h.db, h.community_id).zone
    today = h.now.astimezone(zone).date()
    listed = []
    for one in meetings.all_of(h.db, h.community_id):
        on_it = admin_cases.visible(h, waiting.on_agenda(h.db, h.community_id, one.id))
        listed.append((one, meetings.day_of(one, h.now, zone), on_it))
    return {"meetings": listed, "duties": duty.listed(h.db, h.community_id, today), "today": today}


# --- 人员 ----------------------------------------------------------------------------------------

_IN_HAND = (
    sa.select(cases.c.owner_id, sa.func.count().label("n"))
    .where(
        cases.c.community_id == sa.bindparam("of_community"),
        cases.c.state.in_([state.value for state in OPEN_STATES]),
        cases.c.owner_id.is_not(None),
    )
    .group_by(cases.c.owner_id)
)
_PLACES = (
    sa.select(places.c.name, places.c.node_id)
    .where(places.c.community_id == sa.bindparam("of_community"))
    .order_by(places.c.id)
)


def _people(h: Hearing) -> dict[str, Any]:
    """Who holds what, who cannot be reached, and what nobody looks after; a leader's own grids alone."""
    tree = load_tree(h.db, h.community_id)
    admin = Role.ADMIN in h.roles
    nodes = frozenset(node.id for node in tree.nodes) if admin else admin_cases.nodes_of(h)
    rows = [row for row in held(h.db, h.community_id, h.now) if admin or row.node_id in nodes]
    reached = grid.reached_people(h.db, h.community_id)
    in_hand = {row.owner_id: row.n for row in h.db.execute(_IN_HAND, {"of_community": h.community_id})}
    led = {node for node in nodes if grid.leaders_of(h.db, node, h.now)}
    names = {one.id: one.name for one in grid.unit_scopes(h.db, h.community_id)}
    orphans: dict[str, list[str]] = {}
    for place in h.db.execute(_PLACES, {"of_community": h.community_id}):
        if place.node_id in nodes and place.node_id not in led:
            orphans.setdefault(tree.by_id[place.node_id].path, []).append(place.name)
    offices = [
        {
            "name": row.name,
            "role": row.role,
            "where": tree.by_id[row.node_id].path
            if row.node_id in tree.by_id
            else names.get(row.unit_id, ""),
            "reached": row.person_id in reached,
            "absent": row.absent_until if row.absent_until and row.absent_until > h.now else None,
            "in_hand": in_hand.get(row.person_id, 0),
        }
        for row in rows
    ]
    return {
        "offices": sorted(offices, key=lambda one: (one["reached"], one["where"], one["name"])),
        "unreached": sum(not one["reached"] for one in offices),
        "nobody": [tree.by_id[node].path for node in sorted(nodes - led) if node in tree.by_id],
        "orphans": orphans,
    }


# --- 保存期限 ------------------------------------------------------------------------------------


def _keeping(h: Hearing) -> dict[str, Any]:
    """What would go today, and after how many days each kind goes: nothing is taken by looking."""
    due = {one.kind: one for one in retention.due(h.db, now=h.now) if one.community_id == h.community_id}
    return {"days": retention.periods(grid.settings_of(h.db, h.community_id).retention), "due": due}
