"""The JSON forms: Telegram Desktop's result.json (one chat, or all of an account's), chatlog's, and those
of weflow and echotrace. Which one a message is of shows in its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TextIO

from gridbot.understanding.exports.jsonstream import CutShortError, JsonStream
from gridbot.understanding.exports.line import Body, Line, Tally, body_of

Message = Mapping[str, Any]
_LISTS = ("messages", "items", "data")
_TELEGRAM_GROUPS = ("private_group", "public_group", "private_supergroup", "public_supergroup")


def read_json(stream: TextIO, tally: Tally, zone: tzinfo) -> Iterator[Line]:
    json = JsonStream(stream)
    try:
        if json.peek() == "[":
            yield from _messages(json, {}, tally, zone)
        else:
            yield from _chat(json, tally, zone, whole_account=False)
    except CutShortError:
        tally.cut_short = True


def _chat(json: JsonStream, tally: Tally, zone: tzinfo, *, whole_account: bool) -> Iterator[Line]:
    """One object: a chat, or what holds chats. Of a whole account only the groups are read: the private
    chats are nobody's business here."""
    head: dict[str, Any] = {}
    for key in json.members():
        mark = json.peek()
        if key in _LISTS and mark == "[":
            if whole_account and head.get("type") not in _TELEGRAM_GROUPS:
                continue
            yield from _messages(json, head, tally, zone)
        elif key in ("chats", "left_chats") and mark == "{":
            yield from _chat(json, tally, zone, whole_account=True)
        elif key == "list" and whole_account and mark == "[":
            for _ in json.elements():
                if json.peek() == "{":
                    yield from _chat(json, tally, zone, whole_account=True)
        elif key in ("name", "type", "session"):
            head[key] = json.value()


def _messages(json: JsonStream, head: Message, tally: Tally, zone: tzinfo) -> Iterator[Line]:
    session = head.get("session")
    named = session if isinstance(session, dict) else head
    title = str(named.get("displayName") or named.get("nickname") or named.get("name") or "")
    for _ in json.elements():
        raw = json.value()
        try:
            line = _line(raw, title, zone)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError):
            tally.unreadable += 1
            continue
        if line is None:
            tally.system += 1
        else:
            yield line


def _line(raw: Any, title: str, zone: tzinfo) -> Line | None:
    """None: nobody said anything. Raises for what is not a message at all."""
    read: Callable[[Message, str, tzinfo], Line | None]
    if "createTime" in raw:
        read = _weflow
    elif "talker" in raw or "senderName" in raw:
        read = _chatlog
    else:
        read = _telegram
    return read(raw, title, zone)


# --- Telegram Desktop ----------------------------------------------------------------------------


def _telegram(raw: Message, title: str, zone: tzinfo) -> Line | None:
    user = str(raw.get("from_id") or "")
    if raw["type"] != "message" or user.startswith("channel"):
        return None
    text = _text(raw.get("text") or raw.get("text_entities") or "").strip()
    media = str(raw.get("media_type", ""))
    mime = str(raw.get("mime_type", ""))
    photo = "photo" in raw or media == "video_file" or (mime.startswith("image/") and media != "sticker")
    voice = media in ("voice_message", "video_message")
    if not (text or photo or voice):
        return None
    who = raw.get("from")
    return Line(
        who=str(who) if who else "",
        at=_moment(raw.get("date_unixtime"), raw.get("date"), zone),
        text=text,
        user=user or str(who),
        id=str(raw["id"]),
        photo=photo,
        voice=voice,
        reply_to=str(raw.get("reply_to_message_id") or ""),
        forwarded="forwarded_from" in raw,
        chat=title,
    )


def _text(value: Any) -> str:
    """A string, or strings and marked pieces in a row."""
    if isinstance(value, list):
        return "".join(piece if isinstance(piece, str) else str(piece.get("text", "")) for piece in value)
    return str(value)


def _moment(seconds: Any, local: Any, zone: tzinfo) -> datetime:
    """By the seconds if there are any, else by the wall clock of whoever exported."""
    if seconds:
        return datetime.fromtimestamp(int(seconds), UTC)
    at = datetime.fromisoformat(str(local))
    return at if at.tzinfo else at.replace(tzinfo=zone)


# --- WeChat's exporters --------------------------------------------------------------------------

_WEFLOW = {"图片消息": Body(photo=True), "视频消息": Body(photo=True), "语音消息": Body(voice=True)}
_CODES = {1: "text", 3: "photo", 43: "photo", 34: "voice"}  #: WeChat's own numbers for kinds of message
_QUOTE = (49, 57)


def _weflow(raw: Message, title: str, zone: tzinfo) -> Line | None:
    kind, content = str(raw.get("type", "")), str(raw.get("content") or "")
    if raw.get("isSend", 0) is None or kind == "系统消息":
        return None
    if kind in ("文本消息", "引用消息"):
        body = body_of(content.splitlines())
    else:
        body = _WEFLOW.get(kind, Body())
    who = str(raw.get("senderDisplayName") or "")
    at = _moment(raw["createTime"], raw.get("formattedTime"), zone)
    return _said(body, who, str(raw.get("senderUsername") or who), at, str(raw.get("localId", "")), title)


def _chatlog(raw: Message, title: str, zone: tzinfo) -> Line | None:
    code, content = int(raw.get("type", 1)), str(raw.get("content") or "")
    quoted = ""
    if (code, raw.get("subType")) == _QUOTE:
        body = body_of(content.splitlines())
        refer = (raw.get("contents") or {}).get("refer") or {}
        quoted = str(refer.get("content") or "")
    else:
        body = wechat_body(code, content)
    who = str(raw.get("senderName") or raw.get("sender") or "")
    at = _moment(None, raw["time"], zone)
    title = title or str(raw.get("talkerName") or "")
    line = _said(body, who, str(raw.get("sender") or who), at, str(raw.get("seq", "")), title, quoted)
    return None if code == 10000 else line


def wechat_body(code: int, content: str) -> Body:
    """By WeChat's number of the kind of message; what is neither words nor picture nor voice is empty."""
    kind = _CODES.get(code)
    if kind == "text":
        return body_of(content.splitlines())
    return Body(photo=kind == "photo", voice=kind == "voice")


def _said(
    body: Body, who: str, user: str, at: datetime, id: str, title: str, quoted: str = ""
) -> Line | None:
    if body.empty:
        return None
    return Line(who, at, body.text, user, id, body.photo, body.voice, quoted=quoted, chat=title)
