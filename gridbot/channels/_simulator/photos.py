"""Pictures people send: in memory, and beside the transcript where there is one."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path


class Photos:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        """The id is what a message carries."""
        id = secrets.token_hex(8)
        if self._folder is None:
            self._held[id] = data
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / id).write_bytes(data)
        return id

    def get(self, id: str) -> bytes | None:
        if self._folder is not None and id.isascii() and id.isalnum():
            with contextlib.suppress(OSError):
                return (self._folder / id).read_bytes()
        return self._held.get(id)
