"""The registration sheet as HTML, made from its Markdown: headings, tables, lists, text, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

CELLS = re.compile(r"(?<!\\)\|")
CODE, STRONG = re.compile(r"`([^`]+)`"), re.compile(r"\*\*([^*]+)\*\*")
HEADING = re.compile(r"(#{1,2}) (.+)")
FENCE = "```\n"
RULE = re.compile(r"[|-]+")
STYLE = """:root { color-scheme: light dark; --line: #8888 }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 1rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  font-weight: 400; overflow-wrap: anywhere }
thead th { font-weight: 600 }
th { min-width: 15rem }
pre { border: 1px solid var(--line); padding: .7rem; white-space: pre-wrap; overflow-wrap: anywhere }
@media print { body { font-size: .8rem } h2 { break-after: avoid } tr { break-inside: avoid } }"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def page_of(markdown: str) -> str:
    """One HTML file; the first line of the Markdown is its title."""
    title = markdown.partition("\n")[0].lstrip("# ")
    return PAGE.format(title=escape(title), style=STYLE, body="\n".join(_blocks(markdown)))


def _blocks(markdown: str) -> Iterator[str]:
    for number, part in enumerate(markdown.split(FENCE)):
        yield from [f"<pre>{escape(part)}</pre>"] if number % 2 else _prose(part)


def _prose(markdown: str) -> Iterator[str]:
    for kind, lines in groupby(markdown.splitlines(), _kind):
        yield from WRITERS[kind](list(lines))


def _kind(line: str) -> str:
    if HEADING.fullmatch(line):
        return "heading"
    if not line.strip():
        return "nothing"
    return {"|": "table", "-": "list"}.get(line[0], "text")


def _headings(lines: list[str]) -> Iterator[str]:
    for found in filter(None, map(HEADING.fullmatch, lines)):
        yield f"<h{len(found[1])}>{_inline(found[2])}</h{len(found[1])}>"


def _nothing(_lines: list[str]) -> Iterator[str]:
    yield from ()


def _text(lines: list[str]) -> Iterator[str]:
    yield f"<p>{_inline(' '.join(lines))}</p>"


def _list(lines: list[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_inline(line[2:])}</li>" for line in lines)
    yield "</ul>"


def _table(lines: list[str]) -> Iterator[str]:
    head, *rows = (line for line in lines if not RULE.fullmatch(line))
    columns = "".join(f'<th scope="col">{each}</th>' for each in _cells(head))
    yield f"<table><thead><tr>{columns}</tr></thead><tbody>"
    for first, *others in map(_cells, rows):
        further = "".join(f"<td>{each}</td>" for each in others)
        yield f'<tr><th scope="row">{first}</th>{further}</tr>'
    yield "</tbody></table>"


def _cells(line: str) -> list[str]:
    return [_inline(each.strip().replace("\\|", "|")) for each in CELLS.split(line)[1:-1]]


def _inline(text: str) -> str:
    """Escaped text with code and strong."""
    return STRONG.sub(r"<strong>\1</strong>", CODE.sub(r"<code>\1</code>", escape(text)))


WRITERS = {"heading": _headings, "nothing": _nothing, "text": _text, "list": _list, "table": _table}
