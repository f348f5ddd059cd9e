"""A date that is called off, moved, or falls on a holiday; February; and what is answered."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.messages import Actor
from gridbot.services import service_days
from gridbot.services.service_days import Result
from gridbot.store import tables

from .conftest import Town, at

IN_GROUPS = ("service-eve", "service-morning", "service-told", "service-line")


def plan(town: Town, now: str = "2026-12-10 12:00") -> None:
    service_days.plan(town.db, town.id, now=at(now))


def north(town: Town, since: int = 0) -> list[tuple[str, str]]:
    """What one group hears."""
    said = town.said(*IN_GROUPS, since=since, chat=town.north)
    return [(one.purpose.removeprefix("service-"), one.text) for one in said]


def say(town: Town, text: str, now: str, actor: Actor | None = None) -> str:
    """An organiser's sentence through the desk's two steps."""
    services = service_days.service_days(town.db, town.id)
    change = service_days.understand_organiser(text, services, at(now))
    assert change is not None, text
    return service_days.apply_change(town.db, change, actor=actor or town.as_admin, now=at(now))


# --- called off ----------------------------------------------------------------------------------


def test_called_off_after_the_eve(town: Town) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    mark = town.mark()
    answer = say(town, "这次三九取消", "2026-12-18 19:00")
    assert answer == '好,19日(周六)三九取消,群里说了一声。要照常,回"三九照常"。'
    text = "19日(周六)三九便民服务日取消一次。下次是29日(周二)。"
    assert north(town, mark) == [("eve", text), ("line", text)]
    assert say(town, "19号的三九取消", "2026-12-18 19:01") == "已经是这样了,不用再说。"
    town.run("2026-12-20 00:00")  # no morning post
    assert len(north(town, mark)) == 2


def test_called_off_before_anybody_heard_is_told_on_the_eve(town: Town) -> None:
    """People know that it is the 19th: who hears nothing comes with his knives."""
    plan(town)
    answer = say(town, "三九取消", "2026-12-16 12:00")
    assert answer == '好,19日(周六)三九取消,前一天我在群里说一声。要照常,回"三九照常"。'
    assert town.timer_kinds(town.occurrence("2026-12-19")) == ["told"]
    town.run("2026-12-20 00:00")
    assert north(town) == [("told", "19日(周六)三九便民服务日取消一次。下次是29日(周二)。")]
    assert town.said("service-ask") == []


@pytest.mark.parametrize(
    ("undone", "expected"),
    [
        # before the eve: as if nothing had been
        ("2026-12-17 09:00", ["eve", "morning"]),
        # after the groups were told: the message is put right, one line, and the morning post
        ("2026-12-18 19:00", ["told", "told", "line", "morning"]),
    ],
)
def test_called_off_and_held_after_all(town: Town, undone: str, expected: list[str]) -> None:
    plan(town)
    say(town, "三九取消", "2026-12-16 12:00")
    town.run(undone)
    assert say(town, "三九照常", undone) == "好,19日(周六)三九照常。"
    town.run("2026-12-20 00:00")
    assert [what for what, _ in north(town)] == expected


def test_the_next_one_skips_what_is_called_off(town: Town) -> None:
    plan(town)
    say(town, "29号的三九取消", "2026-12-16 12:00")
    say(town, "19号的三九取消", "2026-12-16 12:00")
    town.run("2026-12-18 18:00")
    assert north(town)[0][1].endswith("下次是1月9日(周六)。")


# --- moved ---------------------------------------------------------------------------------------


def test_moved_after_the_eve(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    mark = town.mark()
    assert say(town, "三九改到20号", "2026-12-18 19:00") == "好,19日(周六)三九改到20日(周日)。"
    text = "19日(周六)三九便民服务日改到20日(周日),9到11点,小广场。"
    assert north(town, mark) == [("eve", text), ("line", text)]
    mark = town.mark()
    assert say(town, "19号三九改到20号", "2026-12-18 19:01") == "已经是这样了,不用再说。"
    town.run("2026-12-21 00:00")
    # nothing on the 19th; the new date has an eve and a morning of its own
    assert [(what, text[:9]) for what, text in north(town, mark)] == [
        ("eve", "明天(20日周日,"),
        ("morning", "今天(20日周日,"),
    ]
    assert "原定19日" in north(town, mark)[0][1]
    assert "service_moved" in town.events()


def test_moved_before_anybody_heard(town: Town) -> None:
    plan(town)
    say(town, "三九改到21号", "2026-12-16 12:00")
    town.run("2026-12-22 00:00")
    assert [what for what, _ in north(town)] == ["told", "eve", "morning"]
    assert north(town)[0][1].startswith("19日(周六)三九便民服务日改到21日(周一)")


def test_moved_to_an_earlier_day(town: Town) -> None:
    plan(town)
    say(town, "三九改到18号", "2026-12-16 12:00")
    town.run("2026-12-20 00:00")
    assert [(what, text[:6]) for what, text in north(town)] == [
        ("eve", "明天(18日"),
        ("morning", "今天(18日"),
    ]


def test_moved_and_moved_back(town: Town, db: Connection) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    first = north(town)[0][1]
    say(town, "三九改到20号", "2026-12-18 19:00")
    mark = town.mark()
    assert say(town, "20号的三九改到19号", "2026-12-18 20:00") == "好,20日(周日)三九改到19日(周六)。"
    assert north(town, mark) == [
        ("eve", first),
        ("line", "19日(周六)三九便民服务日照常,9到11点,小广场。"),
    ]
    town.run("2026-12-21 00:00")
    assert [what for what, _ in north(town, mark)] == ["eve", "line", "morning"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("三九改到29号", "29日(周二)本来就有三九,换个日子吧。"),
        ("三九改到本月1号", "1日(周二)已经过了,换个日子吧。"),
        ("三九改期", '改到哪天?直接说一句就行,比如"三九改到20号"。'),
        ("1月25号三九取消", "1月25日(周一)没有三九。"),
    ],
)
def test_what_cannot_be_is_said_kindly(town: Town, text: str, answer: str) -> None:
    plan(town)
    assert say(town, text, "2026-12-16 12:00") == answer
    assert town.events() == []


def test_two_dates_may_not_meet(town: Town, db: Connection) -> None:
    plan(town)
    say(town, "三九改到20号", "2026-12-16 12:00")
    occurrence = town.occurrence("2026-12-29")
    found = service_days.move(
        db, occurrence, date(2026, 12, 20), actor=town.as_admin, now=at("2026-12-16 12:00")
    )
    assert found is Result.TAKEN


def test_one_item_off_a_moved_date_leaves_old_posts_alone(town: Town) -> None:
    plan(town)
    town.run("2026-12-18 18:00")
    say(town, "三九改到20号", "2026-12-18 19:00")
    town.run("2026-12-19 18:00")
    mark = town.mark()
    say(town, "磨刀的不来了", "2026-12-19 19:00", town.as_organiser)
    assert [what for what, _ in north(town, mark)] == ["eve", "line"]


# --- in an organiser's words ---------------------------------------------------------------------


def test_an_item_changes_its_hour_or_is_replaced(town: Town) -> None:
    plan(town)
    now = "2026-12-17 12:00"
    for text in ("义诊定了,理发来", "磨刀来"):
        say(town, text, now, town.as_organiser)
    assert say(town, "磨刀改到10点", now, town.as_organiser) == "好,19日(周六)磨刀改成磨刀(10点)。"
    assert say(town, "冲洗地垫换成修鞋", now, town.as_organiser) == "好,19日(周六)冲洗地垫改成修鞋。"
    town.run("2026-12-18 18:00")
    assert "小广场:理发、义诊、磨刀(10点)、修鞋。刀请包好。" in north(town)[0][1]
    town.run("2026-12-28 18:00")  # only this once
    assert "理发、磨刀、义诊、冲洗地垫" in north(town)[-1][1]


def test_the_last_item_off_offers_to_call_it_off(town: Town) -> None:
    plan(town)
    say(town, "理发、磨刀、义诊都不来", "2026-12-17 12:00")
    answer = say(town, "地垫不来", "2026-12-17 12:00")
    assert answer == '好,19日(周六)冲洗地垫这次不来。都不来了。要取消这次,回"这次三九取消"。'


def test_two_words_in_one_sentence(town: Town) -> None:
    plan(town)
    answer = say(town, "理发来,磨刀不来", "2026-12-17 12:00")
    assert answer == "好,19日(周六)理发来。好,19日(周六)磨刀这次不来。"
    assert len(town.events()) == 1


# --- holidays and February -----------------------------------------------------------------------


def february(town: Town, until: str) -> None:
    plan(town, "2027-01-30 12:00")
    town.run(until)


def test_the_admin_decides_on_a_holiday(town: Town, db: Connection) -> None:
    second, second_chat = town.person("李主任", role="admin")
    february(town, "2027-02-02 10:00")
    asked = town.said("service-holiday")
    assert [one.chat for one in asked] == ["周书记", "李主任"]
    assert asked[0].text == (
        "9日(周二,正月初四)三九便民服务日,9到11点,小广场,碰上春节假期。三九照常吗?没人定就照常。"
        "(2027年的调休还没公布,我先按法定假日算的。)"
    )
    assert asked[0].words == [["照常", "改期", "取消"]]
    action, data = town.press("取消", chat=second_chat)
    answer = service_days.on_button(
        db, action, data, actor=Actor(second, town.as_admin.role), now=at("2027-02-02 11:00")
    )
    assert answer.startswith("好,9日(周二,正月初四)三九取消")
    # both see what became of it, without buttons
    settled = town.said("service-holiday")[-2:]
    assert [one.chat for one in settled] == ["周书记", "李主任"]
    assert all(one.text == "9日(周二,正月初四)三九取消,定好了。" and not one.words for one in settled)
    town.run("2027-02-09 12:00")
    assert [what for what, _ in north(town)] == ["told"]


def test_keep_and_silence_both_mean_it_is_held(town: Town, db: Connection) -> None:
    february(town, "2027-02-02 10:00")
    action, data = town.press("照常", chat=town.admin_chat)
    now = at("2027-02-02 11:00")
    assert (
        service_days.on_button(db, action, data, actor=town.as_admin, now=now)
        == "好,9日(周二,正月初四)三九照常。"
    )
    assert town.said("service-holiday")[-1].text == "9日(周二,正月初四)三九照常,定好了。"
    town.run("2027-02-08 18:00")
    assert north(town)[0][1].startswith("明天(9日周二,正月初四)三九便民服务日")


def test_another_day_by_button(town: Town, db: Connection) -> None:
    february(town, "2027-02-02 10:00")
    now = at("2027-02-02 11:00")
    answer = service_days.on_button(
        db, *town.press("改期", chat=town.admin_chat), actor=town.as_admin, now=now
    )
    assert answer == '改到哪天?直接说一句就行,比如"三九改到20号"。'
    # the 10th is still 春节
    assert town.said("service-holiday")[-1].words == [["11日(周四)", "12日(周五)", "别的日子"]]
    other = service_days.on_button(
        db, *town.press("别的日子", chat=town.admin_chat), actor=town.as_admin, now=now
    )
    assert other == answer
    pressed = town.press("11日(周四)", chat=town.admin_chat)
    assert service_days.on_button(db, *pressed, actor=town.as_admin, now=now).endswith("三九改到11日(周四)。")
    assert town.said("service-holiday")[-1].text == "9日(周二,正月初四)三九改到11日(周四),定好了。"


def test_an_unknown_button_is_out_of_date(town: Town, db: Connection) -> None:
    plan(town)
    data = {"occurrence": town.occurrence("2026-12-19")}
    now = at("2026-12-16 12:00")
    assert "过时" in service_days.on_button(db, "service:dance", data, actor=town.as_admin, now=now)
    assert "过时" in service_days.on_button(
        db, "service:keep", {"occurrence": 99}, actor=town.as_admin, now=now
    )


def test_february_says_that_it_has_no_29th_once(town: Town) -> None:
    february(town, "2027-03-01 00:00")
    sentence = "这个月没有29号,三九是9号和19号。"
    assert [(what, sentence in text) for what, text in north(town)] == [
        ("eve", False),  # the 9th
        ("morning", False),
        ("eve", True),  # the 19th
        ("morning", False),
    ]


def test_the_schedule_of_february(town: Town) -> None:
    now = at("2027-01-20 12:00")
    plan(town, "2027-01-20 12:00")
    assert service_days.schedule(town.db, town.id, 2027, 2, now=now) == (
        "2月三九便民服务日:9日(周二,正月初四)、19日(周五)、2月无29日\n"
        "2027年的调休还没公布,先按周一到周五和法定假日算。"
    )
    assert "本月无29日" in service_days.schedule(town.db, town.id, 2027, 2, now=at("2027-02-01 12:00"))
    # a leap year has it
    assert "29日(周二)" in service_days.schedule(town.db, town.id, 2028, 2, now=now)
    # what was changed is shown; a year with a table needs no warning
    plan(town)
    say(town, "19号三九改到20号", "2026-12-16 12:00")
    say(town, "29号三九取消", "2026-12-16 12:00")
    assert service_days.schedule(town.db, town.id, 2026, 12, now=at("2026-12-16 12:00")) == (
        "12月三九便民服务日:9日(周三)、19日(周六)改到20日(周日)、29日(周二)取消"
    )


def test_the_admins_see_next_month_on_the_25th(town: Town) -> None:
    plan(town, "2027-01-20 12:00")
    town.run("2027-01-25 10:00")
    (month,) = town.said("service-month")
    assert month.chat == "周书记" and month.silent
    assert month.text.startswith("2月三九便民服务日:9日(周二,正月初四)、19日(周五)、2月无29日")
    town.run("2027-03-01 00:00")
    assert [one.text[:2] for one in town.said("service-month")] == ["2月", "3月"]


def test_the_month_is_shown_late_but_not_when_it_is_over(town: Town) -> None:
    plan(town, "2027-01-20 12:00")
    town.fire(at("2027-02-20 23:30"))
    (month,) = town.said("service-month")
    assert month.text.startswith("2月") and month.due_at == at("2027-02-21 08:00")
    town.fire(at("2027-04-20 12:00"))
    assert len(town.said("service-month")) == 1


# --- what is answered ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "now", "answer"),
    [
        (
            "三九有什么",
            "2026-12-17 12:00",
            "下次是后天(19日周六)三九便民服务日,9到11点,小广场:理发、磨刀,义诊、冲洗地垫待定。"
            "刀请包好。下雨改活动室。",
        ),
        # on the day itself
        (
            "三九几点",
            "2026-12-19 08:00",
            "今天(19日周六)三九便民服务日,9到11点,小广场:理发、磨刀,义诊、冲洗地垫待定。"
            "刀请包好。下雨改活动室。",
        ),
        # when it is over, the next; nobody has been asked about that one yet
        (
            "三九什么时候",
            "2026-12-19 11:00",
            "下次是29日(周二)三九便民服务日,9到11点,小广场:平时有理发、磨刀、义诊、冲洗地垫,"
            "前一天晚上我发准信。刀请包好。下雨改活动室。",
        ),
        ("三九磨刀的来吗", "2026-12-17 12:00", "后天(19日周六)三九有磨刀。"),
        ("三九有义诊吗", "2026-12-17 12:00", "后天(19日周六)三九义诊还没定,定了我在群里说。"),
        ("3号楼的灯什么时候修", "2026-12-17 12:00", None),
        ("三九天什么时候来", "2026-12-17 12:00", None),
        ("下雨还办吗", "2026-12-15 12:00", None),  # four days off: about something else
    ],
)
def test_answers(town: Town, text: str, now: str, answer: str | None) -> None:
    plan(town)
    town.run("2026-12-17 10:00")
    say(town, "理发来,磨刀来", "2026-12-17 10:30")
    assert service_days.answer_question(town.db, town.id, text, at(now)) == answer


def test_rain(town: Town, db: Connection) -> None:
    plan(town)
    for text in ("下雨还办吗", "三九下雨还办吗"):
        answer = service_days.answer_question(db, town.id, text, at("2026-12-18 12:00"))
        assert answer is not None and answer.endswith("下雨改活动室。")
    db.execute(sa.update(tables.service_days).values(rain=""))
    answer = service_days.answer_question(db, town.id, "三九下雨怎么办?", at("2026-12-18 12:00"))
    assert answer is not None and answer.endswith("下雨怎么办还没定,有变动我在群里说。")


def test_an_answer_knows_what_was_called_off_or_falls_out(town: Town, db: Connection) -> None:
    plan(town)
    say(town, "三九取消", "2026-12-16 12:00")
    answer = service_days.answer_question(db, town.id, "三九几号", at("2026-12-16 12:00"))
    assert answer is not None and answer.startswith("下次是29日") and answer.endswith("19日(周六)取消了。")
    answer = service_days.answer_question(db, town.id, "19号三九还办吗", at("2026-12-16 12:00"))
    assert answer == "19日(周六)三九便民服务日取消一次。下次是29日(周二)。"
    plan(town, "2027-02-20 12:00")
    answer = service_days.answer_question(db, town.id, "三九几号", at("2027-02-20 12:00"))
    assert answer is not None and "3月9日" in answer and answer.endswith("这个月没有29号,三九是9号和19号。")


def test_no_service_day_at_all(town: Town, db: Connection) -> None:
    now = at("2026-12-16 12:00")
    assert (
        service_days.answer_question(db, town.id, "三九几号", now) == "三九最近没有排日子。"
    )  # not planned yet
    db.execute(sa.delete(tables.service_days))
    assert service_days.answer_question(db, town.id, "三九几号", now) is None
    assert service_days.schedule(db, town.id, 2026, 12, now=now) == "还没有便民服务日。"


def test_a_rule_nobody_can_read_breaks_nothing(town: Town, db: Connection) -> None:
    town.service_day(name="坏的", rule={"daily": True})
    plan(town)
    assert [one.name for one in service_days.service_days(db, town.id)] == ["三九便民服务日"]
