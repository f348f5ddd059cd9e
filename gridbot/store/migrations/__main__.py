"""python -m gridbot.store.migrations "what changed": writes the next migration from the difference to the tables.

Read what it wrote before committing it. While a migration is still in the making
python -m gridbot.store.migrations --next
writes the second one anew; the first stands.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from gridbot.store import upkeep


def main(message: str) -> None:
    again = message == "--next"
    folder = upkeep.MIGRATIONS / "versions"
    if again:
        for old in folder.glob("0002_*.py"):
            old.unlink()
    number = f"{len(list(folder.glob('0*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/scratch.db"
        upkeep.upgrade(url)
        with upkeep.migrating(url) as config:
            title = "casework and wechat" if again else message
            command.revision(config, title, autogenerate=True, rev_id=number)
    for written in folder.glob(f"{number}_*.py"):
        ruff = str(Path(sys.executable).with_name("ruff"))
        subprocess.run([ruff, "check", "-q", "--fix", "--ignore", "E501", str(written)], check=True)  # noqa: S603
        subprocess.run([ruff, "format", "-q", str(written)], check=True)  # noqa: S603
        sys.stdout.write(f"{written}\n")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
