"""gridbot replay and gridbot rehearse: a history and a script through the whole desk, and nothing sent."""

from __future__ import annotations

import json
import random
import resource
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gridbot.cli import run
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import inbox, outbox
from tests.bench.lines import TALK, TROUBLE
from tests.cast import seed

SAMPLES = Path(__file__).parents[1] / "fixtures" / "exports"
DIRECTORY = """
community: 梧桐里社区
timezone: Asia/Shanghai
settings: {gas: 000-5550119}
grids:
  - name: 梧桐里
    level: 二级网格
    leaders: [{name: 周书记, telegram: 3001}]
    children:
      - {name: 一网格, level: 三级网格, places: [7号楼, 8号楼], leaders: [{name: 李建国, telegram: 2001}]}
      - {name: 二网格, level: 三级网格, places: [51号院], leaders: [{name: 孙师傅, telegram: 2002}]}
groups:
  - {name: 梧桐里居民群, grid: 梧桐里/一网格, telegram: -1001}
"""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/real.db"
    monkeypatch.setenv("GRIDBOT_DATABASE", found)
    monkeypatch.setenv("COLUMNS", "200")
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY, encoding="utf-8")
    return path


def say(arguments: list[Any], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run([str(one) for one in arguments])
    written = capsys.readouterr()
    return status, written.out, written.err


def replay(capsys: pytest.CaptureFixture[str], *arguments: Any) -> dict[str, Any]:
    status, out, err = say(["replay", *arguments, "--json"], capsys)
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def history(path: Path, *lines: tuple[str, str, str]) -> Path:
    """MemoTrace's form: when, who, what."""
    path.write_text(
        "".join(f"2026-03-11 {at} {who}\n{text}\n\n" for at, who, text in lines), encoding="utf-8"
    )
    return path


@pytest.fixture
def week(tmp_path: Path) -> Path:
    return history(
        tmp_path / "week.txt",
        ("09:00:00", "钱阿姨", "早上好呀"),
        ("09:01:00", "钱阿姨", "7号楼一单元楼道灯不亮了"),
        ("09:02:00", "吴小二", "我家也是"),
        ("09:03:00", "吴小二", "钱阿姨说得对"),
        ("09:20:00", "李建国", "楼道灯修好了"),
        ("09:30:00", "王先生", "8号楼302门口垃圾堆成山了,京A12345挡着"),
        ("10:00:00", "郑同学", "7号楼二单元有煤气味,很浓"),
        ("11:00:00", "王先生", "8号楼302天天打老婆,刚才又打了,谁来管管"),
        ("13:00:00", "吴小二", "晚上七点半老地方跳舞去不去"),
    )


def test_what_would_have_been(
    url: str, week: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replay(capsys, week, "--community", directory)
    assert (found["form"], found["messages"], found["people"]) == ("MemoTrace", 9, 5)
    assert (found["first"], found["last"]) == (
        "2026-03-11T09:00+08:00",
        "2026-03-11T13:00+08:00",
    )
    lamp, *rest = found["opened"]
    (gas,) = (one for one in rest if one["types"] == ["gas"])
    assert (lamp["types"], lamp["place"], lamp["supporters"], lamp["state"]) == (
        ["lighting"], "7号楼一单元楼道", 1, "done",
    )  # fmt: skip
    assert gas["urgent"] and any("别开灯" in one["text"] for one in gas["said"])
    assert {one["to"] for one in lamp["said"]} == {"group", "leader"}
    assert lamp["because"]
    assert [(one["private"], one["words"], one["said"]) for one in rest[-1:]] == [
        (True, "(关系到个人,不显示)", [])
    ]
    assert found["days"] == [
        {"day": "2026-03-11", "messages": 9, "cases": 4, "questions": 0, "types": found["types"]}
    ]
    assert found["cases"] == 4
    assert found["silent"] == 9 - sum(one["messages"] for one in found["opened"])
    assert found["difference"] is None


@pytest.mark.parametrize("form", ["json", "html", "screen"])
def test_names_and_numbers_are_in_no_report(
    url: str, week: Path, directory: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    more = {"json": ["--json"], "html": ["--html", page], "screen": []}[form]
    status, out, _ = say(["replay", week, "--community", directory, *more], capsys)
    told = page.read_text(encoding="utf-8") if form == "html" else out
    assert status == 0
    assert "楼道灯不亮了" in told
    for hidden in ("A12345", "302", "钱阿姨", "吴小二", "郑同学", "打老婆"):
        assert hidden not in told, hidden


def test_the_page_needs_nothing_else(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    status, out, _ = say(["replay", SAMPLES / "telegram_account.json", "--html", page], capsys)
    text = page.read_text(encoding="utf-8")
    assert (status, out.splitlines()[-1]) == (0, str(page))
    assert "梧桐里居民群、五号院群" in text and "照明" in text
    assert "<script" not in text and "http" not in text.replace("http-equiv", "")
    assert "exists already" in say(["replay", SAMPLES / "qq.txt", "--html", page], capsys)[2]


def test_nothing_is_sent_and_nothing_kept(url: str, week: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upkeep.upgrade(url)
    database = Database(url)
    database.write(seed)

    def rows() -> tuple[int, ...]:
        with database.read() as db:
            return tuple(len(db.execute(table.select()).all()) for table in (outbox, inbox))

    before = rows()
    replay(capsys, week)
    assert rows() == before == (0, 0)
    database.close()


def test_other_words_tell_the_difference(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = history(
        tmp_path / "h.txt",
        ("09:00:00", "钱阿姨", "7号楼的风铃哑火了"),
        ("10:00:00", "吴小二", "8号楼楼道灯不亮了"),
    )
    found = replay(capsys, said, "--add-word", "facility=哑火")
    assert [(one["before"], one["after"]) for one in found["difference"]["more"]] == [
        ("silent", "、".join(found["opened"][0]["titles"]))
    ]
    assert "风铃" in found["difference"]["more"][0]["words"]
    assert found["difference"]["fewer"] == found["difference"]["otherwise"] == []
    again = replay(capsys, said, "--add-word", "lighting=风铃哑火", "--drop-word", "lighting=不存在的词")
    assert len(again["difference"]["more"]) == 1
    out = say(["replay", said, "--add-word", "facility=哑火"], capsys)[1]
    assert "Against the shipped words: 1 more, 0 fewer, 0 otherwise." in out


@pytest.mark.parametrize("given", ["lighting", "=x", "lighting="])
def test_a_word_needs_its_type(url: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = say(["replay", SAMPLES / "qq.txt", "--add-word", given], capsys)
    assert (status, err) == (1, f"{given!r} is not TYPE=WORD; for example lighting=灯坏了.\n")


def test_an_unknown_type_or_file_is_a_sentence(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = say(["replay", SAMPLES / "qq.txt", "--add-word", "nope=灯"], capsys)
    assert (status, "no such issue type" in err) == (1, True)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    status, out, err = say(["replay", tmp_path / "photo.jpg"], capsys)
    assert (status, out) == (1, "")
    assert "photo.jpg is no chat history that can be read: expected Telegram Desktop's result.json" in err
    assert say(["replay", tmp_path / "none"], capsys)[0] == 1
    assert run(["replay"]) == 2


def test_a_clock_that_jumps_does_not_matter(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = history(tmp_path / "h.txt", ("10:00:00", "甲", "7号楼楼道灯不亮了"), ("08:00:00", "乙", "哈哈"))
    text = said.read_text(encoding="utf-8") + "2999-01-01 00:00:00 丙\n8号楼下水道堵了\n"
    said.write_text(text, encoding="utf-8")
    found = replay(capsys, said)
    assert (found["cases"], found["failed"]) == (2, 0)
    assert found["last"] < "2998"


def test_a_long_history_stays_small(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], record_property: Any
) -> None:
    dice, at = random.Random(3), datetime(2026, 1, 1, 8, 0)
    path = tmp_path / "long.txt"
    count = 20_000
    with path.open("w", encoding="utf-8") as file:
        for _ in range(count):
            at += timedelta(seconds=dice.expovariate(1 / 90))
            pool = TROUBLE if dice.random() < 0.004 else TALK
            text = dice.choice(pool).format(n=dice.randint(1, 60))
            file.write(f"{at:%Y-%m-%d %H:%M:%S} 居民{dice.randint(1, 300)}\n{text}\n\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    found = replay(capsys, path)
    seconds = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    record_property("messages_per_second", round(count / seconds))
    with capsys.disabled():
        print(f"\nreplay: {count / seconds:.0f} messages/s, {grown:.0f} MB more at the peak")  # noqa: T201
    assert (found["messages"], found["failed"]) == (count, 0)
    assert grown < 150


# --- rehearse ------------------------------------------------------------------------------------

SCRIPT = [
    {
        "id": "lamp",
        "title": "x",
        "messages": [
            {"t": 0, "who": "钱阿姨", "text": "7号楼楼道灯不亮了"},
            {"t": 30, "who": "钱阿姨", "text": "", "photo": True},
            {"t": 60, "who": "吴小二", "text": "我家也是"},
            {"t": 600, "who": "网格长老李", "text": "收到,下午来修"},
        ],
    },
    {"id": 2, "messages": [{"t": 0, "who": "甲", "text": "今晚吃什么"}]},
]


def script(path: Path, *more: str) -> Path:
    lines = [json.dumps(one, ensure_ascii=False) for one in SCRIPT]
    path.write_text("\ufeff" + "\n\n".join(lines) + "\n" + "\n".join(more), encoding="utf-8")
    return path


@pytest.mark.parametrize("with_directory", [False, True])
def test_rehearse_tells_what_came_of_it(
    url: str, tmp_path: Path, directory: Path, with_directory: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--community", directory] if with_directory else []
    status, out, err = say(["rehearse", script(tmp_path / "s.jsonl"), *more], capsys)
    assert (status, err) == (0, "")
    lamp, chat = (json.loads(line) for line in out.splitlines())
    assert (lamp["id"], chat) == ("lamp", {"id": 2, "cases": [], "asks": 0, "sent": []})
    (case,) = lamp["cases"]
    assert set(case) == {"types", "place", "from", "supporters", "urgent", "private", "state"}
    assert (case["types"], case["from"], case["supporters"], case["state"]) == (
        ["lighting"], [0, 1, 2], 1, "accepted",
    )  # fmt: skip
    assert lamp["sent"] and all(set(one) == {"to", "text"} for one in lamp["sent"])


def test_rehearse_names_the_lines_it_could_not_play(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script(tmp_path / "s.jsonl", "nope", "[1]", '{"id": 3}')
    status, out, err = say(["rehearse", path], capsys)
    assert (status, len(out.splitlines())) == (1, 2)
    assert [line.split(":")[0] for line in err.splitlines()] == [
        *("line 4", "line 5", "line 6"),
        "3 lines could not be played.",
    ]
