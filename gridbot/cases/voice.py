"""What a case makes the bot say, and to whom: outbox rows, written with the change that caused them.

The group sees number, type and area. The leader sees the resident's words, masked. A private case is
spoken of in private chats alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import names, queries, rules, secrecy, standing, views
from gridbot.grid import queries as grid
from gridbot.messages import PEOPLE_OF, Button, CaseState, Outgoing, OutKind, Urgency
from gridbot.privacy import mask_doors, mask_numbers
from gridbot.store import outbox
from gridbot.store.tables import cases, chats, identities
from gridbot.texts import alarm, ladder
from gridbot.texts import privacy as secret

SEEN = "👀"
TAKEN = "🤝"
MENDED = "🎉"

_CHAT = sa.select(chats).where(chats.c.id == sa.bindparam("of_chat"))


def chat_row(db: Connection, chat_id: int) -> Row[Any]:
    return db.execute(_CHAT, {"of_chat": chat_id}).one()


def called(case: Row[Any], *, shared: bool) -> str:
    """How a case is called. The door stands in it only not `shared`, and once somebody has taken it."""
    shared = shared or case.accepted_at is None
    return rules.call_it(case.data.get("titles", []), case.place, shared=shared)


def to_chat(
    db: Connection,
    chat: Row[Any],
    text: str,
    *,
    purpose: str,
    now: datetime,
    case: Row[Any] | None = None,
    reply_to: str = "",
    buttons: Sequence[Sequence[Button]] = (),
    urgency: Urgency = Urgency.ANSWER,
    key: str = "",
    silent: bool = False,
    mention: tuple[tuple[str, str], ...] = (),
    due_at: datetime | None = None,
    pin: bool = False,
    thread: str = "",
    until: datetime | None = None,
) -> int | None:
    """Puts one message into the outbox; None where the chat is silenced or lost, or the case must not be
    spoken of there."""
    if not chat.active or (chat.muted and urgency is not Urgency.EMERGENCY):
        return None
    if case is not None and secrecy.is_kept_out_of(db, case, chat, now):
        return None
    payload = Outgoing(
        text=text,
        buttons=tuple(tuple(row) for row in buttons),
        reply_to=reply_to,
        thread=thread,
        silent=silent,
        mention=mention,
        pin=pin,
    )
    return outbox.say(
        db,
        chat_id=chat.id,
        payload=payload,
        community_id=chat.community_id if case is None else case.community_id,
        purpose=purpose,
        now=now,
        kind=OutKind.CARD if key else OutKind.SEND,
        urgency=urgency,
        key=key,
        case_id=case.id if case is not None else None,
        due_at=due_at,
        until=until,
    )


def react(db: Connection, chat: Row[Any], message: str, emoji: str, *, case: Row[Any], now: datetime) -> None:
    if not message or not chat.active or chat.muted or secrecy.is_kept_out_of(db, case, chat, now):
        return
    outbox.say(
        db,
        chat_id=chat.id,
        payload=Outgoing(emoji=emoji, message=message),
        community_id=case.community_id,
        purpose="reaction",
        now=now,
        kind=OutKind.REACT,
        urgency=Urgency.ANSWER,
        case_id=case.id,
    )


# --- to the reporter -----------------------------------------------------------------------------


def tell_reporter(
    db: Connection,
    case: Row[Any],
    text: str,
    *,
    purpose: str,
    now: datetime,
    buttons: Sequence[Sequence[Button]] = (),
    due_at: datetime | None = None,
    urgency: Urgency = Urgency.ANSWER,
) -> int | None:
    """Under the report, where it was said; a private case only where the reporter is alone with the bot.

    Of a share in a case (分件) nothing: the reporter reads of the whole.
    """
    if case.parent_id is not None:
        return None
    chat, reply_to = chat_row(db, case.chat_id), case.platform_message
    if chat.kind != "private" and (case.private or secrecy.is_kept_out_of(db, case, chat, now)):
        private = grid.private_chat_of(db, case.reporter_id) if case.reporter_id else None
        if private is None:
            return None
        chat, reply_to = private, ""
    return to_chat(
        db,
        chat,
        text,
        purpose=purpose,
        now=now,
        case=case,
        reply_to=reply_to,
        buttons=buttons,
        due_at=due_at,
        urgency=urgency,
        thread=case.thread if chat.id == case.chat_id else "",
    )


def answer_buttons(db: Connection, case: Row[Any], now: datetime) -> list[list[Button]]:
    """好了 / 好一点 / 还没好, for the reporter and those who said "我家也是"."""
    until = now + timedelta(days=7)
    return [
        [
            outbox.button(db, text, action, community_id=case.community_id, case_id=case.id, until=until)
            for text, action in (
                (texts.MENDED, "case:mended"),
                (texts.BETTER, "case:better"),
                (texts.NOT_YET, "case:not_yet"),
            )
        ]
    ]


# --- to the leader -------------------------------------------------------------------------------


def leader_card(
    db: Connection,
    case: Row[Any],
    person_id: int,
    text: str,
    *,
    purpose: str,
    now: datetime,
    buttons: Sequence[Sequence[Button]] = (),
    urgency: Urgency = Urgency.NOTICE,
    due_at: datetime | None = None,
    ring: bool = False,
) -> int | None:
    """The one living card of this case in this person's private chat. None: it cannot be shown there.

    An edited card rings nobody; `ring` begins a new one. The door stands on it for whoever has taken the
    case, and that he saw it is on record; to the unit complained of the card says nothing.
    """
    chat = grid.private_chat_of(db, person_id)
    if chat is None:
        return None
    if secrecy.is_kept_from(db, case, person_id, now):
        text = secret.kept_from_you(called(case, shared=True), case.number)
    elif case.accepted_at is None or case.owner_id != person_id:
        text = mask_doors(text)
    else:
        views.shown(db, case, person_id, text, now)
    turn = _next_turn(db, case, person_id) if ring else case.data.get("turns", {}).get(str(person_id), 0)
    return to_chat(
        db,
        chat,
        text,
        purpose=purpose,
        now=now,
        case=case,
        buttons=buttons,
        urgency=urgency,
        key=f"case:{case.id}:{person_id}:{turn}",
        due_at=due_at,
    )


def _next_turn(db: Connection, case: Row[Any], person_id: int) -> int:
    """Each person's card is his own: a new one for him leaves the others' as they are."""
    known = queries.case(db, case.id).data
    turn = int(known.get("turns", {}).get(str(person_id), 0)) + 1
    turns = {**known.get("turns", {}), str(person_id): turn}
    case.data["turns"] = turns  # the row in hand stays true to the table
    db.execute(sa.update(cases).where(cases.c.id == case.id).values(data={**known, "turns": turns}))
    return turn


def leader_buttons(db: Connection, case: Row[Any], person_id: int) -> list[list[Button]]:
    """At most three at first: what one would press on the way."""
    middle = (alarm.FALSE_ALARM, "case:false_alarm") if case.urgent else (texts.OTHER, "case:other")
    waits = case.state in (CaseState.WAITING, CaseState.GATHERING)
    first = (
        (texts.TAKE, "case:take") if waits else (texts.DONE, "case:done"),
        (texts.OTHER, "case:other") if waits else middle,
        (texts.MORE, "case:more"),
    )
    return [[_button(db, case, text, action, person_id) for text, action in first]]


def more_buttons(db: Connection, case: Row[Any], person_id: int) -> list[list[Button]]:
    rows = (
        (
            (texts.DONE, "case:done"),
            (texts.HAND_OVER, "case:hand_over"),
            *([(alarm.FALSE_ALARM, "case:false_alarm")] if case.urgent else []),
        ),
        ((texts.ESCALATE, "case:escalate"), (texts.NOT_MINE, "case:bounce"), (texts.BACK, "case:back")),
        *([] if case.urgent else [((ladder.PAUSE, "case:pause"), (ladder.TO_MEETING, "case:table"))]),
    )
    return [[_button(db, case, text, action, person_id) for text, action in row] for row in rows]


def undo_button(
    db: Connection, case: Row[Any], person_id: int | None, event_id: int, now: datetime
) -> list[list[Button]]:
    return [
        [
            outbox.button(
                db,
                texts.UNDO,
                "case:undo",
                community_id=case.community_id,
                case_id=case.id,
                person_id=person_id,
                data={"event": event_id},
                until=now + rules.UNDO_FOR,
            )
        ]
    ]


def _button(db: Connection, case: Row[Any], text: str, action: str, person_id: int) -> Button:
    return outbox.button(
        db, text, action, community_id=case.community_id, case_id=case.id, person_id=person_id
    )


def notice_text(db: Connection, case: Row[Any], leader: str, *, accepted: bool = False) -> str:
    """What the leader reads; a door number only after he has taken it, and of a danger to one person
    nothing but its kind."""
    if rules.by_name(case.data.get("hazard", ""), private=case.private) and not accepted:
        return _named_notice(db, case)
    accepted = accepted and case.accepted_at is not None
    words = queries.words_of(db, case.parent_id or case.id)
    if accepted:
        words = mask_numbers(words)[:300]
    else:
        words = names.masked_of(db, case, words)[:300]
    what = called(case, shared=not accepted)
    if case.urgent:
        settings = grid.settings_of(db, case.community_id)
        at = case.reported_at.astimezone(settings.zone).strftime("%H:%M")
        return texts.urgent_notice(what, case.number, at, words)
    said = texts.notice(leader, what, case.number, count=case.supporters, words=words)
    return "\n".join([said, *standing.lines(db, case)])


def _named_notice(db: Connection, case: Row[Any]) -> str:
    at = case.reported_at.astimezone(grid.settings_of(db, case.community_id).zone).strftime("%H:%M")
    alone = chat_row(db, case.chat_id).kind == "private"
    reached = alone or (case.reporter_id and grid.private_chat_of(db, case.reporter_id) is not None)
    return alarm.named_notice(case.data["hazard"], case.number, at, reached=bool(reached))


def identity_of(db: Connection, person_id: int, platform: str) -> Row[Any] | None:
    """By which account somebody is mentioned on a platform; where that hears nobody, by the one beside it."""
    accounts = (platform, PEOPLE_OF.get(platform, platform))
    query = sa.select(identities).where(
        identities.c.person_id == person_id, identities.c.platform.in_(accounts)
    )
    rows = db.execute(query).all()
    return next((row for row in rows if row.platform == platform), rows[0] if rows else None)
