"""例会材料, 月报 and 数字说明 by command: in private, a leader for what he leads, an admin for all of it, an
officer (街道) for his communities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from re import Match

from gridbot import texts
from gridbot.almanac.periods import moments, period
from gridbot.desk import packs
from gridbot.desk.admin_people import held
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS, Where, command, private_chat
from gridbot.grid.tree import Node, Tree, load_tree
from gridbot.messages import Role, Urgency
from gridbot.services.packs import previews
from gridbot.texts import packs as words

_LEADS = (Role.LEADER.value, Role.DEPUTY.value)
MOST = 3  #: packs in one answer: of who leads several grids apart


@command(
    "meeting_pack",
    "例会材料",
    "周报",
    roles=LEADERS,
    help="开例会要的一张纸:在办、超时、返工、反复报的地方;不用填",
    area="管事",
    takes=r"(?P<rest>\S{0,20}(?:\s+\S{1,20})?)",
    usage="例会材料 一网格",
    where=Where.DISCREET,
)
def meeting_pack(h: Hearing, said: Match[str]) -> str | None:
    zone = h.knows.settings.zone
    today = h.now.astimezone(zone).date()
    since, until = moments(today - timedelta(days=6), today + timedelta(days=1), zone)
    name = ""
    for token in said["rest"].split():
        found = period(token, today)
        if found is None:
            name = token
        else:
            since, until = moments(found[1], found[2], zone)
    nodes = grids(h, name)
    if not nodes:
        return words.no_such_node(name) if name else words.week_usage()
    return _send_weeks(h, nodes[:MOST], since, min(until, h.now))


def _send_weeks(h: Hearing, nodes: list[int | None], since: datetime, until: datetime) -> str | None:
    chat = private_chat(h)
    if chat is None:
        return texts.open_private_first()
    for made in weeks(h, nodes, since, until):
        packs.send(
            h.db, h.community_id, chat.id, made, purpose="meeting-pack", now=h.now, urgency=Urgency.ANSWER
        )
    _sent(h)
    return None


def weeks(h: Hearing, nodes: Sequence[int | None], since: datetime, until: datetime) -> list[packs.Made]:
    """例会材料 of each of these grids."""
    names = packs.titles(h.desk, h.db, h.community_id)
    return [
        packs.weekly(h.db, h.community_id, node, since, until, names=names, now=h.now)[0] for node in nodes
    ]


def _sent(h: Hearing) -> None:
    """A line where it was asked in a group."""
    if not h.private:
        h.answer(texts.sent_in_private(), purpose="sent-in-private")


def grids(h: Hearing, name: str) -> list[int | None]:
    """The grids asked for, among those somebody leads (an admin: all). None stands for the community."""
    tree = load_tree(h.db, h.community_id)
    own_ = own(h, tree)
    if not name:
        return [None] if Role.ADMIN in h.roles else [node.id for node in own_]
    inside = {one.id for node in own_ for one in (node, *tree.descendants(node.id))}
    return [node.id for node in tree.find(name) if node.id in inside]


def own(h: Hearing, tree: Tree) -> list[Node]:
    """The uppermost grids somebody leads."""
    if Role.ADMIN in h.roles:
        return list(tree.roots)
    offices = [row for row in held(h.db, h.community_id, h.now) if row.person_id == h.person]
    ids = {row.node_id for row in offices if row.role in _LEADS}
    led = [node for node in tree.nodes if node.id in ids]
    return [node for node in led if not ids & {one.id for one in tree.ancestors(node.id)}]


# --- 月报 ----------------------------------------------------------------------------------------


@command(
    "month",
    "月报",
    roles=LEADERS | {Role.OFFICER},
    help="一个月的数:只有件数,没有人名,不排名",
    area="管事",
    takes=r"(?P<period>\S{0,8})",
    usage="月报 10月",
    where=Where.DISCREET,
)
def month_figures(h: Hearing, said: Match[str]) -> str | None:
    zone = h.knows.settings.zone
    span = a_month(said["period"] or "上月", h.now.astimezone(zone).date())
    if span is None:
        return words.no_month()
    chat = private_chat(h)
    if chat is None:
        return texts.open_private_first()
    for made in months(h, span):
        packs.send(h.db, h.community_id, chat.id, made, purpose="month", now=h.now, urgency=Urgency.ANSWER)
    _sent(h)
    return None


def months(
    h: Hearing, span: tuple[str, date, date], nodes: Sequence[int | None] | None = None
) -> list[packs.Made]:
    """An officer's communities on one sheet; else a leader's own grids, or the whole for an admin."""
    if Role.OFFICER in h.roles and not h.roles & LEADERS:
        under = packs.communities_of(h.db, h.said.platform, h.said.sender.id)
        names = packs.names_of(h.desk, h.db, under)
        return [packs.monthly(h.db, under, None, span, names=names, now=h.now)]
    names = packs.titles(h.desk, h.db, h.community_id)
    return [
        packs.monthly(h.db, [h.community_id], node, span, names=names, now=h.now)
        for node in (nodes if nodes is not None else grids(h, "")[:MOST])
    ]


def a_month(said: str, today: date) -> tuple[str, date, date] | None:
    """What was said as a whole month: (its name, first day, the day after the last)."""
    found = period(said, today)
    if found is None or packs.span_of(found[1])[1:] != found[1:]:
        return None
    return packs.span_of(found[1])


# --- 数字说明 ------------------------------------------------------------------------------------


@command(
    "figures_note",
    "数字说明",
    roles=frozenset({Role.UNIT, Role.ADMIN}),
    help="月报里贵单位那行,您有话要说",
    area="管事",
    takes=r"(?P<words>.{2,400})",
    usage="数字说明 有两件等厂家配件",
    where=Where.DISCREET,
)
def figures_note(h: Hearing, said: Match[str]) -> str:
    month = previews.note(h.db, h.community_id, said["words"], actor=h.actor(Role.UNIT), now=h.now)
    return words.note_kept(str(month.month)) if month is not None else words.nothing_to_note()
