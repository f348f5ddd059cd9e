"""One long story with a person who must come out nowhere: groups, logs, pages, exports, metrics, errors.

Each canary is a string that stands nowhere else. `leaks` finds it however it is written; that it would find
a leak is shown beside it, on every surface.
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog

from gridbot import intake
from gridbot.app import App, registry
from gridbot.cases import chain, voice
from gridbot.cases.facts import facts
from gridbot.cli.figures import write_csv
from gridbot.cli.keeping import _dead
from gridbot.desk.context import Desk
from gridbot.rehearsal import Stage
from gridbot.settings import Log, configure_logging, load
from gridbot.store import inbox, tables
from gridbot.store.db import Database
from gridbot.understanding.intents import default_folder, load_packs
from gridbot.web.console import console_routes
from gridbot.web.server import build
from tests.cast import (
    ADMIN,
    ENGINEER,
    LEADERS,
    LI,
    NOW,
    RESIDENTS,
    SECRETARY,
    ZHOU,
    kept,
    said,
    seed,
    seed_units,
)
from tests.desk.conftest import packs
from tests.web.consoles import doors

NAME, WHO = "柳莺歌", "7007"
PHONE, PLATE, DOOR, ID = "13987650099", "沪K7Y421", "1907", "310104197703215516"
WORDS, ILLNESS = "紫檀色的鹦鹉", "双相情感障碍"
NUMERALS = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
CANARIES = {
    "name": NAME,
    "phone": PHONE[3:],
    "plate": PLATE[1:],
    "door": DOOR,
    "id": ID[6:17],
    "words": WORDS,
    "illness": ILLNESS,
}
STRICT = ("name", "phone", "plate", "door", "id")
SPOKEN = "一三九八七六五零零九九"
WIDE = "".join(chr(ord(digit) + 0xFEE0) for digit in PHONE)


def leaks(text: str, which: tuple[str, ...] = tuple(CANARIES)) -> list[str]:
    """The canaries in a text: as written, and with digits in any notation and anything between them."""
    folded = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[\s\-.·()\u200b–]", "", folded.translate(NUMERALS))
    return [name for name in which if CANARIES[name] in folded or CANARIES[name] in digits]


# --- the story -----------------------------------------------------------------------------------


@pytest.fixture
def stage() -> Iterator[Stage]:
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        with opened.db() as db:
            cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        yield opened


def she(stage: Stage, text: str, chat: str = RESIDENTS, **more: Any) -> str:
    return stage.says(WHO, text, chat=chat, name=NAME, **more)


def everybody_starts(stage: Stage) -> None:
    for who in (LI, SECRETARY, ADMIN, ENGINEER):
        stage.starts(who.id, who.name)
    stage.starts(WHO, NAME)


def ordinary(stage: Stage) -> None:
    """Reported, joined, taken, moved on, returned, said to be mended, and not mended, and mended."""
    she(stage, f"5号楼{DOOR}门口墙皮掉了一块,{WORDS},找我{SPOKEN}")
    she(stage, f"5号楼{DOOR}门口楼道灯不亮了,{WORDS},找我{SPOKEN},我叫{NAME}")
    stage.says(ZHOU.id, f"我家也是,{NAME}家{DOOR}也黑,{PLATE}", chat=RESIDENTS, name=ZHOU.name)
    stage.passes(minutes=6)
    for who in (LI, ENGINEER):
        stage.says(who.id, "收到", chat=who.id, name=who.name)
        stage.says(who.id, f"{DOOR}的{NAME}不在家,电话{WIDE}没人接,等配件到周四", chat=who.id, name=who.name)
        stage.passes(minutes=6)
    stage.says(LI.id, f"不归我管,是物业的,{DOOR}{NAME}自己弄的", chat=LI.id)
    stage.passes(days=1)
    for who in (ENGINEER, LI):
        stage.says(who.id, f"修好了,{DOOR}{NAME}知道", chat=who.id, name=who.name)
        stage.passes(minutes=6)
    she(stage, f"还没好!我{DOOR}的灯还是黑,{ID}")
    stage.passes(hours=5)
    stage.says(LI.id, "修好了", chat=LI.id)
    stage.passes(minutes=6)
    she(stage, "亮了亮了谢谢")


def private(stage: Stage) -> None:
    she(stage, f"5号楼{DOOR}我儿子{ILLNESS}又犯了,在楼道砸东西,我是{NAME},{PHONE}", chat=WHO)
    she(stage, f"隔壁天天吵架骂人,我有{ILLNESS}受不了,5号楼{DOOR}")
    stage.passes(hours=3)
    stage.says(LI.id, f"去看过了,{NAME}的{ILLNESS}稳定了", chat=LI.id)
    stage.passes(hours=3)


def emergency(stage: Stage) -> None:
    she(stage, f"5号楼{DOOR}有煤气味!快来人,{NAME},{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}")
    stage.passes(minutes=30)
    stage.says(LI.id, f"收到,马上去{DOOR}", chat=LI.id)
    stage.passes(hours=1)
    stage.says(LI.id, f"虚惊,{NAME}烧糊了锅", chat=LI.id)


def complaint(stage: Stage) -> None:
    she(stage, f"物业态度恶劣,5号楼{DOOR}的{NAME}找他们三次了,车{PLATE}被锁")
    stage.passes(days=2)


class Broken(Desk):
    """Fails while it handles a message, and says in the error what was said."""

    def room(self, *_: Any) -> Any:
        raise LookupError(f"没找到:{NAME} {PHONE} {PLATE} 5号楼{DOOR} {ID}")


def failing(stage: Stage) -> None:
    """A message that cannot be handled, three times, until it is a dead letter."""
    broken = Broken(packs(), lambda rules: packs())
    with stage.db() as db:
        message = said(f"我是{NAME},{PHONE}", platform=Stage.platform, bot=Stage.bot, update_id="broken")
        assert inbox.keep(db, kept(message), now=stage.now) is not None
    for _ in range(3):
        with stage.db() as db:
            batch = inbox.claim(db, owner="broken", now=stage.now)
        with stage.db() as db:
            intake.handle(db, broken, batch, owner="broken", now=stage.now)
        stage.passes(minutes=2)
    try:
        raise ValueError(f"{NAME} {SPOKEN}")
    except ValueError:
        structlog.get_logger().exception("a part broke", text=f"5号楼{DOOR},{PLATE}")
        logging.getLogger("some.library").warning("could not send to %s", PHONE)


def asking(stage: Stage) -> None:
    """What leaders and the admin ask for; the weekly word in the groups comes by itself."""
    numbers = [case.number for case in stage.cases() if case.number]
    for number in numbers:
        for command in ("看 {}", "看 {} 全程", "为什么 {}", "谁看过 {}"):
            stage.says(ADMIN.id, command.format(number), chat=ADMIN.id, name=ADMIN.name)
    stage.says(ADMIN.id, "列表", chat=ADMIN.id, name=ADMIN.name)
    stage.says(ADMIN.id, f"@网格助手 {PHONE}是谁", chat=RESIDENTS, name=ADMIN.name, mentions_bot=True)
    stage.passes(days=8)


def play(stage: Stage) -> None:
    everybody_starts(stage)
    for part in (ordinary, private, emergency, complaint, failing, asking):
        part(stage)


# --- where it could come out ---------------------------------------------------------------------


async def pages(stage: Stage) -> dict[str, str]:
    """Every page of the console, an error page, /healthz and /metrics."""
    with stage.db() as db:
        file = db.engine.url.database
    database = Database(f"sqlite:///{file}")
    app = App(load(database=f"sqlite:///{file}"), database, stage.desk, now=lambda: stage.now)
    titles = {kind: one.title for kind, one in stage.desk.packs.types.items()}
    web = build(
        console_routes(doors(database, local=True, now=lambda: stage.now), stage.desk, titles=titles),
        health=app.health,
        registry=registry(app),
    )
    wanted = [f"/console/{page}" for page in ("rates", "agenda", "people", "views", "keeping")]
    wanted += ["/console?state=all", "/console", "/healthz", "/metrics", "/console/cases/99999"]
    wanted += [f"/console/cases/{case.id}" for case in stage.cases()]
    wanted += [f"/console?state={PLATE}", f"/nothing/{PHONE}"]
    found = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://localhost") as client:
        for path in wanted:
            found[path] = (await client.get(path)).text
    database.close()
    return found


def exports(stage: Stage) -> dict[str, str]:
    target = io.StringIO()
    with stage.db() as db:
        community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
        since = NOW - timedelta(days=1)
        write_csv(facts(db, community, since, stage.now), target)
        told = "\n".join(str(row.data) + row.move for row in db.execute(sa.select(tables.case_events)))
        file = db.engine.url.database
    database = Database(f"sqlite:///{file}")
    dead = _dead(database)
    database.close()
    return {"cases.csv": target.getvalue(), "events": told, "dead letters": str(dead)}


def groups(stage: Stage) -> dict[str, str]:
    return {chat: "\n".join([*stage.texts(chat), *_buttons(stage, chat)]) for chat in (RESIDENTS, LEADERS)}


def _buttons(stage: Stage, chat: str) -> list[str]:
    return [button.text for one in stage.in_chat(chat) for row in one.buttons for button in row]


def others(stage: Stage) -> dict[str, str]:
    """People who took nothing: the level above, and the admin."""
    return {who.name: "\n".join(stage.texts(who.id)) for who in (SECRETARY, ADMIN)}


# --- the tests -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nothing_comes_out_anywhere(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Log("debug", "json"))
    play(stage)
    log = capsys.readouterr().err
    assert "a part broke" in log and "LookupError" in log, "the errors did happen and were written down"
    states = {case.state for case in stage.cases() if case.number}
    assert len(states) >= 2 and len(stage.cases()) >= 4, stage.cases()
    assert any(case.private for case in stage.cases()) and any(case.urgent for case in stage.cases())
    found = {name: leaks(text) for name, text in {"log": log, **groups(stage), **exports(stage)}.items()}
    found |= {name: leaks(text, (*STRICT, "illness")) for name, text in others(stage).items()}
    found |= {path: leaks(text, (*STRICT, "illness")) for path, text in (await pages(stage)).items()}
    assert {name: what for name, what in found.items() if what} == {}
    with stage.db() as db:
        community = db.execute(sa.select(tables.communities.c.id)).scalar_one()
        assert chain.verify(db, community).broken == ()


def _in_a_group(stage: Stage) -> None:
    with stage.db() as db:
        chat = db.execute(sa.select(tables.chats).where(tables.chats.c.chat == RESIDENTS)).one()
        voice.to_chat(db, chat, f"{NAME},电话{SPOKEN}", purpose="planted", now=stage.now)
    stage.passes(minutes=1)


def _in_a_grids_name(stage: Stage) -> None:
    """A page shows grids' names as they are."""
    with stage.db() as db:
        db.execute(sa.update(tables.grid_nodes).values(name=f"{NAME} {WIDE}"))


def _in_an_event(stage: Stage) -> None:
    with stage.db() as db:
        db.execute(sa.update(tables.case_events).values(data={"words": f"{NAME} {PHONE}"}))


def _in_the_log(stage: Stage) -> None:
    logging.getLogger().handlers[0].stream.write(f"{NAME} {PHONE}\n")  # type: ignore[attr-defined]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (_in_a_group, RESIDENTS),
        (_in_a_grids_name, "/console"),
        (_in_an_event, "events"),
        (_in_the_log, "log"),
    ],
)
async def test_a_planted_leak_is_found(
    stage: Stage, capsys: pytest.CaptureFixture[str], plant: Callable[[Stage], None], where: str
) -> None:
    configure_logging(Log("debug", "json"))
    everybody_starts(stage)
    she(stage, f"5号楼{DOOR}门口楼道灯不亮了,找我{SPOKEN}")
    stage.passes(minutes=5)
    plant(stage)
    log = capsys.readouterr().err
    surfaces = {"log": log, **groups(stage), **exports(stage), **await pages(stage)}
    assert {"name", "phone"} <= set(leaks(surfaces[where]))


@pytest.mark.parametrize(
    "written", [PHONE, SPOKEN, WIDE, "139-8765-0099", "139 8765 0099", "1 3 9 8 7 6 5 0 0 9 9"]
)
def test_a_leak_is_found_however_it_is_written(written: str) -> None:
    assert leaks(f"找{written}吧") == ["phone"]
    assert leaks("找〔电话〕吧") == []


def test_without_the_mask_it_would_leak() -> None:
    """What the story says holds every canary: that none comes out is not for want of any."""
    heard: list[str] = []

    class Recorder(Stage):
        def says(self, who: str, text: str, **more: Any) -> str:
            heard.append(text + str(more.get("name", "")))
            return super().says(who, text, **more)

    desk = Desk(packs(), lambda rules: packs())
    with Recorder(desk, NOW) as stage:
        with stage.db() as db:
            cast = seed(db, platform=Stage.platform, bot=Stage.bot)
            seed_units(db, cast, platform=Stage.platform, bot=Stage.bot)
        play(stage)
    assert leaks("\n".join(heard)) == list(CANARIES)
