"""What may not reach a group, a log or an export; and what must stay, or no report could be understood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.privacy import mask, mask_log, mask_numbers

TOKEN = "7000000001:AAH-abcdefghijklmnopqrstuvwxyz0123456"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打我电话13812345678", "打我电话〔电话〕"),
        ("13812345678或13987654321", "〔电话〕或〔电话〕"),  # all, not only the first
        ("138 1234 5678", "〔电话〕"),
        ("138-1234-5678", "〔电话〕"),
        ("+8613812345678", "〔电话〕"),
        ("86 138 1234 5678", "〔电话〕"),
        ("１３８１２３４５６７８", "〔电话〕"),
        ("１３８ １２３４ ５６７８", "〔电话〕"),
        ("一三八一二三四五六七八", "〔电话〕"),
        ("幺三八一二三四五六七八", "〔电话〕"),
        ("壹叁捌壹贰叁肆伍陆柒捌", "〔电话〕"),
        ("138一二三四5678", "〔电话〕"),
        ("座机021-62345678", "座机〔电话〕"),
        ("0571 8765432转3", "〔电话〕转3"),
        ("身份证310101199003071234", "身份证〔证件号〕"),
        ("31010119900307123X", "〔证件号〕"),
        ("31010119900307123x丢了", "〔证件号〕丢了"),
        ("３１０１０１１９９００３０７１２３Ｘ", "〔证件号〕"),
        ("卡号6222 0212 3456 7890 123", "卡号〔卡号〕"),
        ("沪A12345堵着门", "〔车牌〕堵着门"),
        ("沪A·D1234学", "〔车牌〕"),
        ("粤b12345和浙C6789警", "〔车牌〕和〔车牌〕"),
        ("新能源沪AD12345", "新能源〔车牌〕"),
    ],
)
def test_numbers_that_name_a_person(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("302王老太又倒油", "〔门牌〕〔姓名〕又倒油"),
        ("5号楼302室漏水", "5号楼〔门牌〕室漏水"),
        ("5号楼302漏水", "5号楼〔门牌〕漏水"),
        ("8栋1203电视声音大", "8栋〔门牌〕电视声音大"),
        ("３号楼４０２漏水", "３号楼〔门牌〕漏水"),
        ("3号楼2单元401", "3号楼2单元〔门牌〕"),
        ("430弄12号501室", "430弄12号〔门牌〕室"),
        ("502他家天天吵", "〔门牌〕他家天天吵"),
        ("住502的张阿姨", "住〔门牌〕的〔姓名〕"),
        ("301和302室", "〔门牌〕室"),
        ("5号楼301、302,303都漏水", "5号楼〔门牌〕都漏水"),
        ("5号楼302,灯也不亮", "5号楼〔门牌〕,灯也不亮"),
        ("5号楼 302", "5号楼 〔门牌〕"),
        ("李先生说的", "〔姓名〕说的"),
    ],
)
def test_doors_and_names(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "5号楼",
        "51号院3号楼",
        "430弄",
        "水电路1378号",
        "12月9日",
        "2026年11月19日9:00",
        "19日9点到11点",
        "打119、110或120",
        "12345热线",
        "5号楼119已经来了",
        "5号楼100多户停电",
        "3号楼前面100-200元一次",
        "5号楼200平的房子",
        "8号楼2000瓦的灯",
        "停车费300元一个月",
        "5号楼300块钱",
        "物业费1200元",
        "3号楼2026年装的电梯",
        "一百二十八号",
        "128号案件",
        "楼道灯不亮",
        "三三两两的人",
        "2000人",
        "老师好",
        "3-2水压低",
        "1号楼到8号楼停电",
        "A座",
        "www.example.org",
    ],
)
def test_what_must_stay(text: str) -> None:
    assert mask(text) == text


def test_known_names_go_the_longest_first() -> None:
    assert mask("王小明和王小找王小明", names=["王小", "王小明", "王"]) == "〔姓名〕和〔姓名〕找〔姓名〕"


def test_door_numbers_stay_for_the_leader_who_took_it() -> None:
    assert mask_numbers("5号楼302，电话13812345678") == "5号楼302，电话〔电话〕"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"https://api.telegram.org/bot{TOKEN}/getUpdates?offset=1",
        f"https://api.telegram.org/bot{TOKEN.replace(':', '%3A')}/getMe",
        f"token {TOKEN!r}",
        "https://example.org/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "?access_token=abcdefghijklmnopqrstuvwxyz",
        "postgresql://gridbot:hunter2hunter2@db/gridbot",
        "socks5://me:hunter2hunter2@127.0.0.1:1080",
    ],
)
def test_secrets(text: str) -> None:
    masked = mask(text)
    assert "〔密钥〕" in masked
    for secret in (TOKEN.split(":")[1], "693a91f6", "abcdefghij", "hunter2"):
        assert secret not in masked


def test_a_log_line_is_masked_whole() -> None:
    event = {
        "event": "from 13812345678",
        "13812345678": 1,
        "list": ["13812345678", {"deep": "沪A12345"}],
        "pair": (13812345678, 5),
        "error": ValueError("13812345678"),
        "bytes": b"13812345678",
        "none": None,
        "yes": True,
        "share": 0.25,
        "count": 12345,
    }
    masked = mask_log(None, "info", event)
    assert "13812345678" not in repr(masked)
    assert "沪A12345" not in repr(masked)
    assert (masked["none"], masked["yes"], masked["share"], masked["count"]) == (None, True, 0.25, 12345)


# --- for whatever is typed -----------------------------------------------------------------------

chinese = st.text(
    st.one_of(
        st.sampled_from("0123456789０１２３一二三幺两 -.沪A栋号楼室户王老太太阿姨的家Xx:=@/〔〕"),
        st.characters(),
    ),
    max_size=80,
)
phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
WORDS = re.compile(r"〔(?:电话|证件号|卡号|车牌|门牌|姓名|密钥)〕")


@given(chinese)
def test_it_never_raises_and_twice_is_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)


@given(chinese)
def test_the_rest_is_unchanged_and_in_order(text: str) -> None:
    """Between the words put in, what was written stands as it was."""
    at = 0
    for part in WORDS.split(mask(text)):
        found = text.find(part, at)
        assert found >= 0, (text, mask(text))
        at = found + len(part)


@given(
    before=st.text(st.sampled_from("我的电话是,。 请打"), max_size=8),
    phone=phones,
    gap=st.sampled_from(["", " ", "-"]),
)
def test_a_phone_is_found_wherever_it_stands(before: str, phone: str, gap: str) -> None:
    written = f"{before}{phone[:3]}{gap}{phone[3:7]}{gap}{phone[7:]}谢谢"
    assert mask(written) == f"{before}〔电话〕谢谢"
    wide = written.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert mask(wide) == f"{before}〔电话〕谢谢"
