"""The directory (名单): a community's grids, people, groups, units and service days as plain values.

It is what `gridbot import` reads and `gridbot export directory` writes, as YAML or XLSX. A Directory that
exists is sound: the readers raise DirectoryError with every problem as a sentence, and nothing is
written before that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gridbot.almanac import Rule

EXCLUSIVE = "专属网格"
PLATFORMS = (
    "telegram",
    "simulator",
    "wecom_aibot",
    "wecom_webhook",
    "wecom_kf",
    "wecom_report",
    "wechat_oa",
    "wechat",
    "onebot",
    "stage",
)
"""Keys under which an id on a platform is written beside a name."""


class DirectoryError(ValueError):
    """A directory that cannot be used. `problems`: sentences in Chinese, each naming row and field."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the directory names. Two mentions with one name and no contradiction are one person."""

    name: str
    phone: str = ""
    accounts: tuple[tuple[str, str], ...] = ()  #: (platform, id there), sorted

    @property
    def key(self) -> tuple[str, str]:
        """What tells persons of one directory apart: the name, and the phone of those who share one."""
        return (self.name, self.phone)


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    aliases: tuple[str, ...] = ()
    kind: str = ""
    side: str = ""  #: inside | outside | ""
    unmanaged: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    name: str
    level: str = ""
    places: tuple[Place, ...] = ()
    leaders: tuple[Person, ...] = ()
    deputies: tuple[Person, ...] = ()
    liaisons: tuple[Person, ...] = ()
    exclusive: bool = False
    unmanaged: bool = False
    children: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A chat group (群) and the grid it belongs to."""

    name: str
    grid: str  #: path
    role: str = "residents"  #: residents | leaders
    accounts: tuple[tuple[str, str], ...] = ()  #: (platform, the chat's id there), sorted
    modules: tuple[str, ...] = ()  #: services that may speak there; () all


@dataclass(frozen=True, slots=True)
class Unit:
    """A partner unit (单位): see grid.rules.UnitScope."""

    name: str
    handles: tuple[str, ...] = ()
    side: str = ""
    contact: str = ""
    aliases: tuple[str, ...] = ()
    grids: tuple[str, ...] = ()
    unmanaged: bool = False
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a service day offers (磨刀), and what to bring for it."""

    name: str
    bring: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """便民服务日, e.g. 三九: on the 9th, 19th and 29th."""

    name: str
    rule: Rule
    starts: str = "09:00"
    ends: str = "11:00"
    place: str = ""
    items: tuple[Item, ...] = ()
    provider: str = ""
    rain: str = ""  #: what happens if it rains
    groups: tuple[str, ...] | None = None  #: names of groups; None: all residents' groups
    organiser: Person | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A named contact (专门联系人): hears of dangers to one person, wherever they are."""

    about: str  #: violence | crisis | lost | relapse | any: see grid.contacts
    person: Person


@dataclass(frozen=True, slots=True)
class Duty:
    """值班: who stands in for a grid and those below it, from the first day to the last."""

    grid: str  #: path
    person: Person
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Directory:
    community: str
    grids: tuple[Grid, ...]
    timezone: str = "Asia/Shanghai"
    sample: bool = False
    expect: tuple[tuple[str, int], ...] = ()  #: (level, how many)
    settings: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    units: tuple[Unit, ...] = ()
    service_days: tuple[ServiceDay, ...] = ()
    admins: tuple[Person, ...] = ()
    contacts: tuple[Contact, ...] = ()
    duties: tuple[Duty, ...] = ()
    officers: tuple[Person, ...] = ()  #: 街道: read the figures of several communities
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def walk(self) -> Iterator[tuple[str, Grid]]:
        """(path, grid), parents before their children, in the order of the file."""
        return _walk("", self.grids)

    def people(self) -> dict[tuple[str, str], Person]:
        """Everybody named, once each, in the order of the file."""
        found: dict[tuple[str, str], Person] = {}
        for _path, grid in self.walk():
            for person in (*grid.leaders, *grid.deputies, *grid.liaisons):
                found.setdefault(person.key, person)
        for unit in self.units:
            for person in unit.people:
                found.setdefault(person.key, person)
        organisers = [service.organiser for service in self.service_days if service.organiser]
        for person in (
            *organisers,
            *self.admins,
            *self.officers,
            *(one.person for one in self.contacts),
            *(one.person for one in self.duties),
        ):
            found.setdefault(person.key, person)
        return found


def _walk(above: str, grids: tuple[Grid, ...]) -> Iterator[tuple[str, Grid]]:
    for grid in grids:
        path = f"{above}/{grid.name}" if above else grid.name
        yield path, grid
        yield from _walk(path, grid.children)


def count_levels(directory: Directory) -> Counter[str]:
    """How many grids of each level. 专属网格 counts those marked exclusive, whatever their level."""
    found: Counter[str] = Counter()
    for _path, grid in directory.walk():
        if grid.level:
            found[grid.level] += 1
        if grid.exclusive and grid.level != EXCLUSIVE:
            found[EXCLUSIVE] += 1
    return found


def unexpected(directory: Directory) -> list[str]:
    """The counts that differ from what the file itself expects: 应有 9 个三级网格,名单里是 8 个."""
    found = count_levels(directory)
    return [
        f"应有 {wanted} 个{level},名单里{f'是 {found[level]} 个' if found[level] else '一个也没有'}"
        for level, wanted in directory.expect
        if found[level] != wanted
    ]


# --- as plain data, in the form of the YAML file -------------------------------------------------


def to_data(directory: Directory) -> dict[str, Any]:
    """What the YAML file says; reading it back gives the same Directory."""
    return _short(
        {
            "community": directory.community,
            "timezone": directory.timezone,
            "sample": directory.sample,
            "expect": dict(directory.expect),
            "settings": dict(directory.settings),
            "grids": [_grid(grid) for grid in directory.grids],
            "groups": [_group(group) for group in directory.groups],
            "units": [_unit(unit) for unit in directory.units],
            "service_days": [_service_day(service) for service in directory.service_days],
            "admins": [_person(person) for person in directory.admins],
            "officers": [_person(person) for person in directory.officers],
            "contacts": [{"for": one.about, **_person(one.person)} for one in directory.contacts],
            "duties": [_duty(one) for one in directory.duties],
        }
    )


def _short(data: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty or false."""
    return {key: value for key, value in data.items() if value not in ("", [], {}, (), False, None)}


def _id(text: str) -> int | str:
    """A number without quotes, where it reads back as the same text."""
    return int(text) if re.fullmatch(r"-?[1-9]\d{0,18}", text) else text


def _person(person: Person) -> dict[str, Any]:
    shown = {name: _id(user) for name, user in person.accounts if name in PLATFORMS}
    others = {name: user for name, user in person.accounts if name not in PLATFORMS}
    return _short({"name": person.name, "phone": person.phone, **shown, "accounts": others})


def _place(place: Place) -> Any:
    data = {
        "name": place.name,
        "aliases": list(place.aliases),
        "kind": place.kind,
        "side": place.side,
        "unmanaged": place.unmanaged,
    }
    short = _short(data)
    return place.name if len(short) == 1 else short


def _grid(grid: Grid) -> dict[str, Any]:
    return _short(
        {
            "name": grid.name,
            "level": grid.level,
            "exclusive": grid.exclusive,
            "unmanaged": grid.unmanaged,
            "places": [_place(place) for place in grid.places],
            "leaders": [_person(person) for person in grid.leaders],
            "deputies": [_person(person) for person in grid.deputies],
            "liaisons": [_person(person) for person in grid.liaisons],
            "children": [_grid(child) for child in grid.children],
        }
    )


def _duty(duty: Duty) -> dict[str, Any]:
    days = {"from": duty.first.isoformat(), "to": duty.last.isoformat()}
    return {"grid": duty.grid, **days, **_person(duty.person)}


def _group(group: Group) -> dict[str, Any]:
    shown = {name: _id(chat) for name, chat in group.accounts if name in PLATFORMS}
    others = {name: chat for name, chat in group.accounts if name not in PLATFORMS}
    role = "" if group.role == "residents" else group.role
    data = {"name": group.name, "grid": group.grid, "role": role, **shown, "accounts": others}
    return _short(data | {"modules": list(group.modules)})


def _unit(unit: Unit) -> dict[str, Any]:
    return _short(
        {
            "name": unit.name,
            "handles": list(unit.handles),
            "side": unit.side,
            "contact": unit.contact,
            "aliases": list(unit.aliases),
            "grids": list(unit.grids),
            "unmanaged": unit.unmanaged,
            "people": [_person(person) for person in unit.people],
        }
    )


def _service_day(service: ServiceDay) -> dict[str, Any]:
    return _short(
        {
            "name": service.name,
            **service.rule.as_data(),
            "starts": service.starts,
            "ends": service.ends,
            "place": service.place,
            "items": [_item(item) for item in service.items],
            "provider": service.provider,
            "rain": service.rain,
            "groups": "all" if service.groups is None else list(service.groups),
            "organiser": _person(service.organiser) if service.organiser else None,
        }
    )


def _item(item: Item) -> Any:
    short = _short({"name": item.name, "bring": item.bring, "provider": item.provider})
    return item.name if len(short) == 1 else short
