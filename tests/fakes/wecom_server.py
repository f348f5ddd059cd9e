"""WeCom on 127.0.0.1, written from its documents: HTTP interface, webhooks, media, and the aibot socket.

    async with FakeWecom() as fake:          # fake.url is GRIDBOT_WECOM_API, fake.socket GRIDBOT_WECOM_SOCKET
        fake.bot("aib1", "secret")           # a 智能机器人 (long connection): see wecom_socket.py
        fake.hook("key-1")                   # a 群机器人; fake.hooks["key-1"] are the messages it was given
        fake.fail("/cgi-bin/message/send", errcode=45009)
        assert fake.refusals == []           # nothing was asked that the platform would refuse

**HTTP.** Every path of `fake.answers` is served: `answers["/cgi-bin/kf/sync_msg"] = lambda body, query: {…}`
adds one (raise Refused(errcode, words) to refuse). All but gettoken and webhooks need a token that was given
out and is still good; `expire_tokens()` ends them all. calls are (path, body), tokens_given how many.
Media: `media[id] = bytes` is what media/get answers; `pictures[name]` what `/pictures/<name>` does (a
picture of the aibot: put it there with `picture(data)`, which gives {"url", "aeskey"}).

**Breaking it.** fail(path or socket command, errcode=… | how="hang" | "slow" | "reset" | "html" | "redirect"
| "drop"); times=1; done=True where it is to take effect first. `slow` answers after `fake.slowness` seconds.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.fakes.wecom_socket import AibotSocket

__all__ = ["FakeWecom", "Refused"]

CORP, SECRET = "ww0123456789abcdef", "app-secret-that-must-never-be-seen"
Handler = Callable[[dict[str, Any], dict[str, str]], dict[str, Any]]


class Refused(Exception):  # noqa: N818 — as in the other fake
    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass
class _Fault:
    what: str
    times: int = 1
    errcode: int = 0
    how: str = ""
    done: bool = False


class FakeWecom(AibotSocket):
    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self.apps = {SECRET: 1000002}  #: secret → agentid
        self.hooks: dict[str, list[dict[str, Any]]] = {}
        self.media: dict[str, bytes] = {}
        self.pictures: dict[str, bytes] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refusals: list[tuple[str, int, str]] = []
        self.sent: list[dict[str, Any]] = []  #: what message/send was given
        self.tokens_given = 0
        self.expires_in = 7200
        self.slowness = 0.3
        self.url = self.socket = ""
        self._tokens: set[str] = set()
        self._hooked: dict[str, list[float]] = {}
        self._faults: list[_Fault] = []
        self._runner: web.AppRunner | None = None
        self.answers: dict[str, Handler] = {
            "/cgi-bin/gettoken": self._gettoken,
            "/cgi-bin/message/send": self._message_send,
            "/cgi-bin/webhook/send": self._webhook_send,
        }

    # --- the server ------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/aibot", self.serve_socket)
        app.router.add_get("/pictures/{name}", self._serve_picture)
        app.router.add_get("/cgi-bin/media/get", self._serve_media)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url, self.socket = f"http://{host}:{port}", f"ws://{host}:{port}/aibot"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        await self.close_sockets()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, query = request.path, dict(request.query)
        body: dict[str, Any] = {}
        if request.method == "POST":
            body = json.loads(await request.read())
        fault = self.fault(path)
        if fault is None or fault.done:
            answer = self._answer(path, body, query, request.method)
        if fault is None:
            return web.json_response(answer)
        return await self._break(request, fault)

    def _answer(self, path: str, body: dict[str, Any], query: dict[str, str], method: str) -> dict[str, Any]:
        try:
            if path not in self.answers:
                raise Refused(404, f"no such interface: {path}")
            if path != "/cgi-bin/gettoken":
                self.calls.append((path, body))
                if not path.startswith("/cgi-bin/webhook/"):
                    self._check_token(query)
            return {"errcode": 0, "errmsg": "ok", **self.answers[path](body, query)}
        except Refused as refusal:
            self.refusals.append((path, refusal.code, refusal.words))
            return {"errcode": refusal.code, "errmsg": refusal.words}

    def _check_token(self, query: dict[str, str]) -> None:
        token = query.get("access_token", "")
        if not token:
            raise Refused(41001, "access_token missing")
        if token not in self._tokens:
            raise Refused(42001 if token.startswith("token-") else 40014, "access_token expired")

    async def _break(self, request: web.Request, fault: Any) -> web.StreamResponse:
        if fault.how == "hang":
            await asyncio.sleep(3600)
        if fault.how == "reset" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if fault.how == "html":
            return web.Response(text="<html>502</html>", status=200, content_type="text/html")
        if fault.how == "redirect":
            raise web.HTTPFound("http://127.0.0.1:1/elsewhere")
        if fault.how == "slow":
            await asyncio.sleep(self.slowness)
            if not fault.errcode:
                body = json.loads(await request.read() or b"{}") if request.method == "POST" else {}
                return web.json_response(
                    self._answer(request.path, body, dict(request.query), request.method)
                )
        return web.json_response({"errcode": fault.errcode, "errmsg": "as told"})

    def fail(self, what: str, *, times: int = 1, **fault: Any) -> None:
        self._faults.append(_Fault(what, times, **fault))

    def fault(self, what: str) -> _Fault | None:
        for fault in self._faults:
            if fault.what == what and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    # --- tokens and messages of an app -----------------------------------------------------------

    def expire_tokens(self) -> None:
        self._tokens.clear()

    def _gettoken(self, _body: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        if query.get("corpid") != CORP:
            raise Refused(40013, "invalid corpid")
        if query.get("corpsecret") not in self.apps:
            raise Refused(40001, "invalid credential")
        token = f"token-{secrets.token_hex(8)}"
        self._tokens.add(token)
        self.tokens_given += 1
        return {"access_token": token, "expires_in": self.expires_in}

    def _message_send(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        if body.get("agentid") not in self.apps.values():
            raise Refused(40056, "invalid agentid")
        _limit(body, {"text": 2048, "markdown": 2048})
        self.sent.append(body)
        return {"msgid": f"msg{len(self.sent)}", "invaliduser": ""}

    # --- webhooks --------------------------------------------------------------------------------

    def hook(self, key: str) -> None:
        self.hooks[key] = []

    def _webhook_send(self, body: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        key = query.get("key", "")
        if key not in self.hooks:
            raise Refused(93000, "invalid webhook url")
        recent = [at for at in self._hooked.setdefault(key, []) if self.clock() - at < 60]
        if len(recent) >= 20:
            raise Refused(45009, "api freq out of limit")
        kind = str(body.get("msgtype"))
        if set(body) != {"msgtype", kind} or kind not in ("text", "markdown", "markdown_v2", "image"):
            raise Refused(40008, f"invalid message type {kind}")
        _limit(body, {"text": 2048, "markdown": 4096, "markdown_v2": 4096})
        if kind == "image":
            data = base64.b64decode(body["image"]["base64"])
            if hashlib.md5(data).hexdigest() != body["image"]["md5"] or len(data) > 2 * 1024 * 1024:
                raise Refused(40009, "invalid image size or md5")
        self._hooked[key] = [*recent, self.clock()]
        self.hooks[key].append(body)
        return {}

    # --- media -----------------------------------------------------------------------------------

    def picture(self, data: bytes) -> dict[str, str]:
        """A picture as an aibot's message carries it: encrypted under a key of its own."""
        name, key = secrets.token_hex(8), secrets.token_bytes(32)
        fill = 32 - len(data) % 32
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        self.pictures[name] = cipher.update(data + bytes([fill]) * fill) + cipher.finalize()
        return {"url": f"{self.url}/pictures/{name}", "aeskey": base64.b64encode(key).decode()}

    async def _serve_picture(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault("/pictures")
        if fault is not None:
            return await self._break(request, fault)
        data = self.pictures.get(request.match_info["name"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _serve_media(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(dict(request.query))
        except Refused as refusal:
            return web.json_response({"errcode": refusal.code, "errmsg": refusal.words})
        data = self.media.get(request.query.get("media_id", ""))
        if data is None:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=data, content_type="image/jpeg")


def _limit(body: dict[str, Any], most: dict[str, int]) -> None:
    kind = str(body.get("msgtype"))
    if kind in most:
        content = body.get(kind, {}).get("content")
        if not isinstance(content, str) or not content:
            raise Refused(44004, "text content is empty")
        if len(content.encode()) > most[kind]:
            raise Refused(45002, "content size out of limit")
