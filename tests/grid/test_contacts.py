"""Named contacts: from the file, by name and not by place."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from gridbot.grid import contacts
from gridbot.grid.directory import DirectoryError
from gridbot.grid.directory_yaml import read_yaml
from gridbot.store.tables import holdings
from tests.cast import NOW, seed

FILE = """
community: 甲社区
grids: [{name: 一网格, level: 三级网格}]
contacts:
  - {for: 孩子, name: 段秋, telegram: 4001}
  - {for: any, name: 周书记}
"""


def test_the_file_names_them_in_its_own_words() -> None:
    first, second = read_yaml(FILE).contacts
    assert (first.about, first.person.name, first.person.accounts) == (
        "lost",
        "段秋",
        (("telegram", "4001"),),
    )
    assert second.about == "any"


def test_what_nobody_is_for_is_refused_in_a_sentence() -> None:
    with pytest.raises(DirectoryError, match="relapse"):
        read_yaml(FILE.replace("孩子", "停水"))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("violence", "violence"),
        ("child", "lost"),
        ("走失", "lost"),
        ("Any", "any"),
        ("停水", None),
        ("", None),
    ],
)
def test_the_words_for_it(said: str, code: str | None) -> None:
    assert contacts.about(said) == code


def test_who_is_asked(any_db: Connection) -> None:
    cast = seed(any_db)
    here = cast.community
    assert contacts.contacts_for(any_db, here, "lost", NOW) == []
    assert contacts.name_contact(any_db, here, cast.secretary, "any", now=NOW)
    assert contacts.name_contact(any_db, here, cast.li, "lost", now=NOW)
    assert not contacts.name_contact(any_db, here, cast.li, "lost", now=NOW)  # twice is once
    for_lost = contacts.contacts_for(any_db, here, "lost", NOW)
    assert [(one.person_id, one.reachable) for one in for_lost] == [(cast.li, True)]
    assert [one.person_id for one in contacts.contacts_for(any_db, here, "crisis", NOW)] == [cast.secretary]
    absent = sa.update(holdings).where(holdings.c.person_id == cast.li)
    any_db.execute(absent.values(absent_until=NOW + timedelta(days=1)))
    assert [one.person_id for one in contacts.contacts_for(any_db, here, "lost", NOW)] == [cast.li]
    assert contacts.drop_contact(any_db, here, cast.li, "lost", now=NOW)
    assert [one.person_id for one in contacts.contacts_for(any_db, here, "lost", NOW)] == [cast.secretary]
