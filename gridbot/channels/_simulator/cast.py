"""Who lives in the simulator, and which groups there are. An app may bring its own cast."""

from __future__ import annotations

from dataclasses import dataclass

EVERYBODY = ()


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    note: str = ""  #: who that is, shown beside the name
    started: bool = False  #: has opened a private chat with the bot when the story begins


@dataclass(frozen=True, slots=True)
class Room:
    """A group. Private chats need none: the chat of a person with the bot has the person's id."""

    id: str
    title: str
    members: tuple[str, ...] = EVERYBODY
    bot: bool = True  #: the bot is in it when the story begins


PEOPLE = (
    Person("1001", "王阿姨", "5号楼居民"),
    Person("1002", "小周", "3号楼居民"),
    Person("2001", "李格长", "一网格网格长", started=True),
    Person("3001", "周书记", "二级网格长", started=True),
    Person("9001", "管理员", "社区管理员", started=True),
    Person("6666", "陌生人", "谁也不认识"),
)
ROOMS = (
    Room("-1001", "一网格居民群"),
    Room("-1002", "网格长工作群", ("2001", "3001", "9001")),
)
