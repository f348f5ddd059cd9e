"""What is missing in a sound directory: said, but no reason to refuse it."""

from __future__ import annotations

from gridbot.grid.directory import Directory, Grid

SHOWN = 5


def check(directory: Directory) -> list[str]:
    """Sentences in Chinese."""
    grids = list(directory.walk())
    lost = [path for path, grid in grids if not grid.leaders]
    bare = [path for path, grid in grids if not grid.children and not grid.places and not grid.exclusive]
    people = directory.people().values()
    no_account = [person.name for person in people if not person.accounts]
    found = [
        _some(lost, "个网格还没有网格长"),
        _some(bare, "个网格没有楼号"),
        _some(no_account, "个人还没有账号,导入后要发邀请"),
        _some(double_places(grids), "个地名在不止一个网格里,报事时会问是哪里"),
    ]
    if not directory.groups:
        found.append("还没有群,机器人进群后要绑定")
    if not directory.admins:
        found.append("还没有管理员")
    return [sentence for sentence in found if sentence]


def double_places(grids: list[tuple[str, Grid]]) -> list[str]:
    """Place names that stand under more than one grid."""
    where: dict[str, set[str]] = {}
    for path, grid in grids:
        for place in grid.places:
            for name in (place.name, *place.aliases):
                where.setdefault(name, set()).add(path)
    return [name for name, paths in where.items() if len(paths) > 1]


def _some(names: list[str], what: str) -> str:
    if not names:
        return ""
    more = "等" if len(names) > SHOWN else ""
    return f"{len(names)}{what}:{'、'.join(names[:SHOWN])}{more}"
