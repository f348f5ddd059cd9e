"""派单卡 on paper: what a unit without account gets in its hand, and what must not stand there."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.store import tables
from gridbot.store.db import Database
from tests.cast import NOW, Cast, seed, seed_units
from tests.web.consoles import app_on, client_of

pytestmark = pytest.mark.asyncio


def _fill(db: Connection) -> tuple[Cast, int]:
    cast = seed(db)
    units = seed_units(db, cast)
    key = db.execute(
        sa.insert(tables.cases).values(
            community_id=cast.community,
            number=1,
            state="waiting",
            types=["road"],
            place="5号楼302",
            node_id=cast.grid,
            owner_id=cast.li,
            reporter_id=cast.wang,
            unit_id=units.works,
            chat_id=cast.residents,
            data={"titles": ["路面"]},
            reported_at=NOW,
            finish_by=NOW + timedelta(days=2),
        )
    ).inserted_primary_key
    assert key is not None
    return cast, int(key[0])


async def _get(database: Database, path: str) -> httpx.Response:
    async with client_of(app_on(database, titles={}, local=True)) as client:
        return await client.get(path)


async def test_the_card_has_all_a_unit_needs_and_nothing_of_the_resident(any_database: Database) -> None:
    _, case = any_database.write(_fill)
    page = (await _get(any_database, f"/console/cases/{case}/dispatch")).text
    for shown in ("派单卡 1", "市政", "66010003", "路面", "5号楼", "11月21日前", "李格长", "青秀佳苑社区"):
        assert shown in page, shown
    assert "302" not in page and "王阿姨" not in page


async def test_another_unit_may_be_chosen(any_database: Database) -> None:
    _, case = any_database.write(_fill)
    chosen = await _get(any_database, f"/console/cases/{case}/dispatch?unit=2")
    assert "66010002" in chosen.text
    assert (await _get(any_database, f"/console/cases/{case}/dispatch?unit=99")).status_code == 404


async def test_a_private_matter_has_no_place_on_paper(any_database: Database) -> None:
    _, case = any_database.write(_fill)
    any_database.write(lambda db: db.execute(sa.update(tables.cases).values(private=True)))
    page = (await _get(any_database, f"/console/cases/{case}/dispatch")).text
    assert "5号楼" not in page and "电话里说" in page


async def test_nobody_unknown_sees_it(any_database: Database) -> None:
    _, case = any_database.write(_fill)
    async with client_of(app_on(any_database)) as client:
        assert (await client.get(f"/console/cases/{case}/dispatch")).status_code == 401
