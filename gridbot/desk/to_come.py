"""Services to come (议事, 借工具, 名单通知, 微心愿, 点单 …): what asks for one is recognised.

By itself it is no case: a tool to borrow, a list, a wish. Beside a report it is marked on it, and the leader
reads what is wished for (议事, 开门的钟点). Who asks the bot itself reads that it cannot do it yet. The words
stand in intents/remarks.yaml, groups service_*.
"""

from __future__ import annotations

from gridbot.cases import actions, queries
from gridbot.desk import drafts, fragments, notices, opening, remarks
from gridbot.desk.context import Hearing
from gridbot.desk.remarks import Talk
from gridbot.grid import queries as grid
from gridbot.messages import CaseState
from gridbot.texts import to_come as words
from gridbot.understanding.reading import Band, Reading

ALONE = ("list", "tools", "wish")  #: never a case, though they may sound like one
BESIDE = ("hours", "consult", "campaign", "need", "order")  #: what a report may wish for, too
MARK = "service"  #: key in case.data


def service_of(text: str, talk: Talk, among: tuple[str, ...] = (*ALONE, *BESIDE)) -> str:
    """ "tools" of 谁家有电钻借我用用; "" if no service is asked for."""
    if not 0 < len(text) <= remarks.LONGEST:
        return ""
    return next((one for one in among if talk.says(f"service_{one}", text)), "")


def hear(h: Hearing, reading: Reading, text: str) -> bool:
    """What asks for a service and is no report of its own. False: it is none, or a report as well."""
    if reading.urgent or h.leads:
        return False
    service = service_of(text, remarks.of(h.knows.packs))
    if service in BESIDE:
        if drafts.reports(reading) and reading.band is Band.OPEN:
            return False
        joined = [_beside(h, case_id, service) for case_id in _own(h)]
        if any(joined):
            return True
    if not service or (service in BESIDE and not h.for_us):
        return False
    if h.for_us and not h.late:
        settings = h.knows.settings
        who = words.whom(settings.contact, settings.phone)
        h.answer(words.to_resident(service, who), purpose="to-come")
    return True


def mark(h: Hearing, case_id: int, text: str) -> None:
    """A report that wishes for a service as well."""
    service = service_of(text, remarks.of(h.knows.packs), BESIDE)
    case = queries.case(h.db, case_id)
    if service and not case.data.get(MARK) and (service != "need" or "care" in case.types):
        actions.note(h.db, case, **{MARK: service})


def _own(h: Hearing) -> list[int]:
    return [case.id for case in fragments.gathering_cases(h) if not case.urgent]


def _beside(h: Hearing, case_id: int, service: str) -> bool:
    """大家坐下来商量个公约吧, after one's own complaint: it belongs to that; and if that named no house, it
    is about the whole of the group's grid, so nobody is asked for one."""
    case = queries.case(h.db, case_id)
    if not case.types or not actions.add(h.db, case, drafts.said_of(h), actor=h.actor(), now=h.now):
        return False
    actions.note(h.db, case, last=h.said.sent_at.isoformat(), **{MARK: service})
    case = queries.case(h.db, case_id)
    if case.state == CaseState.GATHERING and not case.data.get("placed") and h.chat.node_id is not None:
        name = grid.node_name(h.db, h.chat.node_id)
        where = {"place": name, "place_key": name, "side": case.side, "node_id": h.chat.node_id}
        actions.locate(h.db, case, **where, actor=h.actor(), now=h.now)
        actions.note(h.db, case, placed=True, band=Band.OPEN.value)
        opening.open_now(h, queries.case(h.db, case_id))
    else:
        notices.after_more_words(h.db, case_id, h.now)
    return True
