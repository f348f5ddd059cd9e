"""Pictures that people send: fetched from the platform's own hosts alone, small enough, and pictures indeed.

An address in a message is a stranger's word. It is asked only if it is https at a host of the platform
(or the one address the settings name, for tests and proxies), no redirect is followed, no more than the cap
is read, and the dimensions that the file itself states are looked at before anybody decodes it.
"""

from __future__ import annotations

import base64
import struct
from urllib.parse import urlsplit

import aiohttp

from gridbot.channels._wecom.api import capped
from gridbot.channels._wecom.crypt import decrypted

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
HOSTS = (".weixin.qq.com", ".qpic.cn", ".myqcloud.com", ".work.weixin.qq.com")
_PNG, _GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  #: markers of JPEG that state the size


class MediaError(Exception):
    """No picture of the platform's; the text names no address."""


async def fetch(
    session: aiohttp.ClientSession, url: str, *, aeskey: str = "", base: str = "", most: int = MOST_BYTES
) -> bytes:
    """A PNG, JPEG or GIF. `aeskey`: base64, with pictures of the 智能机器人 (path 100719). `base`: the
    address of the platform's interface as the settings name it. Raises MediaError."""
    if not trusted(url, base):
        raise MediaError("not an address of the platform")
    try:
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise MediaError(f"HTTP {answer.status}")
            data = await capped(answer, most)
        if aeskey:
            data = decrypted(data, base64.b64decode(aeskey + "=" * (-len(aeskey) % 4), validate=True))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise MediaError(type(error).__name__) from None
    width, height = dimensions(data)
    if not 0 < width * height <= MOST_PIXELS:
        raise MediaError("no picture, or one too large")
    return data


def trusted(url: str, base: str = "") -> bool:
    """https at a host of the platform, with no port or name in it; or at `base`."""
    try:
        parts, own = urlsplit(url), urlsplit(base)
        if base and (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return True
        plain = parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return False
    host = f".{parts.hostname or ''}"
    return parts.scheme == "https" and plain and host.endswith(HOSTS)


def dimensions(data: bytes) -> tuple[int, int]:
    """(width, height) as the file states them; (0, 0) if it is none of the three kinds."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            return struct.unpack(">II", data[16:24])
        if data.startswith(_GIF):
            return struct.unpack("<HH", data[6:10])
        if data.startswith(b"\xff\xd8"):
            return _of_jpeg(data)
    except struct.error:
        pass
    return 0, 0


def _of_jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:  # filling
            at += 1
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        elif length < 2:
            return 0, 0
        else:
            at += 2 + length
    return 0, 0
