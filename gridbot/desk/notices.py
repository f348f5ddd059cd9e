"""Who is told when a case has changed: the leader's card, the reporter's line, the admins' word.

Called by everything that moves a case (a tap, a reply, a timer), so that each move sounds the same
wherever it came from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.cases import actions, queries, rules, voice
from gridbot.desk import incident_words
from gridbot.grid import queries as grid
from gridbot.grid.queries import SettingsView
from gridbot.messages import Button, CaseState, Urgency
from gridbot.privacy import mask
from gridbot.store import outbox, timers

NOTIFY, CLAIM, GATHER, UNPLACED, CONFIRM = "notify", "claim", "gather", "unplaced", "confirm"
CARD = "card"  #: an incident's card is edited a little later
CARD_EVERY = timedelta(seconds=30)
ASK_AGAIN_NEVER = timedelta(hours=24)  #: how long an answer to a question is waited for
UNANSWERED = timedelta(hours=48)


def schedule_notice(db: Connection, case: Row[Any], settings: SettingsView, now: datetime) -> None:
    """The leader hears half a minute after the last fragment, in the morning if it is night; an
    emergency at once."""
    if case.urgent:
        tell_everyone(db, case, now)
        return
    at = rules.after_quiet_hours(
        now + settings.leader_delay, settings.quiet_start, settings.quiet_end, settings.zone
    )
    timers.set_timer(db, NOTIFY, actions.subject(case.id), at, community_id=case.community_id)


def tell_leader(db: Connection, case: Row[Any], now: datetime) -> None:
    """The first notice of an ordinary case, to whoever is first in line."""
    party = next((one for one in parties(db, case, now) if one.person_id is not None), None)
    if party is None:
        tell_admins(
            db, case.community_id, texts.nobody_took(voice.called(case, shared=True), case.number), now, case
        )
        return
    tell(db, case, party.person_id, party.name, now)
    _set_claim(db, case, now)


def tell_everyone(db: Connection, case: Row[Any], now: datetime, *, near_only: bool = False) -> None:
    """An emergency: leaders, deputies and the level above, at once. `near_only`: not the level above."""
    settings = grid.settings_of(db, case.community_id)
    near = [one for one in parties(db, case, now) if one.person_id is not None]
    above = [] if near_only else _above(db, case, now)
    seen: set[int] = set()
    for party in (*near, *above):
        if party.person_id not in seen:
            seen.add(party.person_id)
            tell(db, case, party.person_id, party.name, now, urgency=Urgency.EMERGENCY)
    timers.set_timer(
        db, CLAIM, actions.subject(case.id), now + settings.urgent_claim, community_id=case.community_id
    )


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
    _set_claim(db, case, now)


def tell(
    db: Connection,
    case: Row[Any],
    person_id: int | None,
    name: str,
    now: datetime,
    *,
    text: str = "",
    urgency: Urgency = Urgency.NOTICE,
) -> None:
    """One person's card; if it cannot be shown in private, a word in the leaders' group without
    personal data, and the admins are told. Units without people on a chat (None) are told elsewhere."""
    if person_id is None:
        return
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
    )
    actions.told(db, case, person_id=person_id, private=shown is not None, now=now)
    if shown is None:
        _tell_by_group(db, case, person_id, name, now, urgency)


def _tell_by_group(
    db: Connection, case: Row[Any], person_id: int, name: str, now: datetime, urgency: Urgency
) -> None:
    chat = grid.leaders_chat(db, case.community_id)
    if chat is not None:
        identity = voice.identity_of(db, person_id, chat.platform)
        mention = ((identity.user, name),) if identity is not None else ()
        text = texts.mention_in_leaders_group(case.number)
        voice.to_chat(
            db,
            chat,
            text if mention else f"{name},{text}",
            purpose="mention",
            now=now,
            case=case,
            mention=mention,
            urgency=urgency,
        )
    tell_admins(db, case.community_id, texts.leader_unreachable(name, case.number), now, case)


def tell_admins(
    db: Connection,
    community_id: int,
    text: str,
    now: datetime,
    case: Row[Any] | None = None,
    *,
    purpose: str = "to-admin",
    buttons: list[list[Button]] | None = None,
    urgency: Urgency = Urgency.NOTICE,
) -> int:
    """Every admin who can be written to. Returns how many."""
    told = 0
    for person_id in grid.admins(db, community_id):
        chat = grid.private_chat_of(db, person_id)
        if chat is not None:
            voice.to_chat(
                db, chat, text, purpose=purpose, now=now, case=case, buttons=buttons or (), urgency=urgency
            )
            told += 1
    return told


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


def _above(db: Connection, case: Row[Any], now: datetime) -> list[Any]:
    parent = grid.parent_of(db, case.level_node_id or case.node_id)
    return list(grid.leaders_of(db, parent, now)) if parent is not None else []


def _set_claim(db: Connection, case: Row[Any], now: datetime) -> None:
    until = now + timedelta(minutes=int(case.data.get("claim_minutes", 120)))
    timers.set_timer(db, CLAIM, actions.subject(case.id), until, community_id=case.community_id)
    actions.claim_until(db, case, until)


# --- after a move --------------------------------------------------------------------------------


def after_accept(db: Connection, case_id: int, now: datetime, *, event: int, tapped: bool) -> None:
    case = queries.case(db, case_id)
    timers.cancel(db, CLAIM, actions.subject(case.id))
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


def after_progress(db: Connection, case_id: int, words: str, now: datetime) -> None:
    """His words reach the reporter alone, masked; the group gets a set phrase, once."""
    case = queries.case(db, case_id)
    timers.cancel(db, CLAIM, actions.subject(case.id))
    masked = mask(words)[:200]
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
        )
    elif chat.kind == "private":
        voice.tell_reporter(
            db, case, texts.progress_line(what, case.number, masked), purpose="progress", now=now
        )
    elif not case.private and not case.data.get("told_group") and not incident_words.is_incident(case):
        voice.tell_reporter(
            db, case, texts.progress_set_phrase(what, case.number), purpose="progress", now=now
        )
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


def after_done(db: Connection, case_id: int, now: datetime, *, event: int, tapped: bool) -> None:
    """The reporter gets one new reply, for it must ring; after a tap it waits out the undo minute."""
    case = queries.case(db, case_id)
    timers.cancel_all(db, actions.subject(case.id))
    timers.set_timer(db, CONFIRM, actions.subject(case.id), now + UNANSWERED, community_id=case.community_id)
    settings = grid.settings_of(db, case.community_id)
    say_at = now + rules.UNDO_FOR if tapped else now
    say_at = rules.after_quiet_hours(say_at, settings.quiet_start, settings.quiet_end, settings.zone)
    if incident_words.is_incident(case):
        incident_words.over(db, case, now, say_at)
    else:
        voice.tell_reporter(
            db,
            case,
            texts.please_check(voice.called(case, shared=True), case.number),
            purpose="please-check",
            now=now,
            buttons=voice.answer_buttons(db, case, now),
            due_at=say_at,
        )
    what = voice.called(case, shared=False)
    text = texts.done_card(what, case.number) if tapped else texts.done_told(what, case.number)
    undo = voice.undo_button(db, case, case.owner_id, event, now) if tapped else []
    card(db, case, text, "done-card", now, undo)


def after_closed(db: Connection, case_id: int, now: datetime, *, answered: bool = True) -> None:
    case = queries.case(db, case_id)
    what = voice.called(case, shared=False)
    text = texts.closed_card(what, case.number) if answered else texts.unanswered_card(what, case.number)
    card(db, case, text, "closed-card", now, [])


def after_reopened(db: Connection, case_id: int, now: datetime) -> None:
    """A new card, for an edited one rings nobody; and the level above sees it too."""
    case = queries.case(db, case_id)
    timers.cancel(db, CONFIRM, actions.subject(case.id))
    text = texts.reopened_card(voice.called(case, shared=True), case.number)
    if case.owner_id is not None:
        shown = voice.leader_card(
            db,
            case,
            case.owner_id,
            text,
            purpose="reopened",
            now=now,
            buttons=voice.leader_buttons(db, case, case.owner_id),
            ring=True,
        )
        if shown is None:
            tell_leader(db, case, now)
    else:
        tell_leader(db, case, now)
    _set_claim(db, case, now)


def after_withdrawn(db: Connection, case: Row[Any], now: datetime) -> None:
    """Only who was told of it has to hear that it is gone."""
    if case.first_told_at is not None:
        card(
            db,
            case,
            texts.withdrawn_card(voice.called(case, shared=False), case.number),
            "withdrawn-card",
            now,
            [],
        )


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
    at = now + CARD_EVERY
    actions.note(db, case, card_due=at.isoformat())
    timers.set_timer(db, CARD, actions.subject(case.id), at, community_id=case.community_id)


def refresh_card(db: Connection, case: Row[Any], now: datetime) -> None:
    if case.owner_id is not None:
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
