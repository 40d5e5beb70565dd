"""An examination as one HTML file with pictures: its style inside, no script, nothing fetched."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from rpild_server.check_ehr.examination import Examined
from rpild_server.check_ehr.summary import code_rows, element_rows, mapping_of, record_of, search_rows, unit_rows
from rpild_server.version import APP_VERSION

TEMPLATES = Path(__file__).parent.parent / "templates"
WIDTH = 240  # of the longest bar, in pixels


@cache
def template(name: str) -> Template:
    """One of our templates; everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return made.get_template(name)


def report_html(found: Examined) -> str:
    """The report; neither patients' ids, names nor values are in it."""
    searches = search_rows(found)
    return template("check_ehr.html").render(
        found=found,
        elements=element_rows(found),
        searches=searches,
        slowest=max((each.slowest_ms for each in searches), default=0) or 1,
        codes=code_rows(found),
        units=unit_rows(found),
        record=record_of(found),
        mapping=mapping_of(found),
        width=WIDTH,
        version=APP_VERSION,
    )
