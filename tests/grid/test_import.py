"""A directory into the tables and out again, on both databases."""

from __future__ import annotations

import time
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.desk import packs
from gridbot.grid import queries
from gridbot.grid.actions import NotAllowedError, adopt_chats, import_directory, remember_person
from gridbot.grid.directory import Directory
from gridbot.grid.directory_files import read_directory
from gridbot.grid.directory_xlsx import read_xlsx, write_xlsx
from gridbot.grid.directory_yaml import read_yaml, write_yaml
from gridbot.grid.exporting import export_directory
from gridbot.grid.report import ImportRefusedError, ImportReport
from gridbot.messages import Actor, CaseState, ChatKind, ChatRole, Role
from gridbot.store import tables
from gridbot.store.db import Database
from tests.cast import NOW
from tests.grid.given import ADMIN, SAMPLES, SMALL, small

LATER = NOW.replace(hour=NOW.hour + 1)


def bring(db: Connection, directory: Directory, **more: Any) -> ImportReport:
    return import_directory(db, directory, actor=ADMIN, now=NOW, **more)


def node(db: Connection, path: str) -> int:
    query = sa.select(tables.grid_nodes.c.id).where(tables.grid_nodes.c.path == path)
    return int(db.execute(query).scalar_one())


def counts(db: Connection) -> dict[str, int]:
    names = ("grid_node", "place", "person", "identity", "holding", "unit", "service_day", "chat")
    return {
        name: db.execute(sa.select(sa.func.count()).select_from(tables.metadata.tables[name])).scalar_one()
        for name in names
    }


def test_first_import_then_nothing_changes(any_db: Connection) -> None:
    first = bring(any_db, small())
    assert first.created and first.community_id is not None
    assert {level: tally.added for level, tally in first.levels.items()} == {"二级网格": 1, "三级网格": 2}
    before = counts(any_db)
    again = bring(any_db, small())
    assert not again.created and not again.changes
    assert counts(any_db) == before
    assert again.sentences()[:2] == ["青秀佳苑社区:已有的社区", "二级网格 1 个,没有变化"]
    assert "网格长 2 位,已绑定 0/2" in again.sentences()


def test_a_dry_run_counts_the_same_and_writes_nothing(any_db: Connection) -> None:
    report = bring(any_db, small(), dry_run=True)
    assert report.community_id is None and report.created
    assert report.sentences()[-1] == "只是试一下,什么都没写。"
    assert set(counts(any_db).values()) == {0}
    assert any_db.execute(sa.select(tables.communities)).first() is None
    done = bring(any_db, small())
    assert done.levels == report.levels and done.units == report.units


def test_only_an_admin_imports(db: Connection) -> None:
    for role in (Role.RESIDENT, Role.LEADER, Role.UNIT):
        with pytest.raises(NotAllowedError):
            import_directory(db, small(), actor=Actor(1, role), now=NOW)


@pytest.mark.parametrize("name", ["sample", "taoyuan", "liangcheng-4"])
def test_samples_come_back_as_they_went_in(any_db: Connection, name: str) -> None:
    given = read_directory(SAMPLES / f"{name}.yaml")
    done = bring(any_db, given)
    assert done.community_id is not None
    found = export_directory(any_db, done.community_id)
    assert found == given
    file = BytesIO()
    write_xlsx(found, file)
    file.seek(0)
    assert read_yaml(write_yaml(found)) == given == read_xlsx(file)
    assert not bring(any_db, found).changes


def test_songshan_comes_in_within_seconds(any_db: Connection) -> None:
    began = time.perf_counter()
    done = bring(any_db, read_directory(SAMPLES / "songshan.yaml"))
    assert time.perf_counter() - began < 15, "about one second on an ordinary machine"
    assert sum(tally.added for level, tally in done.levels.items() if level != "一级网格") == 1165
    assert done.community_id is not None
    leaf = node(any_db, "嵩山路街道/云杉一社区/云杉一路10号院/微网格1")
    began = time.perf_counter()
    for _ in range(5):
        found = queries.responsible(any_db, done.community_id, leaf, "lighting", "inside", NOW)
    assert (time.perf_counter() - began) / 5 < 0.25, "a few milliseconds, 15 where nobody can be reached"
    names = {party.node_id: party.name for party in found if party.node_id}
    assert len(names) == 4, "nobody has an account yet: every level is in the list, nearest first"
    assert list(names) == [
        leaf,
        *(one.id for one in queries.load_tree(any_db, done.community_id).ancestors(leaf)),
    ]


def test_changed_added_removed(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    old = node(any_db, "青秀佳苑/二网格")
    version = any_db.execute(sa.select(tables.communities.c.version)).scalar_one()
    changed = read_yaml(
        SMALL.replace("[1号楼, 2号楼, 小广场]", "[1号楼, 5号楼]").replace("name: 二网格", "name: 三网格")
    )
    report = bring(any_db, changed)
    tally = report.levels["三级网格"]
    assert (tally.total, tally.added, tally.changed, tally.removed) == (2, 1, 1, 1)
    tree = queries.load_tree(any_db, done.community_id)
    assert set(tree.by_path) == {"青秀佳苑", "青秀佳苑/一网格", "青秀佳苑/三网格"}
    names = [row.name for row in queries.gazetteer_rows(any_db, done.community_id) if row.kind != "grid"]
    assert names == ["1号楼", "5号楼", "51号院"]
    assert any_db.execute(sa.select(tables.communities.c.version)).scalar_one() > version
    bring(any_db, small())
    assert node(any_db, "青秀佳苑/二网格") == old, "a grid that comes back is the same grid"


def test_who_is_not_named_any_more_leads_no_more(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    grid = node(any_db, "青秀佳苑/一网格")
    (li,) = queries.leaders_of(any_db, grid, NOW)
    case = {"community_id": done.community_id, "number": 128, "state": "accepted", "owner_id": li.person_id}
    chat = any_db.execute(sa.select(tables.chats.c.id)).scalar_one()
    more = {"types": ["lighting"], "data": {}, "chat_id": chat, "reported_at": NOW, "node_id": grid}
    any_db.execute(sa.insert(tables.cases).values(**case, **more))
    swapped = small("{name: 李格长, telegram: 2001}", "{name: 赵格长, telegram: 2005}")
    report = import_directory(any_db, swapped, actor=ADMIN, now=LATER)
    assert "李格长不再管青秀佳苑/一网格,手上还有没办完的:128,要转给别人" in report.warnings
    assert [one.name for one in queries.leaders_of(any_db, grid, LATER)] == ["赵格长"]
    assert li.person_id is not None
    assert not queries.roles_of(any_db, done.community_id, li.person_id, None, LATER)


def test_a_unit_with_open_cases_does_not_go(any_db: Connection) -> None:
    done = bring(any_db, small())
    unit = any_db.execute(sa.select(tables.units)).first()
    assert unit is not None
    chat = any_db.execute(sa.select(tables.chats.c.id)).scalar_one()
    values = {"community_id": done.community_id, "number": 9, "state": "waiting", "unit_id": unit.id}
    more = {"types": [], "data": {}, "chat_id": chat, "reported_at": NOW}
    any_db.execute(sa.insert(tables.cases).values(**values, **more))
    other = small(f"name: {unit.name}", "name: 别家物管")
    with pytest.raises(ImportRefusedError) as caught:
        bring(any_db, other)
    said = f"名单里没有单位「{unit.name}」了,可它手上还有没办完的事:9。先办完或转走"
    assert caught.value.problems == (said,)
    any_db.execute(sa.update(tables.cases).values(state=CaseState.CLOSED.value))
    bring(any_db, other)
    kept = any_db.execute(sa.select(tables.units.c.data).where(tables.units.c.id == unit.id)).scalar_one()
    assert kept["retired"]  # the closed case still names it


def test_a_grid_with_open_cases_does_not_go(any_db: Connection) -> None:
    done = bring(any_db, small())
    grid = node(any_db, "青秀佳苑/二网格")
    chat = any_db.execute(sa.select(tables.chats.c.id)).scalar_one()
    states = (CaseState.WAITING, CaseState.DONE, CaseState.CLOSED)
    for number, (state, column) in enumerate(
        zip(states, ("node_id", "level_node_id", "node_id"), strict=True), 7
    ):
        values = {"community_id": done.community_id, "number": number, "state": state.value, column: grid}
        more = {"types": [], "data": {}, "chat_id": chat, "reported_at": NOW}
        any_db.execute(sa.insert(tables.cases).values(**values, **more))
    before = counts(any_db)
    without = read_yaml(
        "\n".join(
            line for line in SMALL.replace("三级网格: 2", "三级网格: 1").splitlines() if "二网格" not in line
        )
    )
    with pytest.raises(ImportRefusedError) as caught:
        bring(any_db, without)
    assert caught.value.problems == ("名单里没有青秀佳苑/二网格了,可那里还有没办完的事:7、8。先办完或转走",)
    assert counts(any_db) == before
    assert bring(any_db, without, dry_run=True).problems == caught.value.problems
    any_db.execute(sa.update(tables.cases).values(state=CaseState.CLOSED.value))
    assert bring(any_db, without).levels["三级网格"].removed == 1


def test_a_grid_with_a_group_does_not_go(db: Connection) -> None:
    bring(db, small())
    lost = read_yaml(
        SMALL.replace("name: 一网格\n", "name: 新网格\n")
        .replace("groups:\n  - {name: 一网格居民群", "units_: \n#")
        .replace("units_: \n#, grid: 青秀佳苑/一网格, telegram: -1001}", "")
    )
    with pytest.raises(ImportRefusedError, match="还有群绑在那里:一网格居民群"):
        bring(db, lost)


def test_a_group_of_another_community_is_not_taken(any_db: Connection) -> None:
    bring(any_db, small())
    other = small("community: 青秀佳苑社区", "community: 别的社区")
    with pytest.raises(ImportRefusedError, match="已经是青秀佳苑社区的群"):
        bring(any_db, other)
    assert len(any_db.execute(sa.select(tables.communities)).all()) == 1


def test_nothing_half_imported(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the middle leaves the tables as they were."""
    from gridbot.grid import importing

    def fault(*_args: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(importing, "bump_version", fault)
    with pytest.raises(RuntimeError):
        database.write(lambda db: bring(db, small()))
    with database.read() as db:
        assert set(counts(db).values()) == {0}
        assert db.execute(sa.select(tables.communities)).first() is None


def test_a_section_left_out_is_left_alone(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    grids_alone = read_yaml(SMALL[: SMALL.index("groups:")])
    report = bring(any_db, grids_alone)
    assert not report.changes and (report.units.total, report.service_days.total, report.groups.total) == (
        1,
        1,
        1,
    )
    found = export_directory(any_db, done.community_id)
    assert found.units and found.service_days and found.groups and found.admins


def test_units_and_days_that_are_not_listed_go(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    report = bring(
        any_db,
        small("{name: 物业, ", "{name: 市政, ").__class__(
            **{
                **{
                    name: getattr(small(), name)
                    for name in ("community", "grids", "groups", "admins", "service_days")
                },
                "units": small("{name: 物业, ", "{name: 市政, ").units,
            }
        ),
    )
    assert (report.units.added, report.units.removed) == (1, 1)
    assert [unit.name for unit in queries.unit_scopes(any_db, done.community_id)] == ["市政"]


def test_an_officer_of_two_communities(any_db: Connection) -> None:
    """街道: one account, named in both directories; taken out of one he stays until he is dismissed."""
    named = small("admins:", "officers: [{name: 赵科, telegram: 5001}]\nadmins:")
    both = [
        bring(any_db, replace(named, community=name, groups=())).community_id for name in ("甲社区", "乙社区")
    ]
    assert packs.communities_of(any_db, "telegram", "5001") == both
    for one in both:
        assert one is not None and packs.officers(any_db, one) == [("telegram", "5001")]
        assert export_directory(any_db, one).officers == named.officers
    bring(any_db, replace(small(), community="甲社区", groups=()))
    assert packs.communities_of(any_db, "telegram", "5001") == both


def test_admins_are_only_added(any_db: Connection) -> None:
    done = bring(any_db, small())
    bring(any_db, small("{name: 管理员, telegram: 9001}", "{name: 新来的, telegram: 9002}"))
    assert done.community_id is not None
    assert len(queries.admins(any_db, done.community_id)) == 2


def test_a_resident_who_calls_himself_leader_gets_nothing(any_db: Connection) -> None:
    done = bring(any_db, small("- name: 一网格\n", "- name: 一网格\n        liaisons: []\n"))
    assert done.community_id is not None
    troll = remember_person(any_db, done.community_id, "telegram", "6666", "钱格长", now=NOW)
    bring(any_db, small("leaders: []", "leaders: [钱格长]"))
    assert not queries.roles_of(any_db, done.community_id, troll, None, NOW)
    (real,) = queries.leaders_of(any_db, node(any_db, "青秀佳苑/二网格"), NOW)
    assert real.person_id != troll


def test_a_resident_named_by_his_account_is_the_leader(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    known = remember_person(any_db, done.community_id, "telegram", "2007", "爱花的老孙", now=NOW)
    bring(any_db, small("leaders: []", "leaders: [{name: 孙格长, telegram: 2007}]"))
    (found,) = queries.leaders_of(any_db, node(any_db, "青秀佳苑/二网格"), NOW)
    assert (found.person_id, found.name) == (known, "孙格长")


def test_a_leader_listed_by_name_first_and_with_his_account_later(any_db: Connection) -> None:
    done = bring(any_db, small("leaders: []", "leaders: [孙格长]"))
    assert done.community_id is not None
    known = remember_person(any_db, done.community_id, "telegram", "2007", "爱花的老孙", now=NOW)
    bring(any_db, small("leaders: []", "leaders: [{name: 孙格长, telegram: 2007}]"))
    (found,) = queries.leaders_of(any_db, node(any_db, "青秀佳苑/二网格"), NOW)
    assert found.person_id == known, "what he reported as a resident stays his"


def test_a_lost_telephone_loses_the_role(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert done.community_id is not None
    old = queries.person_of(any_db, done.community_id, "telegram", "2001")
    values = {"community_id": done.community_id, "platform": "telegram", "bot": "7", "chat": "2001"}
    private = {"kind": ChatKind.PRIVATE.value, "role": ChatRole.PRIVATE.value, "person_id": old}
    any_db.execute(sa.insert(tables.chats).values(**values, **private, modules={}, rights={}))
    assert old is not None and queries.private_chat_of(any_db, old) is not None
    bring(any_db, small("telegram: 2001", "telegram: 2999"))
    assert queries.person_of(any_db, done.community_id, "telegram", "2001") is None
    assert queries.person_of(any_db, done.community_id, "telegram", "2999") == old
    assert queries.private_chat_of(any_db, old) is None


def test_groups_wait_for_their_bot(any_db: Connection) -> None:
    done = bring(any_db, small())
    assert queries.chat_of(any_db, "telegram", "7", "-1001") is None
    assert adopt_chats(any_db, "simulator", "7", now=NOW) == 0
    assert adopt_chats(any_db, "telegram", "7", now=NOW) == 1
    row = queries.chat_of(any_db, "telegram", "7", "-1001")
    assert row is not None and (row.community_id, row.role, row.active) == (
        done.community_id,
        "residents",
        True,
    )
    assert row.node_id == node(any_db, "青秀佳苑/一网格")
    assert adopt_chats(any_db, "telegram", "7", now=NOW) == 0


def test_a_group_the_bot_saw_first_is_bound_where_it_is(any_db: Connection) -> None:
    seen = {"platform": "telegram", "bot": "7", "chat": "-1001", "kind": "group", "role": "unbound"}
    any_db.execute(sa.insert(tables.chats).values(**seen, title="好邻居", modules={}, rights={}))
    bring(any_db, small())
    (row,) = any_db.execute(sa.select(tables.chats)).all()
    assert (row.bot, row.role, row.node_id) == ("7", "residents", node(any_db, "青秀佳苑/一网格"))


def test_adopting_a_group_that_came_in_meanwhile(any_db: Connection) -> None:
    bring(any_db, small())
    seen = {"platform": "telegram", "bot": "7", "chat": "-1001", "kind": "group", "role": "unbound"}
    any_db.execute(sa.insert(tables.chats).values(**seen, title="好邻居", modules={}, rights={}))
    assert adopt_chats(any_db, "telegram", "7", now=NOW) == 1
    (row,) = any_db.execute(sa.select(tables.chats)).all()
    assert (row.bot, row.role, row.title) == ("7", "residents", "好邻居")


def test_two_communities_side_by_side(any_db: Connection) -> None:
    one = bring(any_db, small())
    two = bring(
        any_db,
        small("community: 青秀佳苑社区", "community: 乙社区").__class__(
            community="乙社区", grids=small().grids, admins=small().admins
        ),
    )
    assert one.community_id != two.community_id and one.community_id and two.community_id
    assert export_directory(any_db, one.community_id) == small()
    first, second = (queries.load_tree(any_db, one) for one in (one.community_id, two.community_id))
    assert not {row.id for row in first.nodes} & {row.id for row in second.nodes}
    assert queries.person_of(any_db, two.community_id, "telegram", "9001") != queries.person_of(
        any_db, one.community_id, "telegram", "9001"
    )
