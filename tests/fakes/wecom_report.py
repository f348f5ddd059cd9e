"""居民上报 on the fake WeCom: orders that residents file and the corp's people work on, and the grid tree.

report = FakeReport(fake, now=clock)
number = report.files("王阿姨", "5号楼楼道灯不亮了", mobile="13800138000")
report.step(number, 2, by="li")          # 受理; 5 办结, 6 拒绝, 7 办理中
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.fakes.wecom_server import FakeWecom, Refused


class FakeReport:
    def __init__(self, fake: FakeWecom, *, now: Callable[[], datetime]) -> None:
        self.now = now
        self.orders: dict[str, dict[str, Any]] = {}
        self.grids: list[dict[str, Any]] = []
        self.members: dict[str, str] = {}
        self.begins: list[int] = []  #: from when on orders were asked for
        self._modified: dict[str, int] = {}
        self._numbers = itertools.count(1)
        fake.answers |= {
            "/cgi-bin/report/resident/get_order_list": self._list,
            "/cgi-bin/report/grid/list": lambda body, query: {"grid_list": self.grids},
            "/cgi-bin/user/get": self._member,
        }

    def files(
        self,
        name: str,
        desc: str,
        *,
        mobile: str = "13800138000",
        category: str = "",
        grid: str = "g1",
        **more: Any,
    ) -> str:
        number = f"order-{next(self._numbers)}"
        at = int(self.now().timestamp())
        self.orders[number] = {
            "order_id": number,
            "desc": desc,
            "urge_type": 1,
            "case_name": category,
            "grid_name": "一网格",
            "grid_id": grid,
            "create_time": at,
            "reporter_name": name,
            "reporter_mobile": mobile,
            "unionid": f"union-{name}",
            "image_urls": [],
            "video_media_ids": [],
            "processor_userids": [],
            "process_list": [],
            **more,
        }
        self._modified[number] = at
        return number

    def step(self, number: str, process_type: int, *, by: str, desc: str = "", status: int = 1) -> None:
        at = int(self.now().timestamp())
        step = {"process_type": process_type, "solve_userid": by, "process_desc": desc, "status": status}
        self.orders[number]["process_list"].append({**step, "solved_time": at, "image_urls": []})
        self._modified[number] = at

    def _list(self, body: dict[str, Any], _query: dict[str, str]) -> dict[str, Any]:
        limit = body.get("limit", 20)
        if not 0 < limit <= 50:
            raise Refused(40058, "limit")
        begin = body.get("begin_modify_time", 0)
        self.begins.append(begin)
        found = [one for number, one in self.orders.items() if self._modified[number] >= begin]
        at = int(body.get("cursor") or 0)
        after = at + limit
        return {"order_list": found[at:after], "next_cursor": str(after) if after < len(found) else ""}

    def _member(self, _body: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        if query.get("userid") not in self.members:
            raise Refused(60011, "no privilege")
        return {"userid": query["userid"], "name": self.members[query["userid"]]}
