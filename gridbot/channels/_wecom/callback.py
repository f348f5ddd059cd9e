"""The address to which the platform posts its events: XML under AES, answered within five seconds.

Nothing here waits for a database: an event of 微信客服 says only that there is something to be pulled, so it
is enough to note which account rang. What a crash loses of that is pulled at the next start all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gridbot.channels._wecom.crypt import BizCrypt, CryptError
from gridbot.channels._wecom.xml import MOST_BYTES, XmlError, read_xml

Heard = Callable[[Mapping[str, Any]], None]
"""Takes an event in the clear. Must return at once."""


def verify(query: Mapping[str, str], crypt: BizCrypt) -> tuple[int, bytes]:
    """(status, body) for the question the platform asks once, when the address is saved: 403 for anybody
    else's."""
    try:
        return 200, _opened(query, query.get("echostr", ""), crypt)
    except CryptError:
        return 403, b""


def receive(query: Mapping[str, str], body: bytes, crypt: BizCrypt) -> tuple[int, dict[str, Any] | None]:
    """(status, event). 413 too long, 400 no XML of the platform's, 403 not from the platform or not for us;
    200 with None where what was sealed is no XML: sending it again would help nobody."""
    if len(body) > MOST_BYTES:
        return 413, None
    try:
        sealed = read_xml(body).get("Encrypt")
    except XmlError:
        return 400, None
    if not isinstance(sealed, str):
        return 400, None
    try:
        plain = _opened(query, sealed, crypt)
    except CryptError:
        return 403, None
    try:
        return 200, read_xml(plain)
    except XmlError:
        return 200, None


def _opened(query: Mapping[str, str], sealed: str, crypt: BizCrypt) -> bytes:
    signature, timestamp, nonce = (query.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
    return crypt.open(signature, timestamp, nonce, sealed)


def callback_route(path: str, *, crypt: BizCrypt, heard: Heard) -> Route:
    """The route to put into the web server."""

    async def endpoint(request: Request) -> Response:
        query = dict(request.query_params)
        if request.method == "GET":
            status, answer = verify(query, crypt)
            return PlainTextResponse(answer, status_code=status)
        status, event = receive(query, await _read_capped(request), crypt)
        if event is not None:
            heard(event)
        return PlainTextResponse("", status_code=status)

    return Route(path, endpoint, methods=["GET", "POST"])


async def _read_capped(request: Request) -> bytes:
    """At most one byte more than allowed: enough to see that it is too much."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            break
    return bytes(body[: MOST_BYTES + 1])
