"""A planned outage (计划停水停电): announced with its hours, it answers reports inside them.

Nothing is opened before its end; who then says 还没水 is passed on at once. Whose announcement it was
makes a difference: one of the community or a unit is official; anybody else's counts only in the form of
a notice, and the leader is told that it was taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.almanac.spoken import parse_when
from gridbot.cases import voice
from gridbot.cases.actions import Draft
from gridbot.desk import drafts, remarks, sameplace
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Talk
from gridbot.grid import queries as grid
from gridbot.store import timers
from gridbot.store.tables import timers as timer_table
from gridbot.understanding.reading import Band, Kind, Reading

PLANNED = "planned"

_PART = r"(?P<{0}_part>次日|明早|第二天|凌晨|清晨|早上|早|上午|中午|下午|傍晚|晚上|晚|夜里)?"
_HOUR = r"(?P<{0}>\d{{1,2}})(?:[:：](?P<{0}_min>\d\d)|[点时](?:(?P<{0}_half>半)|(?P<{0}_m>\d{{1,2}})分?)?)?"
_SPAN = re.compile(
    (_PART + _HOUR).format("a")
    + r" {0,2}(?:-|—|–|~|～|到|至){1,2} {0,2}"
    + (_PART + _HOUR).format("b")
    + r"(?![号栋幢楼0-9])"
)
_HOUSES = re.compile(r"(?<![\d:：])(\d{1,3}) {0,1}(?:-|—|~|～|到|至) {0,1}(\d{1,3})(?:号楼|号|栋|幢)")


@dataclass(frozen=True, slots=True)
class Outage:
    """What was announced. `low`, `high`: the houses named, 0 if none."""

    type: str
    start: datetime
    end: datetime
    low: int = 0
    high: int = 0


def understand(text: str, now: datetime, zone: ZoneInfo, talk: Talk) -> Outage | None:
    """明天9点到12点停水 · 【停电】周五13:30-17:00 1-6号楼."""
    stop = next((word for word in talk.file.stops if word in text), None) if len(text) < 400 else None
    span = _SPAN.search(text) if stop else None
    if stop is None or span is None:
        return None
    rest = text[: span.start()] + " " + text[span.end() :]
    when = parse_when(_HOUSES.sub(" ", rest), now, zone)
    day = when.date() if isinstance(when, datetime) else when or now.astimezone(zone).date()
    start = _at(day, span, "a", zone, None, talk)
    end = _at(day, span, "b", zone, start, talk)
    if start is None or end is None or end <= start or end - start > timedelta(days=2):
        return None
    houses = _HOUSES.search(rest)
    low, high = (int(houses[1]), int(houses[2])) if houses else (0, 0)
    return Outage(talk.file.stops[stop], start, end, low, high)


def _at(
    day: date, span: re.Match[str], which: str, zone: ZoneInfo, after: datetime | None, talk: Talk
) -> datetime | None:
    """The hour named; without a word for the time of day, the one that makes sense after the start."""
    hour, part = int(span[which]), span[f"{which}_part"] or ""
    minute = 30 if span[f"{which}_half"] else int(span[f"{which}_min"] or span[f"{which}_m"] or 0)
    if hour > 24 or minute > 59:
        return None
    if (talk.says("late_parts", part) and hour < 12) or (not part and after is None and hour < 6):
        hour += 12
    at = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(hours=hour, minutes=minute)
    if part in ("次日", "明早", "第二天"):
        return at + timedelta(days=1)
    if after is not None and at <= after and not part:
        return (
            at + timedelta(hours=12)
            if hour < 12 and at + timedelta(hours=12) > after
            else at + timedelta(days=1)
        )
    return at


# --- heard ---------------------------------------------------------------------------------------


def announced(h: Hearing, text: str) -> bool:
    """Keeps an announcement. False: the text is none."""
    if "停" not in text and "断" not in text:
        return False
    talk = remarks.of(h.knows.packs)
    outage = understand(text, h.now, h.knows.settings.zone, talk)
    if outage is None or outage.type not in h.knows.packs.types or outage.end <= h.now:
        return False
    if not h.leads and not talk.says("formal", text):
        return False
    data = {
        "type": outage.type,
        "start": outage.start.isoformat(),
        "end": outage.end.isoformat(),
        "low": outage.low,
        "high": outage.high,
        "official": h.leads,
        "chat": h.chat.id,
        "answered": {},
    }
    where = 0 if h.leads else h.chat.id
    subject = f"community:{h.community_id}:{outage.type}:{where}:{outage.start:%m%d%H%M}"
    timers.set_timer(h.db, PLANNED, subject, outage.end, community_id=h.community_id, data=data)
    return True


_KNOWN = sa.select(timer_table).where(
    timer_table.c.kind == PLANNED, timer_table.c.community_id == sa.bindparam("of_community")
)


def _known(h: Hearing, types: Any) -> list[Row[Any]]:
    """Announcements that hold for this chat, the official ones first."""
    rows = [
        row for row in h.db.execute(_KNOWN, {"of_community": h.community_id}) if row.data["type"] in types
    ]
    rows = [row for row in rows if row.data["official"] or row.data["chat"] == h.chat.id]
    return sorted(rows, key=lambda row: not row.data["official"])


def answers(h: Hearing, draft: Draft) -> bool:
    """A report inside the announced hours: answered, not opened."""
    if draft.urgent or draft.private or not any(_supply(h, one) for one in draft.types):
        return False
    for row in _known(h, draft.types):
        start, end = (datetime.fromisoformat(row.data[name]) for name in ("start", "end"))
        if start - h.knows.settings.planned_before <= h.said.sent_at < end and _concerns(
            row.data, draft.place_key
        ):
            _say(h, row, start, end)
            return True
    return False


def _supply(h: Hearing, type_: str) -> bool:
    known = h.knows.packs.types.get(type_)
    return known is not None and known.supply


def _concerns(data: dict[str, Any], place_key: str) -> bool:
    house = sameplace.building(place_key)
    if not data["high"] or not house.isdecimal():
        return True
    return bool(data["low"] <= int(house) <= data["high"])


def _say(h: Hearing, row: Row[Any], start: datetime, end: datetime) -> None:
    before = row.data["answered"].get(str(h.chat.id))
    if h.late or (
        before and h.now - datetime.fromisoformat(before) < h.knows.settings.planned_again and not h.for_us
    ):
        return
    zone = h.knows.settings.zone
    span, until = _span(start.astimezone(zone), end.astimezone(zone))
    what = row.data["type"]
    said = texts.planned_outage if row.data["official"] else texts.outage_notice_seen
    h.answer(said(span, until, what), purpose="planned")
    if not row.data["official"] and not row.data["answered"]:
        _tell_leader(h, texts.outage_unconfirmed(span, what))
    data = {**row.data, "answered": {**row.data["answered"], str(h.chat.id): h.now.isoformat()}}
    timers.set_timer(h.db, PLANNED, row.subject, row.due_at, community_id=h.community_id, data=data)


def _span(start: datetime, end: datetime) -> tuple[str, str]:
    return f"{_hour(start)}到{_hour(end)}点", f"{_hour(end)}点"


def _hour(at: datetime) -> str:
    return f"{at.hour}点{at.minute}分"[: None if at.minute else -len("点0分")]


def _tell_leader(h: Hearing, text: str) -> None:
    leaders = grid.leaders_of(h.db, h.chat.node_id, h.now) if h.chat.node_id is not None else []
    person = next((one.person_id for one in leaders if one.person_id is not None), None)
    chat = grid.private_chat_of(h.db, person) if person is not None else None
    if chat is not None:
        voice.to_chat(h.db, chat, text, purpose="planned-unconfirmed", now=h.now)


def still(h: Hearing, reading: Reading, text: str) -> bool:
    """还没水, after the hours are over: a report of what had been announced."""
    if h.leads or not (reading.kind is Kind.STILL or remarks.of(h.knows.packs).says("still_out", text)):
        return False
    types = [one.id for one in h.knows.packs.types.values() if one.supply]
    for row in _known(h, types):
        end = datetime.fromisoformat(row.data["end"])
        if (
            end <= h.said.sent_at <= end + h.knows.settings.planned_after
            and texts.OUTAGES[row.data["type"]][1] in text
        ):
            from gridbot.desk import reports

            reports.hear_report(h, _as_report(h, row.data["type"], drafts.with_places(h, reading, text)))
            return True
    return False


def _as_report(h: Hearing, type_: str, reading: Reading) -> Reading:
    from gridbot.understanding.reading import Issue

    because = ("计划停供时间过了还没来",)
    return Reading(Kind.REPORT, Band.OPEN, (Issue(type_, 1.0),), reading.places, because=because)


def over(db: Connection, timer: Row[Any]) -> None:
    """The announced hours are over; they are remembered a little for those who say 还没水."""
    if not timer.data.get("over"):
        until = timer.due_at + grid.settings_of(db, timer.community_id).planned_after
        timers.set_timer(
            db,
            PLANNED,
            timer.subject,
            until,
            community_id=timer.community_id,
            data={**timer.data, "over": True},
        )
