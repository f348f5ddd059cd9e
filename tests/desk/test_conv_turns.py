"""A report goes on: put right, answered for, told of further, helped with, and over."""

from __future__ import annotations

import pytest

from gridbot.rehearsal import Stage
from gridbot.store.tables import case_messages
from tests.cast import LI, RESIDENTS, WANG, ZHOU


def talk(stage: Stage, *lines: tuple[str, str], pause: int = 20) -> None:
    """(who, what) one after the other in the group, then five quiet minutes."""
    for who, text in lines:
        stage.says(who, text, chat=RESIDENTS, name={WANG.id: WANG.name, ZHOU.id: ZHOU.name}.get(who, who))
        stage.passes(seconds=pause)
    stage.passes(minutes=5)


def opened(stage: Stage) -> list[tuple[list[str], str]]:
    return [(one.types, one.place) for one in stage.cases() if one.number is not None]


def kept(stage: Stage) -> list[str]:
    with stage.db() as db:
        return [row.text for row in db.execute(case_messages.select().order_by(case_messages.c.id))]


def asked(stage: Stage) -> int:
    return sum(one.purpose.startswith("ask-") for one in stage.in_chat(RESIDENTS))


# --- the matter put right ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "types", "remark"),
    [
        ("5号楼停水了", "讲错了,不是停水,是停电", ["power"], "denied and named"),
        ("5号楼没电了", "打错字 是没气 灶头点不着", ["gas"], "named alone"),
        ("5号楼电梯坏了", "不是电梯,是楼下门禁刷不开", ["access"], "no word of a slip"),
        ("5号楼停水了", "说错了,是楼上漏水", ["water"], "the same trouble all along"),
        ("5号楼停水了", "不对,电也没了", ["water"], "one thing more takes nothing back"),
        ("5号楼停水了", "说错了,不是电梯坏了,是楼道灯坏了", ["water"], "it was not said to be the lift"),
    ],
)
def test_the_reporter_puts_the_matter_right(
    stage: Stage, first: str, then: str, types: list[str], remark: str
) -> None:
    talk(stage, (WANG.id, first), (WANG.id, then))
    assert opened(stage)[0][0] == types, remark
    assert "5号楼" in opened(stage)[0][1], remark


def test_nobody_else_puts_it_right(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼停水了"), (ZHOU.id, "说错了,不是停水,是停电"))
    assert opened(stage)[0] == (["water"], "5号楼")


def test_what_put_it_right_belongs_to_the_case(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼停水了"), (WANG.id, "不是停水,是停电"))
    assert kept(stage) == ["5号楼停水了", "不是停水,是停电"]


# --- the place -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "want", "remark"),
    [
        (("5号楼电梯抖得厉害", "到七楼咣当一声"), [(["elevator"], "5号楼七楼")], "a floor lies in the house"),
        (("5号楼有人半夜唱歌", "1204那家 唱到三点"), [(["noise"], "5号楼1204")], "so does a door"),
        (
            ("5号楼没水了", "还有楼道灯也不亮"),
            [(["water"], "5号楼"), (["lighting"], "5号楼")],
            "a second trouble is where the first is",
        ),
        (
            ("5号楼没水了", "还有六楼的楼道灯也不亮"),
            [(["water"], "5号楼"), (["lighting"], "5号楼六楼")],
            "on a floor of it",
        ),
    ],
)
def test_a_place_within_the_place(
    stage: Stage, lines: tuple[str, str], want: list[tuple[list[str], str]], remark: str
) -> None:
    talk(stage, *[(WANG.id, text) for text in lines])
    got = opened(stage)
    assert [types for types, _ in got] == [types for types, _ in want], remark
    assert all(place in said for (_, said), (_, place) in zip(got, want, strict=True)), (got, remark)
    assert asked(stage) == 0, remark


@pytest.mark.parametrize(
    ("answer", "told", "remark"),
    [
        ("王阿姨住5号楼", True, "by name"),
        ("老王家是5号楼", True, "by the family name"),
        ("小郑家住5号楼", False, "somebody else"),
        ("王师傅的快递放在5号楼了", False, "other talk"),
    ],
)
def test_the_place_told_for_somebody(stage: Stage, answer: str, told: bool, remark: str) -> None:
    talk(stage, (WANG.id, "我们楼下的下水道堵了,脏水往外冒"))
    assert asked(stage) == 1
    talk(stage, (ZHOU.id, answer))
    assert (stage.cases()[0].place == "5号楼") == told, remark
    assert (answer in kept(stage)) == told


# --- beside a danger -----------------------------------------------------------------------------


def test_help_beside_a_danger_opens_nothing(stage: Stage) -> None:
    talk(
        stage,
        (WANG.id, "5号楼配电箱冒火花"),
        (ZHOU.id, "快打119 别靠近"),
        (ZHOU.id, "119已经打了"),
        (WANG.id, "有人手受伤了 快叫救护车"),
    )
    (case,) = stage.cases()
    assert (case.types, case.urgent, case.private, case.supporters) == (["power"], True, False, 0)
    assert kept(stage) == ["5号楼配电箱冒火花", "119已经打了", "有人手受伤了 快叫救护车"]


def test_a_danger_elsewhere_is_its_own(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼配电箱冒火花"), (ZHOU.id, "快打119 8号楼着火了"))
    assert [place for _, place in opened(stage)] == ["5号楼", "8号楼"]


def test_the_same_danger_in_other_words(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼东边垃圾桶着火了"), (ZHOU.id, "浓烟都飘进我家窗户了,快叫消防"))
    (case,) = stage.cases()
    assert (case.urgent, case.supporters) == (True, 1)


def test_a_call_for_help_with_no_danger_told_is_one(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼楼道灯不亮了"), (ZHOU.id, "快打119"))
    assert [case.urgent for case in stage.cases()] == [False, True]


def test_what_comes_of_it_makes_it_grave(stage: Stage) -> None:
    stage.says(WANG.id, "8号楼下面大狗咬人了", chat=RESIDENTS)
    assert not stage.cases()[0].urgent
    stage.says(WANG.id, "老人家腿上都是血", chat=RESIDENTS)
    (case,) = stage.cases()
    assert (case.types, case.urgent) == (["pets"], True)


# --- the talk around -----------------------------------------------------------------------------


def test_another_matter_begins(stage: Stage) -> None:
    talk(stage, (WANG.id, "今天烤得我头昏"), (WANG.id, "说正经的,5号楼路灯全不亮了"))
    assert kept(stage) == ["说正经的,5号楼路灯全不亮了"]


@pytest.mark.parametrize(
    ("lines", "supporters", "remark"),
    [
        (
            ("5号楼屋顶有人养了几十只鸽子,太吵", "5号楼顶上那些鸽子,毛飘得满屋都是"),
            1,
            "the same thing by name",
        ),
        (
            ("北大门出口的道闸杆子抬不起来了", "我车堵在北门出不去 那杆子不动弹"),
            1,
            "a thing spoken of before",
        ),
        (("5号楼3单元暖气不热", "同问 我5号楼1单元 摸着冰凉"), 1, "asked along"),
        (("5号楼楼下半夜还在打桩", "我家宝宝吓醒三次"), 1, "a night without sleep"),
        (("5号楼楼下半夜还在打桩", "我也没睡着"), 1, "and another"),
        (("5号楼楼道灯不亮", "我昨晚没睡着"), 0, "which no lamp explains"),
        (("5号楼楼道灯不亮", "8号楼门口那些纸箱没人收"), 0, "another thing elsewhere"),
    ],
)
def test_a_second_voice(stage: Stage, lines: tuple[str, str], supporters: int, remark: str) -> None:
    talk(stage, (WANG.id, lines[0]), (ZHOU.id, lines[1]))
    assert stage.cases()[0].supporters == supporters, remark


def test_a_landmark_said_twice_is_named_once(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼车棚里的充电桩插上没反应"), (WANG.id, "就是5号楼车棚最里面那一排"))
    assert opened(stage)[0][1].count("车棚") == 1


def test_half_a_report_in_the_same_breath(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼楼上有人往下扔酒瓶子"), (WANG.id, "碎在儿童滑梯旁边"))
    assert len(stage.cases()) == 1 and asked(stage) == 0


def test_what_answers_talk_of_elsewhere(stage: Stage) -> None:
    talk(stage, (WANG.id, "抖音上那地方水管爆成冰雕了"), (ZHOU.id, "看到了 路灯杆都冻裂了"))
    assert stage.cases() == []


def test_a_greeting_long_before_is_no_part_of_it(stage: Stage) -> None:
    talk(stage, (WANG.id, "大家早呀"), pause=1)
    stage.says(WANG.id, "今天好冷", chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert kept(stage) == ["5号楼楼道灯不亮了"]


def test_its_reporter_goes_on_while_others_do(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼顶上有人在搭阳光房", chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(ZHOU.id, "我也看到了,5号楼", chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(WANG.id, "那是公共屋顶 凭什么", chat=RESIDENTS)
    assert kept(stage)[-1] == "那是公共屋顶 凭什么"


def test_the_word_that_ends_it_stays_with_it(stage: Stage) -> None:
    talk(stage, (WANG.id, "5号楼802跳闸了,家里全黑"), (WANG.id, "没事了,自己好了"))
    assert [case.state for case in stage.cases()] == ["closed"]
    assert kept(stage) == ["5号楼802跳闸了,家里全黑", "没事了,自己好了"]


def test_still_out_after_the_hours_announced(stage: Stage) -> None:
    stage.starts(LI.id)
    stage.says("w", "通知:今天10点到12点线路检修,5号楼停电", chat=RESIDENTS, name="物业前台")
    stage.passes(hours=3)
    stage.says(WANG.id, "说好十二点来电,5号楼还是黑的", chat=RESIDENTS)
    stage.passes(minutes=1)
    stage.says(ZHOU.id, "我家也没电", chat=RESIDENTS)
    assert [(case.types, case.place, case.supporters) for case in stage.cases()] == [(["power"], "5号楼", 1)]
