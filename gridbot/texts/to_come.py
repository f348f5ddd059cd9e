"""What is said of services that are not there yet: honest, kind, and with somebody to ask.

`who` is the community's contact with its telephone, "社区" where it has set none.
"""

from __future__ import annotations

from collections.abc import Mapping

_TO_RESIDENT: Mapping[str, str] = {
    "tools": "借工具的事我还管不上。工具箱在哪、谁管着,请问{who}。",
    "list": "名单我还不会一户户通知。轮到哪几家,请问{who}。",
    "wish": "心愿和驿站我还管不上。哪儿能充电、喝口水、看看书,请问{who}。",
    "consult": "议事我还不会张罗。想商量什么,请先跟{who}说一声。",
    "hours": "开门的钟点我还不会排。几点开、谁来开,请问{who}。",
    "order": "点单我还管不上。要人搭把手,请先跟{who}说一声。",
}
_TO_LEADER: Mapping[str, str] = {
    "consult": "居民想坐下来商量。议事我还不会张罗,要不要约大家,请您定。",
    "hours": "居民想定个开门的钟点。值班表我还不会排,定了请跟大家说一声。",
    "campaign": "要不要集中清一次,请您定;召集人手我还不会。",
    "need": "认领帮扶我还不会张罗,找谁搭把手,请您费心。",
    "order": "点单派单我还不会张罗,找谁搭把手,请您费心。",
}


def to_resident(service: str, who: str) -> str:
    return _TO_RESIDENT.get(service, "").format(who=who)


def to_leader(service: str) -> str:
    return _TO_LEADER.get(service, "")


def whom(contact: str, phone: str) -> str:
    return f"{contact}{phone}" or "社区"
