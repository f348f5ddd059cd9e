"""gridbot intents suggest, print, check: what would help, what is there, what is wrong. Nothing is saved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridbot.cli import run
from gridbot.store import tables, upkeep
from gridbot.store.db import Database
from gridbot.understanding.intents import Packs, default_folder, load_packs
from gridbot.understanding.suggest import Sample, Suggestions, over_history, suggest
from tests.cast import NOW, seed

MISSED = ["三号楼的绿毛球,歇了", "我们单元绿毛球,又歇了", "路口绿毛球,歇了好几天"]


#: The shipped lists with two types: compiled many times over, and quickly.
KEPT = {"lighting", "gas", "words", "cues", "places", "traps", "dialect", "sounds", "replies"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for file in default_folder().glob("*.yaml"):
        if file.stem in KEPT:
            shutil.copy(file, folder / file.name)
    return folder


@pytest.fixture(scope="module")
def packs(shipped: Path) -> Packs:
    return load_packs(shipped)


def mined(samples: list[Sample], packs: Packs, folder: Path, shipped: Path, **more: Any) -> Suggestions:
    def compile(layer: str) -> Packs:
        file = folder / "layer.yaml"
        file.write_text(layer, encoding="utf-8")
        return load_packs(shipped, file)

    found = suggest(samples, packs, compile)
    if more:
        over_history(found, more["history"], packs, compile)
    return found


def lighting(*texts: str) -> list[Sample]:
    return [Sample.labelled(text, "lighting") for text in texts]


# --- mining --------------------------------------------------------------------------------------


def test_a_word_that_would_have_helped(packs: Packs, shipped: Path, tmp_path: Path) -> None:
    samples = [*lighting(*MISSED), Sample.labelled("早上好", "chat")]
    found = mined(samples, packs, tmp_path, shipped)
    assert (found.samples, found.wrong) == (4, 3)
    best = found.proposals[0]
    assert best.candidate.command == "加词 照明 绿毛球"
    assert best.candidate.layer == "types: [{id: lighting, sure: [绿毛球]}]"
    assert (len(best.right), best.wrong, best.examples, best.traps) == (3, [], [], [])


def test_a_word_common_in_talk_is_not_proposed(packs: Packs, shipped: Path, tmp_path: Path) -> None:
    talk = [Sample.labelled(f"{who}的绿毛球真好看", "chat") for who in ("小王", "老李", "阿姨", "我家猫")]
    found = mined([*lighting(*MISSED), *talk], packs, tmp_path, shipped)
    assert found.proposals
    for one in found.proposals:
        assert "绿毛球" not in one.candidate.words and one.wrong == []


def test_a_thing_with_a_piece_where_the_piece_alone_says_too_little(
    packs: Packs, shipped: Path, tmp_path: Path
) -> None:
    samples = lighting("楼道灯昨夜打盹", "楼道灯今早打盹", "声控灯这周打盹", "声控灯老是打盹")
    samples += [
        Sample.labelled(text, "chat") for text in ("上课打盹被说", "我打盹一会儿", "爷爷在打盹", "打盹真香")
    ]
    found = mined(samples, packs, tmp_path, shipped)
    pairs = [one for one in found.proposals if len(one.candidate.words) == 2]
    assert pairs and "pairs: [{things: [" in pairs[0].candidate.layer and pairs[0].candidate.command == ""
    assert pairs[0].wrong == []


def test_talk_taken_for_a_report_becomes_a_phrase_to_pass_over(
    packs: Packs, shipped: Path, tmp_path: Path
) -> None:
    text = "三号楼张大爷说灯不亮了这首歌真好听"
    samples = [Sample.labelled(text, "chat")]
    found = mined(samples, packs, tmp_path, shipped)
    assert found.wrong == 1 and found.proposals
    assert all(len(one.right) == 1 and not one.examples and not one.traps for one in found.proposals)


@pytest.mark.parametrize(
    ("samples", "remark"),
    [
        ([], "nothing at all"),
        ([Sample.labelled("5号楼楼道灯不亮了", "lighting")], "read rightly"),
        ([Sample.labelled("😀😀", "lighting")], "no characters"),
        ([Sample.labelled("", "lighting")], "no words"),
        ([Sample.labelled("什么什么", "a_type_of_another_town")], "a type that is not here"),
    ],
)
def test_nothing_to_propose(
    packs: Packs, shipped: Path, tmp_path: Path, samples: list[Sample], remark: str
) -> None:
    assert mined(samples, packs, tmp_path, shipped).proposals == [], remark


def test_a_history_is_counted_and_masked(packs: Packs, shipped: Path, tmp_path: Path) -> None:
    lines = (["今天天气好"] * 50 + ["5号楼302的绿毛球歇了"]) * 20
    found = mined(lighting(*MISSED), packs, tmp_path, shipped, history=iter(lines))
    seen = found.proposals[0].history
    assert found.history == len(lines) and seen.opened == 20 and seen.silenced == 0
    assert 1 <= len(seen.lines) <= 3 and not any("302" in line for line in seen.lines)


def test_words_of_danger_are_never_proposed_away(packs: Packs, shipped: Path, tmp_path: Path) -> None:
    samples = [Sample.labelled(text, "chat") for text in ("煤气味好大这部电影", "有煤气味的那一集")]
    found = mined(samples, packs, tmp_path, shipped)
    assert not any(one.candidate.command.startswith("删词 燃气") for one in found.proposals)


# --- the commands --------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the cast, one keyword by command and three samples."""
    url = f"sqlite:///{tmp_path / 'gridbot.db'}"
    upkeep.upgrade(url)
    database = Database(url)

    def fill(db: sa.Connection) -> None:
        cast = seed(db)
        own = {"type": "lighting", "word": "灯歇菜菜", "effect": "add", "at": NOW}
        db.execute(sa.insert(tables.keywords).values(community_id=cast.community, **own))
        case = db.execute(
            sa.insert(tables.cases)
            .values(community_id=cast.community, state="waiting", types=[], chat_id=cast.residents, data={},
                    reported_at=NOW)
            .returning(tables.cases.c.id)
        ).scalar_one()  # fmt: skip
        for text in (*MISSED, ""):
            row = {"said_types": "", "right_types": "lighting", "role": "leader", "at": NOW, "text": text}
            db.execute(sa.insert(tables.samples).values(community_id=cast.community, case_id=case, **row))

    database.write(fill)
    database.close()
    monkeypatch.setenv("GRIDBOT_DATABASE", url)
    return url


def contents(url: str) -> dict[str, list[Any]]:
    database = Database(url)
    with database.read() as db:
        found = {
            name: [tuple(row) for row in db.execute(sa.select(table).order_by(table.c.id))]
            for name, table in tables.metadata.tables.items()
            if "id" in table.c
        }
    database.close()
    return found


def test_suggest_reads_the_samples_and_saves_nothing(house: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(house)
    assert run(["intents", "suggest", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["samples"], found["read_wrongly"]) == (3, 3)
    assert found["proposals"][0]["say"] == "加词 照明 绿毛球"
    assert run(["intents", "suggest", "--community", "青秀佳苑社区"]) == 0
    assert "Nothing was saved." in capsys.readouterr().out
    assert contents(house) == before


def test_suggest_with_labelled_lines_and_a_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.tsv"
    rows = "".join(f"{number}\t{text}\tlighting\n" for number, text in enumerate(MISSED))
    gold.write_text("n\ttext\ttypes\n" + rows, encoding="utf-8")
    said = [{"id": 1, "type": "message", "date": "2026-11-19T10:00:00", "date_unixtime": "1795053600",
             "from": "王", "from_id": "user1", "text": MISSED[0]}]  # fmt: skip
    history = tmp_path / "result.json"
    export = {"name": "群", "type": "private_group", "id": 1, "messages": said * 3}
    history.write_text(json.dumps(export), encoding="utf-8")
    assert run(["intents", "suggest", "--gold", str(gold), "--history", str(history), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["history"] >= 1 and found["proposals"][0]["history"]["open"] >= 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["intents", "suggest", "--community", "没有的社区"], "Name one with --community"),
        (["intents", "suggest", "--gold", "{tmp}/bad.tsv"], "columns text and types"),
        (["intents", "suggest", "--gold", "{tmp}/none.tsv"], "No such file"),
        (["intents", "print", "没有的类"], "There is no type"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    house: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "bad.tsv").write_text("a\tb\n1\t2\n", encoding="utf-8")
    assert run([one.replace("{tmp}", str(tmp_path)) for one in arguments]) == 1
    assert said in capsys.readouterr().err


def test_print_names_the_layers(house: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["intents", "print", "--community", "青秀佳苑社区", "照明"]) == 0
    said = capsys.readouterr().out
    assert (
        said.startswith("lighting 照明\n") and "\n  sure: " in said and "sure [by command]: 灯歇菜菜" in said
    )
    assert run(["intents", "print", "lighting", "--json"]) == 0
    (view,) = json.loads(capsys.readouterr().out)
    assert {one["layer"] for one in view["lists"]} == {"shipped"}


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ({"lamp.yaml": "id: lamp\nsure: [灯瞎火]\n"}, 0, "1 types, no problem"),
        ({"lamp.yaml": "id: lamp\nsure: [灯瞎火\n"}, 1, "lamp.yaml:3"),
        ({"lamp.yaml": "id: lamp\nsure: [灯瞎火, 灯瞎火了]\n"}, 1, "“灯瞎火了”已被“灯瞎火”包含"),
        ({"lamp.yaml": "id: lamp\nsure: [灯瞎火]\nmaybe: [灯瞎火]\n"}, 1, "各有一次"),
        ({"lamp.yaml": "id: lamp\nsure: [灯瞎火]\nexamples: {match: [今天真冷]}\n"}, 1, "例句没认出来"),
        (
            {"lamp.yaml": "id: lamp\nsure: [灯瞎火]\n", "traps.yaml": "silent: [灯瞎火]\n"},
            1,
            "应当沉默",
        ),
        (
            {"lamp.yaml": "id: lamp\nsure: [灯瞎火]\n", "communities/甲.yaml": "types: [{id: lamp, x: 1}]\n"},
            1,
            "甲.yaml:1",
        ),
        (
            {
                "lamp.yaml": "id: lamp\nsure: [灯瞎火]\n",
                "communities/甲.yaml": "types: [{id: lamp, sure: [灯瞎火啦]}]\n",
            },
            1,
            "“灯瞎火啦”已被“灯瞎火”包含",
        ),
    ],
)
def test_check_tells_what_is_wrong_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], status: int, said: str
) -> None:
    for name, text in files.items():
        file = tmp_path / "packs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert run(["intents", "check", "--packs", str(tmp_path / "packs")]) == status
    out = capsys.readouterr()
    assert said in out.out + out.err
