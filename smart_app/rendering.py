"""From plain values to HTML: one Jinja environment, compiled once, that escapes everything and forgives nothing."""

from __future__ import annotations

import json
import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from rpild_rules.findings import Status
from rpild_rules.knowledge import Knowledge
from smart_app.basis import find_basis
from smart_app.note_text import note_text
from smart_app.page import Page, View
from smart_app.page_texts import page_texts

TEMPLATES = Path(__file__).with_name("templates")
STYLES = ("app.css", "pictures.css", "attest.css")
SCRIPTS = ("app.js",)
BETWEEN_TAGS = re.compile(r">\n\s*<")  # indentation is for readers of templates
BLOCK = r"/?(?:li|ul|ol|tr|td|th|thead|tbody|div|p|dt|dd|dl|h\d|details|section|option|path|svg|a class=\"alg)"
BETWEEN_BLOCKS = re.compile(rf"(?<=>)\n(?=<{BLOCK}[ >])")  # where a space would not be seen


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of every page: escaping on, an unknown name is an error, templates read once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    texts = page_texts()
    made.globals.update(t=texts.say, label=texts.label, lines=texts.lines, styles=STYLES, scripts=SCRIPTS)
    made.filters["status_word"] = status_word
    made.filters["compact_json"] = compact_json
    return made


def status_word(status: Status) -> str:
    """The word of an answer."""
    return page_texts().say(f"status.{status.value}")


def compact_json(value: Any) -> Markup:
    """Data for a script element, without spaces; no text in it can end the element."""
    return htmlsafe_json_dumps(value, dumps=partial(json.dumps, separators=(",", ":"), sort_keys=True))


def warm_up() -> None:
    """Compile every template before the first visit."""
    made = environment()
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)


def render(template: str, **values: Any) -> str:
    """One template with its values."""
    lines = BETWEEN_TAGS.sub(">\n<", environment().get_template(template).render(**values))
    return BETWEEN_BLOCKS.sub("", lines)


def render_page(page: Page) -> str:
    """The page of one patient."""
    return render("page.html" if page.detail else "outside.html", page=page, view=page.view, note=note_text(page))


def render_values(page: Page) -> str:
    """Every value of the trends of one patient."""
    return render("values.html", page=page, view=page.view)


def render_basis(knowledge: Knowledge, view: View) -> str:
    """The page of what stands behind every page alike."""
    return render("basis.html", basis=find_basis(knowledge), view=view)
