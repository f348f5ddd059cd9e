"""A grid leader's few words under a notice, and a resident's answer after "done". Tense and negation decide.

"done" is the costly mistake: whatever speaks against it (not yet, half, again, he says so) wins over it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gridbot.understanding.intents import Packs
from gridbot.understanding.text import clean

Action = Literal["accept", "progress", "done", "transfer", "escalate", "bounce", "ask", "none"]
Answer = Literal["mended", "better", "not_yet"]
_LONG = 300  #: a reply is short; the rest of a long text is not about done or not


@dataclass(frozen=True, slots=True)
class ReplyReading:
    action: Action
    sure: bool = True  #: False: ask back with buttons
    to: str | None = None  #: the unit or person named in a transfer
    until: str | None = None  #: a time named, as written
    because: tuple[str, ...] = ()


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word.lower()) for word in sorted(words, key=len, reverse=True))


class _Words:
    """The groups of replies.yaml, each as one regex; {unit} in a pattern stands for the words of `unit`."""

    def __init__(self, packs: Packs) -> None:
        self.groups: dict[str, re.Pattern[str]] = {}
        lists = {name: _either(phrases.words) for name, phrases in packs.replies.items()}
        for name, phrases in packs.replies.items():
            parts = [lists[name]] if phrases.words else []
            for pattern in phrases.patterns:
                for other, words in lists.items():
                    pattern = pattern.replace("{" + other + "}", f"(?:{words})")
                parts.append(f"(?:{pattern})")
            if parts:
                self.groups[name] = re.compile("|".join(parts))

    def find(self, name: str, text: str) -> str | None:
        pattern = self.groups.get(name)
        match = pattern.search(text) if pattern is not None else None
        return match.group() if match else None

    def whole(self, name: str, text: str) -> bool:
        pattern = self.groups.get(name)
        return bool(pattern and pattern.fullmatch(text))

    def capture(self, name: str, text: str) -> tuple[str, str | None] | None:
        """The match and what its group `to` holds."""
        pattern = self.groups.get(name)
        match = pattern.search(text) if pattern is not None else None
        if match is None:
            return None
        held = next((value for value in match.groups() if value), None)
        return match.group(), held


def _words(packs: Packs) -> _Words:
    known = packs.memo.get("replies")
    if not isinstance(known, _Words):
        known = packs.memo["replies"] = _Words(packs)
    return known


def read_reply(text: str, packs: Packs) -> ReplyReading:
    """What the leader means to do, or has done."""
    said = clean(text[:_LONG]).norm.strip()
    words = _words(packs)
    bare = re.sub(r"[\s,，。.!！~～、]", "", said)
    if not bare or words.whole("noise", bare):
        return ReplyReading("none", because=("没有内容",))
    until = words.find("until", said)
    for step in _STEPS:
        found = step(said, bare, words)
        if found is not None:
            return ReplyReading(found.action, found.sure, found.to, until, found.because)
    return ReplyReading("none", sure=False, until=until, because=("没听懂",))


def _reading(action: Action, word: str, *, sure: bool = True, to: str | None = None) -> ReplyReading:
    return ReplyReading(action, sure, to, None, (word,))


def _short(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """A reply that is nothing but one set phrase."""
    for action in ("accept", "done", "none"):
        if words.whole(f"{action}_alone", bare):
            return _reading(action, bare)
    return None


def _called_off(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """不用上报了: nothing goes up; done only if he says so."""
    off = words.find("called_off", said)
    if off is None:
        return None
    if words.find("done", said) and not words.find("not_done", said):
        return _reading("done", off)
    if words.find("progress", said) or words.find("called_off_working", said):
        return _reading("progress", off)
    return _reading("none", off, sure=False)


def _check(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """说是修好了 你们试试: he asks, he does not say."""
    word = words.find("check", said)
    return _reading("ask", word, sure=False) if word else None


def _choice(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """是自来水还是下水: this or that?"""
    word = words.find("choice", said)
    return _reading("ask", word) if word else None


def _done(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("done", said)
    if word is None:
        return None
    against = words.find("not_done", said)
    if against is not None:
        return None
    doubt = words.find("doubt", said)
    return _reading("done", word, sure=doubt is None)


def _escalate(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("escalate", said)
    return _reading("escalate", word) if word else None


def _transfer(said: str, bare: str, words: _Words) -> ReplyReading | None:
    if words.find("not_transfer", said):
        return None
    found = words.capture("transfer", said)
    if found is None:
        return None
    word, to = found
    if words.find("bounce_first", said):
        return None
    return _reading("transfer", word, to=to)


def _bounce(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("bounce", said)
    return _reading("bounce", word) if word else None


def _ask(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("ask", said)
    return _reading("ask", word) if word else None


def _chat(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("none", said)
    return _reading("none", word) if word else None


def _progress(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("progress", said)
    if word is None:
        word = words.find("not_done", said)
    return _reading("progress", word) if word else None


def _accept(said: str, bare: str, words: _Words) -> ReplyReading | None:
    word = words.find("accept", said)
    return _reading("accept", word) if word else None


def _conditional(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """要是他再不来 我就上报: nothing has been decided yet."""
    word = words.find("conditional", said)
    return _reading("progress", word) if word else None


def _willing(said: str, bare: str, words: _Words) -> ReplyReading | None:
    """不是我管 不过我先去看看: he goes, whatever he says before."""
    if words.find("third", said):
        return None
    word = words.find("willing", said)
    return _reading("accept", word) if word else None


#: Asked in this order; the first that answers decides.
_STEPS: tuple[Callable[[str, str, _Words], ReplyReading | None], ...] = (
    _short,
    _called_off,
    _conditional,
    _choice,
    _check,
    _chat,
    _done,
    _willing,
    _transfer,
    _escalate,
    _bounce,
    _ask,
    _progress,
    _accept,
)


def read_confirmation(text: str, packs: Packs) -> Answer | None:
    """A resident's plain answer to 您看好了吗: 亮了亮了谢谢, 还没好, 好一点."""
    said = clean(text[:_LONG]).norm.strip()
    words = _words(packs)
    if words.find("not_yet", said):
        return "not_yet"
    if words.find("better", said):
        return "better"
    if words.find("mended", said):
        return "mended"
    return None
