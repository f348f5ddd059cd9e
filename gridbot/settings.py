"""One frozen Settings: the only reader of the environment (but for failpoint). And the logs, which need it.

Every GRIDBOT_ name stands in deploy/example.env; one that does not exist is refused, because a misspelt
setting that is silently ignored is found out in the night. Errors are sentences; secrets are never in them.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GRIDBOT_"
ROLES = ("web", "ingest", "worker", "sender", "clock")
PLATFORMS = ("telegram", "simulator", "wecom_aibot")
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "console", "json")
ELSEWHERE = ("GRIDBOT_ENV_FILE", "GRIDBOT_FAIL", "GRIDBOT_TEST_", "GRIDBOT_EVALUATION")
"""What names may begin with that are read before, or outside of, Settings."""

_TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HOOK = re.compile(r"[^\s:,]{1,40}:[A-Za-z0-9-]{8,80}(:[A-Za-z0-9_-]{1,80})?")
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
_PROXIES = ("http", "https", "socks4", "socks5", "socks5h")


class SettingsError(Exception):
    """What is wrong with the configuration, a sentence a line."""


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Admin(NamedTuple):
    platform: str
    user: str


class Hook(NamedTuple):
    """A WeCom group webhook: its name, its key, and the group of the 智能机器人 it can speak for."""

    name: str
    key: str
    chat: str


class Log(NamedTuple):
    level: str
    format: str


# --- one parser per form; each says what would be right --------------------------------------------


def _written(parse: Callable[[str], Any]) -> BeforeValidator:
    """As it stands in the environment; a value made by a program goes as it is."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _database(value: str) -> str:
    if value.startswith("sqlite:///") and len(value) > len("sqlite:///"):
        return value
    if re.match(r"postgresql(\+psycopg)?://", value):
        return value
    raise ValueError("needs sqlite:///path/to/file.db or postgresql://user:password@host/name")


def _address(value: str) -> Address:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 65536):
        raise ValueError(f"{value!r} is not host:port; for example 127.0.0.1:8000")
    return Address(host.strip("[]"), int(port))


def _admins(value: str) -> tuple[Admin, ...]:
    found = []
    for one in filter(None, (part.strip() for part in value.split(","))):
        platform, _, user = one.partition(":")
        if platform not in PLATFORMS:
            near = _nearest(platform, PLATFORMS)
            raise ValueError(f"{one!r}: no channel is called {platform!r}{near}; write telegram:123456789")
        if not user or (platform == "telegram" and not user.isdecimal()):
            raise ValueError(f"{one!r}: a Telegram account is a number, not a name; write telegram:123456789")
        found.append(Admin(platform, user))
    return tuple(dict.fromkeys(found))


def _roles(value: str) -> tuple[str, ...]:
    names = [part.strip() for part in value.split(",") if part.strip()]
    for name in names:
        if name not in ROLES:
            raise ValueError(f"{name!r} is no role{_nearest(name, ROLES)}; there are {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in names) or ROLES


def _log(value: str) -> Log:
    level, shape = "info", "auto"
    for word in filter(None, (part.strip().lower() for part in value.split(","))):
        if word in LEVELS:
            level = word
        elif word in FORMATS:
            shape = word
        else:
            near = _nearest(word, (*LEVELS, *FORMATS))
            raise ValueError(f"{word!r} is neither a level nor a form{near}; for example info,json")
    return Log(level, shape)


def _token(value: str) -> SecretStr:
    text = value.strip()
    if text and not _TOKEN.fullmatch(text):
        raise ValueError(
            "does not look like a bot token (digits, a colon, 35 letters); copy it from @BotFather"
        )
    return SecretStr(text)


def _hook_secret(value: str) -> SecretStr:
    if value and not _SECRET.fullmatch(value):
        raise ValueError("may hold 1 to 256 of A-Z a-z 0-9 _ - only")
    return SecretStr(value)


def _aes_key(value: str) -> SecretStr:
    if value and not _AES_KEY.fullmatch(value):
        raise ValueError("needs the 43 letters and digits of EncodingAESKey")
    return SecretStr(value)


def _hooks(value: str) -> SecretStr:
    names = []
    for one in filter(None, (part.strip() for part in value.split(","))):
        if not _HOOK.fullmatch(one):
            raise ValueError(
                "needs name:key, or name:key:chatid where the aibot is in that group too; several by commas"
            )
        names.append(one.partition(":")[0])
    if len(set(names)) < len(names):
        raise ValueError("names one webhook twice")
    return SecretStr(value)


def _link(schemes: tuple[str, ...]) -> Any:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in schemes or not parts.hostname):
            raise ValueError(f"needs an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value.rstrip("/")

    return _written(check)


def _folder(value: str) -> Path:
    path = Path(value).expanduser()
    if not path.is_dir():
        raise ValueError(f"there is no folder {str(path)!r}")
    return path


def data_dir() -> Path:
    """Where a database lies that nobody named: the user's own data folder."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "gridbot"


def config_file() -> Path:
    """What `gridbot setup` writes, and what is read when no other file is named."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gridbot" / "gridbot.env"


def settings_file(named: Path | None) -> Path:
    """The file that is read: the one named, GRIDBOT_ENV_FILE's, or the user's own."""
    return named or Path(os.environ.get("GRIDBOT_ENV_FILE") or config_file())


def _cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gridbot"


class Settings(BaseSettings):
    """Read with `load`. What may hold a password is kept out of repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, extra="forbid", hide_input_in_errors=True
    )

    database: Annotated[str, _written(_database)] = Field(
        default_factory=lambda: f"sqlite:///{data_dir() / 'gridbot.db'}", repr=False
    )
    http: Annotated[Address, NoDecode, _written(_address)] = Address("127.0.0.1", 8000)
    roles: Annotated[tuple[str, ...], NoDecode, _written(_roles)] = ROLES
    admins: Annotated[tuple[Admin, ...], NoDecode, _written(_admins)] = ()
    telegram_token: Annotated[SecretStr, _written(_token)] = SecretStr("")
    telegram_token_file: str = ""
    telegram_api: Annotated[str, _link(("https", "http"))] = "https://api.telegram.org"
    telegram_webhook: Annotated[str, _link(("https", "http"))] = ""
    telegram_secret: Annotated[SecretStr, _written(_hook_secret)] = SecretStr("")
    wecom_aibot: str = ""
    wecom_aibot_secret: SecretStr = SecretStr("")
    wecom_aibot_name: str = ""
    wecom_webhooks: Annotated[SecretStr, _written(_hooks)] = SecretStr("")
    wecom_corp: str = ""
    wecom_kf_secret: SecretStr = SecretStr("")
    wecom_kf_token: SecretStr = SecretStr("")
    wecom_kf_aes_key: Annotated[SecretStr, _written(_aes_key)] = SecretStr("")
    wecom_report_secret: SecretStr = SecretStr("")
    wecom_api: Annotated[str, _link(("https", "http"))] = "https://qyapi.weixin.qq.com"
    wecom_socket: Annotated[str, _link(("wss", "ws"))] = "wss://openws.work.weixin.qq.com"
    proxy: Annotated[str, _link(_PROXIES)] = Field(default="", repr=False)
    intents: Annotated[Path | None, _written(_folder)] = None
    cache: Path = Field(default_factory=_cache_dir)
    console_url: Annotated[str, _link(("https", "http"))] = ""
    console_hours: Annotated[int, Field(ge=1, le=720)] = 12
    heartbeat_url: Annotated[str, _link(("https", "http"))] = Field(default="", repr=False)
    log: Annotated[Log, NoDecode, _written(_log)] = Log("info", "auto")

    @property
    def sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def token(self) -> str:
        """The Telegram token, or "" where there is none."""
        return self.telegram_token.get_secret_value()

    @property
    def live(self) -> bool:
        """Whether real people can be heard or written to."""
        return bool(self.token or self.wecom_aibot or self.hooks or self.kf or self.report)

    @property
    def kf(self) -> str:
        """The secret of 微信客服's app, or "" where there is none."""
        return self.wecom_kf_secret.get_secret_value()

    @property
    def report(self) -> str:
        """The secret of the app that may read 居民上报, or ""."""
        return self.wecom_report_secret.get_secret_value()

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The WeCom webhooks, in the order they are written in."""
        written = filter(None, (one.strip() for one in self.wecom_webhooks.get_secret_value().split(",")))
        return tuple(Hook(*(*one.split(":"), "")[:3]) for one in written)

    @model_validator(mode="before")
    @classmethod
    def _read_token_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        name = values.get("telegram_token_file")
        if not name:
            return values
        if values.get("telegram_token"):
            raise ValueError("GRIDBOT_TELEGRAM_TOKEN and GRIDBOT_TELEGRAM_TOKEN_FILE are both set: keep one")
        return values | {"telegram_token": read_private(Path(name), "GRIDBOT_TELEGRAM_TOKEN_FILE")}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.sqlite and self.roles != ROLES:
            raise ValueError(
                "GRIDBOT_ROLES: on SQLite one process does everything; leave it out, or use PostgreSQL"
            )
        if bool(self.wecom_aibot) != bool(self.wecom_aibot_secret.get_secret_value()):
            raise ValueError("GRIDBOT_WECOM_AIBOT and GRIDBOT_WECOM_AIBOT_SECRET belong together: set both")
        self._wecom_fits_together()
        hook = urlsplit(self.telegram_webhook)
        if self.telegram_webhook and not self.telegram_secret.get_secret_value():
            raise ValueError("GRIDBOT_TELEGRAM_WEBHOOK needs GRIDBOT_TELEGRAM_SECRET: any long random word")
        if hook.scheme == "http" and not _loopback(hook.hostname or ""):
            raise ValueError("GRIDBOT_TELEGRAM_WEBHOOK: Telegram brings updates to https:// addresses only")
        return self

    def _wecom_fits_together(self) -> None:
        if (self.kf or self.report) and not self.wecom_corp:
            raise ValueError(
                "GRIDBOT_WECOM_KF_SECRET and GRIDBOT_WECOM_REPORT_SECRET need GRIDBOT_WECOM_CORP"
            )
        ring = (self.wecom_kf_token.get_secret_value(), self.wecom_kf_aes_key.get_secret_value())
        if self.kf and not all(ring):
            raise ValueError(
                "GRIDBOT_WECOM_KF_SECRET needs GRIDBOT_WECOM_KF_TOKEN and GRIDBOT_WECOM_KF_AES_KEY: "
                "set all three"
            )


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- reading -------------------------------------------------------------------------------------


def load(env_file: Path | None = None, **over: str) -> Settings:
    """Reads the environment, and below it a file. `over` is above both: what an option of the command line
    says, by field."""
    named = settings_file(env_file)
    if not named.is_file():
        if env_file or "GRIDBOT_ENV_FILE" in os.environ:
            raise SettingsError(f"There is no settings file {str(named)!r}.")
        in_file: dict[str, str | None] = {}
    else:
        in_file = dotenv_values(named)
    _refuse_unknown(os.environ, "the environment", only_ours=True)
    _refuse_unknown(in_file, str(named), only_ours=False)
    if any(in_file.get(name) for name in secret_names()):
        read_private(named, "The settings file", wrap=SettingsError)
    try:
        options: dict[str, Any] = {"_env_file": named if in_file else None, "_env_file_encoding": "utf-8"}
        return Settings(**options | over)
    except ValidationError as trouble:
        lines = [_sentence(error) for error in trouble.errors(include_url=False, include_input=False)]
    raise SettingsError("\n".join(lines))  # outside of `except`: the cause would show the values


def names() -> tuple[str, ...]:
    """Every GRIDBOT_ name that is a setting."""
    return tuple(PREFIX + field.upper() for field in Settings.model_fields)


def secret_names() -> tuple[str, ...]:
    """Those that nobody else may read."""
    kept = (name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)
    return tuple(PREFIX + name.upper() for name in kept)


def read_private(path: Path, what: str, wrap: type[Exception] = ValueError) -> str:
    """The text of a file that others on this machine cannot read."""
    try:
        if path.stat().st_mode & 0o007:
            raise wrap(
                f"{what} {str(path)!r} can be read by everybody on this machine; run: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise wrap(
            f"{what} {str(path)!r} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8 text'}"
        ) from None


def _refuse_unknown(values: Mapping[str, Any], where: str, *, only_ours: bool) -> None:
    known = names()
    lines = [
        f"There is no setting {name} (in {where}){_nearest(name.upper(), known)}."
        for name in values
        if name.upper() not in known
        and not name.upper().startswith(ELSEWHERE)
        and (name.upper().startswith(PREFIX) or not only_ours)
    ]
    if lines:
        raise SettingsError("\n".join(lines))


def _nearest(word: str, words: tuple[str, ...] | list[str]) -> str:
    near = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _sentence(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{str(error['loc'][0]).upper()} {text}." if error["loc"] else f"{text}."


# --- logs ----------------------------------------------------------------------------------------


def _without_colour(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """uvicorn says everything twice, once for terminals."""
    event.pop("color_message", None)
    return event


def configure_logging(log: Log) -> None:
    """Ours and every library's lines take one way to stderr, and it leads through the masker."""
    import structlog

    from gridbot.privacy import mask_log

    shape = log.format if log.format != "auto" else "console" if sys.stderr.isatty() else "json"
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _without_colour,
    ]
    render: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if shape == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_log,
                render,
            ],
        )
    )
    structlog.configure(
        processors=[
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log.level.upper())
    for noisy in ("aiogram.event", "alembic", "apscheduler", "asyncio"):
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # they bring handlers that do not mask
        logging.getLogger(own).handlers.clear()
        logging.getLogger(own).propagate = True
