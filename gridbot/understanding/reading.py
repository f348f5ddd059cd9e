"""What a message was read as, and which words and rules decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    REPORT = "report"  #: something is wrong and somebody should see to it
    CIVIC = "civic"  #: a demand the community cannot settle (school, pension …): 12345 at most
    STATUS = "status"  #: "我报的到哪了": asks how a report stands
    QUESTION = "question"  #: asks about a service ("三九什么时候")
    RESOLVED = "resolved"  #: "亮了谢谢": says that something is mended
    STILL = "still"  #: "还没好": says that something said to be mended is not
    SUPPORT = "support"  #: "我家也是", "+1"
    WITHDRAW = "withdraw"  #: "不是报事", "打错了"
    PLACE = "place"  #: an answer that names a place and nothing else ("五号楼呀")
    CHAT = "chat"


class Band(StrEnum):
    OPEN = "open"  #: sure enough to open a case
    ASK = "ask"  #: worth one short question
    SILENT = "silent"


class Side(StrEnum):
    """Which side of the compound's wall: 墙内 or 墙外."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """A place expression as written, and what it stands for.

    `key` is the normal form (二号院 → 2号院) by which two spellings are one place.
    `node` is a grid node's id if the gazetteer knows the place, None if only the grammar does;
    `choices` holds several node ids where the name alone does not decide.
    """

    text: str
    key: str
    side: Side = Side.UNKNOWN
    node: int | None = None
    choices: tuple[int, ...] = ()
    strength: int = 3  #: 3 numbered or named (5号楼), 2 a landmark (车棚), 1 only a kind of place (楼道)


@dataclass(frozen=True, slots=True)
class Issue:
    """One trouble in a message: its type (an id of intents/) and the score that carried it."""

    type: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind
    band: Band
    issues: tuple[Issue, ...] = ()  #: strongest first
    places: tuple[Place, ...] = ()
    urgent: bool = False
    private: bool = False
    because: tuple[str, ...] = ()  #: short sentences, each naming a word or rule that decided
    danger: str = (
        ""  #: if urgent: gas | fire | trapped | live_wire | collapse | violence | lost | relapse | crisis
    )

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(issue.type for issue in self.issues)
