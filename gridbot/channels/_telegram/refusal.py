"""What an exception of python-telegram-bot means for the row that was to be sent.

The question behind every branch is: may the message have arrived? If surely not, it is tried again;
if nobody can tell (the answer was lost), the outcome is UNKNOWN; if it never will, PERMANENT.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
from telegram import error as bad

from gridbot.messages import Fault, Outcome, SendResult

#: the request did not leave this machine, or reached no further than the proxy
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_NOBODY_THERE = (
    "chat not found",
    "peer_id_invalid",
    "user is deactivated",
    "user_deactivated",
    "input_user_deactivated",
    "group chat was deactivated",
    "bot is not a member",
    "bot was kicked",
    "bot was blocked",
    "the group chat was deleted",
)
_TOO_BIG = ("request entity too large", "(413)")


def outcome(error: bad.TelegramError, *, private: bool, repeatable: bool) -> SendResult:
    """`repeatable`: doing it twice is the same as once (an edit, a reaction), so doubt means again."""
    if isinstance(error, bad.RetryAfter):
        return SendResult(Outcome.RETRY, reason="too many requests", retry_after=_seconds(error))
    if isinstance(error, bad.ChatMigrated):
        return SendResult(
            Outcome.RETRY,
            reason="the group has a new id",
            fault=Fault.MIGRATED,
            new_chat=str(error.new_chat_id),
        )
    if isinstance(error, bad.InvalidToken) and "method" not in error.message.lower():
        return SendResult(Outcome.PERMANENT, reason="the token is not accepted", fault=Fault.UNAUTHORIZED)
    gone = Fault.BLOCKED if private else Fault.KICKED
    if isinstance(error, bad.Forbidden):
        known = any(sign in error.message.lower() for sign in _NOBODY_THERE) or private
        return SendResult(Outcome.PERMANENT, reason=error.message, fault=gone if known else None)
    if isinstance(error, bad.BadRequest):
        nobody = any(sign in error.message.lower() for sign in _NOBODY_THERE)
        return SendResult(Outcome.PERMANENT, reason=error.message, fault=gone if nobody else None)
    if isinstance(error, bad.NetworkError):
        return _on_the_line(error, repeatable)
    return SendResult(Outcome.PERMANENT, reason=error.message)


def _on_the_line(error: bad.NetworkError, repeatable: bool) -> SendResult:
    words = error.message.lower()
    if any(sign in words for sign in _TOO_BIG):
        return SendResult(Outcome.PERMANENT, reason=error.message)
    cause = error.__cause__
    reason = error.message if cause is None else type(cause).__name__
    answered = cause is None and not isinstance(error, bad.TimedOut)  # an HTTP status, such as 502
    if repeatable or isinstance(cause, _NEVER_SENT) or (answered and "gateway time" not in words):
        return SendResult(Outcome.RETRY, reason=reason)
    return SendResult(Outcome.UNKNOWN, reason=reason)


def _seconds(error: bad.RetryAfter) -> float:
    after = error.retry_after  # a timedelta with PTB_TIMEDELTA set, as the library wants it
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
