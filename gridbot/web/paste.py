"""The console page 贴聊天记录: paste or upload a record, confirm what looks like reports, paste the answers
back. For groups where no bot may sit; it needs no account on any platform and works without scripts.

Nothing of the record is kept on the way: what was found goes to the page and comes back with the ticks.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gridbot.cases import voice
from gridbot.cases.rules import public_place
from gridbot.desk import drafts, paste_queue, pasting
from gridbot.desk.context import Desk
from gridbot.desk.paste_finding import Candidate, Found, find
from gridbot.desk.pasting import PasteError
from gridbot.grid import queries as grid
from gridbot.grid.tree import load_tree
from gridbot.privacy import mask
from gridbot.store.tables import communities
from gridbot.texts import pasting as words
from gridbot.understanding.exports import ExportError, open_export, open_text
from gridbot.web import board, times
from gridbot.web.console import Scope
from gridbot.web.server import BODY_CAP, Guard, guarded, render

Read = Callable[[], AbstractContextManager[Connection]]
Write = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
Who = Callable[[Connection, Request], int | None]
"""The person who looks, so that a tick says whose it is; None: nobody signed in."""
_MOST_LINES = 20_000
_BODY_CAP = 4 * BODY_CAP  #: what is read only to say in words that it is too much
_PAGE = "/console/paste"
_TOO_LARGE = "一次最多贴 1 MB,大约三万句。分几次贴,重复的会认出来。"
_NO_RECORD = "这份东西看不懂。可以贴微信里选中转发的聊天记录,或者上传聊天记录的 txt、csv、json 文件。"
_found = msgspec.json.Decoder(Found)


def _utcnow() -> datetime:
    return datetime.now(UTC)


def paste_routes(
    read: Read,
    write: Write,
    desk: Desk,
    *,
    guard: Guard | None = None,
    scope: Scope | None = None,
    who: Who = lambda _db, _request: None,
    now: Callable[[], datetime] = _utcnow,
) -> list[Route]:
    """`write` runs a task in a transaction. `scope`: which communities a request may see. `who` is asked
    inside the transaction that notes a tick."""
    page = _Page(read, write, desk, scope or (lambda _request: None), who, now)
    return [
        Route(_PAGE, guarded(page.show, guard)),
        Route(f"{_PAGE}/read", guarded(page.read, guard), methods=["POST"], max_body_size=_BODY_CAP),
        Route(f"{_PAGE}/open", guarded(page.open, guard), methods=["POST"]),
        Route(f"{_PAGE}/tick", guarded(page.tick, guard), methods=["POST"]),
    ]


class _Page:
    def __init__(
        self, read: Read, write: Write, desk: Desk, scope: Scope, who: Who, now: Callable[[], datetime]
    ) -> None:
        self._read, self._write, self._desk = read, write, desk
        self._scope, self._who, self._now = scope, who, now

    async def show(self, request: Request) -> Response:
        opened = request.query_params.get("opened", "")
        return await self._answer(request, opened=int(opened) if opened.isdecimal() else None)

    async def read(self, request: Request) -> Response:
        """Step two: what looks like reports."""
        async with request.form(max_part_size=_BODY_CAP) as form:
            upload = form.get("file")
            data = await upload.read() if isinstance(upload, UploadFile) and upload.filename else b""
            text = str(form.get("text") or "")
            if len(data) + len(text.encode("utf-8", "replace")) > BODY_CAP:
                return await self._answer(request, 413, problem=_TOO_LARGE)
            if not data and not text.strip():
                return await self._answer(request, 400, problem="还没有贴东西。", form=form)
            try:
                shown = await run_in_threadpool(self._look, request, form, data, text)
            except ExportError:
                return await self._answer(request, 400, problem=_NO_RECORD, form=form)
            return await self._answer(request, form=form, **shown)

    async def open(self, request: Request) -> Response:
        """Step three: the ticked ones become cases."""
        async with request.form(max_part_size=BODY_CAP) as form:
            return await self._open(request, form)

    async def _open(self, request: Request, form: FormData) -> Response:
        try:
            found = [_found.decode(str(value)) for value in form.getlist("pick")]
        except msgspec.DecodeError:
            raise HTTPException(400) from None
        now = self._now()
        place, node = await run_in_threadpool(self._where, request, form)

        def work(db: Connection) -> int:
            chat = pasting.group_of(db, place, node, str(form.get("title") or ""))
            opened = pasting.open_found(db, self._desk, chat, found, now=now)
            return sum(one.new for one in opened)

        try:
            count = await self._write(work)
        except PasteError:
            raise HTTPException(400) from None
        return RedirectResponse(f"{_PAGE}?community={place}&opened={count}", 303)

    async def tick(self, request: Request) -> Response:
        """已贴, or taken back. A script wants no page."""
        form = await request.form()
        which, pasted = str(form.get("id") or ""), form.get("pasted") == "1"
        if not which.isdecimal() or len(which) > 18:
            raise HTTPException(400)
        allowed = await run_in_threadpool(self._communities, request)
        now = self._now()

        def note(db: Connection) -> bool:
            person = self._who(db, request)
            return paste_queue.tick(db, allowed, int(which), pasted=pasted, now=now, person=person)

        if not await self._write(note):
            raise HTTPException(404)
        if "text/html" not in request.headers.get("accept", ""):
            return Response(status_code=204)
        return RedirectResponse(_PAGE, 303)

    # --- on a reading connection -------------------------------------------------------------------

    def _communities(self, request: Request) -> list[int]:
        with self._read() as db:
            return [place.id for place in board.communities_seen(db, self._scope(request))]

    def _where(self, request: Request, form: FormData) -> tuple[int, int]:
        with self._read() as db:
            place = self._place(db, request, str(form.get("community") or ""))
        node = str(form.get("node") or "")
        if place is None or not node.isdecimal() or len(node) > 18:
            raise HTTPException(400)
        return place.id, int(node)

    def _place(self, db: Connection, request: Request, asked: str) -> board.Place | None:
        places = board.communities_seen(db, self._scope(request))
        place = board.pick(places, asked)
        if place is None and places:
            raise HTTPException(404)
        return place

    def _look(self, request: Request, form: FormData, data: bytes, text: str) -> dict[str, Any]:
        """Raises ExportError."""
        community, node = self._where(request, form)
        now = self._now()
        with self._read() as db:
            place = self._place(db, request, str(community))
            assert place is not None
            version = db.execute(communities.select().where(communities.c.id == community)).one().version
            knows = self._desk.knows(db, community, version)
            zone = place.zone
            export = (
                open_export(io.BytesIO(data), zone=zone, now=now)
                if data
                else open_text(text, zone=zone, now=now)
            )
            lines = [line for line, _ in zip(export.lines, range(_MOST_LINES), strict=False)]
            candidates = find(lines, knows.packs, knows.gazetteer)
            title = " ".join(str(form.get("title") or "").split())[:60]
            name = grid.node_name(db, node)
            group = pasting.find_group(db, community, node, pasting.called(title, name))
            key = pasting.chat_key(db, group.id) if group is not None else ""
            names = {line.who for line in lines}
            entries = [self._entry(db, key, one, names, now, zone) for one in candidates]
        return {"entries": entries, "heard": len(lines), "title": title}

    def _entry(
        self, db: Connection, key: str, one: Candidate, names: set[str], now: datetime, zone: Any
    ) -> dict[str, Any]:
        types = self._desk.packs.types
        reading = one.reading
        private = drafts.is_private(reading)
        return {
            "value": msgspec.json.encode(one.found).decode(),
            "titles": "、".join(types[kind].title for kind in reading.types[:2] if kind in types) or "一件事",
            "place": public_place(drafts.said_place(reading.places)),
            "words": mask(one.found.text, names)[:240],
            "photos": sum(piece.photo for piece in one.found.own),
            "others": len(one.found.others),
            "because": [mask(why, names) for why in reading.because[:4]],
            "at": times.moment(one.found.own[0].at, now, zone),
            "urgent": reading.urgent,
            "private": private,
            "mended": one.mended,
            "sure": one.sure,
            "known": pasting.known(db, key, one.found),
        }

    async def _answer(
        self, request: Request, status: int = 200, *, form: FormData | None = None, **shown: Any
    ) -> Response:
        asked = (
            str(form.get("community") or "")
            if form is not None
            else request.query_params.get("community", "")
        )
        page = await run_in_threadpool(self._page, request, asked)
        sent = {
            name: str(form.get(name) or "") if form is not None else "" for name in ("node", "title", "text")
        }
        if status == 200:
            sent["text"] = ""  # what was read need not stand there again
        if not sent["node"] and page["groups"]:  # most people serve one group: it stands there already
            last = page["groups"][-1]
            sent |= {"node": str(last.node_id), "title": last.title}
        blank = {"entries": None, "heard": 0, "problem": "", "opened": None, "cap": BODY_CAP}
        return render("paste.html", status, part=False, **(blank | page | sent | shown))

    def _page(self, request: Request, asked: str) -> dict[str, Any]:
        now = self._now()
        with self._read() as db:
            places = board.communities_seen(db, self._scope(request))
            place = self._place(db, request, asked)
            if place is None:
                return {"places": [], "place": None, "nodes": [], "groups": [], "queues": [], "sentences": []}
            groups = pasting.groups(db, place.id)
            said = paste_queue.sentences(db, place.id, now=now)
            return {
                "places": places,
                "place": place,
                "nodes": load_tree(db, place.id).nodes,
                "groups": groups,
                "queues": [_queue(db, one, said, now, place.zone) for one in groups],
                "sentences": said,
            }


def _queue(
    db: Connection, group: pasting.Group, said: list[paste_queue.Sentence], now: datetime, zone: Any
) -> dict[str, Any]:
    """A group with what is to be pasted there, what was, and what was not in time."""
    shown = [
        {
            "id": one.id,
            "text": one.text,
            "urgent": one.urgent,
            "pasted": one.pasted,
            "missed": one.missed,
            "until": times.moment(one.until, now, zone)
            if one.until and not (one.pasted or one.missed)
            else "",
            "receipt": words.by(one.by, times.moment(one.at, now, zone)) if one.pasted and one.at else "",
        }
        for one in said
        if one.chat == group.id
    ]
    person = paste_queue.keeper_of(db, voice.chat_row(db, group.id), now)
    return {
        "id": group.id,
        "title": group.title,
        "keeper": grid.name_of(db, person) if person is not None else "",
        "waiting": sum(not (one["pasted"] or one["missed"]) for one in shown),
        "sentences": shown,
    }
