"""What the bot does for a neighbourhood besides taking reports: one module or folder per service.

DUE names every timer of the services: kind → function(db, timer, *, now). `start` is called once when
the process starts. `on_button` takes what begins with "service:"; the rest is in each service.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from gridbot.services import announcements, echo, service_days
from gridbot.services.service_days import (
    answer_question,
    apply_change,
    on_button,
    understand_organiser,
    understand_question,
)

__all__ = [
    "DUE",
    "announcements",
    "answer_question",
    "apply_change",
    "echo",
    "on_button",
    "service_days",
    "start",
    "understand_organiser",
    "understand_question",
]

DUE: Mapping[str, Callable[..., None]] = {**service_days.DUE, **announcements.DUE, **echo.DUE}


def start(db: Connection, *, now: datetime) -> None:
    """Every community's dates of the next weeks stand; calling it again changes nothing."""
    service_days.plan_all(db, now=now)
    echo.start(db, now=now)
