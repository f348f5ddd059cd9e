"""The same story on SQLite and on PostgreSQL: plan, ask, eve, a knife-grinder who cancels, morning."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from gridbot import services
from gridbot.almanac import Rule
from gridbot.services import announcements, service_days

from .conftest import Town, at


def test_a_story_on_either_database(any_db: Connection) -> None:
    town = Town(any_db)
    for _ in range(2):
        services.start(any_db, now=at("2026-12-10 12:00"))
    rule = Rule(date=date(2026, 12, 18))
    announcements.create(
        any_db, town.id, "今晚8点开会。", rule, "17:00", actor=town.as_admin, now=at("2026-12-10 12:00")
    )
    town.run("2026-12-17 10:00")
    now = at("2026-12-17 10:05")
    pressed = town.press("理发来", chat=town.organiser_chat)
    assert services.on_button(any_db, *pressed, actor=town.as_organiser, now=now) == "好,19日(周六)理发来。"
    town.run("2026-12-18 18:00")
    days = service_days.service_days(any_db, town.id)
    change = services.understand_organiser("磨刀的不来了", days, at("2026-12-18 19:00"))
    assert change is not None
    for _ in range(2):
        services.apply_change(any_db, change, actor=town.as_organiser, now=at("2026-12-18 19:00"))
    town.run("2026-12-19 12:00")
    heard = [one.purpose for one in town.said(chat=town.north)]
    assert heard == ["announcement", "service-eve", "service-eve", "service-line", "service-morning"]
    assert town.said(chat=town.north)[-1].text == (
        "今天(19日周六)三九便民服务日,9到11点,小广场:理发,义诊、冲洗地垫待定。下雨改活动室。"
    )
    answer = services.answer_question(any_db, town.id, "三九几号", at("2026-12-19 12:00"))
    assert answer is not None and "29日" in answer
