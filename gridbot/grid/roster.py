"""Which mentions of a name are one person? Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gridbot.grid.directory import Person


@dataclass(frozen=True, slots=True)
class Mention:
    """A person as written at one spot; `where` is the row, for error sentences."""

    person: Person
    where: str


def merge(mentions: Iterable[Mention]) -> tuple[list[Person | None], list[str]]:
    """The whole person for each mention, and what contradicts itself, as sentences.

    One name is one person, unless two phone numbers tell two persons apart.
    """
    listed = list(mentions)
    problems: list[str] = []
    groups: dict[tuple[str, str], list[Mention]] = {}
    keys: list[tuple[str, str] | None] = []
    for mention, phones in zip(listed, _phones(listed), strict=True):
        key = _key(mention, phones, listed)
        keys.append(key)
        if key is None:
            name = mention.person.name
            problems.append(f"{mention.where}:有{len(phones)}位{name},这里要写上电话,才知道是哪一位")
        else:
            groups.setdefault(key, []).append(mention)
    whole = {key: _one(key, group, problems) for key, group in groups.items()}
    problems += _shared_accounts(groups)
    return [whole[key] if key else None for key in keys], problems


def _phones(mentions: list[Mention]) -> list[tuple[str, ...]]:
    of_name: dict[str, list[str]] = {}
    for mention in mentions:
        known = of_name.setdefault(mention.person.name, [])
        if mention.person.phone and mention.person.phone not in known:
            known.append(mention.person.phone)
    return [tuple(of_name[mention.person.name]) for mention in mentions]


def _key(mention: Mention, phones: tuple[str, ...], mentions: list[Mention]) -> tuple[str, str] | None:
    person = mention.person
    if len(phones) <= 1 or person.phone:
        return (person.name, person.phone or "".join(phones))
    for other in mentions:
        same = other.person.name == person.name and set(other.person.accounts) & set(person.accounts)
        if same and other.person.phone:
            return other.person.key
    return None


def _one(key: tuple[str, str], group: list[Mention], problems: list[str]) -> Person:
    accounts: dict[str, tuple[str, str]] = {}
    for mention in group:
        for platform, user in mention.person.accounts:
            known, where = accounts.setdefault(platform, (user, mention.where))
            if known != user:
                problems.append(
                    f"{mention.where}:{key[0]}的 {platform} 号写的是 {user},{where}写的是 {known}。"
                    "如果是两个人,请各写上电话"
                )
    return Person(*key, tuple(sorted((platform, user) for platform, (user, _) in accounts.items())))


def _shared_accounts(groups: dict[tuple[str, str], list[Mention]]) -> list[str]:
    owners: dict[tuple[str, str], tuple[tuple[str, str], str]] = {}
    problems = []
    for key, group in groups.items():
        for mention in group:
            for account in mention.person.accounts:
                owner, where = owners.setdefault(account, (key, mention.where))
                if owner != key:
                    platform, user = account
                    problems.append(
                        f"{mention.where}:{key[0]}的 {platform} 号 {user} 和{where}{owner[0]}的一样,"
                        "一个号只能是一个人"
                    )
    return problems
