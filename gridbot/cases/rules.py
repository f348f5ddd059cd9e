"""What may happen to a case, and when something is due. Pure: tables and small functions."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gridbot.messages import CaseState, Move
from gridbot.privacy import mask

_G, _W, _A, _D, _C = (
    CaseState.GATHERING,
    CaseState.WAITING,
    CaseState.ACCEPTED,
    CaseState.DONE,
    CaseState.CLOSED,
)

# Which state a move leads to, from each state it is possible in. What is not here is refused.
NEXT: dict[Move, dict[CaseState, CaseState]] = {
    Move.OPENED: {_G: _W},
    Move.ADDED: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.SECONDED: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.PLACED: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.RETYPED: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.NOTIFIED: {_W: _W, _A: _A},
    Move.ACCEPTED: {_G: _A, _W: _A, _A: _A},
    Move.PROGRESS: {_G: _A, _W: _A, _A: _A, _D: _A},
    Move.DONE: {_G: _D, _W: _D, _A: _D},
    Move.CONFIRMED: {_G: _C, _W: _C, _A: _C, _D: _C},
    Move.BETTER: {_D: _A},
    Move.REOPENED: {_D: _W, _C: _W},
    Move.HANDED_OVER: {_G: _W, _W: _W, _A: _W},
    Move.ESCALATED: {_G: _W, _W: _W, _A: _W},
    Move.BOUNCED: {_G: _W, _W: _W, _A: _W},
    Move.REASSIGNED: {_G: _W, _W: _W, _A: _W, _D: _W},
    Move.REMINDED: {_W: _W, _A: _A},
    Move.WITHDRAWN: {
        _G: CaseState.WITHDRAWN,
        _W: CaseState.WITHDRAWN,
        _A: CaseState.WITHDRAWN,
        _D: CaseState.WITHDRAWN,
    },
    Move.MERGED: {_G: CaseState.MERGED, _W: CaseState.MERGED, _A: CaseState.MERGED},
    Move.FALSE_ALARM: {_G: _C, _W: _C, _A: _C, _D: _C},
    Move.CLOSED: {_G: _C, _W: _C, _A: _C, _D: _C},
    Move.VIEWED: {state: state for state in CaseState},
    Move.PASSED_OVER: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.PAUSED: {_W: _A, _A: _A},
    Move.RESUMED: {_W: _W, _A: _A, _D: _D, _C: _C},
    Move.TABLED: {_W: _W, _A: _A},
    Move.OUTCOME: {_W: _W, _A: _A},
    Move.STAGE_DONE: {_W: _W, _A: _A},
    Move.OVERDUE: {_W: _W, _A: _A},
    Move.FOLLOWED: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.SPLIT: {_G: _G, _W: _W, _A: _A, _D: _D},
    Move.STATED: {state: state for state in CaseState},
    Move.ASKED_IN: {_G: _G, _W: _W, _A: _A},
    Move.ANSWERED: {state: state for state in CaseState},
    Move.DESIGNATED: {_W: _W, _A: _W},
    Move.LINKED: {state: state for state in CaseState},
}

PERSONAL = frozenset({"violence", "crisis", "lost", "relapse"})
"""Dangers to one person: told to the reporter and to the contacts named for it, never to a group or to
whoever leads the place."""


def by_name(hazard: str, *, private: bool) -> bool:
    """Whether a case goes to named contacts instead of to the place's leaders."""
    return private and hazard in PERSONAL


UNDO_FOR = timedelta(seconds=60)  #: how long a tap can be taken back; what it says waits as long
UNDOABLE = (
    Move.ACCEPTED,
    Move.DONE,
    Move.HANDED_OVER,
    Move.ESCALATED,
    Move.BOUNCED,
    Move.CONFIRMED,
    Move.FALSE_ALARM,
)


def next_state(state: CaseState, move: Move) -> CaseState | None:
    """None: a case in `state` cannot be moved so."""
    return NEXT.get(move, {}).get(state)


_OVER = (_D, _C, CaseState.WITHDRAWN, CaseState.MERGED)


def all_settled(parts: Collection[CaseState]) -> bool:
    """Whether a case may be called done because its shares are: none is left, and one at least was done."""
    return all(state in _OVER for state in parts) and any(state in (_D, _C) for state in parts)


def in_quiet_hours(at: datetime, start: time, end: time, zone: ZoneInfo) -> bool:
    """Whether `at` lies in the quiet hours, which may run over midnight."""
    local = at.astimezone(zone).time()
    if start <= end:
        return start <= local < end
    return local >= start or local < end


def after_quiet_hours(at: datetime, start: time, end: time, zone: ZoneInfo) -> datetime:
    """`at` itself, or the end of the quiet hours it lies in; UTC in, UTC out."""
    if not in_quiet_hours(at, start, end, zone):
        return at
    local = at.astimezone(zone)
    morning = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    if morning <= local:
        morning += timedelta(days=1)
    return morning.astimezone(at.tzinfo)


_DOOR_LEFT = re.compile(r"[ \-－]*〔[^〕]*〕(?:室|户|家|号|房间?)?")
_ONLY_DOOR = re.compile(r"\d{3,4}[室户家]?")
#: 5-2-302, 12#302, 5号楼楼道 302: a door after its house.
_DOOR_AFTER = re.compile(r"(?:(?<=\d)[-－]|(?<=#)|\s+)\d{3,4}(?:室|户|家|房)?(?=$|\s)")


def public_place(place: str) -> str:
    """A place as a group may see it: the door number is the reporter, so it goes."""
    if _ONLY_DOOR.fullmatch(place):
        return ""
    return _DOOR_LEFT.sub("", mask(_DOOR_AFTER.sub("", place))).strip()


def call_it(titles: list[str], place: str, *, shared: bool) -> str:
    """How a case is called in a sentence: 5号楼楼道灯; `shared`: others read it.

    What place and thing have in common is said once (5号楼楼道 + 楼道灯), but a house stays one
    (5号楼 + 楼道灯).
    """
    where, what = public_place(place) if shared else place, "、".join(titles)
    common = next((size for size in range(len(what), 0, -1) if where.endswith(what[:size])), 0)
    if what[:common] == "楼":
        common = 0
    return where + what[common:] or "一件事"
