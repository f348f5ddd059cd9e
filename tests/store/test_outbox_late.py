"""What is too late is dropped and says why; and three facts apart: sent, taken by the platform, delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from gridbot.messages import Outcome, SendResult, Urgency
from gridbot.store import outbox
from tests.cast import BOT, NOW, PLATFORM, Cast, seed
from tests.store.test_outbox import claim, mark, only, say, stored, texts

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(any_db: Connection) -> Cast:
    return seed(any_db)


def test_after_its_time_it_is_dropped_and_the_next_goes_out(any_db: Connection, cast: Cast) -> None:
    late = say(any_db, cast.residents, "明天便民日", until=NOW + HOUR)
    say(any_db, cast.residents, "修好了")
    assert texts(claim(any_db, 7200)) == ["修好了"]
    assert (stored(any_db, late).state, stored(any_db, late).reason) == ("dropped", outbox.TOO_LATE)


@pytest.mark.parametrize(
    ("purpose", "more", "days", "said", "remark"),
    [
        ("ask-place", {}, 2, False, "a question nobody answers any more"),
        ("reminder", {}, 2, False, "a reminder of the day before yesterday"),
        ("reminder", {}, 0, True, "in time"),
        (
            "reminder",
            {"due_at": NOW + timedelta(days=1, hours=12)},
            2,
            True,
            "put off by us: counted from there",
        ),
        ("confirm", {}, 30, True, "closing is asked however late"),
        ("notice", {}, 30, True, "a leader's notice is never dropped"),
        ("reminder", {"urgency": Urgency.EMERGENCY}, 30, True, "an emergency is none of these"),
        ("safety", {"urgency": Urgency.EMERGENCY, "until": NOW}, 1, True, "not even when somebody says so"),
    ],
)
def test_what_lasts_how_long(
    any_db: Connection, cast: Cast, purpose: str, more: dict[str, Any], days: int, said: bool, remark: str
) -> None:
    row = say(any_db, cast.residents, purpose=purpose, **more)
    now = NOW + timedelta(days=days)
    found = outbox.claim(any_db, platform=PLATFORM, bot=BOT, owner="s1", now=now)
    assert [one.id for one in found] == ([row] if said else []), remark


def test_what_was_given_up_is_said_after_all_however_late(any_db: Connection, cast: Cast) -> None:
    row = say(any_db, cast.residents, until=NOW + HOUR)
    mark(any_db, only(any_db), SendResult(Outcome.PERMANENT))
    outbox.retry_given_up(any_db, [row], now=NOW + 2 * HOUR)
    assert len(claim(any_db, 9000)) == 1


def test_taken_by_the_platform_is_not_delivered(any_db: Connection, cast: Cast) -> None:
    row = say(any_db, cast.residents)
    mark(any_db, only(any_db), SendResult(Outcome.SENT, message="7"))
    found = stored(any_db, row)
    assert (found.sent_at, found.accepted_at, found.delivered_at) == (NOW, NOW, None)
    assert not outbox.arrived(any_db, cast.residents, "8", now=NOW)
    assert not outbox.arrived(any_db, cast.residents, "", now=NOW)
    assert outbox.arrived(any_db, cast.residents, "7", now=NOW + HOUR)
    assert not outbox.arrived(any_db, cast.residents, "7", now=NOW + 2 * HOUR)  # told once
    assert stored(any_db, row).delivered_at == NOW + HOUR


def test_what_may_have_gone_out_was_taken_by_nobody(any_db: Connection, cast: Cast) -> None:
    row = say(any_db, cast.residents)
    mark(any_db, only(any_db), SendResult(Outcome.UNKNOWN))
    found = stored(any_db, row)
    assert (found.sent_at, found.accepted_at, found.delivered_at) == (NOW, None, None)


def test_a_platform_that_knows_at_once(any_db: Connection, cast: Cast) -> None:
    row = say(any_db, cast.residents)
    mark(any_db, only(any_db), SendResult(Outcome.SENT, message="7", delivered=True))
    assert stored(any_db, row).delivered_at == NOW
