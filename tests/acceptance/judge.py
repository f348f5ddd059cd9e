"""What every story is held to, whoever lives it: the rules of speaking, counted and searched for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time

from gridbot.cases import rules
from gridbot.messages import OutKind
from tests.acceptance.town import GROUPS, OFFICE, SPOKEN, Town
from tests.cast import SHANGHAI

COLD = (
    "不归我管",
    "属实",
    "违规",
    "必须",
    "请尽快",
    "警告",
    "无权",
    "失败",
    "错误",
    "您好,您",
    "系统",
    "用户",
    "工单",
)
AT_ONCE = {  # answers to who has just spoken, and dangers
    "safety", "urgent-notice", "alarm-card", "recorded", "night", "pressed", "stand-down", "mention",
    "accepted", "answer", "glad", "reopened-ack", "done-card", "withdrawn", "all-clear",
    "false-alarm-card", "to-come",
}  # fmt: skip
NIGHT, MORNING = time(21), time(8)
LONGEST = 110  #: characters of a line in a group; the safety sentences are a little longer
WINDOW = 7  #: characters in a row that make a quotation


def judge(town: Town, *, most: Mapping[str, int] | None = None) -> None:
    """Raises AssertionError with the whole story. `most`: how often whom at most; who is not named in it may
    hear two things in private, a group three a case."""
    problems = [*_groups(town), *_everywhere(town), *_counts(town, most or {})]
    assert not problems, "\n".join([*problems, "", town.script()])


def _groups(town: Town) -> list[str]:
    found = []
    words = {one.text for one in town.said if one.who not in OFFICE and not one.text.startswith("〔")}
    residents = {one.who for one in town.said if one.who not in OFFICE}
    for one in town.sent:
        if one.chat not in GROUPS or one.kind not in SPOKEN:
            continue
        if len(one.text) > LONGEST:
            found.append(f"too long for a group: {one.text}")
        if re.search(r"(?<!\d)\d{3,4}(?:室|户|那家)|1[3-9]\d{9}", one.text):
            found.append(f"a number of somebody's: {one.text}")
        found += [f"names {name}: {one.text}" for name in residents if name in one.text]
        if one.purpose != "safety":
            rest = _without_names(town, one.text)
            found += [f"repeats {said}: {one.text}" for said in words if _quotes(said, rest)]
    return found


def _without_names(town: Town, text: str) -> str:
    """A place and the name of a thing are how a case is called, not what somebody said."""
    for case in town.opened():
        text = text.replace(rules.call_it(case.data.get("titles", []), case.place, shared=True), "")
    return text


def _quotes(said: str, text: str) -> bool:
    return any(said[at : at + WINDOW] in text for at in range(len(said) - WINDOW + 1))


def _everywhere(town: Town) -> list[str]:
    found = []
    for one in town.sent:
        if one.kind not in SPOKEN:
            continue
        found += [f"cold ({word}): {one.text}" for word in COLD if word in one.text]
        if sum(len(row) for row in one.buttons) > 4 and one.purpose == "notice":
            found.append(f"too many buttons: {one.text}")
        local = one.at.astimezone(SHANGHAI).time()
        if not MORNING <= local < NIGHT and one.purpose not in AT_ONCE:
            found.append(f"at night ({one.purpose}): {one.text}")
    for case in town.cases():
        asked = [one for one in town.sent if one.case_id == case.id and one.purpose.startswith("ask-")]
        if len(asked) > 1:
            found.append(f"asked {len(asked)} times: {asked[-1].text}")
    return found


def _counts(town: Town, most: Mapping[str, int]) -> list[str]:
    cases = max(1, len([one for one in town.opened() if one.parent_id is None]))
    found = []
    for who, count in town.rang().items():
        allowed = most.get(who, 3 * cases if who in GROUPS.values() else 2 * cases)
        if count > allowed:
            found.append(f"{who} hears {count} things, {allowed} are enough")
    return found


def nothing_in_groups(town: Town) -> bool:
    """Not a word, not a reaction, over all rows of the outbox, said or not."""
    with town.db() as db:
        rows = db.exec_driver_sql(
            "SELECT count(*) FROM outbox JOIN chat ON chat.id = outbox.chat_id WHERE chat.kind = 'group'"
        ).scalar_one()
    return rows == 0 and not any(one.chat in GROUPS or one.kind is OutKind.REACT for one in town.sent)
