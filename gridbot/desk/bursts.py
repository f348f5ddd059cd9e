"""Outage burst (大面积): many reports of one supply fault at once are one incident.

Three places or five people within ten minutes fold into the earliest case, which then lies at the node
above all of them: one message a group, one notice a leader, no words to single persons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from gridbot import texts
from gridbot.cases import actions, merging, queries, voice
from gridbot.cases.actions import Draft
from gridbot.desk import drafts, incident_words, notices, remarks, sameplace
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.grid.settings import SettingsView
from gridbot.messages import OPEN_STATES, Actor, CaseState
from gridbot.store import timers
from gridbot.store.tables import timers as timer_table
from gridbot.understanding.reading import Place, Reading

INCIDENT = "incident"  #: a timer that stands as long as further reports are taken in
_KNOWN = sa.select(timer_table.c.data).where(
    timer_table.c.kind == INCIDENT, timer_table.c.community_id == sa.bindparam("of_community")
)


def enough(places: int, people: int, settings: SettingsView) -> bool:
    return places >= settings.burst_places or people >= settings.burst_people


def label(places: Sequence[str]) -> str:
    """1号楼, 2号楼, 3号楼 → 1到3号楼; with gaps 3、5、8号楼; other places one after the other."""
    named = list(dict.fromkeys(places))
    found = [re.fullmatch(r"(\d{1,4})(号楼|号院|号|栋|幢|座|弄)", one) for one in named]
    units = {match[2] for match in found if match}
    if len(units) != 1 or not all(found):
        return "、".join(named[:4]) + ("等处" if len(named) > 4 else "")
    numbers = sorted({int(match[1]) for match in found if match})
    unit = units.pop()
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}到{numbers[-1]}{unit}"
    return "、".join(map(str, numbers[:6])) + unit + ("等" if len(numbers) > 6 else "")


# --- reports come in -----------------------------------------------------------------------------


def incident_for(h: Hearing, draft: Draft) -> Row[Any] | None:
    """The incident a report belongs to: of its type, at a node its place lies under."""
    type_ = supply_of(h, draft.types)
    if type_ is None or draft.urgent or draft.private:
        return None
    for case_id in h.db.execute(_KNOWN, {"of_community": h.community_id}).scalars():
        case = queries.case(h.db, case_id["case"])
        if type_ not in case.types or case.state not in OPEN_STATES:
            continue
        if case.node_id is None or case.node_id in _above(h, draft.node_id):
            return case
    return None


def counted(h: Hearing, case: Row[Any], reading: Reading) -> bool:
    """After somebody joined a case: whether it is an incident, in which nobody is answered singly."""
    type_ = supply_of(h, case.types)
    if type_ is None or case.urgent or case.private:
        return False
    _remember_place(h, case, drafts.best_place(reading.places))
    fresh = queries.case(h.db, case.id)
    if incident_words.is_incident(fresh):
        _one_more(h, fresh)
        return True
    return _fold(h, type_)


def watch(h: Hearing, case: Row[Any]) -> bool:
    """After a case began: whether it made an incident of several. True: nobody is told of it alone."""
    type_ = supply_of(h, case.types)
    if type_ is None or case.urgent or case.private or h.late:
        return False
    return _fold(h, type_)


def supply_of(h: Hearing, types: Sequence[str]) -> str | None:
    known = h.knows.packs.types
    return next((one for one in types if one in known and known[one].supply), None)


def _remember_place(h: Hearing, case: Row[Any], place: Place | None) -> None:
    """A supporter's own house, where it is another than the reporter's."""
    if place is None or sameplace.relation(case.place_key, (place,)) != "sibling":
        return
    fresh = queries.case(h.db, case.id)
    known = fresh.data.get("places", [])
    if place.text not in known:
        actions.note(h.db, case, places=[*known, place.text])


def _places(case: Row[Any]) -> list[str]:
    own = [case.place] if case.data.get("placed") and not case.data.get("incident") else []
    return own + list(case.data.get("places", []))


def _one_more(h: Hearing, case: Row[Any]) -> None:
    """👀 for the first few, then silence; a group that did not know yet is told once."""
    shown = int(case.data.get("shown", 0))
    if h.chat.id not in incident_words.groups(case) and h.chat.kind == "group":
        incident_words.opened(h.db, case, [h.chat.id], h.now)
        actions.note(h.db, case, groups=[*incident_words.groups(case), h.chat.id])
    elif shown < h.knows.settings.burst_reactions and not h.late:
        voice.react(h.db, h.chat, h.said.message, voice.SEEN, case=case, now=h.now)
        actions.note(h.db, case, shown=shown + 1)
    notices.after_more_words(h.db, case.id, h.now)


# --- they fold -----------------------------------------------------------------------------------


def _fold(h: Hearing, type_: str) -> bool:
    since = h.said.sent_at - h.knows.settings.burst_within
    found = [
        case
        for case in merging.live_of_type(h.db, h.community_id, type_, since)
        if not case.urgent and case.state in (CaseState.GATHERING, CaseState.WAITING, CaseState.ACCEPTED)
    ]
    places = {sameplace.building(key) or key for case in found for key in _places(case)}
    people = sum(1 + case.supporters for case in found)
    if not found or not enough(len(places), people, h.knows.settings):
        return False
    first, *others = found
    if first.number is None:
        timers.cancel(h.db, notices.GATHER, actions.subject(first.id))
        first = actions.open_gathered(h.db, first.id, actor=h.actor(), now=h.now) or first
    for case in others:
        _absorb(h, case, first)
    _become_incident(h, first, found)
    return True


def _absorb(h: Hearing, case: Row[Any], first: Row[Any]) -> None:
    told = case.owner_id if case.first_told_at is not None else None
    if merging.merge(h.db, case, first, actor=Actor.system(), now=h.now) and told is not None:
        text = texts.merged_card(voice.called(case, shared=False), case.number, first.number)
        notices.card(h.db, case, text, "merged", h.now, [])


def _become_incident(h: Hearing, first: Row[Any], found: list[Row[Any]]) -> None:
    node = _common(h, [case.node_id for case in found if case.node_id is not None])
    places = list(dict.fromkeys(one for case in found for one in _places(case)))
    where = label(places) or first.place
    actions.locate(
        h.db,
        first,
        place=where,
        place_key=first.place_key,
        side=first.side,
        node_id=node,
        actor=Actor.system(),
        now=h.now,
    )
    chats = list(dict.fromkeys([case.chat_id for case in found if _is_group(h, case.chat_id)]))
    actions.note(h.db, first, incident=True, placed=True, choices=[], places=places, groups=chats, shown=0)
    timers.cancel(h.db, notices.UNPLACED, actions.subject(first.id))
    timers.cancel(h.db, notices.NOTIFY, actions.subject(first.id))
    subject = actions.subject(first.id)
    data = {"case": first.id}
    until = h.now + h.knows.settings.burst_lasts
    timers.set_timer(h.db, INCIDENT, subject, until, community_id=h.community_id, data=data)
    fresh = queries.case(h.db, first.id)
    if not h.late:
        incident_words.opened(h.db, fresh, chats, h.now)
    notices.tell_of_incident(h.db, fresh, h.now)


def _is_group(h: Hearing, chat_id: int) -> bool:
    return bool(voice.chat_row(h.db, chat_id).kind == "group")


def _above(h: Hearing, node_id: int | None) -> list[int]:
    """A node and all above it, the nearest first."""
    known = grid.load_tree(h.db, h.community_id).by_id
    chain = []
    while node_id is not None and node_id in known:
        chain.append(node_id)
        node_id = known[node_id].parent_id
    return chain


def _common(h: Hearing, nodes: Sequence[int]) -> int | None:
    """The lowest node that holds all of them."""
    chains = [_above(h, node) for node in dict.fromkeys(nodes)]
    return (
        next((node for node in chains[0] if all(node in chain for chain in chains)), None) if chains else None
    )


# --- 停电了吗 -------------------------------------------------------------------------------------


def answered(h: Hearing, text: str) -> bool:
    """A question about what is known to be out, answered once in a while and never opened."""
    if not h.talk or h.leads or not 0 < len(text) <= 40 or not _asks(h, text):
        return False
    about = drafts.topics(h, text)
    for case in queries.recent_in_chat(h.db, h.chat.id, h.said.sent_at - h.knows.settings.burst_lasts):
        if not incident_words.is_incident(case) or case.state == CaseState.CLOSED:
            continue
        if about and not about & set(case.types):
            continue
        last = case.data.get("answered")
        again = h.knows.settings.burst_answer
        if not h.late and (not last or h.now - datetime.fromisoformat(last) >= again or h.for_us):
            _answer(h, case)
        return True
    return False


def _asks(h: Hearing, text: str) -> bool:
    return remarks.of(h.knows.packs).says("outage_asks", text)


def _answer(h: Hearing, case: Row[Any]) -> None:
    text = texts.outage_known(case.place, incident_words.kind(case), case.number, case.until_text)
    h.answer(text, purpose="incident-answer", case=case)
    actions.note(h.db, case, answered=h.now.isoformat())
