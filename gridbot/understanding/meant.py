"""Is it meant? What the tone of a message does to what its words found, and to what its mood silenced."""

from __future__ import annotations

from dataclasses import replace

from gridbot.understanding.evidence import Evidence
from gridbot.understanding.intents import Packs
from gridbot.understanding.reading import Band
from gridbot.understanding.weigh import NOTHING, Support, Weighed, weigh

_LITTLE = 4  #: so few characters beside a firm report, and there is no tone to hear
_SIGN = 0.3  #: what every further sign of a type weighs against a tone of talk


def hold_back(found: Weighed, packs: Packs, support: Support) -> Weighed:
    """What only looks like a report, by its tone: asked about instead of opened, or left alone."""
    if not found.issues or found.issues[0].type == "civic" or support.photo or _says_little_else(found):
        return found
    limits = packs.tone_limits
    if found.danger:
        chatty = not support.placed and not support.somewhere and support.tone < limits.idle
        return replace(found, band=Band.ASK) if chatty else found
    tone = support.tone + _SIGN * (len(found.issues[0].words) - 1)
    if found.band is Band.ASK:
        talk = limits.idle if found.issues[0].score >= 1 else limits.named
    else:
        talk = limits.talk.beside(placed=support.placed, somewhere=support.somewhere)
    if tone < talk - (limits.firm if found.firm else 0):
        return replace(NOTHING, because=(f"口气像闲谈：{'、'.join(packs.tone.reasons(support.norm))}",))
    doubt = limits.doubt.beside(placed=support.placed, somewhere=support.somewhere)
    return replace(found, band=Band.ASK) if tone < doubt else found


def _says_little_else(found: Weighed) -> bool:
    return found.rest < (_LITTLE if found.firm else 1)


def hear_out(evidence: list[Evidence], packs: Packs, support: Support, *, soft: bool) -> Weighed | None:
    """What a mood silenced, in the tone of somebody in trouble: worth a question, or meant all the same."""
    limits = packs.tone_limits.heard_soft if soft else packs.tone_limits.heard
    if support.tone < limits.ask:
        return None
    found = weigh(evidence, packs, support)
    if not found.issues:
        return None
    why = f"口气像报事：{'、'.join(packs.tone.reasons(support.norm))}"
    band = found.band if support.tone >= limits.open else Band.ASK
    return replace(found, band=band, because=(*found.because, why))
