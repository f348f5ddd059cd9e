"""例会材料 and 月报 from the console: to read on the page's own words, to take away as picture or workbook.

What is taken away is on record as an export (谁看过). The figures are those of the chat: the same functions
make them, with the rights of whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gridbot.almanac.periods import moments, period
from gridbot.cases import views
from gridbot.desk import admin_packs
from gridbot.desk.context import Hearing
from gridbot.desk.packs import Made
from gridbot.desk.registry import LEADERS
from gridbot.grid.tree import load_tree
from gridbot.messages import Actor, Role, Sheet
from gridbot.web.session import Viewer

if TYPE_CHECKING:
    from gridbot.web.console import Console

READERS = LEADERS | {Role.OFFICER}
WEEK, MONTH = "week", "month"
PERIODS = {WEEK: ("本周", "上周"), MONTH: ("上月", "本月")}
REPORT = "report"  #: what the record of exports calls it


@dataclass(frozen=True, slots=True)
class Form:
    """How a sheet is taken away."""

    suffix: str
    media: str
    make: Callable[[Made], bytes]


def _picture(made: Made) -> bytes:
    from gridbot import pictures

    return pictures.draw(made[1])


def _workbook(made: Made) -> bytes:
    from gridbot import workbook

    return workbook.write(made[1])


FORMS = {
    "xlsx": Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
    "png": Form("png", "image/png", _picture),
    "text": Form("txt", "text/plain; charset=utf-8", lambda made: made[0].encode()),
}


def report_routes(console: Console) -> list[Route]:
    page, seen_by = _Reports(console), console.doors.seen_by
    return [
        Route("/console/reports", seen_by(page.show, roles=READERS)),
        Route("/console/reports/take", seen_by(page.take, roles=READERS), methods=["POST"]),
    ]


class _Reports:
    def __init__(self, console: Console) -> None:
        self._console = console

    async def show(self, request: Request, viewer: Viewer) -> Response:
        """The sheet asked for, as tables; by default the week for whoever leads, the month for an officer."""
        asked = request.query_params
        kind = asked.get("kind", WEEK if viewer.roles & LEADERS else MONTH)
        said, node = asked.get("period", PERIODS.get(kind, ("",))[0]), asked.get("node", "")
        made, nodes = await self._console.look(
            viewer, lambda h: (_made(h, viewer, kind, said, node), _nodes(h))
        )
        shown = {"kind": kind, "period": said, "node": node, "nodes": nodes, "periods": PERIODS}
        return self._console.answer(
            request,
            viewer,
            "reports.html",
            sheet=made[1],
            forms=FORMS,
            weekly=bool(viewer.roles & LEADERS),
            **shown,
        )

    async def take(self, request: Request, viewer: Viewer) -> Response:
        asked = {name: str(value) for name, value in (await request.form()).items()}
        form = FORMS.get(asked.get("format", ""))
        if form is None:
            raise HTTPException(404)
        made = await self._console.look(
            viewer,
            lambda h: _made(h, viewer, asked.get("kind", ""), asked.get("period", ""), asked.get("node", "")),
        )
        await self._console.doors.write(lambda db: self._note(db, viewer))
        body = await run_in_threadpool(form.make, made)
        name = quote(f"{_name(made[1])}.{form.suffix}")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(body, media_type=form.media, headers=headers)

    def _note(self, db: Connection, viewer: Viewer) -> None:
        role = next((one for one in Role if one in viewer.roles & READERS), Role.ADMIN)
        actor = Actor(viewer.person, role, viewer.name)
        now = self._console.doors.now()
        views.exported(db, viewer.place.id, REPORT, actor=actor, now=now, how=views.CONSOLE)


def _name(sheet: Sheet) -> str:
    return f"{sheet.title} {sheet.period}".replace("/", "-")


def _nodes(h: Hearing) -> list[str]:
    """Paths of the grids he may ask for."""
    tree = load_tree(h.db, h.community_id)
    own = admin_packs.own(h, tree) if h.roles & LEADERS else []
    return [one.path for node in own for one in (node, *tree.descendants(node.id))]


def _made(h: Hearing, viewer: Viewer, kind: str, said: str, node: str) -> Made:
    """404 for what is no period, for a grid that is not his, and for a week to who does not lead."""
    found: Any = None
    nodes = admin_packs.grids(h, node) if h.roles & LEADERS else []
    today = h.now.astimezone(h.knows.settings.zone).date()
    if kind == WEEK and nodes and (span := period(said, today)) is not None:
        since, until = moments(span[1], span[2], h.knows.settings.zone)
        found = admin_packs.weeks(h, nodes[:1], since, min(until, h.now))
    elif kind == MONTH and (month := admin_packs.a_month(said, today)) is not None and (nodes or not node):
        found = admin_packs.months(h, month, nodes[:1] if node else None)
    if not found:
        raise HTTPException(404)
    made: Made = found[0]
    return made
