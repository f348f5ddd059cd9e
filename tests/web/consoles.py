"""The console on a database of the test's own: for the machine's own admin, or for whoever signs in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection
from starlette.applications import Starlette

from gridbot.desk.context import Desk
from gridbot.grid import signin
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web.console import console_routes
from gridbot.web.server import build
from gridbot.web.session import Doors
from tests.cast import NOW
from tests.desk.conftest import packs

TITLES = {"lighting": "照明", "gas": "燃气", "dispute": "邻里纠纷", "road": "路面"}


def the_desk() -> Desk:
    return Desk(packs(), lambda _rules: packs())


def doors(database: Database, *, now: Callable[[], datetime] = lambda: NOW, **options: Any) -> Doors:
    async def write(task: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(database.submit(task))

    return Doors(database.read, write, key="k" * 32, now=now, **options)


def app_on(
    database: Database, *, titles: dict[str, str] | None = None, poster: Any = None, **options: Any
) -> Starlette:
    """`local`: the machine's own admin is let in."""
    routes = console_routes(
        doors(database, **options),
        the_desk(),
        titles=TITLES if titles is None else titles,
        poster=poster,
    )
    return build(routes, health=lambda: (True, {}), registry=CollectorRegistry())


def client_of(app: Starlette, base: str = "http://localhost") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base)


@asynccontextmanager
async def signed_in(
    database: Database, app: Starlette, person: int, *, now: datetime = NOW, base: str = "http://grid.example"
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a link from the bot."""

    def issue(db: Connection) -> str:
        community = sa.select(tables.people.c.community_id).where(tables.people.c.id == person)
        return signin.issue(db, db.execute(community).scalar_one(), person, now)

    code = database.write(issue)
    async with client_of(app, base) as client:
        answer = await client.post("/console/enter", data={"code": code})
        assert answer.status_code == 303, answer.text
        yield client


def token_in(page: str) -> str:
    """What the forms of a page send back."""
    return page.partition('name="csrf" value="')[2].partition('"')[0]


def add(db: Connection, table: sa.Table, **values: Any) -> int:
    key = db.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
