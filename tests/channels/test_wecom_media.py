"""Pictures: only from the platform, only so large, only pictures."""

from __future__ import annotations

import struct
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridbot.channels._wecom.media import MediaError, dimensions, fetch, trusted
from tests.fakes.wecom_server import FakeWecom

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x02" + b"x" * 100
GIF = b"GIF89a" + struct.pack("<HH", 32, 16) + b"x" * 20
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF"
    + b"\0" * 10
    + b"\xff\xff\xc0\x00\x11\x08"
    + struct.pack(">HH", 480, 640)
    + b"x" * 20
)


@pytest.mark.parametrize(
    ("url", "good", "remark"),
    [
        ("https://ww-aibot-img-1258476243.cos.ap-guangzhou.myqcloud.com/x?sign=1", True, "the aibot's"),
        ("https://wework.qpic.cn/wwpic/1/0", True, ""),
        ("https://qyapi.weixin.qq.com/cgi-bin/media/get?media_id=1", True, ""),
        ("http://wework.qpic.cn/x", False, "not encrypted on the way"),
        ("https://127.0.0.1/x", False, "ourselves"),
        ("https://[::1]/x", False, "ourselves"),
        ("https://2130706433/x", False, "ourselves, in one number"),
        ("https://169.254.169.254/latest/meta-data", False, "a cloud's own"),
        ("https://evilqpic.cn/x", False, "a name that only ends so"),
        ("https://qpic.cn.evil.org/x", False, "a name that only begins so"),
        ("https://wework.qpic.cn@evil.org/x", False, "a name before the host"),
        ("https://wework.qpic.cn:8443/x", False, "another port"),
        ("https://wework.qpic.cn:99999/x", False, "no port"),
        ("file:///etc/passwd", False, ""),
        ("//wework.qpic.cn/x", False, ""),
        ("", False, ""),
        ("https://[", False, "no address at all"),
    ],
)
def test_whose_address_it_is(url: str, good: bool, remark: str) -> None:
    assert trusted(url) == good, remark


def test_an_address_of_the_settings_is_trusted_and_its_neighbour_is_not() -> None:
    assert trusted("http://127.0.0.1:8090/pictures/1", "http://127.0.0.1:8090")
    assert not trusted("http://127.0.0.1:8091/pictures/1", "http://127.0.0.1:8090")


@pytest.mark.parametrize(("data", "size"), [(PNG, (640, 480)), (GIF, (32, 16)), (JPEG, (640, 480))])
def test_how_large_a_picture_says_it_is(data: bytes, size: tuple[int, int]) -> None:
    assert dimensions(data) == size


@given(st.sampled_from([b"", PNG[:8], GIF[:6], JPEG[:2]]), st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(start: bytes, rest: bytes) -> None:
    width, height = dimensions(start + rest)
    assert width >= 0 and height >= 0


@pytest.mark.asyncio
async def test_a_picture_of_the_aibot_is_fetched_and_deciphered() -> None:
    async with FakeWecom() as fake, aiohttp.ClientSession() as session:
        picture = fake.picture(JPEG)
        assert await fetch(session, picture["url"], aeskey=picture["aeskey"], base=fake.url) == JPEG
        assert (
            await fetch(session, picture["url"], aeskey=picture["aeskey"].rstrip("="), base=fake.url) == JPEG
        )


BOMB = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 60_000, 60_000) + b"x" * 40


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "key", "fault", "remark"),
    [
        (BOMB, "", None, "3,600 megapixels in 60 bytes"),
        (b"<svg onload='x'/>", "", None, "no picture"),
        (b"", "", None, "nothing"),
        (PNG * 100, "", None, "over the cap"),
        (PNG, "AAAA", None, "a key that is none"),
        (PNG, "§", None, "no base64"),
        (PNG, "A" * 43, None, "another key"),
        (PNG, "", {"how": "redirect"}, "sent elsewhere"),
        (PNG, "", {"how": "reset", "times": 2}, "cut off, and again"),
    ],
)
async def test_what_is_not_taken(data: bytes, key: str, fault: dict[str, Any] | None, remark: str) -> None:
    async with FakeWecom() as fake, aiohttp.ClientSession() as session:
        fake.pictures["x"] = data
        if fault:
            fake.fail("/pictures", **fault)
        with pytest.raises(MediaError) as told:
            await fetch(session, f"{fake.url}/pictures/x", aeskey=key, base=fake.url, most=5000)
        assert fake.url not in str(told.value), remark


@pytest.mark.asyncio
async def test_a_strangers_address_is_never_asked() -> None:
    async with FakeWecom() as fake, aiohttp.ClientSession() as session:
        fake.pictures["x"] = PNG
        with pytest.raises(MediaError, match="not an address of the platform"):
            await fetch(session, f"{fake.url}/pictures/x")
