"""What short remarks are beside a report and when they belong to it; places; hours announced."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gridbot.desk import bursts, corrections, planned, remarks, sameplace, vague
from gridbot.desk.remarks import About, Remark
from gridbot.grid.settings import view
from gridbot.understanding.intents import load_packs
from gridbot.understanding.places import Gazetteer, find_places, place_key
from tests.cast import NOW, SHANGHAI

TALK = remarks.of(load_packs())


@pytest.mark.parametrize(
    ("text", "type_", "kind"),
    [
        ("+1", "power", Remark.TOO),  # the shortest
        ("我们单元也没", "power", Remark.TOO),  # nothing more is said
        ("我屋里也没店", "power", Remark.TOO),  # voice input: 电 by its sound
        ("咱家也一样", "heating", Remark.TOO),
        ("6号楼也冰凉", "heating", Remark.TOO),
        ("我也没吃", "power", Remark.NONE),  # not what the report is about
        ("你家也停了吗", "power", Remark.ELSE),  # a question
        ("我嗓子也堵", "drainage", Remark.ELSE),  # a body is no drain
        ("我也闻着了,呛人", "gas", Remark.SENSED),
        ("我听见了", "noise", Remark.SENSED),  # without 也, but what ears are for
        ("我看到了", "lighting", Remark.NONE),  # may answer anything
        ("婴儿车都挤不过去", "parking", Remark.STUCK),
        ("快来个人啊", "elevator", Remark.HELP),
        ("是的呀,一直这样", "access", Remark.YES),
        ("对不起,打扰了", "access", Remark.NONE),  # begins with 对, agrees with nothing
        ("他老婆也拦不住他", "care", Remark.PERSON),
        ("我们这栋有电", "power", Remark.FINE),
        ("我家好好的呀", "water", Remark.FINE),
        ("没有电", "power", Remark.NONE),  # not 有电
        ("停得好,正好早睡哈哈", "power", Remark.ELSE),
        ("土鸡蛋接龙,要的+1", "power", Remark.ELSE),
        ("3. 小周 两箱", "power", Remark.ELSE),
        ("修一下多少钱", "elevator", Remark.ELSE),
    ],
)
def test_remarks(text: str, type_: str, kind: Remark) -> None:
    assert TALK.remark(text, (type_,)) is kind


def about(minutes: float, place: str = "none", **more: bool) -> About:
    facts = {"supply": False, "private": False, "urgent": False, "quoted": False} | more
    return About(("lighting",), age=timedelta(minutes=minutes), place=place, **facts)


@pytest.mark.parametrize(
    ("kind", "facts", "bare", "joins"),
    [
        (Remark.TOO, about(2), False, True),
        (Remark.TOO, about(25), False, False),  # other words in it: the talk has moved on
        (Remark.TOO, about(25), True, True),  # nothing else it could mean
        (Remark.TOO, about(90), True, False),
        (Remark.TOO, about(25, "same"), False, True),  # names the place
        (Remark.TOO, about(2, "sibling"), False, False),  # another house's lamp is another lamp
        (Remark.TOO, about(2, "sibling", supply=True), False, True),  # but one power cut
        (Remark.TOO, about(2, "house"), False, False),  # another unit's lamp too
        (Remark.YES, about(2), False, True),
        (Remark.YES, about(8), False, False),
        (Remark.TROUBLE, about(1), False, False),  # a complaint alone means nothing
        (Remark.TROUBLE, about(1, "same"), False, True),
        (Remark.PERSON, about(1), False, False),
        (Remark.PERSON, about(1, private=True), False, True),
        (Remark.YES, about(50, quoted=True), False, True),  # a reply says what it is about
        (Remark.FINE, about(1, quoted=True), False, False),
        (Remark.ELSE, about(1, "same"), False, False),
    ],
)
def test_when_a_remark_belongs_to_a_report(kind: Remark, facts: About, bare: bool, joins: bool) -> None:
    assert TALK.belongs(kind, facts, bare=bare) is joins


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("三号楼", "3栋", True),
        ("1号楼", "11号楼", False),  # digits end where numbers end
        ("5号楼", "5号楼2单元", True),  # part of it
        ("5号楼1单元", "5号楼2单元", False),
        ("光明街解放路口", "解放路口", True),
        ("巷口", "巷子口", True),  # a landmark said shorter
        ("东车棚", "西车棚", False),
        ("8号", "8号南面", True),
    ],
)
def test_one_place_or_two(one: str, other: str, same: bool) -> None:
    assert sameplace.related(place_key(one), place_key(other)) is same


@pytest.mark.parametrize(
    ("old", "new", "right"),
    [
        ("6号楼3单元", "8号楼", "8号楼3单元"),  # what was said of the unit stays
        ("3号", "5号", "5号"),
        ("东门", "5号楼", "5号楼"),
    ],
)
def test_a_place_put_right(old: str, new: str, right: str) -> None:
    assert sameplace.put_right(old, new) == right


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("打错了,是6号楼", "6号楼"),
        ("不是3号楼是6号楼", "6号楼"),
        ("说错了 12号", "12号"),
        ("不好意思发错群了,我们是6号楼的", ""),  # the wrong group, not the wrong house
        ("是6号楼", ""),  # an answer, not a correction
        ("不是3号楼", ""),  # which then?
    ],
)
def test_corrections(text: str, place: str) -> None:
    found = corrections.put_right_by(text, find_places(text, Gazetteer()), TALK)
    assert (found.text if found else "") == place


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("又堵了", "堵"),
        ("怎么又坏了,烦死", "坏"),
        ("又停了", "停"),
        ("又堵车了", ""),  # the road, not the drain
        ("5号楼又堵了", ""),  # has a place: read as a report
        ("又来了", ""),
    ],
)
def test_vague_words(text: str, fault: str) -> None:
    assert vague.said(text, TALK) == fault


@pytest.mark.parametrize(
    ("text", "type_", "start", "end"),
    [
        ("明天9点到12点停水", "water", (20, 9, 0), (20, 12, 0)),
        ("【停电】今天13:30-17:00 1-6号楼停电换表", "power", (19, 13, 30), (19, 17, 0)),
        ("今天下午2点到5点停气", "gas", (19, 14, 0), (19, 17, 0)),
        ("今晚10点到次日6点停水", "water", (19, 22, 0), (20, 6, 0)),
        ("停水了!9点到现在", "", None, None),  # a complaint
        ("3-5号楼停电", "", None, None),  # houses, no hours
        ("便民服务9点到11点", "", None, None),
    ],
)
def test_announced_hours(
    text: str, type_: str, start: tuple[int, int, int] | None, end: tuple[int, int, int] | None
) -> None:
    found = planned.understand(text, NOW, SHANGHAI, TALK)
    assert (found.type if found else "") == type_
    if found and start and end:
        assert found.start == datetime(2026, 11, *start, tzinfo=SHANGHAI)
        assert found.end == datetime(2026, 11, *end, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (("3号楼", "5号楼", "4号楼"), "3到5号楼"),
        (("3号楼", "5号楼", "8号楼"), "3、5、8号楼"),  # those between said nothing
        (("5号楼",), "5号楼"),
        (("东门", "5号楼"), "东门、5号楼"),
        ((), ""),
    ],
)
def test_where_an_outage_is(places: tuple[str, ...], said: str) -> None:
    assert bursts.label(places) == said


@pytest.mark.parametrize(
    ("places", "people", "burst"), [(3, 3, True), (2, 4, False), (1, 5, True), (1, 1, False)]
)
def test_when_it_is_a_burst(places: int, people: int, burst: bool) -> None:
    assert bursts.enough(places, people, view("Asia/Shanghai", {})) is burst
