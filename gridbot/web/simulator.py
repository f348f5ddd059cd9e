"""The simulator's page: people beside each other, each with their own chats.

The page is given a state once and then every event, over one stream. It sends acts; the simulator
decides what is allowed. Nothing here knows what a message means.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gridbot.web.server import Guard, event, guarded, render, stream

PHOTO_CAP = 5 * 1024 * 1024
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


class Photos(Protocol):
    def add(self, data: bytes) -> str: ...
    def get(self, id: str) -> bytes | None: ...


class Backend(Protocol):
    """What the page needs of the simulator."""

    @property
    def people(self) -> Mapping[str, Any]: ...
    @property
    def photos(self) -> Photos: ...
    @property
    def name(self) -> str: ...

    def state(self) -> dict[str, Any]: ...
    def watch(self, after: int, generation: str) -> AsyncGenerator[dict[str, Any], None]: ...
    async def act(self, who: str, act: str, form: Mapping[str, object]) -> dict[str, str]: ...


def simulator_routes(
    backend: Backend, *, guard: Guard | None = None, community: str = "", zone: str = "Asia/Shanghai"
) -> list[Route]:
    """The page at "/" and what it calls."""
    page = _Page(backend, community, zone)
    return [
        Route("/", guarded(page.show, guard)),
        Route("/simulator/state", guarded(page.state, guard)),
        Route("/simulator/events", guarded(page.events, guard)),
        Route("/simulator/acts", guarded(page.act, guard), methods=["POST"]),
        Route(
            "/simulator/photos",
            guarded(page.add_photo, guard),
            methods=["POST"],
            max_body_size=PHOTO_CAP,
        ),
        Route("/simulator/photos/{id}", guarded(page.photo, guard)),
    ]


class _Page:
    def __init__(self, backend: Backend, community: str, zone: str) -> None:
        self._backend, self._community, self._zone = backend, community, zone

    async def show(self, _request: Request) -> Response:
        return render("simulator.html", bot=self._backend.name, community=self._community, zone=self._zone)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self._backend.state())

    async def events(self, request: Request) -> Response:
        query = request.query_params
        after = query.get("after", "")
        if not after.isdecimal() or len(after) > 15:
            raise HTTPException(400)
        return stream(request, self._lines(int(after), query.get("generation", "")))

    async def _lines(self, after: int, generation: str) -> AsyncGenerator[str, None]:
        yield event("hello", "{}")  # so that the page knows the line is open
        seen = self._backend.watch(after, generation)
        try:
            async for one in seen:
                yield event("event", json.dumps(one, ensure_ascii=False))
        finally:
            await seen.aclose()

    async def act(self, request: Request) -> Response:
        try:
            form = await request.json()
        except (ValueError, RecursionError):
            raise HTTPException(400) from None
        who = form.get("as") if isinstance(form, dict) else None
        if not isinstance(who, str) or who not in self._backend.people:
            raise HTTPException(404)
        answer = await self._backend.act(who, str(form.get("act")), form)
        return JSONResponse(answer, 409 if "error" in answer else 200)

    async def add_photo(self, request: Request) -> Response:
        data = await request.body()
        if _kind_of(data) is None:
            raise HTTPException(415)
        return JSONResponse({"photo": self._backend.photos.add(data)})

    async def photo(self, request: Request) -> Response:
        data = self._backend.photos.get(request.path_params["id"])
        kind = _kind_of(data) if data is not None else None
        if data is None or kind is None:
            raise HTTPException(404)
        return Response(data, media_type=kind, headers={"cache-control": "private, max-age=86400, immutable"})


def _kind_of(data: bytes) -> str | None:
    """By its first bytes: what a browser calls it is not believed. SVG could carry a script."""
    for start, kind in _PICTURES.items():
        if data.startswith(start):
            return kind
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
