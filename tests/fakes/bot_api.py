"""A strict Bot API on 127.0.0.1, with the groups and people behind it: for one part or the whole app.

    async with FakeBotApi() as fake:                 # fake.url is GRIDBOT_TELEGRAM_API, fake.token the token
        wang = fake.add_user(1001, "王阿姨")
        group = fake.add_group(-1001, "一网格居民群", [wang])     # the bot hears it: my_chat_member
        said = fake.user_says(group, wang, "三栋漏水")
        await fake.until(lambda: fake.reactions(group))          # {message id: ["👀"]}
        fake.presses(li, fake.messages(li)[-1], "我去看")
        assert fake.refusals == []                   # nothing was asked that Telegram would refuse

**Driving.** Chats, people and messages are passed as the objects the fake gave out, or as ids; a person
stands for their private chat. add_user, add_group, user_says (text, reply_to, photo, album, thread,
forward, more), user_edits, user_reacts, presses (→ callback id), starts (presses Start, with a payload),
blocks, unblocks, promotes, demotes, kicks, adds, migrates, raw_update (anything else, as a dict).

**Looking.** messages(chat) as they are now, said(chat) the bot's texts, reactions(chat), buttons(message),
answers (callback id → {"text", "alert"}), pinned(chat), commands, transcript (one line per thing that
happened), requests (method, parameters), refusals (method, description), confirmed(update id).
`await until(condition)` waits for one and fails with the transcript.

**Strict.** Every request is judged: token, method, parameters by aiogram's models (an unknown one is
refused), lengths, HTML, buttons, reactions, who may be written to, replies, edits, callback answers, and
the 21st message a minute into a group. The refusals are the platform's own sentences.

**Breaking it.** fail("sendMessage", retry_after=3) · fail(…, code=502) · fail(…, code=400,
description="…") · fail(…, how="hang" | "reset" | "half"); times=1, and done=True if the request is to
take effect first. Updates wait until getUpdates confirms them by its offset (and come again until then),
or go to the webhook that was set. `group_per_minute`, `clock` and `wall` of `fake.world` may be changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.telegram_driving import PNG, Driving, Message
from tests.fakes.telegram_judge import Refused, judge
from tests.fakes.telegram_methods import METHODS
from tests.fakes.telegram_world import GIVEN_UNASKED, Person, World

__all__ = ["PNG", "TOKEN", "FakeBotApi", "Message"]

TOKEN = "4242:TEST-token_that-must-never-be-seen"


@dataclass
class _Fault:
    method: str
    times: int
    how: str = "answer"
    code: int = 0
    description: str = ""
    retry_after: int = 0
    done: bool = False


class FakeBotApi(Driving):
    def __init__(self, token: str = TOKEN, username: str = "gridbot", *, reads_all: bool = True) -> None:
        self.token = token
        bot = Person(int(token.partition(":")[0]), "小格", username, bot=True)
        super().__init__(World(bot, reads_all=reads_all))
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.refusals: list[tuple[str, str]] = []
        self.url = ""
        self._faults: list[_Fault] = []
        self._poll = 0
        self._runner: web.AppRunner | None = None
        self._pump: asyncio.Task[None] | None = None

    # --- the server ------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/photos/{name}", self._serve_file)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._pump = asyncio.ensure_future(self._deliver())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._pump and self._runner
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump
        self._poll += 1
        self.world.changed.set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fault = self._fault(method)
        try:
            if request.match_info["token"] != self.token:
                known = request.match_info["token"].partition(":")[0].isdigit()
                raise Refused(401, "Unauthorized") if known else Refused(404, "Not Found")
            given, files = await _form(request)
            name, values = judge(method, given, files)
            self.requests.append((name, values))
            if fault is None or fault.done:
                result = await self._run(name, values, files)
            if fault is not None:
                return await self._break(request, fault)
        except Refused as refusal:
            self.refusals.append((method, refusal.description))
            return _refusal(refusal)
        return web.json_response({"ok": True, "result": result})

    async def _run(self, name: str, values: dict[str, Any], files: dict[str, bytes]) -> Any:
        if name == "getUpdates":
            return await self._get_updates(values)
        if name not in METHODS:
            raise AssertionError(f"the fake does not know {name} yet: add it to telegram_methods.py")
        self.world.files.update({f"attach://{key}": data for key, data in files.items()})
        return METHODS[name](self.world, values)

    def _fault(self, method: str) -> _Fault | None:
        for fault in self._faults:
            if fault.method.lower() in (method.lower(), "*") and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    async def _break(self, request: web.Request, fault: _Fault) -> web.StreamResponse:
        if fault.how == "hang":
            await asyncio.sleep(3600)
        if fault.how == "reset" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if fault.how == "half":
            response = web.StreamResponse(headers={"Content-Length": "500"})
            await response.prepare(request)
            await response.write(b'{"ok":tr')
            if request.transport is not None:
                request.transport.close()
            return response
        if fault.retry_after:
            words = f"Too Many Requests: retry after {fault.retry_after}"
            return _refusal(Refused(429, words, retry_after=fault.retry_after))
        return _refusal(Refused(fault.code, fault.description or "Internal Server Error"))

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        data = self.world.files.get(request.match_info["name"])
        if request.match_info["token"] != self.token or data is None:
            return web.Response(status=404)
        return web.Response(body=data)

    async def _get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        world = self.world
        if world.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if given.get("allowed_updates") is not None:
            world.allowed = frozenset(given["allowed_updates"]) or GIVEN_UNASKED
        offset = given.get("offset") or 0
        world.updates = [update for update in world.updates if update["update_id"] >= offset]
        self._poll += 1
        mine = self._poll
        loop = asyncio.get_running_loop()
        until = loop.time() + given.get("timeout", 0)
        while not world.updates and loop.time() < until:
            world.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(world.changed.wait(), min(0.2, until - loop.time()))
            if self._poll != mine:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
        return world.updates[: given.get("limit") or 100]

    async def _deliver(self) -> None:
        """Brings updates to the webhook, in order, each until it is answered with 2xx."""
        async with aiohttp.ClientSession() as session:
            while True:
                if not (self.world.webhook and self.world.updates):
                    await asyncio.sleep(0.02)
                    continue
                update, hook = self.world.updates[0], self.world.webhook
                status = 0
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.post(
                        hook["url"], json=update, headers={"X-Telegram-Bot-Api-Secret-Token": hook["secret"]}
                    ) as response:
                        status = response.status
                if 200 <= status < 300:
                    self.world.updates.remove(update)
                else:
                    await asyncio.sleep(0.1)

    def fail(self, method: str, *, times: int = 1, **fault: Any) -> None:
        self._faults.append(_Fault(method, times, **fault))


async def _form(request: web.Request) -> tuple[dict[str, str], dict[str, bytes]]:
    given: dict[str, str] = dict(request.query)
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        for key, value in (await request.json()).items():
            given[key] = value if isinstance(value, str) else json.dumps(value)
        return given, files
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[key] = value.file.read()
            given.setdefault(key, f"attach://{key}")
        else:
            given[key] = value if isinstance(value, str) else value.decode()
    for name in files:  # a file's own field is no parameter if something else refers to it
        if given.get(name) == f"attach://{name}" and list(given.values()).count(f"attach://{name}") > 1:
            del given[name]
    return given, files


def _refusal(refusal: Refused) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)
