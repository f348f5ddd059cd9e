"""Masking, in one place: what may not reach a group, a log or an export.

All matches of a text are masked, not only the first; full-width and spaced digits and numbers written
as 一三八 count. The masked text keeps the rest as written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, MutableMapping
from typing import Any

_DIGITS = str.maketrans("〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖幺", "001223456789123456789" + "1")
_GAP = r"[ \-\u00a0\u2010-\u2015.]{0,2}"
_D = rf"\d{_GAP}"
# The longest first: an ID number holds a telephone number.
_NUMBERS = (
    ("〔证件号〕", re.compile(rf"(?<!\d)(?:{_D}){{17}}[\dXx](?!\d)")),
    ("〔卡号〕", re.compile(rf"(?<!\d)(?:{_D}){{15,18}}\d(?!\d)")),
    ("〔电话〕", re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1{_GAP}[3-9]{_GAP}(?:{_D}){{8}}\d(?!\d)")),
    ("〔电话〕", re.compile(rf"(?<!\d)0\d{{2,3}}{_GAP}[2-9](?:{_D}){{5,6}}\d(?!\d)")),
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"[A-Z][ ·.]?[A-Z0-9]{4,5}[A-Z0-9挂学警港澳](?![A-Za-z0-9])",
    re.IGNORECASE,
)
_AND = r"[、,，和跟与及/至到~\-]"
# 302, or 302和303; not 119, and not half of a list that goes on.
_DOORS = rf"((?!1(?:10|19|20|22)(?!\d))\d{{3,4}}(?:{_AND}\d{{3,4}})*)(?!{_AND}\d)"
_DOOR = re.compile(
    rf"(?<=[栋幢座号楼元院弄])[ \-－]{{0,2}}{_DOORS}(?=室|户|住户|[^\d元块年月度人米点多平瓦:：%]|$)"
    rf"|(?<!\d){_DOORS}(?=室|房间|这户|那户|他家|她家|人家|家的)"
    rf"|(?<!\d){_DOORS}(?=的?[\u4e00-\u9fff]{{1,2}}(?:老太|老头|老师|阿姨|大爷|大妈|奶奶|爷爷|先生|女士))"
)
_TITLED = re.compile(
    r"[赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严金魏姜谢邹苏潘范彭鲁韦马方任袁柳唐罗薛贺汤于傅卞齐"
    r"康伍余顾孟黄穆萧尹姚邵汪毛戴宋庞熊纪项董梁杜阮蓝闵席季贾江童郭梅林徐邱骆高夏蔡田樊胡霍万管卢莫房丁"
    r"邓洪包左石崔龚程陆荣翁惠段侯武刘龙叶黎白赖乔谭温庄柴阎易廖耿关聂曾肖]"
    r"(?:老太太?|老头|老师|阿姨|大爷|大妈|奶奶|爷爷|先生|女士|某某?)"
)
_SECRET = re.compile(
    r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}"  # a bot's token, in an address too: …/bot123456:AA…
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # name:password@
    r"|(?<=key=)[\w-]{20,}|(?<=token=)[\w.-]{16,}|(?<=secret=)[\w-]{16,}",
    re.IGNORECASE,
)


def mask(text: str, names: Iterable[str] = ()) -> str:
    """Phones, ID and card numbers, plates, door numbers and the `names` given become a word in 〔〕."""
    text = mask_numbers(text)
    text = _replace(text, _DOOR, "〔门牌〕")
    text = _TITLED.sub("〔姓名〕", text)
    for name in sorted({name for name in names if len(name) > 1}, key=len, reverse=True):
        text = text.replace(name, "〔姓名〕")
    return text


def mask_numbers(text: str) -> str:
    """What identifies a person by number alone; door numbers stay (the accepting leader needs them)."""
    if not text:
        return text
    text = _SECRET.sub("〔密钥〕", text)
    for word, pattern in _NUMBERS:
        text = _replace(text, pattern, word)
    return _replace(text, _PLATE, "〔车牌〕")


def _replace(text: str, pattern: re.Pattern[str], word: str) -> str:
    """Matches on a digit-for-digit copy of the same length, cuts in the text as written."""
    plain = "".join(_one(character) for character in text)
    parts, at = [], 0
    for match in pattern.finditer(plain):
        start, end = next(
            (match.span(i) for i in range(1, (match.lastindex or 0) + 1) if match.group(i)), match.span()
        )
        parts += [text[at:start], word]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _one(character: str) -> str:
    if character.isascii():
        return character
    folded = unicodedata.normalize("NFKC", character).translate(_DIGITS)
    return folded if len(folded) == 1 else character


def mask_log(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor every line passes, ours and the libraries'."""
    return {str(_masked(key)): _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    """Whatever is not plain is written as the log would write it, so that it cannot pass unread."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {_masked(key): _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    text = value if isinstance(value, str) else repr(value)
    masked = mask(text)
    return value if masked == text and isinstance(value, int | float) else masked
