"""Are two place expressions the same place, or part of each other? And a place put right. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gridbot.understanding.places import place_key
from gridbot.understanding.reading import Place

_BUILDING = re.compile(r"^[^0-9]{0,12}?(\d{1,5}[a-z]?)(?:号|栋|弄|支弄|院)")
_NUMBERED = re.compile(r"(?:\d{1,5}|[零〇一二两三四五六七八九十百]{1,5})(?:号大院|号院|号楼|号|栋|幢|座|弄)")


_DOOR = re.compile(r"\d{3,4}")
_TAIL = re.compile(r"(?<=..)(?:出入口|[进出入]口|旁边|边上|[里外前后]面?|口|处)$")
_CAR = re.compile(r"的?(?:电梯|轿厢|楼道|楼梯间?)[里内]?$")
_INNER = re.compile(r"\d{1,2}(?:楼|层|单元)|\d{3,4}(?![0-9栋号弄院])")


def building(key: str) -> str:
    """The number of the house a place lies in, however its unit is called; "" if it names none."""
    found = _BUILDING.match(key)
    return found[1] if found else ""


def inner(key: str) -> bool:
    """Whether a place key names but a floor, a unit or a door of a house that is not said."""
    return bool(_INNER.match(key)) and not building(key)


def within(key: str, case: str) -> bool:
    """Whether what somebody says next, of his own report, may lie at its place: 八楼, after 12栋."""
    return related(key, case) or inner(key)


def related(one: str, other: str) -> bool:
    """Whether two place keys may mean the same spot: equal, one part of the other, or a landmark said
    shorter (弄口, 弄堂口). 1栋 is no part of 11栋; two units of one house are two places."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    for door, place in ((one, other), (other, one)):
        if _DOOR.fullmatch(door):  # 302: of the house spoken of, unless another door was
            doors = _DOOR.findall(place)
            return not doors or door in doors
    if short == long or _part_of(short, long):
        return True
    if building(one) and building(one) == building(other):
        return (
            _loose(one) in _loose(other)
            or _loose(other) in _loose(one)
            or not (_inner(one) and _inner(other))
        )
    if any(char.isdigit() for char in one + other):
        return False
    return _shorter(short, long) or _shorter(*sorted((core(one), core(other)), key=len))


def _shorter(short: str, long: str) -> bool:
    """A landmark said shorter: it begins and ends alike."""
    alike = len(short) >= 2 and short[0] == long[0] and short[-1] == long[-1]
    return alike and _in_order(short, long)


def core(key: str) -> str:
    """A landmark without where at it: 车棚里, 北门出口 → 车棚, 北门."""
    return _TAIL.sub("", key) or key


def _part_of(short: str, long: str) -> bool:
    at = long.find(short)
    while at >= 0:
        before, after = long[at - 1] if at else "", long[at + len(short) : at + len(short) + 1]
        if not (before.isdigit() and short[0].isdigit()) and not (after.isdigit() and short[-1].isdigit()):
            return len(short) >= 2
        at = long.find(short, at + 1)
    return False


def _loose(key: str) -> str:
    return key.replace("号", "").replace("栋", "").replace("院", "")


def _inner(key: str) -> bool:
    """Whether it says more than the house: a unit, a floor, a door."""
    return bool(re.search(r"\d{1,5}[a-z]?(?:号|栋|弄|院).*\d", key))


def _in_order(short: str, long: str) -> bool:
    rest = iter(long)
    return all(char in rest for char in short)


def relation(key: str, named: Iterable[Place]) -> str:
    """What the places of a remark are to a case's: "same", "house" (another part of the same house),
    "sibling" (another place), or "none" (it names no real place)."""
    firm = [one for one in named if one.strength > 1]
    if not firm or not key:
        return "none"
    if any(related(key, one.key) for one in firm):
        return "same"
    if building(key) and any(building(one.key) == building(key) for one in firm):
        return "house"
    return "sibling" if any(one.strength == 3 for one in firm) else "none"


def put_right(old: str, new: str) -> str:
    """A corrected place: the house number changes, what was said of unit and door stays.
    6号楼3单元 put right by 8号楼 is 8号楼3单元."""
    was = _NUMBERED.search(old)
    now = _NUMBERED.fullmatch(new.strip())
    if was is None or now is None:
        return new
    return f"{old[: was.start()]}{new.strip()}{old[was.end() :]}"


def joined(before: str, more: str) -> str:
    """A place and what a later fragment adds to it: 4号楼2单元 after 三楼 is 4号楼2单元三楼. Where in a lift
    somebody was says less than the floor: 5号楼电梯里, then 七楼, is 5号楼七楼."""
    if inner(place_key(more)):
        before = _CAR.sub("", before) or before
    if not before or core(place_key(before)) in place_key(more):
        return more
    if not more or place_key(more) in place_key(before):
        return before
    return (
        f"{more}{before}"
        if building(place_key(more)) and not building(place_key(before))
        else f"{before}{more}"
    )
