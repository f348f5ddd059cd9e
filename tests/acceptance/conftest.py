"""The street, fresh for each story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.town import Town


@pytest.fixture
def town() -> Iterator[Town]:
    with Town() as opened:
        yield opened
