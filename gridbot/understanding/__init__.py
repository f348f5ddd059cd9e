"""What did this person say? Pure: text and word lists in, a reading out; no database, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridbot.understanding.intents import Packs
    from gridbot.understanding.places import Gazetteer
    from gridbot.understanding.reading import Reading


def read(text: str, packs: Packs, gazetteer: Gazetteer, *, photo: bool = False) -> Reading:
    """Read one message. Imported late, so that `import gridbot.understanding` costs nothing."""
    from gridbot.understanding.reader import read as read_now

    return read_now(text, packs, gazetteer, photo=photo)
