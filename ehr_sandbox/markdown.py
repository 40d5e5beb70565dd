"""The little GitHub-flavoured Markdown that cards may use, as safe HTML: text is escaped, only http(s) links live."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>(?:\\.|[^*\\])+)\*\*"
    r"|(?<![*\w])\*(?P<em>(?:\\.|[^*\\\s])(?:\\.|[^*\\])*)(?<!\s)\*(?![*\w])"
    r"|(?<![_\w])_(?P<em_>(?:\\.|[^_\\\s])(?:\\.|[^_\\])*)(?<!\s)_(?![_\w])"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<url>https?://[^\s()<>\"]+)\)"
    r"|(?P<hard>(?: {2,}|\\)\n)"
)
BLOCK = re.compile(
    r"(?P<bullet>\s{0,3}[-*+]\s+)|(?P<number>\s{0,3}\d{1,3}[.)]\s+)|(?P<heading>#{1,6}\s+)|(?P<more>\s{2,}(?=\S))"
)
WRAPPERS = {
    "strong": Markup("<strong>{}</strong>"),
    "em": Markup("<em>{}</em>"),
    "em_": Markup("<em>{}</em>"),
    "bullet": Markup("<ul>{}</ul>"),
    "number": Markup("<ol>{}</ol>"),
}


def render(text: str) -> Markup:
    """Paragraphs, bullet and numbered lists, headings as bold lines, bold, emphasis, code and links."""
    return Markup("\n").join(_blocks(text.replace("\r\n", "\n")))


def inline(text: str) -> Markup:
    """One run of text."""
    pieces, start = [], 0
    for match in INLINE.finditer(text):
        pieces += [_plain(text[start : match.start()]), _marked(match)]
        start = match.end()
    return Markup("").join([*pieces, _plain(text[start:])])


def _plain(text: str) -> Markup:
    """Entities are read first, then everything is escaped: `&lt;` and `<` both show as a less-than sign."""
    return escape(html.unescape(text))


def _marked(match: re.Match[str]) -> Markup:
    kind = match.lastgroup or ""
    value = match[kind]
    if kind == "url":
        link = Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>')
        return link.format(html.unescape(value), inline(match["label"]))
    if kind == "hard":
        return Markup("<br>")
    if kind == "code":
        return Markup("<code>{}</code>").format(html.unescape(value))
    if kind == "escaped":
        return escape(value)
    return WRAPPERS[kind].format(inline(value))


def _blocks(text: str) -> Iterator[Markup]:
    """Blank lines part paragraphs; lines that begin alike stand together."""
    for chunk in re.split(r"\n[ \t]*\n", text.strip("\n")):
        for kind, lines in groupby(_logical_lines(chunk), key=lambda line: line[0]):
            yield from _block(kind, [content for _, content in lines])


def _block(kind: str, contents: list[str]) -> Iterator[Markup]:
    if kind in ("bullet", "number"):
        items = Markup("").join(Markup("<li>{}</li>").format(inline(content)) for content in contents)
        yield WRAPPERS[kind].format(items)
    elif kind == "heading":
        yield from (Markup("<p><strong>{}</strong></p>").format(inline(content)) for content in contents)
    else:
        yield Markup("<p>{}</p>").format(inline("\n".join(contents)))


def _logical_lines(chunk: str) -> list[tuple[str, str]]:
    """(kind, content); an indented line after a list item belongs to that item."""
    lines: list[tuple[str, str]] = []
    for line in filter(str.strip, chunk.split("\n")):
        match = BLOCK.match(line)
        kind = match.lastgroup if match and match.lastgroup else "text"
        content = line[match.end() :] if match else line
        if kind == "more" and lines and lines[-1][0] in ("bullet", "number"):
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}\n{content}")
        else:
            lines.append(("text" if kind == "more" else kind, content))
    return lines
