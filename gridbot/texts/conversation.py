"""What is said while it is being understood what somebody reports."""

from __future__ import annotations


def ask_whether(what: str) -> str:
    """It may be a report, may be talk: one question that a single character answers."""
    return f"收到。是要报{what}吗?要报回“是”,不用报就不用理。"


def retyped_elsewhere(what: str, number: int) -> str:
    """For whoever was told first: the case is another one's now."""
    return f"{number}改成{what}了,转给别的同志,您这边不用管了。辛苦。"
