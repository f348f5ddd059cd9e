"""The grid tree of WeCom's 居民上报 as a directory: it adds to what is known and takes nothing away.

WeCom knows grids and who runs them, by member id; it knows no places, units or service days. So what it says
is laid over the directory as it stands: new grids come in below the ones above them, known ones keep their
places, and whoever runs a grid there leads it here. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gridbot.grid.directory import Directory, DirectoryError, Grid, Group, Person
from gridbot.grid.directory_check import check

PLATFORM = "wecom_report"
MOST_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Node:
    """One grid as WeCom lists it."""

    id: str
    name: str
    above: str  #: its parent's id, "" or an id that is not listed: it is a top
    admins: tuple[str, ...]  #: member ids


def nodes(rows: Sequence[Mapping[str, Any]]) -> list[Node]:
    """What of the answer is a grid."""
    found = []
    for row in rows:
        id, name, above = row.get("grid_id"), row.get("grid_name"), row.get("grid_parent_id")
        admins = row.get("grid_admin")
        if isinstance(id, str) and id and isinstance(name, str) and name.strip():
            users = tuple(one for one in admins if isinstance(one, str)) if isinstance(admins, list) else ()
            found.append(Node(id, name.strip(), above if isinstance(above, str) else "", users))
    return found


def onto(
    known: Directory | None, found: Sequence[Node], names: Mapping[str, str], *, platforms: Collection[str]
) -> Directory:
    """`names`: member id → name. `platforms`: on which a member is known by that id. Raises DirectoryError
    where the tree is none, or where it is not plain which community is meant."""
    listed = {one.id for one in found}
    tops = [one for one in found if one.above not in listed]
    if not tops:
        raise DirectoryError(["企业微信里没有网格,或者上下级绕成了圈。"])
    if known is None and len(tops) > 1:
        raise DirectoryError(["企业微信里有几个顶层网格,不知道哪个是社区:请先用名单建好社区。"])
    base = known or Directory(tops[0].name, ())
    grids, groups = base.grids, {one.name: one for one in base.groups}
    for top in tops:
        grids = _laid(grids, top, found, names, platforms, 0)
    for path, id in _paths(found, tops):
        name = f"居民上报 {path}"
        accounts = tuple(
            sorted({**dict(groups[name].accounts if name in groups else ()), PLATFORM: id}.items())
        )
        groups[name] = (
            replace(groups[name], accounts=accounts)
            if name in groups
            else Group(name, path, accounts=accounts)
        )
    directory = replace(base, grids=grids, groups=tuple(groups.values()))
    return replace(directory, warnings=tuple(check(directory)))


def _laid(
    grids: tuple[Grid, ...],
    node: Node,
    found: Sequence[Node],
    names: Mapping[str, str],
    platforms: Collection[str],
    depth: int,
) -> tuple[Grid, ...]:
    if depth >= MOST_DEPTH:
        raise DirectoryError([f"{node.name}:企业微信里的网格超过{MOST_DEPTH}层,或者绕成了圈。"])
    old = next((one for one in grids if one.name == node.name), None)
    grid = old or Grid(node.name)
    children = grid.children
    for below in (one for one in found if one.above == node.id):
        children = _laid(children, below, found, names, platforms, depth + 1)
    grid = replace(grid, leaders=_leaders(grid.leaders, node, names, platforms), children=children)
    return tuple(grid if one is old else one for one in grids) if old else (*grids, grid)


def _leaders(
    leaders: tuple[Person, ...], node: Node, names: Mapping[str, str], platforms: Collection[str]
) -> tuple[Person, ...]:
    """Whoever is named already gets the account; the others come after."""
    found = list(leaders)
    for user in node.admins:
        accounts = dict.fromkeys(platforms, user)
        name = names.get(user, user)
        at = next((index for index, one in enumerate(found) if one.name == name), None)
        if at is None:
            found.append(Person(name, accounts=tuple(sorted(accounts.items()))))
        else:
            merged = {**accounts, **dict(found[at].accounts)}
            found[at] = replace(found[at], accounts=tuple(sorted(merged.items())))
    return tuple(found)


def _paths(found: Sequence[Node], tops: Sequence[Node]) -> list[tuple[str, str]]:
    """(path, id) of every grid."""
    paths: list[tuple[str, str]] = []
    waiting = [(one.name, one) for one in tops]
    while waiting:
        path, node = waiting.pop(0)
        paths.append((path, node.id))
        waiting += [(f"{path}/{one.name}", one) for one in found if one.above == node.id]
    return paths
