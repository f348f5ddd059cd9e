"""The clocks of one case as they stand now: its limits on its level, its stages, its pauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row

from gridbot import texts
from gridbot.almanac import Limit, Pause
from gridbot.cases import clocks
from gridbot.cases.clocks import Hours, Limits, Town
from gridbot.cases.limitbook import book_in_use
from gridbot.grid import queries as grid
from gridbot.grid.rungs import Rung, rungs
from gridbot.grid.settings import SettingsView
from gridbot.texts import ladder as words

FINISHED = "办结"  #: the last stage of every case: the limit of the whole
_ROLES = {word: role for role, word in texts.ROLE_WORDS.items()} | {"单位": "unit", "物业": "unit"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with its moment. `done`: the leader said so; `told`: its being late was reported."""

    name: str
    by: datetime
    done: bool = False
    told: bool = False


def town(settings: SettingsView) -> Town:
    hours = {
        _ROLES.get(str(name), str(name)): read
        for name, text in settings.role_hours.items()
        if (read := Hours.read(str(text))) is not None
    }
    work = clocks.work_hours(settings.work_hours)
    return Town(settings.zone, settings.quiet_start, settings.quiet_end, settings.digest_at, work, hours)


def given(claim: int, remind: int, finish: tuple[float, str]) -> dict[str, str]:
    """A type's own deadlines, in minutes and (amount, unit), as a case keeps them."""
    return {"claim": f"{claim}分钟", "remind": f"{remind}分钟", "finish": f"{finish[0]:g}{finish[1]}"}


def resolve(
    settings: SettingsView, known: Mapping[str, Any], type_: str, level: str = "", rung: int = 0
) -> Limits:
    """The type's own limits, over them the chosen preset, over that the community's own figures."""
    lines = [*book_in_use().lines(settings.limits_preset), *clocks.own_lines(settings.limits, ())[0]]
    return clocks.limits(clocks.base(known), lines, type_, level=level, rung=rung)


def limits_of(db: Connection, case: Row[Any], settings: SettingsView) -> Limits:
    """What holds for a case on the level it has climbed to."""
    at, rung = rung_of(rungs(db, case.node_id), case)
    return resolve(settings, known(case), first_type(case), at.level if at else "", rung)


def rung_of(ladder: Sequence[Rung], case: Row[Any]) -> tuple[Rung | None, int]:
    """The rung a case has climbed to, and how far that is from where it began."""
    for number, one in enumerate(ladder):
        if one.node_id == case.level_node_id:
            return one, number
    return (ladder[0], 0) if ladder else (None, 0)


def known(case: Row[Any]) -> Mapping[str, Any]:
    limits = case.data.get("limits")
    return limits if limits else {"claim": f"{int(case.data.get('claim_minutes', 120))}分钟"}


def first_type(case: Row[Any]) -> str:
    return str(case.types[0]) if case.types else ""


def finish_by(settings: SettingsView, limits: Mapping[str, Any], type_: str, reported: datetime) -> datetime:
    """When a fresh report of this type should be finished; for the draft."""
    return town(settings).finish_by(reported, resolve(settings, limits, type_).finish)


def pauses(case: Row[Any], now: datetime | None = None) -> tuple[Pause, ...]:
    """The pauses that are over; with `now` also the one that lasts, until now."""
    over = [(_time(begins), _time(ends)) for begins, ends in case.data.get("pauses", ())]
    paused = case.data.get("paused")
    if paused and now is not None:
        over.append((_time(paused["since"]), now))
    return tuple(over)


def stages(case: Row[Any], settings: SettingsView, now: datetime) -> list[Stage]:
    """Every stage, the limit of the whole as the last; the earliest first."""
    limits = resolve(settings, known(case), first_type(case))
    done, told = case.data.get("stages_done", ()), case.data.get("stages_told", ())
    place = town(settings)

    def at(limit: Limit) -> datetime:
        return place.finish_by(case.reported_at, limit, pauses(case, now))

    listed = [(one.name, at(one.within)) for one in limits.stages]
    listed.append((FINISHED, at(limits.finish)))
    listed.sort(key=lambda one: one[1])
    return [Stage(name, by, name in done, name in told) for name, by in listed]


def lines(db: Connection, case: Row[Any]) -> list[str]:
    """What the card says of the clocks: a pause, a meeting, the stages where the type has them."""
    paused = case.data.get("paused")
    staged = staged_types()
    if not (paused or case.data.get("meeting") or staged & set(case.types)):
        return []
    settings = grid.settings_of(db, case.community_id)
    if paused:
        until = _time(paused["until"]).astimezone(settings.zone)
        return [words.pause_state(paused["what"], f"{until.month}月{until.day}日")]
    if case.data.get("meeting"):
        return [words.ON_AGENDA]
    found = stages(case, settings, case.reported_at)
    if len(found) == 1:
        return []
    shown = [
        words.stage_line(one.name, _day(one.by, settings), done=one.done, late=one.told) for one in found
    ]
    return [words.stages_shown(shown)]


def staged_types() -> frozenset[str]:
    """The types for which some table knows stages."""
    tables = book_in_use().presets.values()
    return frozenset().union(*(line.types for one in tables for line in one.lines if line.stages))


def _day(at: datetime, settings: SettingsView) -> str:
    local = at.astimezone(settings.zone)
    return f"{local.month}月{local.day}日"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
