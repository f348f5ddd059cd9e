"""Every sentence the bot says, in one place.

Short, warm, Chinese. Never scolding, never asserting what a resident says ("有人说…"), never repeating
a resident's words to a group. Functions take plain values and give plain text; whoever sends them puts
the buttons on. Times are shown in the community's zone by the caller. What belongs to one area of the
work lies in a module of its own beside this one (`from gridbot.texts import ladder`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# --- words on buttons ----------------------------------------------------------------------------

TAKE = "我去看"
OTHER = "找别人"
MORE = "更多"
DONE = "办好了"
HAND_OVER = "转办"
ESCALATE = "上报"
NOT_MINE = "不归我管"
UNDO = "撤回"
MENDED = "好了"
BETTER = "好一点"
NOT_YET = "还没好"
ELSEWHERE = "别处"
ALL_OF_THEM = "都是"
INSIDE = "院里"
OUTSIDE = "马路上"
ACTIVATE = "开通"
TO_GROUP = "发到群里"
YES = "对"
NO = "不对"
BACK = "返回"

# --- a report ------------------------------------------------------------------------------------


def what(types: Sequence[str], place: str = "") -> str:
    """ "5号楼 照明", the way a case is called in a sentence; `types` are titles."""
    return " ".join(part for part in (place, "、".join(types)) if part)


def recorded(what: str, number: int) -> str:
    return f"记下了:{what}({number})。已告诉网格长,有回音就在这条下面说。"


def recorded_unplaced(number: int) -> str:
    return f"记下了({number})。已告诉网格长,有回音就在这条下面说。"


def recorded_at_night(morning: str) -> str:
    return f"先记下了,{morning}告诉网格长。要是有危险,别等,打119/110/120。"


def ask_place() -> str:
    return "收到。是几号楼?回楼号就行。"


def ask_side() -> str:
    return "是院里,还是院外马路上?"


def ask_what() -> str:
    return "收到。是什么坏了、在几号楼?一句话就行。"


def ask_photo() -> str:
    return "照片收到。是哪里、怎么了?一句话就行。"


def already_reported(number: int) -> str:
    return f"这事有人报过了({number}),您家也算上,不用再报。"


def thanks_placed(what: str, number: int) -> str:
    return f"好,{what}({number}),已告诉网格长。"


def private_matter() -> str:
    return "这事关系到个人,咱们私下说。群里我不提。"


def private_recorded(number: int) -> str:
    return f"我收到了({number}),群里不提,也不说是谁讲的。已告诉负责的人。"


def danger_to_person(police_text: str = "12110") -> str:
    return (
        f"我收到了,群里不提,也不说是谁讲的。正在动手请打110,不方便出声发短信{police_text}。"
        "有人受伤打120。我是机器人,不能代替报警。"
    )


def crisis(helpline: str) -> str:
    return f"您这句话我看见了。有人愿意听您说:{helpline}。现在就危险,请打110或120,叫身边人陪着您。"


def withdrawn(number: int | None) -> str:
    return f"好,不当报事了({number})。" if number else "好,不当报事了。"


def corrected(what: str, number: int) -> str:
    return f"改好了:{what}({number})。"


def which_type(words: str) -> str:
    return f"“{words}”是哪一类?点一个,或者再说一遍。"


BECAUSE_TOLD = "网格长说这是报事"


def record_as_what() -> str:
    return "记成哪一类?点一个,或者回那句话:这个要报 照明。"


def does_not_want_to_be_heard() -> str:
    return "这位说过不要我看,他的话我不记。您可以自己报一句。"


def civic() -> str:
    return "这事社区办不了,可以打12345问问。"


# --- dangers to all ------------------------------------------------------------------------------


def gas(place: str, phone: str) -> str:
    where = place or "这里"
    return (
        f"有人说{where}有煤气味。别开灯、别打火,能开窗就开窗,人先出来,到外面打{phone}或119。"
        "我是机器人,不能代替报警。"
    )


def fire(place: str) -> str:
    where = place or "这里"
    return f"有人说{where}着火或冒烟。人先出来,走楼梯不坐电梯,到外面打119。我是机器人,不能代替报警。"


def trapped(place: str, phone: str) -> str:
    where = f"{place}电梯" if place else "电梯里"
    return (
        f"有人说{where}困了人。别扒门,按轿厢警铃,打{phone};人不舒服打120。已告诉网格长。"
        "我是机器人,不能代替报警。"
    )


def live_wire(place: str) -> str:
    where = place or "这里"
    return f"有人说{where}有电线危险。别靠近、别碰,离远点,打95598;有人触电打120。我是机器人,不能代替报警。"


def collapse(place: str) -> str:
    where = place or "这里"
    return (
        f"有人说{where}有东西要掉或塌。绕开走,别在下面停。有人受伤打120,要紧打119。我是机器人,不能代替报警。"
    )


def danger(place: str) -> str:
    where = place or "这里"
    return f"有人说{where}有危险。先离开,打119/110/120。我是机器人,不能代替报警。"


# --- to the leader -------------------------------------------------------------------------------


def notice(leader: str, what: str, number: int, *, count: int = 0, words: str = "") -> str:
    more = f"另有{count}户说也是。" if count else ""
    said = f"\n原话:{words}" if words else ""
    return f"{leader},有人报{what}({number})。{more}方便时看看,一个字回我也行。{said}"


def urgent_notice(what: str, number: int, at: str = "", words: str = "") -> str:
    when = f"{at}" if at else "刚才"
    said = f"\n原话:{words}" if words else ""
    return f"【急】{when}有人说{what}({number})。请马上看,去的人按〔{TAKE}〕。{said}"


def upper_copy(what: str, number: int, leader: str) -> str:
    return f"【急】有人说{what}({number})。已告诉{leader},也请您留意。"


def accepted_card(what: str, number: int) -> str:
    return f"{what}({number}):您去看。有进展回一句就行,办好了按〔{DONE}〕。"


def progress_card(what: str, number: int, words: str) -> str:
    return f"{what}({number}):{words}"


def done_card(what: str, number: int) -> str:
    return f"好,{what}({number})记成办好了。点错了,一分钟内按〔{UNDO}〕。"


def done_told(what: str, number: int, *, asked: bool) -> str:
    """`asked`: somebody reads the question whether it is mended."""
    return f"好,{what}({number})记成办好了{',已告诉居民' if asked else ',辛苦了'}。"


def closed_card(what: str, number: int) -> str:
    return f"{what}({number}):居民说好了,办结。谢谢您。"


def unanswered_card(what: str, number: int, *, asked: bool) -> str:
    return f"{what}({number}):{'两天没人说不好,先' if asked else '这件'}收起来了。"


def withdrawn_card(what: str, number: int) -> str:
    return f"{what}({number}):报的人说不用了,撤了。"


def handed_over_card(what: str, number: int, to: str, *, undo: bool) -> str:
    return f"{what}({number}):已转给{to}。{_undo(undo)}"


def escalated_card(what: str, number: int, to: str, *, undo: bool) -> str:
    return f"{what}({number}):已报给{to}。{_undo(undo)}"


def _undo(there: bool) -> str:
    """What was typed bears no button: nothing is said of one."""
    return f"点错了,一分钟内按〔{UNDO}〕。" if there else ""


def more_card(what: str, number: int) -> str:
    return f"{what}({number}):要怎么办?"


def which_owner(what: str, number: int) -> str:
    return f"{what}({number}):转给谁?"


def undone(what: str, number: int) -> str:
    return f"撤回了,{what}({number})还是原来那样。"


def too_late_to_undo() -> str:
    return "过了一分钟,撤不回了。直接回我一句就行。"


def which_case(count: int) -> str:
    return f"您手上有{count}件,说的是哪件?"


def really_done(what: str, number: int) -> str:
    return f"{what}({number}),是修好了吗?"


def taken_by(name: str, what: str = "", number: int | None = None) -> str:
    """With `what` and its number where it stands by itself."""
    which = f"{what}({number}):" if number is not None else ""
    return f"{which}{name}已经在看了,谢谢您。"


def gentle_reminder(number: int) -> str:
    return f'{number}还没回音。不方便没关系,回"{OTHER}",我请社区安排。'


def nobody_took(what: str, number: int) -> str:
    return f"{what}({number})还没人接,可能没看到手机,请安排一位。"


def reopened_card(what: str, number: int) -> str:
    return f"{what}({number}):居民说还没好,麻烦您再看看。"


def added_note(number: int, words: str) -> str:
    return f"{number}又补了一句:{words}"


def mention_in_leaders_group(number: int) -> str:
    return f"有一件新的({number})要您看,请私下点我一下〔开始〕,我好把事情发给您。"


def leader_unreachable(leader: str, number: int) -> str:
    return f"{leader}还没点〔开始〕(或停用了我),{number}没能私下告诉他。已在工作群提了一句,请您知道。"


def noted() -> str:
    return "好,记下了。"


def not_understood_leader(number: int) -> str:
    return f"{number}这句我没看懂。是去看、办好了,还是要转给谁?"


# --- back to the resident ------------------------------------------------------------------------


def accepted_line(what: str, number: int, leader: str) -> str:
    return f"{what}({number}):{leader}去看了。"


def progress_line(what: str, number: int, words: str) -> str:
    return f"{what}({number}):{words}"


def progress_set_phrase(what: str, number: int) -> str:
    return f"{what}({number}):在办,有准信再说。"


def looking_for_owner(number: int) -> str:
    return f"{number}还在找该管的单位,社区盯着,没丢。"


def please_check(what: str, number: int) -> str:
    return f"{what}({number}),网格长说办好了。您看好了吗?不回也没关系。"


def glad(number: int) -> str:
    return f"好嘞,{number}办结。谢谢您告诉一声。"


def still_not(number: int) -> str:
    return f"知道了,还没好({number})。已又告诉网格长,接着办,不用重报。"


def partly(number: int) -> str:
    return f"好,{number}先记成好一点,网格长接着办。"


def status_lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def status_line(what: str, number: int, state: str) -> str:
    return f"{what}({number}):{state}"


def nothing_reported() -> str:
    return "您名下没有在办的事。要报事,说楼号和什么坏了就行。"


STATE_WORDS = {
    "gathering": "刚记下",
    "waiting": "已告诉网格长,等回音",
    "accepted": "网格长在办",
    "done": "网格长说办好了,等您看看",
    "closed": "办结",
    "withdrawn": "撤了",
    "merged": "合成一件在办",
}


def not_understood_office() -> str:
    """To whoever handles cases."""
    return "这句我没看懂。说号码和怎么样了就行,比如“128 办好了”;看手上有哪些,说“列表”。"


def not_understood(phone: str = "") -> str:
    call = f"也可打{phone}。" if phone else ""
    return f'这句我没听懂。您说"几号楼+什么坏了",或问"我报的到哪了"。{call}'


def welcome(community: str) -> str:
    return f"我是{community}的网格助手,是机器人。家里院里有事,说楼号和什么坏了,我告诉网格长。"


def leader_bound(name: str, node: str) -> str:
    return f"{name},绑好了。{node}有事我先私下告诉您,一个字回我也行。"


# --- in a group ----------------------------------------------------------------------------------


def not_activated() -> str:
    return (
        "大家好,我是网格助手。这个群还没开通,我什么都不记。请社区的同志点〔开通〕;"
        "没人开通,我24小时后自己退群。"
    )


def notice_to_all(community: str, unit: str, phone: str, *, abroad: bool, years: int) -> str:
    """`years`: how long the words of a report are kept after it is closed, at the longest."""
    contact = f"负责:{unit}{phone}。" if unit or phone else ""
    border = "消息经境外服务器。" if abroad else ""
    return (
        f"我是{community}的网格助手,是机器人。院里家里有事,在群里说楼号和什么坏了,我记下告诉网格长。"
        f'闲聊24小时内删,报事办完留{years}年。不想让我看,说"别看我";删记录,说"删掉我的记录"。'
        f"我不要钱、不要验证码。{contact}{border}有危险先打119/110/120。"
    )


def paused() -> str:
    return '好,我先不说话,事情照样记、照样转。要我说话,回"开口"。'


def resumed() -> str:
    return "好,我又说话了。"


def was_away(since: str, until: str, phone: str = "") -> str:
    call = f"急事请打{phone}。" if phone else ""
    return f"{since}到{until}我掉线了,报的事正在补。{call}"


def ignored_you() -> str:
    return '好,以后我不看您说的话。要我再看,说"看我"。有危险请直接打119/110/120。'


def seeing_you() -> str:
    return "好,以后您说的事我又能记了。"


def not_yours() -> str:
    return "这个按钮不是给您的,谢谢。"


def expired() -> str:
    return "这个按钮过时了,直接说一句就行。"


def no_right() -> str:
    return "这个要社区的同志来办。您有事直接说就行,我记着。"


# --- service days and announcements --------------------------------------------------------------

SERVICE_KEEP = "照常"
SERVICE_MOVE = "改期"
SERVICE_CANCEL = "取消"
SERVICE_OTHER_DAY = "别的日子"


def service_comes(item: str) -> str:
    return f"{item}来"


def service_comes_not(item: str) -> str:
    return f"{item}不来"


def service_change(item: str) -> str:
    return f"改{item}"


def service_items(sure: Sequence[str], unsure: Sequence[str]) -> str:
    """理发、义诊,磨刀待定"""
    if not unsure:
        return "、".join(sure)
    pending = f"{'、'.join(unsure)}{'都' if len(unsure) > 1 and not sure else ''}待定"
    return f"{'、'.join(sure)},{pending}" if sure else pending


def service_head(when: str, name: str, hours: str, place: str) -> str:
    """明天(19日周六)三九便民日,9到11点,小广场"""
    return ",".join(part for part in (f"{when}{name}", hours, place) if part)


def service_post(head: str, items: str, *, bring: Sequence[str] = (), rain: str = "", more: str = "") -> str:
    """The post of the eve and the morning; `more` is one more sentence."""
    said = [f"{head}:{items}" if items else head, ",".join(bring), rain, more]
    return "".join(f"{part.rstrip('。')}。" for part in said if part)


def service_nobody(head: str, following: str) -> str:
    return f"{head}:师傅们这次都来不了,别白跑一趟。{_next_time(following)}"


def service_moved_from(day: str) -> str:
    return f"原定{day}"


def service_missing(
    name: str, missing: Sequence[int], days: Sequence[int], following: str, month: int
) -> str:
    """这个月没有29号,三九是9号和19号 · 2月没有31号,三九下次是3月31日(周三). `month` 0 is this one."""
    which = "、".join(f"{day}号" for day in missing)
    whose = f"{month}月" if month else "这个月"
    if days and not month:
        return f"{whose}没有{which},{name}是{'和'.join(f'{day}号' for day in days)}"
    return f"{whose}没有{which},{name}下次是{following}"


def service_item_off(day: str, name: str, items: Sequence[str], *, others: bool) -> str:
    rest = ",其余照常" if others else ""
    return f"{day}{name}:{'、'.join(items)}这次不来了{rest}。"


def service_item_on(day: str, name: str, items: Sequence[str]) -> str:
    return f"{day}{name}:{'、'.join(items)}这次来。"


def service_cancelled(day: str, name: str, following: str) -> str:
    return f"{day}{name}取消一次。{_next_time(following)}"


def service_moved(day: str, name: str, to: str, hours: str, place: str) -> str:
    return f"{day}{name}改到{to},{','.join(part for part in (hours, place) if part)}。"


def service_as_usual(day: str, name: str, hours: str, place: str) -> str:
    return f"{day}{name}照常,{','.join(part for part in (hours, place) if part)}。"


def _next_time(following: str) -> str:
    return f"下次是{following}。" if following else ""


def service_ask(head: str, lines: Sequence[tuple[str, str]]) -> str:
    """To the organiser, two days before; `lines` are (item, "yes" | "no" | "pending")."""
    words = {"yes": "来", "no": "不来", "pending": "待定"}
    listed = "\n".join(f"{item}:{words[state]}" for item, state in lines)
    return f"{head}。麻烦您点一下各样来不来,没点的我先写待定。\n{listed}"


def service_ask_over(head: str, what: str) -> str:
    return f"{head}:{what}。"


def service_holiday(head: str, name: str, holiday: str, *, table_known: bool, year: int) -> str:
    note = "" if table_known else f"({year}年的调休还没公布,我先按法定假日算的。)"
    return f"{head},碰上{holiday}假期。{name}照常吗?没人定就照常。{note}"


def service_holiday_settled(day: str, name: str, decision: str) -> str:
    return f"{day}{name}{decision},定好了。"


def service_which_day(head: str, name: str) -> str:
    return f'{head},改到哪天?别的日子直接说一句,比如"{name}改到20号"。'


def service_say_day(name: str) -> str:
    return f'改到哪天?直接说一句就行,比如"{name}改到20号"。'


def service_say_change(item: str) -> str:
    return f'怎么改?直接说一句就行,比如"{item}改到10点",或"{item}换成修鞋"。'


def service_noted_items(day: str, items: Sequence[str], state: str) -> str:
    words = {"yes": "来", "no": "这次不来", "pending": "先写待定"}
    return f"好,{day}{'、'.join(items)}{words[state]}。"


def service_noted_new(day: str, item: str, new: str) -> str:
    return f"好,{day}{item}改成{new}。"


def service_nobody_left(name: str) -> str:
    return f'都不来了。要取消这次,回"这次{name}取消"。'


def service_noted_cancel(day: str, name: str, *, posted: bool) -> str:
    told = "群里说了一声" if posted else "前一天我在群里说一声"
    return f'好,{day}{name}取消,{told}。要照常,回"{name}照常"。'


def service_noted_move(day: str, name: str, to: str) -> str:
    return f"好,{day}{name}改到{to}。"


def service_noted_keep(day: str, name: str) -> str:
    return f"好,{day}{name}照常。"


def service_already() -> str:
    return "已经是这样了,不用再说。"


def service_day_past(day: str) -> str:
    return f"{day}已经过了,换个日子吧。"


def service_day_taken(day: str, name: str) -> str:
    return f"{day}本来就有{name},换个日子吧。"


def service_none() -> str:
    return "还没有便民服务日。"


def service_no_date(name: str) -> str:
    return f"{name}最近没有排日子。"


def service_not_on(day: str, name: str) -> str:
    return f"{day}没有{name}。"


def service_next(post: str) -> str:
    return f"下次是{post}"


def service_usual(items: Sequence[str]) -> str:
    """Of a date nobody has been asked about yet."""
    return f"平时有{'、'.join(items)},前一天晚上我发准信" if items else ""


def service_rain_unknown() -> str:
    return "下雨怎么办还没定,有变动我在群里说"


def service_item_answer(item: str, day: str, name: str, state: str) -> str:
    words = {"yes": f"有{item}", "no": f"{item}不来", "pending": f"{item}还没定,定了我在群里说"}
    return f"{day}{name}{words[state]}。"


def service_schedule(
    month: int, name: str, days: Sequence[str], missing: Sequence[int], *, this_month: bool
) -> str:
    """2月三九便民服务日:9日(周二,正月初四)、19日(周五)、本月无29日"""
    none = f"{'本月' if this_month else f'{month}月'}无{'、'.join(f'{day}日' for day in missing)}"
    parts = [*days, *([none] if missing else [])]
    return f"{month}月{name}:{'、'.join(parts) or '没有'}"


def service_day_cancelled(day: str) -> str:
    return f"{day}取消"


def service_day_moved(day: str, to: str) -> str:
    return f"{day}改到{to}"


def calendar_unknown(year: int) -> str:
    return f"{year}年的调休还没公布,先按周一到周五和法定假日算。"


def announcement_made(rule: str, at: str, following: str) -> str:
    return f"好,{rule}{at}发,下一次是{following}。"


def announcement_past() -> str:
    return "这个时间已经过了,换个时间吧。"


def announcement_stopped() -> str:
    return "好,这条不再发了。"


def announcement_line(number: int, rule: str, at: str, text: str) -> str:
    return f"{number}. {rule}{at}:{text}"


def no_announcements() -> str:
    return "现在没有定时通知。"


def moved_away(what: str, number: int) -> str:
    return f"{number}的地方改了,是{what},归那边的网格长,您不用去了。"


def pass_on(what: str, number: int, unit: str, contact: str) -> str:
    how = f"({contact})" if contact else ""
    return f"{what}({number})要转给{unit}{how},他们不在群里,请您转告一声。"


def bounced_card(what: str, number: int) -> str:
    return f"{what}({number}):知道了,请社区找该管的。找到前还先记在您这儿。"


def bounced_to_admin(what: str, number: int, leader: str) -> str:
    return f"{what}({number}):{leader}说不归他管,请定一下该给谁。"


def partly_card(what: str, number: int) -> str:
    return f"{what}({number}):居民说好一点了,还没全好,麻烦再看看。"


def put_out(group: str) -> str:
    return f"我不在“{group}”群里了,那儿的事我听不到了。要我回去,请再把我加进群。"


def blocked_by(name: str) -> str:
    return f"{name}停用了我,有事没法私下告诉他了,请您知道。"


# --- many at once: outages -----------------------------------------------------------------------

OUTAGES = {
    "water": ("没水", "水"),
    "power": ("停电", "电"),
    "gas": ("没气", "气"),
    "heating": ("暖气不热", "热"),
}
"""Supply type → (what people say is wrong, what is missed)."""
ANOTHER = "是另一件"


def _out(kind: str) -> str:
    return OUTAGES.get(kind, ("出了毛病", ""))[0]


def outage_many(where: str, kind: str, number: int) -> str:
    return f"好几户说{where}{_out(kind)},合成一件({number}),已告诉社区值班。不用再报,有准信我说一次。"


def outage_until(where: str, kind: str, number: int, until: str) -> str:
    return f"{where}{_out(kind)}({number}):在办,预计{until}。"


def outage_over(where: str, kind: str, number: int) -> str:
    return f'{where}{_out(kind)}({number}),网格长说办好了。哪家还没好,回"还没好"。'


def outage_known(where: str, kind: str, number: int, until: str = "") -> str:
    when = f"预计{until}" if until else "有准信我说一次"
    return f"好几户说{where}{_out(kind)},记着呢({number}),在办,{when}。"


def outage_notice(where: str, kind: str, number: int, people: int) -> str:
    """To the leaders."""
    return f"{people}户说{where}{_out(kind)},合成一件({number})。请看一下,去的人按〔{TAKE}〕。"


def merged_card(what: str, number: int, into: int) -> str:
    return f"{what}({number})和别家的合成一件了({into}),看那条就行。"


def planned_outage(span: str, until: str, kind: str) -> str:
    thing = OUTAGES[kind][1]
    return f'{span}是计划内停{thing}。过了{until}还没{thing},回"还没{thing}",我马上转。'


def outage_notice_seen(span: str, until: str, kind: str) -> str:
    """Where the notice was not the community's own."""
    thing = OUTAGES[kind][1]
    return f'群里有通知说{span}停{thing}。过了{until}还没{thing},回"还没{thing}",我马上转。'


def outage_unconfirmed(span: str, kind: str) -> str:
    """To the leader."""
    thing = OUTAGES[kind][1]
    return f"群里有人发了通知,说{span}停{thing},不是社区发的。这段时间有人说没{thing},我先不立案,请您留意。"


def still_not_closed(what: str, number: int) -> str:
    return f"{what}({number})前些天说是修好了。是还没好吗?"


# --- commands ------------------------------------------------------------------------------------

SURE = "确定"
NEVER_MIND = "算了"
NEXT_PAGE = "接着看"
ALL_GROUPS = "所有群"
LEADERS_GROUP = "网格长工作群"
POST_IT = "发"
ERASE = "删掉"
ROLE_WORDS = {
    "leader": "网格长",
    "deputy": "副网格长",
    "liaison": "联络员",
    "unit": "单位的人",
    "contact": "专门联系人",
    "admin": "管理员",
    "officer": "街道的人",
    "resident": "居民",
}


def like_this(example: str) -> str:
    return f"说“{example}”就行。"


def left_alone() -> str:
    return "好,没动。"


def only_in_group(example: str) -> str:
    return f"请在那个群里说“{example}”。"


def sent_in_private() -> str:
    return "私下发您了。"


def open_private_first() -> str:
    return "这个我私下告诉您:点我头像,按一下〔开始〕再说一遍。"


def help_groups(head: str, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """`groups` are (title, lines of (what to say, what it does))."""
    parts = [head]
    for title, lines in groups:
        parts.append(f"【{title}】")
        parts += [f"{say}:{what}" for say, what in lines]
    return "\n".join(parts)


def help_head(community: str) -> str:
    return f"我是{community}的网格助手。家里院里有事,直接说楼号和什么坏了就行。还可以说:"


def help_in_group() -> str:
    return '说楼号和什么坏了,我就记下告诉网格长。别的,私下跟我说"帮助"。'


def greeting(community: str, roles: str = "") -> str:
    mine = f"您是{roles}。" if roles else ""
    return f'{welcome(community)}{mine}想知道我会什么,说"帮助"。'


def who_you_are(name: str, roles: Sequence[str], *, ignored: bool) -> str:
    shown = name or "这位邻居"
    said = f"{shown},在我这儿您是{'、'.join(roles) or '居民'}。"
    return said + ('您说过"别看我",群里的话我不看。' if ignored else "")


def really_erase() -> str:
    return "要删掉您的记录吗?您说过的话、名字都删,办过几件只留个数。删了找不回来。"


def erased() -> str:
    return "删好了。以后有事还可以找我。"


# groups


def nobody_set_up() -> str:
    return "社区还没建好,请先把名单导进来,再来找我。"


def no_grids_yet() -> str:
    return "还没有网格。请先把名单导进来,有一个网格、一位网格长就能开始。"


def which_community() -> str:
    return "是哪个社区?"


def speak_in_your_group() -> str:
    return "请在您小区的群里说,我就知道是哪儿了。"


def this_community(community: str) -> str:
    return f"好,{community}。有事请再说一遍。"


def which_grid() -> str:
    return "这个群是哪个网格的?"


def which_grid_of(words: str) -> str:
    return f"没找到“{words}”。这个群是哪个网格的?"


def group_bound(node: str, *, leaders: bool) -> str:
    return f"好,这个群是{node}的网格长工作群。" if leaders else f"好,这个群归{node}。"


def leaders_group_notice(community: str, node: str) -> str:
    return (
        f"我是{community}的网格助手,是机器人。这是{node}的网格长工作群:有人没点〔开始〕,我在这儿提一句;"
        "居民的名字和原话,我不在这儿说。"
    )


def already_bound(node: str) -> str:
    return f"这个群已经归{node}了。"


def really_rebind(now: str, then: str) -> str:
    return f"这个群现在归{now},改成{then}吗?"


def really_unbind(node: str) -> str:
    return f"这个群不再归{node},群里的话我不听也不记了。确定吗?"


def group_unbound() -> str:
    return '好,这个群的话我不听也不记了。要我回来,说"/绑定"加网格的名字。'


def cannot_hear(group: str) -> str:
    return f"我在“{group}”看不到大家说话。请把我设成群管理员,或在BotFather里关掉隐私模式。"


def which_group() -> str:
    return "是哪个群?"


def no_groups_yet() -> str:
    return "还没有开通的群。把我加进群,再点〔开通〕。"


def paused_groups(names: Sequence[str]) -> str:
    return f'好,在{_few(names)}我先不说话,事情照样记、照样转。要我说话,回"开口"。'


def resumed_groups(names: Sequence[str]) -> str:
    return f"好,在{_few(names)}我又说话了。"


def nothing_paused() -> str:
    return "我没有停着的群。"


def _few(names: Sequence[str]) -> str:
    shown = "、".join(f"“{name}”" for name in names[:3])
    return f"{shown}等{len(names)}个群" if len(names) > 3 else shown


def checkup(lines: Sequence[str]) -> str:
    """体检; `lines` are what is not as it should be."""
    if not lines:
        return "体检:都好。群听得见、说得出,每个网格有人管,网格长都找得到。"
    return "\n".join([f"体检:{len(lines)}处要看一看。", *(f"· {line}" for line in lines)])


def checkup_group(name: str, missing: Sequence[str]) -> str:
    words = {"send": "不能说话", "read_all": "看不到大家说话", "pin": "不能置顶"}
    said = "、".join(words[one] for one in missing)
    return f"“{name}”:我{said},请把我设成群管理员"


def checkup_out(name: str) -> str:
    return f"“{name}”:我不在群里了,请再把我加进去"


def checkup_unknown(name: str) -> str:
    return f"“{name}”:还不知道我有哪些权限,已去问,过一会儿再说“体检”"


def checkup_paused(name: str) -> str:
    return f"“{name}”:停着没说话,要说话回“开口”"


def checkup_unreachable(names: Sequence[str]) -> str:
    return f"还没点〔开始〕,私下找不到:{'、'.join(names)}。请他们点我头像按〔开始〕;没有账号的,说“邀请全部”"


def checkup_unbound_groups(names: Sequence[str]) -> str:
    return f"还没归网格的群:{'、'.join(names)}。在群里说“/绑定”加网格的名字"


def checkup_empty_grids(names: Sequence[str]) -> str:
    return f"没有网格长的网格:{'、'.join(names)}"


def checkup_double_places(names: Sequence[str]) -> str:
    return f"不止一个网格有的地名,报事时我会问是哪里:{'、'.join(names)}"


def checkup_no_leaders_group() -> str:
    return "没有网格长工作群:有人没点〔开始〕时,我没处提醒"


def checkup_one_admin() -> str:
    return "管理员只有一位。再说一句“任命 名字 管理员”,哪天您不在也有人管"


def checkup_sample() -> str:
    return "用的是样板数据,里面的人都是编的,不能接真的群"


# people


def invitation(name: str, what: str, link: str, code: str) -> str:
    """To be forwarded as it is."""
    opened = f"请点这里,再点〔开始〕:{link}" if link != code else f"请私下找我,发这串字:{code}"
    other = f"点不开,就私下把这串字发给我:{code}" if link != code else ""
    return f"{name},您好。社区请您当{what}。{opened}\n{other}".rstrip()


def invitation_made(name: str, days: int) -> str:
    return f"给{name}的邀请在下面,请转给本人。{days}天内有效,只能用一次。"


def invited_line(name: str, phone: str, link: str) -> str:
    return f"{name}{f'({phone})' if phone else ''}:{link}"


def all_bound(count: str) -> str:
    return f"{count}名单上的人都有账号了。"


def bound_count(bound: int, total: int) -> str:
    return f"已绑定 {bound}/{total}。"


def somebody_bound(name: str, shown: str, what: str, count: str) -> str:
    other = f"(账号叫“{shown}”,要不是本人,说“撤职 {name}”)" if shown and shown != name else ""
    return f"{name}绑好了:{what}{other}。{count}"


def admin_bound(name: str, community: str) -> str:
    return f'{name},您现在是{community}的管理员。把我加进群,点〔开通〕就行;想知道我会什么,说"帮助"。'


def role_bound(name: str, what: str) -> str:
    return f"{name},绑好了:{what}。"


INVITATION_REFUSED = {
    "unknown": "这个邀请我不认得,请社区再发一份。",
    "used": "这个邀请用过了,请社区再发一份。",
    "expired": "这个邀请过期了,请社区再发一份。",
    "taken": "您这个账号已经是名单上的另一位了,请社区看一下。",
}


def no_such_grid(words: str, example: str) -> str:
    return f"没有叫“{words}”的网格。{like_this(example)}"


def several_grids(names: Sequence[str], example: str) -> str:
    return f"有几个同名的:{'、'.join(names)}。说全一点,比如“{example}”。"


def no_such_person(name: str) -> str:
    return f"名单里没有“{name}”。说“人员”看都有谁。"


def several_people(names: Sequence[str]) -> str:
    return f"是哪一位?{'、'.join(names)}。名字说全一点就行。"


def which_office(name: str) -> str:
    return f"{name}有几个职务,免哪个?"


def really_dismiss(name: str, what: str) -> str:
    return f"{name}不再当{what},手上的事转给别人。确定吗?"


def dismissed(name: str, what: str, *, moved: int, left: int) -> str:
    said = f"好,{name}不再当{what}。"
    if moved:
        said += f"手上{moved}件已转给下一位。"
    return said + (f"还有{left}件没人接,说“列表”看看。" if left else "")


def last_admin() -> str:
    return "这是最后一位管理员,走了就没人管了。先说“任命 名字 管理员”再来。"


def absent(who: str, until: str, instead: str) -> str:
    cover = f"这期间有事找{instead}。" if instead else "这期间没有别人,有事我先告诉管理员。"
    return f"好,{who}歇到{until}。{cover}回来了说一声“回来了”。"


def absence_past() -> str:
    return f"这个日子已经过了。{like_this('请假到周五')}"


def back_again(who: str) -> str:
    return f"好,{who}回来了,有事还找{who}。"


def roster_line(name: str, what: str, state: str) -> str:
    return f"{name}:{what}{f'({state})' if state else ''}"


def roster(count: str, lines: Sequence[str], more: int) -> str:
    rest = [f"还有{more}位。"] if more else []
    return "\n".join([count, *lines, *rest])


def roster_empty() -> str:
    return f"还没有人。{like_this('任命 李格长 一网格')}"


NOT_STARTED = "还没点开始"


def away_until(day: str) -> str:
    return f"请假到{day}"


# cases


def no_such_case(number: str) -> str:
    return f"没有{number}这件,或不归您管。说“列表”看看有哪些。"


def no_open_cases() -> str:
    return "现在没有在办的事。"


def case_list(count: int, overdue: int, lines: Sequence[str]) -> str:
    late = f",{overdue}件超时" if overdue else ""
    return "\n".join([f"在办{count}件{late}。", *lines])


def case_line(number: int, what: str, state: str, *, urgent: bool, overdue: bool) -> str:
    return f"{'【急】' if urgent else ''}{number} {what}:{state}{',超时' if overdue else ''}"


def case_shown(head: str, *, reported: str, owner: str, count: int, words: str) -> str:
    also = f"另有{count}户说也是。" if count else ""
    who = f"在{owner}手上。" if owner else "还没人接。"
    return f"{head}\n{reported}报的,{who}{also}" + (f"\n原话:{words}" if words else "")


def case_because(head: str, because: Sequence[str]) -> str:
    if not because:
        return f"{head}\n当时没有留下理由。"
    return "\n".join([head, "我是这样看的:", *(f"· {one}" for one in because)])


def cannot_reassign(number: int) -> str:
    return f"{number}已经了结,不用再派人了。"


def not_a_handler(name: str) -> str:
    return f"{name}不在您管的网格里,请社区来派。"


def not_theirs_any_more(what: str, number: int, name: str) -> str:
    return f"{what}({number}):这件转给{name}了,谢谢您。"


def reassigned(what: str, number: int, name: str) -> str:
    return f"好,{what}({number})派给{name}了。"


def really_withdraw(what: str, number: int) -> str:
    return f"{what}({number})撤了吗?撤了就不办了,报的人会知道。"


def withdrawn_by_admin(number: int, phone: str) -> str:
    call = f",有不明白的打{phone}" if phone else ""
    return f"{number}社区看过,先撤了{call}。"


def case_withdrawn(number: int) -> str:
    return f"好,{number}撤了。"


def withdrawn_card_by(what: str, number: int) -> str:
    return f"{what}({number}):社区撤了,不用管了。"


# keywords


def no_such_type(words: str, titles: Sequence[str]) -> str:
    return f"没有“{words}”这一类。有这些:{'、'.join(titles)}。"


def keyword_unfit() -> str:
    return "词要2到20个字,不带空格和符号。"


def keyword_protected(word: str) -> str:
    return f"“{word}”是救急的词,不能删。"


def keyword_breaks(word: str) -> str:
    return f"“{word}”一加词库就读不通了,没有存。原来的照旧。"


def keyword_known(word: str, title: str) -> str:
    return f"“{word}”已经算{title}了。"


def keyword_unknown(word: str, title: str) -> str:
    return f"{title}里没有“{word}”这个词。"


def keyword_preview(
    word: str, title: str, *, add: bool, examples: int, of: int, talk: int, samples: Sequence[str]
) -> str:
    act = f"“{word}”算{title}" if add else f"“{word}”不再算{title}"
    said = [f"{act}。{of}条例句里有{examples}条会变,最近一天群里的话有{talk}条会变。"]
    said += [f"如:{sample}" for sample in samples]
    return "\n".join([*said, "还没存,按〔确定〕才算。"])


def keyword_saved(word: str, title: str, *, add: bool) -> str:
    return f"好,“{word}”算{title}了。" if add else f"好,“{word}”不再算{title}。"


def keyword_list(added: Sequence[str], removed: Sequence[str]) -> str:
    lines = []
    if added:
        lines.append(f"自己加的词:{'、'.join(added)}。")
    if removed:
        lines.append(f"自己删的词:{'、'.join(removed)}。")
    return "\n".join(lines) or f"还没有自己加的词。{like_this('加词 照明 声控灯不响')}"


# service days and announcements, by command


def service_item_added(name: str, item: str) -> str:
    return f"好,{name}以后都有{item}。"


def service_item_dropped(name: str, item: str) -> str:
    return f"好,{name}以后没有{item}了。"


def service_day_preview(name: str, rule: str, place: str, items: Sequence[str]) -> str:
    said = ",".join(part for part in (rule, place) if part)
    return f"{name}:{said}{':' if items else ''}{'、'.join(items)}。这样办吗?"


def service_day_made(name: str, rule: str) -> str:
    return f"好,{name}:{rule}。前一天傍晚我在群里说。"


def really_retire(name: str) -> str:
    return f"{name}以后都不办了吗?只停一次,说“{name}取消”。"


def service_day_retired(name: str) -> str:
    return f"好,{name}以后不办了。"


def no_such_service_day(words: str) -> str:
    return f"没有叫“{words}”的便民日。"


def announcement_preview(when: str, groups: int, text: str) -> str:
    return f"{when}发到{groups}个群:\n{text}"


def announcement_without_time(example: str) -> str:
    return f"哪天几点发?{like_this(example)}"


def announcement_too_long(most: int) -> str:
    return f"太长了,{most}个字以内大家才看得完。"


def really_stop_announcement(text: str) -> str:
    return f"这条不再发了吗?\n{text}"


def no_such_announcement(number: str) -> str:
    return f"没有{number}号通知。说“公告”看都有哪些。"


# --- pasted records ------------------------------------------------------------------------------


def pasted_recorded(what: str, number: int) -> str:
    """Pasted by hand it stands under nothing."""
    return f"记下了:{what}({number})。已告诉网格长,有回音在群里说。"
