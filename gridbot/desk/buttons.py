"""A button is pressed: rights, time and state are looked at again, whatever the message showed.

Whoever presses gets exactly one short line back, shown to nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from gridbot import services, texts
from gridbot.cases import queries, rules, voice
from gridbot.desk import (
    alarms,
    amends,
    asking,
    closed,
    commands,
    digest,
    duty_buttons,
    meetings,
    moves,
    pausing,
    replies,
    residents,
    sides,
)
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, Button, CaseState, Outgoing, OutKind, Role, Urgency
from gridbot.store import outbox
from gridbot.texts import closing as words
from gridbot.understanding.reading import Band, Kind, Place, Reading

Pressed = Callable[[Hearing, Row[Any], Row[Any]], str]


def press(h: Hearing) -> None:
    """Finds what the button does and does it, if this person may and it is not too late."""
    button = outbox.find_button(h.db, h.said.button)
    _reply(h, _act(h, button))


def _act(h: Hearing, button: Row[Any] | None) -> str:
    if button is None or (button.until is not None and button.until < h.now):
        undo = button is not None and button.action == "case:undo"
        return texts.too_late_to_undo() if undo else texts.expired()
    if button.community_id is not None and button.community_id != h.chat.community_id:
        return texts.not_yours()
    if h.chat.community_id is not None and button.person_id not in (None, h.known_person()):
        return texts.not_yours()
    area = button.action.partition(":")[0]
    if area == "service":
        return services.on_button(h.db, button.action, button.data, actor=h.actor(), now=h.now)
    if area == "command":
        return commands.on_button(h, button)
    if button.action == "case:said_all":
        return _said_all(h, button)
    case = queries.case(h.db, button.case_id)
    return PRESSED[button.action](h, case, button)


def _reply(h: Hearing, text: str) -> None:
    """The little line under the button; the spinner goes even where there is nothing to say."""
    outbox.say(
        h.db,
        chat_id=h.chat.id,
        payload=Outgoing(text=text[:200], callback=h.said.callback, alert=len(text) > 30),
        community_id=h.chat.community_id,
        purpose="pressed",
        now=h.now,
        kind=OutKind.ANSWER,
        urgency=Urgency.ANSWER,
    )


def _leader_only(act: Pressed) -> Pressed:
    def checked(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
        return act(h, case, button) if moves.may_handle(h, case) else texts.not_yours()

    return checked


def _take(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if taken := moves.taken_by(h.db, case, h.actor()):
        return taken
    done = moves.accept(h.db, case, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else moves.taken_by(h.db, case, h.actor()) or texts.expired()


def _done(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = moves.finish(h.db, case, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def _false_alarm(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = alarms.false_alarm(h.db, case, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def _show(h: Hearing, case: Row[Any], text: str, purpose: str, buttons: list[list[Button]]) -> None:
    """On the card of whoever presses, who need not be the owner: a unit that was asked, the level above."""
    voice.leader_card(h.db, case, h.person, text, purpose=purpose, now=h.now, buttons=buttons)


def _more(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    text = texts.more_card(voice.called(case, shared=False), case.number)
    _show(h, case, text, "more", voice.more_buttons(h.db, case, h.person))
    return ""


def _back(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    name = grid.name_of(h.db, h.person)
    accepted = case.accepted_at is not None
    text = voice.notice_text(h.db, case, name, accepted=accepted)
    _show(h, case, text, "notice", voice.leader_buttons(h.db, case, h.person))
    return ""


def _hand_over(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """Likely owners first; another name can be said in words."""
    choices = [
        outbox.button(
            h.db,
            unit.name,
            "case:to_unit",
            community_id=case.community_id,
            case_id=case.id,
            person_id=h.person,
            data={"unit": unit.id},
        )
        for unit in grid.units_for(h.db, case.community_id, case.types, case.side)[:4]
    ]
    back = outbox.button(
        h.db, texts.BACK, "case:back", community_id=case.community_id, case_id=case.id, person_id=h.person
    )
    text = texts.which_owner(voice.called(case, shared=False), case.number)
    _show(h, case, text, "which-owner", [[one] for one in choices] + [[back]])
    return ""


def _to_unit(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    unit_id = int(button.data["unit"])
    done = moves.hand_over(h.db, case, to="", unit_id=unit_id, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def _escalate(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = moves.escalate(h.db, case, actor=h.actor(), now=h.now, tapped=True)
    return texts.noted() if done else texts.expired()


def _undo(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    done = moves.undo(h.db, case, int(button.data["event"]), actor=h.actor(), now=h.now)
    return texts.noted() if done else texts.too_late_to_undo()


def _publish(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """发到群里: his own words, masked, under the report."""
    text = texts.progress_line(voice.called(case, shared=True), case.number, button.data["words"])
    settings = h.knows.settings
    morning = rules.after_quiet_hours(h.now, settings.quiet_start, settings.quiet_end, settings.zone)
    voice.tell_reporter(h.db, case, text, purpose="published", now=h.now, due_at=morning)
    return texts.noted()


def _said(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """The answer to 说的是哪件: the words said before are applied to this one."""
    replies.to_case(h, case, button.data["words"])
    return texts.noted()


def _said_all(h: Hearing, button: Row[Any]) -> str:
    for case_id in button.data["cases"]:
        case = queries.case(h.db, case_id)
        if case.community_id == h.community_id:
            replies.to_case(h, case, button.data["words"])
    return texts.noted()


# --- the reporter's ------------------------------------------------------------------------------


def _reporters_only(act: Pressed) -> Pressed:
    def checked(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
        person = h.known_person()
        mine = person is not None and (
            person == case.reporter_id or person in queries.supporter_ids(h.db, case.id)
        )
        return act(h, case, button) if mine else texts.not_yours()

    return checked


def _mended(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if not residents.mended(h, case):
        return _too_late(case)
    return texts.glad(case.number)


def _better(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if not residents.better(h, case, say=False):
        return _too_late(case)
    return texts.partly(case.number)


def _not_yet(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    if not residents.not_yet(h, case, say=False):
        return _too_late(case)
    return texts.still_not(case.number)


def _too_late(case: Row[Any]) -> str:
    """Somebody else was quicker, or the leader goes on with it already: never "expired"."""
    if case.state in OPEN_STATES:
        return words.still_going_on(case.number)
    return words.already_closed(case.number) if case.state == CaseState.CLOSED else texts.expired()


def _place(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """A place chosen from the question's buttons."""
    reading = Reading(
        Kind.PLACE,
        Band.SILENT,
        places=(Place(button.data["name"], button.data["name"], node=button.data["node"]),),
    )
    for question in queries.pending_questions(h.db, case.chat_id, h.now):
        if question.case_id == case.id:
            asking.answered(h.db, question.id, h.now)
    asking.placed_by_button(h, case, reading)
    return texts.noted()


def _again(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """还没好, under the question about what was closed lately."""
    closed.same(h.db, case, actor=h.actor(Role.RESIDENT), now=h.now)
    return texts.noted()


def _another(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    closed.another(h, case)
    return texts.noted()


def _look(h: Hearing, case: Row[Any], button: Row[Any]) -> str:
    """A number in a digest: the card of that case."""
    digest.show(h.db, case, h.person, h.now)
    return ""


PRESSED: dict[str, Pressed] = {
    "case:take": _leader_only(_take),
    "case:done": _leader_only(_done),
    "case:false_alarm": _leader_only(_false_alarm),
    "case:more": _leader_only(_more),
    "case:back": _leader_only(_back),
    "case:hand_over": _leader_only(_hand_over),
    "case:to_unit": _leader_only(_to_unit),
    "case:escalate": _leader_only(_escalate),
    "case:undo": _leader_only(_undo),
    "case:publish": _leader_only(_publish),
    "case:said": _leader_only(_said),
    "case:mended": _reporters_only(_mended),
    "case:better": _reporters_only(_better),
    "case:not_yet": _reporters_only(_not_yet),
    "case:place": _reporters_only(_place),
    "case:again": _reporters_only(_again),
    "case:another": _reporters_only(_another),
    "case:retype": amends.pressed,
    "case:look": _leader_only(_look),
    "case:pause": _leader_only(pausing.pressed_pause),
    "case:pause_for": _leader_only(pausing.pressed_for),
    "case:resume": _leader_only(pausing.pressed_resume),
    "case:table": _leader_only(meetings.pressed_table),
    "case:table_at": _leader_only(meetings.pressed_table),
    "case:side": _reporters_only(sides.pressed),
    "case:designate": duty_buttons.designate,
    **{action: _leader_only(act) for action, act in duty_buttons.FOR_HANDLERS.items()},
}
