"""派单卡 on paper: one A4 page for a unit without account. `?unit=` names it; else the unit the case is with.

It holds nothing that would have to be masked by role: no words of the resident, no door, no name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gridbot.cases import queries
from gridbot.desk import dispatching
from gridbot.grid import queries as grid
from gridbot.grid.rules import UnitScope
from gridbot.web import board
from gridbot.web.server import render

Read = Callable[[], AbstractContextManager[Connection]]
Scope = Callable[[Request], Collection[int] | None]


def endpoint(read: Read, scope: Scope) -> Callable[[Request], Any]:
    """404 for a case of a community the request may not see, and for a unit the directory does not know."""

    async def page(request: Request) -> Response:
        asked = request.query_params.get("unit", "")

        def look() -> dict[str, Any]:
            with read() as db:
                return _look(db, scope(request), request.path_params["case"], asked)

        return render("dispatch.html", **await run_in_threadpool(look))

    return page


def _look(db: Connection, allowed: Collection[int] | None, case_id: int, asked: str) -> dict[str, Any]:
    for place in board.communities_seen(db, allowed):
        case = queries.in_community(db, place.id, case_id)
        if case is None or case.number is None:
            continue
        units = grid.units_for(db, place.id, case.types, case.side)
        unit = _chosen(units, asked, case.unit_id)
        if asked and unit is None:
            raise HTTPException(404)
        card = dispatching.card_of(db, case, unit.name if unit else "")
        return {"card": card, "unit": unit, "units": units, "case": case_id}
    raise HTTPException(404)


def _chosen(units: list[UnitScope], asked: str, with_unit: int | None) -> UnitScope | None:
    if asked:
        return next((one for one in units if str(one.id) == asked), None)
    return next((one for one in units if one.id == with_unit), units[0] if units else None)
