"""三率 and 联系人 by command: who may ask, what they read."""

from __future__ import annotations

import csv
import io

import sqlalchemy as sa

from gridbot.cases.facts import facts
from gridbot.cases.rates import rates
from gridbot.cli.figures import write_csv
from gridbot.grid import contacts
from gridbot.rehearsal import Stage
from gridbot.store.tables import case_events, communities
from tests.cast import ADMIN, LI, RESIDENTS, SECRETARY, WANG, ZHOU


def mended(stage: Stage, house: str) -> None:
    stage.says(WANG.id, f"{house}楼道灯不亮了", chat=RESIDENTS)
    stage.passes(seconds=31)
    stage.presses(LI.id, "我去看", chat=LI.id)
    stage.passes(minutes=30)
    stage.says(LI.id, "修好了", chat=LI.id)
    stage.presses(WANG.id, "好了", chat=RESIDENTS)
    stage.passes(minutes=10)


def test_the_figures_of_a_day(stage: Stage) -> None:
    mended(stage, "5号楼")
    stage.says(ZHOU.id, "51号院下水道堵了", chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(ADMIN.id, "三率", chat=ADMIN.id)
    text = stage.texts(ADMIN.id)[-1]
    assert "青秀佳苑社区 本月:报了2件" in text
    assert "响应率 1/1(100%),另有1件还没到时限" in text
    assert "解决率 1/1(100%)" in text and "满意率 1/1(100%)" in text and "未回访 0/1(0%)" in text
    assert "没回话的算未回访,不算满意" in text  # the definitions stand under it
    assert WANG.name not in text and LI.name not in text


def test_a_leader_sees_his_own_grid(stage: Stage) -> None:
    mended(stage, "5号楼")
    stage.says(ZHOU.id, "51号院下水道堵了", chat=RESIDENTS)
    stage.passes(minutes=2)
    stage.says(LI.id, "三率", chat=LI.id)
    assert "一网格 本月:报了1件" in stage.texts(LI.id)[-1]
    stage.starts(SECRETARY.id, SECRETARY.name)
    stage.says(SECRETARY.id, "三率 本周", chat=SECRETARY.id)
    assert "青秀佳苑 本周:报了2件" in stage.texts(SECRETARY.id)[-1]


def test_periods_and_what_is_none(stage: Stage) -> None:
    mended(stage, "5号楼")
    stage.says(ADMIN.id, "三率 上周", chat=ADMIN.id)
    assert "没有报事" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "三率 改天", chat=ADMIN.id)
    assert "三率 上周" in stage.texts(ADMIN.id)[-1]


def test_a_resident_reads_none_of_it(stage: Stage) -> None:
    mended(stage, "5号楼")
    before = len(stage.texts(RESIDENTS))
    stage.says(WANG.id, "三率", chat=RESIDENTS)
    assert len(stage.texts(RESIDENTS)) == before


def test_the_report_and_the_file_are_one(stage: Stage) -> None:
    """What the command says is what anybody counts from the exported lines."""
    for house in ("5号楼", "3号楼"):
        mended(stage, house)
    stage.says(WANG.id, "2号楼单元门锁坏了", chat=RESIDENTS)
    stage.passes(hours=6)
    with stage.db() as db:
        found = facts(db, 1, stage.now.replace(day=1), stage.now)
    target = io.StringIO()
    write_csv(found, target)
    lines = list(csv.DictReader(io.StringIO(target.getvalue())))
    in_time = sum(1 for line in lines if line["taken"] and line["taken"] <= line["respond_by"])
    figures = rates(found, stage.now)
    assert (figures.response.n, figures.cases) == (in_time, len(lines)) == (2, 3)
    assert "灯" not in target.getvalue() and WANG.name not in target.getvalue()


# --- 联系人 --------------------------------------------------------------------------------------


def test_the_list_begins_empty_and_says_how(stage: Stage) -> None:
    stage.says(ADMIN.id, "联系人", chat=ADMIN.id)
    assert "还没有专门联系人" in stage.texts(ADMIN.id)[-1] and "联系人 走失 段秋" in stage.texts(ADMIN.id)[-1]


def test_naming_and_dropping(stage: Stage) -> None:
    stage.says(ADMIN.id, "联系人 走失 李格长", chat=ADMIN.id)
    assert "走失的事以后先私下告诉李格长" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "联系人 轻生 周书记", chat=ADMIN.id)
    assert "还没点〔开始〕" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "联系人", chat=ADMIN.id)
    text = stage.texts(ADMIN.id)[-1]
    assert "走失:李格长" in text and "还没人专门管:家暴伤人、发病" in text
    stage.says(ADMIN.id, "不再联系 走失 李格长", chat=ADMIN.id)
    with stage.db() as db:
        community = db.execute(sa.select(communities.c.id)).scalar_one()
        assert [code for code, _, _ in contacts.contacts(db, community)] == ["crisis"]
        moves = list(db.execute(sa.select(case_events.c.move)).scalars())
    assert moves.count("contact_named") == 2 and moves.count("contact_dropped") == 1


def test_only_an_admin_may_and_only_somebody_known(stage: Stage) -> None:
    stage.says(LI.id, "联系人 走失 李格长", chat=LI.id)
    stage.says(ADMIN.id, "联系人 走失 王麻子", chat=ADMIN.id)
    assert "名单里没有王麻子" in stage.texts(ADMIN.id)[-1]
    with stage.db() as db:
        assert contacts.contacts(db, 1) == []
