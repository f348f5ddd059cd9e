"""Numbers as people write them in addresses: 二号院 is 2号院, 十一栋 is 11栋 and never 1栋."""

from __future__ import annotations

import re
from functools import lru_cache

DIGITS = "零〇一二两三四五六七八九"
_VALUE = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNIT = {"十": 10, "百": 100, "千": 1000, "廿": 20, "卅": 30}
_RUN = re.compile(rf"[{DIGITS}十百千廿卅]{{1,12}}")


@lru_cache(maxsize=4096)
def arabic(word: str) -> str:
    """A Chinese number as digits: 四百三十 → 430, 一〇二 → 102, 三零二 → 302, 廿三 → 23."""
    if not any(char in _UNIT for char in word):
        return "".join(str(_VALUE[char]) for char in word)
    total = current = 0
    for char in word:
        if char in {"廿", "卅"}:
            total += _UNIT[char]
            current = 0
        elif char in _UNIT:
            total += (current or 1) * _UNIT[char]
            current = 0
        else:
            current = _VALUE[char]
    return str(total + current)


def with_digits(text: str) -> str:
    """Every Chinese number of the text as digits."""
    return _RUN.sub(lambda match: arabic(match.group()), text)
