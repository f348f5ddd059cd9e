"""The simulator's page in Chromium: several people at once, live, by keyboard, on a phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from gridbot.messages import Button, IncomingKind, OutKind
from tests.web.conftest import OpenPage
from tests.web.stage import GROUP, LEADERS, LI, SECRETARY, WANG, ZHOU, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PHONE = {"width": 375, "height": 700, "has_touch": True, "is_mobile": True}


def pane(page: Any, number: int = 0) -> Any:
    return page.locator(".pane").nth(number)


def bubble(where: Any, text: str) -> Any:
    return where.locator(".msg", has_text=text)


async def test_two_people_beside_each_other_see_what_concerns_them(stage: Stage, open_page: OpenPage) -> None:
    page = await open_page(stage.url)
    wang, li = pane(page, 0), pane(page, 1)
    await expect(wang.get_by_role("radio", name="王阿姨")).to_be_checked()
    await expect(li.get_by_role("radio", name="李格长")).to_be_checked()
    await wang.get_by_role("button", name="5号楼楼道灯不亮了").click()
    await page.keyboard.press("Enter")
    await expect(bubble(wang, "5号楼楼道灯不亮了")).to_have_count(1)
    report = stage.heard[-1]
    assert (report.text, report.sender.name, report.chat) == ("5号楼楼道灯不亮了", "王阿姨", GROUP)
    await expect(li.get_by_role("tab", name="一网格居民群")).to_contain_text("1")

    await stage.bot(GROUP, kind=OutKind.REACT, message=report.message, emoji="👀")
    await stage.bot(GROUP, "记下了(1)。", reply_to=report.message)
    await expect(bubble(wang, "5号楼楼道灯不亮了").first.locator(".pill")).to_contain_text("👀")
    await expect(bubble(wang, "记下了(1)。").locator(".quote")).to_contain_text("5号楼楼道灯不亮了")

    card = await stage.bot(LI, "有人说5号楼楼道灯(1)", kind=OutKind.CARD, buttons=((Button("我去看", "t"),),))
    await li.get_by_role("button", name="我去看").click()
    await stage.hears(IncomingKind.BUTTON)
    tap = stage.heard[-1]
    assert (tap.kind, tap.button, tap.message, tap.sender.id) == (IncomingKind.BUTTON, "t", card.message, LI)
    await stage.bot(LI, "好,您去看", kind=OutKind.ANSWER, callback=tap.callback)
    await expect(li.locator("[data-toast]")).to_have_text("好,您去看")
    await stage.bot(LI, "您去看(1)", kind=OutKind.CARD, edits=card.message)
    await expect(bubble(li, "您去看(1)")).to_contain_text("更新")
    await expect(li.get_by_role("button", name="我去看")).to_have_count(0)
    await expect(bubble(wang, "您去看")).to_have_count(0)


async def test_an_alert_must_be_closed(stage: Stage, open_page: OpenPage) -> None:
    await stage.bot(GROUP, "开通?", buttons=((Button("开通", "t"),),))
    page = await open_page(f"{stage.url}/?as={ZHOU}")
    await page.get_by_role("button", name="开通").click()
    await stage.hears(IncomingKind.BUTTON)
    await stage.bot(
        GROUP, "这个按钮不是给您的", kind=OutKind.ANSWER, callback=stage.heard[-1].callback, alert=True
    )
    await expect(page.get_by_role("dialog")).to_contain_text("这个按钮不是给您的")
    await page.get_by_role("button", name="知道了").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_another_window_is_another_person_and_badges_tell_who_was_told(
    stage: Stage, open_page: OpenPage
) -> None:
    wang = await open_page(f"{stage.url}/?as={WANG}")
    zhou = await open_page(f"{stage.url}/?as={ZHOU}")
    await expect(wang.locator(".pane")).to_have_count(1)
    await zhou.locator("[data-input]").fill("我家也是")
    await zhou.keyboard.press("Enter")
    await expect(bubble(wang, "我家也是")).to_contain_text("小周")
    await expect(bubble(zhou, "我家也是")).to_have_class(re.compile("mine"))
    await stage.bot(LI, "一件")
    await stage.bot(LEADERS, "@李格长 一件")
    await expect(wang.get_by_role("radio", name="李格长").locator(".badge")).to_have_text("2")
    await expect(wang.get_by_role("radio", name="周书记").locator(".badge")).to_have_text("1")
    await expect(wang.get_by_role("radio", name="小周").locator(".badge")).to_be_hidden()
    await wang.get_by_role("radio", name="李格长").click()
    await wang.get_by_role("tab", name="网格助手私聊").click()
    await expect(bubble(wang, "一件")).to_have_count(1)
    assert "as=2001" in wang.url


async def test_reply_change_recall_react_by_keyboard_alone(stage: Stage, open_page: OpenPage) -> None:
    await stage.says(ZHOU, GROUP, "几号楼停电?")
    page = await open_page(f"{stage.url}/?as={WANG}")
    await bubble(page, "几号楼停电?").locator("[data-more]").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="👍")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(bubble(page, "几号楼停电?").locator(".pill.own")).to_contain_text("👍")
    await bubble(page, "几号楼停电?").locator("[data-more]").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="回复").press("Enter")
    await expect(page.locator("[data-context]")).to_contain_text("回复 小周")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-context]")).to_be_hidden()
    await page.keyboard.type("五号楼")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("整栋")
    await page.keyboard.press("Enter")
    await expect(bubble(page, "整栋").locator(".text")).to_have_text("五号楼\n整栋")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("[data-context]")).to_contain_text("修改")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("六号楼")
    await page.keyboard.press("Enter")
    await expect(bubble(page, "六号楼")).to_contain_text("改过")
    await bubble(page, "六号楼").locator("[data-more]").press("Enter")
    await page.get_by_role("button", name="撤回").press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("王阿姨撤回了一条消息")
    await stage.hears(IncomingKind.RECALL)
    await page.get_by_role("radio", name="王阿姨").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="小周")).to_be_focused()
    await expect(page.get_by_role("radio", name="小周")).to_be_checked()


async def test_enter_that_ends_a_word_of_the_input_method_does_not_send(
    stage: Stage, open_page: OpenPage
) -> None:
    page = await open_page(f"{stage.url}/?as={WANG}")
    field = page.locator("[data-input]")
    await field.fill("wuhaolou")
    await field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await expect(field).to_have_value("wuhaolou")
    await expect(page.locator(".msg")).to_have_count(0)


async def test_photo_and_voice(stage: Stage, open_page: OpenPage, tmp_path: Path) -> None:
    page = await open_page(f"{stage.url}/?as={WANG}")
    await page.get_by_role("button", name="发照片").click()
    await page.get_by_role("button", name="楼道灯不亮", exact=True).click()
    await expect(page.get_by_role("img", name="要发的照片")).to_be_visible()
    await page.locator("[data-input]").fill("就是这个灯")
    await page.keyboard.press("Enter")
    await expect(bubble(page, "就是这个灯").locator("img.photo")).to_be_visible()
    await stage.hears(IncomingKind.MESSAGE)
    (photo,) = stage.heard[-1].photos
    assert (stage.simulator.photos.get(photo) or b"").startswith(b"\xff\xd8\xff")
    await page.get_by_role("button", name="发一段语音").click()
    await expect(page.locator(".msg .voice").last).to_be_visible()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    await page.locator("[data-file]").set_input_files(bad)
    await expect(page.locator("[data-toast]")).to_have_text("这不是一张照片。")


async def test_words_stay_words(stage: Stage, open_page: OpenPage) -> None:
    evil = '<img src=x onerror="document.title=1"> https://example.com/a?b=c,好'
    await stage.says(ZHOU, GROUP, evil)
    page = await open_page(f"{stage.url}/?as={WANG}")
    await expect(bubble(page, "<img src=x").locator(".text")).to_have_text(evil)
    link = page.get_by_role("link", name="https://example.com/a?b=c")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(link).to_have_text("https://example.com/a?b=c")


async def test_nobody_is_written_to_before_start(stage: Stage, open_page: OpenPage) -> None:
    page = await open_page(f"{stage.url}/?as={ZHOU}&chat={ZHOU}")
    await expect(page.locator("[data-input]")).to_be_hidden()
    await page.get_by_role("button", name="开始").click()
    await expect(page.locator("[data-input]")).to_be_visible()
    assert stage.heard[-1].text == "/start"
    assert (await stage.bot(ZHOU, "您好")).message
    await expect(bubble(page, "您好")).to_be_visible()
    await page.get_by_role("button", name="这个聊天的设置").click()
    await page.get_by_role("button", name="停用网格助手").click()
    await expect(page.get_by_role("button", name="开始")).to_be_visible()
    assert not (await stage.bot(ZHOU, "在吗")).message


async def test_a_link_brings_its_payload_and_a_group_may_do_without_the_bot(
    stage: Stage, open_page: OpenPage
) -> None:
    page = await open_page(f"{stage.url}/?as={SECRETARY}&start=grid-7")
    await page.get_by_role("button", name="开始").click()
    await stage.hears(IncomingKind.MESSAGE)
    await expect(page.get_by_role("button", name="开始")).to_be_hidden()
    assert stage.heard[-1].start == "grid-7"
    await page.get_by_role("tab", name="一网格居民群").click()
    await page.get_by_role("button", name="这个聊天的设置").click()
    await page.get_by_role("button", name="把网格助手移出群").click()
    await expect(page.get_by_text("听不到大家说话")).to_be_visible()
    await page.get_by_role("button", name="请它进群").click()
    await expect(page.get_by_text("听不到大家说话")).to_be_hidden()
    assert stage.heard[-1].kind is IncomingKind.JOINED


async def test_on_a_phone(stage: Stage, open_page: OpenPage) -> None:
    await stage.bot(GROUP, "我是网格助手,是机器人。" * 6, pin=True)
    await stage.says(ZHOU, GROUP, "长" * 300 + "https://example.com/" + "a" * 200)
    page = await open_page(stage.url, **PHONE, color_scheme="dark")
    await expect(page.locator(".pane")).to_have_count(1)
    await expect(bubble(page, "长长")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375
    small = await page.evaluate(
        "[...document.querySelectorAll('.composer .icon-button, .send, .tab, .person')]"
        ".filter((e) => e.offsetHeight && e.offsetHeight < 44).map((e) => e.className)"
    )
    assert small == []
    for person in ("李格长", "陌生人"):
        await page.get_by_role("radio", name=person).tap()
        await expect(page.get_by_role("radio", name=person)).to_be_checked()


async def test_a_page_that_lost_its_server_finds_it_again(tmp_path: Path, open_page: OpenPage) -> None:
    async with Stage(tmp_path / "said.jsonl").open() as first:
        await first.says(WANG, GROUP, "一")
        page = await open_page(f"{first.url}/?as={WANG}")
        await expect(bubble(page, "一")).to_have_count(1)
        port = first.port
    await expect(page.locator("[data-offline]")).to_be_visible()
    async with Stage(tmp_path / "said.jsonl").open(port) as second:
        await second.says(ZHOU, GROUP, "二")
        await expect(bubble(page, "二")).to_have_count(1)
        await expect(page.locator("[data-offline]")).to_be_hidden()
        await expect(page.locator(".msg")).to_have_count(2)
        await page.locator("[data-input]").fill("三")
        await page.keyboard.press("Enter")
        await expect(bubble(page, "三")).to_have_count(1)
