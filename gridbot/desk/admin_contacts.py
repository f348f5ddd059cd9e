"""专门联系人 by command, who hears of dangers to one person: 联系人, 联系人 走失 段秋, 不再联系 走失 段秋."""

from __future__ import annotations

from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot.desk.admin_people import held, named, note
from gridbot.desk.context import Hearing
from gridbot.desk.registry import (
    ADMINS,
    Answer,
    Where,
    button,
    card_key,
    command,
    pressed,
    settle,
)
from gridbot.grid import contacts
from gridbot.grid import queries as grid
from gridbot.texts import alarm as words
from gridbot.texts import several_people

_EXAMPLE = "联系人 走失 段秋"
_WHO = r"(?P<about>\S{1,10})\s+(?P<who>[^\s\d]\S{1,19})"


@command(
    "contacts",
    "联系人",
    "专门联系人",
    roles=ADMINS,
    help="家暴、轻生、走失、发病这样的事私下告诉谁;写上事和名字就加一位",
    area="人",
    takes=rf"(?:{_WHO})?",
    usage=_EXAMPLE,
    where=Where.DISCREET,
)
def list_or_name(h: Hearing, said: Match[str]) -> Answer | str:
    """With nothing after it the list; with a matter and a name one more."""
    if not said["who"]:
        return _listed(h)
    code = contacts.about(said["about"])
    if code is None:
        return _listed(h)
    people = list(
        {row.person_id: row for row in named(held(h.db, h.community_id, h.now), said["who"])}.values()
    )
    if not people:
        return words.contact_unknown(said["who"])
    if len(people) == 1:
        return _name(h, code, people[0].person_id)
    key = card_key(h)
    rows = [[button(h, one.name, "contact", key, about=code, person=one.person_id)] for one in people[:5]]
    return Answer(several_people([one.name for one in people[:5]]), rows, key)


def _listed(h: Hearing) -> str:
    known: dict[str, list[str]] = {}
    for code, _, name in contacts.contacts(h.db, h.community_id):
        known.setdefault(code, []).append(name)
    lines = [words.contacts_line(code, names) for code, names in known.items()]
    missing = [] if "any" in known else [words.ABOUT[code] for code in contacts.ABOUT if code not in known]
    return words.contacts(lines, [one for one in missing if one != words.ABOUT["any"]])


def _name(h: Hearing, code: str, person: int) -> str:
    name = grid.name_of(h.db, person)
    if contacts.name_contact(h.db, h.community_id, person, code, now=h.now):
        note(h, "contact_named", about=code, person=person)
    text = words.contact_named(code, name)
    reached = grid.private_chat_of(h.db, person) is not None
    return text if reached else text + words.contact_not_started(name)


@pressed("contact")
def _chosen(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    return settle(h, pressed_button, _name(h, data["about"], int(data["person"])))


@command(
    "drop_contact",
    "不再联系",
    roles=ADMINS,
    help="这样的事不再找他",
    area="人",
    takes=_WHO,
    usage="不再联系 走失 段秋",
    where=Where.DISCREET,
)
def drop(h: Hearing, said: Match[str]) -> str:
    code = contacts.about(said["about"])
    found = [
        (person, name)
        for about, person, name in contacts.contacts(h.db, h.community_id)
        if about == code and name == said["who"]
    ]
    if code is None or not found:
        return _listed(h)
    person, name = found[0]
    contacts.drop_contact(h.db, h.community_id, person, code, now=h.now)
    note(h, "contact_dropped", about=code, person=person)
    return words.contact_dropped(code, name)
