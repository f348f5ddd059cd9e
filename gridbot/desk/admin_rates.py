"""三率 by command: the figures of a leader's own grids, or of the whole community for an admin."""

from __future__ import annotations

from datetime import timedelta
from re import Match

from gridbot.almanac.periods import moments, period
from gridbot.cases.facts import facts
from gridbot.cases.rates import Fact, Formula, Rates, rates, under
from gridbot.desk.admin_people import held
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS, Where, command
from gridbot.grid.tree import load_tree
from gridbot.messages import Role
from gridbot.texts import rates as words

_LEADS = (Role.LEADER.value, Role.DEPUTY.value)


@command(
    "rates",
    "三率",
    roles=LEADERS,
    help="响应率、解决率、满意率:本月的,或上周、上月、10月的",
    area="管事",
    takes=r"(?P<period>\S{0,8})",
    usage="三率 上周",
    where=Where.DISCREET,
)
def three_rates(h: Hearing, said: Match[str]) -> str:
    zone = h.knows.settings.zone
    found = period(said["period"], h.now.astimezone(zone).date())
    if found is None:
        return words.bad_period()
    name, first, after = found
    since, until = moments(first, after, zone)
    everything = facts(h.db, h.community_id, since, until)
    where, mine = _mine(h, everything)
    formula = Formula.read(h.knows.settings.rates)
    return sheet(where, name, rates(mine, h.now, formula), formula)


def _mine(h: Hearing, everything: list[Fact]) -> tuple[str, list[Fact]]:
    """An admin sees all; a leader the grids held and what lies under them, each case once."""
    tree = load_tree(h.db, h.community_id)
    if Role.ADMIN in h.roles:
        return h.chat.community or "", everything
    offices = [row for row in held(h.db, h.community_id, h.now) if row.person_id == h.person]
    nodes = [row.node_id for row in offices if row.node_id in tree.by_id and row.role in _LEADS]
    paths = list(dict.fromkeys(tree.by_id[node].path for node in nodes))
    mine = {one.number: one for path in paths for one in under(everything, path)}
    return "、".join(path.rpartition("/")[2] for path in paths), list(mine.values())


def sheet(where: str, name: str, found: Rates, formula: Formula) -> str:
    """As text: figures with n, then how they are counted."""
    if not found.cases:
        return words.nothing(where, name)
    lines = [
        words.head(where, name, found.cases),
        words.line(words.RESPONSE, found.response.percent(), words.pending(found.pending)),
        words.line(words.SOLUTION, found.solution.percent()),
        words.line(words.SATISFACTION, found.satisfaction.percent()),
        words.line(words.UNANSWERED, found.unanswered.percent(), words.asking(found.asking)),
        words.line(words.AT_HOME, found.at_home.percent()),
        words.line(words.OWN, found.own.percent()),
    ]
    if found.levels:
        lines.append(words.levels(found.levels))
    lengths = [_length(one) for one in (found.until_taken, found.until_done, found.until_closed)]
    if any(lengths):
        lines.append(words.times(*lengths))
    lines += [words.still_open(found.open)] if found.open else []
    lines += [words.false_alarms(found.false_alarms)] if found.false_alarms else []
    twice = formula.asked_twice_satisfies
    return "\n".join([*lines, words.definitions(partly=formula.partly_solves, twice=twice)])


def _length(length: timedelta | None) -> str:
    return words.length(length.total_seconds() / 60) if length is not None else ""
