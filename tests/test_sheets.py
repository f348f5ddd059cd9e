"""A sheet of figures as a picture and as a workbook: readable, the same figures, nothing that runs."""

from __future__ import annotations

import asyncio
import io
import logging
import string
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import Connection

from gridbot import pictures, workbook
from gridbot.delivery import Mouth, drawn
from gridbot.messages import (
    Capabilities,
    ChatKind,
    Delivery,
    Outcome,
    Outgoing,
    OutKind,
    SendResult,
    Sheet,
    Table,
    Urgency,
    dump,
    load_outgoing,
)
from gridbot.store import outbox
from gridbot.store.db import Database
from gridbot.understanding.intents import default_folder, load_packs
from tests.cast import BOT, NOW, PLATFORM, seed

SHEET = Sheet(
    "青秀佳苑 例会材料",
    "11月16日至11月22日",
    (("新报", 12), ("在办", "<5")),
    (
        Table("超时的", ("编号", "什么事"), ((128, "5号楼楼道灯"), (131, "51号院下水道"))),
        Table("没人管的楼", ("网格", "楼"), tuple((f"{n}网格", f"{n}号楼") for n in range(40)), "注"),
    ),
    ("机器人按记录自动生成,不用填。",),
)


def cells(book: bytes) -> list[Any]:
    page = load_workbook(io.BytesIO(book)).active
    assert page is not None
    return [cell for row in page.iter_rows() for cell in row if cell.value is not None]


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


# --- the picture ---------------------------------------------------------------------------------


def test_a_picture_has_every_glyph(caplog: pytest.LogCaptureFixture) -> None:
    """What the font lacks is an empty box; matplotlib never has to say that a glyph is missing."""
    odd = Sheet(
        "𠮷野家 $x_1$ \U0001f6a8 龘", "Ωé한", (("件", "🈚"),), (Table("a\tb", ("",), (("囍\n喆",),)),)
    )
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        for sheet in (SHEET, odd):
            width, height = size(pictures.draw(sheet))
            assert width == pictures.WIDTH and height > 300
    assert "lyph" not in caplog.text and "font" not in caplog.text
    assert pictures.shown("楼道灯坏了,3件<5") == "楼道灯坏了,3件<5"
    assert pictures.shown("𠮷") == pictures.ABSENT


def test_the_font_knows_the_words_of_the_house() -> None:
    """Every sign of the bot's own sentences and of the names of issue types can be drawn."""
    root = Path(pictures.__file__).parents[1]
    sentences = "".join(path.read_text(encoding="utf-8") for path in (root / "texts").glob("*.py"))
    titles = "".join(one.title for one in load_packs(default_folder()).types.values())
    assert len(sentences) > 20_000 and "网格长" in sentences
    signs = {char for char in sentences + titles if "\u3000" <= char <= "\u9fff"}
    assert {char for char in signs if pictures.shown(char) != char and char != "\u3000"} == set()


def test_a_long_sheet_stays_one_picture() -> None:
    """Telegram takes no picture whose width and height are more than 10,000 together."""
    many = tuple(Table(f"表{n}", ("a", "b"), SHEET.tables[1].rows) for n in range(12))
    width, height = size(pictures.draw(Sheet("长", tables=many)))
    assert width + height < 10_000 and height / width < 20


@given(st.text(max_size=40), st.integers(1, 30))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    assert "".join(pictures.wrap(text, width)) == text.replace("\n", "")


def test_matplotlib_comes_with_the_first_picture() -> None:
    program = (
        "import sys, gridbot.app, gridbot.pictures, gridbot.workbook; sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_font_is_small_and_has_its_licence() -> None:
    assert pictures.FONT.stat().st_size < 1_500_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in pictures.FONT.with_name("OFL.txt").read_text("utf-8")


# --- going out -----------------------------------------------------------------------------------


def test_what_goes_out_is_drawn() -> None:
    said = load_outgoing(dump(Outgoing(text="例会材料", sheet=SHEET)))
    assert said.sheet == SHEET
    row = Delivery(1, OutKind.SEND, Urgency.BULK, "5", ChatKind.PRIVATE, said)
    sent = drawn(row).payload
    assert size(sent.photo)[0] == pictures.WIDTH and sent.text == "例会材料" and sent.sheet is None


def test_what_cannot_be_drawn_is_still_said() -> None:
    crooked = Sheet("歪", tables=(Table("表", ("a", "b"), (("one cell",),)),))
    row = Delivery(1, OutKind.SEND, Urgency.BULK, "5", ChatKind.PRIVATE, Outgoing(text="数", sheet=crooked))
    assert drawn(row).payload == Outgoing(text="数")


# --- the workbook --------------------------------------------------------------------------------


def test_a_workbook_has_it_all() -> None:
    found = [cell.value for cell in cells(workbook.write(SHEET))]
    assert found[:4] == ["青秀佳苑 例会材料", "11月16日至11月22日", "新报", 12]
    assert "<5" in found and "39号楼" in found and found[-1] == "机器人按记录自动生成,不用填。"


DANGEROUS = st.builds(
    lambda head, rest: head + rest,
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "=cmd|' /C calc'!A0", "http://", "1", "{=", '"=']),
    st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from(string.printable), max_size=30),
)


@settings(max_examples=60, deadline=None)
@given(DANGEROUS)
def test_no_text_becomes_a_formula(text: str) -> None:
    """Title, key, head, cell and note: each stays a text of its own, whatever it begins with."""
    sheet = Sheet(
        text or "x", text, ((text, text),), (Table(text, (text,), ((text,),), text),), notes=(text,)
    )
    written = cells(workbook.write(sheet))
    assert {cell.data_type for cell in written} == {"s"}
    assert all(cell.hyperlink is None for cell in written)
    kept = workbook.clean(text)
    if "_x" not in kept:  # what looks like an escape of XML is written as one, and openpyxl leaves it so
        assert {cell.value.replace("_x000D_", "\r") for cell in written} == {kept}


def test_half_an_emoji_and_a_long_text_do_no_harm() -> None:
    sheet = Sheet("\ud83d=1+1\x00\x1f", "长" * 40_000)
    assert [len(cell.value) for cell in cells(workbook.write(sheet))] == [5, workbook.LONGEST]


class Ear:
    """A platform that takes what it is given; `photos`: whether it has pictures."""

    def __init__(self, *, photos: bool) -> None:
        self.capabilities = Capabilities(photos=photos)
        self.heard: list[Outgoing] = []
        self.spoken = asyncio.Event()

    async def send(self, delivery: Delivery) -> SendResult:
        self.heard.append(delivery.payload)
        self.spoken.set()
        return SendResult(Outcome.SENT, message="1")


@pytest.mark.asyncio
@pytest.mark.parametrize("photos", [True, False], ids=["pictures", "no pictures"])
async def test_through_the_outbox(database: Database, photos: bool) -> None:
    """The row keeps the figures; the picture is made when it goes out, where there are pictures."""

    def put(db: Connection) -> int:
        cast = seed(db)
        said = Outgoing(text="例会材料", sheet=SHEET)
        more = {"community_id": cast.community, "purpose": "meeting-pack", "now": NOW}
        return outbox.say(db, chat_id=cast.li_private, payload=said, **more)

    database.write(put)
    ear, stop = Ear(photos=photos), asyncio.Event()
    mouth = Mouth(database, ear, platform=PLATFORM, bot=BOT, now=lambda: NOW)
    running = asyncio.create_task(mouth.run(stop))

    await asyncio.wait_for(ear.spoken.wait(), 20)
    stop.set()
    await running
    [said] = ear.heard
    assert said.text == "例会材料" and said.sheet is None
    assert (size(said.photo)[0] == pictures.WIDTH) if photos else said.photo == b""
