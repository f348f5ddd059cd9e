"""Configuration: every mistake is a sentence that names the value and what would be right."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
import structlog

from gridbot import settings
from gridbot.settings import ROLES, Address, Admin, Log, SettingsError, configure_logging, load

TOKEN = "7000000001:AAH-abcdefghijklmnopqrstuvwxyz0123456"


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> settings.Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"GRIDBOT_{name}", value)
    return load()


def test_with_nothing_set_there_is_a_file_of_ones_own(tmp_path: Path) -> None:
    found = load()
    assert found.database == f"sqlite:///{tmp_path}/home/data/gridbot/gridbot.db"
    assert (found.http, found.roles, found.admins, found.token) == (Address("127.0.0.1", 8000), ROLES, (), "")
    assert found.telegram_api == "https://api.telegram.org"
    assert found.log == Log("info", "auto")


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = read(
        monkeypatch,
        DATABASE="postgresql://u:p@db/gridbot",
        HTTP="[::1]:8080",
        ROLES="clock, web",
        ADMINS="telegram:123, telegram:123,simulator:刘书记",
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_API="http://127.0.0.1:9000/",
        TELEGRAM_WEBHOOK="https://bot.example.org/hook",
        TELEGRAM_SECRET="a-long_word",
        PROXY="socks5://u:p@127.0.0.1:1080",
        INTENTS=str(tmp_path),
        CACHE=str(tmp_path / "cache"),
        HEARTBEAT_URL="https://hc.example.org/ping/abc",
        LOG="json,debug",
    )
    assert found.http == Address("::1", 8080)
    assert str(found.http) == "[::1]:8080"
    assert found.roles == ("web", "clock")
    assert found.admins == (Admin("telegram", "123"), Admin("simulator", "刘书记"))
    assert found.token == TOKEN
    assert found.telegram_api == "http://127.0.0.1:9000"
    assert found.log == Log("debug", "json")
    assert found.intents == tmp_path


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE", "gridbot.db", "needs sqlite:///"),
        ("DATABASE", "mysql://x/y", "or postgresql://"),
        ("DATABASE", "sqlite://", "needs sqlite:///"),
        ("HTTP", "8000", "'8000' is not host:port; for example 127.0.0.1:8000"),
        ("HTTP", "127.0.0.1:http", "is not host:port"),
        ("HTTP", "127.0.0.1:70000", "is not host:port"),
        ("ROLES", "web,sendr", "'sendr' is no role; did you mean sender?"),
        ("ROLES", "web", "on SQLite one process does everything"),
        ("ADMINS", "telegarm:1", "did you mean telegram?"),
        ("ADMINS", "telegram:liu", "a Telegram account is a number"),
        ("ADMINS", "123", "write telegram:123456789"),
        ("TELEGRAM_TOKEN", "123", "does not look like a bot token"),
        ("TELEGRAM_API", "api.telegram.org", "begins with https:// or http://"),
        ("TELEGRAM_WEBHOOK", "https://bot.example.org", "needs GRIDBOT_TELEGRAM_SECRET"),
        ("TELEGRAM_SECRET", "with space", "A-Z a-z 0-9"),
        ("TELEGRAM_TOKEN_FILE", "/nowhere/token", "cannot be read"),
        ("PROXY", "127.0.0.1:1080", "socks5://"),
        ("PROXY", "ftp://x", "socks5://"),
        ("INTENTS", "/nowhere", "there is no folder '/nowhere'"),
        ("HEARTBEAT_URL", "x", "begins with"),
        ("LOG", "verbose", "neither a level nor a form"),
        ("LOG", "jsn", "did you mean json?"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, **{name: value})
    assert f"GRIDBOT_{name}" in str(caught.value)
    assert said in str(caught.value)


def test_a_webhook_needs_https(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="https:// addresses only"):
        read(monkeypatch, TELEGRAM_WEBHOOK="http://bot.example.org", TELEGRAM_SECRET="x")
    assert read(monkeypatch, TELEGRAM_WEBHOOK="http://127.0.0.1:1/x").telegram_webhook  # a test's own


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, HTTP="x", LOG="y")
    assert len(str(caught.value).splitlines()) == 2


def test_a_name_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, TELEGRAM_TOKN=TOKEN, DATABSE="x")
    assert "There is no setting GRIDBOT_TELEGRAM_TOKN (in the environment)" in str(caught.value)
    assert "did you mean GRIDBOT_DATABASE?" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, HTTP="", PROXY="", ADMINS="").http == Address("127.0.0.1", 8000)


# --- files ---------------------------------------------------------------------------------------


def settings_file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_file_is_read_and_the_environment_is_above_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = settings_file(tmp_path / "x.env", "# 注释\nGRIDBOT_HTTP=0.0.0.0:9\nGRIDBOT_ADMINS=telegram:1\n")
    monkeypatch.setenv("GRIDBOT_HTTP", "0.0.0.0:10")
    found = load(file)
    assert (found.http.port, found.admins) == (10, (Admin("telegram", "1"),))
    monkeypatch.setenv("GRIDBOT_ENV_FILE", str(file))
    assert load().admins == (Admin("telegram", "1"),)


def test_what_setup_wrote_is_found() -> None:
    settings_file(settings.config_file(), f"GRIDBOT_TELEGRAM_TOKEN={TOKEN}\n")
    assert load().token == TOKEN


def test_a_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"no settings file '/nowhere/x\.env'"):
        load(Path("/nowhere/x.env"))
    monkeypatch.setenv("GRIDBOT_ENV_FILE", "/nowhere/y.env")
    with pytest.raises(SettingsError, match="nowhere/y"):
        load()


def test_a_name_in_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no setting GRIDBOT_HTPP \(in .*did you mean GRIDBOT_HTTP"):
        load(settings_file(tmp_path / "x.env", "GRIDBOT_HTPP=x:1\n"))
    with pytest.raises(SettingsError, match="no setting HTTP"):
        load(settings_file(tmp_path / "x.env", "HTTP=x:1\n"))


def test_a_token_others_could_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="chmod 600"):
        load(settings_file(tmp_path / "x.env", f"GRIDBOT_TELEGRAM_TOKEN={TOKEN}\n", 0o644))
    load(settings_file(tmp_path / "y.env", "GRIDBOT_HTTP=x:1\n", 0o644))  # nothing secret in it
    token = settings_file(tmp_path / "token", f"{TOKEN}\n", 0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read(monkeypatch, TELEGRAM_TOKEN_FILE=str(token))
    token.chmod(0o640)
    assert read(monkeypatch, TELEGRAM_TOKEN_FILE=str(token)).token == TOKEN
    with pytest.raises(SettingsError, match="both set"):
        read(monkeypatch, TELEGRAM_TOKEN=TOKEN)


# --- secrets and logs ----------------------------------------------------------------------------


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch,
        DATABASE="postgresql://u:canary1@db/x",
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_SECRET="canary2",
        PROXY="http://u:canary3@p:1",
        HEARTBEAT_URL="https://h/canary4",
    )
    shown = f"{found!r} {found!s}"
    assert "canary" not in shown
    assert TOKEN not in shown


def test_no_secret_is_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, TELEGRAM_TOKEN="canary-of-a-token", DATABASE="mysql://u:canary@x/y", HTTP="x")
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_every_way_into_the_log_leads_through_the_masker(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours, a library's, an exception's: no token, no phone."""
    configure_logging(Log("debug", "json"))
    for name in ("httpx", "uvicorn.access", "lib"):  # whatever tests before made of them
        logging.getLogger(name).setLevel(logging.DEBUG)
    log = structlog.get_logger("gridbot")
    log.info("called", url=f"https://api.telegram.org/bot{TOKEN}/getMe", who={"phone": "13812345678"})
    log.info("数字", number=13812345678, count=3, other=Path("/home/13812345678"))
    logging.getLogger("httpx").info('HTTP Request: GET https://x/bot%s/getMe "200"', TOKEN)
    logging.getLogger("uvicorn.access").info("GET /?q=%s", "138 1234 5678")
    logging.getLogger("lib").warning("extra", extra={"line": "一三八一二三四五六七八"})
    try:
        raise ValueError(f"call 13812345678 with {TOKEN}")
    except ValueError:
        log.exception("it broke")
        logging.getLogger("lib").exception("it broke there")
    out = capsys.readouterr().err
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 7
    assert "13812345678" not in out
    assert "138 1234" not in out
    assert TOKEN.split(":")[1] not in out
    assert lines[1]["count"] == 3
    assert "ValueError" in lines[5]["exception"]
    assert {line["level"] for line in lines} == {"info", "warning", "error"}


def test_the_console_form_masks_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Log("info", "console"))
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    logging.getLogger("httpx").info("GET https://x/bot%s/getMe", TOKEN)
    logging.getLogger("httpx").debug("unseen")
    out = capsys.readouterr().err
    assert TOKEN.split(":")[1] not in out
    assert "unseen" not in out


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (Path(__file__).parent.parent / "deploy/example.env").read_text(encoding="utf-8")
    written = {
        line.lstrip("# ").split("=")[0]
        for line in text.splitlines()
        if line.lstrip("# ").startswith("GRIDBOT_") and "=" in line
    }
    assert written == set(settings.names())


def test_the_example_is_itself_valid(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent / "deploy/example.env"
    load(settings_file(tmp_path / "x.env", example.read_text(encoding="utf-8")))
    assert "GRIDBOT_HTTP" not in os.environ
