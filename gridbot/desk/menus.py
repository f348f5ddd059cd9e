"""What is made of the registry for others: help by role, the platforms' menus, the README's table."""

from __future__ import annotations

from gridbot import texts
from gridbot.desk.registry import AREAS, REGISTRY, Command
from gridbot.messages import Role

SHOWN_TO = (
    Role.RESIDENT,
    Role.LEADER,
    Role.DEPUTY,
    Role.LIAISON,
    Role.UNIT,
    Role.CONTACT,
    Role.ADMIN,
    Role.OFFICER,
)


def for_roles(held: frozenset[Role]) -> list[Command]:
    """What somebody may say (a resident's commands are everybody's), in reading order."""
    allowed = [one for one in REGISTRY if one.roles & (held | {Role.RESIDENT}) and not one.hidden]
    return sorted(allowed, key=lambda one: AREAS.index(one.area))


def menus() -> dict[Role, list[tuple[str, str]]]:
    """Per role (name, help), the names in Latin letters as platforms want them in a menu."""
    return {
        role: [(one.name, f"{one.words[0]}:{one.help}") for one in for_roles(frozenset({role}))]
        for role in SHOWN_TO
    }


def menu_text(held: frozenset[Role]) -> str:
    """The menu of one person as an outbox row of kind MENU carries it."""
    return "\n".join(f"{one.name} {one.words[0]}:{one.help}" for one in for_roles(held))


def markdown_table() -> str:
    """The README's table of commands."""
    lines = ["| 说什么 | 谁能说 | 做什么 | 例 |", "|---|---|---|---|"]
    for one in sorted((one for one in REGISTRY if not one.hidden), key=lambda one: AREAS.index(one.area)):
        words = "、".join((*one.words, f"`/{one.name}`"))
        cells = (words, _who(one), one.help, one.example)
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _who(one: Command) -> str:
    if Role.RESIDENT in one.roles:
        return "谁都行"
    order = (Role.ADMIN, Role.LEADER, Role.DEPUTY, Role.LIAISON, Role.UNIT, Role.CONTACT, Role.OFFICER)
    return "、".join(texts.ROLE_WORDS[role.value] for role in order if role in one.roles)
