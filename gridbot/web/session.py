"""Who is looking: the signed cookie of whoever came by a link, looked up anew at every request.

The cookie names a session, a person and a community and is signed; the session itself is a row that can be
ended (logout, dismissal, another account). The machine's own admin needs none where no channel is open:
on the sample data, and on a house that nobody else can reach.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gridbot.grid import queries as grid
from gridbot.grid import signin
from gridbot.messages import Role
from gridbot.store.tables import leases
from gridbot.web import board
from gridbot.web.server import AMBIENT, local_only, render

Read = Callable[[], AbstractContextManager[Connection]]
Write = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
Look = Callable[[Request, "Viewer"], Awaitable[Response]]

COOKIE = "gridbot_console"
FIELD = "csrf"
TRIES, WITHIN = 10, timedelta(minutes=10)  #: wrong links of one address
MAY_LOOK = frozenset(Role) - {Role.STRANGER, Role.RESIDENT, Role.SYSTEM}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, as what, at which community. `person` None: the machine's own admin, where the community
    has no admin yet."""

    place: board.Place
    person: int | None
    name: str
    roles: frozenset[Role]
    csrf: str
    places: tuple[board.Place, ...]  #: those that can be chosen; one for whoever signed in
    local: bool = False

    @property
    def admin(self) -> bool:
        return Role.ADMIN in self.roles

    @property
    def figures_only(self) -> bool:
        """街道: counts of communities, and no case."""
        return self.roles == {Role.OFFICER}

    @property
    def leads(self) -> bool:
        return bool(self.roles & {Role.ADMIN, Role.LEADER, Role.DEPUTY})


def signing_key(db: Connection) -> str:
    """The key cookies are signed with: one for all processes of this database, made once."""
    name = "console key"
    made = {"name": name, "owner": "", "epoch": 0, "data": {"key": secrets.token_hex(32)}}
    db.execute(insert(leases).values(**made).on_conflict_do_nothing(index_elements=["name"]))
    kept = db.execute(sa.select(leases.c.data).where(leases.c.name == name)).scalar_one()
    return str(kept["key"])


class Doors:
    """Lets requests in, or not. `local`: the machine's own admin may look without signing in."""

    def __init__(
        self,
        read: Read,
        write: Write,
        *,
        key: str,
        local: bool = False,
        lasts: timedelta = timedelta(hours=12),
        secure: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.read, self.write, self.local, self.lasts, self.now = read, write, local, lasts, now
        self._secure = secure
        self.signing_key = key
        self._signer = URLSafeSerializer(key, salt="gridbot.console")
        self._missed: dict[str, deque[datetime]] = defaultdict(deque)

    # --- who --------------------------------------------------------------------------------------

    def viewer(self, db: Connection, request: Request) -> Viewer | None:
        """None: nobody we know. Raises HTTPException 404 for a community that is not theirs."""
        asked = request.query_params.get("community", "")
        found = self._session(db, request)
        if found is not None:
            return self._signed_in(db, found, asked)
        if self.local and local_only(request):
            return self._own(db, asked)
        return None

    def _session(self, db: Connection, request: Request) -> signin.Session | None:
        try:
            token, person, community = self._signer.loads(request.cookies.get(COOKIE, ""))
        except (BadSignature, ValueError, TypeError):
            return None
        found = signin.session(db, str(token), self.now())
        return found if found and (found.person_id, found.community_id) == (person, community) else None

    def _signed_in(self, db: Connection, found: signin.Session, asked: str) -> Viewer | None:
        """None: he holds nothing here any more."""
        roles = grid.roles_of(db, found.community_id, found.person_id, None, self.now()) & MAY_LOOK
        places = board.communities_seen(db, [found.community_id])
        if not roles or not places:
            return None
        if board.pick(places, asked) is None:
            raise HTTPException(404)
        name = grid.name_of(db, found.person_id)
        csrf = self._mac(found.token)
        return Viewer(places[0], found.person_id, name, roles, csrf, tuple(places))

    def _own(self, db: Connection, asked: str) -> Viewer | None:
        """The machine's own admin acts as the community's first one."""
        places = board.communities_seen(db, None)
        place = board.pick(places, asked)
        if place is None:
            if asked:
                raise HTTPException(404)
            place = board.NOWHERE
        admins = grid.admins(db, place.id)
        person = admins[0] if admins else None
        name = grid.name_of(db, person) if person is not None else "本机管理员"
        return Viewer(
            place, person, name, frozenset({Role.ADMIN}), self._mac("local"), tuple(places), local=True
        )

    def each(self, viewer: Viewer, request: Request) -> list[Viewer]:
        """The viewer, and where he is the machine's own admin, as that of each community."""
        if not viewer.local or request.query_params.get("community"):
            return [viewer]
        with self.read() as db:
            found = [self._own(db, str(place.id)) for place in viewer.places]
        return [one for one in found if one is not None]

    # --- in and out -------------------------------------------------------------------------------

    def opened(self, answer: Response, found: signin.Session) -> None:
        """Gives the browser its cookie."""
        value = self._signer.dumps([found.token, found.person_id, found.community_id])
        answer.set_cookie(
            COOKIE,
            value if isinstance(value, str) else value.decode(),
            max_age=int(self.lasts.total_seconds()),
            path="/console",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def closed(self, answer: Response) -> None:
        answer.delete_cookie(COOKIE, path="/console", secure=self._secure, httponly=True, samesite="lax")

    async def leave(self, request: Request) -> None:
        """The session is over, here and wherever its cookie was copied to."""

        def work(db: Connection) -> None:
            found = self._session(db, request)
            if found is not None:
                signin.end(db, found.token, self.now())

        await self.write(work)

    def too_many(self, request: Request) -> bool:
        """Whether too many wrong links came from there of late."""
        missed = self._missed[_from(request)]
        while missed and missed[0] < self.now() - WITHIN:
            missed.popleft()
        return len(missed) >= TRIES

    def missed(self, request: Request) -> None:
        if len(self._missed) > 1000:  # a flood from everywhere: what it cost to keep count is capped
            self._missed.clear()
        self._missed[_from(request)].append(self.now())

    # --- requests ---------------------------------------------------------------------------------

    def seen_by(self, endpoint: Look, *, roles: frozenset[Role] = MAY_LOOK) -> Callable[[Request], Any]:
        """The endpoint for whoever holds one of these roles; the page 怎么进来 for nobody we know."""

        async def checked(request: Request) -> Response:
            def look() -> Viewer | None:
                with self.read() as db:
                    return self.viewer(db, request)

            viewer = await run_in_threadpool(look)
            if viewer is None:
                return render("login.html", 401, code="", problem="")
            if not viewer.roles & roles:
                raise HTTPException(403)
            if request.method == "POST":
                self.check(viewer, request, await request.form())
            return await endpoint(request, viewer)

        return checked

    def check(self, viewer: Viewer, request: Request, form: FormData | None = None) -> None:
        """No change without the token of a page of ours."""
        given = str((form.get(FIELD) if form else "") or request.query_params.get(FIELD, ""))
        if not hmac.compare_digest(given.encode(), viewer.csrf.encode()):
            raise HTTPException(403)

    def admins_only(self, request: Request) -> bool:
        """A guard for pages that know no viewers (贴聊天记录): its forms bear the token in their address."""
        with self.read() as db:
            viewer = self.viewer(db, request)
        if viewer is None or not viewer.admin:
            return False
        AMBIENT.set(viewer.csrf)
        if request.method == "POST":
            self.check(viewer, request)
        return True

    def scope(self, request: Request) -> list[int]:
        """Which communities a request may see."""
        with self.read() as db:
            viewer = self.viewer(db, request)
        return [place.id for place in viewer.places] if viewer is not None else []

    def _mac(self, what: str) -> str:
        return hmac.new(self.signing_key.encode(), f"csrf:{what}".encode(), hashlib.sha256).hexdigest()


def _from(request: Request) -> str:
    return request.client.host if request.client else ""
