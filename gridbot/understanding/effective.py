"""The pack as it is in effect: which word came from which layer, and which layer switched one off.

Layers, lowest first: the shipped types (or the folder GRIDBOT_INTENTS names), a community's own file
`communities/<name of the community>.yaml` in that folder, keywords by command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gridbot.understanding.intents import KeywordRule
from gridbot.understanding.layers import Merged, read_layers
from gridbot.understanding.schema import Pairs, TypeFile
from gridbot.understanding.yamlfile import PackError

OWN = "communities"  #: the folder, inside the packs' own, of the communities' files
SHIPPED, COMMAND = "shipped", "by command"
_LISTS = ("first", "sure", "maybe", "topics", "fallback", "excludes")


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one list that came from one layer."""

    list: str
    layer: str
    words: tuple[str, ...]


@dataclass(slots=True)
class TypeView:
    id: str
    title: str
    lists: list[Words] = field(default_factory=list)
    off: list[Words] = field(default_factory=list)
    disabled: str = ""  #: the layer that switched the whole type off


def community_file(folder: Path, name: str) -> Path | None:
    """A community's own file, if there is one. A name is a file's name, never a path."""
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        return None
    file = folder / OWN / f"{name}.yaml"
    return file if file.is_file() else None


def own_files(folder: Path) -> list[Path]:
    return sorted((folder / OWN).glob("*.yaml"))


def layers_of(folder: Path, name: str) -> list[Path]:
    """The folder, and the community's own file on top of it."""
    own = community_file(folder, name)
    return [folder, own] if own is not None else [folder]


def effective(
    layers: Sequence[Path], rules: Sequence[KeywordRule] = (), only: str | None = None
) -> list[TypeView]:
    """Every type (or the one named, by id or title) with its words by layer, those switched off apart."""
    views: dict[str, TypeView] = {}
    below: Merged | None = None
    for number in range(len(layers)):
        merged = read_layers(layers[: number + 1])
        label = SHIPPED if number == 0 else layers[number].name
        for spec in merged.types.values():
            view = views.setdefault(spec.id, TypeView(spec.id, spec.title or spec.id))
            view.title = spec.title or spec.id
            _grown(view, label, below.types.get(spec.id) if below else None, spec)
        below = merged
    for rule in rules:
        if rule.type not in views:
            raise PackError("keywords", None, rule.type, "no such issue type")
        _by_command(views[rule.type], rule)
    return [_without_off(view) for view in views.values() if only is None or only in (view.id, view.title)]


def _grown(view: TypeView, label: str, before: TypeFile | None, spec: TypeFile) -> None:
    """What this layer added: lists only ever grow at their end."""
    for name, words in _flat(spec):
        had = len(dict(_flat(before)).get(name, ())) if before is not None else 0
        if added := tuple(words[had:]):
            (view.off if name == "off" else view.lists).append(Words(name, label, added))
    if spec.disabled and not (before is not None and before.disabled):
        view.disabled = label
    elif not spec.disabled:
        view.disabled = ""


def _flat(spec: TypeFile) -> Iterator[tuple[str, Sequence[str]]]:
    for name in _LISTS:
        yield name, getattr(spec, name)
    yield from _of_pairs("pairs", spec.pairs)
    for hazard, danger in spec.danger.items():
        yield f"danger {hazard}", danger.words
        yield from _of_pairs(f"danger {hazard} pairs", danger.pairs)
    yield "off", spec.off


def _of_pairs(name: str, pairs: Sequence[Pairs]) -> Iterator[tuple[str, Sequence[str]]]:
    for number, one in enumerate(pairs, 1):
        yield f"{name} {number} things", one.things
        yield f"{name} {number} faults", one.faults


def _by_command(view: TypeView, rule: KeywordRule) -> None:
    """A word added by command is on again, whichever layer switched it off."""
    if rule.action == "remove":
        view.off.append(Words("off", COMMAND, (rule.word,)))
        return
    kept = [
        Words(one.list, one.layer, tuple(word for word in one.words if word != rule.word)) for one in view.off
    ]
    view.off = [one for one in kept if one.words]
    view.lists.append(Words("sure" if rule.sure else "maybe", COMMAND, (rule.word,)))


def _without_off(view: TypeView) -> TypeView:
    """What is switched off stands among the words no more."""
    off = {word for one in view.off for word in one.words}
    left = [
        Words(one.list, one.layer, tuple(word for word in one.words if word not in off)) for one in view.lists
    ]
    view.lists = [one for one in left if one.words]
    return view
