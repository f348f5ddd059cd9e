"""Keywords by command: 加词, 删词, 词表. What would change is shown before anything is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from re import Match
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from gridbot import texts, understanding
from gridbot.cases.events import record
from gridbot.desk.context import Hearing
from gridbot.desk.registry import ADMINS, Answer, Where, command, confirm, find, pressed, settle
from gridbot.grid import actions as grid_actions
from gridbot.messages import ChatKind, Role, load_incoming
from gridbot.privacy import mask
from gridbot.store.tables import chats, inbox, keywords
from gridbot.understanding.intents import IssueType, KeywordRule, PackError, Packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.text import clean

A_DAY = timedelta(hours=24)
MOST_MESSAGES = 5000  #: looked through for the word; only those that hold it are read anew
MOST_READ = 300
SAMPLES = 2
_WORD = re.compile(r"[\w·+]{2,20}")
_TAKES = r"(?P<type>\S{1,20})[\s:：,，、]+(?P<word>\S.{0,60})"

_KEPT = (
    sa.select(inbox.c.incoming)
    .join(chats, chats.c.id == inbox.c.chat_id)
    .where(
        chats.c.community_id == sa.bindparam("of_community"),
        chats.c.kind == ChatKind.GROUP.value,
        inbox.c.received_at >= sa.bindparam("since"),
        inbox.c.incoming.is_not(None),
    )
    .order_by(inbox.c.id.desc())
    .limit(MOST_MESSAGES)
)
_NEW = insert(keywords)
_SAVE = _NEW.on_conflict_do_update(
    index_elements=["community_id", "type", "word"],
    set_={name: getattr(_NEW.excluded, name) for name in ("effect", "by_person_id", "at")},
).returning(keywords.c.id)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be read otherwise: of the shipped examples, and of what was said in the last day."""

    examples: int
    of: int
    talk: int
    samples: tuple[str, ...]


@command(
    "add_word",
    "加词",
    roles=ADMINS,
    help="让我认得一个说法(先给您看会变多少,再存)",
    area="词",
    takes=_TAKES,
    usage="加词 照明 声控灯不响",
    where=Where.DISCREET,
)
def add_word(h: Hearing, said: Match[str]) -> Answer | str:
    return _propose(h, said["type"], said["word"], add=True)


@command(
    "drop_word",
    "删词",
    roles=ADMINS,
    help="让我不再认一个说法(先看再存)",
    area="词",
    takes=_TAKES,
    usage="删词 照明 声控灯不响",
    where=Where.DISCREET,
)
def drop_word(h: Hearing, said: Match[str]) -> Answer | str:
    return _propose(h, said["type"], said["word"], add=False)


@command("words", "词表", roles=ADMINS, help="自己加过、删过的词", area="词", where=Where.DISCREET)
def words(h: Hearing, said: Match[str]) -> str:
    query = sa.select(keywords).where(keywords.c.community_id == h.community_id).order_by(keywords.c.id)
    types = h.knows.packs.types
    named: dict[str, list[str]] = {"add": [], "remove": []}
    for row in h.db.execute(query):
        title = types[row.type].title if row.type in types else row.type
        named.setdefault(row.effect, []).append(f"{row.word}({title})")
    return texts.keyword_list(named["add"][:60], named["remove"][:60])


def _propose(h: Hearing, kind: str, said: str, *, add: bool) -> Answer | str:
    packs = h.knows.packs
    found = _type(packs, kind)
    if found is None:
        return texts.no_such_type(kind, [one.title for one in packs.types.values()])
    word = clean(said.strip(" “”\"'「」《》")).norm.strip().lower()
    if _WORD.fullmatch(word) is None:
        return texts.keyword_unfit()
    if not add and _protected(found, word):
        return texts.keyword_protected(word)
    known = _has(packs, found.id, word)
    if add and known:
        return texts.keyword_known(word, found.title)
    if not add and not known:
        return texts.keyword_unknown(word, found.title)
    rule = KeywordRule(found.id, word, "add" if add else "remove")
    try:
        seen = preview(h, rule)
    except PackError:
        return texts.keyword_breaks(word)
    text = texts.keyword_preview(
        word, found.title, add=add, examples=seen.examples, of=seen.of, talk=seen.talk, samples=seen.samples
    )
    return confirm(h, text, "keyword", type=found.id, word=word, effect=rule.action)


def _type(packs: Packs, said: str) -> IssueType | None:
    """By title or id, or part of the title if only one fits."""
    for one in packs.types.values():
        if said in (one.title, one.id):
            return one
    near = [one for one in packs.types.values() if said in one.title or one.title in said]
    return near[0] if len(near) == 1 else None


def _protected(found: IssueType, word: str) -> bool:
    """A word that tells of a danger to life is not a community's to take away."""
    return any(
        word in (*danger.words, *(one for pairs in danger.pairs for one in (*pairs.things, *pairs.faults)))
        for danger in found.source.danger.values()
    )


def _has(packs: Packs, kind: str, word: str) -> bool:
    return any(
        packs.rules[use.owner].type == kind
        for one in packs.keywords
        if one.word == word
        for use in one.uses
        if use.role.name in ("ALONE", "THING", "FAULT")
    )


def preview(h: Hearing, rule: KeywordRule) -> Preview:
    """Reads with and without the word whatever holds it; nothing else can be read otherwise."""
    before, places = h.knows.packs, h.knows.gazetteer
    after = h.desk.packs_with(h.db, h.community_id, rule)

    def changed(text: str, where: Gazetteer) -> bool:
        old, new = (understanding.read(text, packs, where) for packs in (before, after))
        return (old.band, old.types if old.band != "silent" else ()) != (
            new.band,
            new.types if new.band != "silent" else (),
        )

    nowhere = Gazetteer.empty()
    examples = [
        text for one in before.types.values() for text in (*one.examples.match, *one.examples.no_match)
    ]
    holding = [text for text in examples if rule.word in clean(text).norm.lower()]
    talk = [text for text in _talk(h, rule.word) if changed(text, places)]
    return Preview(
        examples=sum(changed(text, nowhere) for text in holding),
        of=len(examples),
        talk=len(talk),
        samples=tuple(mask(text)[:40] for text in talk[:SAMPLES]),
    )


def _talk(h: Hearing, word: str) -> Iterator[str]:
    """What was said in the community's groups within a day and holds the word, the newest first."""
    count = 0
    kept = h.db.execute(_KEPT, {"of_community": h.community_id, "since": h.now - A_DAY})
    for incoming in kept.scalars():
        said = load_incoming(incoming)
        text = said.text or said.transcript
        if text and word in clean(text).norm.lower() and find(text) is None:
            count += 1
            if count > MOST_READ:
                return
            yield text


@pressed("keyword")
def _save(h: Hearing, pressed_button: Row[Any]) -> str:
    data = pressed_button.data
    values = {
        "community_id": h.community_id,
        "type": data["type"],
        "word": data["word"],
        "effect": data["effect"],
        "by_person_id": h.person,
        "at": h.now,
    }
    keyword = h.db.execute(_SAVE, values).scalar_one()
    grid_actions.bump_version(h.db, h.community_id)
    record(
        h.db,
        "keyword",
        community_id=h.community_id,
        case_id=None,
        actor=h.actor(Role.ADMIN),
        now=h.now,
        data={"keyword": keyword, "type": data["type"], "effect": data["effect"]},
        words=data["word"],
    )
    title = h.knows.packs.types[data["type"]].title
    return settle(h, pressed_button, texts.keyword_saved(data["word"], title, add=data["effect"] == "add"))
