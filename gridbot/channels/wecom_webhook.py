"""WeCom's 群机器人 webhook: says things in a group, hears nothing. For announcements and notices.

A chat of this platform is a webhook by its name in the settings; the directory binds the name to a grid
(`wecom_webhook: 一网格群` beside a group), so that service days, announcements and notices go there as into
any group. The key in the address is the secret: it is in no log, no error and no repr.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gridbot.channels._wecom.api import WecomApi
from gridbot.channels._wecom.cards import markdown
from gridbot.channels._wecom.pace import WEBHOOK, Pace
from gridbot.fitting import measure, parts
from gridbot.messages import Capabilities, Delivery, Outcome, OutKind, SendResult, Urgency

PLATFORM = "wecom_webhook"
BOT = "webhook"  #: all hooks are one bot here: each is a chat of it
TEXT, MARKDOWN, PICTURE = 2048, 4096, 2 * 1024 * 1024  #: bytes
_PATH = "/cgi-bin/webhook/send"
_MOBILE = re.compile(r"1\d{10}")
_EVERYBODY = "@all"


class WecomWebhook:
    """`keys`: name of the hook → its key."""

    capabilities = Capabilities(
        hears=False,
        reads_group=False,
        buttons=False,
        taps=False,
        edits=False,
        reactions=False,
        menus=False,
        probes=False,
        tells_entry=False,
        text_limit=TEXT,
        text_unit="bytes",
    )

    def __init__(
        self,
        keys: Mapping[str, str],
        api: WecomApi,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keys, self._api, self._clock, self._now = dict(keys), api, clock, now
        self._pace = Pace(WEBHOOK)
        self._parts_sent: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"WecomWebhook({', '.join(self._keys)})"

    def said_lately(self, said: Iterable[tuple[str, datetime]]) -> None:
        """What was said before this process began, so that its pace is kept."""
        begin, now = self._clock(), self._now()
        self._pace.begin((chat, begin - (now - at).total_seconds()) for chat, at in said)

    async def send(self, delivery: Delivery) -> SendResult:
        """Into the hook that `delivery.chat` names."""
        if delivery.kind not in (OutKind.SEND, OutKind.CARD):
            raise ValueError(f"not fitted: {delivery.kind}")
        key = self._keys.get(delivery.chat)
        if key is None:
            return SendResult(Outcome.PERMANENT, reason="no webhook of this name in the settings")
        bodies = self._bodies(delivery)
        if not bodies:
            return SendResult(Outcome.PERMANENT, reason="nothing to say")
        wait = self._pace.wait(delivery.chat, self._clock(), more=len(bodies))
        if wait and delivery.urgency is not Urgency.EMERGENCY:
            return SendResult(Outcome.RETRY, reason="20 a minute", retry_after=wait)
        return await self._all(delivery, key, bodies)

    async def _all(self, delivery: Delivery, key: str, bodies: list[dict[str, Any]]) -> SendResult:
        """A retry goes on where the last attempt stopped, within this process."""
        for index in range(self._parts_sent.get(delivery.id, 0), len(bodies)):
            result, _ = await self._api.send(_PATH, bodies[index], query={"key": key})
            if result.outcome in (Outcome.SENT, Outcome.UNKNOWN):
                self._pace.note(delivery.chat, self._clock())
            if result.outcome is not Outcome.SENT:
                self._parts_sent[delivery.id] = index
                while len(self._parts_sent) > 500:
                    del self._parts_sent[next(iter(self._parts_sent))]
                return result
        self._parts_sent.pop(delivery.id, None)
        return SendResult(Outcome.SENT)

    def _bodies(self, delivery: Delivery) -> list[dict[str, Any]]:
        """Short or with somebody to ring: text. Long: markdown, which holds twice as much."""
        said, found = delivery.payload, []
        text = said.text.strip()
        if text and (said.mention or measure(text, "bytes") <= TEXT):
            for number, part in enumerate(parts(text, TEXT, "bytes")):
                ring = _mentioned(said.mention) if number == 0 else {}
                found.append({"msgtype": "text", "text": {"content": part, **ring}})
        elif text:
            for part in parts(markdown(text), MARKDOWN, "bytes"):
                found.append({"msgtype": "markdown", "markdown": {"content": part}})
        if said.photo and len(said.photo) <= PICTURE:
            found.append({"msgtype": "image", "image": _picture(said.photo)})
        return found


def _mentioned(people: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """By member id, or by telephone where the directory knows nothing else. Never everybody: that is
    nobody's to say by being called so."""
    ids = [user for user, _ in people if user and user != _EVERYBODY]
    mobiles = [user for user in ids if _MOBILE.fullmatch(user)]
    members = [user for user in ids if user not in mobiles]
    found: dict[str, Any] = {}
    if members:
        found["mentioned_list"] = members
    if mobiles:
        found["mentioned_mobile_list"] = mobiles
    return found


def _picture(data: bytes) -> dict[str, str]:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return {"base64": base64.b64encode(data).decode(), "md5": md5}
