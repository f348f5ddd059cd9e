"""Directories in the words of the people who keep them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from gridbot.grid.directory import Directory, DirectoryError
from gridbot.grid.directory_yaml import read_yaml
from gridbot.messages import Actor, Role

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
ADMIN = Actor(None, Role.ADMIN, "刘书记")

SMALL = """
community: 青秀佳苑社区
expect: {二级网格: 1, 三级网格: 2}
grids:
  - name: 青秀佳苑
    level: 二级网格
    leaders: [{name: 周书记, telegram: 3001}]
    children:
      - name: 一网格
        level: 三级网格
        places: [1号楼, 2号楼, 小广场]
        leaders: [{name: 李格长, telegram: 2001}]
      - {name: 二网格, level: 三级网格, places: [51号院], unmanaged: true, leaders: []}
groups:
  - {name: 一网格居民群, grid: 青秀佳苑/一网格, telegram: -1001}
units:
  - {name: 物业, handles: [elevator, lighting, access], side: inside, contact: ""}
service_days:
  - {name: 三九便民服务日, days: [9, 19, 29], items: [义诊, 理发, 磨刀], provider: 物业、医院, groups: all}
admins: [{name: 管理员, telegram: 9001}]
"""


def directory(text: str) -> Directory:
    return read_yaml(dedent(text))


def small(old: str = "", new: str = "") -> Directory:
    """The directory of the design page, with one thing changed."""
    assert old in SMALL
    return read_yaml(SMALL.replace(old, new))


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with a YAML directory."""
    try:
        read_yaml(dedent(text))
    except DirectoryError as error:
        return error.problems
    return ()
