"""关联: when two accounts may become one person, and who the one is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gridbot.messages import Role

CODE_FOR = timedelta(minutes=10)
CONFIRM_FOR = timedelta(minutes=30)  #: for both to say 对
UNDO_FOR = timedelta(hours=24)  #: an admin may take it back
DIGITS = 6
WITHIN = timedelta(hours=1)
CODES = 5  #: asked for by one person within it
TRIES = 5  #: codes that are none, typed by one person within it
TRIES_OF_ALL = 40  #: and by everybody of a community: then nobody is heard for a while

#: whoever speaks for a unit is a party: what is kept from the unit must not reach him by another account
_SEES = frozenset({Role.LEADER, Role.DEPUTY, Role.LIAISON, Role.ADMIN, Role.CONTACT})


class Refused(StrEnum):
    """Why a code does nothing, or two are not put together."""

    OFTEN = "often"  #: too many codes, or too many that were none
    UNKNOWN = "unknown"  #: no such code, or its time is over
    SELF = "self"  #: typed where it was given
    SAME_CHANNEL = "same_channel"  #: both have an account on one channel
    ERASED = "erased"
    CONTRADICT = "contradict"  #: rights that nobody may hold both
    TWO_NAMES = "two_names"  #: both hold office, under two names


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as far as it decides. `roles`: with the unit spoken for, None for the others."""

    person: int
    name: str
    channels: frozenset[str]
    roles: frozenset[tuple[Role, int | None]] = frozenset()
    erased: bool = False


def refused(one: Side, other: Side) -> Refused | None:
    if one.person == other.person:
        return Refused.SELF
    if one.erased or other.erased:
        return Refused.ERASED
    if one.channels & other.channels:
        return Refused.SAME_CHANNEL
    if _contradict(one.roles | other.roles) and one.roles and other.roles:
        return Refused.CONTRADICT
    if one.roles and other.roles and one.name != other.name:
        return Refused.TWO_NAMES
    return None


def _contradict(roles: frozenset[tuple[Role, int | None]]) -> bool:
    spoken_for = {unit for role, unit in roles if role is Role.UNIT}
    return len(spoken_for) > 1 or bool(spoken_for and {role for role, _ in roles} & _SEES)


def kept(one: Side, other: Side) -> tuple[Side, Side]:
    """(as whom both go on, whose row is left empty): who holds office; else who was known first."""
    first, second = sorted((one, other), key=lambda side: (not side.roles, side.person))
    return first, second


def prefers(text: str, channels: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The channel a name means: (platform, its names); "" if none."""
    said = text.strip().lower()
    return next((platform for platform, names in channels if said in {name.lower() for name in names}), "")
