"""A due timer and what it does: one table, kind → function.

A function runs in the transaction that takes the timer away; raising leaves the timer for another try.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import services, texts
from gridbot.cases import actions, queries, retention, samples, voice
from gridbot.desk import (
    alarms,
    asking,
    bouncing,
    bursts,
    clockwork,
    closed,
    digest,
    dispatching,
    endings,
    inviting,
    ladder,
    meetings,
    notices,
    packs,
    paste_queue,
    pausing,
    planned,
    records,
    splitting,
    years,
)
from gridbot.desk.context import Desk
from gridbot.grid import binding
from gridbot.grid import queries as grid
from gridbot.messages import Actor, CaseState, Outgoing, OutKind, Urgency
from gridbot.store import inbox, outbox, timers
from gridbot.texts import conversation

Due = Callable[[Connection, Desk, Row[Any], datetime], None]

ERASE, LEAVE, RETENTION = "erase", "leave", "retention"
ERASE_EVERY = timedelta(minutes=10)
RETENTION_AT = time(19, 30)  #: UTC: half past three at night in China
UNPLACED_AFTER = timedelta(minutes=10)  #: the leader hears without a place if nobody answers


def fire(db: Connection, desk: Desk, timer: Row[Any], *, now: datetime) -> None:
    """Does what a timer is for. Raises KeyError for a kind nobody knows (a newer version's)."""
    if timer.kind in services.DUE:
        services.DUE[timer.kind](db, timer, now=now)
    else:
        DUE[timer.kind](db, desk, timer, now)


def start(db: Connection, *, now: datetime) -> None:
    """The timers that are always there."""
    timers.ensure_timer(db, ERASE, "inbox", now + ERASE_EVERY)
    timers.ensure_timer(db, RETENTION, "words", _tonight(now))
    timers.ensure_timer(db, years.YEARS, "calendar", now)
    binding.adopt_chats(db, paste_queue.PLATFORM, paste_queue.PLATFORM, now=now)
    timers.ensure_timer(db, paste_queue.QUEUE, "outbox", now)
    packs.start(db, now=now)


def _case(db: Connection, timer: Row[Any]) -> Row[Any]:
    return queries.case(db, int(timer.subject.partition(":")[2]))


def _gathered(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """The window is over: ask once, or stay silent if it never became a report."""
    case = _case(db, timer)
    if case.state != CaseState.GATHERING or case.data.get("closed"):
        return
    if not case.types or case.data.get("band") != "open":
        _ask_what(db, case, now)
        return
    fresh = actions.open_gathered(db, case.id, actor=Actor.system(), now=now)
    if fresh is None:
        return
    settings = grid.settings_of(db, fresh.community_id)
    if ask_for_place(db, desk, fresh, now):
        timers.set_timer(
            db,
            notices.UNPLACED,
            timer.subject,
            now + UNPLACED_AFTER,
            community_id=fresh.community_id,
        )
    else:
        notices.schedule_notice(db, fresh, settings, now)


def _ask_what(db: Connection, case: Row[Any], now: datetime) -> None:
    """May be a report, may be not: one short question, and nothing if it stays unanswered."""
    if case.types and not case.data.get("placed"):
        asking.ask(db, case, "place", texts.ask_place(), now=now)
    elif case.types:
        text = conversation.ask_whether(voice.called(case, shared=True))
        asking.ask(db, case, "whether", text, now=now)
    else:
        asking.ask(db, case, "what", texts.ask_what(), now=now)


def ask_for_place(db: Connection, desk: Desk, case: Row[Any], now: datetime) -> bool:
    """Exactly one question; with buttons where the name fits several places."""
    if case.data.get("placed") and not case.data.get("choices"):
        return False
    choices = [(node_id, grid.node_name(db, node_id)) for node_id in case.data.get("choices", [])]
    buttons = asking.place_buttons(db, case, choices)
    return asking.ask(db, case, "place", texts.ask_place(), now=now, buttons=buttons)


def _notify(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    case = _case(db, timer)
    if case.state in (CaseState.WAITING, CaseState.ACCEPTED) and case.first_told_at is None:
        splitting.first_notice(db, case, now)


def _unplaced(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Nobody said where: the leader of the group's grid hears it all the same."""
    case = _case(db, timer)
    if case.state == CaseState.WAITING and case.first_told_at is None:
        notices.schedule_notice(db, case, grid.settings_of(db, case.community_id), now)


def _unanswered(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    case = _case(db, timer)
    if case.state == CaseState.DONE and actions.close_unanswered(db, case, now=now):
        endings.after_closed(db, case.id, now, answered=False)


def _card(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    case = _case(db, timer)
    if case.state in (CaseState.WAITING, CaseState.ACCEPTED):
        notices.refresh_card(db, case, now)


def _nothing(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """It was there to be found; its time is over."""


def _closed_again(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    closed.nobody_answered(db, _case(db, timer), now)


def _planned_over(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    planned.over(db, timer)


def _erase(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """Chat of yesterday goes; in pieces, so that nobody waits for it."""
    more = inbox.erase_old(db, now=now) >= 500
    samples.erase_old(db, now=now)
    again = timedelta(seconds=5) if more else ERASE_EVERY
    timers.set_timer(db, ERASE, "inbox", now + again, community_id=None)


def _tonight(now: datetime) -> datetime:
    tonight = now.replace(hour=RETENTION_AT.hour, minute=RETENTION_AT.minute, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def _retention(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """保存期限: once a night, in pieces."""
    _, more = retention.apply(db, now=now)
    again = now + timedelta(seconds=5) if more else _tonight(now)
    timers.set_timer(db, RETENTION, "words", again, community_id=None)


def _leave(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    """A day in a group that nobody bound: the bot goes."""
    chat = desk.chat(db, int(timer.subject.partition(":")[2]))
    if chat.role != "unbound" or not chat.active:
        return
    outbox.say(
        db,
        chat_id=chat.id,
        payload=Outgoing(probe="leave"),
        community_id=None,
        purpose="leave",
        now=now,
        kind=OutKind.PROBE,
        urgency=Urgency.BULK,
    )


def _alarm(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    alarms.unclaimed(db, _case(db, timer), timer, now)


def _handed(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    bouncing.passed(db, _case(db, timer), now)


def _designate_late(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    bouncing.late(db, _case(db, timer), now)


def _to_paste(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    paste_queue.sweep(db, now=now)


def _asked(db: Connection, desk: Desk, timer: Row[Any], now: datetime) -> None:
    inviting.due(db, timer, now)


DUE: dict[str, Due] = {
    dispatching.HANDED: _handed,
    bouncing.DESIGNATE: _designate_late,
    inviting.ASK: _asked,
    notices.ALARM: _alarm,
    notices.GATHER: _gathered,
    notices.NOTIFY: _notify,
    clockwork.CLAIM: ladder.claim_over,
    clockwork.STAGE: ladder.stage_over,
    clockwork.RESUME: pausing.over,
    meetings.MEETING: meetings.over,
    years.YEARS: years.look_ahead,
    packs.WEEK: packs.week_due,
    packs.MONTH: packs.month_due,
    packs.FIGURES: packs.figures_due,
    packs.OFFICER: packs.officer_due,
    digest.DIGEST: ladder.digest_due,
    ladder.RESPONSIBLE: ladder.responsible_now,
    notices.UNPLACED: _unplaced,
    notices.CONFIRM: _unanswered,
    notices.CARD: _card,
    bursts.INCIDENT: _nothing,
    closed.CLOSED: _closed_again,
    planned.PLANNED: _planned_over,
    ERASE: _erase,
    RETENTION: _retention,
    paste_queue.QUEUE: _to_paste,
    records.RECORD: _nothing,
    LEAVE: _leave,
}
