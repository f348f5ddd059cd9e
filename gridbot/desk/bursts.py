"""Outage burst (大面积): many reports of one supply fault at once are one incident."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from gridbot.desk.context import Hearing
from gridbot.understanding.reading import Reading


def counted(h: Hearing, case: Row[Any], reading: Reading) -> bool:
    return False
