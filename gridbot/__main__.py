"""python -m gridbot"""

from __future__ import annotations

import sys

from gridbot.cli import run


def main() -> None:
    sys.exit(run())


if __name__ == "__main__":
    main()
