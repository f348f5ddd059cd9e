"""What the platform's errcode means for the row that was to be said: one table.

Codes and meanings: developer.work.weixin.qq.com path 90313 (全局错误码), 99110 (webhook), 101463 (aibot),
94677 (微信客服), developers.weixin.qq.com (公众号); those of the aibot socket that no page lists are marked
"seen". A code that is not here is a refusal for good: trying again would say nothing new.
"""

from __future__ import annotations

from dataclasses import replace

from gridbot.messages import Fault, Outcome, SendResult

#: the token of an app is not (or no longer) good: fetch another once, then give up
TOKEN_STALE = frozenset({40001, 40014, 42001})


def _retry(after: float, *, whole_bot: bool = False) -> SendResult:
    return SendResult(Outcome.RETRY, retry_after=after, whole_bot=whole_bot)


def _never(fault: Fault | None = None) -> SendResult:
    return SendResult(Outcome.PERMANENT, fault=fault)


def _parked() -> SendResult:
    return SendResult(Outcome.PARKED)


MEANING: dict[int, tuple[SendResult, str]] = {
    0: (SendResult(Outcome.SENT), "ok"),
    -1: (_retry(5), "system busy; at most three tries are advised, and waits"),
    6000: (_retry(2), "two writers at once (seen on the socket)"),
    40001: (_never(Fault.UNAUTHORIZED), "wrong secret"),
    40013: (_never(Fault.UNAUTHORIZED), "wrong corp id"),
    40091: (_never(Fault.UNAUTHORIZED), "wrong secret"),
    93019: (_never(Fault.UNAUTHORIZED), "unknown bot"),
    853000: (_never(Fault.UNAUTHORIZED), "wrong secret of a bot (seen)"),
    40014: (_retry(60, whole_bot=True), "a fresh token is not known everywhere yet"),
    42001: (_retry(60, whole_bot=True), "the same: expired, though fresh"),
    45009: (_retry(60), "too many calls: per app, or 20 a minute per webhook; waits a minute"),
    45011: (_retry(60), "too many calls a minute"),
    45033: (_retry(5, whole_bot=True), "too many calls at once"),
    45047: (_parked(), "客服消息: all of this person's answers are used up"),
    45015: (_parked(), "客服消息: nobody wrote for 48 hours"),
    95001: (_parked(), "微信客服: five answers are used up"),
    95002: (_parked(), "微信客服: nobody wrote for 48 hours"),
    95004: (_never(), "微信客服: no such account"),
    95017: (_never(), "微信客服: this account may not be used by programs (通过API管理)"),
    95018: (_parked(), "微信客服: a colleague has the conversation"),
    130101: (_retry(60), "too many into one webhook (reported once)"),
    846601: (_retry(2), "the socket's subscription is being replaced (seen)"),
    846602: (_retry(2), "the same (seen)"),
    846609: (_retry(2), "the socket is not subscribed (any more): it connects anew (seen)"),
    60020: (_retry(600, whole_bot=True), "our address is not among 企业可信IP: waits for the admin"),
    60111: (_never(Fault.BLOCKED), "no such member"),
    81013: (_never(Fault.BLOCKED), "nobody of those named may see the app"),
    86003: (_never(Fault.KICKED), "no such group chat"),
    93000: (_never(Fault.KICKED), "this webhook is gone: its robot was removed"),
    93001: (_never(Fault.KICKED), "not in this group, or not allowed to speak in it"),
    93004: (_never(Fault.KICKED), "the robot was switched off"),
    93006: (_never(Fault.KICKED), "no such chat"),
    93008: (_never(Fault.KICKED), "not in this group"),
    40008: (_never(), "no such kind of message"),
    40058: (_never(), "a parameter is wrong"),
    44004: (_never(), "nothing in it"),
    45002: (_never(), "too long"),
}


def meaning(code: int, words: str = "", *, private: bool = False) -> SendResult:
    """What became of a message, by its errcode. `private`: being refused means the person shut us out."""
    result, remark = MEANING.get(code, (_never(), words or "refused"))
    if private and result.fault is Fault.KICKED:
        result = replace(result, fault=Fault.BLOCKED)
    return result if code == 0 else replace(result, reason=f"errcode {code}: {remark}"[:200])
