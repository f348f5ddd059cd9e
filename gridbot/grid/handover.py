"""Somebody holds less than before, or a grid is gone: their open cases are looked at again, in a moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gridbot.store import timers

RESPONSIBLE = "responsible"  #: timer, of "person:3" or "node:5"


def person_left(db: Connection, community_id: int, person_id: int, now: datetime) -> None:
    timers.set_timer(db, RESPONSIBLE, f"person:{person_id}", now, community_id=community_id)


def node_gone(db: Connection, community_id: int, node_id: int, now: datetime) -> None:
    timers.set_timer(db, RESPONSIBLE, f"node:{node_id}", now, community_id=community_id)
