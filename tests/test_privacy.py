"""What may not reach a group, a log or an export; and what must stay, or no report could be understood."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.privacy import hiding, kinds, mask, mask_error, mask_log, mask_numbers

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
        ("沪 A 1 2 3 4 5", "〔车牌〕"),
        ("沪Ａ一二三四五堵门", "〔车牌〕堵门"),
        ("沪A-12345", "〔车牌〕"),
        ("车牌A12345", "车牌〔车牌〕"),
        ("打13812345678一下", "打〔电话〕一下"),  # 一 is a word here, not a twelfth digit
        ("打一三八一二三四五六七八一下", "打〔电话〕一下"),
        ("13812345678两个都打", "〔电话〕两个都打"),
        ("0086 138　1234　5678", "〔电话〕"),
        ("138\u200b1234\u200b5678", "〔电话〕"),
        ("①③⑧①②③④⑤⑥⑦⑧", "〔电话〕"),
        ("1381234567813987654321", "〔号码〕"),  # two written as one
        ("电话62345678", "电话〔电话〕"),
        ("31010119900307 1234", "〔证件号〕"),
        ("310101900307123", "〔证件号〕"),
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
        ("302王秀英又倒油", "〔门牌〕〔姓名〕又倒油"),  # a full name behind the door, no title
        ("302的王勇又倒油", "〔门牌〕的〔姓名〕又倒油"),
        ("5号楼302室王秀英", "5号楼〔门牌〕室〔姓名〕"),
        ("5号楼三〇二室", "5号楼〔门牌〕室"),
        ("业主王秀英反映", "业主〔姓名〕反映"),
        ("王秀英阿姨摔了", "〔姓名〕摔了"),
        ("5号楼302马桶漏", "5号楼〔门牌〕马桶漏"),  # a word that begins like a surname
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
        "2026-11-19 2026-11-20停水",
        "1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12.",
        "工单20261119000123",
        "300方混凝土",
        "100万元",
        "水管师傅下午来",
        "小区保安大哥人好",
        "业主严重违规",
        "业主专有部分",
        "住户高空抛物",
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
WORDS = re.compile(r"〔(?:电话|证件号|卡号|号码|车牌|门牌|姓名|密钥)〕")


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


# --- every number in every notation --------------------------------------------------------------

SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")
WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
NOTATIONS: list[Callable[[str], str]] = [
    str,
    lambda text: text.translate(WIDE),
    lambda text: text.translate(SPOKEN),
    lambda text: text.translate(SPOKEN).replace("一", "幺"),
    lambda text: text.translate(CIRCLED),
    lambda text: text[:4] + text[4:].translate(SPOKEN),
    lambda text: text[:4].translate(WIDE) + text[4:],
]
GAPS = ["", " ", "-", "　", "－", "–", ".", "\u00a0", "\u200b", "\n", " - "]
id_numbers = st.from_regex(
    r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]", fullmatch=True
)
plates = st.from_regex(r"[京沪浙苏粤][A-HJ-NP-Z][0-9]{5}|[京沪浙苏粤][A-HJ-NP-Z]D[0-9]{5}", fullmatch=True)
around = st.sampled_from(
    ["", "我的是", "打", "请记下。", "5号楼的灯,", "一直打", "到一下", "谢谢", "两个都打", "元", " "]
)


def bare(text: str) -> str:
    """Digits alone, however they are written: what would be left to read."""
    folded = unicodedata.normalize("NFKC", text).translate(
        str.maketrans("零〇一幺二三四五六七八九", "001123456789")
    )
    return re.sub(r"[^0-9A-Za-z]", "", folded)


def split(text: str, at: tuple[int, ...], gap: str) -> str:
    cuts = [0, *at, len(text)]
    return gap.join(text[start:end] for start, end in itertools.pairwise(cuts))


@pytest.mark.parametrize("notation", NOTATIONS)
@given(
    before=around,
    after=around,
    phone=phones,
    gap=st.sampled_from(GAPS),
    at=st.sampled_from([(), (3, 7), (3,), (3, 6), (4, 7), tuple(range(1, 11))]),
    country=st.sampled_from(["", "+86", "86 ", "0086-", "+86 "]),
)
def test_no_phone_survives(
    notation: Callable[[str], str],
    before: str,
    after: str,
    phone: str,
    gap: str,
    at: tuple[int, ...],
    country: str,
) -> None:
    number = split(notation(phone), at, gap)
    for written in (f"{before}{country}{number}{after}", f"{before}{number},{number}{after}"):
        for masked in (mask(written), mask_numbers(written)):
            assert phone not in bare(masked), (written, masked)
            assert phone[3:] not in bare(masked), (written, masked)


@pytest.mark.parametrize("notation", NOTATIONS[:4])
@given(
    before=around,
    after=around,
    number=id_numbers,
    gap=st.sampled_from(GAPS),
    at=st.sampled_from([(), (6, 14)]),
)
def test_no_id_number_survives(
    notation: Callable[[str], str], before: str, after: str, number: str, gap: str, at: tuple[int, ...]
) -> None:
    written = before + split(notation(number), at, gap) + after
    assert number[:-1] not in bare(mask(written)), (written, mask(written))
    assert number[6:14] not in bare(mask(written)), (written, mask(written))


@given(
    before=around,
    after=around,
    plate=plates,
    gap=st.sampled_from(["", " ", "·", "-", "　"]),
    wide=st.booleans(),
)
def test_no_plate_survives(before: str, after: str, plate: str, gap: str, wide: bool) -> None:
    written = plate[:2] + gap + (plate[2:].translate(WIDE) if wide else plate[2:])
    assert plate[2:] not in bare(mask(before + written + after))


@given(
    st.lists(
        st.one_of(
            st.dates().map(lambda day: day.isoformat()),
            st.dates().map(lambda day: f"{day.month}月{day.day}日"),
            st.integers(1, 40).map("{}号楼".format),
            st.integers(1, 6).map("{}单元".format),
            st.integers(1, 9999).map("{}元".format),
            st.integers(1, 99999).map("第{}号".format),
            st.times().map(lambda at: f"{at:%H:%M}"),
            st.sampled_from(["119", "110", "12345", "12356", "一楼到三楼", "两三家", "十二栋"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_ordinary_numbers_survive(parts: list[str]) -> None:
    text = ",".join(parts)
    assert mask(text) == text


def test_names_keep_their_role() -> None:
    assert mask("王阿姨说302的李建国", {"王阿姨": "居民", "李建国": "居民"}) == "〔居民〕说〔门牌〕的〔居民〕"
    assert mask("王小明找王小", {"王小": "网格长", "王小明": "居民"}) == "〔居民〕找〔网格长〕"


def test_what_is_said_of_health_goes_in_sensitive_matters_alone() -> None:
    assert mask("他有精神分裂症,在透析", sensitive=True) == "他有〔病情〕,在〔病情〕"
    assert mask("透析车位被占") == "透析车位被占"


def test_kinds() -> None:
    assert kinds("5号楼302,13812345678,沪A12345") == ["phone", "plate", "door"]
    assert kinds("5号楼〔门牌〕,〔电话〕") == []


def test_an_error_hides_names_too() -> None:
    """It quotes what somebody said, without the words that tell a name from another word."""
    assert mask_error("LookupError: 没找到:柳莺歌 5") == "LookupError: 没找到:〔姓名〕 5"
    assert mask_error("KeyError: '一网格'") == "KeyError: '一网格'"
    with hiding({"欧阳小燕": "居民"}):
        assert mask_error("欧阳小燕说的话") == "〔居民〕说的话"
    assert mask_error("欧阳小燕说的话") == "欧阳小燕说的话"
