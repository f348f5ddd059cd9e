"""What the ladder, the digest, pauses and meetings say."""

from __future__ import annotations

from collections.abc import Sequence

LOOK = "看看"
PAUSE = "暂缓"
RESUME = "接着办"
TO_MEETING = "列入例会"


# --- the digest (汇总) ---------------------------------------------------------------------------


def digest_night(name: str, count: int, lines: Sequence[str]) -> str:
    head = f"{name},早。" if name else "早。"
    return f"{head}夜里没打扰您,一共{count}件:\n" + "\n".join(lines) + "\n点号码细看;方便时回一个字也行。"


def digest_day(name: str, count: int, lines: Sequence[str]) -> str:
    head = f"{name}," if name else ""
    return f"{head}攒了{count}件,一起告诉您:\n" + "\n".join(lines) + "\n点号码细看;方便时回一个字也行。"


def digest_lines(lines: Sequence[str]) -> str:
    return "这些没急着打扰您:\n" + "\n".join(lines)


def digest_line(number: int, what: str, *, supporters: int = 0) -> str:
    return f"{number} {what}" + (f"(另有{supporters}家)" if supporters else "")


def group_digest(lines: Sequence[str]) -> str:
    return "今天还有几句,合在一起说:\n" + "\n".join(lines)


# --- the ladder ----------------------------------------------------------------------------------


def skipped(name: str, number: int, to: str) -> str:
    return f"{name}我联系不上,{number}先请{to}看。"


def at_the_top(what: str, number: int) -> str:
    return f"{what}({number})到最上一级了,还没人接。我不再往上报,一周提醒一次,请安排一位。"


def weekly(what: str, number: int) -> str:
    return f"{number} {what}:还没人接"


def overdue_to_owner(what: str, number: int, stage: str) -> str:
    return f'{what}({number})〔{stage}〕的时限到了。有难处回一句,要缓一缓就说"暂缓 {number} 等什么"。'


def overdue_upward(what: str, number: int, stage: str, owner: str) -> str:
    who = f",{owner}在办" if owner else ""
    return f"{what}({number})〔{stage}〕的时限到了{who}。请帮着看看。"


def stage_line(name: str, day: str, *, done: bool, late: bool) -> str:
    state = "已办" if done else "过了时限" if late else f"{day}前"
    return f"{name}:{state}"


def stages_shown(lines: Sequence[str]) -> str:
    return "时限 " + ";".join(lines)


def stage_done(number: int, stage: str) -> str:
    return f"好,{number}〔{stage}〕记成办了。"


def no_such_stage(number: int, names: Sequence[str]) -> str:
    if not names:
        return f"{number}没有分段的时限。"
    return f"{number}的分段是:{'、'.join(names)}。回:阶段 {number} {names[0]}"


def preset_source(name: str, source: str, note: str) -> str:
    return f"时限用的是「{name}」,出处:{source}。" + (f"{note}。" if note else "")


def year_unknown(year: int) -> str:
    return (
        f"{year}年的放假调休表还没有。到时候先按法定节假日和周一到周五算,算出来的日子可能差一两天。"
        f"国务院通知出来后,把 calendar/{year}.yaml 放进去就好。"
    )


# --- pauses (暂缓) -------------------------------------------------------------------------------


def paused_card(what: str, number: int, reason: str, day: str) -> str:
    return f"好,{what}({number})先缓着:{reason},{day}接着办。这段时间不催。"


def paused_reporter(what: str, number: int, reason: str, day: str) -> str:
    return f"{what}({number}):{reason},{day}接着办,没忘。"


def pause_why(number: int) -> str:
    return f"好,{number}先缓一缓。等什么呢?回一句,比如:等配件到周四。"


def pause_state(reason: str, day: str) -> str:
    return f"暂缓:{reason},到{day}"


def resumed_card(what: str, number: int) -> str:
    return f"{what}({number})缓到今天了,接着办吧。还要等就回一句等什么。"


def resumed_by_hand(what: str, number: int) -> str:
    return f"好,{what}({number})接着办,时限从现在接着算。"


def cannot_pause(number: int) -> str:
    return f"{number}现在缓不了:急事不缓,办完的不用缓。"


def not_paused(number: int) -> str:
    return f"{number}没有暂缓。"


def waits_for(thing: str) -> str:
    return f"等{thing}"


WAITS = "要等一等"  #: what others read where the reason is the leader's own words


ON_AGENDA = "在例会上,先不催"


# --- meetings (例会) -----------------------------------------------------------------------------


def meeting_made(name: str, node: str, day: str) -> str:
    return f"记下了:{name}({node}),下次{day}。列入例会 128,就把那件事放上去。"


def meeting_shown(name: str, day: str, lines: Sequence[str]) -> str:
    when = f",下次{day}" if day else ""
    body = "\n".join(lines) if lines else "还没有事。"
    return f"{name}{when}:\n{body}"


def no_meeting() -> str:
    return "还没有例会。管理员说:例会 片区例会 第四片区 12月5日"


def which_meeting(names: Sequence[str], number: int) -> str:
    return f"哪个例会?{'、'.join(names)}。回:列入例会 {number} {names[0]}"


def which_meeting_card(what: str, number: int) -> str:
    return f"{what}({number})放到哪个例会?"


def meeting_day_past(day: str) -> str:
    return f"{day}已经过了,说一个后面的日子吧。"


def tabled(what: str, number: int, name: str, day: str) -> str:
    return f"{what}({number})列入{name}{_on(day)},先不催人。有结果说:例会结果 {number} 怎么定的。"


def tabled_card(what: str, number: int, name: str, day: str) -> str:
    return f"{what}({number})列入了{name}{_on(day)},先不用您跑。"


def tabled_reporter(what: str, number: int, name: str, day: str) -> str:
    return f"{what}({number}):一下子定不了,放到{name}上商量{_on(day)},有结果告诉您。"


def _on(day: str) -> str:
    return f"({day})" if day else ""


def cannot_table(number: int) -> str:
    return f"{number}已经在例会上,或者已经办完了。"


def not_on_agenda(number: int) -> str:
    return f"{number}不在例会上。"


def outcome_reporter(what: str, number: int, name: str, words: str) -> str:
    return f"{what}({number}):{name}商量过了。{words}"


def outcome_group(what: str, number: int, name: str, *, goes_on: bool) -> str:
    return f"{what}({number}):{name}商量过了" + (",接着办。" if goes_on else "。")


def outcome_card(what: str, number: int, name: str, words: str) -> str:
    return f"{what}({number})在{name}上商量过了:{words}"


def outcome_noted(number: int, *, goes_on: bool) -> str:
    return f"好,{number}的结果记下了," + ("接着办。" if goes_on else "办完了。")


def meeting_over(name: str, numbers: Sequence[int]) -> str:
    first = numbers[0]
    return f"{name}开过了吧?{'、'.join(map(str, numbers))}怎么定的,回:例会结果 {first} 怎么定的。"


# --- who stands in (值班) ------------------------------------------------------------------------


def duty_made(node: str, days: str, name: str) -> str:
    return f"记下了:{days},{node}由{name}值班,有事先找这一位。"


def duty_dropped(days: str, name: str) -> str:
    return f"好,{name}{days}的值班取消了。"


def duty_list(lines: Sequence[str]) -> str:
    return "值班:\n" + "\n".join(lines) if lines else "还没有排值班。"


def duty_line(days: str, node: str, name: str) -> str:
    return f"{days} {node} {name}"


def duty_not_yours() -> str:
    return "这个网格不归您,值班请管理员排。"


def duty_unknown_day() -> str:
    return "哪几天没看懂。说:值班 10月1日到3日 李格长"
