"""The command line: help in two languages, statuses scripts can rely on, sentences instead of tracebacks."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer.main

from gridbot.cli import app, run
from gridbot.messages import Outcome, Outgoing, SendResult
from gridbot.store import inbox, outbox, timers, upkeep
from gridbot.store.db import Database
from gridbot.store.tables import chats, communities
from gridbot.store.tables import inbox as inbox_rows
from tests.cast import BOT, NOW, PLATFORM, Cast, kept, said, seed

TOKEN = "7000000001:AAH-abcdefghijklmnopqrstuvwxyz0123456"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """GRIDBOT_DATABASE of the commands; nothing is there yet."""
    found = f"sqlite:///{tmp_path}/kept/gridbot.db"
    monkeypatch.setenv("GRIDBOT_DATABASE", found)
    return found


@pytest.fixture
def cast(url: str) -> Cast:
    upkeep.upgrade(url)
    database = Database(url)
    found = database.write(seed)
    database.close()
    return found


def say(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    status = run(arguments)
    written = capsys.readouterr()
    return status, written.out, written.err


# --- help ----------------------------------------------------------------------------------------


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command.help or ""


def test_every_command_is_explained_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    names = {" ".join(path) for path, _ in commands()}
    assert names >= {
        *("setup", "serve", "demo", "check", "classify", "evaluate", "intents check", "import", "backup"),
        *("export directory", "db upgrade", "restore", "deadletter list", "deadletter retry"),
    }
    for path, text in commands():
        assert re.match(r"[A-Z].*[.?…] ?[\u4e00-\u9fff]+。", text), (path, text)
        assert run([*path, "--help"]) == 0
        assert "Usage: gridbot" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert say(["--version"], capsys)[:2] == (0, "gridbot 0.1.0\n")


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["serve", "--nope"], ["backup"], ["deadletter"], ["evaluate", "x", "--worst", "many"]],
)
def test_wrong_usage_is_two(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_python_m_gridbot_is_the_same(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "gridbot", "nope"], capture_output=True, check=False)
    assert done.returncode == 2


# --- settings ------------------------------------------------------------------------------------


def test_a_bad_setting_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_HTTP", "8000")
    status, out, err = say(["check"], capsys)
    assert (status, out) == (1, "")
    assert err == "GRIDBOT_HTTP '8000' is not host:port; for example 127.0.0.1:8000.\n"


def test_another_settings_file_can_be_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, url: str
) -> None:
    (tmp_path / "x.env").write_text("GRIDBOT_LOG=loud\n")
    status, _, err = say(["--env-file", str(tmp_path / "x.env"), "check"], capsys)
    assert (status, "'loud'" in err) == (1, True)
    assert say(["check"], capsys)[0] == 0  # and forgotten the next time
    assert say(["--env-file", "/nowhere.env", "check"], capsys)[0] == 1


def test_what_nobody_expected_is_told_whole_but_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        @property
        def buffer(self) -> Any:
            raise AssertionError(f"{TOKEN} called 13812345678")

    monkeypatch.setattr(sys, "stdin", Broken())
    status, _, err = say(["classify"], capsys)
    assert status == 1
    assert "Traceback" in err
    assert "AssertionError: 〔密钥〕 called 〔电话〕" in err


# --- understanding -------------------------------------------------------------------------------


def classify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: bytes, *options: str
) -> tuple[int, list[dict[str, Any]], str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    status, out, err = say(["classify", *options], capsys)
    return status, [json.loads(line) for line in out.splitlines()], err


def test_classify_answers_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {"id": "a", "text": "五号楼的楼道灯不亮了", "as": "resident"},
        {"id": 2, "text": "收到", "as": "leader"},
        {"id": None, "text": "今晚吃什么\ud83d"},
    ]
    given = "\ufeff" + "\n\n".join(json.dumps(line) for line in lines)
    status, out, err = classify(monkeypatch, capsys, given.encode())
    assert (status, err) == (0, "")
    assert [line["id"] for line in out] == ["a", 2, None]
    assert all(
        set(line) == {"id", "kind", "band", "types", "urgent", "private", "places", "action", "because"}
        for line in out
    )
    assert (out[0]["band"], out[0]["types"], out[0]["action"]) == ("open", ["lighting"], None)
    assert (out[1]["action"], out[2]["band"]) == ("accept", "silent")


def test_classify_names_the_lines_it_could_not_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = b'nope\n{"id":1,"text":"\xff"}\n[1]\n' + b"[" * 100_000 + b"\n"
    status, out, err = classify(monkeypatch, capsys, given)
    assert (status, [line["id"] for line in out]) == (1, [1])
    assert [line.split(":")[0] for line in err.splitlines()] == [
        *("line 1", "line 3", "line 4"),
        "3 lines could not be read.",
    ]


def test_packs_that_are_none_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = say(["intents", "check", "--packs", str(tmp_path)], capsys)
    assert (status, err) == (1, f"{tmp_path}: holds no .yaml file\n")
    (tmp_path / "lighting.yaml").write_text("id: lighting\nid: again\n", encoding="utf-8")
    status, _, err = say(["intents", "check", "--packs", str(tmp_path)], capsys)
    assert (status, f"{tmp_path}/lighting.yaml:2" in err) == (1, True)


def test_evaluate_gives_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text('text\ttypes\n五号楼楼道灯不亮了\tlighting\n今晚吃"什么\tchat\n', encoding="utf-8")
    status, out, _ = say(["evaluate", str(gold), "--json"], capsys)
    found = json.loads(out)
    assert (status, found["lines"]) == (0, 2)
    assert found["types"]["lighting"]["f1"] == 1.0
    status, out, _ = say(["evaluate", str(gold)], capsys)
    assert (status, "lighting" in out) == (0, True)
    gold.write_text("text,types\n", encoding="utf-8")
    assert "separated by tabs" in say(["evaluate", str(gold)], capsys)[2]
    assert say(["evaluate", str(tmp_path / "none.tsv")], capsys)[0] == 1


# --- the directory -------------------------------------------------------------------------------

DIRECTORY = """
community: 青秀佳苑社区
timezone: Asia/Shanghai
expect: {二级网格: 1, 三级网格: 2}
grids:
  - name: 青秀佳苑
    level: 二级网格
    leaders: [{name: 周书记, telegram: 3001}]
    children:
      - {name: 一网格, level: 三级网格, places: [1号楼, 小广场], leaders: [{name: 李格长, telegram: 2001}]}
      - {name: 二网格, level: 三级网格, places: [51号院], unmanaged: true, leaders: []}
groups:
  - {name: 一网格居民群, grid: 青秀佳苑/一网格, telegram: -1001}
units:
  - {name: 物业, handles: [elevator, lighting, access], side: inside, contact: ""}
admins: [{name: 管理员, telegram: 9001}]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY, encoding="utf-8")
    return path


def test_import_and_export(
    capsys: pytest.CaptureFixture[str], url: str, directory: Path, tmp_path: Path
) -> None:
    status, out, err = say(["import", str(directory), "--dry-run"], capsys)
    assert (status, err) == (0, "")
    assert "三级网格 2 个(新增2)" in out
    assert "只是试一下" in out
    assert upkeep.current(url) is None  # not even a table
    assert "database is empty" in say(["export", "directory", str(tmp_path / "x.yaml")], capsys)[2]
    status, out, _ = say(["import", str(directory), "--yes"], capsys)
    assert (status, out.splitlines()[-1]) == (0, "青秀佳苑社区: done. 已写入。")
    exported = tmp_path / "x.yaml"
    assert say(["export", "directory", str(exported)], capsys)[0] == 0
    assert "exists already" in say(["export", "directory", str(exported)], capsys)[2]
    assert "Say which" in say(["export", "directory", "y.yaml", "--community", "别处"], capsys)[2]
    status, out, _ = say(["import", str(exported), "--yes"], capsys)
    assert (status, "三级网格 2 个,没有变化" in out) == (0, True)


def test_import_asks_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, directory: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run(["import", str(directory)]) == 1
    assert "there is no community" in say(["export", "directory", "y.yaml"], capsys)[2].lower()


def test_a_directory_with_mistakes_is_told_row_by_row(
    capsys: pytest.CaptureFixture[str], url: str, directory: Path
) -> None:
    directory.write_text(DIRECTORY.replace("三级网格: 2", "三级网格: 9"), encoding="utf-8")
    status, out, err = say(["import", str(directory), "--yes"], capsys)
    assert (status, out) == (1, "")
    assert "应有 9 个三级网格" in err
    assert "Traceback" not in err
    assert say(["import", "/nowhere.yaml"], capsys)[0] == 1


def test_classify_knows_a_communitys_own_places(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], directory: Path
) -> None:
    line = json.dumps({"id": 1, "text": "小广场的灯坏了"}).encode()
    _, out, _ = classify(monkeypatch, capsys, line, "--community", str(directory))
    assert out[0]["places"] == ["小广场"]


# --- the database --------------------------------------------------------------------------------


def test_upgrade_backup_restore(capsys: pytest.CaptureFixture[str], url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert say(["backup", str(copy)], capsys)[0] == 1
    assert say(["db", "upgrade"], capsys)[:2] == (0, f"empty → {upkeep.head()}\n")
    assert say(["db", "upgrade"], capsys)[:2] == (0, f"{upkeep.head()}: up to date\n")
    assert say(["backup", str(copy)], capsys)[0] == 0
    assert "exists already" in say(["backup", str(copy)], capsys)[2]
    database = Database(url)
    database.write(seed)
    database.close()
    status, out, _ = say(["restore", str(copy), "--yes"], capsys)
    assert (status, "before-restore" in out) == (0, True)
    database = Database(url)
    with database.read() as db:
        assert db.execute(sa.select(communities)).all() == []
    database.close()


def test_restore_asks_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cast: Cast, tmp_path: Path
) -> None:
    say(["backup", str(tmp_path / "copy.db")], capsys)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run(["restore", str(tmp_path / "copy.db")]) == 1
    assert list((tmp_path / "kept").glob("*before*")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["db", "upgrade"],
        ["restore", "{copy}", "--yes"],
        ["deadletter", "retry"],
        ["demo", "--database", "{url}"],
    ],
)
def test_a_write_beside_a_running_gridbot_is_three(
    capsys: pytest.CaptureFixture[str],
    url: str,
    cast: Cast,
    tmp_path: Path,
    directory: Path,
    arguments: list[str],
) -> None:
    copy = tmp_path / "copy.db"
    upkeep.backup(url, copy)
    with upkeep.FileLock(url):
        status, _, err = say(
            [one.format(copy=copy, url=url, directory=directory) for one in arguments], capsys
        )
        assert status == 3
        assert err == (
            f"Another gridbot (process {os.getpid()}) is using {upkeep.sqlite_path(url)}:"
            " stop it, or use chat or console.\n"
        )
        assert say(["deadletter", "list"], capsys)[0] == 0  # who only reads may
        assert say(["import", str(directory), "--dry-run"], capsys)[0] == 0
        assert say(["backup", str(tmp_path / "other.db")], capsys)[0] == 0


def test_a_database_out_of_reach_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_DATABASE", "postgresql://u:canary@127.0.0.1:1/x?connect_timeout=2")
    status, _, err = say(["deadletter", "list"], capsys)
    assert (status, "The database cannot be used" in err) == (1, True)
    assert "canary" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["check", "serve", "db upgrade", "deadletter list"])
def test_a_file_that_is_no_database_is_a_sentence(
    capsys: pytest.CaptureFixture[str], url: str, command: str
) -> None:
    path = upkeep.sqlite_path(url)
    path.parent.mkdir()
    path.write_bytes(b"a photo of a cat")
    status, _, err = say(command.split(), capsys)
    assert (status, err) == (1, "The database cannot be used: file is not a database\n")
    assert path.read_bytes() == b"a photo of a cat"


def test_a_place_where_nothing_can_be_written_is_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRIDBOT_DATABASE", f"sqlite:///{tmp_path}/file/gridbot.db")
    status, _, err = say(["db", "upgrade"], capsys)
    assert (status, len(err.splitlines())) == (1, 1)
    assert "Traceback" not in err


def test_dead_letters_are_listed_without_words_and_put_back(
    capsys: pytest.CaptureFixture[str], url: str, cast: Cast
) -> None:
    database = Database(url)
    row_id = database.write(lambda db: inbox.keep(db, kept(said("我家在302")), now=NOW))
    database.write(lambda db: _all_dead(db, cast))
    database.close()
    status, out, _ = say(["deadletter", "list", "--json"], capsys)
    found = {one["id"]: one for one in map(json.loads, out.splitlines())}
    assert (status, set(found)) == (0, {f"in:{row_id}", "out:1", "timer:1"})
    assert found[f"in:{row_id}"]["why"] == "ValueError: 〔电话〕"
    assert "302" not in out
    assert "remind case:1" in say(["deadletter", "list"], capsys)[1]
    assert "is not in the list" in say(["deadletter", "retry", "in:99"], capsys)[2]
    assert say(["deadletter", "retry", "timer:1"], capsys)[:2] == (0, "1 put back. 已放回。\n")
    assert say(["deadletter", "retry"], capsys)[:2] == (0, "2 put back. 已放回。\n")
    assert say(["deadletter", "list"], capsys)[1] == "Nothing. 没有。\n"


def _all_dead(db: sa.Connection, cast: Cast) -> None:
    db.execute(sa.update(inbox_rows).values(state="dead", attempts=3, error="ValueError: 13812345678"))
    outbox.say(
        db, chat_id=cast.residents, payload=Outgoing(text="x"), community_id=1, purpose="receipt", now=NOW
    )
    (row,) = outbox.claim(db, platform=PLATFORM, bot=BOT, owner="s", now=NOW)
    outbox.mark(db, row, SendResult(Outcome.PERMANENT, reason="chat not found"), owner="s", now=NOW)
    timers.set_timer(db, "remind", "case:1", NOW, community_id=1)
    db.exec_driver_sql("UPDATE timer SET attempts = 3, error = 'no'")


# --- check, setup, serve, demo -------------------------------------------------------------------


def test_check_before_the_first_day(capsys: pytest.CaptureFixture[str], url: str) -> None:
    status, out, _ = say(["check"], capsys)
    assert status == 0
    assert "the database is empty" in out
    assert "no Telegram token" in out


def test_check_names_what_is_to_mend(capsys: pytest.CaptureFixture[str], url: str, cast: Cast) -> None:
    database = Database(url)
    database.write(
        lambda db: db.execute(sa.update(chats).where(chats.c.id == cast.leaders).values(active=False))
    )
    database.write(
        lambda db: db.execute(sa.update(chats).where(chats.c.id == cast.residents).values(rights=["send"]))
    )
    database.close()
    with upkeep.FileLock(url):
        status, out, err = say(["check"], capsys)
    assert status == 1
    assert "网格长工作群: the bot is not in the group" in out
    assert "一网格居民群: sees only what is meant for it" in out
    assert "Another gridbot" in out
    assert err == "2 to mend. 有2处要处理。\n"


def test_check_tells_of_a_newer_database(capsys: pytest.CaptureFixture[str], url: str, cast: Cast) -> None:
    with upkeep.migrating(url) as config:
        config.attributes["connection"].exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "the database is at 9999" in say(["check"], capsys)[1]
    assert "newer (9999)" in say(["serve"], capsys)[2]
    assert "run gridbot db upgrade" in say(["deadletter", "list"], capsys)[2]


def test_made_up_people_get_no_real_channel(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, cast: Cast
) -> None:
    database = Database(url)
    database.write(lambda db: db.execute(sa.update(communities).values(sample=True)))
    database.close()
    monkeypatch.setenv("GRIDBOT_TELEGRAM_TOKEN", TOKEN)
    for command in ("serve", "demo"):
        status, _, err = say([command], capsys)
        assert (status, "made up" in err) == (1, True)
        assert TOKEN not in err


@pytest.mark.crash
def test_the_demo_runs_and_ends_when_told(tmp_path: Path) -> None:
    """On a database of its own, with the made-up community, beside nobody."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{free.getsockname()[1]}"
    program = [sys.executable, "-m", "gridbot", "demo", "--http", here]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_for(f"http://{here}/healthz", process)
            second = subprocess.run(program, capture_output=True, text=True, check=False)
            assert (second.returncode, f"process {process.pid}" in second.stderr) == (3, True)
            elsewhere = [*program, "--database", f"sqlite:///{tmp_path}/other.db"]  # the same port
            third = subprocess.run(elsewhere, capture_output=True, text=True, check=False)
            assert (third.returncode, "Traceback" in third.stderr) == (1, False), third.stderr
            assert here in third.stderr
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=5)
        finally:
            process.kill()
    assert (process.returncode, "Traceback" in err) == (0, False), err
    assert f"http://{here}" in out
    database = Database(f"sqlite:///{tmp_path}/home/data/gridbot/demo.db")
    with database.read() as db:
        assert db.execute(sa.select(communities.c.sample)).scalars().all() == [True]
    database.close()


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(150):
        assert process.poll() is None, process.communicate()
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.fixture
def telegram() -> Iterator[str]:
    """A Bot API that knows one token, and nothing but getMe."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            good = self.path == f"/bot{TOKEN}/getMe"
            me = {"id": 7000000001, "is_bot": True, "first_name": "网格", "username": "grid_bot"}
            answer = (
                {"ok": True, "result": me}
                if good
                else {"ok": False, "error_code": 401, "description": "Unauthorized"}
            )
            self.send_response(200 if good else 401)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_setup_tries_the_token_and_keeps_it_private(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    telegram: str,
    url: str,
) -> None:
    monkeypatch.setenv("GRIDBOT_TELEGRAM_API", telegram)
    target, token = tmp_path / "etc" / "gridbot.env", tmp_path / "token"
    token.write_text(TOKEN)
    monkeypatch.setenv("GRIDBOT_ENV_FILE", str(target))
    target.parent.mkdir()
    target.write_text("# mine\nGRIDBOT_LOG=warning\nGRIDBOT_ADMINS=telegram:1\n")
    token.chmod(0o644)
    status, _, err = say(["setup", "--token-file", str(token)], capsys)
    assert (status, "chmod 600" in err) == (1, True)
    token.chmod(0o600)
    status, out, err = say(["setup", "--token-file", str(token), "--admin", "telegram:42"], capsys)
    assert (status, err) == (0, "")
    assert "@grid_bot" in out
    assert TOKEN not in out
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_text() == (
        f"# mine\nGRIDBOT_LOG=warning\nGRIDBOT_TELEGRAM_TOKEN={TOKEN}\nGRIDBOT_ADMINS=telegram:42\n"
    )
    monkeypatch.setenv("GRIDBOT_ENV_FILE", str(target))
    status, out, _ = say(["check"], capsys)
    assert (status, "Telegram @grid_bot" in out, "privacy mode is on" in out) == (0, True, True)
    token.write_text(TOKEN[:-1] + "x")
    status, _, err = say(["setup", "--token-file", str(token)], capsys)
    assert status == 1
    assert TOKEN in target.read_text()  # what worked stays
    token.write_text("not a token")
    assert "does not look like" in say(["setup", "--token-file", str(token)], capsys)[2]


@pytest.mark.crash
def test_the_lock_of_a_killed_gridbot_is_free(
    url: str, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    program = (
        "import time; from gridbot.store.upkeep import FileLock\n"
        f"with FileLock({url!r}): print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        status = say(["db", "upgrade"], capsys)[0]
        process.send_signal(signal.SIGKILL)
    assert status == 3
    assert say(["db", "upgrade"], capsys)[0] == 0
