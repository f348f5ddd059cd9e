"""Named points at which tests kill the process: `GRIDBOT_FAIL=after-inbox-commit:2` dies at the second pass.

The environment is read once, here and not in settings, because the layer that calls it knows no settings.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("GRIDBOT_FAIL", "").partition(":")
_left = int(_count or 1) if _name else 0


def failpoint(name: str) -> None:
    """Does nothing unless this very point was named; then SIGKILL, so that no clean-up can help."""
    global _left
    if name == _name:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
