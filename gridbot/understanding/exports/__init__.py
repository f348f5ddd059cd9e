"""Chat histories as people really get them: whichever form and encoding, in; messages, out, one by one.

Pure and in constant memory: nothing is kept but the message being read. Forms: Telegram Desktop's
result.json; WeChat's own forwarded or mailed record; MemoTrace text and CSV; chatlog text and JSON;
weflow and echotrace JSON; QQ's text; and, where `by_hand` allows it, lines copied with no times at all.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from typing import BinaryIO

from gridbot.understanding.exports.from_csv import COLUMNS, read_csv
from gridbot.understanding.exports.from_json import read_json
from gridbot.understanding.exports.from_text import TIMED, Bare, ByHand, Form, Qq, read_text, text_lines
from gridbot.understanding.exports.line import ExportError, Line, Tally
from gridbot.understanding.exports.mail import text_of_mail
from gridbot.understanding.exports.source import as_text

__all__ = ["Export", "ExportError", "Line", "Tally", "is_record", "open_export", "open_text"]

_HEAD = 400  #: lines looked at to tell the form
EXPECTED = (
    "expected Telegram Desktop's result.json, a WeChat record as forwarded or mailed, MemoTrace .txt or .csv,"
    " chatlog text or JSON, weflow or echotrace JSON, or QQ's .txt"
)


@dataclass(slots=True)
class Export:
    """A history being read. `tally` is complete once `lines` are through."""

    form: str
    lines: Iterator[Line]
    tally: Tally = field(default_factory=Tally)


def open_export(
    stream: BinaryIO, *, zone: tzinfo, now: datetime, name: str = "this", by_hand: bool = False
) -> Export:
    """Finds out the form. `zone` and `now` fill in what a form leaves out; `by_hand` takes lines without
    times, and in the end anything. Raises ExportError."""
    text = text_of_mail(stream) or as_text(stream)
    tally = Tally()
    text.seek(0)
    head = list(islice(text_lines(text), _HEAD))
    first = next((line.strip() for line in head if line.strip()), "")
    text.seek(0)
    if first.startswith(("{", "[{")) or (first == "[" and _looks_json(head)):
        return Export("JSON", _some(read_json(text, tally, zone), name, tally), tally)
    if all(column in first for column in COLUMNS):
        return Export("MemoTrace CSV", _some(read_csv(text, tally, zone), name, tally), tally)
    form = _form_of(head, by_hand=by_hand)
    if form is None:
        raise ExportError(_sentence(name, empty=not first))
    return Export(form.name, read_text(text, form(zone, now), tally), tally)


def open_text(text: str, *, zone: tzinfo, now: datetime) -> Export:
    """What somebody pasted."""
    return open_export(io.BytesIO(text.encode("utf-8", "replace")), zone=zone, now=now, by_hand=True)


def is_record(text: str, *, least: int = 2) -> bool:
    """Whether somebody copied a chat: it has headers that say who and when, `least` of one kind. Names alone
    are not enough: 地点:…, 时间:… is a form."""
    lines = text.splitlines()[:_HEAD]
    counts = (sum(bool(form.pattern.match(line)) for line in lines) for form in TIMED)
    return len(lines) > 1 and any(count >= least for count in counts)


def _looks_json(head: list[str]) -> bool:
    return next((line.strip() for line in head[1:] if line.strip()), "").startswith("{")


def _form_of(head: list[str], *, by_hand: bool) -> type[Form] | None:
    """The form most of whose headers are met; the first of equals."""
    if any(line.startswith(("消息对象", "消息分组")) for line in head):
        return Qq
    counts = {form: sum(bool(form.pattern.match(line)) for line in head) for form in TIMED if form is not Qq}
    best = max(counts, key=lambda form: counts[form])
    if counts[best]:
        return best
    written = [line for line in head if line.strip()]
    if not by_hand or not written:
        return None
    named = sum(bool(ByHand.pattern.match(line)) for line in written)
    return ByHand if named * 3 >= len(written) else Bare


def _some(lines: Iterator[Line], name: str, tally: Tally) -> Iterator[Line]:
    """The lines; if there is not one, and nothing that stood for one, it was something else."""
    read = 0
    for line in lines:
        read += 1
        yield line
    if not read and not tally.system:
        raise ExportError(_sentence(name, empty=False))


def _sentence(name: str, *, empty: bool) -> str:
    return f"{name} {'is empty' if empty else 'is no chat history that can be read'}: {EXPECTED}."
