"""微信客服 on the fake WeCom: residents who scan a code, and the platform that rings and refuses.

    async with FakeWecom() as fake:
        kf = FakeKf(fake, now=clock)
        kf.account("wkYI")
        kf.enters("wang", "wkYI", scene="grid-3")        # with a welcome code, where one is due
        await kf.says("wang", "5号楼楼道灯不亮了", to="wkYI")
        assert kf.said("wang") == ["…"]

`ring` is how the callback gets there: given the query and the body as the platform posts them, sealed by
wechatpy (somebody else's crypto). It is called after each thing that happens, unless `silent`. What nobody
may do is refused with the platform's code: a sixth message, one after 48 hours, too many bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from wechatpy.enterprise.crypto import WeChatCrypto

from tests.fakes.wecom_server import CORP, FakeWecom, Refused

TOKEN, AES_KEY = "callback-token-never-seen", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
Ring = Callable[[dict[str, str], bytes], Awaitable[int]]
_MSGID = re.compile(r"[0-9A-Za-z_-]{1,32}")


@dataclass
class _Talk:
    written: datetime | None = None
    since: int = 0  #: messages since
    said: list[dict[str, Any]] = field(default_factory=list)


class FakeKf:
    def __init__(self, fake: FakeWecom, *, now: Callable[[], datetime], ring: Ring | None = None) -> None:
        self.fake, self.now, self.ring = fake, now, ring
        self.silent = False
        self.page = 1000
        self.items: dict[str, list[dict[str, Any]]] = {}
        self.welcomes: list[tuple[str, str]] = []  #: (user, text)
        self.statuses: list[int] = []  #: what the callback was answered with
        self.cursors: list[str] = []  #: as they were asked for
        self._talks: dict[tuple[str, str], _Talk] = {}
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._tokens: set[str] = set()
        self._msgids: set[str] = set()
        self._numbers = itertools.count(1)
        fake.answers |= {
            "/cgi-bin/kf/sync_msg": self._sync,
            "/cgi-bin/kf/send_msg": self._send,
            "/cgi-bin/kf/send_msg_on_event": self._send_on_event,
            "/cgi-bin/kf/add_contact_way": self._contact_way,
        }

    def account(self, name: str) -> None:
        self.items[name] = []

    # --- what residents do -----------------------------------------------------------------------

    async def says(self, user: str, text: str, *, to: str) -> str:
        return await self._customer(user, to, "text", {"content": text})

    async def sends(self, user: str, msgtype: str, part: dict[str, Any], *, to: str) -> str:
        return await self._customer(user, to, msgtype, part)

    async def presses(self, user: str, choice: str, *, to: str) -> str:
        """An item of the last menu; what the platform sends is its text and its id."""
        menus = [body["msgmenu"] for body in self._talk(user, to).said if body["msgtype"] == "msgmenu"]
        assert menus, f"nothing to press: {self.said(user, to)}"
        found = [one["click"] for one in menus[-1]["list"] if one["type"] == "click"]
        click = next(one for one in found if one["content"] == choice)
        return await self._customer(user, to, "text", {"content": choice, "menu_id": click["id"]})

    async def enters(self, user: str, account: str, *, scene: str = "", welcome: bool = True) -> None:
        event = {"event_type": "enter_session", "scene": scene}
        if welcome:
            code = f"code-{next(self._numbers)}"
            self._codes[code] = (user, self.now())
            event["welcome_code"] = code
        await self.event(user, account, event)

    async def recalls(self, user: str, msgid: str, *, to: str) -> None:
        await self.event(user, to, {"event_type": "user_recall_msg", "recall_msgid": msgid})

    async def fails(self, user: str, msgid: str, fail_type: int, *, to: str) -> None:
        fail = {"event_type": "msg_send_fail", "fail_msgid": msgid, "fail_type": fail_type}
        await self.event(user, to, fail)

    async def event(self, user: str, account: str, event: dict[str, Any]) -> None:
        inner = {"open_kfid": account, "external_userid": user, **event}
        await self._happens(account, {"origin": 4, "msgtype": "event", "event": inner})

    async def _customer(self, user: str, account: str, msgtype: str, part: dict[str, Any]) -> str:
        talk = self._talk(user, account)
        talk.written, talk.since = self.now(), 0
        who = {"open_kfid": account, "external_userid": user, "origin": 3}
        return await self._happens(account, {**who, "msgtype": msgtype, msgtype: part})

    async def _happens(self, account: str, item: dict[str, Any]) -> str:
        msgid = f"kfmsg{next(self._numbers)}"
        self.items[account].append({"msgid": msgid, "send_time": int(self.now().timestamp()), **item})
        if not self.silent:
            await self.rings(account)
        return msgid

    async def rings(self, account: str, times: int = 1) -> None:
        """The callback; again with the same bytes where `times` is more."""
        assert self.ring is not None
        query, body = self.sealed(account)
        for _ in range(times):
            self.statuses.append(await self.ring(query, body))

    def sealed(self, account: str, *, corp: str = CORP) -> tuple[dict[str, str], bytes]:
        token = f"ring-{next(self._numbers)}"
        self._tokens.add(token)
        event = (
            f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><CreateTime>1348831860</CreateTime>"
            "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>"
            f"<Token><![CDATA[{token}]]></Token><OpenKfId><![CDATA[{account}]]></OpenKfId></xml>"
        )
        return seal(event, corp=corp)

    # --- what was said to them -------------------------------------------------------------------

    def said(self, user: str, account: str = "") -> list[str]:
        return [_text(body) for body in self._of(user, account)]

    def messages(self, user: str, account: str = "") -> list[dict[str, Any]]:
        return self._of(user, account)

    def _of(self, user: str, account: str) -> list[dict[str, Any]]:
        found = [talk for (who, where), talk in self._talks.items() if who == user and account in ("", where)]
        return [body for talk in found for body in talk.said]

    def _talk(self, user: str, account: str) -> _Talk:
        return self._talks.setdefault((user, account), _Talk())

    # --- the interface ---------------------------------------------------------------------------

    def _sync(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        account, cursor = body.get("open_kfid"), str(body.get("cursor", ""))
        if account not in self.items:
            raise Refused(95004, "open_kfid does not exist")
        if not 0 < body.get("limit", 1000) <= 1000:
            raise Refused(40058, "limit")
        if "token" in body and body["token"] not in self._tokens:
            raise Refused(95007, "invalid msg token")
        self.cursors.append(cursor)
        begin = int(cursor.removeprefix("cur-")) if cursor else 0
        page = self.items[account][begin : begin + self.page]
        end = begin + len(page)
        return {
            "next_cursor": f"cur-{end}",
            "has_more": int(end < len(self.items[account])),
            "msg_list": page,
        }

    def _send(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        talk = self._talk(str(body.get("touser")), str(body.get("open_kfid")))
        if body.get("open_kfid") not in self.items:
            raise Refused(95004, "open_kfid does not exist")
        if talk.written is None or self.now() - talk.written > timedelta(hours=48):
            raise Refused(95002, "48 hours")
        if talk.since >= 5:
            raise Refused(95001, "five messages")
        _check(body)
        msgid = str(body.get("msgid") or f"own-{next(self._numbers)}")
        if not _MSGID.fullmatch(msgid):
            raise Refused(40058, "msgid")
        if msgid not in self._msgids:  # the same id again is the same message
            self._msgids.add(msgid)
            talk.since += 1
            talk.said.append({**body, "msgid": msgid})
        return {"msgid": msgid}

    def _send_on_event(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        user, at = self._codes.pop(str(body.get("code")), ("", None))
        if at is None or self.now() - at > timedelta(seconds=20):
            raise Refused(95016, "invalid code")
        _check(body)
        self.welcomes.append((user, _text(body)))
        return {"msgid": f"welcome-{next(self._numbers)}"}

    def _contact_way(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        account, scene = body.get("open_kfid"), str(body.get("scene", ""))
        if account not in self.items:
            raise Refused(95004, "open_kfid does not exist")
        if not re.fullmatch(r"[0-9a-zA-Z_-]{0,32}", scene):
            raise Refused(40058, "scene")
        return {"url": f"https://work.weixin.qq.com/kf/kfc{account}?enc_scene=ENC{scene}"}


def seal(
    xml: str, *, corp: str = CORP, token: str = TOKEN, key: str = AES_KEY
) -> tuple[dict[str, str], bytes]:
    """(query, body) as the platform posts them."""
    timestamp, nonce = "1409659589", "263014780"
    sealed = WeChatCrypto(token, key, corp).encrypt_message(xml, nonce, timestamp)
    found = {
        name: re.search(f"<{name}><!\\[CDATA\\[(.*?)\\]\\]>", sealed, re.S)
        for name in ("Encrypt", "MsgSignature")
    }
    assert found["Encrypt"] and found["MsgSignature"], sealed
    query = {"msg_signature": found["MsgSignature"][1], "timestamp": timestamp, "nonce": nonce}
    encrypted = found["Encrypt"][1]
    body = (
        f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><AgentID><![CDATA[]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return query, body.encode()


def _text(body: dict[str, Any]) -> str:
    if body["msgtype"] == "msgmenu":
        return str(body["msgmenu"]["head_content"])
    return str(body["text"]["content"])


def _check(body: dict[str, Any]) -> None:
    match body.get("msgtype"):
        case "text":
            _limited(body["text"].get("content"), 2048)
        case "msgmenu":
            menu = body["msgmenu"]
            _limited(menu.get("head_content"), 1024)
            if not 0 < len(menu["list"]) <= 10:
                raise Refused(95008, "items of a menu")
            for item in menu["list"]:
                part = item[item["type"]]
                _limited(part["content"], 128)
                if item["type"] == "click":
                    _limited(part["id"], 128)
        case kind:
            raise Refused(40008, f"invalid message type {kind}")


def _limited(text: Any, most: int) -> None:
    if not isinstance(text, str) or not text:
        raise Refused(44004, "empty")
    if len(text.encode()) > most:
        raise Refused(45002, "content size out of limit")
