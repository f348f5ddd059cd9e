"""What may stand in a pack. Strict: an unknown field or a wrong kind of value is an error with its line."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from gridbot.understanding.yamlfile import Document

Word = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Words = list[Word]
Score = Annotated[float, Field(gt=0, le=2)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Finish(Strict):
    """Three units, because 4 working hours are not 4 hours and 5 working days are not 5 days."""

    amount: Annotated[float, Field(gt=0)]
    unit: Literal["小时", "工作时", "工作日"]


class Deadlines(Strict):
    claim: Annotated[int, Field(gt=0)] = 120  #: minutes until somebody should have taken it
    remind: Annotated[int, Field(gt=0)] = 60  #: minutes between reminders
    finish: Finish = Finish(amount=5.0, unit="工作日")


class Responsible(Strict):
    inside: list[str] = []
    outside: list[str] = []


class Bodies(Strict):
    """Several bodies have a share. both_sides: one inside the wall and one outside, each its own part, where
    the side is not known or one of `words` was said."""

    split: Literal["both_sides"]
    words: Words = []


class Thresholds(Strict):
    open: Score = 0.9
    ask: Score = 0.65


class Pairs(Strict):
    """A thing together with a fault that can be said of it."""

    things: Words
    faults: Words
    score: Score = 1.0
    reach: Annotated[int, Field(gt=0, le=40)] = 16  #: characters that may lie between


Hazard = Literal[
    "gas", "fire", "trapped", "live_wire", "collapse", "violence", "lost", "relapse", "crisis", "other"
]


class Danger(Strict):
    words: Words = []
    pairs: list[Pairs] = []


class Examples(Strict):
    match: list[str] = []
    no_match: list[str] = []


class TypeFile(Strict):
    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    title: str | None = None
    covers: str | None = None
    urgency: Literal["normal", "high"] | None = None
    private: bool | None = None
    supply: bool | None = None
    owner_first: bool | None = None
    deadlines: Deadlines | None = None
    responsible: Responsible | None = None
    bodies: Bodies | None = None
    against: list[str] = []  #: units it is in itself a complaint about; "@named": those its words name
    sweep: bool | None = None  #: like yards beside are likely to have it too: a look there is offered
    thresholds: Thresholds | None = None
    first: Words = []  #: enough alone, and the message is about this before all else it speaks of
    sure: Words = []  #: enough alone
    maybe: Words = []  #: worth a question; with a complaint or a place beside it enough
    topics: Words = []  #: nouns that make a report only in the mouth of somebody who complains
    fallback: Words = []  #: counts only where no other type is meant
    pairs: list[Pairs] = []
    danger: dict[Hazard, Danger] = {}  #: dangers to life, each with the safety sentence it needs
    excludes: Words = []  #: in the same clause: this type is not meant
    wary: bool = False  #: one bare word, without place, complaint or "now", is only asked about
    weak: bool = False  #: steps back when another type is as strong
    off: Words = []  #: words of lower layers that are switched off here
    disabled: bool = False
    examples: Examples = Examples()


class CueFile(Strict):
    """A mood of speech: what shows it, what it silences."""

    words: Words = []
    patterns: list[str] = []
    kind: Literal["chat", "status", "question", "resolved", "still", "support", "withdraw", "civic"] = "chat"
    scope: Literal["clause", "onward", "message", "none"] = "none"
    unless: list[str] = []
    urgent_too: bool = False  #: silences words of danger too
    danger_only: bool = False  #: silences nothing but words of danger: what is only feared
    soft: bool = False  #: gives way to a firm report: a fault said of a thing, with a place or a complaint
    final: bool = False  #: whatever the tone: an advertisement may complain
    push: Annotated[float, Field(ge=0, le=1)] = 0  #: what each of its words adds to words not enough alone
    why: str = ""


class Phrases(Strict):
    words: Words = []
    patterns: list[str] = []


class PlacesFile(Strict):
    """What the grammar of places has to know beside numbers: see intents/places.yaml for each list's use."""

    shops: Words = []  #: a kind of shop or office: a weak place by itself
    heads: Words = []  #: how names end that are places before a tail or a number, or as a clause of their own
    buildings: str = ""  #: characters that end a name, but only before a tail of two characters or more
    shop_heads: Words = []  #: the same of shops, that need no tail after 楼下, 对面
    likened: Words = []  #: 成, 像, 去趟: before a landmark they say that it is not here
    shop_fronts: Words = []  #: 楼下, 对面: before a shop they make it a place
    qualifiers: Words = []  #: 学校, 南区: before a landmark they belong to it (学校西门)
    roads: Words = []  #: 六一路: streets in spite of not_roads
    not_roads: Words = []
    stop: str = ""
    no_name: str = ""  #: characters that no name holds
    sides: Words = []  #: 东, 后面: before a site they make it a place
    sites: Words = []  #: 围墙, 广场: a place with a side, a tail, or beside another place
    touches: Words = []  #: 上, 脚: tails of sites only
    heres: Words = []  #: 那里: tails that belong to no name
    things: Words = []  #: 垃圾桶: a place with a tail only
    along: Words = []  #: 靠: 靠河那侧
    estates: Words = []
    courts: Words = []  #: 苑: estates whose names may have two characters before it
    not_estates: Words = []
    landmarks: Words = []
    spots: Words = []
    weak: Words = []
    tails: Words = []
    inside: Words = []
    outside: Words = []
    not_numbers: Words = []
    not_places: Words = []


Char = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class DialectFile(Strict):
    """Characters that are read as others, so that not every rule needs every town's way of writing it."""

    same: dict[Char, Char] = {}
    phrases: dict[str, str] = {}

    @field_validator("phrases")
    @classmethod
    def _as_long(cls, phrases: dict[str, str]) -> dict[str, str]:
        for said, meant in phrases.items():
            if not said or len(said) != len(meant):
                raise ValueError(f"“{said}” and “{meant}” must be of one length")
        return phrases


class SoundsFile(Strict):
    """Words that voice input writes in other characters of the same sound."""

    words: Words = []


class TrapsFile(Strict):
    """Fixed phrases that hold a keyword and mean something else, and whole lines that must stay silent."""

    words: Words = []
    silent: list[str] = []


class Counts(Strict):
    """Minutes after the reporter's own last words within which a remark counts."""

    alone: Minutes = 0  #: it names no place
    placed: Minutes = 0  #: it names the same place
    bare: Minutes = 0  #: "我家也是" and nothing else
    urgent: Minutes = 0  #: without a place, beside an emergency
    private: Minutes = 0  #: without a place, beside what is private


RemarkName = Literal["too", "sensed", "stuck", "help", "yes", "person", "trouble"]


class ToneLimits(Strict):
    """By how much else speaks for a report. In danger the tone holds nothing back where there is a place."""

    placed: float  #: beside a full place: a number, a street, an estate
    somewhere: float  #: beside a place that may be anywhere: 楼道, 门口
    nowhere: float

    def beside(self, *, placed: bool, somewhere: bool) -> float:
        return self.placed if placed else self.somewhere if somewhere else self.nowhere


class ToneHeard(Strict):
    """From which sums on something silenced is asked about, and from which it is opened."""

    ask: float
    open: float


class Scraps(Strict):
    """Scraps of text by their weight: "+1.2": [没人管]. A weight of 0 switches one of a lower layer off."""

    bias: float | None = None
    scraps: dict[str, list[Annotated[str, StringConstraints(min_length=1, max_length=6)]]] = {}

    @field_validator("scraps")
    @classmethod
    def _weights(cls, scraps: dict[str, list[str]]) -> dict[str, list[str]]:
        for weight in scraps:
            if not re.fullmatch(r"[+-]?\d{1,2}(\.\d{1,3})?", weight):
                raise ValueError(f"“{weight}” is no weight: write +1.2 or -0.8")
        return scraps


class ToneFile(Scraps):
    """How reports and talk sound: see intents/tone.yaml."""

    doubt: ToneLimits = ToneLimits(placed=-1.2, somewhere=-0.3, nowhere=-0.3)
    talk: ToneLimits = ToneLimits(placed=-3, somewhere=-1.8, nowhere=-2.8)
    firm: float = 0.5  #: so much lower lies `talk` for a fault told of a thing in full words
    idle: float = -1.3  #: beneath it not even a question is asked
    named: float = -0.4  #: … where something is only named, and no fault told
    heard: ToneHeard = ToneHeard(ask=1.2, open=2.2)  #: from it on, what a mood silenced is heard all the same
    heard_soft: ToneHeard = ToneHeard(ask=0.6, open=1.4)  #: … if the mood was a soft one
    pushes: float = 0.5  #: above it, it counts as a complaint


class RemarksFile(Strict):
    """What short remarks are beside a report: see intents/remarks.yaml for each group's use."""

    groups: dict[str, Phrases] = {}
    stops: dict[Word, str] = {}  #: 停水 → the supply type
    lacks: dict[str, Word] = {}  #: type → the characters of what is missing
    senses: dict[Char, list[str]] = {}  #: 闻 → the types one smells
    obstacles: list[str] = []
    counts: dict[RemarkName, Counts] = {}


class Layer(Strict):
    """A community's own file: types to add or change, words for the shared lists."""

    types: list[TypeFile] = []
    words: dict[str, Words] = {}
    traps: Words = []
    remarks: dict[str, Words] = {}  #: words for the groups of remarks.yaml
    tone: Scraps = Scraps()  #: scraps for tone.yaml
    leanings: dict[str, Scraps] = {}  #: scraps for leanings.yaml, by type


M = TypeVar("M", bound=BaseModel)


def check(model: type[M], document: Document, data: Any = ..., at: tuple[str | int, ...] = ()) -> M:
    """`data` as `model`, or the first error with file, line and field."""
    try:
        return model.model_validate(document.data if data is ... else data)
    except ValidationError as error:
        first = error.errors()[0]
        field = (*at, *first["loc"])
        raise document.error(tuple(field), first["msg"]) from None


@lru_cache(maxsize=4096)  # packs are compiled anew whenever a keyword is added; re itself keeps but 512
def bounded(pattern: str) -> re.Pattern[str]:
    """A regex without unbounded repetition: no rule may take longer than a text's length allows."""
    if re.search(r"(?<!\\)[*+]|\{\d*,\}", re.sub(r"\[[^\]]*\]", "x", pattern)):
        raise ValueError("unbounded repetition (* + {n,}) is not allowed, write {0,n}")
    return re.compile(pattern)
