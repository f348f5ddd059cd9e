"""One set of shipped packs for all tests here."""

from __future__ import annotations

import pytest

from gridbot.understanding.intents import Packs, load_packs
from gridbot.understanding.places import Gazetteer


@pytest.fixture(scope="session")
def packs() -> Packs:
    return load_packs()


@pytest.fixture(scope="session")
def nowhere() -> Gazetteer:
    return Gazetteer.empty()
