"""Keywords by command: seen before they are saved, and the words of danger are nobody's to take away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.rehearsal import Stage
from gridbot.store import tables
from gridbot.understanding.intents import PackError, Packs, default_folder, load_packs
from tests.cast import ADMIN, RESIDENTS, WANG, ZHOU

ODD = "我们那儿的绿毛球歇了"  # nobody ships 绿毛球


def saved(stage: Stage) -> list[Any]:
    with stage.db() as db:
        return list(db.execute(sa.select(tables.keywords)))


def version(stage: Stage) -> int:
    with stage.db() as db:
        return int(db.execute(sa.select(tables.communities.c.version)).scalar_one())


def test_nothing_is_saved_before_it_is_confirmed(stage: Stage) -> None:
    stage.says(WANG.id, ODD, chat=RESIDENTS)
    stage.passes(minutes=20)
    assert stage.cases() == []
    before = version(stage)
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    said = stage.texts(ADMIN.id)[-1]
    assert "“绿毛球”算照明" in said and "群里的话有1条会变" in said and "还没存" in said
    assert saved(stage) == [] and version(stage) == before
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "好,“绿毛球”算照明了。" and version(stage) == before + 1
    stage.says(WANG.id, ODD, chat=RESIDENTS)
    assert [case.types for case in stage.cases()] == [["lighting"]]
    with stage.db() as db:
        (event,) = db.execute(sa.select(tables.case_events).where(tables.case_events.c.move == "keyword"))
    assert event.data["type"] == "lighting" and "绿毛球" not in str(event.data)  # codes and ids alone


def test_never_mind_saves_nothing(stage: Stage) -> None:
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    stage.presses(ADMIN.id, "算了", chat=ADMIN.id)
    assert saved(stage) == []


def test_a_word_is_taken_away_and_given_back(stage: Stage) -> None:
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    stage.says(ADMIN.id, "词表", chat=ADMIN.id)
    assert "绿毛球(照明)" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    assert "已经算照明了" in stage.texts(ADMIN.id)[-1]
    stage.says(ADMIN.id, "删词 照明 绿毛球", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert [(one.word, one.effect) for one in saved(stage)] == [("绿毛球", "remove")]
    stage.says(WANG.id, ODD, chat=RESIDENTS)
    stage.passes(minutes=20)
    assert stage.cases() == []


def test_a_shipped_word_shows_how_many_examples_change(stage: Stage) -> None:
    examples = {kind: one.examples.match for kind, one in stage.desk.packs.types.items()}
    word = next(
        keyword.word
        for keyword in stage.desk.packs.keywords
        for use in keyword.uses
        if keyword.alone
        and len(keyword.word) >= 3
        and stage.desk.packs.rules[use.owner].type == "lighting"
        and stage.desk.packs.rules[use.owner].name == "sure"
        and any(keyword.word in text for text in examples["lighting"])
    )
    stage.says(ADMIN.id, f"删词 照明 {word}", chat=ADMIN.id)
    assert "条例句里有" in stage.texts(ADMIN.id)[-1]


def test_words_of_danger_stay(stage: Stage) -> None:
    danger = stage.desk.packs.types["gas"].source.danger["gas"]
    word = next(one for one in danger.words if len(one) >= 2 and one.isalpha())
    stage.says(ADMIN.id, f"删词 燃气 {word}", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == f"“{word}”是救急的词,不能删。"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("加词 炒菜 绿毛球", "没有“炒菜”这一类"),
        ("加词 照明 灯", "2到20个字"),
        ("加词 照明 " + "灯" * 50, "2到20个字"),
        ("加词 照明 <b>灯</b>", "2到20个字"),
        ("加词 照明 绿 毛 球", "2到20个字"),
        ("删词 照明 从没有过的词", "里没有"),
        ("加词", "加词 照明 声控灯不响"),
    ],
)
def test_what_does_not_fit_is_one_sentence(stage: Stage, text: str, said: str) -> None:
    stage.says(ADMIN.id, text, chat=ADMIN.id)
    assert said in stage.texts(ADMIN.id)[-1]
    assert saved(stage) == []


def test_the_samples_are_masked_and_private(stage: Stage) -> None:
    stage.says(WANG.id, f"{ODD},5号楼302也是", chat=RESIDENTS)
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=RESIDENTS)
    assert stage.texts(RESIDENTS) == ["私下发您了。"]
    assert "302" not in stage.texts(ADMIN.id)[-1]
    assert "如:我们那儿的绿毛球" in stage.texts(ADMIN.id)[-1]


def test_a_keyword_of_a_type_that_is_gone_breaks_nothing(stage: Stage) -> None:
    with stage.db() as db:
        community = db.execute(sa.select(tables.communities.c.id)).scalar()
        row = {"type": "no_such_type", "word": "什么词", "effect": "add", "at": stage.now}
        db.execute(sa.insert(tables.keywords).values(community_id=community, **row))
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert len(stage.cases()) == 1


# --- a pack that does not compile never takes the place of one that works -------------------------


def broken_by(stage: Stage, word: str) -> None:
    """From now on the packs with this word do not compile."""
    whole = stage.desk._compile

    def compile(rules: Any) -> Packs:
        rules = list(rules)
        if any(rule.word == word for rule in rules):
            raise PackError("lighting.yaml", 3, "sure", "made to fail")
        return whole(rules)

    stage.desk._compile = compile


def test_a_keyword_that_breaks_the_packs_is_refused(stage: Stage) -> None:
    broken_by(stage, "绿毛球")
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "“绿毛球”一加词库就读不通了,没有存。原来的照旧。"
    assert saved(stage) == []


def test_words_that_compile_no_more_leave_the_old_ones(stage: Stage) -> None:
    stage.says(ADMIN.id, "加词 照明 绿毛球", chat=ADMIN.id)
    broken_by(stage, "绿毛球")  # between the question and the answer
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    stage.says(WANG.id, "5号楼楼道灯不亮了", chat=RESIDENTS)
    assert [case.types for case in stage.cases()] == [["lighting"]]


def test_a_communitys_own_file_lies_between(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("types: [{id: lighting, sure: [灯打烊]}, {id: well, title: 水井}]\n", encoding="utf-8")

    def own(name: str) -> Any:
        assert name == "青秀佳苑社区"
        return lambda rules: load_packs(default_folder(), file, extra=rules)

    stage.desk._own_compile = own
    stage.says(ADMIN.id, "加词 水井 辘轳断", chat=ADMIN.id)
    stage.presses(ADMIN.id, "确定", chat=ADMIN.id)
    assert stage.texts(ADMIN.id)[-1] == "好,“辘轳断”算水井了。"
    stage.says(WANG.id, "5号楼的灯打烊了", chat=RESIDENTS)
    stage.says(ZHOU.id, "小广场的辘轳断了", chat=RESIDENTS)
    assert [case.types for case in stage.cases()] == [["lighting"], ["well"]]
