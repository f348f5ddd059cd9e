"""The process is killed at named points, in the middle of an emergency, and started again.

Whatever point it was: the report is there once, one case came of it, everything that was to be said was
said, and said twice at most where it was in flight at the kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.crash

WANG, GROUP = "1001", "-1001"
REPORT = "5号楼有股煤气味"
POINTS = (
    ("before-inbox-commit", 1),  # heard, not kept: the platform gives it again
    ("after-inbox-commit", 1),  # kept, not answered: the platform gives it again, and it is known
    ("mid-handling", 1),  # in the middle of the decision: all of it is undone
    ("after-case-commit", 1),  # decided, nothing said yet
    ("after-outbox-claim", 1),  # taken to be said, not said
    ("after-outbox-claim", 3),  # the same, some of it said before
    ("after-send-before-mark", 1),  # said, and nobody wrote it down: said once more
    ("after-send-before-mark", 2),
    ("mid-timer-fire", 1),
)


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that has settled, with a timer that will be due at the next start."""
    folder = tmp_path_factory.mktemp("quiet")
    with _gridbot(folder) as house:
        house.until(house.rests)
        assert house.stops_within(5) == 0
        house.let_a_timer_be_due()
    return folder


@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_nothing_is_lost_and_nothing_counts_twice(
    quiet_house: Path, tmp_path: Path, point: str, nth: int
) -> None:
    shutil.copytree(quiet_house, tmp_path, dirs_exist_ok=True)
    with _gridbot(tmp_path, fail=f"{point}:{nth}") as house:
        house.say_once()
        assert house.dies_within(15), f"{point}:{nth} was never passed"
    with _gridbot(tmp_path) as house:
        if not house.heard():
            house.say_once()
        house.until(lambda: house.count(KEPT) == 1 and house.rests())
        _check(house)
        assert house.stops_within(5) == 0


KEPT = "SELECT count(*) FROM inbox WHERE instr(incoming, CAST('煤气味' AS BLOB))"


def _check(house: _House) -> None:
    assert house.count("SELECT count(*) FROM cases") == 1
    assert house.count("SELECT count(*) FROM inbox WHERE state = 'dead'") == 0
    assert house.count("SELECT count(*) FROM outbox WHERE state = 'failed'") == 0
    assert house.count("SELECT count(*) FROM timer WHERE error != ''") == 0
    said = house.bots_messages()
    to_be_said = house.count("SELECT count(*) FROM outbox WHERE state = 'sent' AND kind IN ('send', 'card')")
    in_flight = house.count("SELECT count(*) FROM outbox WHERE maybe_twice")
    assert to_be_said <= sum(said.values()) <= to_be_said + in_flight
    assert in_flight <= 4, "more were in flight than a bot may have"


class _House:
    def __init__(self, folder: Path, process: subprocess.Popen[bytes], port: int) -> None:
        self.folder, self.process, self.port = folder, process, port

    def post(self, act: str, form: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps({"as": WANG, "act": act, **form}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/simulator/acts",
            data,
            {"content-type": "application/json", "origin": f"http://127.0.0.1:{self.port}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))

    def say_once(self) -> None:
        """王阿姨 speaks; if the process dies under it, so be it."""
        with suppress(urllib.error.URLError, OSError):
            assert not self.post("say", {"chat": GROUP, "text": REPORT}).get("error")

    def heard(self) -> bool:
        """Whether the platform has what she said (a dead bot or not)."""
        time.sleep(1.5)  # what was not taken before is offered again at the start
        return any(line.get("text") == REPORT for line in self._transcript())

    def bots_messages(self) -> Counter[str]:
        """Texts the bot sent as new messages, by chat and text."""
        return Counter(
            f"{line['chat']} {line['text']}"
            for line in self._transcript()
            if line["kind"] == "message" and line["sender"] == "bot"
        )

    def _transcript(self) -> Iterator[dict[str, Any]]:
        for line in (self.folder / "crash.simulator.jsonl").read_text("utf-8").splitlines():
            yield json.loads(line)

    def count(self, query: str) -> int:
        connection = sqlite3.connect(f"file:{self.folder / 'crash.db'}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()

    def rests(self) -> bool:
        """Nothing waits to be handled or said."""
        return not self.count("SELECT count(*) FROM inbox WHERE state = 'pending'") and not self.count(
            "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed') AND due_at < datetime('now')"
        )

    def let_a_timer_be_due(self) -> None:
        connection = sqlite3.connect(self.folder / "crash.db")
        connection.execute("UPDATE timer SET due_at = '2026-01-01 00:00:00.000000' WHERE kind = 'erase'")
        connection.commit()
        connection.close()

    def until(self, condition: Any, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come to rest"
            assert self.process.poll() is None, f"it ended by itself: {self.process.returncode}"
            time.sleep(0.1)

    def dies_within(self, seconds: float) -> bool:
        try:
            return self.process.wait(seconds) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def stops_within(self, seconds: float) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds)


@contextmanager
def _gridbot(folder: Path, *, fail: str = "") -> Iterator[_House]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GRIDBOT_")},
        "GRIDBOT_HTTP": f"127.0.0.1:{port}",
        "GRIDBOT_FAIL": fail,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gridbot", "demo", "--database", f"sqlite:///{folder / 'crash.db'}"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    house = _House(folder, process, port)
    try:
        _wait_for(port, process)
        yield house
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except urllib.error.HTTPError:
            return  # it answers: not well yet, but there
        except OSError:
            time.sleep(0.1)


def test_it_ends_in_order_with_a_page_open(quiet_house: Path, tmp_path: Path) -> None:
    """SIGTERM: intake, worker and delivery end, the lock is free, exit 0, though a page holds a stream."""
    shutil.copytree(quiet_house, tmp_path, dirs_exist_ok=True)
    with _gridbot(tmp_path) as house:
        page = f"http://127.0.0.1:{house.port}/simulator/events?after=0&generation="
        stream = urllib.request.urlopen(page, timeout=10)
        assert stream.status == 200
        house.say_once()
        assert house.stops_within(5) == 0
        stream.close()
    with _gridbot(tmp_path) as again:
        assert again.stops_within(5) == 0


def test_a_second_one_on_the_same_database_is_told_so(quiet_house: Path, tmp_path: Path) -> None:
    shutil.copytree(quiet_house, tmp_path, dirs_exist_ok=True)
    with _gridbot(tmp_path) as first, _gridbot(tmp_path) as second:
        assert second.process.wait(20) == 3
        assert first.process.poll() is None
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")
