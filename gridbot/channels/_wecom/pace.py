"""How much may be said into one chat: so many in so many seconds, several such limits at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

Limits = tuple[tuple[float, int], ...]
"""(seconds, how many) each."""

AIBOT: Limits = ((60, 30), (3600, 1000))  #: 智能机器人: replies and pushes of a chat (path 101463)
WEBHOOK: Limits = ((60, 20),)  #: 群机器人 (path 99110)


class Pace:
    """What was said lately, by chat. Times are the caller's, in seconds, and only go up."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._longest = max(seconds for seconds, _ in limits)
        self._said: dict[str, deque[float]] = {}

    def begin(self, said: Iterable[tuple[str, float]]) -> None:
        """What was said before this process began, oldest first."""
        for chat, at in said:
            self.note(chat, at)

    def note(self, chat: str, at: float) -> None:
        self._said.setdefault(chat, deque()).append(at)

    def wait(self, chat: str, now: float, *, more: int = 1) -> float:
        """Seconds until `more` messages may be said there; 0 if they may now."""
        said = self._said.get(chat)
        if said is None:
            return 0.0
        while said and said[0] <= now - self._longest:
            said.popleft()
        if not said:
            del self._said[chat]
            return 0.0
        return max(self._until(said, now, *limit, more) for limit in self._limits)

    @staticmethod
    def _until(said: deque[float], now: float, seconds: float, most: int, more: int) -> float:
        recent = [at for at in said if at > now - seconds]
        over = len(recent) + min(more, most) - most
        return recent[over - 1] + seconds - now if over > 0 else 0.0
