"""gridbot audit, retention, erase: is the record whole, who looked, who was told when, what goes when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridbot.cli.common import AsJson, ProblemError, Yes, console, now, opened, read_settings
from gridbot.cli.keeping import only_community

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from gridbot.cases.chain import Verdict
    from gridbot.settings import Settings

Community = Annotated[str, typer.Option(help="Which one, if there are several. 哪个社区。")]
Number = Annotated[int, typer.Argument(help="A case's number. 编号。")]
SAYS = {
    "missing": "is missing 缺了",
    "changed": "was changed 被改过",
    "inserted": "was put in 是后加的",
    "moved": "does not stand where it did 换了位置",
    "words": "has other words than were said 原话对不上",
    "end": "is not the end the community knows 末尾对不上",
    "anchor": "a printed end is not in the chain 印出的锚找不到",
}


def _stamp(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at is not None else ""


# --- the chain -----------------------------------------------------------------------------------


def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="An end as it was printed, like 412-0f3a…; may be repeated. 锚。"),
    ] = None,
    community: Annotated[str, typer.Option(help="Only this one. 只看这个社区。")] = "",
) -> None:
    """Read the record of every community and say whether it is as it was written. 核对记录。"""
    import sqlalchemy as sa

    from gridbot.cases import chain
    from gridbot.store.tables import communities

    whole = True
    with opened(read_settings()) as database, database.read() as db:
        rows = db.execute(sa.select(communities.c.id, communities.c.name).order_by(communities.c.id)).all()
        if anchor and not community and len(rows) > 1:
            raise ProblemError(f"Say whose with --community: {'、'.join(row.name for row in rows)}.")
        only = only_community(db, community) if community else None
        for row in rows:
            if only in (None, row.id):
                verdict = chain.verify(db, row.id, anchors=anchor or ())
                _tell(row.name, verdict)
                whole = whole and not verdict.broken
    if not whole:
        raise typer.Exit(1)


def _tell(name: str, verdict: Verdict) -> None:
    state = "whole 完整" if not verdict.broken else "NOT whole 不完整"
    typer.echo(f"{name}: {state}, {verdict.events} events, {verdict.erased} without their words")
    for one in verdict.broken:
        which = f"{one.seq}–{one.until}" if one.until > one.seq else str(one.seq or "")
        case = f" (case row {one.case_id})" if one.case_id else ""
        typer.echo(f"  {which} {SAYS[one.what]}{case}")
    if verdict.anchor:
        typer.echo(f"  anchor 锚: {verdict.anchor}")


# --- who looked ----------------------------------------------------------------------------------


def list_views(
    case: Annotated[int, typer.Option("--case", help="Only this case; none: all, and exports. 编号。")] = 0,
    community: Community = "",
    as_json: AsJson = False,
) -> None:
    """List who has seen doors and numbers, and what was exported. 谁看过。"""
    from gridbot.cases import queries, views
    from gridbot.settings import data_dir
    from gridbot.store import copies

    house = read_settings()
    with opened(house) as database, database.read() as db:
        of = only_community(db, community)
        if case:
            row = queries.by_number(db, of, case)
            if row is None:
                raise ProblemError(f"There is no case {case}.")
            looks = views.of_case(db, row)
        else:
            looks = views.of_community(db, of)
    found: list[dict[str, Any]] = [
        {"at": _stamp(one.at), "case": one.number, "who": one.name, "role": one.role, "how": one.how}
        | {"what": list(one.what)}
        for one in looks
    ]
    if not case:
        waiting = [
            one for one in copies.listed(copies.register(house.database, data_dir())) if not one.logged
        ]
        found += [
            {
                "at": _stamp(one.at),
                "case": None,
                "who": "",
                "role": "admin",
                "how": "cli",
                "what": ["directory"],
            }
            for one in waiting
        ]
    _print(found, as_json)


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
    elif not rows:
        typer.echo("Nothing. 没有。")
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table(*rows[0])
        for row in rows:
            cells = ("、".join(one) if isinstance(one, list) else str(one or "") for one in row.values())
            table.add_row(*(escape(cell) for cell in cells))
        console().print(table)


# --- one case ------------------------------------------------------------------------------------


def case_account(number: Number, community: Community = "", as_json: AsJson = False) -> None:
    """Show who was told of a case, when it reached him, what he did, and why it moved. 责任倒查。"""
    from dataclasses import asdict

    from gridbot.cases import audit, names, queries

    with opened(read_settings()) as database, database.read() as db:
        of = only_community(db, community)
        case = queries.by_number(db, of, number)
        if case is None:
            raise ProblemError(f"There is no case {number}.")
        account = audit.accountability(db, case)
        why = [names.masked_of(db, case, one.why) for one in account.moved]
    told = [asdict(one) for one in account.told]
    moved = [asdict(one) | {"why": reason} for one, reason in zip(account.moved, why, strict=True)]
    if as_json:
        typer.echo(
            json.dumps({"number": number, "told": told, "moved": moved}, ensure_ascii=False, default=str)
        )
        return
    for one in account.told:
        sent = _stamp(one.sent_at) or one.state or "no receipt"
        first = f"; {one.first} {_stamp(one.first_at)}" if one.first_at else "; nothing yet"
        typer.echo(f"{_stamp(one.at)} told {one.name}; delivered {sent}{first}")
    for step, reason in zip(account.moved, why, strict=True):
        typer.echo(f"{_stamp(step.at)} {step.who or step.role} {step.move} {step.whom} {reason}".rstrip())


# --- what goes -----------------------------------------------------------------------------------


def keep_no_longer(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go. 只看不删。")] = False,
    yes: Yes = False,
) -> None:
    """Take the words whose time is over; serve does so every night. 保存期限。"""
    from gridbot.cases import retention

    house = read_settings()
    if dry_run:
        with opened(house) as database, database.read() as db:
            _show(retention.due(db, now=now()))
        return
    with opened(house, write=True) as database:
        due = database.write(lambda db: retention.due(db, now=now()))
        _show(due)
        if not due:
            return
        if not yes:
            typer.confirm("Take them? 确认删除?", abort=True)
        count, more = 0, True
        while more:
            taken, more = database.write(lambda db: retention.apply(db, now=now()))
            count += taken
    typer.echo(f"{count} done. 已删。")


def _show(due: list[Any]) -> None:
    for one in due:
        since = _stamp(one.oldest)
        typer.echo(f"{one.community}: {one.kind} {one.count} (kept {one.days} days, oldest {since})")
    if not due:
        typer.echo("Nothing is due. 没有到期的。")


def erase(
    person: Annotated[str, typer.Option("--person", help="A name, or the number of a person. 姓名或编号。")],
    community: Community = "",
    yes: Yes = False,
) -> None:
    """Erase what somebody said and is called; figures and the record stay. 删除一个人的记录。"""
    from gridbot.cases import erasing
    from gridbot.messages import Actor, Role

    house = read_settings()
    with opened(house, write=True) as database:
        with database.read() as db:
            of = only_community(db, community)
            found = _person(db, of, person)
        if not yes:
            typer.confirm(f"Erase person {found}? 确认删除?", abort=True)
        at = now()
        actor = Actor(None, Role.ADMIN)
        database.write(lambda db: erasing.forget(db, of, found, actor=actor, now=at))
        with database.read() as db:
            gone = erasing.gone(db)
    typer.echo(f"Person {found}: done. 已删。")
    _still_there(house, at, gone)


def _person(db: Connection, community: int, said: str) -> int:
    import sqlalchemy as sa

    from gridbot.store.tables import identities, people

    here = people.c.community_id == community
    if said.isdigit():
        which = here & (people.c.id == int(said))
    else:
        known_as = sa.select(identities.c.person_id).where(identities.c.name == said)
        which = here & ((people.c.name == said) | people.c.id.in_(known_as))
    rows = list(db.execute(sa.select(people.c.id).where(which).order_by(people.c.id)).scalars())
    if not rows:
        raise ProblemError(f"Nobody here is called or numbered {said!r}.")
    if len(rows) > 1:
        raise ProblemError(f"Several are called so; name one by number: {'、'.join(map(str, rows))}.")
    return int(rows[0])


def _still_there(house: Settings, at: datetime, gone: list[Any]) -> None:
    """Copies and exports made before are named: they have the person until they are overwritten."""
    from gridbot.settings import data_dir
    from gridbot.store import copies

    copies.keep_gone(copies.erased_list(house.database, data_dir()), gone)
    for one in copies.holding(copies.register(house.database, data_dir()), at):
        typer.echo(f"still contains 仍含有: {one.kind} {one.path} ({_stamp(one.at)})")
