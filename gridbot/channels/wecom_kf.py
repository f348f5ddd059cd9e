"""微信客服: one to one with residents in their ordinary WeChat, by a code they scan.

The platform rings (a callback that carries nothing but the account) and what was said is pulled, page by page
from a cursor; the cursor is kept only after the page is, so a crash pulls a page twice and the inbox knows
its messages. Who opens the conversation is welcomed at once, for the code to do so is good for 20 seconds.
After a resident's last word five messages may be said within 48 hours; what comes later is parked until the
resident writes again. Documents: developer.work.weixin.qq.com paths 94670, 94677, 95122.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from gridbot.channels._wecom.api import Credentials, RefusedError, UnreachableError, WecomApi
from gridbot.channels._wecom.kf_read import PLATFORM, chat_of, keep, welcome_code
from gridbot.fitting import measure, parts
from gridbot.messages import (
    Accept,
    Button,
    Capabilities,
    ChatKind,
    Delivery,
    Outcome,
    OutKind,
    SendResult,
)
from gridbot.texts import kf as words

__all__ = ["PLATFORM", "KfHearing", "KfSpeaker", "chat_of", "contact_link"]

TEXT, HEAD, ITEM, MOST_ITEMS = 2048, 1024, 128, 10  #: bytes of a text, a menu's head, an item; items
ANSWERS, OPEN_FOR = 5, timedelta(hours=48)
WELCOME_FOR = timedelta(seconds=20)
PAGE = 1000
AGAIN = 2.0  #: seconds until what could not be pulled or kept is tried once more; doubles
LONGEST = 300.0
WATCH = 300.0  #: seconds between looks without a ring: one that got lost costs no more than this
SLOWER = 60.0  #: after "too many calls"
STALE_RING = 95007  #: the ring's token is over (10 minutes): it goes without
TOO_OFTEN = (45009, 45011, 45033)
_log = logging.getLogger(__name__)


class Window(NamedTuple):
    """When the resident wrote last (None: never), and how many messages were sent since."""

    written: datetime | None
    sent: int


class Cursors(NamedTuple):
    """Where a cursor is kept, by account."""

    load: Callable[[str], Awaitable[str]]
    save: Callable[[str, str], Awaitable[None]]


class KfHearing:
    """Pulls what was said to the accounts that the directory binds to grids; no other account is looked at.

    `corp`: its id is the bot's. `accounts`: asked for anew at every look.
    """

    def __init__(
        self,
        app: Credentials,
        api: WecomApi,
        *,
        accept: Accept,
        cursors: Cursors,
        accounts: Callable[[], Awaitable[Sequence[str]]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        again: float = AGAIN,
        slower: float = SLOWER,
    ) -> None:
        self.bot, self._again, self._slower = app.corp, again, slower
        self._app, self._api, self._accept, self._now = app, api, accept, now
        self._cursors, self._accounts = cursors, accounts
        self._rung: dict[str, str] = {}  #: account → the ring's token
        self._awake = asyncio.Event()
        self._welcomed: OrderedDict[str, None] = OrderedDict()
        self._urgent: set[asyncio.Task[None]] = set()
        self.state = "waiting"

    # --- being rung ------------------------------------------------------------------------------

    def heard(self, event: Mapping[str, Any]) -> None:
        """A callback in the clear. Anything but a ring is nothing to us."""
        account, token = event.get("OpenKfId"), event.get("Token")
        if event.get("Event") == "kf_msg_or_event" and isinstance(account, str) and account:
            self.ring(account, token if isinstance(token, str) else "")

    def ring(self, account: str, token: str = "") -> None:
        self._rung[account] = token or self._rung.get(account, "")
        self._awake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Pulls whenever it is rung, until `stop`."""
        wait = self._again
        while not stop.is_set():
            await _either(self._awake, stop)
            self._awake.clear()
            rung, self._rung = self._rung, {}
            known = await self._known()
            left = rung if known is None else await self._pull(rung, known, stop)
            for account, token in left.items():
                self._rung.setdefault(account, token)
            self.state = "behind" if left else "listening"
            if left:
                with contextlib.suppress(TimeoutError):  # a ring meanwhile: the platform is there again
                    await asyncio.wait_for(_either(self._awake, stop), wait)
                wait = min(wait * 2, LONGEST)
                self._awake.set()
            else:
                wait = self._again
        for task in self._urgent:
            task.cancel()

    async def watch(self, stop: asyncio.Event, every: float = WATCH) -> None:
        """Rings every account at the start and now and then: by one process at a time."""
        while not stop.is_set():
            for account in await self._known() or ():
                self.ring(account)
            await _sleep(stop, every)

    async def _known(self) -> Sequence[str] | None:
        try:
            return await self._accounts()
        except Exception as error:
            _log.error("微信客服 accounts cannot be looked up (%s)", type(error).__name__)
            return None

    # --- pulling ---------------------------------------------------------------------------------

    async def _pull(
        self, rung: Mapping[str, str], known: Sequence[str], stop: asyncio.Event
    ) -> dict[str, str]:
        """Everything there is of each account. Returns those that are to be tried again."""
        left: dict[str, str] = {}
        for account, token in rung.items():
            if account not in known:
                _log.warning("微信客服: account %s is bound to no grid and not listened to", account)
                continue
            try:
                await self._pull_one(account, token, stop)
            except RefusedError as refusal:
                _log.warning("微信客服 cannot be pulled: %s", refusal)
                left[account] = "" if refusal.code == STALE_RING else token
                if refusal.code in TOO_OFTEN:
                    await _sleep(stop, self._slower)
            except UnreachableError as trouble:
                _log.warning("微信客服 cannot be reached: %s", trouble)
                left[account] = token
            except Exception as error:
                _log.error("微信客服 messages could not be stored (%s); once more", type(error).__name__)
                left[account] = token
        return left

    async def _pull_one(self, account: str, token: str, stop: asyncio.Event) -> None:
        cursor = await self._cursors.load(account)
        while not stop.is_set():
            body: dict[str, Any] = {"open_kfid": account, "limit": PAGE, "voice_format": 0}
            body |= {"cursor": cursor} if cursor else {}
            body |= {"token": token} if token else {}
            page = await self._api.call("/cgi-bin/kf/sync_msg", body, app=self._app)
            items = page.get("msg_list")
            if isinstance(items, list) and items:
                await self._take(items, account)
            following = page.get("next_cursor")
            moved = isinstance(following, str) and following not in ("", cursor)
            if moved:
                cursor = str(following)
                await self._cursors.save(account, cursor)
            if page.get("has_more") != 1 or not moved:
                return

    async def _take(self, items: list[Any], account: str) -> None:
        """Welcomes first, which wait for no database; then the inbox."""
        now = self._now()
        for item in items:
            code, at = welcome_code(item)
            if code and code not in self._welcomed and at is not None and now - at < WELCOME_FOR:
                self._welcomed[code] = None
                while len(self._welcomed) > 2000:
                    self._welcomed.popitem(last=False)
                self._at_once(self._welcome(code))
        kept = [keep(item, bot=self.bot, account=account, now=now) for item in items]
        await self._accept([one for one in kept if one is not None])

    async def _welcome(self, code: str) -> None:
        body = {"code": code, "msgtype": "text", "text": {"content": words.welcome()}}
        result, _ = await self._api.send("/cgi-bin/kf/send_msg_on_event", body, app=self._app)
        if result.outcome is not Outcome.SENT:
            _log.warning("a welcome was not said: %s", result.reason)

    def _at_once(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)


class KfSpeaker:
    """`window`: what is known of a conversation, by its chat id. `mark`: of this database, so that message
    ids of two never meet."""

    capabilities = Capabilities(
        pushes=False,
        most_buttons=MOST_ITEMS,
        taps=False,
        edits=False,
        reactions=False,
        sees_recall=True,
        mentions=False,
        photos=False,
        menus=False,
        probes=False,
        text_limit=TEXT,
        text_unit="bytes",
    )

    def __init__(
        self,
        app: Credentials,
        api: WecomApi,
        *,
        window: Callable[[str], Awaitable[Window]],
        mark: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._app, self._api, self._window, self._mark, self._now = app, api, window, mark, now
        self._parts_sent: OrderedDict[int, int] = OrderedDict()

    async def send(self, delivery: Delivery) -> SendResult:
        if delivery.kind not in (OutKind.SEND, OutKind.CARD):
            raise ValueError(f"not fitted: {delivery.kind}")
        account, slash, user = delivery.chat.partition("/")
        if not slash or delivery.chat_kind is not ChatKind.PRIVATE:
            return SendResult(Outcome.LEFT_OUT, reason="an account is no group: there is nobody to tell")
        bodies = _bodies(delivery)
        if not bodies:
            return SendResult(Outcome.PERMANENT, reason="nothing to say")
        first = self._parts_sent.get(delivery.id, 0)
        if closed := self._closed(await self._window(delivery.chat), len(bodies) - first):
            return closed
        for number in range(first, len(bodies)):
            msgid = f"g{self._mark}-{delivery.id}-{number}"[:32]
            body = {"touser": user, "open_kfid": account, "msgid": msgid, **bodies[number]}
            result, answer = await self._api.send("/cgi-bin/kf/send_msg", body, app=self._app, private=True)
            if result.outcome is not Outcome.SENT:
                self._parts_sent[delivery.id] = number
                while len(self._parts_sent) > 500:
                    self._parts_sent.popitem(last=False)
                return result
        self._parts_sent.pop(delivery.id, None)
        given = answer.get("msgid")
        return SendResult(Outcome.SENT, message=given if isinstance(given, str) and given else msgid)

    def _closed(self, window: Window, more: int) -> SendResult | None:
        """Why nothing may be said there now; None: it may. The platform refuses by itself too (95001,
        95002): so nobody is asked in vain. An answer longer than what is left is tried as far as it goes."""
        if window.written is None or self._now() - window.written >= OPEN_FOR:
            return SendResult(Outcome.PARKED, reason=words.WINDOW_OVER)
        if window.sent + min(more, 1) > ANSWERS:
            return SendResult(Outcome.PARKED, reason=words.WINDOW_OVER)
        return None


def _bodies(delivery: Delivery) -> list[dict[str, Any]]:
    """As few as possible, for there are five: words and choices are one menu."""
    text, buttons = (
        delivery.payload.text.strip(),
        [one for row in delivery.payload.buttons for one in row],
    )
    if not buttons:
        found = parts(text, TEXT, "bytes") if text else []
        return [{"msgtype": "text", "text": {"content": part}} for part in found]
    if measure(text, "bytes") <= HEAD:
        return [_menu(text or words.more(), buttons)]
    said = [{"msgtype": "text", "text": {"content": part}} for part in parts(text, TEXT, "bytes")]
    return [*said, _menu(words.more(), buttons)]


def _menu(head: str, buttons: Sequence[Button]) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for one in buttons:
        name = parts(one.text, ITEM, "bytes")[0]
        if one.token:
            items.append({"type": "click", "click": {"id": one.token, "content": name}})
        else:
            items.append({"type": "view", "view": {"url": one.url, "content": name}})
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": items}}


async def contact_link(api: WecomApi, app: Credentials, account: str, scene: str) -> str:
    """The address a poster's code leads to (path 94665). Raises RefusedError, UnreachableError."""
    body = {"open_kfid": account, "scene": scene}
    answer = await api.call("/cgi-bin/kf/add_contact_way", body, app=app)
    url = answer.get("url")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise UnreachableError("an answer without an address", arrived=True)
    return url


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
