"""Masking, in one place: what may not reach a group, a log or an export.

All matches of a text are masked, not only the first; full-width, spaced and dashed digits and numbers
written as 一三八 count. The masked text keeps the rest as written.
"""

from __future__ import annotations

import contextlib
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

_NUMERALS = "〇零一二两三四五六七八九壹贰叁肆伍陆柒捌玖幺"
_DIGITS = str.maketrans(_NUMERALS, "001223456789123456789" + "1")
# Between two digits of one number: blanks, dashes, dots, and what cannot be seen.
_GAP = r"[\s\-.·_()\u2010-\u2015\u200b-\u200f\u2060\ufeff\u00ad]{0,3}"
_D = rf"\d{_GAP}"
_PHONE = rf"(?:(?:\+|00)?86{_GAP})?1{_GAP}[3-9]{_GAP}(?:{_D}){{8}}\d"
_ID = (
    rf"[1-9]{_GAP}(?:{_D}){{5}}(?:1{_GAP}9|2{_GAP}0){_GAP}(?:{_D}){{2}}"
    rf"(?:0{_GAP}[1-9]|1{_GAP}[0-2]){_GAP}(?:0{_GAP}[1-9]|[12]{_GAP}\d|3{_GAP}[01]){_GAP}(?:{_D}){{3}}[\dXx]"
)
_END = r"(?:(?!\d)|(?=\d{1,2}[号栋幢楼单弄]))"  # …56785号楼: written without a blank
_LANDLINE = rf"(?<!\d)0\d{{2,3}}{_GAP}[2-9](?:{_D}){{5,6}}\d(?!\d)"
# The longest first: an ID number holds a telephone number. Spaced like a list of days or houses it is none.
_NUMBERS = (
    ("〔号码〕", re.compile(r"(?<!\d)\d{20,}")),  # several written as one
    ("〔证件号〕", re.compile(rf"(?<!\d)(?:{_ID}|\d{{17}}[\dXx]){_END}")),
    (
        "〔卡号〕",
        re.compile(rf"(?<!\d)(?:[3-69]\d{{3}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?|\d{{16,19}})(?!\d)"),
    ),
    ("〔证件号〕", re.compile(r"(?<!\d)\d{15}(?!\d)")),  # as it was before 1999
    ("〔电话〕", re.compile(rf"(?<!\d){_PHONE}{_END}")),
    ("〔电话〕", re.compile(_LANDLINE)),
    ("〔电话〕", re.compile(rf"(?:电话|座机|手机|号码)[:是打]?{_GAP}([2-9](?:{_D}){{6}}\d?)(?!\d)")),
)
# The same where 一 counts as 1. 打我一三八…七八一下: what follows may be a word, so no bound but the length.
_SPOKEN = (
    ("〔证件号〕", re.compile(_ID)),
    ("〔电话〕", re.compile(_PHONE)),
    ("〔电话〕", re.compile(_LANDLINE)),
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    rf"{_GAP}[A-Z]{_GAP}(?=(?:[A-Z]{_GAP})*\d{_GAP}(?:[A-Z]{_GAP})*\d)(?:[A-Z0-9]{_GAP}){{4,5}}"
    r"[A-Z0-9挂学警港澳](?:(?![A-Za-z0-9])|(?=\d{1,2}[号栋幢楼单弄]))"
    r"|车牌号?[:是]?\s?([A-Z][A-Z0-9]{5,6})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SURNAME = (
    "[赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严金魏姜谢邹苏潘范彭鲁韦马方任袁柳唐罗薛贺汤于傅卞齐"
    "康伍余顾孟黄穆萧尹姚邵汪毛戴宋庞熊纪项董梁杜阮蓝闵席季贾江童郭梅林徐邱骆高夏蔡田樊胡霍万管卢莫房丁"
    "邓洪包左石崔龚程陆荣翁惠段侯武刘龙叶黎白赖乔谭温庄柴阎易廖耿关聂曾肖邢史申葛]"
)
# What begins like a surname and is a word: 302马桶漏, 300方, 5号楼1201黄水, 住户严重扰民.
_NO_NAME = (
    "(?!马[桶路达力上]|管[道子线理井]|房[子东间顶屋客产门]|黄[色水土]|白[色天灰线]|高[压空层度温兴]|金[属额]|"
    "石[头灰膏材]|温[度水]|关[门水于]|周[围边末日一二三四五六]|严[重格禁]|毛[病巾坯]|包[括裹]|程[度序]|梅雨|洪水|"
    "雷[雨电]|陆续|许[多可]|张[贴口]|曾经|范围|顾客|申请|杜绝|胡[乱说同]|任[何意]|何[时人]|项目|龙头|叶子|季度|"
    "童[车年]|林[带木]|史[上]|康复|贾|方|万|左|段|席|于|余|江|武)"
)
_GIVEN = r"[\u4e00-\u9fff]"
# Second character after a surname that is rather the next word: 王勇又倒油.
_NEXT_WORD = "又在家的天说把是和也都不没有了总老就还很给让跟从被每晚半昨今早漏堵打来去住反她他那这已正叫要"
_NAME = rf"{_NO_NAME}{_SURNAME}{_GIVEN}(?:(?![{_NEXT_WORD}]){_GIVEN})?"
_TITLE = "(?:老太太?|老头|老师|阿姨|大爷|大妈|大叔|大姐|大哥|奶奶|爷爷|叔叔|伯伯|婆婆|先生|女士|某某?)"
_AND = r"[、,，和跟与及/至到~\-]"
# 302, or 302和303; not 119, and not half of a list that goes on.
_DOORS = rf"((?!1(?:10|19|20|22)(?!\d))\d{{3,4}}(?:{_AND}\d{{3,4}})*)(?!{_AND}\d)"
_DOOR = re.compile(
    rf"(?<=[栋幢座号楼元院弄])[ \-－]{{0,2}}{_DOORS}(?=室|户|住户|[^\d元块年月度人米点多平瓦:：%]|$)"
    rf"|(?<!\d){_DOORS}(?=室|房间|这户|那户|这家|那家|他家|她家|人家|家的|业主|住户|租户|又|天天|没人|不开门|不在家)"
    rf"|(?<!\d){_DOORS}(?=[的 ]?{_GIVEN}{{1,2}}{_TITLE})"
    rf"|(?<!\d){_DOORS}(?=[的 ]?(?:〔|{_NAME}))"
)
_TITLED = re.compile(rf"(?!(?<=[物水主网保城])管){_SURNAME}(?:(?![{_NEXT_WORD}]){_GIVEN}){{0,2}}{_TITLE}")
_AFTER = re.compile(  # a name where one is announced, or after a door number
    r"(?:〔门牌〕(?:室|户)?(?:的|[业户]主|住户|租户)?|[业户]主|住户|租户|联系人|姓名|名叫|[我他她]叫)"
    rf"[:：是 ]?({_NAME})"
)
_ILLNESS = re.compile(
    "艾滋病?|乙肝|丙肝|肝炎|肺结核|结核病?|性病|梅毒|癌症?|肿瘤|白血病|尿毒症|透析|化疗|放疗|糖尿病|高血压|心脏病|"
    "心梗|脑梗|中风|偏瘫|瘫痪|癫痫|哮喘|精神(?:分裂症?|病|障碍|失常|残疾)|抑郁症?|躁郁症?|双相(?:情感)?障碍|焦虑症|"
    "自闭症|智力残疾|智障|残疾证?|老年痴呆|痴呆|阿尔茨海默(?:病|症)?|帕金森(?:病|症)?|流产|怀孕|堕胎|HIV|"
    "吸毒|戒毒|毒瘾|酗酒|肇事肇祸",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}"  # a bot's token, in an address too: …/bot123456:AA…
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # name:password@
    r"|(?<=key=)[\w-]{20,}|(?<=token=)[\w.-]{16,}|(?<=secret=)[\w-]{16,}",
    re.IGNORECASE,
)

Names = Iterable[str] | Mapping[str, str]
"""Names to be hidden; a mapping says what stands in their place (王阿姨 → 居民)."""


def mask(text: str, names: Names = (), *, sensitive: bool = False) -> str:
    """Phones, ID and card numbers, plates, door numbers and the `names` given become a word in 〔〕;
    with `sensitive` what says something of somebody's health, too."""
    if not text:
        return text
    text = mask_numbers(text)
    text = mask_names(text, names)
    text = _replace(text, _DOOR, "〔门牌〕", spoken=True)
    text = _TITLED.sub("〔姓名〕", text)
    text = _AFTER.sub(lambda found: found[0][: found.start(1) - found.start()] + "〔姓名〕", text)
    return _ILLNESS.sub("〔病情〕", text) if sensitive else text


def mask_names(text: str, names: Names) -> str:
    """The names given alone, the longest first."""
    roles = names if isinstance(names, Mapping) else dict.fromkeys(names, "姓名")
    for name in sorted((name for name in roles if len(name) > 1), key=len, reverse=True):
        text = text.replace(name, f"〔{roles[name]}〕")
    return text


def mask_numbers(text: str) -> str:
    """What identifies a person by number alone; door numbers stay (the accepting leader needs them)."""
    if not text:
        return text
    text = _SECRET.sub("〔密钥〕", text)
    if not _COUNTS.search(_folded(text, spoken=True)):
        return text
    for word, pattern in (*_NUMBERS, ("〔车牌〕", _PLATE)):
        text = _replace(text, pattern, word)
    if any(character in _NUMERALS for character in text):
        for word, pattern in (*_SPOKEN, ("〔车牌〕", _PLATE)):
            text = _replace(text, pattern, word, spoken=True, only_spoken=True)
    return text


_COUNTS = re.compile(r"(?:\d.{0,3}?){3}", re.DOTALL)


def mask_doors(text: str) -> str:
    """Door numbers alone: 5号楼302."""
    return _replace(text, _DOOR, "〔门牌〕", spoken=True)


_KINDS = {
    "〔电话〕": "phone",
    "〔证件号〕": "id",
    "〔卡号〕": "id",
    "〔号码〕": "id",
    "〔车牌〕": "plate",
    "〔门牌〕": "door",
}


def kinds(text: str) -> list[str]:
    """Which personal numbers stand in a text unmasked: phone | id | plate | door, in that order."""
    masked = mask_doors(mask_numbers(text))
    order = list(dict.fromkeys(_KINDS.values()))
    found = {kind for word, kind in _KINDS.items() if masked.count(word) > text.count(word)}
    return sorted(found, key=order.index)


def like_a_name(text: str) -> bool:
    """Whether what somebody is called on a platform may be a person's name (王阿姨, 李建国), not 下雨天."""
    return bool(_WHOLE_NAME.fullmatch(text))


_WHOLE_NAME = re.compile(rf"{_SURNAME}{_GIVEN}{{1,3}}|[老小阿]{_SURNAME}|{_SURNAME}{_TITLE}")


def _replace(
    text: str, pattern: re.Pattern[str], word: str, *, spoken: bool = False, only_spoken: bool = False
) -> str:
    """Matches on a digit-for-digit copy of the same length, cuts in the text as written. `spoken`: 一 counts
    as 1; `only_spoken`: and one such must be among what is cut."""
    parts, at = [], 0
    for match in pattern.finditer(_folded(text, spoken=spoken)):
        start, end = next(
            (match.span(i) for i in range(1, (match.lastindex or 0) + 1) if match.group(i)), match.span()
        )
        if only_spoken and not any(character in _NUMERALS for character in text[start:end]):
            continue
        parts += [text[at:start], word]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _folded(text: str, *, spoken: bool) -> str:
    return text if text.isascii() else "".join(_one(character, spoken=spoken) for character in text)


@functools.lru_cache(maxsize=8192)
def _one(character: str, *, spoken: bool) -> str:
    if character.isascii():
        return character
    folded = unicodedata.normalize("NFKC", character)
    if spoken:
        folded = folded.translate(_DIGITS)
    return folded if len(folded) == 1 else character


_hidden: ContextVar[Names] = ContextVar("hidden", default=())
_ALONE = re.compile(
    rf"(?<![\u4e00-\u9fff〔]){_NAME}(?![\u4e00-\u9fff〕])"
)  # 柳莺歌, and nothing Chinese beside it


@contextlib.contextmanager
def hiding(names: Names) -> Iterator[None]:
    """Names that may stand in what is logged meanwhile: those of whoever is being handled."""
    token = _hidden.set(names)
    try:
        yield
    finally:
        _hidden.reset(token)


def mask_error(text: str) -> str:
    """For a log or a kept error, which quote what somebody said: what looks like a name goes as well."""
    return _ALONE.sub("〔姓名〕", mask(text, _hidden.get()))


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
    masked = mask_error(text)
    return value if masked == text and isinstance(value, int | float) else masked
