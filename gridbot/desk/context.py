"""What the desk knows while it handles one message: the chat, the community, the words, the sender."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import queries, voice
from gridbot.grid import queries as grid
from gridbot.grid.queries import SettingsView
from gridbot.messages import Actor, Button, Capabilities, ChatKind, Incoming, Role, Urgency
from gridbot.services import service_days
from gridbot.services.service_days import ServiceDay
from gridbot.store.tables import chats, communities, keywords
from gridbot.understanding.intents import KeywordRule, PackError, Packs
from gridbot.understanding.places import Gazetteer, GazetteerRow
from gridbot.understanding.reading import Side

LATE = timedelta(minutes=10)  #: a message older than this gets no reaction, question or "快出来"

_CHAT = (
    sa.select(
        chats,
        communities.c.version.label("version"),
        communities.c.name.label("community"),
        communities.c.sample.label("sample"),
    )
    .outerjoin(communities, communities.c.id == chats.c.community_id)
    .where(chats.c.id == sa.bindparam("of_chat"))
)

_NAME = sa.select(communities.c.name).where(communities.c.id == sa.bindparam("of_community"))

Compile = Callable[[Iterable[KeywordRule]], Packs]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A community's words, places and settings, compiled once and kept until its version changes."""

    packs: Packs
    gazetteer: Gazetteer
    settings: SettingsView
    service_days: tuple[ServiceDay, ...]


class Desk:
    """Holds what outlives a message: the shipped packs and each community's compiled knowledge.

    `compile` makes packs from the shipped ones and a community's own keywords; `own_compile` does so for a
    community (by its name) that has a file of its own to lay between, None if it has none. `start_link`
    makes a link from an invitation's code; the desk itself does not know what the bot is called.
    """

    def __init__(
        self,
        packs: Packs,
        compile: Compile,
        *,
        admins: frozenset[tuple[str, str]] = frozenset(),
        start_link: Callable[[str], str] = str,
        own_compile: Callable[[str], Compile | None] = lambda name: None,
    ) -> None:
        self.packs = packs
        self.admins = admins  #: (platform, user) named at start: may claim a community
        self.start_link = start_link
        self.console_link: Callable[[str], str] | None = None  #: from a sign-in code; None: it has no address
        self.can: dict[str, Capabilities] = {}  #: by platform: what its channel can do
        self._compile = compile
        self._own_compile = own_compile
        self._known: dict[int, tuple[int, Knowledge]] = {}

    def chat(self, db: Connection, chat_id: int) -> Row[Any]:
        return db.execute(_CHAT, {"of_chat": chat_id}).one()

    def room(self, db: Connection, chat_id: int, users: Sequence[str], now: datetime) -> Room:
        """Looks a chat and its speakers up, once for a turn."""
        chat = self.chat(db, chat_id)
        if chat.community_id is None:
            return Room(chat, {})
        return Room(chat, queries.attention(db, chat.community_id, chat_id, chat.platform, users, now))

    def knows(self, db: Connection, community_id: int, version: int) -> Knowledge:
        """What was compiled for this version, or compiles it now."""
        known = self._known.get(community_id)
        if known is None or known[0] != version:
            known = (version, self._learn(db, community_id))
            self._known[community_id] = known
        return known[1]

    def packs_with(self, db: Connection, community_id: int, *more: KeywordRule) -> Packs:
        """The shipped words with a community's own file, its keywords, and those it is thinking of. A keyword
        of a type that is not there any more is left out. Raises PackError."""
        name = db.execute(_NAME, {"of_community": community_id}).scalar_one()
        compile = self._own_compile(name)
        base = self.packs if compile is None else compile(())
        own = db.execute(
            sa.select(keywords).where(keywords.c.community_id == community_id).order_by(keywords.c.id)
        )
        rules = [KeywordRule(row.type, row.word, "add" if row.effect == "add" else "remove") for row in own]
        rules = [rule for rule in (*rules, *more) if rule.type in base.types]
        return (compile or self._compile)(rules) if rules else base

    def _packs(self, db: Connection, community_id: int) -> Packs:
        """A pack that does not compile any more never takes the place of one that works."""
        try:
            return self.packs_with(db, community_id)
        except PackError as error:
            known = self._known.get(community_id)
            log.error(
                "the words of community %s are not in order, the old ones stay: %s", community_id, error
            )
            return known[1].packs if known is not None else self.packs

    def _learn(self, db: Connection, community_id: int) -> Knowledge:
        packs = self._packs(db, community_id)
        rows = [
            GazetteerRow(row.node_id, row.name, row.kind, tuple(row.aliases), Side(row.side or "unknown"))
            for row in grid.gazetteer_rows(db, community_id)
        ]
        days = tuple(service_days.service_days(db, community_id))
        return Knowledge(packs, Gazetteer.of(rows), grid.settings_of(db, community_id), days)


@dataclass(frozen=True, slots=True)
class Room:
    """A chat as it stands while nothing but talk happens in it, and those who speak there this turn."""

    chat: Row[Any]
    heeds: dict[str, queries.Attention]


@dataclass(slots=True)
class Hearing:
    """One message being handled. `person` is set once somebody has to be remembered."""

    db: Connection
    desk: Desk
    chat: Row[Any]
    said: Incoming
    inbox_id: int
    now: datetime
    late: bool = False
    heeds: dict[str, queries.Attention] = field(default_factory=dict, repr=False)
    ignored: bool = False  #: the sender said 别看我
    waited_for: bool = True  #: plain talk of the sender may belong to something here
    has_case: bool = True
    holds_office: bool = True
    talk: bool = True  #: something was reported in this chat within the hour
    asked: bool = True  #: a question of ours is open in this chat
    gathers: bool = True  #: what the sender reported here still takes in their words
    backs: bool = True  #: the sender has just joined somebody's report here
    _person: int | None = field(default=None, repr=False)
    _roles: frozenset[Role] | None = field(default=None, repr=False)
    _looked_up: bool = field(default=False, repr=False)

    def heed(self) -> None:
        """What there is between the sender and this chat: most talk ends at it."""
        user = self.said.sender.id
        found = (
            self.heeds.get(user)
            or queries.attention(
                self.db, self.community_id, self.chat.id, self.said.platform, [user], self.now
            )[user]
        )
        self._person = found.person_id
        self.ignored, self.has_case, self.holds_office = found.ignored, found.has_case, found.office
        self.talk, self.backs, self.gathers = found.talk, found.backs, found.gathers
        self.asked, self._looked_up = found.question, True
        self.waited_for = found.has_case or found.office or found.question or found.backs
        if not found.office:
            self._roles = frozenset({Role.RESIDENT})

    @property
    def community_id(self) -> int:
        return int(self.chat.community_id)

    @property
    def knows(self) -> Knowledge:
        return self.desk.knows(self.db, self.community_id, self.chat.version)

    @property
    def private(self) -> bool:
        return bool(self.chat.kind == ChatKind.PRIVATE)

    @property
    def for_us(self) -> bool:
        """Whether the speaker addresses the bot: then one line is always owed."""
        said = self.said
        return self.private or said.mentions_bot or said.reply_to_bot

    @property
    def person(self) -> int:
        """The sender's person, remembered if new."""
        if self._person is None:
            sender = self.said.sender
            self._person = grid_person(self.db, self.community_id, self.said, sender.name, self.now)
        return self._person

    def known_person(self) -> int | None:
        """The sender's person if there is one already; writes nothing."""
        if self._person is None and not self._looked_up:
            self._person = grid.person_of(self.db, self.community_id, self.said.platform, self.said.sender.id)
        return self._person

    @property
    def roles(self) -> frozenset[Role]:
        """What the sender may do in this community (RESIDENT at least, in a bound chat)."""
        if self._roles is None:
            person = self.known_person()
            held = (
                grid.roles_of(self.db, self.community_id, person, None, self.now)
                if person is not None
                else frozenset()
            )
            self._roles = frozenset(held) | {Role.RESIDENT}
        return self._roles

    @property
    def leads(self) -> bool:
        return bool(self.roles & {Role.LEADER, Role.DEPUTY, Role.UNIT, Role.CONTACT, Role.ADMIN})

    def actor(self, role: Role | None = None) -> Actor:
        if role is None:
            order = (Role.LEADER, Role.DEPUTY, Role.UNIT, Role.CONTACT, Role.ADMIN, Role.RESIDENT)
            role = next(one for one in order if one in self.roles)
        return Actor(self.person, role, self.said.sender.name)

    def answer(
        self,
        text: str,
        *,
        purpose: str = "answer",
        buttons: Iterable[Iterable[Button]] = (),
        case: Row[Any] | None = None,
        urgency: Urgency = Urgency.ANSWER,
    ) -> int | None:
        """One line back, under what was said."""
        return voice.to_chat(
            self.db,
            self.chat,
            text,
            purpose=purpose,
            now=self.now,
            case=case,
            reply_to="" if self.private else self.said.message,
            buttons=[list(row) for row in buttons],
            urgency=urgency,
            thread=self.said.thread,
        )


def grid_person(db: Connection, community_id: int, said: Incoming, name: str, now: datetime) -> int:
    from gridbot.grid import actions

    return actions.remember_person(db, community_id, said.platform, said.sender.id, name, now=now)
