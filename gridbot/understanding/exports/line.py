"""What an exported chat history is turned into: one message a `Line`; and words for what stands in for
pictures and voices in the text forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

LONGEST = 20_000  #: characters of one message that are kept; nobody reports at greater length

_MEDIA = r"[ \t]*!?\[(?:{names})(?:[ \t]*[:：\d][^\[\]]*)?\](?:\([^()]*\))?"
_PHOTO = re.compile(_MEDIA.format(names="图片|照片|视频|小视频|Photo|Image|Video") + r"[ \t]*$")
_VOICE = re.compile(_MEDIA.format(names="语音|语音消息|Voice|Audio") + r"[ \t]*$")
_OTHER = re.compile(
    _MEDIA.format(
        names="表情包|动画表情|表情|自定义表情|文件|链接|音乐分享|音乐|红包|微信红包|QQ红包|转账|位置|名片|个人名片"
        "|小程序|聊天记录|合并转发|视频号|语音通话|视频通话|拍一拍|Sticker|File|Link"
    )
)
_RECALLED = re.compile(r"撤回了一条(?:成员)?消息|消息已(?:被)?撤回|recalled a message", re.IGNORECASE)


class ExportError(Exception):
    """The file is none of the forms that can be read; the message is a sentence naming what was expected."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a history. `user` is the export's id of the sender, or the name where it has none."""

    who: str
    at: datetime  #: aware
    text: str
    user: str = ""
    id: str = ""  #: the export's id of the message; "" where it has none
    photo: bool = False
    voice: bool = False
    reply_to: str = ""  #: id of the message answered
    quoted: str = ""  #: words of the message answered, where only those are given
    forwarded: bool = False
    chat: str = ""  #: the group's name, where the export tells it


@dataclass(slots=True)
class Tally:
    """What was met on the way and is no message."""

    system: int = 0  #: joined, recalled, stickers, files: nothing anybody said
    unreadable: int = 0
    cut_short: bool = False  #: the file ends in the middle


@dataclass(frozen=True, slots=True)
class Body:
    """The lines under a header, with what stood in for media taken out."""

    text: str = ""
    photo: bool = False
    voice: bool = False
    quoted: str = ""

    @property
    def empty(self) -> bool:
        return not (self.text or self.photo or self.voice)


def body_of(lines: list[str], quoted: str = "") -> Body:
    """A recall and a sticker leave nothing."""
    kept: list[str] = []
    photo = voice = False
    for line in lines:
        if _PHOTO.match(line):
            photo = True
        elif _VOICE.match(line):
            voice = True
        elif not _OTHER.match(line):
            kept.append(line)
    text = "\n".join(kept).strip()[:LONGEST]
    if _RECALLED.search(text[:80]):
        return Body()
    return Body(text, photo, voice, quoted)
