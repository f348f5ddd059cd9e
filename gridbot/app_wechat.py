"""The composition of the channels that reach residents in their ordinary WeChat: a part of `app_wecom`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from gridbot.delivery import Mouth
from gridbot.desk.context import Desk
from gridbot.grid import posters
from gridbot.grid import queries as grid
from gridbot.intake import Intake
from gridbot.messages import Speaker
from gridbot.settings import Settings
from gridbot.store import leases, parked
from gridbot.store.db import Database
from gridbot.texts import kf as words

Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
CALLBACK = "/wecom/kf"


class House(Protocol):
    """What of the app is needed here."""

    settings: Settings
    database: Database
    desk: Desk
    intake: Intake
    now: Callable[[], datetime]
    parts: dict[str, Part]
    routes: list[Any]
    closing: list[Callable[[], Awaitable[None]]]
    watched: list[Callable[[], dict[str, Any]]]

    def has(self, role: str) -> bool: ...
    def speaks(self, speaker: Speaker, *, platform: str, bot: str) -> None: ...
    def mouth(self, speaker: Speaker, *, platform: str, bot: str) -> Mouth: ...
    def alone(self, name: str, part: Part) -> Part: ...
    async def adopts(self, platform: str, bot: str) -> None: ...
    async def write(self, task: Callable[..., Any]) -> Any: ...


async def open_kf(app: House) -> None:
    """微信客服. Whoever has the web role is rung and pulls at once; one process looks by itself now and then.
    Two that pull the same page keep it once, and a cursor put back pulls what is known."""
    from gridbot.channels._wecom.api import Credentials, WecomApi
    from gridbot.channels._wecom.callback import callback_route
    from gridbot.channels._wecom.crypt import BizCrypt
    from gridbot.channels.wecom_kf import PLATFORM, Cursors, KfHearing, KfSpeaker, Window

    settings, corp = app.settings, app.settings.wecom_corp
    credentials = Credentials(corp, settings.kf)
    api = WecomApi(settings.wecom_api, proxy=settings.proxy or None)
    app.closing.append(api.close)
    await app.adopts(PLATFORM, corp)

    async def window(chat: str) -> Window:
        return Window(*await _read(app, lambda db: parked.window(db, platform=PLATFORM, bot=corp, chat=chat)))

    async def accounts() -> Sequence[str]:
        found: list[str] = await _read(app, lambda db: grid.bound_chats(db, PLATFORM, corp))
        return found

    speaker = KfSpeaker(credentials, api, window=window, mark=await app.write(_mark), now=app.now)
    app.speaks(speaker, platform=PLATFORM, bot=corp)
    if not (app.has("web") or app.has("ingest")):
        return
    cursors = Cursors(*_cursors(app, PLATFORM))
    hearing = KfHearing(
        credentials, api, accept=app.intake.accept, cursors=cursors, accounts=accounts, now=app.now
    )
    app.watched.append(lambda: {PLATFORM: hearing.state})
    app.parts[PLATFORM] = hearing.run
    if app.has("web"):
        token, key = (one.get_secret_value() for one in (settings.wecom_kf_token, settings.wecom_kf_aes_key))
        crypt = BizCrypt(token, key, corp)
        app.routes.append(callback_route(CALLBACK, crypt=crypt, heard=hearing.heard))
    if app.has("ingest"):
        app.parts[f"{PLATFORM} watch"] = app.alone(f"{PLATFORM} watch {corp}", hearing.watch)


async def open_report(app: House) -> None:
    """居民上报: read by one process, said to nobody."""
    from gridbot.channels._wecom.api import Credentials, WecomApi
    from gridbot.channels.wecom_report import PLATFORM, ReportHearing, ReportSpeaker, Since

    settings, corp = app.settings, app.settings.wecom_corp
    await app.adopts(PLATFORM, corp)
    app.speaks(ReportSpeaker(), platform=PLATFORM, bot=corp)
    if not app.has("ingest"):
        return
    api = WecomApi(settings.wecom_api, proxy=settings.proxy or None)
    app.closing.append(api.close)
    load, save = _cursors(app, PLATFORM)
    since = Since(lambda: load("orders"), lambda until: save("orders", until))
    hearing = ReportHearing(
        Credentials(corp, settings.report), api, accept=app.intake.accept, since=since, now=app.now
    )
    app.watched.append(lambda: {PLATFORM: hearing.state})
    app.parts[PLATFORM] = app.alone(f"{PLATFORM} {corp}", hearing.run)


def _cursors(
    app: House, platform: str
) -> tuple[Callable[[str], Awaitable[str]], Callable[[str, str], Awaitable[None]]]:
    async def load(account: str) -> str:
        known = await _read(app, lambda db: leases.remembered(db, f"{platform} cursor {account}"))
        return str(known.get("cursor", ""))

    async def save(account: str, cursor: str) -> None:
        name, data = f"{platform} cursor {account}", {"cursor": cursor}
        await app.write(lambda db: leases.remember(db, name, data))

    return load, save


def _mark(db: Connection) -> str:
    """A few letters of this database's own, made once."""
    known = leases.remembered(db, "wecom_kf mark").get("mark")
    if known is None:
        known = secrets.token_hex(3)
        leases.remember(db, "wecom_kf mark", {"mark": known})
    return known


async def _read(app: House, look: Callable[[Connection], Any]) -> Any:
    def read() -> Any:
        with app.database.read() as db:
            return look(db)

    return await asyncio.to_thread(read)


# --- posters -------------------------------------------------------------------------------------


async def contact_link(settings: Settings, account: str, scene: str) -> str:
    """Where a poster's code leads, as WeChat has it. Raises RefusedError, UnreachableError."""
    from gridbot.channels import wecom_kf
    from gridbot.channels._wecom.api import Credentials, WecomApi

    api = WecomApi(settings.wecom_api, proxy=settings.proxy or None)
    try:
        return await wecom_kf.contact_link(api, Credentials(settings.wecom_corp, settings.kf), account, scene)
    finally:
        await api.close()


def poster_of(grid: str, link: str) -> bytes:
    """The poster of a grid as a PNG."""
    from gridbot.pictures import poster

    lines, foot = words.poster_lines(grid), words.POSTER_FOOT
    return poster.draw(poster.Poster(words.POSTER_TITLE, words.POSTER_SCAN, lines, foot, link))


def poster_maker(settings: Settings) -> Callable[[posters.Place], Awaitable[bytes]] | None:
    """For the console; None where there is no 微信客服. It raises NoPosterError."""
    if not settings.kf:
        return None

    async def make(place: posters.Place) -> bytes:
        from gridbot.channels._wecom.api import RefusedError, UnreachableError

        try:
            link = await contact_link(settings, place.account, place.scene)
        except (RefusedError, UnreachableError) as trouble:
            raise posters.NoPosterError(words.no_link(str(trouble))) from None
        return await asyncio.to_thread(poster_of, place.name, link)

    return make
