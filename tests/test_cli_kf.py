"""What the command line does about 微信客服 and 居民上报: posters, the grid tree of WeCom, check."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import segno
import sqlalchemy as sa
from PIL import Image

from gridbot.app_wechat import poster_maker, poster_of
from gridbot.cli import run
from gridbot.grid import posters
from gridbot.grid.actions import adopt_chats
from gridbot.grid.directory import DirectoryError
from gridbot.grid.directory_wecom import nodes, onto
from gridbot.grid.directory_yaml import read_yaml
from gridbot.grid.importing import import_directory
from gridbot.messages import Actor
from gridbot.pictures.poster import CODE, QUIET, WIDTH
from gridbot.settings import SettingsError, load
from gridbot.store import upkeep
from gridbot.store.db import Database
from gridbot.store.tables import chats, grid_nodes, places
from tests.cast import NOW
from tests.fakes.wecom_kf import AES_KEY, TOKEN, FakeKf
from tests.fakes.wecom_report import FakeReport
from tests.fakes.wecom_server import CORP, SECRET, FakeWecom
from tests.test_whole_kf import ACCOUNT, DIRECTORY
from tests.web.consoles import app_on, client_of

KF = {"CORP": CORP, "KF_SECRET": SECRET, "KF_TOKEN": TOKEN, "KF_AES_KEY": AES_KEY}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'cli.db'}"
    monkeypatch.setenv("GRIDBOT_DATABASE", url)
    upkeep.upgrade(url, copy=False)
    database = Database(url)
    database.write(lambda db: import_directory(db, read_yaml(DIRECTORY), actor=Actor.system(), now=NOW))
    for platform, bot in (("wecom_kf", CORP), ("telegram", "424242")):
        database.write(lambda db, p=platform, b=bot: adopt_chats(db, p, b, now=NOW))
    database.close()
    return url


@pytest_asyncio.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeWecom]:
    async with FakeWecom() as fake:
        monkeypatch.setenv("GRIDBOT_WECOM_API", fake.url)
        yield fake


def say(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"GRIDBOT_WECOM_{name}", value)


async def cli(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = await asyncio.to_thread(run, list(words))
    said = capsys.readouterr()
    return status, " ".join(f"{said.out} {said.err}".split())


# --- posters -------------------------------------------------------------------------------------


def test_the_code_on_the_poster_is_the_link() -> None:
    """Module by module; that a telephone's reader takes it was tried by hand with another library."""
    link = "https://work.weixin.qq.com/kf/kfcbf8f8d07ac7215f?enc_scene=ENCGFSDF567DF"
    page = Image.open(io.BytesIO(poster_of("青秀佳苑/一网格", link))).convert("L")
    matrix = [list(row) for row in segno.make_qr(link, error="q").matrix]
    size = CODE // (len(matrix) + 2 * QUIET)
    left, top = (WIDTH - size * (len(matrix) + 2 * QUIET)) // 2, 300
    for down, row in enumerate(matrix):
        for across, dark in enumerate(row):
            x, y = left + int((across + QUIET + 0.5) * size), top + int((down + QUIET + 0.5) * size)
            assert (page.getpixel((x, y)) < 128) == bool(dark), (across, down)


@pytest.mark.asyncio
async def test_a_poster_by_the_command_line(
    url: str,
    fake: FakeWecom,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    FakeKf(fake, now=lambda: NOW).account(ACCOUNT)
    file = tmp_path / "poster.png"
    status, said = await cli(capsys, "poster", "--grid", "一网格", "-o", str(file))
    assert status == 1 and "GRIDBOT_WECOM_KF_SECRET" in said and not file.exists()
    say(monkeypatch, **KF)
    status, said = await cli(capsys, "poster", "--grid", "一网格", "-o", str(file))
    assert status == 0 and "青秀佳苑/一网格" in said, said
    with Image.open(file) as picture:
        assert picture.size == (1240, 1754)
    database = Database(url)
    with database.read() as db:
        node = db.execute(sa.select(grid_nodes.c.id).where(grid_nodes.c.name == "一网格")).scalar_one()
    database.close()
    assert fake.calls[-1][1] == {"open_kfid": ACCOUNT, "scene": f"grid-{node}"}
    for words, told in (
        (("--grid", "一网格"), "is there already"),
        (("--grid", "八网格"), "青秀佳苑/二网格"),
    ):
        status, said = await cli(capsys, "poster", *words, "-o", str(file))
        assert status == 1 and told in said
    fake.fail("/cgi-bin/kf/add_contact_way", errcode=95017)
    status, said = await cli(capsys, "poster", "--grid", "一网格", "-o", str(tmp_path / "other.png"))
    assert status == 1 and "95017" in said and SECRET not in said


@pytest.mark.asyncio
async def test_posters_in_the_console(url: str, fake: FakeWecom, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKf(fake, now=lambda: NOW).account(ACCOUNT)
    say(monkeypatch, **KF)
    database = Database(url)
    async with client_of(app_on(database, local=True, poster=poster_maker(load()))) as client:
        page = (await client.get("/console/posters")).text
        with database.read() as db:
            place = posters.place(db, "青秀佳苑/二网格")
        assert f"/console/posters/{place.node_id}.png" in page and place.account == ACCOUNT
        picture = await client.get(f"/console/posters/{place.node_id}.png")
        assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")
        assert (await client.get("/console/posters/999.png")).status_code == 404
    async with client_of(app_on(database, local=True)) as client:
        assert "没配微信客服" in (await client.get("/console/posters")).text
        assert (await client.get(f"/console/posters/{place.node_id}.png")).status_code == 404
    async with client_of(app_on(database)) as client:
        assert (await client.get("/console/posters")).status_code == 401
    database.close()


# --- the grid tree of WeCom ----------------------------------------------------------------------

TREE = [
    {"grid_id": "g0", "grid_name": "青秀佳苑", "grid_admin": ["zhou"]},
    {"grid_id": "g1", "grid_name": "一网格", "grid_parent_id": "g0", "grid_admin": ["li"]},
    {"grid_id": "g3", "grid_name": "三网格", "grid_parent_id": "g0", "grid_admin": ["wu", "li"]},
    {"grid_id": "", "grid_name": "no id"},
    {"nonsense": 7},
]


@pytest.mark.asyncio
async def test_the_tree_of_wecom_adds_and_takes_nothing_away(
    url: str, fake: FakeWecom, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = FakeReport(fake, now=lambda: NOW)
    report.grids = TREE
    report.members = {"zhou": "周书记", "li": "李格长"}
    say(monkeypatch, CORP=CORP, REPORT_SECRET=SECRET)

    def look() -> tuple[int, int, list[str]]:
        database = Database(url)
        with database.read() as db:
            count = db.execute(sa.select(sa.func.count(places.c.id))).scalar_one()
            grids = db.execute(sa.select(sa.func.count()).where(grid_nodes.c.active.is_(True))).scalar_one()
            orders = db.execute(sa.select(chats.c.chat).where(chats.c.platform == "wecom_report")).scalars()
            found = (count, grids, sorted(orders))
        database.close()
        return found

    before = look()
    status, said = await cli(capsys, "import", "--from", "wecom", "--dry-run")
    assert status == 0 and look() == before, said
    assert "1个网格没有楼号:青秀佳苑/三网格" in said
    status, said = await cli(capsys, "import", "--from", "wecom", "--yes")
    assert status == 0, said
    assert look() == (before[0], before[1] + 1, ["g0", "g1", "g3"])
    status, said = await cli(capsys, "import", "--from", "wecom", "--yes")
    assert status == 0 and look() == (before[0], before[1] + 1, ["g0", "g1", "g3"])


@pytest.mark.asyncio
async def test_import_needs_one_source(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (("import",), ("import", "x.yaml", "--from", "wecom"), ("import", "--from", "elsewhere")):
        status, said = await cli(capsys, *words)
        assert status == 1 and "--from wecom" in said
    status, said = await cli(capsys, "import", "--from", "wecom")
    assert status == 1 and "GRIDBOT_WECOM_REPORT_SECRET" in said


def test_a_leader_who_is_known_gets_the_account_and_stays_one_person() -> None:
    directory = onto(read_yaml(DIRECTORY), nodes(TREE), {"li": "李格长"}, platforms=["wecom_report"])
    grids = dict(directory.walk())
    (li,) = grids["青秀佳苑/一网格"].leaders
    assert dict(li.accounts) == {"telegram": "2001", "wecom_report": "li"}
    assert [one.name for one in grids["青秀佳苑/三网格"].leaders] == ["wu", "李格长"]
    assert grids["青秀佳苑/二网格"].leaders[0].name == "孙格长"


@pytest.mark.parametrize(
    "tree",
    [
        [],
        [
            {"grid_id": "a", "grid_name": "甲", "grid_parent_id": "b"},
            {"grid_id": "b", "grid_name": "乙", "grid_parent_id": "a"},
        ],
        [{"grid_id": "a", "grid_name": "甲"}, {"grid_id": "b", "grid_name": "乙"}],
        [{"grid_id": f"n{i}", "grid_name": f"第{i}层", "grid_parent_id": f"n{i - 1}"} for i in range(12)],
    ],
)
def test_what_is_no_tree(tree: list[dict[str, str]]) -> None:
    with pytest.raises(DirectoryError):
        onto(None, nodes(tree), {}, platforms=["wecom_report"])


# --- settings and check --------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_check_says(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = await cli(capsys, "check")
    assert status == 0 and "没有微信客服" in said and "没有居民上报" in said, said
    say(monkeypatch, **KF, REPORT_SECRET=SECRET)
    status, said = await cli(capsys, "check")
    assert status == 0 and "扫码一对一" in said and "不能回话" in said and "/wecom/kf" in said
    for secret in (SECRET, TOKEN, AES_KEY):
        assert secret not in said
    database = Database(url)
    database.write(lambda db: db.execute(sa.delete(chats).where(chats.c.platform == "wecom_kf")))
    database.close()
    status, said = await cli(capsys, "check")
    assert status == 1 and "没有客服账号" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"KF_SECRET": "canary"}, "GRIDBOT_WECOM_CORP"),
        ({"REPORT_SECRET": "canary"}, "GRIDBOT_WECOM_CORP"),
        ({"CORP": CORP, "KF_SECRET": "canary"}, "set all three"),
        ({**KF, "KF_TOKEN": ""}, "set all three"),
        ({**KF, "KF_AES_KEY": "canary-too-short"}, "43 letters"),
    ],
)
def test_what_is_not_written_right(
    settings: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, **settings)
    with pytest.raises(SettingsError, match=words) as told:
        load()
    assert "canary" not in str(told.value)


def test_secrets_are_not_in_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, **KF, REPORT_SECRET="canary-report")
    found = load()
    assert found.live and found.kf == SECRET
    assert not any(secret in f"{found!r}" for secret in (SECRET, TOKEN, AES_KEY, "canary-report"))
