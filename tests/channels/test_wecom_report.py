"""居民上报 by itself: what an order says, what is dropped of it, and how it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridbot.channels._wecom.api import Credentials, WecomApi
from gridbot.channels._wecom.report_read import keep
from gridbot.channels.wecom_report import EVERY, LONGEST, ReportHearing, Since
from gridbot.messages import Kept
from tests.fakes.wecom_report import FakeReport
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom

NOW = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
ORDER = {
    "order_id": "o1",
    "desc": "灯坏了",
    "case_name": "公共照明",
    "grid_id": "g1",
    "create_time": 1763517600,
    "reporter_name": "王桂芳",
    "reporter_mobile": "13800138000",
    "unionid": "union-wang",
    "image_urls": ["https://wework.qpic.cn/1"],
    "location": {"name": "5号楼", "address": "某路1号", "latitude": 31.2, "longitude": 121.4},
    "process_list": [
        {"process_type": 2, "solve_userid": "li", "status": 1, "solved_time": 1763517700},
        {"process_type": 4, "solve_userid": "li", "status": 1},
        {"process_type": 5, "solve_userid": "li", "process_desc": "换了灯泡", "status": 0},
    ],
}


def test_what_an_order_says() -> None:
    order, step = keep(ORDER, bot=CORP, secret=SECRET, now=NOW)
    said = order.incoming
    assert said is not None and said.filed and said.text == "公共照明,5号楼,灯坏了"
    assert (order.update_id, said.message, said.via, said.location) == ("o1", "o1", "g1", (31.2, 121.4))
    assert len(said.photos) == 1 and said.sent_at == datetime.fromtimestamp(1763517600, UTC)
    taken = step.incoming
    assert taken is not None and (taken.button, taken.reply_to, taken.sender.id) == ("accept", "o1", "li")


def test_nothing_of_the_person_is_kept() -> None:
    """But that the same one's next order finds the same chat: only whoever holds the secret could tell."""
    first, again = ORDER, {**ORDER, "order_id": "o2", "reporter_name": "王"}
    one, two = (keep(order, bot=CORP, secret=SECRET, now=NOW)[0] for order in (first, again))
    everything = repr((one, two))
    for private in ("王桂芳", "13800138000", "union-wang", SECRET):
        assert private not in everything
    assert one.incoming and two.incoming and one.incoming.chat == two.incoming.chat
    other = keep(ORDER, bot=CORP, secret="another", now=NOW)[0].incoming
    assert other is not None and other.chat != one.incoming.chat


@pytest.mark.parametrize(
    "order",
    [
        7,
        "x",
        {},
        {**ORDER, "order_id": 7},
        {**ORDER, "order_id": "x" * 200},
        {**ORDER, "desc": ["x"]},
        {**ORDER, "process_list": [{"process_type": 5, "status": 1, "solve_userid": 7}]},
    ],
)
def test_what_cannot_be_read_is_kept_raw_without_the_person(order: Any) -> None:
    (kept,) = keep(order, bot=CORP, secret=SECRET, now=NOW)
    assert kept.incoming is None and b"13800138000" not in kept.raw and kept.update_id


def test_odd_fields_stop_nothing() -> None:
    odd = {"image_urls": "x", "location": "x", "process_list": [7, {"process_type": 99}], "create_time": "x"}
    (kept,) = keep({**ORDER, **odd}, bot=CORP, secret=SECRET, now=NOW)
    assert kept.incoming is not None and kept.incoming.sent_at == NOW


class House:
    def __init__(self, fake: FakeWecom) -> None:
        self.kept: dict[str, Kept] = {}
        self.until = ""
        self.broken = 0
        self.clock = NOW
        self.api = WecomApi(fake.url)
        self.hearing = ReportHearing(
            Credentials(CORP, SECRET),
            self.api,
            accept=self.accept,
            since=Since(self.load, self.save),
            now=lambda: self.clock,
        )

    async def accept(self, updates: Sequence[Kept]) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("the database is gone")
        self.kept |= {one.update_id: one for one in updates}

    async def load(self) -> str:
        return self.until

    async def save(self, until: str) -> None:
        self.until = until


@pytest.mark.asyncio
async def test_every_page_and_then_only_what_changed() -> None:
    async with FakeWecom() as fake:
        house = House(fake)
        report = FakeReport(fake, now=lambda: house.clock)
        numbers = [report.files(f"居民{number}", "灯坏了") for number in range(120)]
        house.broken = 1
        assert not await house.hearing.look() and house.until == ""
        assert await house.hearing.look() and set(house.kept) == set(numbers)
        house.clock += timedelta(hours=1)
        assert await house.hearing.look()
        house.clock += timedelta(hours=1)
        report.step(numbers[3], 2, by="li")
        house.kept.clear()
        assert await house.hearing.look()
        assert set(house.kept) == {numbers[3], f"{numbers[3]}#0:accept"}
        assert report.begins[-1] == int((NOW + timedelta(minutes=50)).timestamp())
        await house.api.close()


@pytest.mark.asyncio
async def test_asked_too_often_it_asks_more_slowly() -> None:
    async with FakeWecom() as fake:
        FakeReport(fake, now=lambda: NOW)
        house = House(fake)
        waits = []
        fake.fail("/cgi-bin/report/resident/get_order_list", times=6, errcode=45009)
        for _ in range(6):
            assert not await house.hearing.look()
            waits.append(house.hearing.wait)
        assert waits == [2 * EVERY, 4 * EVERY, 8 * EVERY, LONGEST, LONGEST, LONGEST]
        assert await house.hearing.look() and house.hearing.wait < LONGEST
        fake.fail("/cgi-bin/report/resident/get_order_list", how="reset")
        assert not await house.hearing.look() and house.hearing.wait == EVERY
        await house.api.close()
