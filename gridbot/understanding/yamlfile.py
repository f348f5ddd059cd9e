"""YAML that names file, line and field when something is wrong, and refuses the same key twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class PackError(ValueError):
    """A pack that cannot be used: `file:line: field: what is wrong`."""

    def __init__(self, file: Path | str, line: int | None, field: str, problem: str) -> None:
        self.file, self.line, self.field, self.problem = str(file), line, field, problem
        where = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{where}: {field}: {problem}" if field else f"{where}: {problem}")


class Document:
    """The plain data of one file, and the line on which each field stands."""

    def __init__(self, file: Path, data: Any, lines: dict[tuple[str | int, ...], int]) -> None:
        self.file, self.data, self.lines = file, data, lines

    def line(self, field: tuple[str | int, ...]) -> int | None:
        """The line of a field, or of the nearest thing around it."""
        for end in range(len(field), -1, -1):
            if field[:end] in self.lines:
                return self.lines[field[:end]]
        return None

    def error(self, field: tuple[str | int, ...], problem: str) -> PackError:
        return PackError(self.file, self.line(field), ".".join(map(str, field)), problem)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_DEEPEST, _LARGEST = 12, 4_000_000


def read_document(file: Path) -> Document:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(file, None, "", f"cannot be read ({error})") from error
    try:
        _measure(file, text)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            lines: dict[tuple[str | int, ...], int] = {}
            data = _plain(loader, file, node, (), lines, 0) if node is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise PackError(file, mark.line + 1 if mark else None, "", f"not valid YAML: {problem}") from error
    return Document(file, data, lines)


def _measure(file: Path, text: str) -> None:
    """Refuses what would overrun the parser's stack or memory before anything is composed of it."""
    if len(text) > _LARGEST:
        raise PackError(file, None, "", "too large")
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else None
        if depth > _DEEPEST:
            raise PackError(file, line, "", "nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            raise PackError(file, line, "", "aliases are not used here")


def _plain(
    loader: Any,
    file: Path,
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    depth: int,
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if depth > _DEEPEST:
        raise PackError(file, line, ".".join(map(str, path)), "nested too deeply")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            here = (*path, key)
            if key in found:
                raise PackError(file, key_node.start_mark.line + 1, ".".join(map(str, here)), "stands twice")
            lines[here] = key_node.start_mark.line + 1
            found[key] = _plain(loader, file, value, here, lines, depth + 1)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, file, v, (*path, i), lines, depth + 1) for i, v in enumerate(node.value)]
    return loader.construct_object(node)
