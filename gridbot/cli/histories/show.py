"""The report on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from gridbot.cli.histories.report import Changed, Report

if TYPE_CHECKING:
    from rich.console import Console

_CASES, _QUESTIONS, _DAYS, _CHANGES = 20, 10, 31, 20


def show(report: Report, screen: Console) -> None:
    where = f" {'、'.join(report.chats[:3])}" if report.chats else ""
    screen.print(f"[bold]{escape(report.form)}{escape(where)}[/] {report.first[:10]} … {report.last[:10]}")
    screen.print(
        f"{report.messages} messages of {report.people} people: [bold]{report.cases} cases[/]"
        f" ({report.urgent} urgent, {report.private} private), {report.questions} questions,"
        f" {report.said_in_group} sentences in the group, {report.silent} messages let pass."
    )
    for count, what in (
        (report.unreadable, "messages could not be read"),
        (report.failed, "messages could not be handled"),
    ):
        if count:
            screen.print(f"[yellow]{count} {what}.[/]")
    if report.cut_short:
        screen.print("[yellow]The file ends in the middle: this is what there was.[/]")
    if report.cases or report.questions:
        _days(report, screen)
        _types(report, screen)
        _cases(report, screen)
        _questions(report, screen)
    _difference(report, screen)


def _days(report: Report, screen: Console) -> None:
    table = Table("day", "messages", "cases", "questions", "types", title="a day 每天")
    busy = [day for day in report.days if day.cases or day.questions]
    for day in busy[-_DAYS:]:
        kinds = " ".join(f"{report.titles.get(kind, kind)} {count}" for kind, count in day.types.items())
        table.add_row(day.day, str(day.messages), str(day.cases), str(day.questions), kinds)
    screen.print(table)
    if len(busy) > _DAYS:
        screen.print(f"the last {_DAYS} of {len(busy)} days with something; --json has all")


def _types(report: Report, screen: Console) -> None:
    table = Table("type", "", "cases", title="a type 每类")
    for kind, count in report.types.items():
        table.add_row(report.titles[kind], kind, str(count))
    screen.print(table)


def _cases(report: Report, screen: Console) -> None:
    for case in report.opened[:_CASES]:
        marks = "".join(mark for mark, holds in ((" 急", case.urgent), (" 不公开", case.private)) if holds)
        more = f" +{case.supporters}" if case.supporters else ""
        head = f"{case.number} {'、'.join(case.titles)} {case.place}"
        screen.print(f"[bold]{escape(head)}[/][red]{marks}[/]{more}  {case.at[5:16].replace('T', ' ')}")
        screen.print(f"    {escape(case.words)}", style="dim")
        for one in case.said[:2]:
            screen.print(
                f"    → {'群里' if one.to == 'group' else '网格长'}: {escape(one.text.replace(chr(10), ' '))}"
            )
    if report.cases > _CASES:
        screen.print(f"… and {report.cases - _CASES} more; --json or --html has them")


def _questions(report: Report, screen: Console) -> None:
    for one in report.asked[:_QUESTIONS]:
        screen.print(f"? {escape(one.words)}", style="dim")
        screen.print(f"    → {escape(one.asked)}")


def _difference(report: Report, screen: Console) -> None:
    found = report.difference
    if found is None:
        return
    parts = (
        (found.more, "more", "green"),
        (found.fewer, "fewer", "red"),
        (found.otherwise, "otherwise", "yellow"),
    )
    counts = ", ".join(f"{len(changes)} {name}" for changes, name, _ in parts)
    screen.print(f"[bold]Against the shipped words:[/] {counts}.")
    for changes, name, colour in parts:
        for one in changes[:_CHANGES]:
            screen.print(f"[{colour}]{name}[/] {_change(one)}")


def _change(one: Changed) -> str:
    return escape(f"{one.before} → {one.after}: {one.words}")
