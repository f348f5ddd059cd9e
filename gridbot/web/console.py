"""The console: what is being done, by whom, until when; and one case from the first word to the last.

It only reads. `guard` says who may look, `scope` which communities they see: sign-in will bring both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gridbot.web import board, casefile, dispatchpage, times
from gridbot.web.server import Guard, guarded, render

Read = Callable[[], AbstractContextManager[Connection]]
Scope = Callable[[Request], Collection[int] | None]
"""The communities a request may see; None: all."""

STATES = {
    "gathering": "刚听到",
    "waiting": "等人接",
    "accepted": "在办",
    "done": "等居民看",
    "closed": "已办结",
    "withdrawn": "撤了",
    "merged": "并案",
}
FILTERS = {**STATES, board.OPEN: "没办完", board.OVERDUE: "超时", board.ALL: "全部"}
MOVES = {
    "opened": "立案",
    "added": "补充",
    "seconded": "有人附议",
    "placed": "定了地方",
    "retyped": "改了类型",
    "notified": "告诉负责人",
    "accepted": "接了",
    "progress": "有进展",
    "done": "说办好了",
    "confirmed": "说好了",
    "better": "说好一点",
    "reopened": "说还没好",
    "handed_over": "转办",
    "escalated": "上报",
    "bounced": "说不归他管",
    "reassigned": "改派",
    "withdrawn": "撤回报事",
    "closed": "收起",
    "undone": "撤回刚才那步",
    "reminded": "提醒",
    "merged": "并入别的案子",
    "viewed": "看过门牌",
    "passed_over": "联系不上,找了下一位",
    "paused": "暂缓",
    "resumed": "接着办",
    "tabled": "列入例会",
    "outcome": "例会结果",
    "stage_done": "这一步办了",
    "overdue": "过了时限",
    "followed": "网格并了,归上一级",
}
ROLES = {
    "stranger": "居民",
    "resident": "居民",
    "leader": "网格长",
    "deputy": "副网格长",
    "liaison": "联络员",
    "unit": "单位",
    "admin": "管理员",
    "system": "网格助手",
}
OUTCOMES = {
    "waiting": "等着发",
    "held": "到时候发",
    "claimed": "正在发",
    "sent": "已送到",
    "failed": "没送到",
    "dropped": "没有发",
}


def _utcnow() -> datetime:
    return datetime.now(UTC)


def console_routes(
    read: Read,
    *,
    titles: Mapping[str, str],
    guard: Guard | None = None,
    scope: Scope | None = None,
    now: Callable[[], datetime] = _utcnow,
) -> list[Route]:
    """`titles`: issue type → its name; `read` opens a connection that only reads."""
    console = _Console(read, titles, scope or (lambda _request: None), now)
    return [
        Route("/console", guarded(console.cases, guard)),
        Route("/console/cases/{case:int}", guarded(console.case, guard)),
        Route(
            "/console/cases/{case:int}/dispatch", guarded(dispatchpage.endpoint(read, console.scope), guard)
        ),
    ]


class _Console:
    def __init__(
        self, read: Read, titles: Mapping[str, str], scope: Scope, now: Callable[[], datetime]
    ) -> None:
        self._read, self._titles, self._scope, self._now = read, titles, scope, now
        self.scope = scope

    async def cases(self, request: Request) -> Response:
        which = request.query_params.get("state", board.OPEN)
        if which not in FILTERS:
            raise HTTPException(404)
        now = self._now()

        def look() -> dict[str, Any]:
            with self._read() as db:
                shown = self._place(db, request)
                place = shown["place"]
                if place is None:
                    return shown | {"entries": [], "counts": dict.fromkeys(board.FILTERS, 0)}
                entries = board.entries(db, place.id, which, self._titles, now=now)
                return shown | {"entries": entries, "counts": board.counts(db, place.id, now=now)}

        shown = await run_in_threadpool(look)
        return self._answer(request, "cases.html", now, which=which, most=board.MOST, **shown)

    async def case(self, request: Request) -> Response:
        now = self._now()

        def look() -> dict[str, Any]:
            with self._read() as db:
                for place in board.communities_seen(db, self._scope(request)):
                    found = casefile.file(db, place.id, request.path_params["case"], self._titles, now=now)
                    if found is not None:
                        return {"place": place, "file": found, "entry": found.entry}
            raise HTTPException(404)

        return self._answer(request, "case.html", now, **await run_in_threadpool(look))

    def _place(self, db: Connection, request: Request) -> dict[str, Any]:
        places = board.communities_seen(db, self._scope(request))
        place = board.pick(places, request.query_params.get("community", ""))
        if place is None and places:
            raise HTTPException(404)
        return {"places": places, "place": place}

    def _answer(self, request: Request, template: str, now: datetime, **shown: Any) -> Response:
        """The page, or for `?part` what changes in it; 304 while it has not changed."""
        zone = shown["place"].zone if shown.get("place") else UTC
        page = render(
            template,
            part="part" in request.query_params,
            moment=lambda at: times.moment(at, now, zone),
            span=lambda at: times.span(now - at),
            states=STATES,
            filters=FILTERS,
            moves=MOVES,
            roles=ROLES,
            outcomes=OUTCOMES,
            now=now,
            **shown,
        )
        tag = f'"{hashlib.sha256(bytes(page.body)).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return HTMLResponse(status_code=304, headers={"etag": tag})
        page.headers["etag"] = tag
        return page
