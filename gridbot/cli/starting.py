"""gridbot setup, gridbot check: before the first day, and on any other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridbot.cli import common, setup_wecom, wechat
from gridbot.cli.common import ProblemError, console, opened, read_settings, working
from gridbot.texts import setup as words

if TYPE_CHECKING:
    from gridbot.channels.telegram_in import BotIdentity
    from gridbot.settings import Settings


# --- setup ---------------------------------------------------------------------------------------


class Channel(StrEnum):
    TELEGRAM = "telegram"
    WECOM = "wecom"
    NONE = "none"


def setup(
    channel: Annotated[Channel | None, typer.Option("--channel", help="Which to set up. 接哪一个。")] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="File with the token, instead of asking. 令牌文件。")
    ] = None,
    bot: Annotated[str, typer.Option("--bot", help="WeCom: id of the 智能机器人. Bot ID。")] = "",
    bot_name: Annotated[str, typer.Option("--bot-name", help="WeCom: its name in groups. 机器人名字。")] = "",
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="WeCom: file with the secret. 密钥文件。")
    ] = None,
    admin: Annotated[str, typer.Option("--admin", help="telegram:123456789 管理员。")] = "",
    proxy: Annotated[str, typer.Option("--proxy", help="socks5://127.0.0.1:1080 代理。")] = "",
) -> None:
    """Ask what a channel needs, try it, and write the settings where only you can read them. 设置。"""
    from gridbot.settings import settings_file

    target = settings_file(common.env_file)
    channel = channel or _which(token_file, bot, secret_file)
    more = ({"proxy": proxy} if proxy else {}) | ({"admins": admin} if admin else {})
    if channel is Channel.TELEGRAM:
        values = {"telegram_token": _read_token(token_file) if token_file else _ask_token()} | more
        typer.echo(words.connected(f"@{_identity(read_settings(**values)).username}"))
    elif channel is Channel.WECOM:
        values = setup_wecom.ask(bot, secret_file, bot_name) | more
        setup_wecom.attempt(values)
    else:
        values = more
    if values:
        _write(target, {f"GRIDBOT_{key.upper()}": value for key, value in values.items()})
        typer.echo(words.written(str(target)))
    typer.echo(words.LAST)


def _which(token_file: Path | None, bot: str, secret_file: Path | None) -> Channel:
    """What was given says it; else one question."""
    if token_file:
        return Channel.TELEGRAM
    if bot or secret_file:
        return Channel.WECOM
    typer.echo(words.CHANNELS)
    chosen = str(typer.prompt(words.CHOICE, default="1")).strip().lower()
    by_number = dict(zip("123", Channel, strict=True))
    if chosen not in by_number and chosen not in set(Channel):
        raise ProblemError(words.no_such_channel(chosen))
    return by_number.get(chosen) or Channel(chosen)


def _ask_token() -> str:
    typer.echo(words.TELEGRAM)
    return str(typer.prompt("Token 令牌", hide_input=True)).strip()


def _read_token(file: Path) -> str:
    from gridbot.settings import SettingsError, read_private

    return read_private(file, "The token file", wrap=SettingsError)


def _identity(house: Settings) -> BotIdentity:
    from gridbot.channels.telegram_in import TelegramRefusedError, TelegramUnreachableError, get_identity

    try:
        with working("asking Telegram"):
            return asyncio.run(get_identity(house.token, house.telegram_api, house.proxy or None))
    except (TelegramRefusedError, TelegramUnreachableError) as error:
        raise ProblemError(str(error)) from None


def _write(target: Path, values: dict[str, str]) -> None:
    """Keeps the other lines of the file. Never readable by others, not for a moment."""
    old = target.read_text(encoding="utf-8").splitlines() if target.is_file() else []
    kept = [line for line in old if line.split("=")[0].strip() not in values]
    text = "\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = target.with_name(f".{target.name}.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(target)


# --- check ---------------------------------------------------------------------------------------


def check(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the platforms. 不联网。")] = False,
) -> None:
    """Is everything in order? Settings, database, word lists, rights in every channel. 体检。"""
    house, bad = read_settings(), 0
    for good, text in _findings(house, offline=offline):
        bad += good is False
        console().print(
            {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]·[/]"}[good], text, markup=True
        )
    if bad:
        raise ProblemError(f"{bad} to mend. 有{bad}处要处理。")


Finding = tuple[bool | None, str]
"""In order, not in order, or only worth knowing; and the sentence."""


FOR_RESIDENTS = (
    "hears and says everything in groups, one to one once somebody pressed Start; words cross the border"
    " 群里都听得见,能反应、能改;消息经境外服务器"
)


def _findings(house: Settings, *, offline: bool) -> Iterator[Finding]:
    from gridbot.store import upkeep

    yield True, "settings 设置"
    yield from _database(house)
    yield from _intents(house)
    yield from _tables(house)
    if not house.token:
        yield None, "no Telegram token: run gridbot setup, or gridbot demo to try 没有令牌"
    elif offline:
        yield None, f"Telegram not asked 未联网: {FOR_RESIDENTS}"
    else:
        yield from _telegram(house)
    yield from wechat.findings(house, ready=upkeep.current(house.database) == upkeep.head())


def _database(house: Settings) -> Iterator[Finding]:
    from gridbot.store import upkeep

    if house.sqlite:
        try:
            with upkeep.sole_use(house.database):
                pass
        except upkeep.InUseError as error:
            yield None, f"{error} 正在运行"
    revision = upkeep.current(house.database)
    if revision is None:
        yield None, "the database is empty: gridbot import makes it 数据库还是空的"
    elif revision != upkeep.head():
        yield (
            False,
            f"the database is at {revision}, this gridbot at {upkeep.head()}: run gridbot db upgrade 要升级",
        )
    else:
        yield True, "database 数据库"
        yield from _groups(house)


def _groups(house: Settings) -> Iterator[Finding]:
    """What the platforms last told about the bot's rights, group by group."""
    import sqlalchemy as sa

    from gridbot.store.tables import chats

    query = sa.select(chats).where(chats.c.kind == "group", chats.c.role != "unbound").order_by(chats.c.id)
    with opened(house) as database, database.read() as db:
        groups = list(db.execute(query))
    for group in groups:
        name = group.title or group.chat
        if not group.active:
            yield False, f"{name}: the bot is not in the group any more 已不在群里"
        elif group.rights and not {"read_all", "admin"} & set(group.rights):
            yield (
                False,
                f"{name}: sees only what is meant for it; make it an administrator 看不到群里的话",
            )
        else:
            yield True, f"{name} 群"


def _intents(house: Settings) -> Iterator[Finding]:
    from gridbot.understanding.intents import load_packs
    from gridbot.understanding.yamlfile import PackError

    try:
        packs = load_packs(*([house.intents] if house.intents else []))
    except PackError as error:
        yield False, str(error)
    else:
        yield True, f"{len(packs.types)} issue types 词库"


def _tables(house: Settings) -> Iterator[Finding]:
    """Holidays and make-up days, and limits: each mistake with its file and line."""
    from datetime import date, timedelta

    from gridbot.almanac import CalendarError, load_calendar
    from gridbot.cases.limitbook import load_book
    from gridbot.understanding.intents import default_folder
    from gridbot.understanding.yamlfile import PackError

    folder = house.intents or default_folder()
    try:
        calendar = load_calendar(folder / "calendar")
        load_book(folder / "limits")
    except (CalendarError, PackError) as error:
        yield False, str(error)
        return
    today = date.today()  # noqa: DTZ011 - the year is enough
    missing = calendar.unknown_years(today, today + timedelta(days=45))
    for year in missing:
        yield (
            None,
            f"no calendar/{year}.yaml: until then holidays by law, Monday to Friday 放假表没有",
        )
    if not missing:
        yield True, "holidays and limits 放假和时限"


def _telegram(house: Settings) -> Iterator[Finding]:
    try:
        bot = _identity(house)
    except ProblemError as error:
        yield False, str(error)
        return
    yield True, f"Telegram @{bot.username}: {FOR_RESIDENTS}"
    if not bot.reads_all:
        yield (
            None,
            "privacy mode is on: the bot must be an administrator of each group 请在群里设为管理员",
        )
