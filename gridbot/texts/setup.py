"""What gridbot setup says: one question a step, and at the end what a bot cannot do."""

from __future__ import annotations

CHANNELS = (
    "要接哪一个? (其余的以后再接)\n"
    "  1  Telegram\n"
    "  2  WeCom 企业微信(单位要认证过)\n"
    "  3  none 都没有:先用网页,把微信群的聊天记录贴进来"
)
CHOICE = "1/2/3"
TELEGRAM = (
    "Telegram: write to @BotFather, /newbot, and copy the token. 向 @BotFather 申请机器人,把令牌贴过来。"
)
WECOM = (
    "企业微信管理后台 → 智能机器人 → 新建 → API 模式 → 长连接,把 Bot ID 和 Secret 抄过来。"
    "接着把机器人加进网格长群,在群里@它说句话。"
)
BOT, SECRET, BOT_NAME = "Bot ID", "Secret", "机器人的名字(群里@它时显示的)"
HOOK = "群里的消息推送(可不填;写成 群名:key)"
KF = "还要接微信客服吗?居民用普通微信扫码就能一对一说(要认证过的单位)"
CORP, KF_SECRET, KF_TOKEN, KF_KEY = "企业 ID", "微信客服 Secret", "回调 Token", "EncodingAESKey"
RUNNING = "gridbot 正在运行,这会儿不试连接(一试就把它顶下来)。写好后重启它。"


def no_such_channel(said: str) -> str:
    return f"{said}: choose 1, 2 or 3. 请选1、2或3。"


def connected(bot: str) -> str:
    return f"连上了:{bot}"


def refused(bot: str) -> str:
    return f"WeCom refuses {bot}: id or secret are wrong. 企业微信不认这个 Bot ID 或 Secret,请再核对。"


def unreachable(bot: str) -> str:
    return (
        f"WeCom cannot be reached for {bot}; nothing was written. 连不上企业微信,什么都没改。请看网络或代理。"
    )


def corp_refused(code: int) -> str:
    return f"WeCom refuses corp id or 微信客服 secret (errcode {code}). 企业 ID 或 Secret 不对。"


def written(file: str) -> str:
    return f"Written: {file}. Next: gridbot import FILE, then gridbot serve. 下一步:导入名单,再运行。"


LAST = """
居民的普通微信群,我进不去。
谁家的机器人都进不去:微信没有这样的接口,偷偷用外挂会封号,我不干。能做的是:
  · 贴聊天记录:网页 /console/paste,或者私下把聊天记录贴给我。像报事的我挑出来,您点头才立案;
    要回群里的话我写好,到点提醒人去贴,贴了打个勾。加群:微信群 一网格微信群 一网格
  · 微信客服:gridbot poster 出一张二维码海报,贴在楼道、发在群里,居民扫码一对一跟我说。
  · 居民上报:单位开通了的,居民在群里@居民助理填单,我来接着办。
  · 居民愿意加入单位企业微信的群,我能进,@我就听得见。
"""
