"""What a group says on a day, made up: mostly talk, here and there a report."""

from __future__ import annotations

import itertools
import random

TALK = (
    "早上好呀", "哈哈哈哈", "收到", "谢谢大家", "今天白菜两块五", "接龙 土鸡蛋 1.王 2箱 2.李 1箱", "这天真热",
    "晚上跳舞去不去", "孩子作业还没写完", "谁家有梯子借一下", "停车费多少一个月", "堵死我了路上", "好的好的",
    "明天超市打折", "有没有拼单的", "看到了", "这个视频真好笑", "周末去爬山", "快递放门口了", "下班了没",
    "煮了一锅红烧肉 香", "我家猫又胖了", "几点开会", "在吗", "辛苦了", "天气预报说有雨", "路灯已经修好了谢谢",
    "昨天的球赛看了吗", "祝大家周末愉快", "菜场的鱼新鲜", "👍👍", "哪里修鞋", "我也觉得", "嗯嗯", "不错不错",
)  # fmt: skip
TROUBLE = (
    "{n}号楼楼道灯不亮了", "{n}号楼下水道堵了,水漫出来了", "{n}号楼电梯又停了", "{n}号楼单元门锁坏了",
    "{n}号楼没水了", "{n}号楼前面垃圾堆成山没人收", "{n}号楼消防通道被车堵住了", "{n}号楼暖气不热",
)  # fmt: skip


def mix(count: int, *, reports: float, seed: int = 7) -> list[str]:
    """`count` lines, `reports` (0 … 1) of them reports, each report at a place of its own."""
    dice = random.Random(seed)
    numbers = itertools.count(1)
    return [
        dice.choice(TROUBLE).format(n=next(numbers)) if dice.random() < reports else dice.choice(TALK)
        for _ in range(count)
    ]
