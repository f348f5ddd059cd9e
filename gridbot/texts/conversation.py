"""What is said while it is being understood what somebody reports."""

from __future__ import annotations


def ask_whether(what: str) -> str:
    """It may be a report, may be talk: one question that a single character answers."""
    return f"收到。是要报{what}吗?要报回“是”,不用报就不用理。"


def moved_on(what: str, number: int, name: str) -> str:
    """For whoever had it: what it is or where was put right, and it is another one's now."""
    return f"{number}改成{what},归{name}了,您不用去了。"


def pasted_taken(what: str, number: int) -> str:
    """For a group where no bot sits: what would be a reaction there."""
    return f"{what}({number})有人去看了,有消息再说。"
