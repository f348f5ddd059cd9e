"""gridbot setup for WeCom: what it needs, tried before anything is written."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gridbot.cli.common import ProblemError, read_settings, working
from gridbot.texts import setup as words

if TYPE_CHECKING:
    from gridbot.settings import Settings

PATIENCE = 12.0  #: seconds a connection may take


def ask(bot: str, secret_file: Path | None, name: str) -> dict[str, str]:
    """The 智能机器人, and where somebody sits at the keyboard, what goes with it."""
    from gridbot.settings import SettingsError, read_private

    typer.echo(words.WECOM)
    asked = sys.stdin.isatty()
    values = {"wecom_aibot": bot or _line(words.BOT)}
    values["wecom_aibot_secret"] = (
        read_private(secret_file, "The secret file", wrap=SettingsError)
        if secret_file
        else _line(words.SECRET, hidden=True)
    )
    name = name or (_line(words.BOT_NAME, default="") if asked else "")
    values |= {"wecom_aibot_name": name} if name else {}
    if asked:
        hook = _line(words.HOOK, default="")
        values |= {"wecom_webhooks": hook} if hook else {}
        values |= _kf() if typer.confirm(words.KF, default=False) else {}
    return values


def _kf() -> dict[str, str]:
    return {
        "wecom_corp": _line(words.CORP),
        "wecom_kf_secret": _line(words.KF_SECRET, hidden=True),
        "wecom_kf_token": _line(words.KF_TOKEN, hidden=True),
        "wecom_kf_aes_key": _line(words.KF_KEY, hidden=True),
    }


def _line(question: str, *, hidden: bool = False, default: str | None = None) -> str:
    return str(typer.prompt(question, hide_input=hidden, default=default, show_default=False)).strip()


def attempt(values: dict[str, str]) -> None:
    """Connects once. Raises ProblemError, SettingsError; says what it found."""
    house = read_settings(**values)
    if _runs(house):
        typer.echo(words.RUNNING)
        return
    with working("asking WeCom"):
        state = asyncio.run(_connect(house))
        code = asyncio.run(_corp(house)) if house.kf else 0
    if state != "connected":
        said = words.refused if state == "refused" else words.unreachable
        raise ProblemError(said(house.wecom_aibot))
    if code:
        raise ProblemError(words.corp_refused(code))
    typer.echo(words.connected(house.wecom_aibot))


def _runs(house: Settings) -> bool:
    from gridbot.store import upkeep

    if not house.sqlite:
        return False
    try:
        with upkeep.sole_use(house.database):
            return False
    except upkeep.InUseError:
        return True


async def _connect(house: Settings) -> str:
    """connected, refused, or anything else: it could not be reached."""
    from gridbot.channels._wecom.line import Line

    def heard(_raw: bytes, _frame: dict[str, Any] | None) -> None:
        """What is said in this moment WeCom does not keep; nobody is told of the bot yet."""

    secret = house.wecom_aibot_secret.get_secret_value()
    line = Line(house.wecom_aibot, secret, heard=heard, url=house.wecom_socket, proxy=house.proxy or None)
    stop = asyncio.Event()
    running = asyncio.create_task(line.run(stop))
    waiting = [asyncio.create_task(event.wait()) for event in (line.up, line.refused)]
    done, _ = await asyncio.wait(waiting, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    state = "" if not done else "refused" if line.refused.is_set() else "connected"
    stop.set()
    for task in waiting:
        task.cancel()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    return state


async def _corp(house: Settings) -> int:
    """0: corp id and 微信客服 secret are right; else WeCom's errcode, -1 where it cannot be reached."""
    from gridbot.channels._wecom.api import Credentials, RefusedError, UnreachableError, WecomApi

    api = WecomApi(house.wecom_api, proxy=house.proxy or None)
    try:
        await api.token(Credentials(house.wecom_corp, house.kf))
    except RefusedError as refused:
        return refused.code
    except UnreachableError:
        return -1
    finally:
        await api.close()
    return 0
