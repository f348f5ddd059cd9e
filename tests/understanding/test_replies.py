"""A leader's words under a notice; what is not done must never be read as done."""

from __future__ import annotations

import pytest

from gridbot.understanding.intents import Packs
from gridbot.understanding.replies import read_confirmation, read_reply

REPLIES = [
    ("收到", "accept"),
    ("好 我过去瞧瞧", "accept"),
    ("1", "accept"),
    ("吃完饭过去看一眼", "accept"),
    ("让老王跑一趟", "accept"),
    ("师傅下午来", "progress"),
    ("联系物业了，等回话", "progress"),
    ("还没修好呢", "progress"),
    ("弄好了又坏了", "progress"),
    ("六栋通了七栋还没", "progress"),
    ("换了一半，缺个灯泡", "progress"),
    ("后天能弄完", "progress"),
    ("物业讲弄好了，我没去验", "progress"),
    ("等配件，预计周四", "progress"),
    ("先拿围挡围起来了", "progress"),
    ("要是明天还不来我就上报", "progress"),
    ("修好了", "done"),
    ("通了", "done"),
    ("新灯管换好了，挺亮", "done"),
    ("搞定", "done"),
    ("车已经挪走了", "done"),
    ("两户已经握手言和", "done"),
    ("别往上报啦，已经弄妥了", "done"),
    ("转给物业了", "transfer"),
    ("已移交城管中队", "transfer"),
    ("燃气公司接手了", "transfer"),
    ("这事我解决不了，往上报吧", "escalate"),
    ("网格没权限，请街道协调", "escalate"),
    ("这不归我管", "bounce"),
    ("派错了，这是三网格的", "bounce"),
    ("我早就不当网格长了", "bounce"),
    ("几号楼几单元", "ask"),
    ("有照片吗", "ask"),
    ("是漏水还是返水", "ask"),
    ("哈哈", "none"),
    ("早上好", "none"),
    ("[图片]", "none"),
]


@pytest.mark.parametrize(("text", "action"), REPLIES)
def test_reply(packs: Packs, text: str, action: str) -> None:
    assert read_reply(text, packs).action == action


NOT_DONE = [
    "没弄好",
    "还没弄完",
    "没完全好",
    "快修好了",
    "明天修好",
    "等修好了告诉你",
    "修好之前大家走北门",
    "说是修好了 还漏吗",
    "谁说修好了",
    "修不好",
    "通了一半",
    "3号好了5号还不行",
    "好像修好了又漏了",
    "要修好得等下周",
    "先别结案",
]


@pytest.mark.parametrize("text", NOT_DONE)
def test_never_taken_for_done(packs: Packs, text: str) -> None:
    reply = read_reply(text, packs)
    assert reply.action != "done" or not reply.sure


def test_to_whom_and_until_when(packs: Packs) -> None:
    assert read_reply("已转给燃气公司", packs).to == "燃气公司"
    assert read_reply("等配件，周四下午来修", packs).until == "周四下午"


def test_a_doubtful_done_is_asked_back(packs: Packs) -> None:
    assert not read_reply("应该修好了吧", packs).sure


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("亮了亮了谢谢", "mended"),
        ("好了", "mended"),
        ("来水了", "mended"),
        ("好一点了", "better"),
        ("还没好", "not_yet"),
        ("又坏了", "not_yet"),
        ("没人来修", "not_yet"),
        ("今天吃什么", None),
    ],
)
def test_a_residents_confirmation(packs: Packs, text: str, answer: str | None) -> None:
    assert read_confirmation(text, packs) == answer
