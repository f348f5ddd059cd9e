"""Named points at which a test kills the process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gridbot

PROGRAM = """
from gridbot.failpoint import failpoint
for number in range(3):
    failpoint("after-claim")
    failpoint("after-send")
    print(number, flush=True)
"""


def run(value: str | None) -> tuple[int, str]:
    environment = {**os.environ, **({} if value is None else {"GRIDBOT_FAIL": value})}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.crash
@pytest.mark.parametrize(
    ("value", "status", "printed"),
    [
        (None, 0, "0\n1\n2\n"),
        ("", 0, "0\n1\n2\n"),
        ("elsewhere:1", 0, "0\n1\n2\n"),
        ("after-claim", -signal.SIGKILL, ""),  # the first pass, where no number is given
        ("after-claim:1", -signal.SIGKILL, ""),
        ("after-send:3", -signal.SIGKILL, "0\n1\n"),
        ("after-send:4", 0, "0\n1\n2\n"),  # not reached: how a crash test knows that it is through
    ],
)
def test_the_process_dies_at_the_named_pass(value: str | None, status: int, printed: str) -> None:
    assert run(value) == (status, printed)


def test_every_point_has_a_name_of_its_own() -> None:
    """One name at two places would make "the second pass" mean nothing."""
    found = [
        name
        for path in Path(gridbot.__file__).parent.rglob("*.py")
        for name in re.findall(r'failpoint\("([^"]*)"\)', path.read_text(encoding="utf-8"))
    ]
    assert sorted(found) == sorted(set(found))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in found), found
