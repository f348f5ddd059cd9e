"""jieba, once per process and only when a rule asks where words begin and end."""

from __future__ import annotations

import logging
import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

_lock = threading.Lock()
_tokenizer: Any = None
_cache_dir: Path | None = None


def set_cache_dir(path: Path | str) -> None:
    """Where the dictionary's cache lies. jieba's default is a guessable name in a world-shared folder."""
    global _cache_dir
    _cache_dir = Path(path)


def _default_cache_dir() -> Path:
    return Path.home() / ".cache" / "gridbot"


def tokenizer() -> Any:
    """The one tokenizer, with the shipped words only: a community's words go to the automaton."""
    global _tokenizer
    with _lock:
        if _tokenizer is None:
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import jieba

            jieba.setLogLevel(logging.WARNING)
            fresh = jieba.Tokenizer()
            folder = _cache_dir or _default_cache_dir()
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                fresh.tmp_dir = str(folder)
            except OSError:
                fresh.cache_file = os.devnull  # read-only home: build in memory each time
            fresh.initialize()
            _tokenizer = fresh
    return _tokenizer


@lru_cache(maxsize=2048)
def boundaries(text: str) -> frozenset[int]:
    """The places in a short text at which a word begins or ends."""
    found = {0}
    at = 0
    for word in tokenizer().cut(text):
        at += len(word)
        found.add(at)
    return frozenset(found)


def known(word: str) -> bool:
    """Is this a word of the dictionary?"""
    return bool(tokenizer().FREQ.get(word))
