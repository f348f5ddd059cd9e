"""The sheet 网格: one row per building (楼号), rows of one grid together; as nested data.

Two forms are taken. With a column 上级: each row names a grid and the one above it. Without: one column
per level (二级网格 | 三级网格 | 微网格 | 楼号 | 网格长), as such lists are usually kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gridbot.grid import cells
from gridbot.grid.directory import PLATFORMS
from gridbot.grid.fields import Path, tidy
from gridbot.grid.sheets import Line, Rows, as_sheet, header_word

HEADERS: Mapping[str, str] = {
    **dict.fromkeys(("网格", "网格名称", "网格名"), "网格"),
    **dict.fromkeys(("上级", "上级网格", "所属网格", "所属"), "上级"),
    **dict.fromkeys(("层级", "级别", "网格级别", "网格层级"), "层级"),
    **dict.fromkeys(("楼号", "楼栋", "楼栋号", "地点", "范围", "覆盖范围", "楼院", "楼幢"), "楼号"),
    **dict.fromkeys(("别名", "俗称", "又叫"), "别名"),
    **dict.fromkeys(("类别", "类型"), "类别"),
    **dict.fromkeys(("内外", "墙内外", "墙内墙外"), "内外"),
    **dict.fromkeys(("楼号无主管",), "楼号无主管"),
    **dict.fromkeys(("网格长", "网格长姓名", "微网格长", "楼院长", "楼栋长", "负责人", "姓名"), "网格长"),
    **dict.fromkeys(("副网格长", "副手"), "副网格长"),
    **dict.fromkeys(("联络员",), "联络员"),
    **dict.fromkeys(("电话", "手机", "手机号", "联系电话", "网格长电话", "电话号码", "联系方式"), "电话"),
    **dict.fromkeys(("专属",), "专属"),
    **dict.fromkeys(("无主管", "无物业"), "无主管"),
}
_LEVEL_ENDS = ("网格", "片区", "居民区", "微单元", "街道", "小区", "社区")
NONE = frozenset({"无", "-", "—", "–", "/", "没有"})
ROLES = (("leaders", "网格长"), ("deputies", "副网格长"), ("liaisons", "联络员"))


@dataclass(eq=False)
class Node:
    name: str
    above: str  #: as written: a name or a path
    level: str
    lines: list[Line] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None

    def path(self) -> str:
        """Stops where the parents go round in a circle."""
        names, node, seen = [self.name], self.parent, {id(self)}
        while node is not None and id(node) not in seen:
            seen.add(id(node))
            names.append(node.name)
            node = node.parent
        return "/".join(reversed(names))


class GridSheet:
    """Reads the sheet; `places` says in which row a field of the nested data stands."""

    def __init__(self, title: str, rows: Rows, lines: dict[Path, str], problems: list[str]) -> None:
        self.title, self.lines, self.problems = title, lines, problems
        levels = _level_columns(rows)
        self.sheet = as_sheet(title, rows, {**HEADERS, **{level: level for level in levels}}, problems)
        self.levels = tuple(name for name in self.sheet.fields if name in levels)
        if self.sheet.fields and "网格" not in self.sheet.fields and not self.levels:
            problems.append(f"「{title}」没有「网格」这一列")

    def data(self, path: Path) -> list[Any]:
        """Nested mappings as the YAML file has them."""
        nodes = self._by_levels() if self.levels else self._by_parent()
        roots = self._join(nodes)
        return [self._grid(node, (*path, index)) for index, node in enumerate(roots)]

    def wrong(self, line: Line, problem: str) -> None:
        self.problems.append(f"{self.sheet.where(line.number)}:{problem}")

    # --- rows to nodes ---

    def _by_parent(self) -> list[Node]:
        nodes: dict[tuple[str, str], Node] = {}
        last: Node | None = None
        for line in self.sheet.lines:
            name, above, level = (tidy(line[one]) for one in ("网格", "上级", "层级"))
            if not name:
                if last is None or above or level:
                    self.wrong(line, "网格空着")
                else:
                    last.lines.append(line)  # the name stands once, above its buildings
                continue
            last = nodes.setdefault((above, name), Node(name, above, level))
            if level and last.level and level != last.level:
                self.wrong(line, f"「{name}」前面写的是{last.level},这里写的是{level}")
            last.level = last.level or level
            last.lines.append(line)
        return list(nodes.values())

    def _by_levels(self) -> list[Node]:
        nodes: dict[tuple[str, ...], Node] = {}
        names = [""] * len(self.levels)
        for line in self.sheet.lines:
            given = [tidy(line[level]) for level in self.levels]
            written = [index for index, name in enumerate(given) if name]
            deepest = written[-1] if written else max((i for i, name in enumerate(names) if name), default=0)
            names = [
                given[index] or (names[index] if index < deepest or not written else "")
                for index in range(len(self.levels))
            ]
            chain: tuple[str, ...] = ()
            for index, name in enumerate(names):
                if name:
                    node = Node(name, "/".join(chain), self.levels[index])
                    chain = (*chain, name)
                    nodes.setdefault(chain, node)
            if chain:
                nodes[chain].lines.append(line)
            else:
                self.wrong(line, f"{self.levels[-1]}空着")
        return list(nodes.values())

    def _join(self, nodes: list[Node]) -> list[Node]:
        """Hangs each node under the one it names; the roots. Dangling and circular ones are noted."""
        by_name: dict[str, list[Node]] = {}
        for node in nodes:
            by_name.setdefault(node.name, []).append(node)
        for node in nodes:
            if node.above:
                node.parent = self._above(node, by_name)
        for node in nodes:
            if node.parent is not None and not self._circular(node):
                node.parent.children.append(node)
        return [node for node in nodes if not node.above]

    def _above(self, node: Node, by_name: Mapping[str, list[Node]]) -> Node | None:
        wanted = tidy(node.above).strip("/")
        found = by_name.get(wanted.rpartition("/")[2], [])
        if len(found) > 1:
            same = [one for one in found if _written_path(one) == wanted]
            found = same or [one for one in found if ("/" + _written_path(one)).endswith("/" + wanted)]
        if not found:
            self._note(node, f"上级「{node.above}」不在名单里")
        elif len(found) > 1:
            self._note(node, f"上级「{node.above}」有{len(found)}个,请写全,比如 {_written_path(found[0])}")
        return found[0] if len(found) == 1 else None

    def _circular(self, node: Node) -> bool:
        seen, above = [node], node.parent
        while above is not None:
            if above is node:
                names = [one.name for one in seen]
                if node is min(seen, key=lambda one: one.lines[0].number if one.lines else 0):
                    self._note(node, f"网格的上级绕成了圈:{' → '.join([*names, node.name])}")
                return True
            if above in seen:
                return False
            seen.append(above)
            above = above.parent
        return False

    def _note(self, node: Node, problem: str) -> None:
        self.problems.append(f"{self._where(node)}:{problem}")

    def _where(self, node: Node) -> str:
        return self.sheet.where(node.lines[0].number) if node.lines else f"「{self.title}」"

    # --- nodes to nested data ---

    def _grid(self, node: Node, path: Path) -> dict[str, Any]:
        self.lines[path] = self._where(node)
        data: dict[str, Any] = {"name": node.name, "level": node.level}
        data["places"] = self._places(node, (*path, "places"))
        for key, header in ROLES:
            data[key] = self._people(node, header, (*path, key))
        for key, header in (("exclusive", "专属"), ("unmanaged", "无主管")):
            data[key] = next((line[header] for line in node.lines if line[header]), "")
        children = enumerate(node.children)
        data["children"] = [self._grid(child, (*path, "children", index)) for index, child in children]
        return data

    def _places(self, node: Node, path: Path) -> list[Any]:
        found: list[Any] = []
        last = ""
        for line in node.lines:
            if last and line["楼号"] == last:
                continue  # one cell merged over several rows
            last = line["楼号"]
            written = [] if tidy(line["楼号"]) in NONE else cells.names(line["楼号"])
            if not line["楼号"] and self._must_have_place(node):
                self.wrong(line, "楼号空着(没有就写「无」)")
            for name in written:
                self.lines[(*path, len(found))] = self.sheet.where(line.number)
                found.append(_place(line, name, alone=len(written) == 1))
        return found

    def _must_have_place(self, node: Node) -> bool:
        """Whether an empty cell is a slip: a grid at the bottom, or one whose other rows have one."""
        if "楼号" not in self.sheet.fields:
            return False
        exclusive = node.level == "专属网格" or any(line["专属"] for line in node.lines)
        return len(node.lines) > 1 or not (node.children or exclusive)

    def _people(self, node: Node, header: str, path: Path) -> list[Any]:
        found: list[Any] = []
        for line in node.lines:
            named = cells.entries(line[header])
            for name, values in named:
                if tidy(name) in NONE:
                    continue
                beside = line if header == "网格长" and len(named) == 1 else None
                person = person_data(name, values, beside)
                if person not in found:
                    self.lines[(*path, len(found))] = self.sheet.where(line.number)
                    found.append(person)
        return found


def _place(line: Line, name: str, *, alone: bool) -> dict[str, Any]:
    return {
        "name": name,
        "aliases": cells.names(line["别名"]) if alone else [],
        "kind": line["类别"],
        "side": line["内外"],
        "unmanaged": line["楼号无主管"],
    }


def person_data(name: str, values: Mapping[str, str], line: Line | None = None) -> dict[str, Any]:
    """A person as the YAML file has him; `line`: columns beside the name fill what the cell leaves out."""
    known = {tidy(key).lower(): value for key, value in values.items()}
    data: dict[str, Any] = {"name": name, "phone": known.pop("电话", "") or known.pop("phone", "")}
    data |= {platform: known.pop(platform) for platform in PLATFORMS if platform in known}
    if known:
        data["accounts"] = known
    for key, header in (("phone", "电话"), *((platform, platform) for platform in PLATFORMS)):
        if line is not None and not data.get(key) and line[header]:
            data[key] = line[header]
    return data


def _written_path(node: Node) -> str:
    """The path as far as the rows say it: 上级 as written, then the name."""
    return node.path() if node.parent else "/".join(filter(None, (node.above.strip("/"), node.name)))


def _level_columns(rows: Rows) -> tuple[str, ...]:
    """Headers that are words for levels, where no column 网格 names the grid."""
    for _number, header in rows[:10]:
        words = [header_word(cell) for cell in header]
        if any(HEADERS.get(word) == "网格" for word in words):
            return ()
        found = [word for word in words if word.endswith(_LEVEL_ENDS) and word not in HEADERS]
        if found and any(word in HEADERS for word in words):
            return tuple(found)
    return ()
