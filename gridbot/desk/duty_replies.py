"""Words under a card that say whose it is, not how far it is: a reason, a side, a number, an answer."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row

from gridbot.cases import drafted, queries
from gridbot.desk import bouncing, households, inviting, linking, moves, parties
from gridbot.desk.context import Hearing
from gridbot.grid import queries as grid
from gridbot.messages import OPEN_STATES, Role
from gridbot.texts import duty as words

_STATES = re.compile(r"^(?:我们的?|我方|我司)?(?:说明|陈述|情况说明)[::,,\s]*")


def quoted(h: Hearing, case: Row[Any], text: str) -> bool:
    """Before it is read as work: False, it is nothing of this kind."""
    if not text or not h.leads:
        return False
    if parties.is_party(h.db, case, h.known_person(), h.now):
        return _stated(h, case, text)
    if inviting.answered(h, case, text):
        return True
    if not moves.may_handle(h, case):
        return False
    return (
        bouncing.reason_said(h, text, case) or linking.said(h, case, text) or households.said(h, case, text)
    )


def _stated(h: Hearing, case: Row[Any], text: str) -> bool:
    """What a party says of the complaint about it is its statement, whatever it says."""
    said = drafted.Said(
        h.inbox_id, h.person, _STATES.sub("", text), h.said.message, h.said.sent_at, part="statement"
    )
    if not parties.state(h.db, case, said, actor=h.actor(Role.UNIT), now=h.now):
        return False
    h.answer(words.statement_kept(case.number), purpose="statement-kept", case=case)
    return True


def unquoted(h: Hearing, text: str) -> bool:
    """The reason somebody was just asked for; 又拆了3户, of the one case of his that counts households."""
    if not h.private:
        return False
    return bouncing.reason_said(h, text) or households.said_unquoted(h, text)


def asked_to_take(h: Hearing, person: int) -> list[Row[Any]]:
    """What waits for somebody to take it, though another answers for it until then."""
    own = grid.units_of_person(h.db, h.community_id, person, h.now)
    if not own and not h.private:
        return []
    return [
        case
        for case in queries.open_cases(h.db, h.community_id)
        if case.state in OPEN_STATES
        and case.owner_id != person
        and ((case.unit_id in own and case.unit_id is not None) or _candidate(case) == person)
    ]


def _candidate(case: Row[Any]) -> int | None:
    found: int | None = (case.data.get("candidate") or {}).get("person")
    return found
