"""The whole house in a browser: a report, its leader, the word of the resident, and the console."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.web.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
SAMPLE = Path(__file__).parents[2] / "deploy" / "samples" / "sample.yaml"


def community(folder: Path) -> Path:
    """The sample without its waits: leaders are told at once, and there is no night."""
    text = SAMPLE.read_text("utf-8")
    quick = '  leader_delay: 0\n  quiet_start: "00:00"\n  quiet_end: "00:00"\n'
    path = folder / "community.yaml"
    path.write_text(text.replace("settings:\n", f"settings:\n{quick}", 1), "utf-8")
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class House:
    """gridbot demo in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "gridbot.log"
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._environment = {
            **kept,
            "HOME": str(folder),
            "GRIDBOT_DATABASE": f"sqlite:///{folder / 'house.db'}",
            "GRIDBOT_HTTP": f"127.0.0.1:{self.port}",
        }

    async def gridbot(self, *arguments: str) -> asyncio.subprocess.Process:
        log = self.log.open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gridbot", *arguments, env=self._environment, stdout=log, stderr=log
            )
        finally:
            log.close()

    async def move_in(self) -> None:
        for arguments in (("db", "upgrade"), ("import", "--yes", str(community(self.folder)))):
            assert await (await self.gridbot(*arguments)).wait() == 0, self.log.read_text("utf-8")

    async def start(self) -> None:
        database = self._environment["GRIDBOT_DATABASE"]
        self.process = await self.gridbot("demo", "--database", database)
        async with asyncio.timeout(40), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{self.url}/healthz")
                    return
                except httpx.TransportError:
                    assert self.process.returncode is None, self.log.read_text("utf-8")
                    await asyncio.sleep(0.1)

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(6):
            return await self.process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    await house.move_in()
    await house.start()
    yield house
    await house.stop()


async def say(pane: Any, text: str) -> None:
    await pane.locator("[data-input]").fill(text)
    await pane.locator("[data-input]").press("Enter")


async def test_from_the_first_word_to_the_last(house: House, open_page: OpenPage) -> None:
    page = await open_page(house.url)
    wang, li = page.locator(".pane").nth(0), page.locator(".pane").nth(1)
    console = await open_page(f"{house.url}/console", 1100, 700)
    await expect(console.get_by_text("没有没办完的事")).to_be_visible()

    await say(wang, "5号楼楼道灯不亮了")
    await expect(wang.locator(".msg", has_text="记下了")).to_contain_text("5号楼")
    notice = li.locator(".msg", has_text="有人报5号楼")
    await expect(notice).to_contain_text("5号楼楼道灯不亮了")
    row = console.locator("[data-row]")
    await expect(row).to_contain_text("照明")
    await expect(console.get_by_role("region", name="等人接").locator("[data-row]")).to_have_count(1)

    await li.get_by_role("button", name="我去看").click()
    await expect(li.locator(".msg", has_text="您去看")).to_contain_text("更新")
    await expect(console.get_by_role("region", name="在办").locator("[data-row]")).to_contain_text("李格长")

    await say(li, "修好了")
    asked = wang.locator(".msg", has_text="您看好了吗")
    await expect(asked).to_be_visible()
    await expect(console.get_by_role("region", name="等居民看").locator("[data-row]")).to_have_count(1)
    await say(wang, "亮了亮了谢谢")
    await expect(wang.locator(".msg", has_text="亮了亮了谢谢").locator(".pill")).to_contain_text("🎉")
    await expect(li.locator(".msg", has_text="办结")).to_contain_text("更新")
    await expect(row).to_have_count(0)
    await console.get_by_role("link", name="已办结").click()
    await expect(row.locator(".pill")).to_have_text("已办结")
    await row.click()
    story = console.get_by_role("region", name="经过")
    for moment in ("立案", "告诉李格长", "接了", "说办好了", "说好了"):
        await expect(story).to_contain_text(moment)
    await expect(story.locator(".told.sent").first).to_contain_text("已送到")


async def test_gas_a_joke_and_a_question(house: House, open_page: OpenPage) -> None:
    page = await open_page(house.url)
    wang, li = page.locator(".pane").nth(0), page.locator(".pane").nth(1)
    await say(wang, "3号楼楼道里有股煤气味")
    await expect(wang.locator(".msg.bot", has_text="别开灯")).to_be_visible()
    await expect(li.locator(".msg", has_text="【急】")).to_contain_text("3号楼")
    await say(wang, "三九什么时候")
    await expect(wang.locator(".msg.bot", has_text="小广场").last).to_contain_text("三九")
    before = await wang.locator(".msg.bot").count()
    await say(wang, "哈哈堵死我了")
    await say(wang, "三九有什么")
    await expect(wang.locator(".msg.bot")).to_have_count(before + 1)
    console = await open_page(f"{house.url}/console", width=375, height=720, is_mobile=True)
    await expect(console.locator(".urgent[data-row]")).to_contain_text("3号楼")
    assert await console.evaluate("document.documentElement.scrollWidth") <= 375


async def test_it_ends_quickly_with_pages_open_and_shows_all_again(house: House, open_page: OpenPage) -> None:
    page = await open_page(f"{house.url}/?as=1001")
    shown = page.locator(".msg")
    await expect(shown.first).to_be_visible()
    count = await shown.count()
    assert await house.stop() == 0
    await expect(page.locator("[data-offline]")).to_be_visible()
    await house.start()
    await expect(page.locator("[data-offline]")).to_be_hidden()
    await expect(shown).to_have_count(count)
    await say(page.locator(".pane"), "我报的到哪了")
    await expect(page.locator(".msg.bot").last).to_contain_text(re.compile(r"\(\d+\)"))
