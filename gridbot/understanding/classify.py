"""The JSON of `gridbot classify`: one line in, one line out."""

from __future__ import annotations

import json
import sys
from typing import Any

from gridbot.understanding.intents import Packs, load_packs
from gridbot.understanding.places import Gazetteer, find_places
from gridbot.understanding.reader import grammar_of, read
from gridbot.understanding.replies import read_reply


def classify_line(line: dict[str, Any], packs: Packs, gazetteer: Gazetteer) -> dict[str, Any]:
    """A resident's line is read as a message, a leader's as a reply to a notice.

    Places are those the line names, also where nothing is reported.
    """
    text = str(line.get("text") or "")
    out: dict[str, Any] = {"id": line.get("id")}
    if line.get("as") == "leader":
        reply = read_reply(text, packs)
        return out | {
            "kind": "reply",
            "band": "silent",
            "types": [],
            "urgent": False,
            "private": False,
            "places": [],
            "action": reply.action,
            "because": list(reply.because),
        }
    reading = read(text, packs, gazetteer)
    places = reading.places or find_places(text, gazetteer, grammar=grammar_of(packs))
    return out | {
        "kind": str(reading.kind),
        "band": str(reading.band),
        "types": list(reading.types),
        "urgent": reading.urgent,
        "private": reading.private,
        "places": [place.text for place in places],
        "action": None,
        "because": list(reading.because),
    }


def main() -> None:
    packs, gazetteer = load_packs(), Gazetteer.empty()
    for line in sys.stdin:
        if line.strip():
            answer = classify_line(json.loads(line), packs, gazetteer)
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
