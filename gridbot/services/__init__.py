"""What the bot does for a neighbourhood besides taking reports: one module or folder per service.

DUE names every timer of the services: kind → function(db, timer, *, now).
"""

from collections.abc import Callable, Mapping

from gridbot.services import announcements, service_days
from gridbot.services.service_days import answer_question, on_button

DUE: Mapping[str, Callable[..., None]] = {**service_days.DUE, **announcements.DUE}

__all__ = ["DUE", "answer_question", "on_button"]
