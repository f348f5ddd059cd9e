"""A grid leader's few words under a notice, and a resident's answer after "done". Tense and negation decide.

"done" is the costly mistake: it takes a result with nothing before or after it that takes it back (not yet,
will be, half, he says so), and nothing anywhere in the reply that is left over or bad again.

The words decide. Where they say nothing, or little, the leanings (reply_leanings.yaml) choose; where these
all point elsewhere, they doubt or overrule. Done is never sure by them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, get_args

from gridbot.understanding.intents import Packs
from gridbot.understanding.replies_words import Said, Words, bare_forms, words_of

Action = Literal["accept", "progress", "done", "transfer", "escalate", "bounce", "ask", "none"]
Answer = Literal["mended", "better", "not_yet"]
Step = Callable[[Said, Words], "ReplyReading | None"]


@dataclass(frozen=True, slots=True)
class ReplyReading:
    action: Action
    sure: bool = True  #: False: ask back with buttons
    to: str | None = None  #: the unit or person named in a transfer
    until: str | None = None  #: a time named, as written
    because: tuple[str, ...] = ()


def read_reply(text: str, packs: Packs, *, answers: bool = True) -> ReplyReading:
    """What the leader means to do, or has done.

    `answers`: he is known to speak of a case (he quotes its notice); of anything else he may say the leanings
    only doubt that it is done.
    """
    words = words_of(packs)
    said = words.ready(text)
    until = words.find("until", text[:300])
    alone = _alone(said, words)
    if alone is not None:
        return replace(alone, until=until)
    found, holds = _by_words(said, words)
    leant = _weighed(found, holds, said, packs)
    if not answers and leant.action != found.action:
        leant = replace(found, sure=found.sure and found.action != "done")
    return replace(leant, until=until)


def _by_words(said: Said, words: Words) -> tuple[ReplyReading, float]:
    """The first step that answers, and how firmly it holds against the leanings."""
    for step in _STEPS:
        found = step(said, words)
        if found is not None:
            return found, _YIELDS.get(step, _FIRM)
    return ReplyReading("none", sure=False, because=("没听懂",)), 0.0


def _weighed(found: ReplyReading, holds: float, said: Said, packs: Packs) -> ReplyReading:
    """What was found by words, against what the whole reply leans to."""
    words = words_of(packs)
    scraps = words.scraps(_as_it_is_now(said, words))
    sums = packs.replying.of(scraps, get_args(Action))
    if len(sums) < len(get_args(Action)):
        return found
    ranked: list[Action] = sorted(get_args(Action), key=lambda action: -sums[action])
    if ranked[0] == found.action:
        return found
    best, lead = ranked[0], sums[ranked[0]] - sums[ranked[1]]
    more = sums[best] - sums[found.action]
    reasons = packs.replying.reasons(scraps, best) or found.because
    if best == "done":
        his_own = words.find("own_affairs", said.text)
        clear = min(lead, more - holds) >= _DONE and not words.find("unfinished", said.text)
        if holds > _LITTLE or his_own or (holds and not clear):
            return found
        return ReplyReading("done" if clear else "progress", sure=False, because=reasons)
    if more <= holds:
        return replace(found, sure=found.sure and found.action != "done")
    to = words.find("unit", said.text) if best == "transfer" else None
    return ReplyReading(best, holds < _FIRM and lead >= _CLEAR, to, None, reasons)


def _reading(action: Action, word: str, *, sure: bool = True, to: str | None = None) -> ReplyReading:
    return ReplyReading(action, sure, to, None, (word,))


def _alone(said: Said, words: Words) -> ReplyReading | None:
    """A reply that is nothing but one set phrase, said once or twice."""
    forms = bare_forms(said, words)
    if not forms or words.whole("noise", said.bare):
        return _reading("none", "没有内容")
    actions: tuple[Action, ...] = ("accept", "done", "none", "progress", "transfer", "bounce", "ask")
    for form in forms:
        for action in actions:
            if words.whole(f"{action}_alone", form):
                doubtful = action == "done" and words.whole("done_doubtful", form)
                return _reading(action, form, sure=not doubtful)
        if words.whole("noise", form):
            return _reading("none", form)
    return None


def _results(said: Said, words: Words) -> tuple[str | None, str | None]:
    """A result that stands, and one that is taken back by what is said around it."""
    pattern = words.pattern("result")
    stands: str | None = None
    spoilt: str | None = None
    for clause in said.clauses:
        for match in pattern.finditer(clause) if pattern else ():
            before, after = clause[: match.start()], clause[match.end() :]
            taken = _taken_back(before, match.group(), after, words)
            if taken is None:
                stands = stands or match.group()
            else:
                spoilt = spoilt or taken + match.group()
    return stands, spoilt


def _taken_back(before: str, result: str, after: str, words: Words) -> str | None:
    """The word around a result that makes it a wish, a promise, a rumour or a part of it."""
    reported = words.find("reported", before)
    if reported is not None:
        return reported
    plain = "了" not in result and not result.startswith("已")
    if not words.find("sure_before", before) and (plain or not words.find("sent_before", before)):
        taken = words.find("before", before)
        if taken is None and plain:
            taken = words.find("before_plain", before)
        if taken is not None:
            return taken
    return words.find("after", after)


def _called_off(said: Said, words: Words) -> ReplyReading | None:
    """不用上报了: nothing goes up; done only if he says so."""
    off = words.find("called_off", said.text)
    if off is None:
        return None
    stands, spoilt = _results(said, words)
    if stands and not spoilt and not words.find("unfinished", said.text):
        return _reading("done", off)
    if words.find("progress", said.text) or words.find("called_off_working", said.text):
        return _reading("progress", off)
    return _reading("none", off, sure=False)


def _conditional(said: Said, words: Words) -> ReplyReading | None:
    """要是他再不来 我就上报: nothing has been decided yet."""
    word = words.find("conditional", said.text)
    return _reading("progress", word) if word else None


def _check(said: Said, words: Words) -> ReplyReading | None:
    """说是修好了 你们试试 还漏吗: he asks, he does not say."""
    word = None if words.find("still", said.text) else words.find("check", said.text)
    return _reading("ask", word, sure=False) if word else None


def _as_it_is_now(said: Said, words: Words) -> Said:
    """刚才还没好，现在好了: what was is left out where a later clause says what is."""
    for at in range(len(said.clauses) - 1, 0, -1):
        if words.find("now", said.clauses[at]):
            before = tuple(clause for clause in said.clauses[:at] if not words.find("past", clause))
            kept = before + said.clauses[at:]
            return Said("，".join(kept), said.bare, kept, "，".join(kept))
    return said


def _done(said: Said, words: Words) -> ReplyReading | None:
    said = _as_it_is_now(said, words)
    stands, spoilt = _results(said, words)
    if stands is None:
        return None
    against = words.find("unfinished", said.text)
    if spoilt is not None or against is not None:
        return None
    if words.find("own_affairs", said.text):
        return None
    if words.find("remains", words.without("harmless", said.text)):
        return _reading("progress", stands, sure=False)
    return _reading("done", stands, sure=words.find("doubt", said.text) is None)


def _unfinished(said: Said, words: Words) -> ReplyReading | None:
    """A result that does not stand, or is taken back: work is going on."""
    stands, spoilt = _results(said, words)
    if spoilt is not None:
        return _reading("progress", spoilt)
    against = words.find("unfinished", said.text)
    return _reading("progress", against) if against and (stands or _about_it(said, words)) else None


def _about_it(said: Said, words: Words) -> bool:
    return not words.find("topic", said.text) or bool(words.find("thing", said.text))


def _willing(said: Said, words: Words) -> ReplyReading | None:
    """不是我管 不过我先去看看: he goes, whatever he says before."""
    word = words.find("willing", said.text)
    if word is None or ("我" not in word and words.find("others_come", said.text)):
        return None
    if words.find("still", said.text) or _ask(said, words) or any(_results(said, words)):
        return None
    return _reading("accept", word)


def _transfer(said: Said, words: Words) -> ReplyReading | None:
    if words.find("transfer_veto", said.text):
        return None
    found = words.capture("transfer", said.text)
    return _reading("transfer", found[0], to=found[1]) if found else None


def _escalate(said: Said, words: Words) -> ReplyReading | None:
    if words.find("upper_acts", said.text):
        return None
    if words.find("not_escalate", said.text) and not words.find("upper", said.text):
        return None
    handed = words.find("handed", said.text)
    if handed and (words.find("unit", handed) or not words.find("upper", said.text)):
        return None
    word = words.find("escalate", said.text)
    return _reading("escalate", word) if word else None


def _bounce(said: Said, words: Words) -> ReplyReading | None:
    word = words.find("bounce", said.text)
    return _reading("bounce", word) if word else None


def _ask(said: Said, words: Words) -> ReplyReading | None:
    if words.find("not_ask", said.text):
        return None
    word = words.find("ask", said.text)
    return _reading("ask", word) if word else None


def _chat(said: Said, words: Words) -> ReplyReading | None:
    word = words.find("topic", said.text)
    return _reading("none", word) if word and not _about_it(said, words) else None


def _progress(said: Said, words: Words) -> ReplyReading | None:
    word = words.find("progress", said.text)
    return _reading("progress", word) if word else None


def _accept(said: Said, words: Words) -> ReplyReading | None:
    word = words.find("accept", said.text)
    return _reading("accept", word) if word else None


#: Asked in this order; the first that answers decides.
_STEPS: tuple[Step, ...] = (
    _called_off,
    _conditional,
    _check,
    _done,
    _willing,
    _escalate,
    _transfer,
    _bounce,
    _chat,
    _ask,
    _unfinished,
    _progress,
    _accept,
)


#: By so much the leanings must speak more for another action than for the one found, to have it.
_FIRM = 3.0
_LITTLE = 1.0
_YIELDS: dict[Step, float] = {
    _called_off: inf,  # what is denied, or only asked about, the scraps cannot tell
    _conditional: inf,
    _check: inf,
    _unfinished: 3.5,
    _accept: 2.0,
    _progress: _LITTLE,
}
_DONE = 2.0  #: … and for done so much more than for any other
_CLEAR = 1.5  #: … and so much more than for any other to be sure of it


def read_confirmation(text: str, packs: Packs) -> Answer | None:
    """A resident's plain answer to 您看好了吗: 亮了亮了谢谢, 还没好, 好一点."""
    words = words_of(packs)
    said = words.ready(text)
    whole = "，".join(part for part in words.plain(said.bare).split("，") if part)
    answers: tuple[Answer, ...] = ("better", "not_yet", "mended")
    if words.find("asked", whole):
        return "not_yet" if words.find("not_yet", whole) else None
    for answer in answers:
        if words.find(answer, whole):
            return answer
    return None
