"""The same fault is likely next door (R19): a look at the like yards beside is offered once, never forced.

Like: under the same node above, with the same flag 无主管 and the same level or kind. The looks are sub-cases
the whole does not wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from gridbot.cases import actions, parts, queries, shares, voice
from gridbot.cases.parts import Share
from gridbot.grid import queries as grid
from gridbot.grid.tree import Tree
from gridbot.messages import Actor, Urgency
from gridbot.store import outbox
from gridbot.store.tables import places
from gridbot.texts import duty as words
from gridbot.understanding.places import place_key

MOST = 12  #: looks opened at once
_PLACES = sa.select(places).where(places.c.node_id == sa.bindparam("of_node")).order_by(places.c.id)


@dataclass(frozen=True, slots=True)
class Yard:
    name: str
    node_id: int


def beside(tree: Tree, node_id: int, own_key: str, own_places: Sequence[Row[Any]]) -> list[Yard]:
    """Yards like this one: other places of the node with the same flag and kind, then nodes beside it."""
    node = tree.by_id.get(node_id)
    if node is None:
        return []
    here = next((row for row in own_places if own_key and place_key(row.name) == own_key), None)
    found: list[Yard] = []
    bare = node.unmanaged or bool(here is not None and here.unmanaged)
    if here is not None and (bare or here.kind):
        alike = [one for one in own_places if one.id != here.id and one.kind == here.kind]
        found += [Yard(one.name, node_id) for one in alike if one.unmanaged == here.unmanaged]
    if bare:
        others = tree.children(node.parent_id)
        found += [
            Yard(one.name, one.id)
            for one in others
            if one.id != node_id and one.level == node.level and one.unmanaged == node.unmanaged
        ]
    return found


def offer(db: Connection, case_id: int, *, actor: Actor, now: datetime) -> None:
    """Once a case, to whoever took it or has just finished it."""
    case = queries.case(db, case_id)
    if not case.data.get("duty", {}).get("sweep") or case.data.get("sweep") or case.parent_id is not None:
        return
    yards = _yards(db, case)
    chat = grid.private_chat_of(db, actor.person) if actor.person is not None else None
    if not yards or chat is None:
        return
    actions.note(db, case, sweep="offered")
    buttons = [
        outbox.button(
            db,
            text,
            action,
            community_id=case.community_id,
            case_id=case.id,
            person_id=actor.person,
        )
        for text, action in ((words.LOOK_TOO, "case:sweep"), (words.NOT_NOW, "case:no_sweep"))
    ]
    text = words.sweep_offer(case.number, [yard.name for yard in yards])
    voice.to_chat(
        db, chat, text, purpose="sweep-offer", now=now, case=case, buttons=[buttons], urgency=Urgency.NOTICE
    )


def _yards(db: Connection, case: Row[Any]) -> list[Yard]:
    """Without those where the same is known already."""
    if case.node_id is None:
        return []
    tree = grid.load_tree(db, case.community_id)
    own = db.execute(_PLACES, {"of_node": case.node_id}).all()
    known = {
        one.place_key
        for one in queries.open_cases(db, case.community_id)
        if set(one.types) & set(case.types) and one.id != case.id
    }
    nearby = beside(tree, case.node_id, case.place_key, own)
    return [yard for yard in nearby if place_key(yard.name) not in known]


def begin(db: Connection, case: Row[Any], *, actor: Actor, now: datetime) -> str:
    """一起看: one look a yard, all in the hands of whoever said so, told in one message."""
    if case.data.get("sweep") != "offered":
        return ""
    actions.note(db, case, sweep="begun")
    opened = []
    for yard in _yards(db, case)[:MOST]:
        share = Share(case.unit_id, actor.person, case.side, yard.node_id, yard.name, shares.SWEEP)
        part = parts.open_part(db, case, share, actor=actor, now=now)
        opened.append((yard.name, part.number))
    return words.sweep_opened(case.number, opened)
