"""From a file's plain data to a Directory, with every mistake found in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gridbot.almanac import Rule
from gridbot.grid import directory as d
from gridbot.grid import directory_parts as parts
from gridbot.grid.contacts import about
from gridbot.grid.directory import PLATFORMS, Directory, DirectoryError, Grid, Group, Person, Place, Unit
from gridbot.grid.directory_check import check
from gridbot.grid.duty import LONGEST
from gridbot.grid.fields import At, Source, tidy
from gridbot.grid.roster import Mention, merge

_TOP = ("community", "timezone", "sample", "expect", "settings", "hotlines", "grids", "groups", "units")
TOP = (*_TOP, "service_days", "admins", "contacts", "duties", "officers")
PERSON = ("name", "phone", *PLATFORMS, "accounts")
PLACE = ("name", "aliases", "kind", "side", "unmanaged")
GRID = ("name", "level", "places", "leaders", "deputies", "liaisons", "exclusive", "unmanaged", "children")
GROUP = ("name", "grid", "role", *PLATFORMS, "accounts", "modules")
UNIT = ("name", "handles", "side", "contact", "aliases", "grids", "unmanaged", "people")
_SERVICE = ("name", *parts.WHEN, "starts", "ends", "place", "items", "bring", "provider", "rain", "groups")
SERVICE = (*_SERVICE, "organiser")
_ROLES = {"": "residents", "residents": "residents", "居民": "residents", "居民群": "residents"}
ROLES = _ROLES | dict.fromkeys(("leaders", "网格长", "网格长群", "工作群"), "leaders")
_TYPE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_ACCOUNT = re.compile(r"[^\s,;\u3001]{1,128}")
DEEPEST = 12


def build(source: Source) -> Directory:
    """Raises DirectoryError with all that is wrong, in the order of the file."""
    read = _Reader(source)
    directory = read.directory(At(source, (), source.data))
    if not source.problems:
        source.problems += d.unexpected(directory)
    if source.problems:
        raise DirectoryError(list(dict.fromkeys(source.problems)))
    return replace(directory, warnings=(*source.warnings, *check(directory)))


class _Reader:
    """Persons are noted as mentions and replaced by whole persons at the end."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mentions: list[Mention] = []

    def directory(self, at: At) -> Directory:
        if not at.only(TOP):
            return Directory("", ())
        grids = tuple(self.grids(at.get("grids"), 0))
        if not grids and not self.source.problems:
            at.get("grids").wrong("一个网格也没有")
        groups = parts.unique("群", at.get("groups").each(), self.group)
        directory = Directory(
            at.get("community").text(required=True, longest=60),
            grids,
            parts.timezone(at.get("timezone")),
            at.get("sample").flag(),
            parts.expect(at.get("expect")),
            parts.settings(at.get("hotlines")) | parts.settings(at.get("settings")),
            groups,
            parts.unique("单位", at.get("units").each(), self.unit),
            parts.unique("便民日", at.get("service_days").each(), self.service_day),
            tuple(self.people(at.get("admins"))),
            tuple(contact for one in at.get("contacts").each() if (contact := self.contact(one))),
            tuple(duty for one in at.get("duties").each() if (duty := self.duty(one))),
            tuple(self.people(at.get("officers"))),
        )
        directory = replace(directory, groups=_placed(self.source, at, directory))
        _groups_named(at, directory)
        _duties_placed(at, directory)
        return self._whole(directory)

    def _whole(self, directory: Directory) -> Directory:
        whole, problems = merge(self.mentions)
        self.source.problems += problems
        said = {id(mention.person): person for mention, person in zip(self.mentions, whole, strict=True)}

        def of(people: Iterable[Person]) -> tuple[Person, ...]:
            return tuple(dict.fromkeys(said[id(one)] or one for one in people))

        def grid(one: Grid) -> Grid:
            return replace(
                one,
                leaders=of(one.leaders),
                deputies=of(one.deputies),
                liaisons=of(one.liaisons),
                children=tuple(map(grid, one.children)),
            )

        return replace(
            directory,
            grids=tuple(map(grid, directory.grids)),
            units=tuple(replace(unit, people=of(unit.people)) for unit in directory.units),
            service_days=tuple(
                replace(day, organiser=of([day.organiser])[0]) if day.organiser else day
                for day in directory.service_days
            ),
            admins=of(directory.admins),
            officers=of(directory.officers),
            contacts=tuple(replace(one, person=of([one.person])[0]) for one in directory.contacts),
            duties=tuple(replace(one, person=of([one.person])[0]) for one in directory.duties),
        )

    # --- people ---

    def people(self, at: At) -> list[Person]:
        entries = at.names() if isinstance(at.value, str) else at.each()
        return [person for one in entries if (person := self.person(one))]

    def duty(self, at: At) -> d.Duty | None:
        """值班: a grid's path, the first and the last day, and who."""
        if not at.only(("grid", "from", "to", *PERSON)):
            return None
        first = parts.day(at.get("from"))
        last = parts.day(at.get("to")) if at.get("to").value else first
        plain = {key: value for key, value in at.value.items() if key not in ("grid", "from", "to")}
        person = self.person(At(at.source, at.path, plain))
        grid = at.get("grid").text(required=True, longest=600)
        if first and last and not 0 <= (last - first).days < LONGEST:
            at.get("to").wrong(f"从{first}到{last}不像值班的日子")
        return d.Duty(grid, person, first, last) if person and first and last else None

    def contact(self, at: At) -> d.Contact | None:
        if not at.only(("for", *PERSON)):
            return None
        said = at.get("for").text(required=True)
        code = about(said)
        if said and code is None:
            at.get("for").wrong(
                f"要写 violence(家暴)、crisis(轻生)、lost(走失)、relapse(发病)或 any(全部),写的是「{said}」"
            )
        plain = {key: value for key, value in at.value.items() if key != "for"}
        person = self.person(At(at.source, at.path, plain))
        return d.Contact(code, person) if code and person else None

    def person(self, at: At) -> Person | None:
        if isinstance(at.value, dict):
            at.only(PERSON)
            name, phone = at.get("name").name(), re.sub(r"[\s-]", "", at.get("phone").text(longest=40))
            person = Person(name, phone, _accounts(at))
        else:
            person = Person(at.name())
        if not person.name:
            return None
        self.mentions.append(Mention(person, at.where))
        return person

    # --- grids ---

    def grids(self, at: At, depth: int) -> list[Grid]:
        if depth > DEEPEST:
            at.wrong(f"网格套得太深,最多{DEEPEST}层")
            return []
        found: dict[str, At] = {}
        grids = []
        for one in at.each():
            grid = self.grid(one, depth)
            if grid is None:
                continue
            if grid.name in found:
                one.get("name").wrong(
                    f"同一个上级下面「{grid.name}」写了两次,{found[grid.name].where}已经有了"
                )
            found.setdefault(grid.name, one)
            grids.append(grid)
        return grids

    def grid(self, at: At, depth: int) -> Grid | None:
        if not at.only(GRID):
            return None
        level = at.get("level").text(longest=30)
        return Grid(
            at.get("name").name(in_path=True),
            level,
            parts.unique("楼号", at.get("places").names(), _place),
            tuple(self.people(at.get("leaders"))),
            tuple(self.people(at.get("deputies"))),
            tuple(self.people(at.get("liaisons"))),
            at.get("exclusive").flag() or level == d.EXCLUSIVE,
            at.get("unmanaged").flag(),
            tuple(self.grids(at.get("children"), depth + 1)),
        )

    # --- groups, units, service days ---

    def group(self, at: At) -> Group | None:
        if not at.only(GROUP):
            return None
        role = at.get("role").text().lower()
        if role not in ROLES:
            at.get("role").wrong(f"要写 residents(居民群)或 leaders(网格长群),写的是「{role}」")
        accounts = _accounts(at)
        if not accounts:
            at.wrong("没有写群号;不知道就先删掉这一行,机器人进群后再绑")
        modules = tuple(one.text(required=True) for one in at.get("modules").names())
        grid = at.get("grid").text(required=True, longest=600)
        return Group(at.get("name").name(), grid, ROLES.get(role, "residents"), accounts, modules)

    def unit(self, at: At) -> Unit | None:
        if not at.only(UNIT):
            return None
        handles = [one.text(required=True) for one in at.get("handles").names()]
        for one in handles:
            if not _TYPE.fullmatch(one):
                at.get("handles").wrong(f"「{one}」不是事项的代号,代号像 lighting、elevator")
        return Unit(
            at.get("name").name(),
            tuple(dict.fromkeys(handles)),
            at.get("side").side(),
            at.get("contact").text(sentence=True),
            tuple(dict.fromkeys(one.text(required=True) for one in at.get("aliases").names())),
            tuple(dict.fromkeys(one.text(required=True, longest=600) for one in at.get("grids").names())),
            at.get("unmanaged").flag(),
            tuple(self.people(at.get("people"))),
        )

    def service_day(self, at: At) -> d.ServiceDay | None:
        if not at.only(SERVICE):
            return None
        name, rule = at.get("name").name(), parts.rule(at)
        starts, ends = parts.clock(at.get("starts"), "09:00"), parts.clock(at.get("ends"), "11:00")
        if starts >= ends:
            at.get("ends").wrong(f"结束({ends})要晚于开始({starts})")
        groups = at.get("groups")
        everywhere = groups.value is None or groups.value in ("", "all", "全部", "所有")
        return d.ServiceDay(
            name,
            rule or Rule(days=(1,)),
            starts,
            ends,
            at.get("place").text(sentence=True),
            parts.items(at),
            at.get("provider").text(sentence=True),
            at.get("rain").text(sentence=True),
            None if everywhere else tuple(one.text(required=True) for one in groups.names()),
            self.person(at.get("organiser")) if at.get("organiser").value else None,
        )


def _duties_placed(at: At, directory: Directory) -> None:
    paths = {path for path, _grid in directory.walk()}
    for index, duty in enumerate(directory.duties):
        if duty.grid not in paths:
            At(at.source, ("duties", index, "grid"), duty.grid).wrong(f"没有「{duty.grid}」这个网格")


def _place(at: At) -> Place | None:
    if not isinstance(at.value, dict):
        return Place(at.text(required=True, longest=60))
    at.only(PLACE)
    aliases = [one.text(required=True, longest=60) for one in at.get("aliases").names()]
    return Place(
        at.get("name").text(required=True, longest=60),
        tuple(dict.fromkeys(aliases)),
        at.get("kind").text(),
        at.get("side").side(),
        at.get("unmanaged").flag(),
    )


def _accounts(at: At) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    more = at.get("accounts")
    if more.value:
        more.only(tuple(more.value) if isinstance(more.value, dict) else ())
    known = [at.get(platform) for platform in PLATFORMS]
    others = [more.get(key) for key in more.value] if isinstance(more.value, dict) else []
    for one in (*known, *others):
        user = one.text(longest=128)
        if not user:
            continue
        platform = tidy(str(one.path[-1]))
        if platform == "telegram" and not re.fullmatch(r"-?\d{1,20}", user):
            one.wrong(f"要是数字,写的是「{user}」")
        elif not _ACCOUNT.fullmatch(user):
            one.wrong(f"「{user}」里不能有空格和标点")
        found[platform] = user
    return tuple(sorted(found.items()))


# --- references ----------------------------------------------------------------------------------


def _placed(source: Source, at: At, directory: Directory) -> tuple[Group, ...]:
    """Groups with the whole path of their grid, and their ids looked at for doubles."""
    paths = [path for path, _grid in directory.walk()]
    owners: dict[tuple[str, str], str] = {}
    placed = []
    for index, group in enumerate(directory.groups):
        spot = At(source, ("groups", index), None)
        placed.append(replace(group, grid=_path(spot.get("grid"), group.grid, paths)))
        for account in group.accounts:
            other = owners.setdefault(account, group.name)
            if other != group.name:
                spot.wrong(f"群号 {account[1]} 绑了两次:「{other}」和「{group.name}」")
    for index, unit in enumerate(directory.units):
        for path in unit.grids:
            if path not in paths:
                At(source, ("units", index, "grids"), None).wrong(f"没有「{path}」这个网格")
    return tuple(placed)


def _path(at: At, said: str, paths: Sequence[str]) -> str:
    if said in paths or not said:
        return said
    found = [path for path in paths if ("/" + path).endswith("/" + said)]
    if len(found) == 1:
        return found[0]
    if found:
        at.wrong(f"有{len(found)}个网格叫「{said}」,请写全:{'、'.join(found[:4])}")
    else:
        at.wrong(f"没有「{said}」这个网格")
    return said


def _groups_named(at: At, directory: Directory) -> None:
    names = {group.name for group in directory.groups}
    for index, service in enumerate(directory.service_days):
        for name in service.groups or ():
            if name not in names:
                At(at.source, ("service_days", index, "groups"), None).wrong(f"没有「{name}」这个群")
