"""gridbot audit, retention, erase, backup and restore: the whole way, over the command line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gridbot.cases import actions, queries, views
from gridbot.cases.drafted import Draft, Said
from gridbot.cli import run
from gridbot.messages import Actor, Role
from gridbot.store import copies, tables, upkeep
from gridbot.store.db import Database
from tests.cast import NOW, WANG, Cast, seed

SECRET = "红色的猫13812345678"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/kept/gridbot.db"
    monkeypatch.setenv("GRIDBOT_DATABASE", found)
    return found


@pytest.fixture
def cast(url: str) -> Cast:
    """The cast, and one case of 王阿姨's with words, taken by 李格长."""
    upkeep.upgrade(url)
    database = Database(url)
    found = database.write(seed)

    def fill(db: sa.Connection) -> None:
        who = Actor(found.wang, Role.RESIDENT)
        draft = Draft(("lighting",), ("楼道灯",), place="5号楼302", node_id=found.grid)
        spoke = Said(None, found.wang, SECRET, "m1", NOW)
        case = actions.begin(
            db, draft, spoke, community_id=found.community, chat_id=found.residents, thread="", actor=who,
            now=NOW, complete=True,
        )  # fmt: skip
        actions.told(db, case, person_id=found.li, private=True, now=NOW)
        leader = Actor(found.li, Role.LEADER)
        actions.accept(db, case, actor=leader, now=NOW + timedelta(minutes=5))
        views.shown(db, queries.case(db, case.id), found.li, "5号楼302", NOW + timedelta(minutes=5))
        actions.escalate(
            db,
            case,
            to_node=found.top,
            actor=leader,
            now=NOW + timedelta(minutes=9),
            words="302的王秀英不让进",
        )
        actions.finish(db, queries.case(db, case.id), actor=leader, now=NOW + timedelta(hours=1))
        actions.confirm(db, queries.case(db, case.id), actor=who, now=NOW + timedelta(hours=2))

    database.write(fill)
    database.close()
    return found


def say(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run(arguments)
    written = capsys.readouterr()
    return status, written.out, written.err


def sql(url: str, statement: str) -> None:
    database = Database(url)
    database.write(lambda db: db.exec_driver_sql(statement))
    database.close()


# --- the chain -----------------------------------------------------------------------------------


def test_verify_says_whole_and_prints_the_anchor(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast
) -> None:
    status, out, _ = say(["audit", "verify"], capsys)
    assert status == 0 and "青秀佳苑社区: whole 完整" in out
    anchor = re.search(r"anchor 锚: (\d+-[0-9a-f]{16})", out)
    assert anchor
    assert say(["audit", "verify", "--anchor", anchor[1]], capsys)[0] == 0
    sql(url, "DELETE FROM case_event WHERE seq = (SELECT MAX(seq) FROM case_event)")
    sql(
        url,
        "UPDATE community SET last_event = last_event - 1, last_hash ="
        " (SELECT hash FROM case_event ORDER BY seq DESC LIMIT 1)",
    )
    assert say(["audit", "verify"], capsys)[0] == 0, "a cut tail is not seen from inside"
    status, out, _ = say(["audit", "verify", "--anchor", anchor[1]], capsys)
    assert status == 1 and "锚找不到" in out


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE case_event SET move = 'closed' WHERE seq = 2", "2 was changed"),
        ("DELETE FROM case_event WHERE seq = 2", "2 is missing"),
        ("UPDATE case_word SET text = '别的'", "has other words"),
    ],
)
def test_verify_says_which_and_ends_with_one(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, statement: str, said: str
) -> None:
    sql(url, statement)
    status, out, _ = say(["audit", "verify"], capsys)
    assert status == 1 and "NOT whole" in out and said in out


def test_with_several_communities_an_anchor_is_somebodys(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast
) -> None:
    sql(
        url,
        "INSERT INTO community (name, salt, settings, created_at)"
        " VALUES ('凉城', '11', '{}', '2026-11-19 02:00:00')",
    )
    assert "--community" in say(["audit", "verify", "--anchor", "1-0123456789abcdef"], capsys)[2]
    status, out, _ = say(["audit", "verify"], capsys)
    assert status == 0 and "凉城: whole" in out


# --- who looked, who was told --------------------------------------------------------------------


def test_views_of_a_case_and_exports(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path
) -> None:
    _, out, _ = say(["audit", "views", "--case", "1", "--json"], capsys)
    (look,) = [json.loads(line) for line in out.splitlines()]
    assert (look["who"], look["what"], look["how"]) == ("李格长", ["door"], "card")
    assert say(["export", "directory", str(tmp_path / "a.yaml")], capsys)[0] == 0
    with upkeep.FileLock(url):  # beside a running gridbot
        assert say(["export", "directory", str(tmp_path / "b.yaml")], capsys)[0] == 0
        rows = [json.loads(line) for line in say(["audit", "views", "--json"], capsys)[1].splitlines()]
    assert [row["what"] for row in rows].count(["directory"]) == 2
    assert say(["audit", "views", "--case", "9"], capsys)[0] == 1


def test_one_case_from_the_first_to_the_last(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast
) -> None:
    status, out, _ = say(["audit", "case", "1"], capsys)
    assert status == 0
    assert "2026-11-19 02:00:00Z told 李格长" in out and "accepted 2026-11-19 02:05:00Z" in out
    assert "escalated 青秀佳苑" in out
    assert "王秀英" not in out and "302" not in out
    found = json.loads(say(["audit", "case", "1", "--json"], capsys)[1])
    assert [one["name"] for one in found["told"]] == ["李格长"]


def test_an_export_beside_a_running_gridbot_comes_into_the_record_at_its_next_start(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path
) -> None:
    with upkeep.FileLock(url):
        assert say(["export", "directory", str(tmp_path / "b.yaml")], capsys)[0] == 0
    written = copies.register(url, tmp_path)
    (one,) = copies.unlogged(written)
    database = Database(url)
    database.write(lambda db: views.late(db, [one]))
    copies.told(written)
    assert copies.unlogged(written) == []
    with database.read() as db:
        looks = [look for look in views.of_community(db, cast.community) if look.number is None]
    database.close()
    assert [(look.what, look.how, look.at) for look in looks] == [(("directory",), "cli", one.at)]
    assert say(["audit", "verify"], capsys)[0] == 0


# --- what goes -----------------------------------------------------------------------------------


def test_retention_tells_before_it_takes(capsys: pytest.CaptureFixture[str], url: str, cast: Cast) -> None:
    assert "没有到期的" in say(["retention", "--dry-run"], capsys)[1]
    sql(url, """UPDATE community SET settings = '{"retention": {"closed": 1, "names": 9999}}'""")
    sql(url, "UPDATE cases SET closed_at = '2020-01-01 00:00:00'")
    status, out, _ = say(["retention", "--dry-run"], capsys)
    assert (status, "closed 1 (kept 1 days" in out) == (0, True)
    file = Path(url.removeprefix("sqlite:///"))
    database = Database(url)
    with database.read() as db:
        assert SECRET in str(db.execute(sa.select(tables.case_messages.c.text)).scalar())
    database.close()
    assert say(["retention", "--yes"], capsys)[:2][0] == 0
    database = Database(url)
    with database.read() as db:
        assert db.execute(sa.select(tables.case_messages.c.text)).scalar() == ""
    database.close()
    assert say(["audit", "verify"], capsys)[0] == 0 and file.exists()


def test_erasing_names_the_copies_that_still_have_him(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    assert say(["backup", str(folder)], capsys)[0] == 0
    (copy,) = folder.glob("gridbot-*.db")
    status, out, _ = say(["erase", "--person", WANG.name, "--yes"], capsys)
    assert status == 0 and f"still contains 仍含有: backup {copy}" in out
    assert say(["audit", "verify"], capsys)[0] == 0
    file = Path(url.removeprefix("sqlite:///"))
    for part in file.parent.glob(f"{file.name}*"):  # the free pages and the write-ahead log too
        assert SECRET.encode() not in part.read_bytes(), part
    assert "Nobody here" in say(["erase", "--person", WANG.name, "--yes"], capsys)[2]
    copy.unlink()
    other = say(["erase", "--person", str(cast.zhou), "--yes"], capsys)
    assert other[0] == 0 and "still contains" not in other[1], "what is gone is not listed"


def test_an_older_copy_put_back_forgets_again(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path
) -> None:
    copy = tmp_path / "monday.db"
    assert say(["backup", str(copy)], capsys)[0] == 0
    assert say(["erase", "--person", WANG.name, "--yes"], capsys)[0] == 0
    assert SECRET.encode() in copy.read_bytes(), "the copy still has it"
    status, out, _ = say(["restore", str(copy), "--yes"], capsys)
    assert status == 0 and "Erased again: 1" in out
    _nothing_left(url)
    assert say(["audit", "verify"], capsys)[0] == 0


def test_on_a_new_machine_the_list_beside_the_copies_is_enough(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    assert say(["backup", str(folder / "old.db")], capsys)[0] == 0
    assert say(["erase", "--person", WANG.name, "--yes"], capsys)[0] == 0
    assert say(["backup", str(folder / "new.db")], capsys)[0] == 0
    listed = (folder / copies.ERASED_FILE).read_text(encoding="utf-8")
    assert WANG.name not in listed and WANG.id not in listed and "社区" not in listed
    elsewhere = f"sqlite:///{tmp_path}/machine/gridbot.db"
    monkeypatch.setenv("GRIDBOT_DATABASE", elsewhere)
    status, out, _ = say(["restore", str(folder / "old.db"), "--yes"], capsys)
    assert status == 0 and "Erased again: 1" in out
    _nothing_left(elsewhere)


def _nothing_left(url: str) -> None:
    database = Database(url)
    with database.read() as db:
        rows = [str(row) for table in tables.metadata.sorted_tables for row in db.execute(sa.select(table))]
    database.close()
    assert not [row for row in rows if "红色的猫" in row or WANG.name in row]


def test_a_folder_keeps_the_newest(tmp_path: Path) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for day in range(10):
        copies.in_folder(tmp_path, postgresql=False, now=start + timedelta(days=day)).touch()
    (tmp_path / "mine.db").touch()
    gone = copies.rotate(tmp_path, keep=7)
    assert len(gone) == 3 and all("202611" in path.name and path.name < "gridbot-20261104" for path in gone)
    assert (tmp_path / "mine.db").exists() and len(list(tmp_path.iterdir())) == 8


def test_erasures_of_another_database_are_not_done_here(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast, tmp_path: Path
) -> None:
    """Person 1 of one community is not person 1 of another."""
    copy = tmp_path / "here.db"
    assert say(["backup", str(copy)], capsys)[0] == 0
    stranger = copies.Gone("0" * 32, cast.wang, NOW)
    copies.keep_gone(tmp_path / copies.ERASED_FILE, [stranger])
    status, out, _ = say(["restore", str(copy), "--yes"], capsys)
    assert status == 0 and "Erased again" not in out
