"""What a text must hold to be worth listening to: nothing that can be put right is passed over."""

from __future__ import annotations

import re
from collections import defaultdict

from gridbot.understanding.intents import load_packs
from gridbot.understanding.sound import Ear, _likely, _table

PACKS = load_packs()
SOUNDS = _table()
ALIKE: dict[int, list[str]] = defaultdict(list)
for _code, _sound in SOUNDS.items():
    ALIKE[_sound].append(chr(_code))


def _other(char: str) -> str:
    """Another character of the same sound; the same if there is none."""
    return next((one for one in ALIKE[SOUNDS.get(ord(char), -1)] if one != char), char)


def test_what_may_be_misheard_is_likely() -> None:
    likely = re.compile("|".join(_likely(PACKS.sound_words, SOUNDS)))
    assert likely.search("早上好呀") is None
    for word in PACKS.sound_words:
        heard = "".join(map(_other, word))
        if len(word) > 2:
            assert likely.search(heard), word
        assert likely.search(word[0] + heard[1:]), word
        assert likely.search(heard[:-1] + word[-1]), word


def test_a_word_in_other_characters_is_put_right() -> None:
    repaired = Ear(PACKS).repair("3号楼的电剃又停了")
    assert repaired is not None and repaired.norm == "3号楼的电梯又停了"
    assert Ear(PACKS).repair("3号楼的电梯又停了") is None
