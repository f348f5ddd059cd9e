"""What is said through a 智能机器人: markdown, and button cards (template_card). Pure.

Everything is plain text to us; what would be markup there is replaced by its full-width twin, so that no
resident can write a link, a mention or a heading into what the bot says.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from gridbot.fitting import parts
from gridbot.messages import Button, Outgoing
from gridbot.texts import channels as words

TITLE, SUBTITLE = 26, 112  #: characters that a client shows (path 101032)
MARKDOWN = 20480  #: bytes
MOST_BUTTONS = 6
_TWINS = str.maketrans({"<": "＜", "[": "［", "]": "］", "*": "＊", "`": "｀", "|": "｜"})
_HEADS = re.compile(r"^(\s*)([#>])", re.MULTILINE)
_HEAD_TWINS = {"#": "＃", ">": "＞"}


def markdown(text: str) -> str:
    """Text that shows as it is written."""
    text = text.translate(_TWINS).replace("__", "＿＿").replace("~~", "～～")
    return _HEADS.sub(lambda found: found[1] + _HEAD_TWINS[found[2]], text)


def needs_words(text: str) -> bool:
    """Whether the text is too long for a card and goes before it."""
    _, rest = _headline(text)
    return len(rest) > SUBTITLE


def card(said: Outgoing, task: str, *, shown_before: bool = False) -> dict[str, Any]:
    """The template_card. Without buttons its one button is grey and says that all is done; it is for
    updates alone then. `shown_before`: the words stand in a message above."""
    title, rest = _headline(said.text)
    whole: dict[str, Any] = {
        "card_type": "button_interaction",
        "main_title": {"title": title},
        "task_id": task,
        "button_list": [_button(button, first=not at) for at, button in enumerate(buttons_of(said))],
    }
    if rest:
        whole["sub_title_text"] = rest if len(rest) <= SUBTITLE else rest[: SUBTITLE - 1] + "…"
    if shown_before:
        whole.pop("sub_title_text", None)
    if not whole["button_list"]:
        whole |= _grey(words.settled())
    return whole


def waiting(text: str, task: str) -> dict[str, Any]:
    """The card for as long as the answer to a press takes: the same words, nothing to press."""
    shown = card(Outgoing(text=text or words.one_moment()), task)
    return shown | _grey(words.one_moment())


def buttons_of(said: Outgoing) -> list[Button]:
    """Those that can be pressed here: a link stands in the text (`gridbot.fitting`)."""
    return [button for row in said.buttons for button in row if button.token]


def task_of(row: int, said: Outgoing) -> str:
    """A card's id: the same for the same row however often it is sent, another on another database."""
    mark = hashlib.sha256("".join(button.token for button in buttons_of(said)).encode()).hexdigest()
    return f"g{row}-{mark[:16]}"


def _grey(text: str) -> dict[str, Any]:
    return {"button_list": [{"text": text, "style": 2, "key": "nothing"}], "replace_text": text}


def _button(button: Button, *, first: bool) -> dict[str, Any]:
    return {"text": button.text, "style": 1 if first else 2, "key": button.token}


def _headline(text: str) -> tuple[str, str]:
    """The first line, or as much of it as a title shows; and the rest."""
    line, _, rest = text.strip().partition("\n")
    if len(line) > TITLE:
        head = _first(line)
        line, rest = head, f"{text.strip()[len(head) :].lstrip()}"
    return line or "…", rest.strip()


def _first(line: str) -> str:
    head = parts(line, TITLE, "utf16")[0]
    return head if len(head) > 1 else line[: TITLE // 2]
