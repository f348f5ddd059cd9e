"""From an order of 居民上报 to Incoming. Pure.

An order is a form that a resident filled in (@居民助理 in the residents' own WeChat group leads to it); each
step that a member of the corp takes with it is one item of its process_list. Names, telephones and account
ids of residents are dropped here, before anything is kept: what stays of a person is a keyed digest.
Fields: developer.work.weixin.qq.com paths 93514-93519.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gridbot.messages import ChatKind, Incoming, IncomingKind, Kept, Sender

PLATFORM = "wecom_report"
PERSONAL = ("reporter_name", "reporter_mobile", "unionid")
#: process_type → what it is here. 3 分配 and 4 转交 move it inside WeCom, which tells whoever gets it.
STEPS = {2: "accept", 5: "done", 6: "refused", 7: "accept"}
DONE = 1  #: status of a step that was taken


class UnreadableError(Exception):
    """Not an order as the documents describe it."""


def keep(order: Any, *, bot: str, secret: str, now: datetime) -> list[Kept]:
    """The order and every step taken with it, each known by an id of its own however often it is read.
    What cannot be read is kept raw, without its personal fields."""
    if not isinstance(order, dict):
        return [_unread(bot, _raw(order))]
    raw = _raw({name: value for name, value in order.items() if name not in PERSONAL})
    try:
        return _read(order, raw, bot, secret, now)
    except UnreadableError:
        return [_unread(bot, raw)]


def _read(order: Mapping[str, Any], raw: bytes, bot: str, secret: str, now: datetime) -> list[Kept]:
    number = _text(order.get("order_id"), required=True)
    reporter = _reporter(order, secret)
    where = _text(order.get("grid_id")) or "orders"
    common: dict[str, Any] = {
        "platform": PLATFORM,
        "bot": bot,
        "chat": f"{where}/{reporter}",
        "chat_kind": ChatKind.PRIVATE,
        "via": where,
        "filed": True,
    }
    said = Incoming(
        kind=IncomingKind.MESSAGE,
        update_id=number,
        message=number,
        sent_at=_time(order.get("create_time"), now),
        sender=Sender(reporter),
        text=_words(order),
        photos=tuple(_digest("p", one) for one in _list(order.get("image_urls")) if isinstance(one, str)),
        location=_point(order.get("location")),
        **common,
    )
    steps = [
        _step(step, number, index, common, now)
        for index, step in enumerate(_list(order.get("process_list")))
        if isinstance(step, dict) and step.get("process_type") in STEPS and step.get("status", DONE) == DONE
    ]
    return [Kept(PLATFORM, bot, one.update_id, raw if one is said else b"{}", one) for one in (said, *steps)]


def _step(
    step: Mapping[str, Any], number: str, index: int, common: dict[str, Any], now: datetime
) -> Incoming:
    """`button`: what it is; `sender`: the member of the corp who took it."""
    kind = STEPS[step["process_type"]]
    update = f"{number}#{index}:{kind}"
    return Incoming(
        kind=IncomingKind.MESSAGE,
        update_id=update,
        message=update,
        reply_to=number,
        button=kind,
        sent_at=_time(step.get("solved_time"), now),
        sender=Sender(_text(step.get("solve_userid"))),
        text=_text(step.get("process_desc")).strip(),
        **common,
    )


def _words(order: Mapping[str, Any]) -> str:
    """What was written; the category it was filed under and the place on the map go along, for what was
    written may name neither."""
    place = order.get("location")
    named = _text(place.get("name")) if isinstance(place, dict) else ""
    text = _text(order.get("desc")).strip()
    before = _text(order.get("case_name")).strip()
    parts = [before if before not in text else "", named if named not in text else "", text]
    return ",".join(part for part in parts if part)


def _reporter(order: Mapping[str, Any], secret: str) -> str:
    """Whose it is, as far as the same person's next order must find the same chat; nobody can go back."""
    known = next((order[name] for name in ("unionid", "reporter_mobile") if order.get(name)), None)
    known = known if isinstance(known, str) else str(order.get("order_id"))
    keyed = hmac.new(secret.encode(), known.encode("utf-8", "replace"), hashlib.sha256)
    return "r-" + keyed.hexdigest()[:24]


# --- fields --------------------------------------------------------------------------------------


def _unread(bot: str, raw: bytes) -> Kept:
    return Kept(PLATFORM, bot, "digest:" + hashlib.sha256(raw).hexdigest()[:32], raw, None)


def _raw(order: Any) -> bytes:
    return json.dumps(order, ensure_ascii=False).encode("utf-8", "replace")


def _point(where: Any) -> tuple[float, float] | None:
    if not isinstance(where, dict):
        return None
    latitude, longitude = where.get("latitude"), where.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return float(latitude), float(longitude)


def _text(value: Any, *, required: bool = False) -> str:
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > 20_000 or (required and not 0 < len(value) <= 150):
        raise UnreadableError
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(value: Any, now: datetime) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool) and 1_500_000_000 < value < 10_000_000_000:
        return datetime.fromtimestamp(value, UTC)
    return now


def _digest(kind: str, text: str) -> str:
    return f"{kind}-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
