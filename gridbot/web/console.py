"""The console: what is being done, by whom, until when; one case from the first word to the last; and the
same acts as in the chat, for whoever has the right to them.

`web.session` says who looks; what they may see is the chat's rule, asked in one place (`desk.console`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy import Connection, Row
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gridbot.cases.views import View
from gridbot.desk import console
from gridbot.desk.context import Desk, Hearing
from gridbot.texts import privacy as privacy_words
from gridbot.web import board, casefile, dispatchpage, names, times
from gridbot.web.login import login_routes
from gridbot.web.server import render
from gridbot.web.session import Doors, Viewer

if TYPE_CHECKING:
    from gridbot.web.posters import Draw

Read = Callable[[], AbstractContextManager[Connection]]
Scope = dispatchpage.Scope
SAID = "gridbot_said"
SAID_FOR = 60  #: seconds a line about what was done waits for the next page


def console_routes(
    doors: Doors, desk: Desk, *, titles: Mapping[str, str], poster: Draw | None = None
) -> list[Route]:
    """`titles`: issue type → its name. `poster`: makes a grid's poster, where there is 微信客服."""
    from gridbot.web.people_pages import pages_routes
    from gridbot.web.posters import poster_routes
    from gridbot.web.reports import report_routes

    desktop = Console(doors, desk, titles)
    return [
        Route("/console", doors.seen_by(desktop.cases)),
        Route("/console/cases/{case:int}", doors.seen_by(desktop.case)),
        Route("/console/cases/{case:int}/do", doors.seen_by(desktop.do), methods=["POST"]),
        Route("/console/cases/{case:int}/door", doors.seen_by(desktop.door), methods=["POST"]),
        Route("/console/cases/{case:int}/dispatch", doors.seen_by(desktop.dispatch)),
        *login_routes(doors),
        *pages_routes(desktop),
        *report_routes(desktop),
        *poster_routes(desktop, poster),
    ]


class Console:
    """What its pages share: who looks as a `Hearing`, and how a page is answered."""

    def __init__(self, doors: Doors, desk: Desk, titles: Mapping[str, str]) -> None:
        self.doors, self.desk, self.titles = doors, desk, titles
        self._said = TimestampSigner(doors.signing_key, salt="gridbot.said")
        self._sheet = dispatchpage.endpoint(doors.read, doors.scope)

    def hearing(self, db: Connection, viewer: Viewer, now: datetime) -> Hearing:
        return console.hearing(db, self.desk, viewer.place.id, viewer.person, now, roles=viewer.roles)

    async def look(self, viewer: Viewer, work: Callable[[Hearing], Any]) -> Any:
        """`work` on a connection that only reads. 404 where there is no community yet."""
        if not viewer.place.id:
            raise HTTPException(404)

        def task() -> Any:
            with self.doors.read() as db:
                return work(self.hearing(db, viewer, self.doors.now()))

        return await run_in_threadpool(task)

    # --- the board --------------------------------------------------------------------------------

    async def cases(self, request: Request, viewer: Viewer) -> Response:
        if viewer.figures_only:
            return RedirectResponse("/console/reports", 303)
        query = request.query_params
        which = query.get("state", board.OPEN)
        if which not in board.FILTERS:
            raise HTTPException(404)
        if (number := query.get("number", "")).isdecimal() and len(number) <= 7:
            return await self._numbered(viewer, int(number))
        asked = board.Asked.read(query)
        seen = await self.look(viewer, lambda h: board.entries(h, self.titles)) if viewer.place.id else []
        listed = [one for one in seen if asked.fits(one)]
        return self.answer(
            request,
            viewer,
            "cases.html",
            which=which,
            asked=asked,
            entries=[one for one in listed if board.fits(one, which)][: board.MOST],
            counts=board.counts(listed),
            most=board.MOST,
            columns=board.COLUMNS if which == board.OPEN else {},
            kinds={kind: self.titles.get(kind, kind) for one in seen for kind in one.kinds},
            grids=sorted({one.path for one in seen if one.path}),
            any_private=any(one.private for one in seen),
            link=_linker(query),
        )

    async def _numbered(self, viewer: Viewer, number: int) -> Response:
        """Straight to the case of a number, if there is one he may see."""
        from gridbot.desk.admin_cases import numbered

        found = await self.look(viewer, lambda h: numbered(h, number)) if viewer.place.id else None
        if found is None:
            raise HTTPException(404)
        more = f"?community={viewer.place.id}" if len(viewer.places) > 1 else ""
        return RedirectResponse(f"/console/cases/{found.id}{more}", 303)

    # --- one case ---------------------------------------------------------------------------------

    async def case(self, request: Request, viewer: Viewer) -> Response:
        return await self._case(request, viewer)

    async def _case(
        self, request: Request, viewer: Viewer, opened: tuple[str, str] | None = None
    ) -> Response:
        case_id = request.path_params["case"]
        viewer, shown = await self._found(request, viewer, lambda h: self._shown(h, case_id))
        return self.answer(request, viewer, "case.html", opened=opened, look=_looked, **shown)

    def _shown(self, h: Hearing, case_id: int) -> dict[str, Any] | None:
        found = board.entry_of(h, case_id, self.titles)
        if found is None:
            return None
        row, entry = found
        if entry.kept:
            return {"entry": entry, "file": None, "choices": console.Choices(()), "may_open": False}
        return {
            "entry": entry,
            "file": casefile.file(h, row, entry),
            "choices": console.choices(h, row),
            "may_open": console.may_open(h, row),
        }

    async def _found(
        self, request: Request, viewer: Viewer, work: Callable[[Hearing], Any]
    ) -> tuple[Viewer, Any]:
        """The machine's own admin need not say which community a case is of: it is looked for in each."""
        for one in self.doors.each(viewer, request):
            found = await self.look(one, work) if one.place.id else None
            if found is not None:
                return one, found
        raise HTTPException(404)

    async def do(self, request: Request, viewer: Viewer) -> Response:
        """One act; the line about it stands on the case's page, which is asked for anew."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        case_id, now = request.path_params["case"], self.doors.now()
        viewer, _ = await self._found(request, viewer, lambda h: console.case_for(h, case_id))

        def work(db: Connection) -> str | None:
            h = self.hearing(db, viewer, now)
            row = console.case_for(h, case_id)
            return console.act(h, row, form.get("act", ""), form) if row is not None else None

        said = await self.doors.write(work)
        if said is None:
            raise HTTPException(404)
        answer = RedirectResponse(f"/console/cases/{case_id}", 303)
        value = self._said.sign(said.encode().hex()).decode()
        answer.set_cookie(SAID, value, max_age=SAID_FOR, path="/console", httponly=True, samesite="lax")
        return answer

    async def door(self, request: Request, viewer: Viewer) -> Response:
        """The door number, by a press of its own that is on record; the page is not asked for by itself."""
        case_id, now = request.path_params["case"], self.doors.now()
        viewer, _ = await self._found(request, viewer, lambda h: console.case_for(h, case_id))

        def work(db: Connection) -> tuple[str, str] | None:
            h = self.hearing(db, viewer, now)
            row = console.case_for(h, case_id)
            return console.open_words(h, row) if row is not None and console.may_open(h, row) else None

        opened = await self.doors.write(work)
        if opened is None:
            raise HTTPException(403)
        return await self._case(request, viewer, opened)

    async def dispatch(self, request: Request, viewer: Viewer) -> Response:
        """派单卡, for whoever leads the case."""
        case_id = request.path_params["case"]

        def look(h: Hearing) -> Row[Any] | None:
            row = console.case_for(h, case_id)
            return row if row is not None and not console.kept_from(h, row) and viewer.leads else None

        await self._found(request, viewer, look)
        sheet: Response = await self._sheet(request)
        return sheet

    # --- pages ------------------------------------------------------------------------------------

    def answer(self, request: Request, viewer: Viewer, template: str, **shown: Any) -> Response:
        """The page, or for `?part` what changes in it; 304 while it has not changed."""
        now, zone = self.doors.now(), viewer.place.zone if viewer.place.id else UTC
        said = self._said_before(request)
        page = render(
            template,
            part="part" in request.query_params,
            moment=lambda at: times.moment(at, now, zone),
            span=lambda at: times.span(now - at),
            names=names,
            filters=board.FILTERS,
            viewer=viewer,
            place=viewer.place if viewer.place.id else None,
            role=names.role_of(viewer.roles),
            said=said,
            csrf=viewer.csrf,
            path=request.url.path,
            now=now,
            **shown,
        )
        if said:
            page.delete_cookie(SAID, path="/console", httponly=True, samesite="lax")
            return page
        tag = f'"{hashlib.sha256(bytes(page.body)).hexdigest()[:16]}"'
        if request.method == "GET" and request.headers.get("if-none-match") == tag:
            return HTMLResponse(status_code=304, headers={"etag": tag})
        page.headers["etag"] = tag
        return page

    def _said_before(self, request: Request) -> str:
        if "part" in request.query_params:
            return ""
        try:
            kept = self._said.unsign(request.cookies.get(SAID, ""), max_age=SAID_FOR)
            return bytes.fromhex(kept.decode()).decode()
        except (BadSignature, ValueError):
            return ""


def _looked(one: View) -> str:
    """网页上看了门牌, by whom."""
    role = names.ROLES.get(one.role, one.role)
    who = f"{one.name}({role})" if one.name and role not in one.name else one.name or role
    seen = "、".join(privacy_words.WHAT.get(what, what) for what in one.what)
    return f"{who}{privacy_words.HOW.get(one.how, one.how)}看了{seen}"


def _linker(query: Mapping[str, str]) -> Callable[..., str]:
    """Links to the same list, narrowed otherwise; None takes a part away."""
    kept = {
        name: query[name]
        for name in ("state", "type", "grid", "mine", "paused", "private", "community")
        if query.get(name)
    }

    def link(**changes: Any) -> str:
        new = {name: value for name, value in {**kept, **changes}.items() if value not in (None, "")}
        return f"/console?{urlencode(new)}" if new else "/console"

    return link
