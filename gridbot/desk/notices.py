"""Who is told when a case has changed: the leader's card, the reporter's line, the admins' word.

Called by everything that moves a case (a tap, a reply, a timer), so that each move sounds the same
wherever it came from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, closing, names, queries, rules, voice
from gridbot.desk import clockwork, digest, incident_words, reaching
from gridbot.desk.beside import tell_admins as tell_admins
from gridbot.desk.beside import tell_by_group as tell_by_group
from gridbot.grid import contacts
from gridbot.grid import queries as grid
from gridbot.grid.queries import SettingsView
from gridbot.grid.rules import Party
from gridbot.messages import Button, CaseState, Role, Urgency
from gridbot.privacy import mask
from gridbot.store import outbox, timers
from gridbot.texts import alarm

NOTIFY, CLAIM, GATHER, UNPLACED, CONFIRM = "notify", "claim", "gather", "unplaced", "confirm"
ALARM = "alarm"  #: nobody has taken an emergency: the next level
CARD = "card"  #: an incident's card is edited a little later
ASK_AGAIN_NEVER = timedelta(hours=24)  #: how long an answer to a question is waited for


def schedule_notice(db: Connection, case: Row[Any], settings: SettingsView, now: datetime) -> None:
    """The leader hears half a minute after the last fragment, at night in his digest; emergencies at once."""
    if case.urgent:
        tell_everyone(db, case, now)
        return
    at = now + settings.leader_delay
    timers.set_timer(db, NOTIFY, actions.subject(case.id), at, community_id=case.community_id)


def tell_leader(db: Connection, case: Row[Any], now: datetime) -> None:
    """The first notice of an ordinary case, to the first in line who can be reached."""
    digest.drop(db, case.id, now)
    party, passed = reaching.first(case, parties(db, case, now))
    morning = reaching.night_until(db, case, now)
    if morning is not None and (passed or party is None or not party.reachable):
        timers.set_timer(db, NOTIFY, actions.subject(case.id), morning, community_id=case.community_id)
        return
    if party is None or party.person_id is None:
        text = texts.nobody_took(voice.called(case, shared=True), case.number)
        tell_admins(db, case.community_id, text, now, case)
        return
    for one in passed[:1]:
        tell_by_group(db, case, one.person_id or 0, one.name, now, Urgency.NOTICE)
    case = reaching.pass_over(db, case, passed, party, now)
    at = tell(db, case, party.person_id, party.name, now)
    clockwork.begin(db, case, at, now, party.person_id)


def tell_everyone(
    db: Connection, case: Row[Any], now: datetime, *, one_only: bool = False, ring: bool = False
) -> list[Any]:
    """An emergency: leaders, deputies and the level above, at once; of a danger to one person only the
    contacts named for it. `one_only`: the first of them alone. Returns those who were told."""
    settings = grid.settings_of(db, case.community_id)
    named = rules.by_name(case.data.get("hazard", ""), private=case.private)
    if named:
        found = contacts_of(db, case, now)
        actions.note(db, case, named=[one.person_id for one in found])
        case = queries.case(db, case.id)
    else:
        near = [one for one in parties(db, case, now) if one.person_id is not None]
        found = near[:1] if one_only else [*near, *above(db, case, now)]
    who = list({one.person_id: one for one in found}.values())
    for party in who:
        tell(db, case, party.person_id, party.name, now, urgency=Urgency.EMERGENCY, ring=ring)
    until = now + settings.urgent_claim
    timers.set_timer(db, ALARM, actions.subject(case.id), until, community_id=case.community_id)
    actions.claim_until(db, case, until)
    return who


def contacts_of(db: Connection, case: Row[Any], now: datetime) -> list[Any]:
    """Whom a danger to one person is told: the contacts named for it, else the admins; whoever leads the
    place only where there is nobody else at all."""
    found = contacts.contacts_for(db, case.community_id, case.data["hazard"], now)
    if any(one.reachable for one in found):
        return found
    admins = [
        Party(grid.name_of(db, person), person, role=Role.ADMIN)
        for person in grid.admins(db, case.community_id)
    ]
    everybody = [*found, *admins]
    return everybody or [one for one in parties(db, case, now) if one.person_id is not None][:1]


def tell_of_incident(db: Connection, case: Row[Any], now: datetime) -> None:
    """One notice a leader: whoever is responsible where it began, and the leaders of the node above all."""
    near = [one for one in parties(db, case, now)[:1] if one.person_id is not None]
    above = list(grid.leaders_of(db, case.node_id, now)) if case.node_id is not None else []
    text = texts.outage_notice(case.place, incident_words.kind(case), case.number, 1 + case.supporters)
    seen: set[int] = set()
    for party in (*near, *above):
        if party.person_id not in seen:
            seen.add(party.person_id)
            tell(db, case, party.person_id, party.name, now, text=text)
    if not seen:
        tell_admins(db, case.community_id, text, now, case)
    set_claim(db, case, now)


def tell(
    db: Connection,
    case: Row[Any],
    person_id: int | None,
    name: str,
    now: datetime,
    *,
    text: str = "",
    urgency: Urgency = Urgency.NOTICE,
    ring: bool = False,
) -> datetime:
    """One person's card; if it cannot be shown in private, a word in the leaders' group without
    personal data, and the admins are told. Units without people on a chat (None) are told elsewhere.
    What is urgent is so whoever passes it on. Returns when it is told: now, or with his next digest."""
    if person_id is None:
        return now
    urgency = Urgency.EMERGENCY if case.urgent else urgency
    later = digest.held_back(db, case, person_id, now) if urgency is not Urgency.EMERGENCY else None
    if later is not None:
        return later
    purpose = "urgent-notice" if urgency is Urgency.EMERGENCY else "notice"
    shown = voice.leader_card(
        db,
        case,
        person_id,
        text or voice.notice_text(db, case, name),
        purpose=purpose,
        now=now,
        buttons=voice.leader_buttons(db, case, person_id),
        urgency=urgency,
        ring=ring,
    )
    actions.told(db, case, person_id=person_id, private=shown is not None, now=now)
    if shown is None:
        tell_by_group(db, case, person_id, name, now, urgency)
    return now


def parties(db: Connection, case: Row[Any], now: datetime) -> list[Any]:
    """Who is responsible, in order: place × type × inside or outside."""
    return list(
        grid.responsible(
            db,
            case.community_id,
            case.level_node_id or case.node_id,
            case.types[0] if case.types else "",
            case.side,
            now,
            **case.data.get("routing", {}),
        )
    )


def above(db: Connection, case: Row[Any], now: datetime) -> list[Any]:
    parent = grid.parent_of(db, case.level_node_id or case.node_id)
    return list(grid.leaders_of(db, parent, now)) if parent is not None else []


def set_claim(db: Connection, case: Row[Any], now: datetime) -> None:
    clockwork.begin(db, case, now, now)


# --- after a move --------------------------------------------------------------------------------


def after_accept(db: Connection, case_id: int, now: datetime, *, event: int, tapped: bool) -> None:
    case = queries.case(db, case_id)
    timers.cancel(db, CLAIM, actions.subject(case.id))
    if case.urgent:
        stand_down(db, case, now)
    if case.owner_id is not None:
        buttons = voice.leader_buttons(db, case, case.owner_id)
        if tapped:
            buttons += voice.undo_button(db, case, case.owner_id, event, now)
        text = texts.accepted_card(voice.called(case, shared=False), case.number)
        words = voice.notice_text(db, case, "", accepted=True).partition("原话:")[2]
        card(db, case, text + (f"\n原话:{words}" if words else ""), "accepted", now, buttons)
    if not case.private:
        voice.react(
            db, voice.chat_row(db, case.chat_id), case.platform_message, voice.TAKEN, case=case, now=now
        )


def stand_down(db: Connection, case: Row[Any], now: datetime, text: str = "") -> None:
    """Somebody goes: the others who were called read it on their cards, and so does the leaders' group."""
    timers.cancel(db, ALARM, actions.subject(case.id))
    what = voice.called(case, shared=True)
    name = grid.name_of(db, case.owner_id) if case.owner_id is not None else ""
    text = text or alarm.stand_down(what, case.number, name)
    for person in closing.told_people(db, case.id):
        if person != case.owner_id:
            voice.leader_card(db, case, person, text, purpose="stand-down", now=now)
    if case.data.get("alarm_card"):
        chat = grid.leaders_chat(db, case.community_id)
        if chat is not None:
            key = case.data["alarm_card"]
            voice.to_chat(db, chat, text, purpose="alarm-card", now=now, case=case, key=key)


def after_progress(db: Connection, case_id: int, words: str, now: datetime) -> None:
    """His words reach the reporter alone, masked; the group gets a set phrase, once."""
    case = queries.case(db, case_id)
    timers.cancel(db, CLAIM, actions.subject(case.id))
    closing.take_question_back(db, case.id)
    if case.urgent:
        stand_down(db, case, now)
    masked = names.masked_of(db, case, words)[:200]
    what = voice.called(case, shared=True)
    chat = voice.chat_row(db, case.chat_id)
    private = grid.private_chat_of(db, case.reporter_id) if case.reporter_id else None
    buttons: list[list[Button]] = []
    if incident_words.is_incident(case) and case.until_text:
        incident_words.expected(db, case, mask(case.until_text), now)
    elif private is not None:
        voice.to_chat(
            db,
            private,
            texts.progress_line(what, case.number, masked),
            purpose="progress",
            now=now,
            case=case,
            due_at=now if case.urgent else by_day(db, case, now),
        )
    elif chat.kind == "private":
        line = texts.progress_line(what, case.number, masked)
        due = now if case.urgent else by_day(db, case, now)
        voice.tell_reporter(db, case, line, purpose="progress", now=now, due_at=due)
    elif not case.private and not case.data.get("told_group") and not incident_words.is_incident(case):
        phrase = texts.progress_set_phrase(what, case.number)
        morning = by_day(db, case, now)
        if morning > now and not case.urgent:
            voice.tell_reporter(db, case, phrase, purpose="progress", now=now, due_at=morning)
        else:
            digest.tell_reporter(db, case, phrase, purpose="progress", now=now)
        actions.note(db, case, told_group=True)
    if case.owner_id is not None:
        buttons = voice.leader_buttons(db, case, case.owner_id)
        if chat.kind == "group" and not case.private:
            buttons.append([_publish_button(db, case, masked, now)])
        text = texts.progress_card(voice.called(case, shared=False), case.number, masked)
        card(db, case, text, "progress-card", now, buttons)


def _publish_button(db: Connection, case: Row[Any], masked: str, now: datetime) -> Button:
    return outbox.button(
        db,
        texts.TO_GROUP,
        "case:publish",
        community_id=case.community_id,
        case_id=case.id,
        person_id=case.owner_id,
        data={"words": masked},
        until=now + timedelta(days=1),
    )


def by_day(db: Connection, case: Row[Any], now: datetime) -> datetime:
    settings = grid.settings_of(db, case.community_id)
    return rules.after_quiet_hours(now, settings.quiet_start, settings.quiet_end, settings.zone)


def after_more_words(db: Connection, case_id: int, now: datetime) -> None:
    """What came later edits the card; before the notice went out it only puts it off a little."""
    case = queries.case(db, case_id)
    if case.state == CaseState.GATHERING or case.number is None:
        return
    if case.first_told_at is None:
        moved_from = case.data.get("moved_from")
        if moved_from is not None:
            _tell_moved(db, case, moved_from, now)
        if not case.urgent or moved_from is not None:
            schedule_notice(db, case, grid.settings_of(db, case.community_id), now)
        return
    if incident_words.is_incident(case):
        _card_later(db, case, now)
    else:
        refresh_card(db, case, now)


def _tell_moved(db: Connection, case: Row[Any], person_id: int, now: datetime) -> None:
    """The place was put right and lies in another grid: the first leader need not go."""
    timers.cancel(db, CLAIM, actions.subject(case.id))
    text = texts.moved_away(voice.called(case, shared=True), case.number)
    voice.leader_card(db, case, person_id, text, purpose="moved-away", now=now)
    actions.note(db, case, moved_from=None)


def _card_later(db: Connection, case: Row[Any], now: datetime) -> None:
    """In a burst the card changes at most twice a minute."""
    due = case.data.get("card_due")
    if due and datetime.fromisoformat(due) > now:
        return
    at = now + grid.settings_of(db, case.community_id).card_every
    actions.note(db, case, card_due=at.isoformat())
    timers.set_timer(db, CARD, actions.subject(case.id), at, community_id=case.community_id)


def refresh_card(db: Connection, case: Row[Any], now: datetime) -> None:
    if case.owner_id is not None and not case.data.get(digest.LISTED):
        name = grid.name_of(db, case.owner_id)
        accepted = case.state != CaseState.WAITING
        card(
            db,
            case,
            voice.notice_text(db, case, name, accepted=accepted),
            "notice",
            now,
            voice.leader_buttons(db, case, case.owner_id),
        )


def card(
    db: Connection, case: Row[Any], text: str, purpose: str, now: datetime, buttons: list[list[Button]]
) -> None:
    """Edits the owner's card, if he has one."""
    if case.owner_id is not None:
        voice.leader_card(db, case, case.owner_id, text, purpose=purpose, now=now, buttons=buttons)
