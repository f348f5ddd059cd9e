"""The ladder by command: 暂缓, 接着办, 阶段, 时限; meetings; who stands in on which days."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from re import Match
from typing import Any

from sqlalchemy import Row

from gridbot import texts
from gridbot.almanac import parse_when
from gridbot.cases import clocks, deadlines, voice, waiting
from gridbot.cases.limitbook import COMMON, book_in_use
from gridbot.desk import clockwork, meetings, pausing
from gridbot.desk.admin_cases import nodes_of, numbered
from gridbot.desk.admin_people import held, named, note
from gridbot.desk.context import Hearing
from gridbot.desk.registry import LEADERS, STAFF, NotMineError, Where, command
from gridbot.grid import duty
from gridbot.grid.tree import load_tree
from gridbot.messages import Role
from gridbot.texts import ladder as words

_NUMBER = r"#?(?P<number>\d{1,7})(?!\d)\s*(?:号|件|这件|那件)?"
_DAY = r"(?:\d{1,2}月)?\d{1,2}[日号]?|今天|明天|后天|(?:下?周|星期|礼拜)[一二三四五六日天]"


def _case(h: Hearing, said: Match[str]) -> Row[Any] | None:
    return numbered(h, int(said["number"]))


# --- 暂缓 ----------------------------------------------------------------------------------------


@command(
    "hold",
    "暂缓",
    "挂起",
    roles=STAFF,
    help="先缓一缓,说一句等什么、到哪天",
    area="管事",
    takes=rf"{_NUMBER}(?P<rest>.{{0,100}})",
    usage="暂缓 128 等配件到周四",
    talk=True,
)
def hold(h: Hearing, said: Match[str]) -> str | None:
    case = _case(h, said)
    if case is None or not pausing.may(h, case):
        return texts.no_such_case(said["number"])
    if case.state not in pausing.PAUSABLE or case.urgent:
        return words.cannot_pause(case.number)
    text = re.sub(r"^[\s,,::]+", "", said["rest"]).strip()
    pause = pausing.read(text, h.now, h.knows.settings.zone, book_in_use().pauses, told=True)
    if pause is None or not pause.reason:
        pausing.ask_why(h, case)
        return None
    pausing.start(h.db, case, pause, text, actor=h.actor(), now=h.now)
    return None


@command(
    "go_on",
    "接着办",
    "继续办",
    roles=STAFF,
    help="不缓了,时限接着算",
    area="管事",
    takes=_NUMBER,
    usage="接着办 128",
    talk=True,
)
def go_on(h: Hearing, said: Match[str]) -> str | None:
    case = _case(h, said)
    if case is None or not pausing.may(h, case):
        return texts.no_such_case(said["number"])
    if not pausing.resume(h.db, case, actor=h.actor(), now=h.now):
        return words.not_paused(case.number)
    return None


# --- 时限, 阶段 ----------------------------------------------------------------------------------


@command(
    "limits",
    "时限",
    roles=STAFF,
    help="一件事的时限,或用的是哪套标准",
    area="管事",
    takes=rf"(?:{_NUMBER})?",
    usage="时限 128",
    where=Where.DISCREET,
    talk=True,
)
def limits(h: Hearing, said: Match[str]) -> str:
    settings = h.knows.settings
    if not said["number"]:
        book = book_in_use()
        preset = book.presets.get(settings.limits_preset) or book.presets.get(COMMON)
        problems = clocks.own_lines(settings.limits, ())[1]
        shown = words.preset_source(preset.name, preset.source, preset.note) if preset else ""
        return "\n".join([shown, *problems]).strip() or texts.like_this("时限 128")
    case = _case(h, said)
    if case is None:
        return texts.no_such_case(said["number"])
    today = h.now
    lines = [
        words.stage_line(
            one.name,
            waiting.day_text(one.by.astimezone(settings.zone).date()),
            done=one.done,
            late=one.by < today,
        )
        for one in deadlines.stages(case, settings, h.now)
    ]
    return words.stages_shown(lines)


@command(
    "stage",
    "阶段",
    roles=STAFF,
    help="分段的事,这一步办了",
    area="管事",
    takes=rf"{_NUMBER}\s*(?P<stage>\S{{1,10}})",
    usage="阶段 128 停工",
)
def stage(h: Hearing, said: Match[str]) -> str:
    case = _case(h, said)
    if case is None or not pausing.may(h, case):
        return texts.no_such_case(said["number"])
    known = [one.name for one in deadlines.stages(case, h.knows.settings, h.now)]
    names = [name for name in known if name != deadlines.FINISHED]
    name = next((one for one in names if one in said["stage"]), None)
    if name is None or not waiting.stage_done(h.db, case, name, actor=h.actor(), now=h.now):
        return words.no_such_stage(case.number, names)
    clockwork.set_stages(h.db, case, h.now)
    return words.stage_done(case.number, name)


# --- 例会 ----------------------------------------------------------------------------------------


@command(
    "meeting",
    "例会",
    roles=STAFF,
    help="例会上有哪些事;管理员说名字、网格、日子就定一个例会",
    area="管事",
    takes=rf"(?:(?P<name>\S{{2,20}})(?:\s+(?P<where>\S{{1,40}}))?\s+(?P<day>{_DAY}))?",
    usage="例会 片区例会 第四片区 12月5日",
    where=Where.DISCREET,
    talk=True,
)
def meeting(h: Hearing, said: Match[str]) -> str:
    zone = h.knows.settings.zone
    if not said["name"]:
        shown = [
            words.meeting_shown(one.name, meetings.day_of(one, h.now, zone), meetings.lines(h.db, one))
            for one in meetings.all_of(h.db, h.community_id)
        ]
        return "\n".join(shown) or words.no_meeting()
    if Role.ADMIN not in h.roles:
        raise NotMineError
    day = _day(said["day"], h)
    if day is None or day < h.now.astimezone(zone).date():
        return words.meeting_day_past(said["day"])
    tree = load_tree(h.db, h.community_id)
    nodes = tree.find(said["where"]) if said["where"] else tree.roots[:1]
    if len(nodes) != 1:
        names = [node.path for node in nodes[:6]]
        example = "例会 片区例会 第四片区 12月5日"
        return texts.several_grids(names, example) if nodes else texts.no_such_grid(said["where"], example)
    made = meetings.hold(h.db, h.community_id, said["name"], nodes[0].id, day, zone)
    note(h, "meeting", meeting=made.id, node=nodes[0].id)
    return words.meeting_made(made.name, nodes[0].name, waiting.day_text(day))


@command(
    "table",
    "列入例会",
    "上会",
    roles=LEADERS,
    help="这件事放到例会上商量,先不催人",
    area="管事",
    takes=rf"{_NUMBER}(?:\s*[,,]?\s*(?P<name>\S{{2,20}}))?",
    usage="列入例会 128",
    also=(("例会|片区例会", r"把?(?P<rest>#?\d{1,7})(?:号|这件)?列入\S{0,6}例会"),),
)
def table(h: Hearing, said: Match[str]) -> str:
    case = _case(h, said)
    if case is None:
        return texts.no_such_case(said["number"])
    listed = meetings.all_of(h.db, h.community_id)
    if not listed:
        return words.no_meeting()
    found = meetings.named(h.db, h.community_id, said["name"] or "")
    if found is None:
        return words.which_meeting([one.name for one in listed], case.number)
    if not meetings.table(h.db, case, found, actor=h.actor(), now=h.now):
        return words.cannot_table(case.number)
    day = meetings.day_of(found, h.now, h.knows.settings.zone)
    return words.tabled(voice.called(case, shared=True), case.number, found.name, day)


@command(
    "outcome",
    "例会结果",
    roles=LEADERS,
    help="例会怎么定的,一句话",
    area="管事",
    takes=rf"{_NUMBER}\s*[,,:：]?\s*(?P<words>.{{2,300}})",
    usage="例会结果 128 物业月底前换灯",
)
def outcome(h: Hearing, said: Match[str]) -> str:
    case = _case(h, said)
    if case is None:
        return texts.no_such_case(said["number"])
    goes_on = meetings.outcome(h, case, said["words"].strip())
    if goes_on is None:
        return words.not_on_agenda(case.number)
    return words.outcome_noted(case.number, goes_on=goes_on)


# --- 值班 ----------------------------------------------------------------------------------------


@command(
    "duty",
    "值班",
    "值班表",
    roles=STAFF,
    help="哪几天谁值班,有事先找他;不写就看值班表",
    area="人",
    takes=rf"(?:(?P<first>{_DAY})(?:\s*(?:到|至|-|—)\s*(?P<last>{_DAY}))?\s*"
    r"(?P<who>[^\s\d日号]\S{1,19})(?:\s+(?P<where>\S{1,40}))?)?",
    usage="值班 10月1日到3日 李格长",
    where=Where.DISCREET,
    talk=True,
)
def roster(h: Hearing, said: Match[str]) -> str:
    zone = h.knows.settings.zone
    today = h.now.astimezone(zone).date()
    if not said["first"]:
        rows = duty.listed(h.db, h.community_id, today)
        lines = [words.duty_line(_span(row.first, row.last), row.node, row.name) for row in rows]
        return words.duty_list(lines)
    first = _day(said["first"], h)
    last = _last(said["last"], first, h) if said["last"] else first
    if first is None or last is None or last < first or last < today:
        return words.duty_unknown_day()
    rows = named(held(h.db, h.community_id, h.now), said["who"])
    people = {row.person_id: row.name for row in rows}
    if not people:
        return texts.no_such_person(said["who"])
    if len(people) > 1:
        return texts.several_people(sorted(people.values())[:6])
    node = _node(h, said["where"] or "")
    if node is None:
        return words.duty_not_yours()
    person, name = next(iter(people.items()))
    try:
        duty.stand_in(h.db, h.community_id, node.id, person, first, last)
    except ValueError:
        return words.duty_unknown_day()
    note(h, "duty", person=person, node=node.id, first=first.isoformat(), last=last.isoformat())
    return words.duty_made(node.name, _span(first, last), name)


@command(
    "no_duty",
    "取消值班",
    roles=LEADERS,
    help="某人排了的值班不要了",
    area="人",
    takes=r"(?P<who>\S{2,20})",
    usage="取消值班 李格长",
    where=Where.DISCREET,
)
def no_duty(h: Hearing, said: Match[str]) -> str:
    today = h.now.astimezone(h.knows.settings.zone).date()
    rows = [row for row in duty.listed(h.db, h.community_id, today) if said["who"] in row.name]
    if not rows:
        return texts.no_such_person(said["who"])
    nodes = None if Role.ADMIN in h.roles else list(nodes_of(h))
    if not duty.drop(h.db, h.community_id, rows[0].person_id, today, nodes):
        return words.duty_not_yours()
    note(h, "no_duty", person=rows[0].person_id)
    return words.duty_dropped(_span(rows[0].first, rows[0].last), rows[0].name)


def _node(h: Hearing, where: str) -> Any:
    """The grid a roster is for: the one named, or the highest the speaker holds; an admin's is the top."""
    tree = load_tree(h.db, h.community_id)
    admin = Role.ADMIN in h.roles
    mine = nodes_of(h)
    if where:
        found = [node for node in tree.find(where) if admin or node.id in mine]
        return found[0] if len(found) == 1 else None
    if admin:
        return tree.roots[0] if tree.roots else None
    return next((node for node in sorted(tree.nodes, key=lambda one: one.depth) if node.id in mine), None)


# --- days ----------------------------------------------------------------------------------------


def _day(text: str, h: Hearing) -> date | None:
    if re.fullmatch(r"\d{1,2}", text):
        text += "日"
    when = parse_when(text, h.now, h.knows.settings.zone)
    return when.date() if isinstance(when, datetime) else when


def _last(text: str, first: date | None, h: Hearing) -> date | None:
    """The end of a span: 3日 after 10月1日 is the third of October."""
    if first is None:
        return None
    if (bare := re.fullmatch(r"(\d{1,2})[日号]?", text)) is None:
        return _day(text, h)
    day = int(bare[1])
    for offset in range(62):
        one = first + timedelta(days=offset)
        if one.day == day:
            return one
    return None


def _span(first: date, last: date) -> str:
    begins = waiting.day_text(first)
    if first == last:
        return begins
    return f"{begins}到" + (f"{last.day}日" if last.month == first.month else waiting.day_text(last))
