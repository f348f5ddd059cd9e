"""海报: for every grid with a 微信客服 account the picture to print, and to paste into the WeChat group."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gridbot.desk.registry import LEADERS
from gridbot.grid import posters
from gridbot.web.session import Viewer

if TYPE_CHECKING:
    from gridbot.web.console import Console

Draw = Callable[[posters.Place], Awaitable[bytes]]
"""The poster as a PNG. Raises NoPosterError."""


def poster_routes(console: Console, draw: Draw | None) -> list[Route]:
    """`draw` None: there is no 微信客服 here, and the page says how there would be."""

    async def page(request: Request, viewer: Viewer) -> Response:
        found = await console.look(viewer, lambda h: posters.places(h.db, h.community_id))
        return console.answer(request, viewer, "posters.html", places=found, possible=draw is not None)

    async def picture(request: Request, viewer: Viewer) -> Response:
        said = str(request.path_params["grid"])
        try:
            place = await console.look(viewer, lambda h: posters.place(h.db, said, h.community_id))
            if draw is None:
                raise HTTPException(404)
            data = await draw(place)
        except posters.NoPosterError as why:
            raise HTTPException(404, str(why)) from None
        headers = {"Content-Disposition": f'inline; filename="poster-{place.node_id}.png"'}
        return Response(data, media_type="image/png", headers=headers)

    seen_by = console.doors.seen_by
    return [
        Route("/console/posters", seen_by(page, roles=LEADERS)),
        Route("/console/posters/{grid:int}.png", seen_by(picture, roles=LEADERS)),
    ]
