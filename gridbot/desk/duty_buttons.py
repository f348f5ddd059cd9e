"""Buttons about whose it is: 不归我管 and what follows, 都好了, 一起看, the same number twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, merging, queries, voice
from gridbot.desk import bouncing, moves, notices, splitting, sweeping
from gridbot.desk.context import Hearing
from gridbot.messages import OPEN_STATES, CaseState
from gridbot.texts import duty as words

Pressed = Callable[[Hearing, Row[Any], Row[Any]], str]


def not_mine(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """〔不归我管〕: likely owners first, then why; nothing is returned before both are said."""
    if case.state not in OPEN_STATES:
        return texts.expired()
    return "" if bouncing.ask_whose(h, case) else words.cannot_return(case.number)


def bounce_to(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if case.state not in OPEN_STATES:
        return texts.expired()
    bouncing.ask_why(h, case, button.data.get("to"))
    return ""


def bounce_why(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = bouncing.bounce(
        h.db, case, actor=h.actor(), now=h.now, reason=button.data["why"], to=button.data["to"], tapped=True
    )
    return texts.noted() if done else texts.expired()


def other(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """〔找别人〕: no reason asked. The next in line is told, or the level above."""
    if bouncing.binding(h.db, case, h.known_person(), h.now):
        return words.cannot_return(case.number)
    done = bouncing.somebody_else(h.db, case, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def designate(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if not bouncing.may_designate(h, case):
        return texts.not_yours()
    to = button.data["to"]
    if not bouncing.designate(h.db, case, to, actor=h.actor(), now=h.now):
        return texts.expired()
    from gridbot.cases import standing

    name = standing.name_of(h.db, to)
    text = words.designated_done(voice.called(case, shared=True), case.number, name)
    voice.to_chat(h.db, h.chat, text, purpose="designated", now=h.now, case=case)
    return texts.noted()


def all_mended(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """都好了: the shares that are open are done on his word, then the whole."""
    if case.state not in OPEN_STATES:
        return texts.expired()
    splitting.finish_all(h.db, case, actor=h.actor(), now=h.now)
    done = moves.finish(h.db, queries.case(h.db, case.id), actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def sweep(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    text = sweeping.begin(h.db, case, actor=h.actor(), now=h.now)
    if not text:
        return texts.expired()
    voice.to_chat(h.db, h.chat, text, purpose="sweep", now=h.now, case=case)
    return texts.noted()


def no_sweep(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    actions.note(h.db, case, sweep="left")
    return words.sweep_left()


def same_matter(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """The number of elsewhere is another case's: the two are one."""
    into = queries.case(h.db, int(button.data["into"]))
    if into.state in (CaseState.MERGED, CaseState.WITHDRAWN) or into.id == case.id:
        return texts.expired()
    if not merging.merge(h.db, case, into, actor=h.actor(), now=h.now):
        return texts.expired()
    what = voice.called(case, shared=True)
    notices.card(h.db, case, texts.merged_card(what, case.number, into.number), "merged", h.now, [])
    notices.refresh_card(h.db, queries.case(h.db, into.id), h.now)
    return words.merged_into(case.number, into.number)


def not_same(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    return texts.left_alone()


FOR_HANDLERS: dict[str, Pressed] = {
    "case:bounce": not_mine,
    "case:bounce_to": bounce_to,
    "case:bounce_why": bounce_why,
    "case:other": other,
    "case:all_mended": all_mended,
    "case:sweep": sweep,
    "case:no_sweep": no_sweep,
    "case:same_matter": same_matter,
    "case:not_same": not_same,
}
