"""The composition of the WeCom channels: a part of `app`, which alone calls it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from gridbot.app_wechat import House, open_kf, open_report
from gridbot.delivery import Mouth
from gridbot.desk import watch
from gridbot.grid import actions as grid_actions
from gridbot.messages import Delivery, SendResult
from gridbot.settings import Settings
from gridbot.store import leases, outbox
from gridbot.texts import channels as words

if TYPE_CHECKING:
    from gridbot.channels.wecom_aibot import WecomAibot
    from gridbot.channels.wecom_webhook import WecomWebhook

log = structlog.get_logger()

PACED = timedelta(hours=1)  #: the longest limit any of them has


async def open_wecom(app: House) -> None:
    """Every WeCom channel the settings name."""
    hooks = await _open_webhooks(app) if app.settings.hooks else None
    if app.settings.wecom_aibot:
        await _open_aibot(app, hooks)
    if app.settings.kf:
        await open_kf(app)
    if app.settings.report:
        await open_report(app)


async def _open_webhooks(app: House) -> WecomWebhook:
    from gridbot.channels._wecom.api import WecomApi
    from gridbot.channels.wecom_webhook import BOT, PLATFORM, WecomWebhook

    settings = app.settings
    keys = {hook.name: hook.key for hook in settings.hooks}
    api = WecomApi(settings.wecom_api, proxy=settings.proxy or None)
    app.closing.append(api.close)
    hooks = WecomWebhook(keys, api)
    await app.adopts(PLATFORM, BOT)
    await app.write(lambda db: grid_actions.let_in(db, PLATFORM, BOT, list(keys)))
    hooks.said_lately(await _said_lately(app, PLATFORM, BOT))
    app.speaks(hooks, platform=PLATFORM, bot=BOT)
    return hooks


async def _open_aibot(app: House, hooks: WecomWebhook | None) -> None:
    """One process owns the connection, and speaks through it as well: both under one lease."""
    from gridbot.channels.wecom_aibot import PLATFORM, WecomAibot

    settings, bot = app.settings, app.settings.wecom_aibot
    app.desk.can[PLATFORM] = WecomAibot.capabilities
    await app.adopts(PLATFORM, bot)
    if not app.has("ingest"):
        return
    aibot = WecomAibot(
        bot,
        settings.wecom_aibot_secret.get_secret_value(),
        accept=app.intake.accept,
        name=settings.wecom_aibot_name,
        fallback={} if hooks is None else _fallbacks(settings, hooks),
        url=settings.wecom_socket,
        proxy=settings.proxy or None,
    )
    mouth = app.mouth(aibot, platform=PLATFORM, bot=bot)
    app.watched.append(lambda: {PLATFORM: aibot.line.state})

    async def live(stop: asyncio.Event) -> None:
        aibot.said_lately(await _said_lately(app, PLATFORM, bot))
        await _while_connected(app, aibot, mouth, stop)

    app.parts[PLATFORM] = app.alone(f"{PLATFORM} {bot}", live)


def _fallbacks(
    settings: Settings, hooks: WecomWebhook
) -> dict[str, Callable[[Delivery], Coroutine[Any, Any, SendResult]]]:
    """Where the 智能机器人 may not push, the webhook of the same group says it; its buttons stay behind, for
    what is typed under it names the 智能机器人 all the same."""
    from gridbot.fitting import fit

    def through(name: str) -> Callable[[Delivery], Coroutine[Any, Any, SendResult]]:
        async def say(delivery: Delivery) -> SendResult:
            fitted = fit(replace(delivery, chat=name), hooks.capabilities)
            assert fitted is not None, "words can always be said"
            return await hooks.send(fitted)

        return say

    return {hook.chat: through(hook.name) for hook in settings.hooks if hook.chat}


async def _while_connected(app: House, aibot: WecomAibot, mouth: Mouth, stop: asyncio.Event) -> None:
    """Hears and speaks until `stop`: first what is being said is ended, then the connection. Where another
    connection took the bot over, nothing is done but to tell the admins."""
    hang_up, quiet = asyncio.Event(), asyncio.Event()
    hearing = asyncio.create_task(aibot.run(hang_up))
    speaking = asyncio.create_task(_once_connected(aibot, mouth, quiet))
    telling = asyncio.create_task(_tell_if_refused(app, aibot))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({hearing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        quiet.set()
        mouth.wake()
        await speaking
        hang_up.set()
        await hearing
    finally:
        for task in (stopping, telling):
            task.cancel()
        await asyncio.gather(stopping, telling, return_exceptions=True)
    if aibot.line.state == "kicked":
        await _stay_away(app, mouth, stop)


async def _once_connected(aibot: WecomAibot, mouth: Mouth, quiet: asyncio.Event) -> None:
    """What waited to be said is not tried in vain before there is a connection."""
    waiting = [asyncio.create_task(event.wait()) for event in (aibot.line.up, quiet)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if not quiet.is_set():
        await mouth.run(quiet)


async def _stay_away(app: House, mouth: Mouth, stop: asyncio.Event) -> None:
    """If it was a peer of ours that took over (this process hung), the lease tells so within a moment."""
    if not app.database.sqlite:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), leases.RENEW.total_seconds() + 2)
    if not stop.is_set():
        mouth.silenced = True
        await app.write(lambda db: watch.alarm(db, words.kicked(), now=app.now()))
        await stop.wait()


async def _tell_if_refused(app: House, aibot: WecomAibot) -> None:
    await aibot.line.refused.wait()
    await app.write(lambda db: watch.alarm(db, words.refused(), now=app.now()))


async def _said_lately(app: House, platform: str, bot: str) -> list[tuple[str, datetime]]:
    since = app.now() - PACED

    def read() -> list[tuple[str, datetime]]:
        with app.database.read() as db:
            return outbox.sent_lately(db, platform=platform, bot=bot, since=since)

    return await asyncio.to_thread(read)
