"""A resident says that something is wrong: from the reading of one message to a case.

A complete report opens at once and takes in what its sender adds within the window. An incomplete one
waits for the window and then asks once. Two senders never mix; a second voice about the same thing
counts as 附议.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, queries, rules, voice
from gridbot.cases.actions import Draft, Said
from gridbot.desk import notices
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, CaseState, Incoming, Urgency, load_incoming
from gridbot.store import timers
from gridbot.store.tables import identities, inbox
from gridbot.understanding.reading import Band, Kind, Place, Reading

SAME = timedelta(hours=48)  #: two reports of one type at one place within it are one case
BACK = 8  #: how many of the sender's last messages may be fragments said before


def hear_report(h: Hearing, reading: Reading) -> None:
    """A message that reports something (band open or ask)."""
    draft = draft_of(h, reading)
    own = gathering_case(h)
    if own is not None and _belongs(own, draft, reading):
        join(h, own, reading)
        return
    twin = find_twin(h, draft)
    if twin is not None:
        second(h, twin, reading)
        return
    begin(h, draft, reading)


def draft_of(h: Hearing, reading: Reading) -> Draft:
    """What the reading says, with the types' names and limits from the packs."""
    types = [h.knows.packs.types[issue.type] for issue in reading.issues]
    place = best_place(reading.places)
    choices = place.choices if place is not None else ()
    main = types[0] if types else None
    return Draft(
        types=tuple(one.id for one in types),
        titles=tuple(one.title for one in types[:2]),
        place=" ".join(dict.fromkeys(one.text for one in reading.places[:2])),
        place_key=place.key if place else "",
        side=place.side.value if place else "",
        node_id=(place.node if place else None) or h.chat.node_id,
        urgent=reading.urgent,
        private=reading.private,
        hazard=reading.danger,
        claim_minutes=main.deadlines.claim if main else 120,
        data={
            "because": list(reading.because),
            "choices": list(choices),
            "band": reading.band.value,
            "placed": place is not None,
        },
    )


def best_place(places: tuple[Place, ...]) -> Place | None:
    """The place a case lies at: one the grid knows before one only the grammar knows. A mere kind of
    place (楼道, 门口) is none: it could be anywhere."""
    firm = [place for place in places if place.strength > 1]
    known = [place for place in firm if place.node is not None]
    return known[0] if known else (firm[0] if firm else None)


def said_of(h: Hearing, *, part: str = "report") -> Said:
    said = h.said
    return Said(h.inbox_id, h.person, said.text, said.message, said.sent_at, said.photos, part)


# --- one sender's fragments ----------------------------------------------------------------------


def gathering_case(h: Hearing) -> Row[Any] | None:
    """The sender's own case in this chat whose window is still open."""
    person = h.known_person()
    if person is None or not h.has_case:
        return None
    states = [state.value for state in OPEN_STATES]
    settings = h.knows.settings
    for case in queries.of_reporter(h.db, h.community_id, person, states):
        if case.chat_id != h.chat.id or case.gather_until is None:
            continue
        last = datetime.fromisoformat(case.data["last"]) if "last" in case.data else case.reported_at
        if h.said.sent_at <= min(case.gather_until, last + settings.gather_idle):
            return case
    return None


def _belongs(case: Row[Any], draft: Draft, reading: Reading) -> bool:
    """Whether a further report of the same sender is the same thing said again or on."""
    same_type = not case.types or not draft.types or bool(set(case.types) & set(draft.types))
    same_place = not draft.place_key or not case.place_key or draft.place_key == case.place_key
    if reading.urgent and not case.urgent:
        return same_type and same_place
    if same_type:
        return same_place
    return reading.band is Band.ASK and same_place


def join(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A fragment: its words, and the place or type it brings."""
    if not actions.add(h.db, case, said_of(h), actor=h.actor(), now=h.now):
        return
    actions.note(h.db, case, last=h.said.sent_at.isoformat())
    place = best_place(reading.places)
    if place is not None and (not case.place_key or _finer(place, case)):
        actions.locate(
            h.db,
            case,
            place=_joined(case.place, place.text),
            place_key=place.key if place.node or not case.place_key else case.place_key,
            side=place.side.value,
            node_id=place.node,
            actor=h.actor(),
            now=h.now,
        )
        actions.note(h.db, case, placed=True, choices=list(place.choices))
    if reading.kind is Kind.REPORT and reading.issues:
        _clearer(h, case, reading)
    case = queries.case(h.db, case.id)
    if case.state == CaseState.GATHERING:
        if complete(h, case.data, case.types, case.urgent):
            open_now(h, case)
        else:
            _wait(h, case)
    else:
        notices.after_more_words(h.db, case.id, h.now)


def _finer(place: Place, case: Row[Any]) -> bool:
    return place.key != case.place_key and case.place_key not in place.key and place.text not in case.place


def _joined(before: str, more: str) -> str:
    return more if not before or before in more else before if more in before else f"{before} {more}"


def _clearer(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """A later fragment that is surer, or dangerous, decides type and urgency."""
    surer = reading.band is Band.OPEN and (case.data.get("band") != Band.OPEN.value or not case.types)
    if not surer and not (reading.urgent and not case.urgent):
        return
    draft = draft_of(h, reading)
    actions.retype(
        h.db,
        case,
        types=draft.types,
        titles=draft.titles,
        urgent=reading.urgent or case.urgent,
        private=reading.private or case.private,
        actor=h.actor(),
        now=h.now,
    )
    actions.note(h.db, case, band=reading.band.value, hazard=draft.hazard or case.data.get("hazard", ""))
    if reading.urgent and not case.urgent:
        now_urgent = queries.case(h.db, case.id)
        if now_urgent.number is not None:
            _sound_alarm(h, now_urgent)
            notices.tell_everyone(h.db, now_urgent, h.now)


# --- somebody else's case ------------------------------------------------------------------------


def find_twin(h: Hearing, draft: Draft) -> Row[Any] | None:
    """An open case about the same thing at the same place, by anybody."""
    if not draft.types or not draft.place_key or draft.private:
        return None
    since = h.said.sent_at - SAME
    for case in queries.similar(h.db, h.community_id, draft.types[0], draft.place_key, since):
        if case.state in (*OPEN_STATES, CaseState.DONE) and not case.private:
            return case
    return None


def second(h: Hearing, case: Row[Any], reading: Reading) -> None:
    """附议. One line the first time, a reaction for those after; a case said to be done is asked about."""
    if case.reporter_id == h.known_person():
        join(h, case, reading)
        return
    new = actions.second(h.db, case, h.person, said_of(h, part="support"), actor=h.actor(), now=h.now)
    if case.state == CaseState.DONE and reading.kind is Kind.REPORT:
        actions.reopen(h.db, case, actor=h.actor(), now=h.now)
        notices.after_reopened(h.db, case.id, h.now)
    if reading.urgent and not case.urgent:
        _clearer(h, case, reading)
    if not new:
        return
    if not h.late:
        if case.number is None or not _first_time(h):
            voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)
        else:
            h.answer(texts.already_reported(case.number), purpose="already", case=case)
    notices.after_more_words(h.db, case.id, h.now)


# --- a new case ----------------------------------------------------------------------------------


def begin(h: Hearing, draft: Draft, reading: Reading) -> None:
    earlier = [] if h.late else fragments_before(h)
    draft = _with_earlier(h, draft, earlier)
    ready = complete(h, draft.data, draft.types, draft.urgent)
    case = actions.begin(
        h.db,
        draft,
        said_of(h),
        community_id=h.community_id,
        chat_id=h.chat.id,
        thread=h.said.thread,
        actor=h.actor(),
        now=h.now,
        complete=ready,
    )
    for inbox_id, said in earlier:
        actions.add(
            h.db,
            case,
            Said(inbox_id, h.person, said.text, said.message, said.sent_at, said.photos),
            actor=h.actor(),
            now=h.now,
        )
    if ready:
        opened(h, case)
    else:
        _wait(h, case)


def complete(h: Hearing, data: dict[str, Any], types: Any, urgent: bool) -> bool:
    """Whether it can be told to somebody: a sure type, and a place or no need of one."""
    if urgent or h.late:
        return bool(types)
    sure = data.get("band") == Band.OPEN.value and bool(types)
    return sure and bool(data.get("placed")) and not data.get("choices")


_BEFORE = (
    sa.select(inbox.c.id, inbox.c.incoming)
    .where(
        inbox.c.chat_id == sa.bindparam("of_chat"),
        inbox.c.user == sa.bindparam("of_user"),
        inbox.c.id < sa.bindparam("before"),
        inbox.c.sent_at >= sa.bindparam("since"),
        inbox.c.case_id.is_(None),
        inbox.c.state.in_(("done", "pending")),
        inbox.c.incoming.is_not(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(BACK)
)


def fragments_before(h: Hearing) -> list[tuple[int, Incoming]]:
    """What the sender said just before, in this chat, that joined no case: places and photos mostly."""
    since = h.said.sent_at - h.knows.settings.gather_most
    which = {"of_chat": h.chat.id, "of_user": h.said.sender.id, "before": h.inbox_id, "since": since}
    found: list[tuple[int, Incoming]] = []
    last = h.said.sent_at
    for row in h.db.execute(_BEFORE, which):
        said = load_incoming(row.incoming)
        if said.kind != "message" or last - said.sent_at > h.knows.settings.gather_idle:
            break
        last = said.sent_at
        if _may_be_fragment(h, said):
            found.append((row.id, said))
    return found[::-1]


def _may_be_fragment(h: Hearing, said: Incoming) -> bool:
    from gridbot import understanding

    if said.forwarded or said.start or said.text.startswith(("/", "／")):
        return False
    reading = understanding.read(said.text, h.knows.packs, h.knows.gazetteer) if said.text else None
    return reading is None or reading.kind in (Kind.PLACE, Kind.CHAT, Kind.REPORT)


def _with_earlier(h: Hearing, draft: Draft, earlier: list[tuple[int, Incoming]]) -> Draft:
    """A place said in the breath before counts."""
    from dataclasses import replace

    from gridbot import understanding

    if draft.place_key:
        return draft
    for _, said in reversed(earlier):
        reading = understanding.read(said.text, h.knows.packs, h.knows.gazetteer)
        place = best_place(reading.places)
        if place is not None:
            return replace(
                draft,
                place=place.text,
                place_key=place.key,
                side=place.side.value,
                node_id=place.node or draft.node_id,
                data={**draft.data, "placed": True, "choices": list(place.choices)},
            )
    return draft


def _wait(h: Hearing, case: Row[Any]) -> None:
    """The window closes three minutes after the last fragment, ten after the first."""
    settings = h.knows.settings
    until = min(h.now + settings.gather_idle, case.gather_until)
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
        _sound_alarm(h, case)
    elif not h.late:
        acknowledge(h, case)
    notices.schedule_notice(h.db, case, h.knows.settings, h.now)


def acknowledge(h: Hearing, case: Row[Any]) -> None:
    """Words the first time a person reports, 👀 later; at night the sentence for the night."""
    settings = h.knows.settings
    first = _first_time(h)
    if case.private:
        _acknowledge_private(h, case)
    elif rules.in_quiet_hours(h.now, settings.quiet_start, settings.quiet_end, settings.zone):
        morning = rules.after_quiet_hours(
            h.now, settings.quiet_start, settings.quiet_end, settings.zone
        ).astimezone(settings.zone)
        h.answer(texts.recorded_at_night(_clock(morning)), purpose="night", case=case)
    elif h.private or first:
        h.answer(texts.recorded(voice.called(case, shared=True), case.number), purpose="recorded", case=case)
    else:
        voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)


def _acknowledge_private(h: Hearing, case: Row[Any]) -> None:
    if h.private:
        h.answer(texts.private_recorded(case.number), purpose="recorded", case=case)
        return
    private = grid.private_chat_of(h.db, h.person)
    if private is not None:
        voice.to_chat(
            h.db, private, texts.private_recorded(case.number), purpose="recorded", now=h.now, case=case
        )
    elif not case.urgent:
        h.answer(texts.private_matter(), purpose="private-matter", case=case)


def _clock(at: datetime) -> str:
    hour = "早上" if at.hour < 12 else ""
    return f"{hour}{at.hour}点" + (f"{at.minute}分" if at.minute else "")


_FIRST = (
    sa.update(identities)
    .where(
        identities.c.community_id == sa.bindparam("of_community"),
        identities.c.platform == sa.bindparam("of_platform"),
        identities.c.user == sa.bindparam("of_user"),
        identities.c.reported_at.is_(None),
    )
    .values(reported_at=sa.bindparam("at"))
)


def _first_time(h: Hearing) -> bool:
    """Whether this person never got words from us; from now on they did."""
    which = {
        "of_community": h.community_id,
        "of_platform": h.said.platform,
        "of_user": h.said.sender.id,
        "at": h.now,
    }
    return h.db.execute(_FIRST, which).rowcount == 1


# --- danger --------------------------------------------------------------------------------------


def _sound_alarm(h: Hearing, case: Row[Any]) -> None:
    """The safety sentence, to the group where all are in danger, to the speaker alone where one is."""
    if h.late:
        return
    text = safety_sentence(h, case)
    if case.private and not h.private:
        private = grid.private_chat_of(h.db, h.person)
        if private is not None:
            voice.to_chat(
                h.db,
                private,
                text,
                purpose="safety",
                now=h.now,
                case=case,
                urgency=Urgency.EMERGENCY,
            )
        return
    h.answer(text, purpose="safety", case=case, urgency=Urgency.EMERGENCY)
    _first_time(h)


def safety_sentence(h: Hearing, case: Row[Any]) -> str:
    settings = h.knows.settings
    place = rules.public_place(case.place)
    match case.data.get("hazard"):
        case "gas":
            return texts.gas(place, settings.gas)
        case "fire":
            return texts.fire(place)
        case "trapped":
            return texts.trapped(place, settings.elevator)
        case "live_wire":
            return texts.live_wire(place)
        case "collapse":
            return texts.collapse(place)
        case "violence" | "lost" | "relapse":
            return texts.danger_to_person()
        case "crisis":
            return texts.crisis(settings.helpline)
        case _:
            return texts.danger(place)
