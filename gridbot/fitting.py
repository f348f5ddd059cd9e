"""What a channel cannot do is said another way: the one place that turns a missing capability into words.

The desk writes as if every channel had everything. Here, just before a message goes out, buttons become
numbered choices, a reaction becomes a short line, and what nobody would miss is left out. It goes by
capability, never by a platform's name. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import msgspec

from gridbot import texts
from gridbot.messages import Button, Capabilities, Delivery, Outgoing, OutKind
from gridbot.texts import channels as words

#: A card that cannot be edited is sent anew, but for these: they ring for what nobody waits for.
QUIET = frozenset({"closed-card"})
#: what a choice is answered with: 2, 回2, 2。
DIGITS = re.compile(r"\s*回?\s*(\d{1,2})\s*[.、。号]?\s*")
_FIGURES = re.compile(r"\d+")
#: where a part of a long text may end, the best first
_ENDS = ("\n\n", "\n", "。", "!", "？", "?", ";", "；", ". ", ",", "，", " ")


def fit(delivery: Delivery, can: Capabilities) -> Delivery | None:
    """The delivery as this channel can carry it; None: it is left out."""
    match delivery.kind:
        case OutKind.REACT:
            return delivery if can.reactions else _in_words(delivery)
        case OutKind.ANSWER:
            return delivery if can.taps else _told(delivery, can)
        case OutKind.MENU:
            return delivery if can.menus else None
        case OutKind.PROBE:
            return delivery if can.probes else None
        case OutKind.CARD if delivery.message and not (can.edits or can.edits_pressed):
            anew = unedited(delivery, "")
            return anew and _plain(anew, can)
    return _plain(delivery, can)


def unedited(delivery: Delivery, shown: str) -> Delivery | None:
    """A card that would be edited and cannot: a new message, if it says anything new that matters. `shown`:
    what stands there now, "" if nobody knows; the same words with other figures are nothing new."""
    if delivery.purpose in QUIET:
        return None
    if shown and _FIGURES.sub("", shown) == _FIGURES.sub("", delivery.payload.text):
        return None
    return replace(delivery, message="")


def _in_words(delivery: Delivery) -> Delivery | None:
    payload = delivery.payload
    text = words.REACTIONS.get(payload.emoji.replace("\ufe0f", ""), "")
    if not text:
        return None
    said = Outgoing(text=text, reply_to=payload.message, thread=payload.thread, silent=True)
    return replace(delivery, kind=OutKind.SEND, payload=said)


def _told(delivery: Delivery, can: Capabilities) -> Delivery | None:
    """The line under a button, as a message; where the card itself changes, "noted" says nothing more."""
    text = delivery.payload.text
    if not text or (text == texts.noted() and (can.edits or can.edits_pressed)):
        return None
    return replace(delivery, kind=OutKind.SEND, payload=Outgoing(text=text))


def _plain(delivery: Delivery, can: Capabilities) -> Delivery:
    payload = delivery.payload
    text, buttons = payload.text, payload.buttons
    if buttons and not can.hears:
        text, buttons = "\n".join([text, *_links(payload)]).strip(), ()
    elif spelled(payload, can):
        text, buttons = "\n".join([text, *_choices(payload), *_links(payload)]).strip(), ()
    elif not can.links and (links := _links(payload)):
        text = "\n".join([text, *links]).strip()
        buttons = tuple(kept for row in buttons if (kept := tuple(one for one in row if one.token)))
    if payload.mention and not can.mentions:
        names = [f"@{name}" for _, name in payload.mention if name]
        text = " ".join([*names, text])
    mention = payload.mention if can.mentions else ()
    photo, sheet = (payload.photo, payload.sheet) if can.photos else (b"", None)
    values = {"text": text, "buttons": buttons, "mention": mention, "photo": photo, "sheet": sheet}
    if all(getattr(payload, name) == value for name, value in values.items()):
        return delivery
    changed = msgspec.structs.replace(payload, **values)
    return replace(delivery, payload=changed)


# --- buttons in words ----------------------------------------------------------------------------


def spelled(payload: Outgoing, can: Capabilities) -> bool:
    """Whether this channel writes the choices out: it has no buttons, or not that many, or no links."""
    flat = _flat(payload)
    return bool(flat) and (not can.buttons or len(flat) > can.most_buttons)


def choice(text: str, payload: Outgoing) -> str:
    """The token of the choice that a plain digit names; "" if it names none."""
    found = DIGITS.fullmatch(unicodedata.normalize("NFKC", text))
    tokens = [button.token for button in _flat(payload) if button.token]
    number = int(found[1]) if found else 0
    return tokens[number - 1] if 0 < number <= len(tokens) else ""


def _choices(payload: Outgoing) -> list[str]:
    names = [button.text for button in _flat(payload) if button.token]
    return [words.choices(names)] if names else []


def _links(payload: Outgoing) -> list[str]:
    return [words.link(button.text, button.url) for button in _flat(payload) if button.url]


def _flat(payload: Outgoing) -> list[Button]:
    return [button for row in payload.buttons for button in row]


# --- length --------------------------------------------------------------------------------------


def measure(text: str, unit: str) -> int:
    """Length as the platform counts it: `bytes` of UTF-8, or UTF-16 units."""
    if unit == "bytes":
        return len(text.encode("utf-8", "replace"))
    return len(text) + sum(char > "\uffff" for char in text)


def parts(text: str, limit: int, unit: str) -> list[str]:
    """The text in parts of at most `limit`, cut where a reader would cut; joined they are the text again
    but for blanks at the cuts. At least one part; never an empty one but for an empty text."""
    found = []
    while measure(text, unit) > limit:
        end = _cut(text, limit, unit)
        if text[:end].strip():
            found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*found, text] if text or not found else found


def _cut(text: str, limit: int, unit: str) -> int:
    used, most = 0, len(text)
    for index, char in enumerate(text):
        used += measure(char, unit)
        if used > limit:
            most = max(index, 1)
            break
    for end in _ENDS:
        found = text.rfind(end, most // 2, most)
        if found >= 0:
            return found + len(end)
    return most
