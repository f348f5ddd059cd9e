"""What a community may set about itself, with the defaults as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Form(StrEnum):
    """How a setting is written in the directory file."""

    TEXT = "text"
    MINUTES = "minutes"
    SECONDS = "seconds"
    COUNT = "count"
    CLOCK = "clock"  #: HH:MM in the community's zone
    ACK = "ack"
    TABLE = "table"  #: a mapping that another module reads


@dataclass(frozen=True, slots=True)
class Setting:
    form: Form
    default: Any
    title: str  #: in the XLSX form and in error sentences
    least: int = 0
    most: int = 24 * 60


SETTINGS: Mapping[str, Setting] = {
    "contact": Setting(Form.TEXT, "", "负责人"),
    "phone": Setting(Form.TEXT, "", "社区电话"),
    "gas": Setting(Form.TEXT, "燃气公司抢修电话", "燃气抢修"),
    "elevator": Setting(Form.TEXT, "电梯里贴的维保电话", "电梯维保"),
    "property": Setting(Form.TEXT, "", "物业电话"),
    "helpline": Setting(Form.TEXT, "12356", "心理热线"),
    "police_text": Setting(Form.TEXT, "12110", "短信报警"),
    "motto": Setting(Form.TEXT, "", "口号"),
    "gather_idle": Setting(Form.MINUTES, 3, "等补充(分钟)", 1, 60),
    "gather_most": Setting(Form.MINUTES, 10, "最多等(分钟)", 1, 120),
    "leader_delay": Setting(Form.SECONDS, 30, "告诉网格长前等(秒)", 0, 600),
    "urgent_claim": Setting(Form.MINUTES, 5, "紧急事没人接(分钟)", 1, 60),
    "answer_within": Setting(Form.MINUTES, 48 * 60, "等居民回话(分钟)", 60, 14 * 24 * 60),
    "ask_after": Setting(Form.SECONDS, 120, "没说在哪,等几秒再问", 20, 3600),
    "card_every": Setting(Form.SECONDS, 30, "大面积的卡片几秒改一次", 5, 600),
    "burst_within": Setting(Form.MINUTES, 10, "大面积:几分钟之内", 1, 120),
    "burst_places": Setting(Form.COUNT, 3, "大面积:几处", 2, 100),
    "burst_people": Setting(Form.COUNT, 5, "大面积:几个人", 2, 1000),
    "burst_lasts": Setting(Form.MINUTES, 6 * 60, "大面积:多久之内还算这件", 10, 48 * 60),
    "burst_reactions": Setting(Form.COUNT, 5, "大面积:前几个给表情", 0, 100),
    "burst_answer": Setting(Form.MINUTES, 5, "大面积:几分钟之内不重复回答", 1, 120),
    "planned_before": Setting(Form.MINUTES, 10, "计划停供:提前几分钟也算", 0, 120),
    "planned_after": Setting(Form.MINUTES, 12 * 60, "计划停供:过后多久听还没来", 10, 72 * 60),
    "planned_again": Setting(Form.MINUTES, 10, "计划停供:几分钟之内不重复回答", 1, 120),
    "quiet_start": Setting(Form.CLOCK, "21:00", "夜里从"),
    "quiet_end": Setting(Form.CLOCK, "08:00", "夜里到"),
    "ack": Setting(Form.ACK, "first", "回应方式"),
    "rates": Setting(Form.TABLE, {}, "三率算法"),
    "echo": Setting(Form.TABLE, {}, "本周回音"),
    "alive": Setting(Form.TABLE, {}, "每周报平安"),
    "packs": Setting(Form.TABLE, {}, "例会材料和月报"),
    "holders": Setting(Form.TABLE, {}, "谁来当"),
    "service_days": Setting(Form.TABLE, {}, "便民日提醒"),
    "bounces": Setting(Form.TABLE, {}, "退回"),
    "retention": Setting(Form.TABLE, {}, "保存期限"),
    "limits_preset": Setting(Form.TEXT, "", "时限标准"),
    "limits": Setting(Form.TABLE, {}, "时限"),
    "work_hours": Setting(Form.TEXT, "9:00-12:00,14:00-18:00", "上班时间"),
    "role_hours": Setting(Form.TABLE, {}, "可打扰时间"),
    "digest_at": Setting(Form.CLOCK, "17:00", "汇总时间"),
    "reports_a_day": Setting(Form.COUNT, 3, "一人一天几件马上告诉", 1, 100),
    "person_budget": Setting(Form.COUNT, 20, "一人一天最多响几次", 1, 1000),
    "rings_at_once": Setting(Form.COUNT, 3, "十分钟内最多响几次", 1, 100),
    "group_budget": Setting(Form.COUNT, 30, "一群一天最多说几句", 1, 1000),
}
BOUNCES: Mapping[str, Any] = {
    "reasons": "业主专有部分、不在我这片、在墙外、该别的单位管",
    "most": 3,  #: the return after which the level above designates
    "minutes": 15,  #: in which it should
}
"""退回: reasons to choose from, and when somebody decides (天津细则: after 3 dispatches without owner)."""
ACKS = ("first", "words", "reaction")
"""first: words the first time a person reports, a reaction later; words, reaction: always so."""


@dataclass(frozen=True, slots=True)
class SettingsView:
    """A community's settings, ready to use. Phone numbers are text; `quiet_*` are in `zone`."""

    zone: ZoneInfo
    contact: str
    phone: str
    gas: str  #: 燃气抢修
    elevator: str  #: 电梯维保
    property: str  #: 物业
    helpline: str  #: 心理热线
    police_text: str  #: 短信报警
    motto: str
    gather_idle: timedelta
    gather_most: timedelta
    leader_delay: timedelta
    urgent_claim: timedelta
    ask_after: timedelta  #: of silence after a report without a place, then one question is put
    card_every: timedelta  #: how often an incident's card is edited at most
    burst_within: timedelta  #: within it so many places or people with one supply fault are one incident
    burst_places: int
    burst_people: int
    burst_lasts: timedelta  #: how long further reports belong to an incident
    burst_reactions: int  #: the first that many are shown that they were heard
    burst_answer: timedelta  #: 停电了吗 is answered again after it
    planned_before: timedelta  #: a valve is shut a little early
    planned_after: timedelta  #: how long 还没水 is understood after the announced end
    planned_again: timedelta  #: the same answer is not given twice in a group within it
    answer_within: timedelta  #: after it a case said to be mended is 未回访
    quiet_start: time
    quiet_end: time
    ack: str
    rates: Mapping[str, Any]  #: see cases.rates.Formula
    echo: Mapping[str, Any]  #: {weekday: 5, at: "17:00", off: …}: see services.echo
    alive: Mapping[str, Any]  #: {weekday: 1, at: "09:00"}
    packs: Mapping[str, Any]  #: {weekday: 1, at: "08:30", levels: 片区, …}: see services.packs.rules.Plan
    holders: Mapping[str, str]  #: who holds which level: {二级网格: 社区书记}
    service_days: Mapping[str, Any]
    bounces: Mapping[str, Any]  #: over BOUNCES: reasons, most, minutes
    retention: Mapping[str, Any]  #: days over cases.retention.PERIODS: {"closed": 730}
    limits_preset: str  #: the name of a table in intents/limits
    limits: Mapping[str, Any]  #: own figures: {"lighting.办结": "3工作日"}, see cases.clocks.own_lines
    work_hours: str
    role_hours: Mapping[str, Any]  #: {"unit": "工作日 9:00-18:00"}, see cases.clocks.Hours
    digest_at: time  #: when what exceeds a budget is told by day
    reports_a_day: int  #: open reports of one person that are told at once; more wait for the digest
    person_budget: int  #: notices a day to one person that ring
    rings_at_once: int  #: to one person within ten minutes; what exceeds it comes together, a little later
    group_budget: int  #: lines a day in one group that can wait


def view(timezone: str, given: Mapping[str, Any] | None) -> SettingsView:
    """Settings as stored, over the defaults. A value that makes no sense keeps its default."""
    values = {name: _value(name, (given or {}).get(name)) for name in SETTINGS}
    return SettingsView(zone=ZoneInfo(timezone), **values)


def problem(name: str, value: Any) -> str:
    """What is wrong with a value, as a sentence without subject; "" if nothing is."""
    setting = SETTINGS[name]
    match setting.form:
        case Form.MINUTES | Form.SECONDS | Form.COUNT:
            if not isinstance(value, int) or not setting.least <= value <= setting.most:
                return f"要是{setting.least}到{setting.most}的整数,写的是「{value}」"
        case Form.CLOCK:
            if clock(value) is None:
                return f"要写成 08:30 这样的时间,写的是「{value}」"
        case Form.ACK:
            if value not in ACKS:
                return f"只能是 {'、'.join(ACKS)},写的是「{value}」"
        case Form.TABLE:
            if not isinstance(value, Mapping):
                return "下面要有几行「名称: 值」"
        case Form.TEXT:
            if not isinstance(value, str):
                return "要是文字"
    return ""


def clock(text: Any) -> time | None:
    """ "9:30" or "09:30" as a time of day; None if it is none."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    return time(int(found[1]), int(found[2])) if found else None


def _value(name: str, given: Any) -> Any:
    setting = SETTINGS[name]
    value = setting.default if given in (None, "") or problem(name, given) else given
    match setting.form:
        case Form.MINUTES:
            return timedelta(minutes=value)
        case Form.SECONDS:
            return timedelta(seconds=value)
        case Form.CLOCK:
            return clock(value)
        case _:
            return value
