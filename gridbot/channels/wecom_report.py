"""居民上报 (政民沟通): orders that residents of ordinary WeChat groups file, read into cases.

The platform offers no way to be told and none to write: orders are polled by the time they changed, each with
the steps taken so far, and what becomes of an order in WeCom is followed here; what happens here has to be
marked there by hand. A look begins a little before the last one ended, and what was read before is known by
its id. Documents: developer.work.weixin.qq.com paths 93513-93519.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from gridbot.channels._wecom.api import Credentials, RefusedError, UnreachableError, WecomApi
from gridbot.channels._wecom.report_read import PLATFORM, keep
from gridbot.messages import Accept, Capabilities, Delivery, Outcome, SendResult

__all__ = ["PLATFORM", "ReportHearing", "ReportSpeaker", "grid_list", "member_name"]

EVERY, LONGEST = 60.0, 900.0  #: seconds between looks; the longest after "too many calls"
AGO, OVERLAP = timedelta(days=1), timedelta(minutes=10)
PAGE, MOST_PAGES = 50, 200
TOO_OFTEN = (45009, 45011, 45033)
_log = logging.getLogger(__name__)


class Since(NamedTuple):
    """Where the time of the last look is kept, as seconds since 1970; "" before the first."""

    load: Callable[[], Awaitable[str]]
    save: Callable[[str], Awaitable[None]]


class ReportHearing:
    """To be run by one process at a time. The first look goes back a day."""

    def __init__(
        self,
        app: Credentials,
        api: WecomApi,
        *,
        accept: Accept,
        since: Since,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bot = app.corp
        self._app, self._api, self._accept, self._since, self._now = app, api, accept, since, now
        self.state = "waiting"
        self.wait = EVERY

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.wait)

    async def look(self) -> bool:
        """Everything that changed since the last look. Whether it was read to the end; if not, the next one
        begins where this one did, later and later where the platform says that it is asked too often."""
        begun = self._now()
        try:
            known = await self._since.load()
            begin = datetime.fromtimestamp(int(known), UTC) - OVERLAP if known else begun - AGO
            await self._pages(int(begin.timestamp()))
            await self._since.save(str(int(begun.timestamp())))
        except (RefusedError, UnreachableError) as trouble:
            _log.warning("居民上报 cannot be read: %s", trouble)
            often = isinstance(trouble, RefusedError) and trouble.code in TOO_OFTEN
            self.wait = min(self.wait * 2, LONGEST) if often else EVERY
            self.state = "slower" if often else "behind"
            return False
        except Exception as error:
            _log.error("orders of 居民上报 could not be stored (%s); once more", type(error).__name__)
            self.wait, self.state = EVERY, "behind"
            return False
        self.wait, self.state = max(EVERY, self.wait / 2), "listening"
        return True

    async def _pages(self, begin: int) -> None:
        cursor = ""
        for _ in range(MOST_PAGES):
            body = {"begin_modify_time": begin, "cursor": cursor, "limit": PAGE}
            page = await self._api.call("/cgi-bin/report/resident/get_order_list", body, app=self._app)
            orders = page.get("order_list")
            for order in orders if isinstance(orders, list) else []:
                await self._accept(keep(order, bot=self.bot, secret=self._app.secret, now=self._now()))
            following = page.get("next_cursor")
            if not isinstance(following, str) or following in ("", cursor):
                return
            cursor = following


class ReportSpeaker:
    """Nothing can be said to whoever filed an order: they see its steps in the form itself."""

    capabilities = Capabilities(
        hears=False,
        reads_group=False,
        pushes=False,
        buttons=False,
        taps=False,
        edits=False,
        reactions=False,
        mentions=False,
        photos=False,
        menus=False,
        probes=False,
    )

    async def send(self, delivery: Delivery) -> SendResult:
        return SendResult(Outcome.LEFT_OUT, reason="居民上报 tells the resident by itself")


# --- the grid tree -------------------------------------------------------------------------------


async def grid_list(api: WecomApi, app: Credentials) -> list[dict[str, Any]]:
    """The grids as the corp has set them up (path 94479). Raises RefusedError, UnreachableError."""
    answer = await api.call("/cgi-bin/report/grid/list", {}, app=app)
    found = answer.get("grid_list")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


async def member_name(api: WecomApi, app: Credentials, user: str) -> str:
    """What a member is called; the id where this app may not know."""
    try:
        answer = await api.call("/cgi-bin/user/get", app=app, query={"userid": user})
    except (RefusedError, UnreachableError):
        return user
    name = answer.get("name")
    return name if isinstance(name, str) and name else user
