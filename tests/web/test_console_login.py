"""Into the console and out: by a link that works once, with a cookie that is ours, on pages that are ours."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeSerializer
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from gridbot.grid import appointments, signin
from gridbot.messages import Actor, Role
from gridbot.store import tables
from gridbot.store.db import Database
from gridbot.web.console import console_routes
from gridbot.web.paste import paste_routes
from gridbot.web.server import build
from gridbot.web.session import COOKIE, TRIES, WITHIN, signing_key
from tests.cast import NOW, Cast, seed, seed_units
from tests.web.consoles import TITLES, app_on, client_of, doors, signed_in, the_desk, token_in

pytestmark = pytest.mark.asyncio
OUTSIDE = "http://grid.example"


@pytest.fixture
def cast_in(any_database: Database) -> Cast:
    return any_database.write(seed)


def link(database: Database, cast: Cast, person: int, now: datetime = NOW) -> str:
    return database.write(lambda db: signin.issue(db, cast.community, person, now))


async def enter(client: httpx.AsyncClient, code: str) -> httpx.Response:
    return await client.post("/console/enter", data={"code": code})


async def test_a_link_works_once_and_only_by_its_button(any_database: Database, cast_in: Cast) -> None:
    app = app_on(any_database)
    code = link(any_database, cast_in, cast_in.li)
    async with client_of(app, OUTSIDE) as mine, client_of(app, OUTSIDE) as thief:
        for _ in range(3):  # a messenger looks at it first: that uses nothing up
            assert "进去" in (await mine.get(f"/console/enter/{code}")).text
        assert (await enter(mine, code)).status_code == 303
        assert "李格长" in (await mine.get("/console")).text
        assert (await enter(thief, code)).status_code == 403
        assert (await thief.get("/console")).status_code == 401


async def test_a_link_is_over_after_ten_minutes_or_when_there_is_a_newer_one(
    any_database: Database, cast_in: Cast
) -> None:
    old = link(any_database, cast_in, cast_in.li, NOW - signin.LINK_FOR - timedelta(seconds=1))
    async with client_of(app_on(any_database), OUTSIDE) as client:
        assert (await enter(client, old)).status_code == 403
        first, second = (link(any_database, cast_in, cast_in.li) for _ in range(2))
        assert (await enter(client, first)).status_code == 403
        assert (await enter(client, second)).status_code == 303


async def test_neither_link_nor_session_can_be_read_from_the_database(
    any_database: Database, cast_in: Cast
) -> None:
    code = link(any_database, cast_in, cast_in.li)
    async with client_of(app_on(any_database), OUTSIDE) as client:
        await enter(client, code)
        cookie = client.cookies[COOKIE]
    with any_database.read() as db:
        kept = str(db.execute(sa.select(tables.sign_ins)).all())
    assert (
        code not in kept and URLSafeSerializer("k" * 32, salt="gridbot.console").loads(cookie)[0] not in kept
    )


async def test_the_cookie_is_for_this_site_and_no_script(any_database: Database, cast_in: Cast) -> None:
    for secure in (False, True):
        code = link(any_database, cast_in, cast_in.li)
        async with client_of(app_on(any_database, secure=secure), OUTSIDE) as client:
            given = (await enter(client, code)).headers["set-cookie"].lower()
        assert "httponly" in given and "samesite=lax" in given and "path=/console" in given
        assert ("; secure" in given) is secure


def _with_another_seal(cookie: str) -> str:
    """The first character of the seal changed: the last one holds bits that count for nothing."""
    said, _, seal = cookie.rpartition(".")
    return f"{said}.{'B' if seal[0] == 'A' else 'A'}{seal[1:]}"


async def test_a_cookie_made_elsewhere_opens_nothing(any_database: Database, cast_in: Cast) -> None:
    app = app_on(any_database)
    async with signed_in(any_database, app, cast_in.li) as client:
        ours = URLSafeSerializer("k" * 32, salt="gridbot.console")
        token, person, community = ours.loads(client.cookies[COOKIE])
        forged = [
            URLSafeSerializer("x" * 32, salt="gridbot.console").dumps([token, person, community]),
            ours.dumps([token, cast_in.admin, community]),  # another person's name on it
            ours.dumps(["0" * 43, person, community]),
            ours.dumps("nonsense"),
            _with_another_seal(client.cookies[COOKIE]),
            "",
        ]
    for value in forged:
        async with client_of(app, OUTSIDE) as stranger:
            stranger.cookies.set(COOKIE, value)
            assert (await stranger.get("/console")).status_code == 401, value


async def test_a_session_ends_with_its_hours(any_database: Database, cast_in: Cast) -> None:
    clock = [NOW]
    app = app_on(any_database, now=lambda: clock[0], lasts=timedelta(hours=2))
    async with signed_in(any_database, app, cast_in.li) as client:
        clock[0] = NOW + timedelta(hours=1, minutes=59)
        assert (await client.get("/console")).status_code == 200
        clock[0] = NOW + timedelta(hours=2, minutes=1)
        assert (await client.get("/console")).status_code == 401


async def test_who_left_is_out_wherever_the_cookie_was_copied_to(
    any_database: Database, cast_in: Cast
) -> None:
    app = app_on(any_database)
    async with signed_in(any_database, app, cast_in.li) as client, client_of(app, OUTSIDE) as copy:
        copy.cookies.set(COOKIE, client.cookies[COOKIE])
        token = token_in((await client.get("/console")).text)
        left = await client.post("/console/leave", data={"csrf": token})
        assert left.status_code == 200 and COOKIE not in client.cookies
        assert (await copy.get("/console")).status_code == 401


async def test_who_is_dismissed_is_out_at_once_and_stays_out(any_database: Database, cast_in: Cast) -> None:
    app = app_on(any_database)
    boss = Actor(cast_in.admin, Role.ADMIN)

    def dismiss(db: Connection) -> None:
        appointments.dismiss(
            db, cast_in.community, cast_in.li, Role.LEADER, cast_in.grid, actor=boss, now=NOW
        )

    async with signed_in(any_database, app, cast_in.li) as client:
        any_database.write(dismiss)
        assert (await client.get("/console")).status_code == 401
        again = {"community_id": cast_in.community, "person_id": cast_in.li, "node_id": cast_in.grid}
        any_database.write(
            lambda db: db.execute(sa.insert(tables.holdings).values(**again, role="leader", since=NOW))
        )
        assert (await client.get("/console")).status_code == 401  # the old session does not come back


async def test_a_resident_with_a_link_sees_nothing(any_database: Database, cast_in: Cast) -> None:
    code = link(any_database, cast_in, cast_in.wang)
    async with client_of(app_on(any_database), OUTSIDE) as client:
        await enter(client, code)
        assert (await client.get("/console")).status_code == 401


async def test_who_tries_too_often_waits(any_database: Database, cast_in: Cast) -> None:
    clock = [NOW]
    async with client_of(app_on(any_database, now=lambda: clock[0]), OUTSIDE) as client:
        for number in range(TRIES):
            assert (await enter(client, f"{number:024d}")).status_code == 403
        assert (await enter(client, f"{99:024d}")).status_code == 429
        clock[0] = NOW + WITHIN + timedelta(seconds=1)
        code = link(any_database, cast_in, cast_in.li, clock[0])
        assert (await enter(client, code)).status_code == 303


@pytest.mark.parametrize(
    "address", ["http://grid.example", "http://192.0.2.7", "http://localhost.evil.example"]
)
async def test_the_machines_own_admin_is_asked_for_by_a_name_of_the_machine(
    any_database: Database, cast_in: Cast, address: str
) -> None:
    async with client_of(app_on(any_database, local=True), address) as client:
        assert (await client.get("/console")).status_code == 401
    async with client_of(app_on(any_database, local=False)) as client:
        assert (
            await client.get("/console")
        ).status_code == 401  # where channels are open, nobody is let in so


POSTS = ["/console/leave", "/console/cases/1/do", "/console/cases/1/door"]


@pytest.mark.parametrize("path", POSTS)
async def test_nothing_changes_without_the_token_of_a_page(
    any_database: Database, cast_in: Cast, path: str
) -> None:
    app = app_on(any_database, local=True)
    async with signed_in(any_database, app, cast_in.li) as client:
        other = token_in((await client_of(app).get("/console/people")).text)
        for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": other}):
            assert (await client.post(path, data=fields)).status_code == 403, fields
        assert (await client.get("/console")).status_code == 200
    async with client_of(app) as own:
        assert (await own.post(path, data={})).status_code == 403


async def test_every_answer_bears_its_shield(any_database: Database, cast_in: Cast) -> None:
    app = app_on(any_database)
    async with signed_in(any_database, app, cast_in.admin) as client:
        for path in ("/console", "/console/rates", "/console/cases/9", "/console/enter/x", "/nothing"):
            shield = (await client.get(path)).headers
            assert "default-src 'self'" in shield["content-security-policy"]
            assert "unsafe" not in shield["content-security-policy"]
            assert shield["x-frame-options"] == "DENY" and shield["referrer-policy"] == "no-referrer"
            assert shield["cache-control"] == "no-store", path


async def test_pages_hold_nothing_that_runs_inline(any_database: Database, cast_in: Cast) -> None:
    async with client_of(app_on(any_database, local=True)) as client:
        for path in ("/console", "/console/rates", "/console/people", "/console/agenda", "/console/keeping"):
            page = (await client.get(path)).text
            assert " style=" not in page and "<style" not in page and " onclick" not in page
            assert "<script>" not in page and "http://" not in page and "https://" not in page


async def test_all_processes_sign_with_one_key(any_database: Database) -> None:
    first = any_database.write(signing_key)
    assert any_database.write(signing_key) == first and len(first) == 64


@pytest.mark.parametrize(
    ("who", "pages"),
    [
        ("admin", {"rates", "agenda", "people", "views", "keeping"}),
        ("li", {"rates", "agenda", "people"}),
        ("engineer", {"agenda"}),
    ],
)
async def test_each_role_has_its_pages(
    any_database: Database, cast_in: Cast, who: str, pages: set[str]
) -> None:
    people: Any = any_database.write(lambda db: seed_units(db, cast_in)) if who == "engineer" else cast_in
    async with signed_in(any_database, app_on(any_database), getattr(people, who)) as client:
        menu = (await client.get("/console")).text
        for page in ("rates", "agenda", "people", "views", "keeping"):
            status = (await client.get(f"/console/{page}")).status_code
            assert status == (200 if page in pages else 403), page
            assert (f'href="/console/{page}"' in menu) is (page in pages), page


async def test_a_record_is_pasted_by_admins_with_the_token_of_the_page(
    any_database: Database, cast_in: Cast
) -> None:
    door = doors(any_database)
    routes = console_routes(door, the_desk(), titles=TITLES)
    options: Any = {"guard": door.admins_only, "scope": door.scope, "now": door.now}
    routes += paste_routes(any_database.read, door.write, the_desk(), **options)
    app = build(routes, health=lambda: (True, {}), registry=CollectorRegistry())
    record = {"community": str(cast_in.community), "node": str(cast_in.grid), "text": "5号楼楼道灯不亮了"}
    async with client_of(app, OUTSIDE) as nobody:
        assert (await nobody.get("/console/paste")).status_code == 403
    async with signed_in(any_database, app, cast_in.li) as leader:
        assert (await leader.get("/console/paste")).status_code == 403
    async with signed_in(any_database, app, cast_in.admin) as admin:
        page = (await admin.get("/console/paste")).text
        address = re.search(r'action="(/console/paste/read\?csrf=[0-9a-f]{64})"', page)
        assert address is not None
        for wrong in ("read", "read?csrf=0", "tick", "open"):
            answer = await admin.post(f"/console/paste/{wrong}", data=record)
            assert answer.status_code == 403, wrong
        assert (await admin.post(address[1], data=record, files={})).status_code == 200
