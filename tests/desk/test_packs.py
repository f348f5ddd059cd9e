"""例会材料 and 月报 as people get them: by command, on Monday, on the first of the month; nobody's name."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot import pictures, workbook
from gridbot.cases.facts import facts
from gridbot.cli.figures import write_csv
from gridbot.desk import packs
from gridbot.messages import Role, Sender, Sheet, Table
from gridbot.rehearsal import Sent, Stage
from gridbot.store import tables
from tests.cast import ADMIN, ENGINEER, LI, NOW, RESIDENTS, SECRETARY, SHANGHAI, WANG, ZHOU

OFFICER = Sender("5001", "赵科")
CAST = (WANG, ZHOU, LI, SECRETARY, ADMIN, ENGINEER, OFFICER)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def mended(stage: Stage, house: str, *, answer: str = "好了") -> None:
    stage.says(WANG.id, f"{house}楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=30)
    stage.says(LI.id, "修好了", chat=LI.id)
    stage.presses(WANG.id, answer, chat=RESIDENTS)
    stage.passes(minutes=10)


def begin(stage: Stage, **packs_setting: Any) -> None:
    """The timers stand; what the town sets about its packs is set."""
    with stage.db() as db:
        db.execute(sa.update(tables.communities).values(settings={"packs": packs_setting}))
        packs.start(db, now=stage.now)


def got(stage: Stage, who: Sender, purpose: str = "") -> list[Sent]:
    return [one for one in stage.in_chat(who.id) if one.sheet and purpose in one.purpose]


def asks(stage: Stage, who: Sender, said: str) -> Sent:
    before = len(got(stage, who))
    stage.says(who.id, said, chat=who.id)
    assert len(got(stage, who)) == before + 1, stage.texts(who.id)[-1]
    return got(stage, who)[-1]


def table(sheet: Sheet, title: str) -> Table:
    return next(one for one in sheet.tables if one.title == title)


def words(sent: Sent) -> str:
    assert sent.sheet is not None
    return f"{sent.text}{sent.sheet}"


# --- the week ------------------------------------------------------------------------------------


def test_a_pack_by_command(stage: Stage) -> None:
    mended(stage, "5号楼")
    mended(stage, "3号楼", answer="还没好")
    stage.says(ZHOU.id, "51号院下水道堵了", chat=RESIDENTS)
    stage.passes(hours=30)
    pack = asks(stage, ADMIN, "例会材料 本周")
    assert pack.sheet is not None
    assert dict(pack.sheet.key)["新报"] == 3 and dict(pack.sheet.key)["办好"] == 1
    assert dict(pack.sheet.key)["在办"] == 2 and dict(pack.sheet.key)["返工"] == 1
    assert table(pack.sheet, "居民说没好、又接着办的").rows[0][1] == "3号楼楼道灯"
    assert ("二网格", "51号院") in table(pack.sheet, "没人管的楼").rows
    assert "新报3,办好1,在办2" in pack.text and "返工1件" in pack.text
    assert not [one.name for one in CAST if one.name in words(pack)]


def test_a_leader_gets_what_he_leads_and_no_more(stage: Stage) -> None:
    stage.says(ZHOU.id, "51号院下水道堵了", chat=RESIDENTS)
    stage.passes(minutes=2)
    pack = asks(stage, LI, "例会材料 本周")
    assert pack.text.startswith("零上报:11月16日至11月19日,一网格没有报事。")
    assert "51号院" not in words(pack)
    stage.says(LI.id, "例会材料 二网格", chat=LI.id)
    assert "您管的里头没有“二网格”" in stage.texts(LI.id)[-1]
    assert "51号院" in words(asks(stage, ADMIN, "例会材料 二网格 本周"))


def test_in_a_group_it_is_answered_in_private(stage: Stage) -> None:
    stage.says(LI.id, "例会材料", chat=RESIDENTS)
    assert got(stage, LI) and not [one for one in stage.in_chat(RESIDENTS) if one.sheet]
    before = len(stage.sent)
    stage.says(WANG.id, "例会材料", chat=RESIDENTS)
    assert len(stage.sent) == before


def test_late_stuck_paused_and_a_meeting(stage: Stage) -> None:
    for house in ("5号楼", "3号楼", "2号楼"):
        stage.says(WANG.id, f"{house}楼道灯不亮了", chat=RESIDENTS)
        stage.passes(minutes=1)
    stage.says(LI.id, "暂缓 2 等配件", chat=LI.id)
    stage.says(ADMIN.id, "例会 片区例会 青秀佳苑 12月5日", chat=ADMIN.id)
    stage.says(LI.id, "列入例会 3", chat=LI.id)
    stage.passes(days=6)
    pack = asks(stage, ADMIN, "例会材料")
    assert pack.sheet is not None
    shown = {one.title: [row[0] for row in one.rows] for one in pack.sheet.tables}
    assert shown["过了时限的"] == [1] and shown["好几天没动静的"] == [1]
    assert shown["暂缓的"] == [2] and shown["列入例会的"] == [3]
    assert table(pack.sheet, "暂缓的").rows[0][3] == "等配件,到12月3日"
    assert table(pack.sheet, "列入例会的").rows[0][3] == "片区例会"
    assert shown["这段时间报到上一级的"] == [1]  # nobody took it, so it climbed


def test_a_place_that_comes_again(stage: Stage) -> None:
    mended(stage, "5号楼")
    for said in ("5号楼电梯坏了", "5号楼302门口堆着垃圾"):
        stage.says(ZHOU.id, said, chat=RESIDENTS)
        stage.passes(minutes=5)
    spots = table(asks(stage, ADMIN, "例会材料").sheet or Sheet(""), "反复报的地方")
    assert spots.rows == (("5号楼", "照明、电梯、卫生", 3),)


def test_what_is_private_stays_so(stage: Stage) -> None:
    stage.says(WANG.id, "5号楼302的老李又在打老婆", chat=RESIDENTS)
    stage.passes(minutes=5)
    whole = asks(stage, ADMIN, "例会材料 本周")
    part = asks(stage, LI, "例会材料 本周")
    for pack in (whole, part):
        assert "302" not in words(pack) and "老李" not in words(pack) and "打" not in words(pack)
    assert part.sheet is not None and dict(part.sheet.key)["新报"] == 0


# --- on Monday -----------------------------------------------------------------------------------


def test_on_monday_the_leader_reads_it(stage: Stage) -> None:
    begin(stage)
    stage.starts(SECRETARY.id, SECRETARY.name)
    mended(stage, "5号楼")
    stage.until(at("2026-11-23T08:29"))
    assert not got(stage, SECRETARY)
    stage.passes(minutes=1)
    [pack] = got(stage, SECRETARY)
    assert pack.purpose == "meeting-pack" and pack.sheet is not None
    assert pack.sheet.period == "11月16日至11月22日" and dict(pack.sheet.key)["新报"] == 1
    assert not got(stage, LI)  # a grid without grids under it does not meet
    stage.until(at("2026-11-30T12:00"))
    assert len(got(stage, SECRETARY)) == 1  # a week without anything says nothing


def test_what_a_town_may_set(stage: Stage) -> None:
    begin(stage, weekday=2, at="23:30", levels="三级网格", zero="是")
    stage.until(at("2026-11-25T07:59"))
    assert not got(stage, LI)  # nothing at night
    stage.passes(minutes=1)
    [pack] = got(stage, LI)
    assert "零上报" in pack.text


def test_off_is_off(stage: Stage) -> None:
    begin(stage, off="是", monthly="否")
    stage.starts(SECRETARY.id, SECRETARY.name)
    mended(stage, "5号楼")
    stage.until(at("2026-12-08T12:00"))
    assert not got(stage, SECRETARY) and not got(stage, ADMIN)


# --- the month -----------------------------------------------------------------------------------


def busy(stage: Stage, count: int) -> None:
    """So many lamps, each at a house of its own; of every fourth the first answer is 还没好."""
    for number in range(1, count + 1):
        mended(stage, f"{number}号楼", answer="好了" if number % 4 else "还没好")
        if number % 4 == 0:
            stage.says(LI.id, "修好了", chat=LI.id)
            stage.presses(WANG.id, "好了", chat=RESIDENTS)
        stage.passes(hours=2)
        if stage.now.astimezone(SHANGHAI).hour > 16:
            stage.until(stage.now.astimezone(SHANGHAI).replace(hour=10, minute=0) + timedelta(days=1))


def the_unit(stage: Stage) -> None:
    """物业, with an engineer who can be written to; it gets seven cases."""
    with stage.db() as db:
        key = db.execute(
            sa.insert(tables.units).values(
                community_id=1, name="康居物业", handles=["lighting"], side="inside", contact="", data={}
            )
        ).inserted_primary_key
        assert key is not None
        person = db.execute(
            sa.insert(tables.people).values(community_id=1, name=ENGINEER.name, created_at=NOW)
        ).inserted_primary_key
        assert person is not None
        db.execute(
            sa.insert(tables.identities).values(
                community_id=1,
                person_id=person[0],
                platform=Stage.platform,
                user=ENGINEER.id,
                name=ENGINEER.name,
                reachable=True,
            )
        )
        db.execute(
            sa.insert(tables.holdings).values(
                community_id=1, person_id=person[0], unit_id=key[0], role=Role.UNIT.value, since=NOW
            )
        )
        db.execute(sa.update(tables.cases).where(tables.cases.c.number <= 7).values(unit_id=key[0]))
    stage.starts(ENGINEER.id, ENGINEER.name)


def test_units_read_their_line_a_day_before(stage: Stage) -> None:
    begin(stage)
    busy(stage, 12)
    the_unit(stage)
    stage.until(at("2026-12-01T08:59"))
    assert not [one for one in stage.in_chat(ENGINEER.id) if one.purpose == "figures-preview"]
    stage.passes(minutes=1)
    shown = stage.texts(ENGINEER.id)[-1]
    assert shown.startswith("康居物业11月的数:经手7件,办结") and "12月2日9:00写进月报" in shown
    early = asks(stage, ADMIN, "月报")
    assert "康居物业" not in words(early) and "单位的数先给单位看,12月2日9:00以后才有" in words(early)
    stage.says(ENGINEER.id, "数字说明 有两件等厂家配件,我电话13800138000", chat=ENGINEER.id)
    assert "附在11月月报" in stage.texts(ENGINEER.id)[-1]
    stage.until(at("2026-12-02T08:59"))
    assert not got(stage, ADMIN, "month")[1:]
    stage.passes(minutes=1)
    sheet = got(stage, ADMIN, "month")[-1].sheet
    assert sheet is not None
    [row] = table(sheet, "单位").rows
    assert row[:2] == ("康居物业", 7) and "等厂家配件" in str(row[3]) and "13800138000" not in str(row[3])
    stage.says(ENGINEER.id, "数字说明 还有一句", chat=ENGINEER.id)
    assert "眼下没有等着写进月报的数" in stage.texts(ENGINEER.id)[-1]


def test_a_month_without_a_report_says_nothing(stage: Stage) -> None:
    begin(stage)
    stage.until(at("2026-12-03T12:00"))
    assert not got(stage, ADMIN)


def an_officer(stage: Stage) -> None:
    stage.says(ADMIN.id, "任命 赵科 街道", chat=ADMIN.id)
    code = stage.texts(ADMIN.id)[-1].rpartition(":")[2].rstrip("。")
    stage.starts(OFFICER.id, OFFICER.name)
    stage.says(OFFICER.id, code, chat=OFFICER.id)


def test_the_officer_reads_figures_and_nothing_else(stage: Stage) -> None:
    an_officer(stage)
    busy(stage, 8)
    stage.says(OFFICER.id, "列表", chat=OFFICER.id)
    assert "5号楼" not in stage.texts(OFFICER.id)[-1]
    month = asks(stage, OFFICER, "月报 本月")
    assert month.sheet is not None and month.sheet.key[0] == ("报事", 8)
    assert not [one.name for one in CAST if one.name in words(month)]
    stage.says(OFFICER.id, "例会材料", chat=OFFICER.id)
    assert not got(stage, OFFICER, "meeting-pack")


def test_the_officer_has_all_his_communities_on_one_sheet(stage: Stage) -> None:
    begin(stage)
    an_officer(stage)
    busy(stage, 8)
    with stage.db() as db:
        other = db.execute(
            sa.insert(tables.communities).values(name="另一社区", created_at=NOW, settings={})
        ).inserted_primary_key
        third = db.execute(
            sa.insert(tables.communities).values(name="别处社区", created_at=NOW, settings={})
        ).inserted_primary_key
        assert other is not None and third is not None
        person = db.execute(
            sa.insert(tables.people).values(community_id=other[0], name="赵科", created_at=NOW)
        ).inserted_primary_key
        assert person is not None
        db.execute(
            sa.insert(tables.identities).values(
                community_id=other[0], person_id=person[0], platform=Stage.platform, user=OFFICER.id
            )
        )
        db.execute(
            sa.insert(tables.holdings).values(
                community_id=other[0], person_id=person[0], role=Role.OFFICER.value, since=NOW
            )
        )
        packs.start(db, now=stage.now)
    stage.until(at("2026-12-01T09:10"))
    [month] = got(stage, OFFICER)  # one sheet, not one a community
    assert month.sheet is not None and month.sheet.title == "2个社区 月报"
    rows = {row[0]: row[1:] for row in table(month.sheet, "办得怎样").rows}
    assert list(rows) == ["青秀佳苑社区", "另一社区", "合计"] and rows["另一社区"] == (0, 0, 0, 0)
    assert "别处社区" not in words(month)


@pytest.mark.parametrize("said", ["月报 上周", "月报 哪天"])
def test_a_month_is_a_month(stage: Stage, said: str) -> None:
    stage.says(ADMIN.id, said, chat=ADMIN.id)
    assert "月报 10月" in stage.texts(ADMIN.id)[-1] and not got(stage, ADMIN)


# --- the same numbers everywhere -----------------------------------------------------------------


def test_text_picture_workbook_and_csv_agree(stage: Stage) -> None:
    """Recomputed by hand from the exported lines."""
    busy(stage, 12)
    stage.says(ZHOU.id, "51号院下水道堵了", chat=RESIDENTS)
    stage.passes(hours=5)
    month = asks(stage, ADMIN, "月报 本月")
    assert month.sheet is not None
    with stage.db() as db:
        found = facts(db, 1, at("2026-11-01T00:00"), at("2026-12-01T00:00"))
    target = io.StringIO()
    write_csv(found, target)
    lines = [one for one in csv.DictReader(io.StringIO(target.getvalue())) if one["end"] != "out"]
    answered = [one["answers"].split("|") for one in lines if one["answers"]]
    good = sum(one[-1] == "mended" for one in answered)
    glad = sum(one[0] == one[-1] == "mended" for one in answered)
    assert (len(lines), len(answered)) == (13, 12)
    key = dict(month.sheet.key)
    assert key["报事"] == len(lines)
    assert key["解决率"] == f"{round(100 * good / len(answered))}%"
    assert key["满意率"] == f"{round(100 * glad / len(answered))}%"
    total = table(month.sheet, "三率").rows[-1]
    assert total[2] == f"{good}/{len(answered)} {round(100 * good / len(answered))}%"
    assert f"报事{len(lines)}" in month.text and f"解决率{key['解决率']}" in month.text
    closed = sum(one["end"] == "closed" for one in lines)
    assert table(month.sheet, "办得怎样").rows[-1][1] in (closed, "*")
    from openpyxl import load_workbook

    page = load_workbook(io.BytesIO(workbook.write(month.sheet))).active
    assert page is not None
    cells = [cell.value for row in page.iter_rows() for cell in row if cell.value is not None]
    flat = [cell for one in month.sheet.tables for row in one.rows for cell in row if cell != ""]
    assert [cell for cell in flat if cell not in cells] == []
    assert pictures.draw(month.sheet).startswith(b"\x89PNG")
