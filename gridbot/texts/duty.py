"""Whose it is: parties, sub-cases, dispatch cards, invitations, returns. Residents never read 不归我管."""

from __future__ import annotations

from collections.abc import Sequence

ACCEPTED_BY_UNIT = "他们接了"
UNSURE = "说不准"
OTHER_REASON = "别的原因"
ALL_MENDED = "都好了"
NOT_ALL = "还没"
LOOK_TOO = "一起看"
NOT_NOW = "先不用"
SAME_MATTER = "是同一件"
NOT_SAME = "不是"
WILL_COME = "能来"
CANNOT_COME = "来不了"
DISPATCH_CARD = "派单卡"

STATES = {
    "gathering": "刚听到",
    "waiting": "等人接",
    "accepted": "在办",
    "done": "办好了",
    "closed": "办结",
    "withdrawn": "撤了",
    "merged": "并案",
}


# --- lines under a card --------------------------------------------------------------------------


def part_of(whole: int) -> str:
    return f"这是{whole}分出来的一件。"


def parts_line(parts: Sequence[tuple[str, int, str]]) -> str:
    said = "、".join(f"{name}({number}){STATES.get(state, state)}" for name, number, state in parts)
    return f"分成{len(parts)}件:{said}。"


def households_line(done: int, total: int) -> str:
    return f"共{total}户,办好{done}户。"


def candidate_line(name: str, owner: str) -> str:
    keeps = f"接之前{owner}先盯着" if owner else "接之前您先盯着"
    return f"等{name}接,{keeps}。"


def designated_line(name: str) -> str:
    return f"社区指定由{name}办。"


def outside_line(source: str, number: str) -> str:
    return f"{source}单号:{number}。"


def ask_line(name: str, words: str, day: str, answer: str) -> str:
    return f"约请{name}{day}前{words}:{answer or '还没回音'}。"


def statement_line(name: str, words: str) -> str:
    return f"{name}的说明:{words}"


def lowered_line(who: str, before: str, after: str, *, urgent: bool) -> str:
    change = f"类型由“{before}”改成“{after}”" if before != after else ""
    calm = "不再当急事" if urgent else ""
    return f"{who or '系统'}改过:{'、'.join(one for one in (change, calm) if one)}。"


def retyped_upward(who: str, number: int, before: str, after: str) -> str:
    return f"{number}:{who}把“{before}”改成了“{after}”,您知道就行"


def first_a_unit(name: str, contact: str) -> str:
    how = f",电话{contact}" if contact else ""
    return f"这类一般先找{name}{how}。要转给他们,点〔更多〕〔转办〕,我把派单卡写好。"


def speaks_for(unit: str) -> str:
    return f"{unit}的人"


# --- a unit is first, or is told ------------------------------------------------------------------


def unit_notice(unit: str, what: str, number: int, words: str) -> str:
    said = f"\n原话:{words}" if words else ""
    return f"{unit},您好。有人报{what}({number}),请看看是不是您那边管。一个字回我也行。{said}"


def unit_told(what: str, number: int, unit: str) -> str:
    return f"有人报{what}({number})。先告诉了{unit},您知道就行;他们没接,我再找您。"


def no_account(unit: str, contact: str) -> str:
    how = f"(电话{contact})" if contact else ""
    return f"{unit}这单位没有账号,把下面这张转给他们{how}。有回音,直接回我一句。"


def dispatch_card(
    *, number: int, unit: str, kind: str, place: str, ask: str, until: str, callback: str, community: str
) -> str:
    lines = [
        f"【派单卡】{community}",
        f"编号:{number}",
        f"给:{unit}",
        f"什么事:{kind}",
        f"地方:{place or '电话里说'}",
        f"请您:{ask}",
        f"时限:{until}",
        f"回电:{callback}",
        "门牌和报事人不写在这里,接单后电话里说。",
    ]
    return "\n".join(lines)


def asked_of_unit() -> str:
    return "派人看一看,能办就办;不是您那边管的,也请回个电话"


def soon() -> str:
    return "尽快"


def until_day(day: str) -> str:
    return f"{day}前"


def handed_to(what: str, number: int, to: str, *, undo: str) -> str:
    later = f"点错了,一分钟内按〔{undo}〕。" if undo else ""
    return f"{what}({number}):转给{to}了,他们接之前还先记在您这儿。{later}"


def party_not_alone(what: str, number: int, unit: str) -> str:
    return f"{what}({number})和{unit}有关,不能只交给他们。已请他们写段说明,您接着主持;要请别家来,说“约请”。"


def party_cannot_finish(number: int) -> str:
    return f"{number}和贵单位有关,办好了请网格长来记。您说的我记在里面了。"


def unit_took(unit: str, what: str, number: int) -> str:
    return f"{what}({number}):{unit}接了,您放心。"


# --- 陈述 ----------------------------------------------------------------------------------------


def please_state(unit: str, number: int, about: str) -> str:
    return (
        f"{unit},您好。有居民反映一件和贵单位有关的事({number} {about}),社区在协调。"
        f"您愿意的话,回“说明 {number} …”写一段,和反映放在一起,注明是您说的。"
    )


def statement_kept(number: int) -> str:
    return f"好,您的说明记在{number}里了,注明是您说的。"


def statement_came(unit: str, what: str, number: int, words: str) -> str:
    return f"{what}({number}):{unit}写了说明——{words}"


# --- several bodies ------------------------------------------------------------------------------


def split_card(what: str, number: int, parts: Sequence[tuple[str, int, str]]) -> str:
    return f"{what}({number})不止一家管。{parts_line(parts)}都办好了,我再问居民。您盯着就行。"


def whole_waits(what: str, number: int, parts: Sequence[tuple[str, int, str]]) -> str:
    said = "、".join(f"{name}({part})" for name, part, _ in parts)
    return f"{what}({number})还有{len(parts)}件没办好:{said}。都好了吗?"


def households_wait(what: str, number: int, left: int) -> str:
    return f"{what}({number})还有{left}户没办好。都好了吗?"


def part_done(what: str, number: int, *, whole: int | None) -> str:
    more = f"{whole}也就都办好了,等居民看。" if whole is not None else "别家那份还在办。"
    return f"{what}({number})办好了,谢谢您。{more}"


def cannot_split(number: int) -> str:
    return f"{number}现在拆不了:已经办完,或本身就是分出来的一件。"


def split_into_whom(example: str) -> str:
    return f"拆给谁?至少两家,比如“{example}”。"


def unknown_units(names: Sequence[str]) -> str:
    return f"名单里没有{'、'.join(names)}。先在名单的“单位”里加上,或写全名。"


def already_split(number: int, parts: Sequence[tuple[str, int, str]]) -> str:
    return f"{number}已经拆过。{parts_line(parts)}"


def households_set(number: int, done: int, total: int) -> str:
    return f"好,{number}{households_line(done, total)}" + ("都齐了,回“办好了”就行。" if done == total else "")


def no_households(example: str) -> str:
    return f"还没说一共几户。先说“{example}”。"


# --- 约请 ----------------------------------------------------------------------------------------


def invited(unit: str, day: str, words: str, number: int) -> str:
    return f"好,约请{unit}{day}前{words}({number})。到日子我提醒,这件还是您的。"


def invitation_to_unit(unit: str, community: str, day: str, words: str, number: int, about: str) -> str:
    return f"{unit},您好。{community}约请您{day}前{words}({number} {about})。回一句就行。"


def invitation_to_forward(
    unit: str, community: str, day: str, words: str, number: int, about: str, callback: str
) -> str:
    return f"【约请】{unit},您好。{community}约请您{day}前{words}(编号{number},{about})。回电:{callback}。"


def ask_needs_day(example: str) -> str:
    return f"什么时候前?比如“{example}”。"


def ask_day_past(example: str) -> str:
    return f"这个日子已经过了。比如“{example}”。"


def ask_remind_unit(day: str, words: str, number: int) -> str:
    return f"约您{day}前{words}({number}),方便时回一句。"


def ask_remind_leader(unit: str, contact: str, words: str, number: int) -> str:
    how = f",电话{contact}" if contact else ""
    return f"今天到日子:{unit}{words}({number})还没回音{how}。有回音回“答复 {number} …”。"


def ask_overdue(unit: str, words: str, number: int) -> str:
    return f"约请{unit}{words}({number})过了日子还没回音,请您打个电话,或再约。"


def ask_answered(unit: str, number: int, words: str) -> str:
    return f"约请有回音了({number}){unit}:{words}"


def answer_kept(number: int) -> str:
    return f"好,记在{number}里了。"


def nothing_asked(number: int) -> str:
    return f"{number}没有等着回音的约请。"


# --- 旁边的院 -------------------------------------------------------------------------------------


def sweep_offer(number: int, names: Sequence[str]) -> str:
    shown = "、".join(names[:4]) + ("等" if len(names) > 4 else "")
    return f"{number}这种事,旁边还有{len(names)}个差不多的院({shown}),要不要一起看看?"


def sweep_opened(number: int, lines: Sequence[tuple[str, int]]) -> str:
    said = "、".join(f"{name}({part})" for name, part in lines)
    return f"好,{number}旁边的记下了:{said}。看完一处,回编号和一句话就行,不急。"


def sweep_left() -> str:
    return "好,先不看。"


# --- 单号 ----------------------------------------------------------------------------------------


def outside_linked(number: int, source: str, outside: str) -> str:
    return f"好,{number}就是{source}单号{outside},只算一件。"


def outside_taken(source: str, outside: str, other: int, what: str) -> str:
    return f"{source}单号{outside}已经在{other}({what})上了,是同一件吗?"


def merged_into(number: int, into: int) -> str:
    return f"好,{number}并进{into},只算一件。"


# --- 不归我管 -------------------------------------------------------------------------------------


def whose_then(what: str, number: int) -> str:
    return f"{what}({number})不归您管,您看该找谁?"


def why_not(what: str, number: int) -> str:
    return f"{what}({number}):为什么?点一个,或者回一句话。"


def returned(what: str, number: int, to: str, *, undo: str) -> str:
    later = f"点错了,一分钟内按〔{undo}〕。" if undo else ""
    return f"{what}({number}):知道了,请{to}看看。{to}接之前还先记在您这儿。{later}"


def proposed_to(leader: str, what: str, number: int, name: str, reason: str) -> str:
    why = f"({reason})" if reason else ""
    return f"{leader},{what}({number}),{name}看着该找您{why}。方便时看看,一个字回我也行。"


def returned_up(what: str, number: int, name: str, reason: str) -> str:
    why = f"({reason})" if reason else ""
    return f"{what}({number}):{name}说不归他管{why},请定一下该给谁。"


def please_designate(what: str, number: int, times: int, reasons: Sequence[str], minutes: int) -> str:
    said = "".join(f"\n{one}" for one in reasons)
    return f"{what}({number})退了{times}次,请您{minutes}分钟内指定谁来办,您定了就算数。{said}"


def designate_late(what: str, number: int) -> str:
    return f"{what}({number})还没人指定,请您点一个,或说“指定 {number} 谁”。"


def designated_to_you(what: str, number: int, name: str) -> str:
    return f"{name},{what}({number}),社区指定由您来办,退不回去了。办不了可以上报,或约请别的单位。"


def designated_done(what: str, number: int, name: str) -> str:
    return f"{what}({number}):好,指定{name}来办。"


def designated_elsewhere(what: str, number: int, name: str) -> str:
    return f"{what}({number}):社区指定{name}来办,您不用管了。"


def cannot_return(number: int) -> str:
    return f"{number}是社区指定由您办的,退不回去。办不了可以〔上报〕,或约请别的单位一起办。"


def shown_upward(leader: str, what: str, number: int, before: str, after: str) -> str:
    return f"请您知道:{leader}把{what}({number})从急事改成不急(“{before}”→“{after}”)。觉得不对,改回来就行。"


def looking(number: int) -> str:
    return f"{number}还在找该管的单位,社区盯着,没丢。"


def looking_state() -> str:
    return "还在找该管的单位,社区盯着,没丢"
