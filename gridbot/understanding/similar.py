"""Do two messages report the same thing? A likeness between 0 and 1, for joining instead of opening twice."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from gridbot.understanding.places import place_key

_FILL = re.compile(
    r"[\s，。！？!?,.;；、~～…的了啊呀呢吧吗哦嘛]|请问|谢谢|麻烦|有没有人|怎么|又|还|都|也|就|我们|咱们|这里|那个"
)
_LONG = 400


def same_report(a_text: str, b_text: str) -> float:
    """Likeness of two reports, numbers in one normal form, polite and filling words dropped."""
    a, b = (_FILL.sub("", place_key(text[:_LONG])) for text in (a_text, b_text))
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    whole = fuzz.ratio(a, b) / 100
    part = fuzz.partial_ratio(a, b) / 100 if min(len(a), len(b)) >= 4 else 0.0
    return round(max(whole, 0.85 * part), 4)
