"""The report as one page that needs nothing else: to be mailed, or shown on a phone."""

from __future__ import annotations

from pathlib import Path

import jinja2

from gridbot import web
from gridbot.cli.histories.report import Report

_LISTED = 1_000  #: cases on the page
_HERE = Path(__file__).parent
_BASE = Path(web.__file__).parent / "static" / "base.css"  # one look for all


def page(report: Report) -> str:
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    styles = "\n".join(file.read_text(encoding="utf-8") for file in (_BASE, _HERE / "page.css"))
    names = {"silent": "不作声", "question": "问一句"}
    return pages.get_template("page.html").render(
        report=report, styles=styles, listed=_LISTED, named=lambda one: names.get(one, one)
    )
