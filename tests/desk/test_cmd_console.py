"""控制台: the way in is given to whoever has an office, alone with the bot, and to nobody else."""

from __future__ import annotations

import sqlalchemy as sa

from gridbot.rehearsal import Stage
from gridbot.store import tables
from tests.cast import ADMIN, LI, RESIDENTS, WANG

ADDRESS = "https://grid.example"


def ready(stage: Stage) -> None:
    stage.desk.console_link = lambda code: f"{ADDRESS}/console/enter/{code}"
    stage.starts(LI.id, LI.name)
    stage.starts(ADMIN.id, ADMIN.name)


def links(stage: Stage) -> int:
    with stage.db() as db:
        return db.execute(sa.select(sa.func.count()).select_from(tables.sign_ins)).scalar_one()


def test_a_leader_gets_a_link_in_private(stage: Stage) -> None:
    ready(stage)
    stage.says(LI.id, "控制台", chat=LI.id, name=LI.name)
    said = stage.texts(LI.id)[-1]
    assert f"{ADDRESS}/console/enter/" in said and "10分钟" in said
    assert links(stage) == 1


def test_asked_for_in_a_group_it_comes_in_private_all_the_same(stage: Stage) -> None:
    ready(stage)
    stage.says(ADMIN.id, "控制台", chat=RESIDENTS, name=ADMIN.name, mentions_bot=True)
    assert ADDRESS in stage.texts(ADMIN.id)[-1]
    assert not [text for text in stage.texts(RESIDENTS) if ADDRESS in text]


def test_a_resident_gets_none(stage: Stage) -> None:
    ready(stage)
    for chat in (WANG.id, RESIDENTS):
        stage.says(WANG.id, "/控制台", chat=chat, name=WANG.name)
    assert links(stage) == 0 and not [one for one in stage.sent if ADDRESS in one.text]


def test_talk_of_a_console_is_talk(stage: Stage) -> None:
    ready(stage)
    before = len(stage.sent)
    stage.says(LI.id, "控制台", chat=RESIDENTS, name=LI.name)
    assert links(stage) == 0 and len(stage.sent) == before


def test_without_an_address_it_says_what_is_missing(stage: Stage) -> None:
    stage.desk.console_link = None
    stage.starts(LI.id, LI.name)
    stage.says(LI.id, "控制台", chat=LI.id, name=LI.name)
    assert "GRIDBOT_CONSOLE_URL" in stage.texts(LI.id)[-1] and links(stage) == 0
