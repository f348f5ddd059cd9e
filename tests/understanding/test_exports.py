"""Chat histories in every form people get them: who, when, what; and files that are none of them."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gridbot.understanding.exports import Export, ExportError, Line, open_export, open_text
from tests.cast import NOW, SHANGHAI

SAMPLES = Path(__file__).parents[1] / "fixtures" / "exports"
LAMP = "七号楼一单元楼道灯不亮了"
FIRST = datetime(2026, 3, 10, 23, 58, 3, tzinfo=UTC)


def opened(data: bytes, **more: Any) -> Export:
    return open_export(io.BytesIO(data), zone=SHANGHAI, now=NOW, **more)


def sample(name: str) -> list[Line]:
    return list(opened((SAMPLES / name).read_bytes()).lines)


def pasted(text: str) -> list[Line]:
    return list(open_text(text, zone=SHANGHAI, now=NOW).lines)


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("wechat_forward.txt", "WeChat", 5),
        ("wechat_mail.eml", "WeChat", 1),
        ("wechat_copied.txt", "WeChat", 2),
        ("memotrace.txt", "MemoTrace", 3),
        ("memotrace.csv", "MemoTrace CSV", 4),
        ("chatlog.txt", "chatlog", 3),
        ("chatlog.json", "JSON", 3),
        ("weflow.json", "JSON", 4),
        ("echotrace.json", "JSON", 1),
        ("qq.txt", "QQ", 3),
        ("telegram_result.json", "JSON", 5),
        ("telegram_account.json", "JSON", 6),
    ],
)
def test_every_form_is_known_by_what_is_in_it(name: str, form: str, said: int) -> None:
    export = opened((SAMPLES / name).read_bytes())
    lines = list(export.lines)
    assert (export.form, len(lines)) == (form, said)
    assert not export.tally.cut_short
    assert all(line.at.tzinfo and (line.text or line.photo or line.voice) for line in lines)
    assert any(LAMP in line.text for line in lines)


def test_wechats_own_record() -> None:
    first, photo, chain, close, voice = sample("wechat_forward.txt")
    assert (first.who, first.user, first.at) == ("钱阿姨", "钱阿姨", FIRST.replace(second=0))
    assert (photo.photo, photo.text, voice.voice) == (True, "", True)
    assert "明早集合  8:30" in chain.text and chain.text.endswith(
        "2. 孙师傅"
    )  # a body that looks like a header
    assert (close.who, voice.at.astimezone(SHANGHAI).day) == ("李 二 狗", 12)


def test_a_mailed_record_tells_the_group() -> None:
    (line,) = sample("wechat_mail.eml")
    assert (line.chat, line.text) == ("梧桐里居民群", f"{LAMP} & 门禁也坏了")


def test_copied_by_hand() -> None:
    first, second = sample("wechat_copied.txt")
    assert (first.at, second.text, second.quoted) == (FIRST.replace(second=0), "我家也是", LAMP)
    anna, bert = pasted(f"钱阿姨:\n{LAMP}\n孙师傅：我家也是")
    assert (anna.who, anna.text, bert.text, bert.at) == ("钱阿姨", LAMP, "我家也是", NOW)
    assert [line.text for line in pasted(f"{LAMP}\n\n谢谢")] == [LAMP, "谢谢"]


def test_memotrace() -> None:
    first, answer, voice = sample("memotrace.txt")
    assert (first.at, first.text) == (FIRST, f"{LAMP}\n昨天还好好的")
    assert (answer.text, answer.quoted, voice.voice) == ("我去看看", LAMP, True)
    export = opened((SAMPLES / "memotrace.csv").read_bytes())
    text, photo, sound, quote = list(export.lines)
    assert (text.at, text.user, text.who, text.id) == (FIRST, "wxid_qian", "钱阿姨", "1")
    assert (photo.photo, sound.voice, quote.text) == (True, True, "我家也是")
    assert (export.tally.system, export.tally.unreadable) == (2, 1)


def test_chatlog_has_no_year() -> None:
    first, answer, photo = sample("chatlog.txt")
    assert first.at.astimezone(SHANGHAI).date().isoformat() == "2025-12-31"
    assert answer.at.astimezone(SHANGHAI).date().isoformat() == "2026-01-01"
    assert (first.user, answer.user, answer.text, answer.quoted) == ("wxid_qian", "我", "收到", LAMP)
    assert photo.photo
    assert [line.quoted for line in sample("chatlog.json")] == ["", LAMP, ""]


def test_weflow_and_echotrace() -> None:
    text, photo, voice, quote = sample("weflow.json")
    assert (text.at, text.chat, photo.photo, voice.voice) == (FIRST, "梧桐里居民群", True, True)
    assert (quote.who, quote.text) == ("周", "我家也是")


def test_qq() -> None:
    first, photo, last = sample("qq.txt")
    assert (first.who, first.user, first.at, first.chat) == ("钱阿姨", "100123", FIRST, "梧桐里业主群")
    assert (photo.user, photo.photo) == ("sun@example.com", True)
    assert last.at.astimezone(SHANGHAI).hour == 20


def test_telegram() -> None:
    first, mention, photo, voice, control = sample("telegram_result.json")
    assert (first.at, first.user, first.chat) == (FIRST, "user71", "梧桐里居民群")
    assert (mention.who, mention.text, mention.reply_to) == ("", "@wuye 看一下 https://example.com", "2")
    assert (photo.photo, photo.forwarded, voice.voice) == (True, True, True)
    assert control.text == "电梯\x0b坏了 \\x41"


def test_of_a_whole_account_only_the_groups_are_read() -> None:
    lines = sample("telegram_account.json")
    assert {line.chat for line in lines} == {"梧桐里居民群", "五号院群"}
    assert not any("私房话" in line.text for line in lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("name", ["wechat_forward.txt", "qq.txt", "telegram_result.json"])
def test_encodings(name: str, encoding: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8-sig")
    assert list(opened(text.encode(encoding)).lines) == sample(name)


def test_one_broken_byte_does_not_change_the_encoding() -> None:
    data = (SAMPLES / "memotrace.txt").read_bytes().replace("昨天".encode(), b"\xff", 1)
    assert LAMP in next(iter(opened(data).lines)).text


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(end: str) -> None:
    text = (SAMPLES / "wechat_forward.txt").read_text(encoding="utf-8").replace("\n", end)
    assert list(opened(text.encode()).lines) == sample("wechat_forward.txt")


# --- what is none of them ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n \n",
        b"%PDF-1.7 \0\0\1\2",
        b'{"a": 1}',
        b"[]",
        "今天天气不错".encode(),
        b"\xff\xfe",
        b"{" * 99_999,
    ],
)
def test_an_unreadable_file_is_one_sentence(data: bytes) -> None:
    with pytest.raises(ExportError, match=r"^photo\.jpg .*: expected Telegram Desktop's result\.json.*\.$"):
        list(opened(data, name="photo.jpg").lines)


def test_a_file_cut_short_gives_what_is_there() -> None:
    data = (SAMPLES / "telegram_result.json").read_bytes()
    export = opened(data[: data.index(b"user73")])
    assert len(list(export.lines)) == 2
    assert export.tally.cut_short


def test_one_broken_message_is_left_out_alone() -> None:
    text = (SAMPLES / "telegram_result.json").read_text(encoding="utf-8")
    for before, after in (('"text": [', '"text": ,['), ('"1773187260"', '"999999999999999999"')):
        export = opened(text.replace(before, after, 1).encode())
        assert [line.id for line in export.lines] == ["2", "4", "5", "8"]
        assert export.tally.unreadable == 1


@given(some.text(max_size=400))
def test_anything_pasted_is_read_or_refused(text: str) -> None:
    for head in (
        "",
        "—————  2026-03-11  —————\n甲  07:58\n",
        "2026-03-11 07:58:03 甲\n",
        "[",
        '{"messages":[',
    ):
        try:
            pasted(head + text)
        except ExportError:
            continue


def test_long_lines_and_quotes_do_not_grow() -> None:
    assert len(pasted("甲  07:58\n" + "啊" * 300_000)[0].text) == 20_000
    csv = (SAMPLES / "memotrace.csv").read_bytes() + b'7,5,1,0,0,1,,"' + b"x" * 400_000
    assert len(list(opened(csv).lines)) == 4


class _Endless(io.RawIOBase):
    """A history of many megabytes that is nowhere kept."""

    def __init__(self, messages: int) -> None:
        self._messages, self._at, self._left = messages, 0, b""
        self._parts = self._begin()

    def _begin(self) -> Iterator[bytes]:
        yield '{"name": "群", "type": "private_group", "messages": ['.encode()
        for number in range(self._messages):
            message = {"id": number, "type": "message", "date_unixtime": str(1_770_000_000 + number),
                       "from": "甲", "from_id": "user1", "text": f"第{number}句,路灯不亮了"}  # fmt: skip
            yield (json.dumps(message, ensure_ascii=False) + ",").encode()
        yield b"]}"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._left, self._parts = b"", self._begin()
        return 0

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                self._left = next(self._parts)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def test_memory_does_not_grow_with_the_file() -> None:
    peaks = []
    for messages in (2_000, 20_000):
        export = open_export(io.BufferedReader(_Endless(messages)), zone=SHANGHAI, now=NOW)
        tracemalloc.start()
        assert sum(1 for _ in export.lines) == messages
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 1_000_000, peaks
