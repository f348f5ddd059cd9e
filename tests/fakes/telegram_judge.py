"""Whether a request is one the Bot API would take: judged by aiogram's own models of its methods."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any, get_args
from urllib.parse import urlsplit

from aiogram import methods
from aiogram.methods import TelegramMethod
from pydantic import BaseModel, ValidationError

#: the documented list of emoji a reaction may be; a group may allow fewer
_EMOJI = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 "
    "🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 "
    "💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())
_TAG_NAMES = "b strong i em u ins s strike del span tg-spoiler a code pre blockquote tg-emoji tg-time"
_TAGS = frozenset(_TAG_NAMES.split())
_KINDS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "a": "text_link"}


class Refused(Exception):  # noqa: N818 — an answer, not an error of ours
    """What the platform answers instead of a result."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(reason: str) -> Refused:
    return Refused(400, f"Bad Request: {reason}")


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@cache
def _methods() -> dict[str, type[TelegramMethod[Any]]]:
    found = {}
    for name in methods.__all__:
        value = getattr(methods, name)
        if isinstance(value, type) and issubclass(value, TelegramMethod) and value is not TelegramMethod:
            found[value.__api_method__.lower()] = value
    return found


def judge(name: str, given: dict[str, str], files: dict[str, bytes]) -> tuple[str, dict[str, Any]]:
    """(the method's real name, its parameters as plain values). Refuses what is not in the documentation."""
    model = _methods().get(name.lower())
    if model is None:
        raise Refused(404, "Not Found: method not found")
    values: dict[str, Any] = {}
    for key, text in given.items():
        field = model.model_fields.get(key)
        if field is None:
            raise bad(f"unknown parameter {key!r} of {model.__api_method__}")
        values[key] = _decoded(text, field.annotation)
        if isinstance(text, str) and text.startswith("attach://") and text[9:] not in files:
            raise bad(f"file {text} was not attached")
    try:
        request = model.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise bad(f"{model.__api_method__}: {where}: {fault['msg']}") from None
    _nothing_unknown(request, model.__api_method__)
    return model.__api_method__, values


def _decoded(text: str, annotation: Any) -> Any:
    kinds = get_args(annotation) or (annotation,)
    if str in kinds and int not in kinds:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _nothing_unknown(value: Any, path: str) -> None:
    if isinstance(value, BaseModel):
        if value.model_extra:
            raise bad(f"unknown field {path}.{next(iter(value.model_extra))}")
        for name in value.model_fields_set:
            _nothing_unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _nothing_unknown(item, f"{path}[{index}]")


# --- text ----------------------------------------------------------------------------------------


def formatted(text: str, mode: str | None, entities: list[dict[str, Any]] | None) -> tuple[str, list[Any]]:
    """(text as it is shown, entities)."""
    if mode and entities:
        entities = None  # the documentation: entities may be given instead of parse_mode
    if mode == "HTML":
        text, found = _Html.read(text)
    elif mode:
        raise bad(f"unsupported parse_mode {mode}")
    else:
        found = entities or []
        _check_entities(text, found)
    return text.rstrip(), found


def _check_entities(text: str, entities: list[dict[str, Any]]) -> None:
    data = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        if start < 0 or end > len(data) or entity["length"] <= 0:
            raise bad("ENTITY_BOUNDS_INVALID")
        try:
            data[start:end].decode("utf-16-le")
        except UnicodeDecodeError:
            at = len(data[:start].decode("utf-16-le", "replace").encode())
            raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {at}") from None


class _Html(HTMLParser):
    """Telegram's small HTML: a few tags, all of them closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = ""
        self.entities: list[dict[str, Any]] = []
        self.open: list[tuple[str, int, dict[str, str]]] = []
        self.source = source

    @classmethod
    def read(cls, source: str) -> tuple[str, list[dict[str, Any]]]:
        if re.search(r"<(?![a-zA-Z/])", source):
            raise bad('can\'t parse entities: Unsupported start tag "" at byte offset 0')
        parser = cls(source)
        parser.feed(source)
        parser.close()
        if parser.open:
            tag = parser.open[-1][0]
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
        return parser.shown, parser.entities

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self._at()}')
        self.open.append((tag, units(self.shown), {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {self._at()}")
        opened, start, attrs = self.open.pop()
        if opened != tag:
            raise bad(
                f"can't parse entities: Unmatched end tag at byte offset {self._at()}, "
                f'expected "</{opened}>", found "</{tag}>"'
            )
        length = units(self.shown) - start
        if length:
            more = {"url": attrs["href"]} if tag == "a" and "href" in attrs else {}
            self.entities.append({"type": _KINDS.get(tag, tag), "offset": start, "length": length, **more})

    def handle_data(self, data: str) -> None:
        self.shown += data

    def _at(self) -> int:
        line, column = self.getpos()
        lines = self.source.splitlines(keepends=True)
        return len(("".join(lines[: line - 1]) + "".join(lines[line - 1 : line])[:column]).encode())


def check_keyboard(markup: dict[str, Any] | None) -> None:
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise bad("can't parse inline keyboard button: text must be non-empty")
            if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
            if "url" in button and urlsplit(button["url"]).scheme not in ("http", "https", "tg"):
                raise bad(
                    f"inline keyboard button URL '{button['url']}' is invalid: Unsupported URL protocol"
                )
            if not {"callback_data", "url", "copy_text"} & button.keys():
                raise bad(
                    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
                )
