"""保存期限: what has been kept long enough goes, what has not stays, and the record stays whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.cases import actions, chain, queries, retention
from gridbot.cases.drafted import Draft, Said
from gridbot.desk import due
from gridbot.messages import Actor, Outgoing, OutKind, Role
from gridbot.rehearsal import Stage
from gridbot.store import inbox, outbox, tables
from tests.cast import LI, NOW, RESIDENTS, WANG, Cast, kept, said, seed

SECRET = "我家5号楼302的红色的猫13812345678"
WORDS = ("红色的猫", "楼302", "13812345678", "师傅的原话")


def everything(db: Connection) -> str:
    found = []
    for table in tables.metadata.sorted_tables:
        for row in db.execute(sa.select(table)):
            found += [one.decode() if isinstance(one, bytes) else str(one) for one in row]
    return "\n".join(found)


def a_case(db: Connection, cast: Cast, at: datetime, *, private: bool = False, how: str = "closed") -> Any:
    """One case with words in every place words can lie, over at `at`."""
    message = said(SECRET, sent_at=at)
    row_id = inbox.keep(db, kept(message), now=at)
    draft = Draft(
        types=("lighting",),
        titles=("楼道灯",),
        place="5号楼302",
        place_key="5号楼302",
        node_id=cast.grid,
        private=private,
        data={"because": ["红色的猫"], "choices": [cast.grid]},
    )
    spoke = Said(row_id, cast.wang, SECRET, message.message, at, photos=("p1",))
    who = Actor(cast.wang, Role.RESIDENT)
    case = actions.begin(
        db, draft, spoke, community_id=cast.community, chat_id=cast.residents, thread="", actor=who, now=at,
        complete=True,
    )  # fmt: skip
    db.execute(sa.update(tables.inbox).where(tables.inbox.c.id == row_id).values(state="done"))
    payload = Outgoing(text=SECRET)
    sent = outbox.say(
        db, chat_id=cast.li_private, payload=payload, community_id=cast.community, purpose="notice", now=at,
        kind=OutKind.CARD, key=f"case:{case.id}", case_id=case.id,
    )  # fmt: skip
    db.execute(sa.update(tables.outbox).where(tables.outbox.c.id == sent).values(state="sent"))
    outbox.button(
        db,
        "说给群里",
        "case:publish",
        community_id=cast.community,
        case_id=case.id,
        data={"words": SECRET, "event": 7},
    )
    actions.progress(db, case, "师傅的原话", until="师傅的原话", actor=Actor(cast.li, Role.LEADER), now=at)
    fresh = queries.case(db, case.id)
    if how == "closed":
        actions.finish(db, fresh, actor=Actor(cast.li, Role.LEADER), now=at)
        actions.confirm(db, queries.case(db, case.id), actor=who, now=at)
    elif how == "withdrawn":
        actions.withdraw(db, fresh, actor=who, now=at)
    return queries.case(db, case.id)


def days(count: float) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize(
    ("how", "private", "after", "kind"),
    [
        ("closed", False, 5 * 365, "closed"),
        ("withdrawn", False, 365, "withdrawn"),
        ("closed", True, 365, "private"),
        ("withdrawn", True, 365, "private"),
    ],
)
def test_the_words_go_when_the_time_is_over(
    any_db: Connection, how: str, private: bool, after: int, kind: str
) -> None:
    cast = seed(any_db)
    case = a_case(any_db, cast, NOW, private=private, how=how)
    early, late = NOW + days(after - 1), NOW + days(after + 1)
    assert not [one for one in retention.due(any_db, now=early) if one.kind == kind]
    retention.apply(any_db, now=early)
    assert all(word in everything(any_db) for word in WORDS)
    (planned,) = [one for one in retention.due(any_db, now=late) if one.kind == kind]
    assert (planned.count, planned.days, planned.oldest) == (1, after, NOW)
    assert all(word in everything(any_db) for word in WORDS), "to look writes nothing"
    retention.apply(any_db, now=late)
    left = everything(any_db)
    assert [word for word in WORDS if word in left] == []
    after_it = queries.case(any_db, case.id)
    assert (after_it.number, after_it.state, after_it.types) == (case.number, case.state, ["lighting"])
    assert (after_it.place, after_it.erased_at) == ("5号楼", late)
    assert queries.timeline(any_db, case.id)[0].move == "opened"
    verdict = chain.verify(any_db, cast.community)
    assert verdict.broken == () and verdict.erased == 1
    assert retention.due(any_db, now=late) == [] and retention.apply(any_db, now=late) == (0, False)


def test_an_open_case_is_kept_however_old(any_db: Connection) -> None:
    cast = seed(any_db)
    a_case(any_db, cast, NOW, how="open")
    retention.apply(any_db, now=NOW + days(9999))
    assert "红色的猫" in everything(any_db)


def test_a_communitys_own_periods(any_db: Connection) -> None:
    cast = seed(any_db)
    a_case(any_db, cast, NOW)
    own = {"retention": {"closed": 30, "private": 0, "said": "immer"}}
    any_db.execute(sa.update(tables.communities).values(settings=own))
    assert [(one.kind, one.days) for one in retention.due(any_db, now=NOW + days(31))] == [("closed", 30)]
    assert retention.periods(own["retention"])["private"] == 365, "what makes no sense is no figure"
    assert retention.years(own["retention"]) == 1 and retention.years({}) == 5


def test_names_of_whom_nothing_is_left_go_and_offices_stay(any_db: Connection) -> None:
    cast = seed(any_db)
    a_case(any_db, cast, NOW)
    retention.apply(any_db, now=NOW + days(400))
    names = {row.id: row.name for row in any_db.execute(sa.select(tables.people.c.id, tables.people.c.name))}
    assert names[cast.wang] == WANG.name, "her case still has its words"
    assert names[cast.zhou] == "" and names[cast.li] == LI.name
    retention.apply(any_db, now=NOW + days(5 * 365 + 1))
    retention.apply(any_db, now=NOW + days(5 * 365 + 1))
    assert WANG.name not in everything(any_db) and LI.name in everything(any_db)


def test_what_was_said_beside_cases_and_dead_letters(any_db: Connection) -> None:
    cast = seed(any_db)
    row_id = inbox.keep(any_db, kept(said(SECRET)), now=NOW)
    any_db.execute(sa.update(tables.inbox).where(tables.inbox.c.id == row_id).values(state="dead", error="E"))
    sent = outbox.say(
        any_db, chat_id=cast.li_private, payload=Outgoing(text=SECRET), community_id=cast.community,
        purpose="command-list", now=NOW,
    )  # fmt: skip
    any_db.execute(sa.update(tables.outbox).where(tables.outbox.c.id == sent).values(state="sent"))
    planned = {one.kind: one.count for one in retention.due(any_db, now=NOW + days(91))}
    assert planned == {"said": 1, "dead": 1}
    retention.apply(any_db, now=NOW + days(91))
    assert "红色的猫" not in everything(any_db)
    assert any_db.execute(sa.select(tables.inbox.c.error)).scalar_one() == "E", "why it died stays"


def test_in_pieces(any_db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = seed(any_db)
    for _ in range(3):
        a_case(any_db, cast, NOW)
    monkeypatch.setattr(retention, "MOST", 2)
    late = NOW + days(5 * 365 + 1)
    assert retention.apply(any_db, now=late) == (3, True)  # two cases, 小周's name
    assert retention.apply(any_db, now=late) == (2, False)  # the third case, and then 王阿姨's name
    assert retention.apply(any_db, now=late) == (0, False)
    assert "红色的猫" not in everything(any_db)


def test_every_night_by_itself(stage: Stage) -> None:
    with stage.db() as db:
        due.start(db, now=stage.now)
    stage.starts(WANG.id, WANG.name)
    stage.says(WANG.id, "5号楼楼道灯不亮了,红色的猫", chat=RESIDENTS, name=WANG.name)
    stage.passes(minutes=1)
    stage.says(LI.id, "修好了", chat=LI.id)
    stage.says(WANG.id, "亮了谢谢", chat=RESIDENTS)
    assert stage.cases()[0].state == "closed"
    with stage.db() as db:
        db.execute(sa.update(tables.communities).values(settings={"retention": {"closed": 2, "said": 2}}))
    stage.passes(days=1)
    with stage.db() as db:
        assert "红色的猫" in everything(db)
    stage.passes(days=3)
    community = stage.cases()[0].community_id
    with stage.db() as db:
        assert "红色的猫" not in everything(db)
        assert chain.verify(db, community).broken == ()
