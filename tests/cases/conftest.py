"""The house without its edges, with the cast in it: see tests/desk/conftest.py."""

from __future__ import annotations

from tests.desk.conftest import stage

__all__ = ["stage"]
