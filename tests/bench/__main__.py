"""make bench: what gridbot costs, as ratios measured in one run. Absolute figures move with the machine."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from gridbot import understanding
from gridbot.understanding.intents import Packs, default_folder, load_packs
from gridbot.understanding.places import Gazetteer
from gridbot.understanding.segment import set_cache_dir
from tests.bench import emergency, evaluation, house
from tests.bench.lines import mix

ROUNDS = 5


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gridbot-bench-") as cache:
        set_cache_dir(Path(cache))
        packs = load_packs(default_folder())
        nowhere = Gazetteer.empty()
        understanding.read("楼道灯不亮了", packs, nowhere)
        _compiling()
        _reading(packs, nowhere)
        evaluation.main(packs)
        _house(packs)
        emergency.main(packs)
    _processes()


KEYWORDS = 3000


def _compiling() -> None:
    """A pack of 3,000 keywords, made of syllables nobody says, read from its file and compiled."""
    words = [
        f"{a}{b}{c}" for a in "甲乙丙丁戊己庚辛壬癸" for b in "鼠牛虎兔龙蛇马羊猴鸡狗猪" for c in _SYLLABLES
    ]
    with tempfile.TemporaryDirectory() as folder:
        listed = ", ".join(words[:KEYWORDS])
        (Path(folder) / "made_up.yaml").write_text(f"id: made_up\nsure: [{listed}]\n", encoding="utf-8")
        seconds = min(_seconds(lambda _: load_packs(Path(folder)), [""]) for _ in range(ROUNDS))
    shipped = min(_seconds(lambda _: load_packs(default_folder()), [""]) for _ in range(ROUNDS))
    count = sum(bool(one.uses) for one in load_packs(default_folder()).keywords)
    print(f"compiling {KEYWORDS} keywords from YAML: {seconds:.2f} s (goal < 0.5)")
    print(f"the shipped packs, {count} keywords: {shipped:.2f} s\n")


_SYLLABLES = "金木水火土日月星辰风云雷雨山川江河湖海松柏竹梅兰"


def _reading(packs: Packs, nowhere: Gazetteer) -> None:
    import jieba

    print("understanding ÷ jieba.lcut of the same text (median of rounds)")
    for name, reports, goal in (("95 % chat", 0.05, 0.15), ("reports only", 1.0, 3.0)):
        lines = mix(2000, reports=reports)
        ratios, each = [], []
        for _ in range(ROUNDS):
            cut = _seconds(jieba.lcut, lines)
            read = _seconds(lambda line: understanding.read(line, packs, nowhere), lines)
            ratios.append(read / cut)
            each.append(read / len(lines) * 1e6)
        ratio, cost = statistics.median(ratios), statistics.median(each)
        print(f"  {name:14} {ratio:.2f}  (goal ≤ {goal})  {cost:.0f} µs a message")


def _seconds(work: Callable[[str], object], lines: list[str]) -> float:
    started = time.perf_counter()
    for line in lines:
        work(line)
    return time.perf_counter() - started


def _house(packs: Packs) -> None:
    print("\ninbox to committed case and outbox ÷ the same writes, one bare transaction a message")
    print(f"  SQLite, synchronous=FULL, {house.CHATS} chats, {house.TOGETHER} updates at a time")
    for name, count, reports, goal in (("95 % chat", 6000, 0.05, 0.6), ("reports only", 1500, 1.0, 0.4)):
        runs = [house.measure(mix(count, reports=reports, seed=seed), packs) for seed in range(3)]
        run = sorted(runs, key=lambda one: one.ratio)[1]
        print(
            f"  {name:14} {run.ratio:.2f}  (goal ≥ {goal})  {run.messages / run.seconds:.0f} messages/s, "
            f"bare {run.messages / run.bare_seconds:.0f}/s; {run.cases} cases; "
            f"{run.statements:.1f} writing statements a message; {run.commits / run.seconds:.0f} fsyncs/s; "
            f"reading alone {run.understanding / run.seconds:.0%} of the time"
        )


def _processes() -> None:
    print("\na process: seconds until it is ready, memory at its highest")
    started = time.perf_counter()
    line = '{"id":"1","text":"5号楼楼道灯不亮了","as":"resident"}\n'.encode()
    with _process("classify") as process:
        process.communicate(line)
    print(f"  classify, one line      {time.perf_counter() - started:.1f} s")
    asyncio.run(_serve())


async def _serve() -> None:
    from tests.fakes.bot_api import FakeBotApi

    token = "424242:TEST-token_that-must-never-be-seen"
    with tempfile.TemporaryDirectory() as folder:
        async with FakeBotApi(token) as fake:
            environment = {
                "GRIDBOT_DATABASE": f"sqlite:///{folder}/serve.db",
                "GRIDBOT_HTTP": "127.0.0.1:8971",
                "GRIDBOT_TELEGRAM_TOKEN": token,
                "GRIDBOT_TELEGRAM_API": fake.url,
            }
            started = time.perf_counter()
            process = _process("serve", **environment)
            try:
                await asyncio.to_thread(_until_healthy, "http://127.0.0.1:8971/healthz")
                ready = time.perf_counter() - started
                await fake.until(lambda: any(name == "getUpdates" for name, _ in fake.requests), 30)
                listening = time.perf_counter() - started
                memory = _peak(process.pid)
                print(f"  serve with Telegram     {ready:.1f} s, hears after {listening:.1f} s, {memory} MB")
            finally:
                process.terminate()
                process.wait(10)


def _process(*words: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gridbot", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def _until_healthy(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("serve did not come up")


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
