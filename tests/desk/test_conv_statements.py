"""What a conversation asks of the database and writes there, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gridbot.cases import actions, merging, queries
from gridbot.cases.actions import Draft, Said
from gridbot.messages import Actor, CaseState, Role
from gridbot.store import inbox
from tests.cast import NOW, PLATFORM, WANG, ZHOU, Cast, seed

HOUR = NOW - timedelta(hours=1)


def begin(db: Connection, cast: Cast, place: str, person: int) -> Row[Any]:
    draft = Draft(("water",), ("供水漏水",), place=place, place_key=place, node_id=cast.grid)
    return actions.begin(
        db,
        draft,
        Said(None, person, "没水了", f"m-{place}", NOW),
        community_id=cast.community,
        chat_id=cast.residents,
        thread="",
        actor=Actor(person, Role.RESIDENT),
        now=NOW,
        complete=True,
    )


def test_what_is_between_a_speaker_and_the_talk(any_db: Connection) -> None:
    cast = seed(any_db)
    begin(any_db, cast, "1栋", cast.wang)
    speakers = [WANG.id, ZHOU.id, "nobody"]
    found = queries.attention(any_db, cast.community, cast.residents, PLATFORM, speakers, NOW)
    assert found[WANG.id].gathers and found[WANG.id].has_case and found[WANG.id].talk
    assert not found[ZHOU.id].gathers and found[ZHOU.id].talk and not found["nobody"].backs
    assert queries.gathering(any_db, cast.residents, cast.wang, NOW)
    assert not queries.reported_elsewhere(any_db, cast.residents, cast.wang, HOUR)
    assert len(queries.talk_of(any_db, cast.residents, HOUR)) == 1
    assert queries.texts_since(any_db, cast.residents, HOUR, 99) == []
    assert queries.false_alarms(any_db, cast.community, cast.wang, HOUR) == 0


def test_supporters_go_over_when_two_cases_are_one(any_db: Connection) -> None:
    cast = seed(any_db)
    one, two = begin(any_db, cast, "1栋", cast.wang), begin(any_db, cast, "2栋", cast.zhou)
    actor = Actor(cast.li, Role.LEADER)
    said = Said(None, cast.li, "我家也是", "m-too", NOW, part="support")
    assert merging.second(any_db, two, cast.li, said, actor=actor, now=NOW)
    assert queries.backed_in_chat(any_db, cast.residents, cast.li)
    assert len(merging.live_of_type(any_db, cast.community, "water", HOUR)) == 2
    assert merging.merge(any_db, two, one, actor=actor, now=NOW)
    assert queries.case(any_db, one.id).supporters == 2
    assert queries.case(any_db, two.id).state == CaseState.MERGED
    assert merging.unsecond(any_db, one, cast.zhou, actor=actor, now=NOW)
    assert queries.supporter_ids(any_db, one.id) == [cast.li]
    inbox.forget(any_db, cast.residents, "m-1栋", before=1)
