"""gridbot check, the part about WeChat: per channel what is set, what is missing, what it can do there.

Nothing is tried against the platform: a second connection would take the 智能机器人 away from a gridbot that
is running, and a webhook can only be tried by speaking in a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gridbot.cli.common import opened

if TYPE_CHECKING:
    from gridbot.settings import Settings

Finding = tuple[bool | None, str]

FOR_RESIDENTS = {
    "wecom_aibot": "hears @ in groups of corp members, buttons; not in residents' own WeChat groups"
    " 企业微信内部群里被@才听得见;居民的普通微信群进不去",
    "wecom_kf": "one to one with ordinary WeChat by a QR code (gridbot poster), five messages in 48 hours"
    " 居民微信扫码一对一;居民不开口48小时后我说不了",
    "wecom_report": "reads the orders residents file, answers nothing; close them in WeCom too"
    " 读居民上报的单子,不能回话;办完请在企业微信里也点办结",
    "paste": "no bot may sit there; records and answers are pasted by hand (/console/paste)"
    " 居民的普通微信群进不去,靠人贴",
    "wecom_webhook": "announces in groups of corp members, hears nothing 只发通知,听不见",
}


def findings(house: Settings, *, ready: bool) -> Iterator[Finding]:
    """`ready`: the database can be read."""
    yield from _aibot(house)
    yield from _webhooks(house, _bound(house) if ready and house.hooks else {})
    yield from _kf(house, ready)
    yield from _orders(house)
    yield from _by_hand(house, ready)


def _aibot(house: Settings) -> Iterator[Finding]:
    if not house.wecom_aibot:
        yield (
            None,
            "no WeCom 智能机器人: GRIDBOT_WECOM_AIBOT and GRIDBOT_WECOM_AIBOT_SECRET 没有企业微信机器人",
        )
        return
    yield True, f"WeCom 智能机器人 {house.wecom_aibot}: {FOR_RESIDENTS['wecom_aibot']}"
    if not house.wecom_aibot_name:
        yield (
            None,
            "GRIDBOT_WECOM_AIBOT_NAME is empty: a name with blanks stays in what is heard 没写机器人的名字",
        )


def _webhooks(house: Settings, bound: dict[str, bool]) -> Iterator[Finding]:
    if house.hooks:
        yield True, f"WeCom webhooks: {FOR_RESIDENTS['wecom_webhook']}"
    for hook in house.hooks:
        if hook.name not in bound and not hook.chat:
            yield (
                None,
                f"{hook.name}: no group of the directory has wecom_webhook: {hook.name} 名单里没有群用它",
            )
        elif bound.get(hook.name) is False:
            yield False, f"{hook.name}: this webhook was refused, its robot may be gone 机器人可能被删了"


def _kf(house: Settings, ready: bool) -> Iterator[Finding]:
    if not house.kf:
        yield (
            None,
            "no 微信客服: GRIDBOT_WECOM_CORP, GRIDBOT_WECOM_KF_SECRET, _TOKEN and _AES_KEY 没有微信客服",
        )
        return
    yield True, f"微信客服 (callback https://<this host>/wecom/kf): {FOR_RESIDENTS['wecom_kf']}"
    if ready and not _accounts(house):
        yield (
            False,
            "no account is bound: wecom_kf: <open_kfid> beside a group 名单里没有客服账号,谁的话都不听",
        )


def _orders(house: Settings) -> Iterator[Finding]:
    if not house.report:
        yield None, "no 居民上报: GRIDBOT_WECOM_CORP and GRIDBOT_WECOM_REPORT_SECRET 没有居民上报"
        return
    yield True, f"居民上报: {FOR_RESIDENTS['wecom_report']}"


def _by_hand(house: Settings, ready: bool) -> Iterator[Finding]:
    """Ordinary WeChat groups: who pastes where, and whom nobody can be reached for."""
    said = f"ordinary WeChat groups: {FOR_RESIDENTS['paste']}"
    if not ready:
        yield None, said
        return
    from gridbot.cli.common import now
    from gridbot.desk import paste_queue
    from gridbot.store.tables import chats

    which = (chats.c.platform == "paste") & chats.c.node_id.is_not(None)
    with opened(house) as database, database.read() as db:
        groups = db.execute(chats.select().where(which).order_by(chats.c.id)).all()
        alone = [row.title for row in groups if paste_queue.keeper_of(db, row, now()) is None]
    yield (True if groups else None), f"{said} ({len(groups)})"
    for title in alone:
        yield (
            None,
            f"{title}: nobody can be reminded to paste, look at /console/paste 没有人可提醒,请看网页",
        )


def _accounts(house: Settings) -> list[str]:
    """The 微信客服 accounts that the directory binds to a grid."""
    import sqlalchemy as sa

    from gridbot.store.tables import chats

    query = sa.select(chats.c.chat).where(
        chats.c.platform == "wecom_kf", chats.c.kind == "group", chats.c.community_id.is_not(None)
    )
    with opened(house) as database, database.read() as db:
        return list(db.execute(query).scalars())


def _bound(house: Settings) -> dict[str, bool]:
    """The webhooks that the directory binds, and whether they can be written to."""
    import sqlalchemy as sa

    from gridbot.store.tables import chats

    query = sa.select(chats.c.chat, chats.c.bot, chats.c.active).where(
        chats.c.platform == "wecom_webhook", chats.c.community_id.is_not(None)
    )
    with opened(house) as database, database.read() as db:
        return {row.chat: row.active or not row.bot for row in db.execute(query)}  # no bot: never served
