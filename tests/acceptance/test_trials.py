"""What goes wrong, or comes all at once: nobody takes it, everybody takes it, nobody wants it, the night, the
danger, and a leader who leaves with his hands full."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gridbot.cases import queries
from gridbot.grid.binding import adopt_chats
from gridbot.grid.directory_files import read_directory
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor, Move, Role
from gridbot.store.tables import cases, communities
from tests.acceptance.judge import judge, nothing_in_groups
from tests.acceptance.town import LEADERS, OFFICE, QINGXIU, SPOKEN, Town
from tests.cast import SHANGHAI

ANOTHER = """
community: 青秀佳苑社区
grids:
  - name: 青秀佳苑
    level: 小区
    places: [5号楼]
    leaders: [{name: 另一位格长, simulator: 8001}]
groups:
  - {name: 隔壁居民群, grid: 青秀佳苑, simulator: -8001}
admins: [{name: 另一位管理员, simulator: 8002}]
"""
LAMP = ("5号楼的楼道灯", "昨天晚上开始就不亮了")


def first(town: Town, who: str, purpose: str = "notice") -> str:
    return next(
        one.at.astimezone(SHANGHAI).strftime("%d %H:%M")
        for one in town.in_chat(OFFICE[who])
        if one.purpose == purpose
    )


def test_nobody_takes_it_and_it_climbs_every_level_and_stays(town: Town) -> None:
    """微网格, 小区, 社区, 街道: each is told once, reminded once, and 王阿姨 reads that it is not lost."""
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.at("2026-11-21 20:00")
    told = [first(town, who) for who in ("吴楼长", "李格长", "周书记", "穆书记")]
    assert told == sorted(told) and len(set(told)) == 4, town.script()
    with town.db() as db:
        case = db.execute(sa.select(cases)).one()
        where = queries.ladder_position(db, case, town.now)
    assert [step.level for step in where.steps] == ["微网格", "小区", "社区", "街道"] and where.at_top
    assert any("到最上一级了" in text for text in town.read("刘书记"))
    assert len(town.texts(QINGXIU)) <= 2
    judge(town, most={"刘书记": 3, "吴楼长": 3, "李格长": 3, "周书记": 3, "穆书记": 4})


def test_nine_at_ten_past_eleven_are_one_message_at_eight() -> None:
    """Nobody's telephone rings in the night; nothing is overdue before he could know of it."""
    with Town("2026-11-19 23:10") as town:
        for number, who in enumerate(("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬")):
            thing = ("楼道灯不亮了", "门禁坏了", "下水道堵了")[number % 3]
            town.tell(who, QINGXIU, f"{(1, 2, 3)[number // 3]}号楼{thing}")
            town.passes(minutes=1)
        assert len(town.opened()) == 9, town.script()
        town.at("2026-11-20 07:59")
        assert town.read("张院长") == [] == town.read("王工")
        town.at("2026-11-20 08:05")
        (digest,) = town.read("张院长")
        assert "夜里没打扰您" in digest and "9件" in digest
        at_night = [one for one in town.in_chat(QINGXIU) if one.purpose == "night"]
        assert len(at_night) == 9 and "早上8点" in at_night[0].text
        town.at("2026-11-20 08:30")
        assert not any("还没回音" in text for text in town.read("张院长"))
        town.at("2026-11-20 12:00")  # he never looked: nine reminders are four things to hear, not nine
        assert town.rang()["张院长"] <= 8 and any("攒了" in text for text in town.read("张院长")), (
            town.script()
        )


def test_two_leaders_press_at_once_and_the_second_reads_who_was_first(town: Town) -> None:
    town.tell("王阿姨", QINGXIU, "5号楼楼道里一股煤气味")
    town.press("李格长", "我去看")
    said = town.press("吴楼长", "我去看")
    assert "李格长" in said and "谢谢" in said, town.script()
    assert town.owner() == "李格长" and town.timeline().count("accepted") == 1
    assert "李格长已经去了" in town.read("吴楼长")[-1]


def test_a_leader_who_leaves_hands_on_what_he_holds(town: Town) -> None:
    """撤职 by a plain sentence: his open case goes to the next in line, 王阿姨 need say nothing again."""
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.passes(minutes=2)
    town.press("吴楼长", "我去看")
    town.tell("刘书记", "", "撤职 吴楼长")
    town.press("刘书记", "确定")
    town.passes(minutes=5)
    assert town.owner() == "李格长", town.script()
    assert any("5号楼" in text for text in town.read("李格长"))
    town.tell("吴楼长", "", "1 修好了")
    assert town.case().state != "done"
    town.press("李格长", "我去看")
    town.tell("李格长", "", "修好了")
    assert town.case().state == "done", town.script()
    judge(town, most={"刘书记": 4, "李格长": 3, "吴楼长": 3})


def test_three_returns_and_the_level_above_decides(town: Town) -> None:
    """Whoever had it first keeps it all the while; 王阿姨 never reads whose it is not."""
    town.tell("王阿姨", QINGXIU, "3号楼门口的路灯杆歪了", "快倒了的样子,吓人")
    town.passes(minutes=2)
    owner = town.owner()
    for _ in range(3):
        town.tell(owner, "", "这不归我管,是物业的")
        town.passes(minutes=2)
        if town.case().data.get("candidate", {}) and town.case().data.get("bounces", 0) < 3:
            town.tell("王工", "", "不归我们管,在墙外")
            town.passes(minutes=2)
        assert town.owner() == owner, town.script()
    assert town.case().data.get("bounces", 0) >= 3, town.script()
    above = [one for one in town.sent if one.purpose == "designate" or "指定" in one.text]
    assert above and all(
        one.chat in (OFFICE["李格长"], OFFICE["周书记"], OFFICE["刘书记"]) for one in above[:1]
    )
    asked = town.read("李格长")[-1]
    assert len(asked.splitlines()) == len(set(asked.splitlines())), asked
    town.tell(owner, "", "真不归我管,是物业的")
    assert town.rang()["李格长"] == 1  # once asked, his card changes
    group = " ".join(town.texts(QINGXIU))
    assert "归" not in group and "物业" not in group and "退" not in group


def test_gas_at_night_with_nobody_awake() -> None:
    """Said at once, called at once, one level more every five minutes, with numbers to telephone."""
    with Town("2026-11-20 02:10") as town:
        town.tell("王阿姨", QINGXIU, "5号楼楼道里一股煤气味")
        now = [one for one in town.sent if one.at == town.now]
        safety = next(one for one in now if one.purpose == "safety")
        assert safety.text.startswith("有人说5号楼") and "000-5550219" in safety.text
        assert "我是机器人,不能代替报警" in safety.text
        assert {one.chat for one in now if one.purpose == "urgent-notice"} == {
            OFFICE["吴楼长"],
            OFFICE["李格长"],
        } | {OFFICE["孙副格长"]}, town.script()
        town.passes(minutes=6)
        called = {one.chat for one in town.sent if one.purpose == "urgent-notice"}
        assert OFFICE["周书记"] in called, town.script()
        assert any("打电话更快" in text and "燃气公司" in text for text in town.read("周书记"))
        town.passes(minutes=8)  # it has climbed over 李格长's head, and still he may be the one who goes
        assert town.case().level_node_id != town.case().node_id
        assert "能去的请按〔我去看〕" in town.read("李格长")[-1]
        town.passes(minutes=22)
        assert {OFFICE["穆书记"], OFFICE["刘书记"]} <= {one.chat for one in town.sent}, town.script()
        assert len([one for one in town.in_chat(QINGXIU) if one.kind in SPOKEN]) == 1
        town.press("李格长", "我去看")
        assert town.case().state == "accepted" and town.owner() == "李格长", town.script()
        before = len(town.sent)
        town.passes(hours=2)
        assert not [one for one in town.sent[before:] if one.purpose in ("urgent-notice", "safety")]
        own = [text for text in town.read("李格长") if "000-5550203" in text]
        assert own == []  # nobody needs his own number


PRIVATE = (
    ("relapse", ("老马家儿子又犯病了", "在楼下拿东西砸人呢"), "段秋"),
    ("violence", ("3号楼有人打老婆", "打得直叫,要出人命了"), "段秋"),
    ("lost", ("我妈走丢了", "八十多岁,有点糊涂,穿红棉袄"), "段秋"),
)


@pytest.mark.parametrize("named", [True, False], ids=["段秋 has started", "nobody can be reached"])
@pytest.mark.parametrize(("what", "said", "owner"), PRIVATE, ids=[one[0] for one in PRIVATE])
def test_a_danger_to_one_person_leaves_no_sign_in_any_group(
    what: str, said: tuple[str, ...], owner: str, named: bool
) -> None:
    """Over every row of the outbox, whoever can be reached and whoever not."""
    with Town("2026-11-19 22:30") as town:
        if not named:
            with town.db() as db:
                db.exec_driver_sql("UPDATE chat SET active = 0 WHERE chat = ?", (OFFICE["段秋"],))
                db.exec_driver_sql("UPDATE identity SET reachable = 0 WHERE user = ?", (OFFICE["段秋"],))
        town.tell("王阿姨", QINGXIU, *said)
        assert town.case().urgent and town.case().private, town.script()
        town.passes(hours=10)
        assert nothing_in_groups(town), town.script()
        told = {one.chat for one in town.sent}
        assert told <= {OFFICE["段秋"], OFFICE["刘书记"]} and told, town.script()
        words = " ".join(one.text for one in town.sent)
        assert not any(word in words for word in ("老马", "犯病", "老婆", "糊涂", "红棉袄"))


def test_a_private_case_mentions_nobody_in_the_leaders_group(town: Town) -> None:
    """张院长 has stopped the bot: his admin telephones him, the leaders' group hears nothing."""
    with town.db() as db:
        db.exec_driver_sql("UPDATE chat SET active = 0 WHERE chat = ?", (OFFICE["张院长"],))
        db.exec_driver_sql("UPDATE identity SET reachable = 0 WHERE user = ?", (OFFICE["张院长"],))
    town.tell("王阿姨", QINGXIU, "3号楼两家为了狗吵起来了", "302那家的狗把小孩衣服咬了,快去劝劝")
    town.passes(hours=5)
    assert town.in_chat(LEADERS) == [] and nothing_in_groups(town), town.script()
    assert town.owner() == "李格长" or town.read("刘书记"), town.script()


def test_two_communities_in_one_database_never_see_each_other(town: Town, tmp_path: Path) -> None:
    """The same house numbers, the same words, numbers of their own; nobody reads the other's."""
    path = tmp_path / "another.yaml"
    path.write_text(ANOTHER, encoding="utf-8")
    sample = read_directory(path)
    with town.db() as db:
        import_directory(db, sample, actor=Actor(None, Role.ADMIN), now=town.now)
        adopt_chats(db, town.platform, town.bot, now=town.now)
        assert db.execute(sa.select(sa.func.count()).select_from(communities)).scalar_one() == 2
    town.starts("8001", "另一位格长")
    town.starts("8002", "另一位管理员")
    town.sent.clear()
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.tell("隔壁老李", "-8001", "5号楼楼道灯不亮了")
    town.passes(minutes=2)
    mine, theirs = town.cases()
    assert mine.number == theirs.number == 1 and mine.community_id != theirs.community_id
    assert theirs.supporters == mine.supporters == 0
    own = {one.chat for one in town.sent if one.case_id == theirs.id}
    assert own == {"-8001", "8001"}, town.script()
    for who, chat in (("8002", "8002"), (OFFICE["刘书记"], OFFICE["刘书记"])):
        before = len(town.sent)
        town.says(who, "列表", chat=chat)
        text = " ".join(one.text for one in town.sent[before:])
        assert "在办1件" in text, text
    town.says("8001", "修好了", chat="8001")
    assert [one.state for one in town.cases()] == ["waiting", "done"]


# --- what was settled on the way -----------------------------------------------------------------


def test_a_leader_reports_in_the_group_and_it_is_his(town: Town) -> None:
    """5号楼楼道灯不亮了, by whoever leads there: a case of his own; its closing is marked as such."""
    town.tell("李格长", QINGXIU, "5号楼楼道灯不亮了")
    assert [one.types for one in town.opened()] == [["lighting"]], town.script()
    assert town.owner() == "李格长" and town.case().state == "accepted"
    assert town.texts(QINGXIU) == []  # 已告诉网格长 is nothing to tell a leader
    town.passes(minutes=20)
    assert town.read("吴楼长") == []
    town.tell("李格长", "", "修好了")
    case = town.case()
    with town.db() as db:
        done = queries.last_event(db, case.id, [Move.DONE])
    assert done is not None and done.data["own_report"] is True
    judge(town)


@pytest.mark.parametrize(
    "talk",
    ["下午我去看3号楼的阴沟", "5号楼楼道灯修好了", "大家把门关好,注意防盗", "3号楼下水道在疏通,下午好"],
)
def test_a_leaders_own_talk_opens_nothing(town: Town, talk: str) -> None:
    town.tell("李格长", QINGXIU, talk)
    town.passes(minutes=15)
    assert town.opened() == [] and town.texts(QINGXIU) == [], town.script()


def test_a_leader_who_speaks_of_a_known_matter_opens_no_second(town: Town) -> None:
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.passes(minutes=1)
    town.tell("吴楼长", QINGXIU, "5号楼楼道灯不亮了,我知道了")
    town.passes(minutes=5)
    assert len(town.opened()) == 1, town.script()


def test_a_stand_in_by_roster_is_heard_in_plain_words(town: Town) -> None:
    """小周 holds no office; today he stands in for 青秀二组, and 师傅下午来 of his counts."""
    with town.db() as db:
        db.exec_driver_sql(
            "INSERT INTO person (community_id, name, phone, data, created_at) "
            "VALUES (1, '小周', '', '{}', '2026-11-19')"
        )
        who = db.exec_driver_sql("SELECT max(id) FROM person").scalar_one()
        db.exec_driver_sql(
            "INSERT INTO identity (community_id, person_id, platform, user, name, reachable) "
            "VALUES (1, ?, 'simulator', '7777', '小周', 1)",
            (who,),
        )
        node = db.exec_driver_sql("SELECT id FROM grid_node WHERE name = '青秀二组'").scalar_one()
        db.exec_driver_sql(
            "INSERT INTO duty (community_id, node_id, person_id, first, last) "
            "VALUES (1, ?, ?, '2026-11-19', '2026-11-20')",
            (node, who),
        )
    town.starts("7777", "小周")
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.passes(minutes=1)
    assert town.owner() == "小周", town.script()
    town.says("7777", "师傅下午来", chat="7777", name="小周")
    assert town.case().state == "accepted", town.script()


def test_a_type_put_right_by_the_leader_stands_in_the_digest_above(town: Town) -> None:
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.passes(minutes=1)
    town.press("吴楼长", "我去看")
    town.tell("吴楼长", "", "1 改成 供电")
    assert town.case().types == ["power"], town.script()
    assert not any("改成了" in text for text in town.read("李格长"))
    town.at("2026-11-19 17:05")
    assert any("1:吴楼长把“照明”改成了“供电”" in text for text in town.read("李格长")), town.script()


def test_what_is_over_stands_on_no_agenda(town: Town) -> None:
    """列入例会, and then it is mended by itself: the row is settled, and if it comes back the clock runs."""
    town.tell("刘书记", "", "例会 片区网格工作例会 11月25日")
    town.tell("王阿姨", QINGXIU, *LAMP)
    town.passes(minutes=1)
    town.tell("吴楼长", "", "列入例会 1")
    assert town.case().data.get("meeting"), town.script()
    town.passes(hours=2)
    town.tell("王阿姨", QINGXIU, "5号楼楼道灯亮了,谢谢")
    assert town.case().state == "closed", town.script()
    with town.db() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM agenda WHERE settled_at IS NULL").scalar_one() == 0
    assert town.case().data.get("meeting") is None


def test_nobody_reads_that_residents_were_told_where_nobody_was(town: Town) -> None:
    """段秋 closes a relapse: nobody is asked about it, and his card says nothing else."""
    town.tell("王阿姨", QINGXIU, "老马家儿子又犯病了", "在办事大厅那儿大喊大叫,拿东西砸人")
    town.press("段秋", "我去看")
    town.tell("段秋", "", "人送回家了")
    assert "已告诉居民" not in town.read("段秋")[-1] and "辛苦" in town.read("段秋")[-1], town.script()
    town.passes(hours=60)
    assert "没人说不好" not in town.read("段秋")[-1]


def test_a_daughter_names_the_house_hours_later(town: Town) -> None:
    """One question, answered by another person without a quote; the house keeps its name."""
    town.tell("王阿姨", QINGXIU, "楼道灯不亮了")
    town.passes(hours=3)
    town.tell("小王", QINGXIU, "我妈家5号楼")
    assert town.texts(QINGXIU)[-1] == "好,5号楼楼道灯(1),已告诉网格长。"
    town.passes(minutes=2)
    town.press("吴楼长", "我去看")
    town.tell("吴楼长", QINGXIU, "下午师傅来")
    town.passes(hours=2)
    town.tell("吴楼长", "", "亮了")
    town.passes(hours=1)
    town.tell("王阿姨", QINGXIU, "亮了亮了谢谢")
    assert town.case().state == "closed"
    judge(town, most={"青秀群": 4, "李格长": 2})
