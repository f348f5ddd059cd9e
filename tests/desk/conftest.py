"""The house without its edges, with the cast in it: see gridbot/rehearsal.py."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from gridbot.desk.context import Desk
from gridbot.rehearsal import Stage
from gridbot.understanding.intents import Packs, default_folder, load_packs
from tests.cast import NOW, seed


@lru_cache(maxsize=1)
def packs() -> Packs:
    return load_packs(default_folder())


@pytest.fixture
def stage() -> Iterator[Stage]:
    desk = Desk(packs(), lambda rules: load_packs(default_folder(), extra=rules))
    with Stage(desk, NOW) as opened:
        with opened.db() as db:
            seed(db, platform=Stage.platform, bot=Stage.bot)
        yield opened
