"""What did this person say? Pure: text and word lists in, a reading out; no database, no network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridbot.understanding.intents import Packs
    from gridbot.understanding.places import Gazetteer
    from gridbot.understanding.reading import Reading

_reader: Callable[..., Reading] | None = None


def read(text: str, packs: Packs, gazetteer: Gazetteer, *, photo: bool = False) -> Reading:
    """Read one message. The reader is imported at the first call: importing the package costs nothing."""
    global _reader
    if _reader is None:
        from gridbot.understanding.reader import read as reader

        _reader = reader
    return _reader(text, packs, gazetteer, photo=photo)


def warm(packs: Packs) -> None:
    """Load what the first real message would otherwise wait for: dictionary, sounds, place grammar."""
    from gridbot.understanding.reader import warm as warmer

    warmer(packs)
