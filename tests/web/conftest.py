"""Chromium for the tests that need one. Where there is none they are shown as skipped, never silently."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from tests.web.stage import Stage

expect.set_options(timeout=8000)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "no chromium on the PATH; on Debian: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        await opened.close()


OpenPage = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Any, request: pytest.FixtureRequest) -> AsyncIterator[OpenPage]:
    """Opens windows, each of a visitor of its own; fails the test for anything the page complains of.

    With SHOTS naming a folder, a picture of every window is left there.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    async def open_one(url: str, width: int = 1280, height: int = 800, **options: Any) -> Any:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", reduced_motion="reduce", **options
        )
        context.set_default_timeout(8000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await page.goto(url)
        return page

    yield open_one
    for number, context in enumerate(contexts):
        if folder := os.environ.get("SHOTS"):
            for page in context.pages:
                await page.screenshot(path=Path(folder) / f"{request.node.name}-{number}.png")
        await context.close()
    expected = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "409 (Conflict)")
    assert not [one for one in complaints if not any(word in one for word in expected)]


@pytest_asyncio.fixture(loop_scope="module")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage(tmp_path / "said.jsonl").open() as opened:
        yield opened
