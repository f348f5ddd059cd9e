"""微信客服 by itself: what a callback is answered, what is read, what is said and when it waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from wechatpy.enterprise.crypto import WeChatCrypto

from gridbot.channels._wecom import callback
from gridbot.channels._wecom.api import Credentials, WecomApi
from gridbot.channels._wecom.crypt import BizCrypt
from gridbot.channels._wecom.kf_read import keep
from gridbot.channels.wecom_kf import Cursors, KfHearing, KfSpeaker, Window, contact_link
from gridbot.messages import (
    Button,
    ChatKind,
    Delivery,
    Fault,
    IncomingKind,
    Kept,
    Outcome,
    Outgoing,
    OutKind,
    Urgency,
)
from tests.fakes.wecom_kf import AES_KEY, TOKEN, FakeKf, seal
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom

ACCOUNT = "wkQINGXIU"
NOW = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
EVENT = "<xml><Event>kf_msg_or_event</Event><Token>t1</Token><OpenKfId>wkQINGXIU</OpenKfId></xml>"


# --- the callback --------------------------------------------------------------------------------


@pytest.fixture
def heard() -> list[Any]:
    return []


class Client:
    """The platform's side of the address."""

    def __init__(self, heard: list[Any]) -> None:
        crypt = BizCrypt(TOKEN, AES_KEY, CORP)
        self._app = Starlette(routes=[callback.callback_route("/wecom/kf", crypt=crypt, heard=heard.append)])

    def get(self, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", **more))

    def post(self, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", **more))

    async def _ask(self, method: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gridbot") as client:
            return await client.request(method, "/wecom/kf", **more)


@pytest.fixture
def client(heard: list[Any]) -> Client:
    return Client(heard)


def test_the_address_is_verified(client: Client) -> None:
    """What wechatpy seals for the question is answered in the clear; anybody else's is refused."""
    query, body = seal("echo-1234567890")
    echo = body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    answer = client.get(params={**query, "echostr": echo})
    assert (answer.status_code, answer.text) == (200, "echo-1234567890")
    for damage in ({"msg_signature": "0" * 40}, {"echostr": echo[:-8]}, {"nonce": "1"}, {"echostr": ""}):
        answer = client.get(params={**query, "echostr": echo, **damage})
        assert (answer.status_code, answer.text) == (403, "")
    assert client.get().status_code == 403


def test_an_event_is_heard_and_answered_with_nothing(client: Client, heard: list[Any]) -> None:
    query, body = seal(EVENT)
    for _ in range(3):  # the platform's three tries
        answer = client.post(params=query, content=body)
        assert (answer.status_code, answer.content) == (200, b"")
    assert [event["OpenKfId"] for event in heard] == [ACCOUNT] * 3


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("status", "body", "query", "remark"),
    [
        (403, None, {"msg_signature": "0" * 40}, "a wrong signature"),
        (403, None, {"msg_signature": "签名"}, "a signature that is no ASCII"),
        (403, None, {"timestamp": "1"}, "signed for another time"),
        (403, seal(EVENT, corp="ww-somebody-else")[1], {}, "another corp's, under our query"),
        (400, b"<xml><Encrypt>", {}, "cut off"),
        (400, b"", {}, "nothing"),
        (400, b"{}", {}, "no XML"),
        (400, b"<xml><ToUserName>x</ToUserName></xml>", {}, "nothing sealed in it"),
        (400, b"<xml><Encrypt><a>x</a></Encrypt></xml>", {}, "no text in it"),
        (400, f"{BOMB}<xml><Encrypt>&b;</Encrypt></xml>".encode(), {}, "an entity bomb"),
        (413, b"<xml>" + b"x" * 70_000, {}, "too large"),
    ],
)
def test_what_is_not_the_platforms(
    client: Client,
    heard: list[Any],
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes | None,
    query: dict[str, str],
    remark: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    good_query, good_body = seal(EVENT)
    answer = client.post(params=good_query | query, content=good_body if body is None else body)
    assert (answer.status_code, answer.content, heard) == (status, b"", []), remark
    assert TOKEN not in caplog.text and AES_KEY not in caplog.text


def test_sealed_for_another_corp_by_the_right_key(client: Client, heard: list[Any]) -> None:
    query, body = seal(EVENT, corp="ww-somebody-else")
    assert client.post(params=query, content=body).status_code == 403 and heard == []


def test_what_was_sealed_may_be_nonsense(client: Client, heard: list[Any]) -> None:
    for text in (
        "no xml",
        f"{BOMB}<xml><Event>&b;</Event></xml>",
        "<xml>" + "<a>" * 50 + "</a>" * 50 + "</xml>",
    ):
        query, body = seal(text)
        assert client.post(params=query, content=body).status_code == 200
    assert heard == []


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_the_peer_reads_what_we_seal(text: str) -> None:
    sealed, signature = BizCrypt(TOKEN, AES_KEY, CORP).seal(text.encode(), "1409659589", "263014780")
    envelope = f"<xml><ToUserName>x</ToUserName><Encrypt>{sealed}</Encrypt><AgentID>1</AgentID></xml>"
    peer = WeChatCrypto(TOKEN, AES_KEY, CORP)
    assert peer.decrypt_message(envelope, signature, "1409659589", "263014780") == text


# --- what is read --------------------------------------------------------------------------------


def item(msgtype: str, part: Any, **more: Any) -> dict[str, Any]:
    base = {"msgid": "m1", "open_kfid": ACCOUNT, "external_userid": "wmWANG", "origin": 3}
    return {**base, "send_time": 1763517600, "msgtype": msgtype, msgtype: part, **more}


def event(**what: Any) -> dict[str, Any]:
    inner = {"open_kfid": ACCOUNT, "external_userid": "wmWANG", **what}
    return {"msgid": "e1", "send_time": 1763517600, "origin": 4, "msgtype": "event", "event": inner}


@pytest.mark.parametrize(
    ("given", "kind", "expected", "remark"),
    [
        (item("text", {"content": " 灯坏了 "}), IncomingKind.MESSAGE, {"text": "灯坏了"}, "words"),
        (
            item("text", {"content": "好了", "menu_id": "tok"}),
            IncomingKind.BUTTON,
            {"button": "tok"},
            "pressed",
        ),
        (item("image", {"media_id": "p1"}), IncomingKind.MESSAGE, {"photos": ("p1",)}, "a picture"),
        (item("voice", {"media_id": "v"}), IncomingKind.MESSAGE, {"voice": True, "text": ""}, "a voice"),
        (
            item("location", {"latitude": 31.2, "longitude": 121.4, "name": "5号楼"}),
            IncomingKind.MESSAGE,
            {"location": (31.2, 121.4), "text": "5号楼"},
            "a place on the map",
        ),
        (item("location", {"latitude": "x"}), IncomingKind.MESSAGE, {"location": None}, "half a place"),
        (item("merged_msg", {"title": "聊天记录"}), IncomingKind.OTHER, {"text": ""}, "forwarded records"),
        (item("never_heard_of", 7), IncomingKind.OTHER, {}, "a kind of tomorrow"),
        (
            event(event_type="enter_session", scene="grid-3", welcome_code="c"),
            IncomingKind.JOINED,
            {"start": "grid-3", "message": ""},
            "opens the conversation",
        ),
        (
            event(event_type="user_recall_msg", recall_msgid="m0"),
            IncomingKind.RECALL,
            {"message": "m0"},
            "takes back",
        ),
        (
            event(event_type="msg_send_fail", fail_msgid="g1", fail_type=4),
            IncomingKind.FAILED,
            {"message": "g1", "text": Outcome.PARKED.value},
            "over 48 hours",
        ),
        (
            event(event_type="msg_send_fail", fail_msgid="g1", fail_type=10),
            IncomingKind.FAILED,
            {"text": Fault.BLOCKED.value},
            "does not want to hear from us",
        ),
        (
            event(event_type="msg_send_fail", fail_msgid="g1", fail_type=13),
            IncomingKind.FAILED,
            {"text": Outcome.PERMANENT.value},
            "for another reason",
        ),
        (event(event_type="session_status_change"), IncomingKind.OTHER, {}, "not ours"),
    ],
)
def test_what_an_item_says(
    given: dict[str, Any], kind: IncomingKind, expected: dict[str, Any], remark: str
) -> None:
    kept = keep(given, bot=CORP, account=ACCOUNT, now=NOW)
    assert kept is not None and kept.incoming is not None, remark
    said = kept.incoming
    assert (said.kind, said.chat, said.sender.id, said.via) == (kind, f"{ACCOUNT}/wmWANG", "wmWANG", ACCOUNT)
    assert said.sent_at == datetime.fromtimestamp(1763517600, UTC)
    assert {name: getattr(said, name) for name in expected} == expected, remark


@pytest.mark.parametrize(
    "given",
    [
        7,
        "text",
        [],
        {},
        item("text", None),
        item("text", {"content": 7}),
        item("text", {"content": "x" * 30_000}),
        item("image", {}),
        item("text", {"content": "x"}, external_userid=None),
        item("text", {"content": "x"}, msgid=7),
        item("text", {"content": "x"}, msgid="x" * 300),
        {**item("text", {"content": "x"}), "msgtype": None},
        event(event_type="user_recall_msg"),
        {"msgid": "e1", "msgtype": "event", "event": {"event_type": "servicer_status_change"}},
    ],
)
def test_what_cannot_be_read_is_kept_raw(given: Any) -> None:
    kept = keep(given, bot=CORP, account=ACCOUNT, now=NOW)
    assert kept is not None and kept.incoming is None and kept.raw and kept.update_id


def test_what_a_colleague_says_is_not_kept() -> None:
    assert keep(item("text", {"content": "您好"}, origin=5), bot=CORP, account=ACCOUNT, now=NOW) is None


# --- pulling -------------------------------------------------------------------------------------


class House:
    """Keeps what is accepted, and a cursor; may refuse to."""

    def __init__(self, fake: FakeWecom) -> None:
        self.kept: list[Kept] = []
        self.order: list[str] = []
        self.cursor = ""
        self.broken = 0
        self.api = WecomApi(fake.url)
        self.hearing = KfHearing(
            Credentials(CORP, SECRET),
            self.api,
            accept=self.accept,
            cursors=Cursors(self.load, self.save),
            accounts=self.accounts,
            now=lambda: NOW,
            again=0.02,
            slower=0.02,
        )

    async def accept(self, updates: Sequence[Kept]) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("the database is gone")
        self.kept += updates
        self.order.append(f"kept {len(updates)}")

    async def load(self, _account: str) -> str:
        return self.cursor

    async def save(self, _account: str, cursor: str) -> None:
        self.cursor = cursor
        self.order.append(f"cursor {cursor}")

    async def accounts(self) -> list[str]:
        return [ACCOUNT]


async def _pulled(kf: FakeKf, house: House, until: Any) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(house.hearing.run(stop))
    house.hearing.ring(ACCOUNT)
    await kf.fake.until(until)
    stop.set()
    await running
    await house.api.close()


@pytest.mark.asyncio
async def test_the_cursor_follows_what_is_kept() -> None:
    """Page by page; a page that could not be kept is pulled again from where it began."""
    async with FakeWecom() as fake:
        kf = FakeKf(fake, now=lambda: NOW)
        kf.account(ACCOUNT)
        kf.silent, kf.page = True, 2
        for number in range(5):
            await kf.says("wmWANG", f"第{number}句", to=ACCOUNT)
        house = House(fake)
        house.broken = 1
        await _pulled(kf, house, lambda: len(house.kept) >= 5)
        assert house.order == ["kept 2", "cursor cur-2", "kept 2", "cursor cur-4", "kept 1", "cursor cur-5"]
        assert kf.cursors[:2] == ["", ""] and len({one.update_id for one in house.kept}) == 5


@pytest.mark.parametrize(
    "fault",
    [{"errcode": 45009}, {"errcode": 95007}, {"errcode": 42001}, {"how": "reset"}, {"how": "html"}],
    ids=str,
)
@pytest.mark.asyncio
async def test_a_platform_in_trouble_loses_nothing(fault: dict[str, Any]) -> None:
    async with FakeWecom() as fake:
        kf = FakeKf(fake, now=lambda: NOW)
        kf.account(ACCOUNT)
        kf.silent = True
        await kf.says("wmWANG", "灯坏了", to=ACCOUNT)
        fake.fail("/cgi-bin/kf/sync_msg", times=2, **fault)
        house = House(fake)
        await _pulled(kf, house, lambda: house.cursor == "cur-1")
        assert [one.incoming.text for one in house.kept if one.incoming] == ["灯坏了"]


@pytest.mark.asyncio
async def test_a_welcome_only_in_time_and_once() -> None:
    async with FakeWecom() as fake:
        kf = FakeKf(fake, now=lambda: NOW)
        kf.account(ACCOUNT)
        kf.silent = True
        await kf.enters("wmWANG", ACCOUNT)
        late = event(event_type="enter_session", welcome_code="late", external_userid="wmLATE")
        late["send_time"] = int((NOW - timedelta(seconds=21)).timestamp())
        kf.items[ACCOUNT] += [late, kf.items[ACCOUNT][0]]
        house = House(fake)
        await _pulled(kf, house, lambda: house.cursor == "cur-3" and kf.welcomes)
        assert [user for user, _ in kf.welcomes] == ["wmWANG"] and fake.refusals == []


# --- what is said --------------------------------------------------------------------------------


def delivery(
    text: str, *, chat: str = f"{ACCOUNT}/wmWANG", kind: ChatKind = ChatKind.PRIVATE, **more: Any
) -> Delivery:
    payload = Outgoing(text=text, **more)
    return Delivery(7, OutKind.SEND, Urgency.ANSWER, chat, kind, payload)


async def _send(one: Delivery, window: Window, *, fault: dict[str, Any] | None = None) -> tuple[Any, FakeKf]:
    async with FakeWecom() as fake:
        kf = FakeKf(fake, now=lambda: NOW)
        kf.account(ACCOUNT)
        kf.silent = True
        await kf.says("wmWANG", "在吗", to=ACCOUNT)
        if fault is not None:
            fake.fail("/cgi-bin/kf/send_msg", **fault)
        api = WecomApi(fake.url)

        async def look(_chat: str) -> Window:
            return window

        speaker = KfSpeaker(Credentials(CORP, SECRET), api, window=look, mark="ab12", now=lambda: NOW)
        result = await speaker.send(one)
        await api.close()
        return result, kf


OPEN = Window(NOW, 0)


@pytest.mark.parametrize(
    ("window", "outcome", "remark"),
    [
        (OPEN, Outcome.SENT, "just wrote"),
        (Window(NOW - timedelta(hours=47, minutes=59), 4), Outcome.SENT, "the fifth, in time"),
        (Window(NOW - timedelta(hours=48), 0), Outcome.PARKED, "48 hours are over"),
        (Window(NOW, 5), Outcome.PARKED, "five were said"),
        (Window(None, 0), Outcome.PARKED, "never wrote: the conversation was only opened"),
    ],
)
@pytest.mark.asyncio
async def test_five_messages_in_48_hours(window: Window, outcome: Outcome, remark: str) -> None:
    result, kf = await _send(delivery("好的"), window)
    assert result.outcome is outcome, remark
    assert bool(kf.said("wmWANG")) == (outcome is Outcome.SENT)
    assert kf.fake.refusals == []


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"errcode": 95001}, Outcome.PARKED),
        ({"errcode": 95002}, Outcome.PARKED),
        ({"errcode": 95018}, Outcome.PARKED),
        ({"errcode": 95004}, Outcome.PERMANENT),
        ({"errcode": 45009}, Outcome.RETRY),
        ({"errcode": 42001}, Outcome.SENT),
        ({"how": "reset"}, Outcome.UNKNOWN),
        ({"how": "html"}, Outcome.UNKNOWN),
    ],
)
@pytest.mark.asyncio
async def test_what_a_refusal_means(fault: dict[str, Any], outcome: Outcome) -> None:
    result, _ = await _send(delivery("好的"), OPEN, fault=fault)
    assert result.outcome is outcome
    assert SECRET not in result.reason


@pytest.mark.asyncio
async def test_words_and_choices_are_one_message() -> None:
    buttons = (
        (Button("好了", "t" * 32), Button("还没好", "u" * 32)),
        (Button("看看", url="https://a.example"),),
    )
    result, kf = await _send(delivery("您看好了吗?", buttons=buttons), OPEN)
    (body,) = kf.messages("wmWANG")
    assert body["msgmenu"]["head_content"] == "您看好了吗?" and result.message == body["msgid"] == "gab12-7-0"
    assert [one["type"] for one in body["msgmenu"]["list"]] == ["click", "click", "view"]


@pytest.mark.asyncio
async def test_what_is_long_is_cut_by_bytes() -> None:
    text = "一二三四五六七八九。" * 100  # 3000 bytes
    result, kf = await _send(delivery(text, buttons=((Button("好了", "t" * 32),),)), OPEN)
    assert result.outcome is Outcome.SENT and kf.fake.refusals == []
    assert "".join(kf.said("wmWANG")[:2]) == text and len(kf.messages("wmWANG")) == 3


@pytest.mark.asyncio
async def test_an_account_is_no_group() -> None:
    result, kf = await _send(delivery("明天磨刀", chat=ACCOUNT, kind=ChatKind.GROUP), OPEN)
    assert result.outcome is Outcome.LEFT_OUT and kf.fake.calls == []


@pytest.mark.asyncio
async def test_the_link_of_a_poster() -> None:
    async with FakeWecom() as fake:
        FakeKf(fake, now=lambda: NOW).account(ACCOUNT)
        api = WecomApi(fake.url)
        link = await contact_link(api, Credentials(CORP, SECRET), ACCOUNT, "grid-3")
        await api.close()
        assert link.startswith("https://") and fake.calls[-1][1] == {"open_kfid": ACCOUNT, "scene": "grid-3"}
