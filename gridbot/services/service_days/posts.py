"""What is said about one date, where, and that it is said once.

Every post is a row, unique by (date, chat, what), written with the outbox row it caused: whatever is
restarted in between, nobody hears it twice. Posts are cards, so later changes edit them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from gridbot import texts
from gridbot.almanac import day_info
from gridbot.messages import Button, Outgoing, OutKind, load_outgoing
from gridbot.services import audience
from gridbot.services.audience import Listener
from gridbot.services.service_days import queries
from gridbot.services.service_days.queries import Post
from gridbot.services.service_days.rules import (
    IN_GROUPS,
    Comes,
    Occurrence,
    State,
    Times,
    What,
    after_night,
    day_words,
    hours_words,
    is_night,
    rain_words,
)
from gridbot.store import outbox, tables
from gridbot.store.tables import posts

MODULE = "service_days"

_CLAIM = (
    insert(posts)
    .on_conflict_do_nothing(index_elements=["occurrence_id", "chat_id", "what"])
    .returning(posts.c.id)
)
_SAID = sa.update(posts).where(posts.c.id == sa.bindparam("of_post")).values(outbox_id=sa.bindparam("row"))

_NEWEST = (
    sa.select(tables.outbox.c.payload)
    .where(tables.outbox.c.chat_id == sa.bindparam("of_chat"), tables.outbox.c.key == sa.bindparam("of_key"))
    .order_by(tables.outbox.c.id.desc())
    .limit(1)
)

Payload = Callable[[Listener], Outgoing]


# --- posting -------------------------------------------------------------------------------------


def post(
    db: Connection,
    occurrence: Occurrence,
    what: What,
    to: Iterable[Listener],
    payload: Payload,
    *,
    now: datetime,
) -> int:
    """Says it in each chat where it was not said yet; how many those were."""
    label, said = occurrence.label(what), 0
    times = times_of(db, occurrence)
    private = what in (What.ASK, What.HOLIDAY)
    for listener in to:
        claimed = _claim(db, occurrence, listener.chat_id, label, now)
        if claimed is None:
            continue
        row = outbox.say(
            db,
            chat_id=listener.chat_id,
            payload=payload(listener),
            kind=OutKind.CARD,
            key=card_key(occurrence, label),
            community_id=occurrence.service.community_id,
            purpose=f"service-{what}",
            now=now,
            due_at=after_night(now, times, occurrence.service.zone) if private else None,
            until=occurrence.ends_at,
        )
        db.execute(_SAID, {"of_post": claimed, "row": row})
        said += 1
    return said


def mark_posted(
    db: Connection, occurrence: Occurrence, what: What, chat_ids: Iterable[int], *, now: datetime
) -> None:
    """Counts as said already: another post says the same."""
    for chat_id in chat_ids:
        _claim(db, occurrence, chat_id, occurrence.label(what), now)


def edit(db: Connection, occurrence: Occurrence, said: Post, payload: Outgoing, *, now: datetime) -> None:
    """A post as it should read now. An edit rings nobody; one that changes nothing is not made."""
    key = card_key(occurrence, said.label)
    if not payload.buttons and _reads(db, said.chat_id, key) == payload.text:
        return
    outbox.say(
        db,
        chat_id=said.chat_id,
        payload=payload,
        kind=OutKind.CARD,
        key=key,
        community_id=occurrence.service.community_id,
        purpose=f"service-{said.what}",
        now=now,
        until=occurrence.ends_at,
    )


def _reads(db: Connection, chat_id: int, key: str) -> str:
    """What a card says, or will say once the newest row is sent."""
    newest = db.execute(_NEWEST, {"of_chat": chat_id, "of_key": key}).scalar()
    return load_outgoing(newest).text if newest is not None else ""


def line(db: Connection, occurrence: Occurrence, text: str, *, now: datetime) -> None:
    """One new line in each group where something was posted about this date; silent at night."""
    said = queries.posted(db, occurrence.id, *IN_GROUPS)
    silent = is_night(now, times_of(db, occurrence), occurrence.service.zone)
    for chat_id in audience.writable(db, [one.chat_id for one in said]):
        outbox.say(
            db,
            chat_id=chat_id,
            payload=Outgoing(text=text, silent=silent),
            community_id=occurrence.service.community_id,
            purpose="service-line",
            now=now,
            until=occurrence.ends_at,
        )


def card_key(occurrence: Occurrence, label: str) -> str:
    return f"service:{occurrence.id}:{label}"


def times_of(db: Connection, occurrence: Occurrence) -> Times:
    return Times.read(audience.community(db, occurrence.service.community_id).settings)


def groups(db: Connection, occurrence: Occurrence) -> list[Listener]:
    service = occurrence.service
    found = audience.groups(db, service.community_id, service.groups, module=MODULE)
    return [Listener(0, chat_id) for chat_id in found]


def organisers(db: Connection, occurrence: Occurrence) -> list[Listener]:
    """The organiser; the admins where there is none or he cannot be written to."""
    service = occurrence.service
    if service.organiser_id is not None:
        found = audience.private_chat(db, service.organiser_id)
        if found:
            return [found]
    return audience.admins(db, service.community_id)


def whose_chats(db: Connection, occurrence: Occurrence) -> dict[int, int]:
    """Private chat → person, of all who may have been asked."""
    everybody = organisers(db, occurrence) + audience.admins(db, occurrence.service.community_id)
    return {one.chat_id: one.person_id for one in everybody}


def said_in_groups(db: Connection, occurrence: Occurrence) -> list[Post]:
    return queries.posted(db, occurrence.id, *IN_GROUPS)


def _claim(db: Connection, occurrence: Occurrence, chat_id: int, label: str, now: datetime) -> int | None:
    values = {
        "community_id": occurrence.service.community_id,
        "occurrence_id": occurrence.id,
        "chat_id": chat_id,
        "what": label,
        "at": now,
    }
    claimed: int | None = db.execute(_CLAIM, values).scalar()
    return claimed


# --- in a group ----------------------------------------------------------------------------------


def today_of(occurrence: Occurrence, now: datetime) -> date:
    return now.astimezone(occurrence.service.zone).date()


def plain_day(occurrence: Occurrence, now: datetime, day: date | None = None) -> str:
    return day_words(day or occurrence.on, today_of(occurrence, now), near=False)


def head(occurrence: Occurrence, now: datetime) -> str:
    """明天(19日周六)三九便民服务日,9到11点,小广场"""
    service, today = occurrence.service, today_of(occurrence, now)
    when = day_words(occurrence.on, today)
    if occurrence.moved_to:
        when = f"{when[:-1]},{texts.service_moved_from(_short_day(occurrence.day, today))})"
    return texts.service_head(when, service.name, hours_words(service.starts, service.ends), service.place)


def group_payload(db: Connection, occurrence: Occurrence, what: What, now: datetime) -> Outgoing:
    """The post of the eve or the morning, as things stand. A day that falls out is said with one of them."""
    silent = what is What.MORNING
    if occurrence.cancelled:
        return Outgoing(text=cancelled_text(db, occurrence, now), silent=silent)
    if occurrence.names() and not _expected(occurrence):
        text = texts.service_nobody(head(occurrence, now), following_text(db, occurrence, now))
        return Outgoing(text=text, silent=silent)
    first = what is not What.MORNING or not queries.posted(db, occurrence.id, What.EVE)
    text = texts.service_post(
        head(occurrence, now),
        texts.service_items(*_sure_and_unsure(occurrence)),
        bring=occurrence.bring(),
        rain=rain_words(occurrence.service.rain),
        more=missing_text(occurrence, now) if first else "",
    )
    return Outgoing(text=text, silent=silent)


def next_text(db: Connection, occurrence: Occurrence, now: datetime, *, rain: str, more: str) -> str:
    """The same, as an answer to a question."""
    items = texts.service_items(*_sure_and_unsure(occurrence))
    if occurrence.state is State.PLANNED and not occurrence.items:
        items = texts.service_usual(occurrence.names())
    text = texts.service_post(head(occurrence, now), items, bring=occurrence.bring(), rain=rain, more=more)
    return text if occurrence.on == today_of(occurrence, now) else texts.service_next(text)


def moved_text(occurrence: Occurrence, now: datetime) -> str:
    service = occurrence.service
    hours = hours_words(service.starts, service.ends)
    to = plain_day(occurrence, now)
    return texts.service_moved(
        plain_day(occurrence, now, occurrence.day), service.name, to, hours, service.place
    )


def cancelled_text(db: Connection, occurrence: Occurrence, now: datetime) -> str:
    day, name = plain_day(occurrence, now), occurrence.service.name
    return texts.service_cancelled(day, name, following_text(db, occurrence, now))


def as_usual_text(occurrence: Occurrence, now: datetime) -> str:
    service = occurrence.service
    hours = hours_words(service.starts, service.ends)
    return texts.service_as_usual(plain_day(occurrence, now), service.name, hours, service.place)


def following_text(db: Connection, occurrence: Occurrence, now: datetime) -> str:
    later = queries.following(db, occurrence)
    return plain_day(occurrence, now, later) if later else ""


def missing_text(occurrence: Occurrence, now: datetime, *, since: date | None = None) -> str:
    """这个月没有29号,三九是9号和19号: said with the last date before the gap."""
    found = queries.missing_since(occurrence, since)
    if found is None:
        return ""
    month, missing, days, later = found
    this = month == today_of(occurrence, now).month
    short, next_one = occurrence.service.short, plain_day(occurrence, now, later)
    return texts.service_missing(short, missing, days, next_one, 0 if this else month)


def _short_day(day: date, today: date) -> str:
    return f"{day.day}日" if day.month == today.month else f"{day.month}月{day.day}日"


def _sure_and_unsure(occurrence: Occurrence) -> tuple[list[str], list[str]]:
    return occurrence.items_that(Comes.YES), occurrence.items_that(Comes.PENDING)


def _expected(occurrence: Occurrence) -> list[str]:
    return [name for name in occurrence.names() if occurrence.comes(name) is not Comes.NO]


# --- to the organiser and the admins -------------------------------------------------------------


def ask_payload(db: Connection, occurrence: Occurrence, person_id: int, now: datetime) -> Outgoing:
    """Who comes? Three words per item; once it is cancelled, no buttons."""
    top = head(occurrence, now)
    if occurrence.cancelled:
        return Outgoing(text=texts.service_ask_over(top, texts.SERVICE_CANCEL))
    lines = [(name, occurrence.comes(name).value) for name in occurrence.names()]
    rows = tuple(_item_row(db, occurrence, person_id, name) for name in occurrence.names())
    return Outgoing(text=texts.service_ask(top, lines), buttons=rows)


def _item_row(db: Connection, occurrence: Occurrence, person_id: int, name: str) -> tuple[Button, ...]:
    change = _button(db, occurrence, person_id, texts.service_change(name), "service:edit", item=name)
    if occurrence.comes(name) is not Comes.PENDING:
        return (change,)
    answers = ((texts.service_comes(name), Comes.YES), (texts.service_comes_not(name), Comes.NO))
    row = [
        _button(db, occurrence, person_id, text, "service:item", item=name, state=comes.value)
        for text, comes in answers
    ]
    return (*row, change)


def holiday_payload(db: Connection, occurrence: Occurrence, person_id: int, now: datetime) -> Outgoing:
    """It falls on a public holiday: 照常, 改期 or 取消?"""
    info = day_info(occurrence.on)
    text = texts.service_holiday(
        head(occurrence, now),
        occurrence.service.short,
        info.holiday,
        table_known=info.table_known,
        year=info.day.year,
    )
    choices = (
        (texts.SERVICE_KEEP, "service:keep"),
        (texts.SERVICE_MOVE, "service:dates"),
        (texts.SERVICE_CANCEL, "service:cancel"),
    )
    row = tuple(_button(db, occurrence, person_id, word, action) for word, action in choices)
    return Outgoing(text=text, buttons=(row,))


def dates_payload(
    db: Connection, occurrence: Occurrence, person_id: int, now: datetime, days: Iterable[date]
) -> Outgoing:
    """A few days to choose from, and any other."""
    row = [
        _button(
            db, occurrence, person_id, plain_day(occurrence, now, day), "service:move", to=day.isoformat()
        )
        for day in days
    ]
    row.append(_button(db, occurrence, person_id, texts.SERVICE_OTHER_DAY, "service:day"))
    text = texts.service_which_day(head(occurrence, now), occurrence.service.short)
    return Outgoing(text=text, buttons=(tuple(row),))


def settled_payload(occurrence: Occurrence, now: datetime) -> Outgoing:
    """What was decided, for every admin who was asked."""
    decision = texts.SERVICE_KEEP
    if occurrence.cancelled:
        decision = texts.SERVICE_CANCEL
    elif occurrence.moved_to:
        decision = texts.service_day_moved("", plain_day(occurrence, now))
    day = plain_day(occurrence, now, occurrence.day)
    return Outgoing(text=texts.service_holiday_settled(day, occurrence.service.short, decision))


def _button(
    db: Connection, occurrence: Occurrence, person_id: int, text: str, action: str, **data: str
) -> Button:
    return outbox.button(
        db,
        text,
        action,
        community_id=occurrence.service.community_id,
        person_id=person_id or None,
        data={"occurrence": occurrence.id, **data},
        until=occurrence.ends_at,
    )
