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
    tries: tuple[str, ...] = ()  #: sentences worth trying, offered above the input


@dataclass(frozen=True, slots=True)
class Room:
    """A group. Private chats need none: the chat of a person with the bot has the person's id."""

    id: str
    title: str
    members: tuple[str, ...] = EVERYBODY
    bot: bool = True  #: the bot is in it when the story begins


PEOPLE = (
    Person(
        "1001",
        "王阿姨",
        "5号楼居民",
        tries=("5号楼楼道灯不亮了", "有股煤气味", "三九什么时候", "哈哈堵死我了", "亮了亮了谢谢"),
    ),
    Person("1002", "小周", "3号楼居民", tries=("3-2水压低", "我家也是", "我报的到哪了", "加班想死")),
    Person(
        "2001",
        "李格长",
        "一网格网格长",
        started=True,
        tries=("收到", "师傅下午来", "修好了", "转给物业", "解决不了"),
    ),
    Person("3001", "周书记", "二级网格长", started=True, tries=("收到", "请李格长去看看", "三九有什么")),
    Person("9001", "管理员", "社区管理员", started=True, tries=("帮助", "体检", "暂停", "开口")),
    Person("6666", "陌生人", "谁也不认识", tries=("着火了哈哈哈", "体检", "低价回收旧家电,加微信")),
)
ROOMS = (
    Room("-1001", "一网格居民群"),
    Room("-1002", "网格长工作群", ("2001", "3001", "9001")),
)
