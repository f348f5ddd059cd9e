"""The platform's HTTP interface: tokens, calls, and what a call's failure means.

Every address has the base given in the settings, so that a test or a proxy can stand in for the platform.
Secrets go in the query string there (access_token, key): no address is ever logged or put into an error.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gridbot.channels._wecom.errcodes import TOKEN_STALE, meaning
from gridbot.messages import Outcome, SendResult

PUBLIC_API = "https://qyapi.weixin.qq.com"
EARLY = 300.0  #: seconds before its end a token is not used any more
MOST_BYTES = 4 * 1024 * 1024  #: of an answer
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class UnreachableError(Exception):
    """No usable answer. `arrived`: the platform may have done what was asked."""

    def __init__(self, reason: str, *, arrived: bool) -> None:
        super().__init__(reason)
        self.arrived = arrived


class RefusedError(Exception):
    """The platform said no."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"errcode {code}")
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Credentials:
    """One app of one corp. The secret is kept out of repr."""

    corp: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class _Token:
    value: str = field(default="", repr=False)
    until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class WecomApi:
    """One HTTP session; tokens of any number of apps. `close` ends it."""

    def __init__(
        self,
        base: str = PUBLIC_API,
        *,
        proxy: str | None = None,
        timeout: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base, self._proxy, self._clock = base.rstrip("/"), proxy, clock
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=min(timeout, 8.0))
        self._tokens: dict[Credentials, _Token] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(self._proxy, self._timeout)
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        app: Credentials | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer, with errcode 0. POST where there is a body. With `app` its token goes along, and a
        stale one is replaced once. Raises RefusedError, UnreachableError."""
        for last in (False, True):
            given = dict(query or {})
            if app is not None:
                given["access_token"] = await self.token(app)
            answer = await self._ask(path, body, given)
            code = code_of(answer)
            if code == 0:
                return answer
            if app is None or last or code not in TOKEN_STALE:
                raise RefusedError(code, str(answer.get("errmsg", "")))
            self._forget(app, given["access_token"])
        raise AssertionError("unreachable")

    async def send(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        app: Credentials | None = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = False,
        private: bool = False,
    ) -> tuple[SendResult, dict[str, Any]]:
        """`call`, its failures as values. `repeatable`: done twice it is as if done once (an update, or a
        message the platform knows again), so where nobody can tell it is simply tried again."""
        try:
            answer = await self.call(path, body, app=app, query=query)
        except RefusedError as refusal:
            return meaning(refusal.code, private=private), {}
        except UnreachableError as trouble:
            doubt = trouble.arrived and not repeatable
            return SendResult(Outcome.UNKNOWN if doubt else Outcome.RETRY, reason=str(trouble)), {}
        return SendResult(Outcome.SENT), answer

    async def token(self, app: Credentials) -> str:
        """A token that is good for another five minutes; many who ask at once make one call. Raises
        RefusedError, UnreachableError."""
        held = self._tokens.setdefault(app, _Token())
        async with held.lock:
            if not held.value or self._clock() >= held.until:
                query = {"corpid": app.corp, "corpsecret": app.secret}
                try:
                    answer = await self._ask("/cgi-bin/gettoken", None, query)
                except UnreachableError as trouble:  # what was to be done has not been asked for yet
                    raise UnreachableError(str(trouble), arrived=False) from None
                if code_of(answer) or not isinstance(answer.get("access_token"), str):
                    raise RefusedError(code_of(answer) or -1, str(answer.get("errmsg", "")))
                lasts = answer.get("expires_in")
                held.until = self._clock() + max(float(lasts if isinstance(lasts, int) else 7200) - EARLY, 1)
                held.value = answer["access_token"]
            return held.value

    def _forget(self, app: Credentials, token: str) -> None:
        """Unless somebody has replaced it already."""
        held = self._tokens[app]
        if held.value == token:
            held.value = ""

    async def _ask(
        self, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> dict[str, Any]:
        method = "GET" if body is None else "POST"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with self.session.request(
                method, self._base + path, params=query, data=data, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    unclear = answer.status == 504
                    raise UnreachableError(f"HTTP {answer.status}", arrived=unclear)
                found = json.loads(await capped(answer, MOST_BYTES))
        except _NEVER_SENT as error:
            raise UnreachableError(type(error).__name__, arrived=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as error:
            raise UnreachableError(type(error).__name__, arrived=True) from None
        if not isinstance(found, dict):
            raise UnreachableError("an answer that is none", arrived=True)
        return found


def code_of(answer: Mapping[str, Any]) -> int:
    """The errcode; none means 0, as in some answers of 公众号."""
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) and not isinstance(code, bool) else -1


async def capped(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, if it is no longer than `most` bytes. Raises ValueError."""
    data = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > most:
            raise ValueError("too large")
    return bytes(data)


def open_session(proxy: str | None, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """To be made inside the event loop. Cookies and the environment's proxies are not ours."""
    connector: aiohttp.BaseConnector | None = None
    if proxy:
        from aiohttp_socks import ProxyConnector

        connector = ProxyConnector.from_url(
            proxy.replace("socks5h://", "socks5://", 1), rdns=proxy.startswith("socks5h") or None
        )
    return aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
