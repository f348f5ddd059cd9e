"""The way in and out: a link opens a page with one button, and only the button uses the link up.

Messengers look at a link before a person does; a link that a look uses up would be used up by them.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gridbot.grid import signin
from gridbot.web.server import render
from gridbot.web.session import Doors, Viewer

_CODE = re.compile(r"[A-Za-z0-9_-]{20,64}")
USED = "这个链接用过了,或者过了十分钟。再跟网格助手说一声“控制台”,要个新的。"
WAIT = "试的次数太多了,十分钟后再来。"


def login_routes(doors: Doors) -> list[Route]:
    door = _Door(doors)
    return [
        Route("/console/enter/{code}", door.show),
        Route("/console/enter", door.enter, methods=["POST"]),
        Route("/console/leave", doors.seen_by(door.leave), methods=["POST"]),
    ]


class _Door:
    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def show(self, request: Request) -> Response:
        code = request.path_params["code"]
        if _CODE.fullmatch(code) is None:
            return render("login.html", 404, code="", problem=USED)
        return render("login.html", code=code, problem="")

    async def enter(self, request: Request) -> Response:
        doors = self._doors
        if doors.too_many(request):
            return render("login.html", 429, code="", problem=WAIT)
        code = str((await request.form()).get("code") or "")
        now = doors.now()

        def work(db: Connection) -> signin.Session | None:
            return signin.redeem(db, code, now, lasts=doors.lasts)

        found = await doors.write(work) if _CODE.fullmatch(code) else None
        if found is None:
            doors.missed(request)
            return render("login.html", 403, code="", problem=USED)
        answer = RedirectResponse("/console", 303)
        doors.opened(answer, found)
        return answer

    async def leave(self, request: Request, viewer: Viewer) -> Response:
        await self._doors.leave(request)
        answer = render("login.html", code="", problem="退出了。")
        self._doors.closed(answer)
        return answer
