"""What is said in danger, beside the safety sentences themselves (gas, fire … in the package's first page).

A danger to one person is spoken of to the reporter and to the named contact alone, and only in private:
no name, no diagnosis, no words of anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

FALSE_ALARM = "虚惊一场"

# --- to the one who spoke, in private ------------------------------------------------------------


def lost(police_text: str) -> str:
    return (
        "我收到了,群里不提。先打110,说清穿什么、最后在哪儿看见,留个人在原地。"
        f"不方便出声发短信{police_text}。已告诉专门的同志。我是机器人,不能代替报警。"
    )


def relapse() -> str:
    return (
        "我收到了,群里不提,也不说是谁讲的。已告诉专门的同志。离远一点,别围着;"
        "要伤人打110,人不舒服打120。我是机器人,不能代替报警。"
    )


def somebody_in_crisis() -> str:
    return (
        "我收到了,群里不提。现在就打110或119,身边有人的话陪着别走开,别围观、别起哄。"
        "已告诉专门的同志。我是机器人,不能代替报警。"
    )


def hurt() -> str:
    return "我收到了,群里不提。先打120,别随便挪动人,留个人陪着。我是机器人,不能代替急救。"


# --- to who must act -----------------------------------------------------------------------------

_PERSONAL = {
    "violence": "有人说有人在动手",
    "crisis": "有人的话听着像是想不开",
    "lost": "有人说走失了人",
    "relapse": "有人说有一位居民要人帮一把",
}


def named_notice(hazard: str, number: int, at: str, *, reached: bool) -> str:
    """To the named contact: what kind of thing, never whose."""
    what = _PERSONAL.get(hazard, "有一件要紧的私事")
    alone = "" if reached else "报的人没点过〔开始〕,我没法私下回他。"
    return (
        f"【急·只给您】{at}{what}({number})。群里没提,请也别在群里说。"
        f"您去就按〔我去看〕,按了我把原话给您。{alone}危险先打110/120。"
    )


def contact_unreachable(name: str, number: int) -> str:
    return f"有一件要紧的私事({number}),专门联系人{name}我私下找不到,请给他打个电话。内容群里别提。"


def leader_unreachable(name: str, number: int) -> str:
    return f"有一件私事({number})要{name}看,我私下找不到他,请给他打个电话。内容群里别提。"


def to_leaders_group(what: str, number: int, at: str) -> str:
    return f"【急】{at}有人说{what}({number})。谁去,请私下点〔我去看〕或在这条下面回一声。"


def somebody_goes(what: str, number: int, name: str) -> str:
    return f"{what}({number}):{name}去了。"


def stand_down(what: str, number: int, name: str) -> str:
    return f"{what}({number}):{name}已经去了,谢谢您留意。"


def still_nobody(what: str, number: int, at: str, minutes: int) -> str:
    return f"【急】{at}报的{what}({number}),{minutes}分钟了还没人接。能去的请按〔我去看〕。"


def still_nobody_named(number: int, minutes: int) -> str:
    return f"【急·只给您】要紧的私事({number}),{minutes}分钟了还没人接。能去的请按〔我去看〕。群里别提。"


def phone_list(lines: Sequence[str]) -> str:
    return "打电话更快:\n" + "\n".join(lines) if lines else ""


def phone_line(name: str, phone: str) -> str:
    return f"{name} {phone}"


# --- it was nothing ------------------------------------------------------------------------------


def false_alarm_card(what: str, number: int, *, undo: str) -> str:
    taken_back = f"点错了,一分钟内按〔{undo}〕。" if undo else ""
    return f"好,{what}({number})记成虚惊一场,没事就好。{taken_back}"


def false_alarm_told(what: str, number: int) -> str:
    return f"{what}({number}):去看过了,虚惊一场。"


def all_clear(what: str, number: int) -> str:
    return f"{what}({number}):有人去看过了,虚惊一场,大家放心。下回闻到、看到,照样说。"


# --- the list of contacts ------------------------------------------------------------------------

ABOUT = {
    "violence": "家暴伤人",
    "crisis": "轻生",
    "lost": "走失",
    "relapse": "发病",
    "any": "都管",
}


def contacts(lines: Sequence[str], missing: Sequence[str]) -> str:
    if not lines:
        return (
            "还没有专门联系人:家暴、轻生、走失、发病这样的事,现在只告诉管理员。说“联系人 走失 段秋”就能加。"
        )
    without = f"\n还没人专门管:{'、'.join(missing)}(先告诉管理员)。" if missing else ""
    return "这些事只私下告诉专门的人,群里不提:\n" + "\n".join(lines) + without


def contacts_line(about: str, names: Sequence[str]) -> str:
    return f"{ABOUT[about]}:{'、'.join(names)}"


def contact_named(about: str, name: str) -> str:
    return f"好,{ABOUT[about]}的事以后先私下告诉{name}。"


def contact_dropped(about: str, name: str) -> str:
    return f"好,{ABOUT[about]}的事不再找{name}。"


def contact_unknown(name: str) -> str:
    return f"名单里没有{name}。先说“任命”请他进来,或写进名单的 contacts 再导入。"


def contact_not_started(name: str) -> str:
    return f"{name}还没点〔开始〕,我找不到他;请他私下点我一下。"
