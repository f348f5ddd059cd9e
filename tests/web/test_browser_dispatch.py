"""派单卡 as it comes out of the printer: one A4 page, however long the place is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gridbot.desk.dispatching import Card
from gridbot.grid.rules import UnitScope
from gridbot.web.server import render

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
STATIC = Path(__file__).parents[2] / "gridbot" / "web" / "static"


async def test_it_prints_on_one_page(browser: Any) -> None:
    unit = UnitScope(1, "市政设施事务中心", contact="66010003")
    card = Card(
        number=128,
        unit=unit.name,
        kind="下水道、路面",
        place="3号楼旁边小广场门口" * 6,
        ask="派人看一看,能办就办;不是您那边管的,也请回个电话",
        until="11月26日前",
        callback="李格长 66010000",
        community="青秀佳苑社区",
    )
    html = bytes(render("dispatch.html", card=card, unit=unit, units=[unit] * 30, case=1).body).decode()
    for name in ("base", "dispatch"):
        styles = (STATIC / f"{name}.css").read_text("utf-8")
        html = html.replace(f'<link rel="stylesheet" href="/static/{name}.css">', f"<style>{styles}</style>")
    page = await browser.new_page()
    await page.set_content(html)
    printed = await page.pdf(format="A4", prefer_css_page_size=True)
    await page.emulate_media(media="print")
    assert not await page.locator(".choose").is_visible()  # what is for choosing is not printed
    assert await page.get_by_text("【").count() == 0 and await page.get_by_text("接单人").is_visible()
    await page.close()
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
