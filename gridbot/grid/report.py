"""What an import changes, in numbers and in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class ImportRefusedError(ValueError):
    """An import that would orphan something. `problems`: sentences in Chinese; nothing was written."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(slots=True)
class Tally:
    """How many of one kind there are now, and how many are new, changed, gone."""

    total: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def quiet(self) -> bool:
        return not (self.added or self.changed or self.removed)

    def words(self) -> str:
        parts = [
            f"{word}{count}"
            for word, count in (("新增", self.added), ("改动", self.changed), ("去掉", self.removed))
            if count
        ]
        return f"{self.total} 个" + (f"({'、'.join(parts)})" if parts else ",没有变化")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`problems` are only found by a dry run: a real one raises ImportRefusedError."""

    community: str
    community_id: int | None  #: None: a dry run of a community that does not exist yet
    created: bool
    dry_run: bool
    levels: Mapping[str, Tally]  #: in the directory's order, highest first
    groups: Tally = field(default_factory=Tally)
    units: Tally = field(default_factory=Tally)
    service_days: Tally = field(default_factory=Tally)
    leaders: int = 0
    bound: int = 0  #: leaders who have an account that the bot can write to
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        tallies = (*self.levels.values(), self.groups, self.units, self.service_days)
        return self.created or not all(tally.quiet for tally in tallies)

    def sentences(self) -> list[str]:
        """For the person who imports."""
        lines = [f"{self.community}:{'新社区' if self.created else '已有的社区'}"]
        lines += [f"{level or '未写层级的网格'} {tally.words()}" for level, tally in self.levels.items()]
        for name, tally in (("群", self.groups), ("单位", self.units), ("便民日", self.service_days)):
            if tally.total or not tally.quiet:
                lines.append(f"{name} {tally.words()}")
        lines.append(f"网格长 {self.leaders} 位,已绑定 {self.bound}/{self.leaders}")
        lines += [f"注意:{warning}" for warning in self.warnings]
        lines += [f"不能导入:{problem}" for problem in self.problems]
        if self.dry_run:
            lines.append("只是试一下,什么都没写。")
        return lines
