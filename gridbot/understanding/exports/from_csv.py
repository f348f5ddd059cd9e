"""MemoTrace's CSV: a row a message, with WeChat's own numbers for the kinds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import TextIO

from gridbot.understanding.exports.from_json import wechat_body
from gridbot.understanding.exports.line import Body, Line, Tally, body_of

COLUMNS = ("Type", "StrContent", "StrTime")  #: those it is known by


def read_csv(stream: TextIO, tally: Tally, zone: tzinfo) -> Iterator[Line]:
    rows = csv.DictReader(stream)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:  # a field of megabytes, a NUL
            tally.unreadable += 1
            continue
        try:
            line = _line(row, zone)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            tally.unreadable += 1
            continue
        if line is None:
            tally.system += 1
        else:
            yield line


def _line(row: dict[str, str], zone: tzinfo) -> Line | None:
    code, sub = int(row["Type"]), int(row.get("SubType") or 0)
    content = row["StrContent"] or ""
    body = body_of(content.splitlines()) if (code, sub) == (49, 57) else wechat_body(code, content)
    if body.empty:
        return None
    who = row.get("Remark") or row.get("NickName") or row.get("Sender") or ""
    if row.get("CreateTime"):
        at = datetime.fromtimestamp(int(row["CreateTime"]), UTC)
    else:
        at = datetime.fromisoformat(row["StrTime"]).replace(tzinfo=zone)
    return _said(body, who, row.get("Sender") or who, at, row.get("localId") or "")


def _said(body: Body, who: str, user: str, at: datetime, id: str) -> Line:
    return Line(who, at, body.text, user, id, body.photo, body.voice)
