"""Erasing a person: every table, both databases; who else spoke, what happened and the chain stay."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import actions, chain, erasing, queries
from gridbot.cases.drafted import Draft, Said
from gridbot.messages import Actor, Incoming, Outgoing, OutKind, Role, load_outgoing
from gridbot.store import copies, inbox, outbox, tables
from tests.cast import LI, NOW, PLATFORM, WANG, ZHOU, Cast, kept, said, seed

SECRET = "红色的猫13812345678"


def everything(db: Connection) -> str:
    found = []
    for table in tables.metadata.sorted_tables:
        for row in db.execute(sa.select(table)):
            found += [one.decode() if isinstance(one, bytes) else str(one) for one in row]
    return "\n".join(found)


def heard(db: Connection, text: str, state: str, **more: Any) -> tuple[int, Incoming]:
    message = said(text, **more)
    row = inbox.keep(db, kept(message), now=NOW)
    assert row is not None
    db.execute(sa.update(tables.inbox).where(tables.inbox.c.id == row).values(state=state, error=f"E {text}"))
    return row, message


def told(db: Connection, cast: Cast, case: int, state: str, chat: int) -> int:
    payload = Outgoing(text=f"原话:{SECRET}", photo=b"x")
    row = outbox.say(
        db, chat_id=chat, payload=payload, community_id=cast.community, purpose="notice", now=NOW,
        kind=OutKind.CARD, key=f"case:{case}:{state}", case_id=case,
    )  # fmt: skip
    db.execute(sa.update(tables.outbox).where(tables.outbox.c.id == row).values(state=state))
    return row


def full(db: Connection) -> tuple[Cast, Any, int]:
    """王阿姨's words in every place; 小周 supports with words of her own."""
    cast = seed(db)
    row, message = heard(db, SECRET, "done")
    heard(db, SECRET, "dead")
    draft = Draft(
        ("lighting",), ("楼道灯",), place="5号楼302", place_key="5号楼302", node_id=cast.grid,
        data={"because": ["红色的猫"], "limits": {"finish": "3工作日"}},
    )  # fmt: skip
    who = Actor(cast.wang, Role.RESIDENT)
    spoke = Said(row, cast.wang, SECRET, message.message, NOW, photos=("p1",))
    case = actions.begin(
        db, draft, spoke, community_id=cast.community, chat_id=cast.residents, thread="", actor=who, now=NOW,
        complete=True,
    )  # fmt: skip
    too = Said(None, cast.zhou, "绿色的狗", "m2", NOW, part="support")
    actions.add(db, case, too, actor=Actor(cast.zhou, Role.RESIDENT), now=NOW)
    for state in ("sent", "failed"):
        told(db, cast, case.id, state, cast.li_private)
    waits = told(db, cast, case.id, "waiting", cast.li_private)
    community = {"community_id": cast.community}
    outbox.button(db, "说", "case:publish", case_id=case.id, data={"words": SECRET, "event": 7}, **community)
    outbox.button(db, "是", "command:x", person_id=cast.wang, data={"name": SECRET}, **community)
    asked = {"chat_id": cast.residents, "kind": "place", "asked_at": NOW, "until": NOW, **community}
    db.execute(
        sa.insert(tables.questions).values(person_id=cast.wang, data={"said": SECRET, "n": 1}, **asked)
    )
    actions.withdraw(db, queries.case(db, case.id), actor=who, now=NOW)
    db.execute(sa.update(tables.outbox).where(tables.outbox.c.id == waits).values(state="waiting"))
    return cast, case, waits


def test_it_reaches_every_table(any_db: Connection) -> None:
    cast, case, waits = full(any_db)
    assert "红色的猫" in everything(any_db)
    erasing.forget(
        any_db, cast.community, cast.wang, PLATFORM, WANG.id, actor=Actor(cast.wang, Role.RESIDENT), now=NOW
    )
    left = everything(any_db)
    assert [
        word for word in ("红色的猫", "13812345678", "楼302", WANG.name, f"'{WANG.id}'") if word in left
    ] == []
    assert "绿色的狗" in left and ZHOU.name in left and LI.name in left
    now = queries.case(any_db, case.id)
    assert (now.number, now.state, now.place, now.types) == (1, "withdrawn", "5号楼", ["lighting"])
    assert now.data["limits"] == {"finish": "3工作日"}, "what the clocks need stays"
    payload = any_db.execute(
        sa.select(tables.outbox.c.payload).where(tables.outbox.c.id == waits)
    ).scalar_one()
    assert load_outgoing(payload).text == "5号楼楼道灯(1):有人报过,原话他删掉了。"
    button = any_db.execute(
        sa.select(tables.buttons.c.data).where(tables.buttons.c.case_id == case.id)
    ).scalar_one()
    assert button == {"words": "", "event": 7}
    verdict = chain.verify(any_db, cast.community)
    assert verdict.broken == ()


def test_a_second_time_changes_nothing_and_another_community_is_not_touched(any_db: Connection) -> None:
    cast, *_ = full(any_db)
    who = Actor(cast.wang, Role.RESIDENT)
    other = any_db.execute(
        sa.insert(tables.communities).values(name="凉城", salt="22", created_at=NOW)
    ).inserted_primary_key
    assert other is not None
    same = {"community_id": other[0], "platform": PLATFORM, "user": "77", "name": "她在那边"}
    person = any_db.execute(
        sa.insert(tables.people).values(community_id=other[0], name="她在那边", created_at=NOW)
    ).inserted_primary_key
    assert person is not None
    any_db.execute(sa.insert(tables.identities).values(person_id=person[0], **same))
    erasing.forget(any_db, cast.community, cast.wang, actor=who, now=NOW)
    once = everything(any_db)
    assert "她在那边" in once
    assert erasing.wipe(any_db, cast.community, cast.wang, now=NOW)["raw"] == 0
    assert everything(any_db) == once


def test_the_list_of_the_erased_knows_whose_and_holds_no_word(any_db: Connection) -> None:
    cast, *_ = full(any_db)
    erasing.forget(any_db, cast.community, cast.wang, actor=Actor(cast.wang, Role.RESIDENT), now=NOW)
    erasing.forget(any_db, cast.community, cast.zhou, actor=Actor(None, Role.ADMIN), now=NOW)
    gone = erasing.gone(any_db)
    assert [one.person for one in gone] == [cast.wang, cast.zhou]
    assert erasing.again(any_db, gone, now=NOW) == 0, "they are erased here already"
    mark = gone[0].of
    any_db.execute(sa.update(tables.people).where(tables.people.c.id == cast.li).values(name="李二"))
    listed = [
        copies.Gone(mark, cast.secretary, NOW),
        copies.Gone(mark, 999, NOW),
        copies.Gone("x", cast.li, NOW),
    ]
    assert erasing.again(any_db, listed, now=NOW) == 1
    assert len(erasing.gone(any_db)) == 3
