"""A case is opened: when it is complete, what its reporter hears, and who is told when."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, rules, secrecy, voice
from gridbot.desk import alarms, notices, sides
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.store import timers
from gridbot.understanding.reading import Band


def complete(h: Hearing, data: dict[str, Any], types: Any, urgent: bool) -> bool:
    """Whether it can be told to somebody: a sure type, and a place or no need of one."""
    if data.get("closed"):
        return False  # asked whether it is what was closed lately
    if urgent or h.late:
        return bool(types)
    sure = data.get("band") == Band.OPEN.value and bool(types)
    return sure and bool(data.get("placed")) and not data.get("choices")


def wait(h: Hearing, case: Row[Any]) -> None:
    """The window closes three minutes after the last fragment, ten after the first. Who is sure what is
    wrong and did not say where is asked a little sooner."""
    fresh = queries.case(h.db, case.id)
    sure = fresh.data.get("band") == Band.OPEN.value and bool(fresh.types)
    settings = h.knows.settings
    idle = min(settings.ask_after, settings.gather_idle) if sure else settings.gather_idle
    until = min(h.now + idle, case.gather_until)
    timers.set_timer(h.db, notices.GATHER, actions.subject(case.id), until, community_id=h.community_id)


def open_now(h: Hearing, case: Row[Any]) -> None:
    """What was gathered is complete before its window is over."""
    timers.cancel(h.db, notices.GATHER, actions.subject(case.id))
    fresh = actions.open_gathered(h.db, case.id, actor=h.actor(), now=h.now)
    if fresh is not None:
        opened(h, fresh)


def opened(h: Hearing, case: Row[Any]) -> None:
    """A numbered case: the alarm first, then the reporter's word, then the leader."""
    if case.urgent:
        alarms.sound(h, case)
        alarms.page(h, case)
        return
    if not h.late:
        acknowledge(h, case)
    if h.late or not sides.ask(h.db, case, h.now):
        notices.schedule_notice(h.db, case, h.knows.settings, h.now)


def acknowledge(h: Hearing, case: Row[Any]) -> None:
    """Words the first time a person reports, 👀 later; at night the sentence for the night."""
    settings = h.knows.settings
    if case.private or secrecy.is_kept_out_of(h.db, case, h.chat, h.now):
        _acknowledge_private(h, case)
        return
    if h.leads and not h.private:  # 已告诉网格长 is nothing to tell a leader
        voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)
        return
    first = alarms.first_time(h)
    if rules.in_quiet_hours(h.now, settings.quiet_start, settings.quiet_end, settings.zone):
        morning = rules.after_quiet_hours(
            h.now, settings.quiet_start, settings.quiet_end, settings.zone
        ).astimezone(settings.zone)
        h.answer(texts.recorded_at_night(_clock(morning)), purpose="night", case=case)
    elif h.private or first:
        h.answer(texts.recorded(voice.called(case, shared=True), case.number), purpose="recorded", case=case)
    else:
        voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)


def _acknowledge_private(h: Hearing, case: Row[Any]) -> None:
    """Only where nobody else reads it: in the group not even a reaction shows that it was heard."""
    text = texts.private_recorded(case.number)
    if h.private:
        h.answer(text, purpose="recorded", case=case)
        return
    private = grid.private_chat_of(h.db, h.person)
    if private is not None:
        voice.to_chat(h.db, private, text, purpose="recorded", now=h.now, case=case)


def _clock(at: Any) -> str:
    hour = "早上" if at.hour < 12 else ""
    return f"{hour}{at.hour}点" + (f"{at.minute}分" if at.minute else "")
