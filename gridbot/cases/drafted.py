"""What a case is begun from: a report as understood, and one message that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as understood, not yet a case. `titles` is what it is called in a sentence: the thing
    (楼道灯), or the type's Chinese name (照明). `finish_by` counts from the report."""

    types: tuple[str, ...]
    titles: tuple[str, ...]
    place: str = ""
    place_key: str = ""
    side: str = ""
    node_id: int | None = None
    urgent: bool = False
    private: bool = False
    hazard: str = ""  #: which safety sentence: gas | fire | trapped …
    claim_minutes: int = 120
    finish_by: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """One message that belongs to a case."""

    inbox_id: int | None
    person_id: int | None
    text: str
    message: str
    at: datetime
    photos: tuple[str, ...] = ()
    part: str = "report"
