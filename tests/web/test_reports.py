"""例会材料 and 月报 in the console: read by whoever may, taken away on record."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from sqlalchemy import Connection

from gridbot.messages import CaseState, Role
from gridbot.store import tables
from gridbot.store.db import Database
from tests.cast import NOW, Cast, seed
from tests.web.consoles import add, app_on, signed_in, token_in

pytestmark = pytest.mark.asyncio
WEEK, MONTH = {"kind": "week", "period": "本周"}, {"kind": "month", "period": "本月"}


def _fill(db: Connection) -> Cast:
    cast = seed(db)
    for number in range(1, 8):
        add(
            db,
            tables.cases,
            community_id=cast.community,
            number=number,
            state=CaseState.WAITING.value,
            types=["lighting"],
            place="5号楼302",
            node_id=cast.grid if number < 7 else cast.yard,
            chat_id=cast.residents,
            data={"titles": ["照明"]},
            reported_at=NOW - timedelta(hours=3),
        )
    return cast


@pytest.fixture
def cast_in(any_database: Database) -> Cast:
    return any_database.write(_fill)


def exports(database: Database) -> list[Any]:
    with database.read() as db:
        query = sa.select(tables.case_events).where(tables.case_events.c.move == "exported")
        return list(db.execute(query))


async def take(client: Any, form: str, **asked: str) -> Any:
    csrf = token_in((await client.get("/console/reports", params=asked)).text)
    return await client.post("/console/reports/take", data={"csrf": csrf, "format": form, **asked})


async def test_the_admin_reads_and_takes(any_database: Database, cast_in: Cast) -> None:
    async with signed_in(any_database, app_on(any_database), cast_in.admin) as client:
        page = (await client.get("/console/reports", params=WEEK)).text
        assert "青秀佳苑社区 例会材料" in page and "<dt>新报</dt><dd>7</dd>" in page and "302" not in page
        assert exports(any_database) == []  # to read it is no export
        book = await take(client, "xlsx", **MONTH)
        assert book.status_code == 200 and ".xlsx" in book.headers["content-disposition"]
        sheet = load_workbook(io.BytesIO(book.content)).active
        assert sheet is not None and sheet["A1"].value == "青秀佳苑社区 月报"
        assert (await take(client, "png", **WEEK)).content.startswith(b"\x89PNG")
        assert "例会材料" in (await take(client, "text", **WEEK)).text
    taken = exports(any_database)
    assert [one.data for one in taken] == [{"what": ["report"], "how": "console"}] * 3
    assert {one.person_id for one in taken} == {cast_in.admin}


async def test_a_leader_takes_what_he_leads(any_database: Database, cast_in: Cast) -> None:
    async with signed_in(any_database, app_on(any_database), cast_in.li) as client:
        page = (await client.get("/console/reports", params=WEEK)).text
        assert "一网格 例会材料" in page and "<dt>新报</dt><dd>6</dd>" in page
        other = await client.get("/console/reports", params=WEEK | {"node": "二网格"})
        assert other.status_code == 404
        assert (await take(client, "doc", **WEEK)).status_code == 404
        assert (await client.post("/console/reports/take", data=WEEK | {"format": "png"})).status_code == 403
    assert exports(any_database) == []


async def test_an_officer_reads_the_month_alone(any_database: Database, cast_in: Cast) -> None:
    def appoint(db: Connection) -> int:
        more = {"community_id": cast_in.community, "created_at": NOW}
        person = add(db, tables.people, name="赵科", **more)
        role = {"person_id": person, "role": Role.OFFICER.value, "since": NOW}
        add(db, tables.holdings, community_id=cast_in.community, **role)
        account = {"person_id": person, "platform": "telegram", "user": "5001"}
        add(db, tables.identities, community_id=cast_in.community, **account)
        return person

    officer = any_database.write(appoint)
    async with signed_in(any_database, app_on(any_database), officer) as client:
        page = (await client.get("/console/reports")).text
        assert "月报" in page and "例会材料" not in page
        assert (await client.get("/console/reports", params=WEEK)).status_code == 404
        assert "5号楼" not in (await client.get("/console")).text  # figures, and nothing else
        assert "报事7" in (await take(client, "text", **MONTH)).text


async def test_who_has_no_figures_reads_none(any_database: Database, cast_in: Cast) -> None:
    def appoint(db: Connection) -> None:
        values = {"person_id": cast_in.zhou, "node_id": cast_in.grid, "role": "liaison", "since": NOW}
        add(db, tables.holdings, community_id=cast_in.community, **values)

    any_database.write(appoint)
    async with signed_in(any_database, app_on(any_database), cast_in.zhou) as client:
        assert (await client.get("/console/reports")).status_code == 403
