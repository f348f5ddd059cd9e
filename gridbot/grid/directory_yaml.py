"""The directory as YAML: every scalar is read as the text that stands there, with its line."""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import yaml

from gridbot.grid.directory import Directory, DirectoryError, to_data
from gridbot.grid.directory_read import build
from gridbot.grid.fields import Path, Source

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
DEEPEST, LARGEST = 40, 200_000
_NULL = "tag:yaml.org,2002:null"


def read_yaml(text: str) -> Directory:
    """Raises DirectoryError; its sentences name line and field."""
    try:
        _measure(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise DirectoryError([_malformed(error)]) from None
    plain = _Plain()
    data = plain.of(node, ()) if node is not None else {}
    source = Source(data, plain.where)
    source.problems += plain.problems
    return build(source)


def read_yaml_file(file: File) -> Directory:
    """Raises DirectoryError, for a file that cannot be read too."""
    try:
        return read_yaml(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DirectoryError([f"打不开 {file}:{error.strerror}"]) from None
    except UnicodeDecodeError:
        raise DirectoryError([f"{file} 不是 UTF-8 编码的文字"]) from None


def write_yaml(directory: Directory) -> str:
    """Ends of branches stand in one line: {name: 李格长, telegram: 2001}."""
    data = to_data(directory)
    return yaml.dump(
        data, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None
    )


def _measure(text: str) -> None:
    """Refuses what is nested so deeply that the C parser would overrun its stack and kill the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > 2 * DEEPEST:
            raise _too_deep(event.start_mark.line + 1 if event.start_mark else 1)


def _too_deep(line: int) -> DirectoryError:
    return DirectoryError([f"第{line}行:套得太深或太大了,是不是绕成了圈?"])


def _malformed(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "看不懂"
    where = f"第{mark.line + 1}行:" if mark else ""
    return f"{where}YAML 写错了({problem});看看缩进、冒号后面的空格、引号和括号"


class _Plain:
    """Nested dicts, lists and texts of a node tree; `lines` says where each stands."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[str] = []

    def where(self, path: Path) -> str:
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return f"第{self.lines[path[:end]]}行"
        return "第1行"

    def of(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if len(path) > DEEPEST or len(self.lines) > LARGEST:
            raise _too_deep(line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.of(value, (*path, index)) for index, value in enumerate(node.value)]
        plain_null = node.tag == _NULL and getattr(node, "style", None) is None
        return None if plain_null else str(node.value)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise DirectoryError([f"第{line}行:字段名要是文字"])
            key = str(key_node.value)
            if key in found:
                self.problems.append(f"第{line}行:字段「{key}」写了两次")
            self.lines[(*path, key)] = line
            found[key] = self.of(value, (*path, key))
        return found
