"""Card text that no chart can turn into markup: the only markup is our own, bold titles and bullets.

A client may render GitHub-flavoured markdown with raw HTML, so names, units and order texts from a chart must not
become tags, links, images or emphasis, nor reorder the line with bidirectional controls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LINE_LIMIT = 1500
# It begins with the signs themselves: searching for one of them is quick, looking back from every letter is not.
SPECIAL = re.compile(
    r"""[\\`*_~|<\[&(:.](?:
      (?<=[\\`*_~|])                 # escapes, code, emphasis, strike-through, table cells
    | (?<=<)(?=[A-Za-z/!?])          # a tag, comment or autolink
    | (?<=\[)(?=[ xX]\]\s)           # a task box
    | (?<=&)(?=\#|[A-Za-z]+;)        # an entity
    | (?<=\][(\[:])                  # the second half of a link or of its definition
    | (?<=[A-Za-z]:)(?=//)           # the scheme of a bare address
    | (?<=[Ww][Ww][Ww]\.)            # a bare address without scheme
    )""",
    re.VERBOSE,
)
BLOCK = re.compile(r"[#>+=-]|\d+(?=[.)](\s|$))")
ADDRESS = re.compile(r"@(?<=\S@)(?=\S)")
FORMATTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """One line without control, bidirectional or invisible characters; runs of white space become one blank."""
    if text.isprintable():
        return " ".join(text.split())
    kept = "".join(
        " " if each.isspace() else each
        for each in text
        if each.isspace() or unicodedata.category(each) not in FORMATTING
    )
    return " ".join(kept.split())


def card_line(text: str) -> str:
    """One line of text, escaped; at most LINE_LIMIT characters before escaping."""
    line = plain(text)
    cut = line if len(line) <= LINE_LIMIT else line[: LINE_LIMIT - 1] + "…"
    return _block_safe(ADDRESS.sub(" at ", SPECIAL.sub(r"\\\g<0>", cut)))


def _block_safe(text: str) -> str:
    """A line must not begin as a heading, quotation, list or rule."""
    found = BLOCK.match(text)
    if not found:
        return text
    return f"{found[0]}\\{text[found.end() :]}" if found[0].isdigit() else f"\\{text}"


def detail(sections: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Sections of (title, lines) as minimal GFM: a bold title above its bullets; without a title, paragraphs."""
    return "\n\n".join(filter(None, (_section(title, lines) for title, lines in sections)))


def _section(title: str, lines: Iterable[str]) -> str:
    kept = [line for line in map(card_line, lines) if line]
    if not title or not kept:
        return "\n\n".join(kept)
    bullets = "\n".join(f"- {line}" for line in kept)
    return f"**{card_line(title)}**\n\n{bullets}"
