"""Layers of pack files laid over one another: shipped types < the community's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from gridbot.understanding.schema import (
    CueFile,
    DialectFile,
    Examples,
    Layer,
    Phrases,
    PlacesFile,
    RemarksFile,
    Scraps,
    SoundsFile,
    ToneFile,
    TrapsFile,
    TypeFile,
    bounded,
    check,
)
from gridbot.understanding.yamlfile import Document, PackError, read_document

M = TypeVar("M", bound=BaseModel)


@dataclass
class Merged:
    types: dict[str, TypeFile] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    cues: dict[str, CueFile] = field(default_factory=dict)
    replies: dict[str, Phrases] = field(default_factory=dict)
    places: PlacesFile = field(default_factory=PlacesFile)
    remarks: RemarksFile = field(default_factory=RemarksFile)
    tone: ToneFile = field(default_factory=ToneFile)
    scraps: dict[str, float] = field(default_factory=dict)
    leanings: dict[str, tuple[float, dict[str, float]]] = field(default_factory=dict)
    replying: dict[str, tuple[float, dict[str, float]]] = field(default_factory=dict)  #: by action
    sounds: list[str] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    phrases: dict[str, str] = field(default_factory=dict)
    traps: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def read_layers(layers: Iterable[Path]) -> Merged:
    merged = Merged()
    for layer in layers:
        if layer.is_dir():
            files = sorted(layer.glob("*.yaml"))
            if not files:
                raise PackError(layer, None, "", "holds no .yaml file")
            for file in files:
                _read_file(merged, file)
        elif layer.is_file():
            read_single(merged, layer)
        else:
            raise PackError(layer, None, "", "does not exist")
    if not merged.types:
        raise PackError("intents", None, "", "no issue type was found")
    return merged


def mistakes(layers: Iterable[Path]) -> list[PackError]:
    """Every file's first mistake, where `read_layers` stops at the first of all."""
    found = []
    for layer in layers:
        for file in sorted(layer.glob("*.yaml")) if layer.is_dir() else [layer]:
            try:
                if layer.is_dir():
                    _read_file(Merged(), file)
                else:
                    read_single(Merged(), file)
            except PackError as error:
                found.append(error)
    return found


def _read_file(merged: Merged, file: Path) -> None:
    document = read_document(file)
    if file.name == "words.yaml":
        for name, data in _mapping(document).items():
            words = check(Phrases, document, {"words": data}, (name,)).words
            merged.words.setdefault(name, []).extend(words)
    elif file.name == "cues.yaml":
        for name, data in _mapping(document).items():
            _check_patterns(document, (name,), data)
            over = check(CueFile, document, data, (name,))
            merged.cues[name] = _lay(merged.cues.get(name), over)
    elif file.name == "replies.yaml":
        for name, data in _mapping(document).items():
            _check_patterns(document, (name,), data)
            phrases = check(Phrases, document, data, (name,))
            merged.replies[name] = _lay(merged.replies.get(name), phrases)
    elif file.name == "remarks.yaml":
        groups = _mapping(document).get("groups")
        for name, data in groups.items() if isinstance(groups, dict) else ():
            _check_patterns(document, ("groups", name), data)
        merged.remarks = _lay(merged.remarks, check(RemarksFile, document))
    elif file.name == "places.yaml":
        merged.places = _lay(merged.places, check(PlacesFile, document))
    elif file.name == "tone.yaml":
        merged.tone = check(ToneFile, document)
        _weigh(merged, merged.tone)
    elif file.name in ("leanings.yaml", "reply_leanings.yaml"):
        known = merged.leanings if file.name == "leanings.yaml" else merged.replying
        for name, data in (_mapping(document) if document.data is not None else {}).items():
            _lean(known, name, check(Scraps, document, data, (name,)))
    elif file.name == "dialect.yaml":
        spoken = check(DialectFile, document)
        merged.same |= spoken.same
        merged.phrases |= spoken.phrases
    elif file.name == "sounds.yaml":
        merged.sounds += check(SoundsFile, document).words
    elif file.name == "traps.yaml":
        traps = check(TrapsFile, document)
        merged.traps += traps.words
        merged.silent += traps.silent
    else:
        spec = check(TypeFile, document)
        if file.stem != spec.id:
            raise document.error(("id",), f"is {spec.id}, but the file is called {file.name}")
        merged.types[spec.id] = _lay(merged.types.get(spec.id), spec)


def read_single(merged: Merged, file: Path) -> None:
    """A community's own file."""
    document = read_document(file)
    layer = check(Layer, document)
    for name, words in layer.words.items():
        merged.words.setdefault(name, []).extend(words)
    merged.traps += layer.traps
    groups = {name: Phrases(words=words) for name, words in layer.remarks.items()}
    merged.remarks = _lay(merged.remarks, RemarksFile(groups=groups))
    _weigh(merged, layer.tone)
    for name, said in layer.leanings.items():
        _lean(merged.leanings, name, said)
    for spec in layer.types:
        merged.types[spec.id] = _lay(merged.types.get(spec.id), spec)


def _weigh(merged: Merged, said: Scraps) -> None:
    for weight, scraps in said.scraps.items():
        merged.scraps.update(dict.fromkeys(scraps, float(weight)))


def _lean(known: dict[str, tuple[float, dict[str, float]]], kind: str, said: Scraps) -> None:
    bias, scraps = known.get(kind, (0.0, {}))
    more = {scrap: float(weight) for weight, words in said.scraps.items() for scrap in words}
    known[kind] = (bias if said.bias is None else said.bias, scraps | more)


def _mapping(document: Document) -> dict[str, Any]:
    if not isinstance(document.data, dict):
        raise document.error((), "a mapping is expected")
    return document.data


def _check_patterns(document: Document, at: tuple[str, ...], data: Any) -> None:
    patterns = data.get("patterns") if isinstance(data, dict) else None
    for i, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        try:
            bounded(str(pattern))
        except Exception as error:
            raise document.error((*at, "patterns", i), f"not a usable pattern: {error}") from None


def _lay(under: M | None, over: M) -> M:
    """`over` on `under`: lists grow, what `over` says outright replaces, the rest stays."""
    if under is None:
        return over
    values: dict[str, Any] = {}
    for name in type(under).model_fields:
        below, above = getattr(under, name), getattr(over, name)
        said = name in over.model_fields_set
        if isinstance(below, list):
            values[name] = [*below, *above]
        elif isinstance(below, Examples):
            values[name] = _lay(below, above)
        elif isinstance(below, dict):
            values[name] = {
                key: _over(below.get(key), above[key]) if key in above else below[key]
                for key in [*below, *(key for key in above if key not in below)]
            }
        else:
            values[name] = above if said else below
    return type(under).model_construct(set(values), **values)


def _over(under: Any, over: Any) -> Any:
    """One value of a mapping: lists of words and records grow, anything else is replaced."""
    return _lay(under, over) if isinstance(over, BaseModel) else over
