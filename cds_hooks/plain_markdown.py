"""Card text that no chart can turn into markup: the bold head and the bullet of our own lines stay, all else is text.

A client may render GitHub-flavoured markdown with raw HTML, so names, units and order texts from a chart must not
become tags, links, images or emphasis, nor reorder the line with bidirectional controls.
"""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 1500
HEAD = re.compile(r"(?P<bullet>- )?(?:\*\*(?P<bold>[^*]+)\*\*)?(?P<rest>.*)", re.DOTALL)
SPECIAL = re.compile(
    r"""[\\`*_~|]                    # escapes, code, emphasis, strike-through, table cells
    | <(?=[A-Za-z/!?])               # a tag, comment or autolink
    | \[(?=[ xX]\]\s)                # a task box
    | &(?=\#|[A-Za-z]+;)             # an entity
    | (?<=\])[(\[:]                  # the second half of a link or of its definition
    | (?<=[A-Za-z]):(?=//)           # the scheme of a bare address
    | (?<=[Ww][Ww][Ww])\.            # a bare address without scheme
    """,
    re.VERBOSE,
)
BLOCK = re.compile(r"[#>+=-]|\d+(?=[.)](\s|$))")
ADDRESS = re.compile(r"(?<=\S)@(?=\S)")
FORMATTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """One line without control, bidirectional or invisible characters; runs of white space become one blank."""
    kept = "".join(" " if each.isspace() else each for each in text if each.isspace() or unicodedata.category(each) not in FORMATTING)
    return " ".join(kept.split())


def card_line(line: str) -> str:
    """One paragraph or bullet of a card's detail, at most LINE_LIMIT characters before escaping."""
    text = plain(line)
    found = HEAD.match(text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…")
    if not found:
        return ""
    bullet, bold, rest = found["bullet"] or "", found["bold"], found["rest"]
    head = f"**{_escaped(bold)}**" if bold else ""
    return bullet + head + (_escaped(rest) if head else _block_safe(_escaped(rest)))


def _escaped(text: str) -> str:
    return ADDRESS.sub(" at ", SPECIAL.sub(r"\\\g<0>", text))


def _block_safe(text: str) -> str:
    """A line must not begin as a heading, quotation, list or rule."""
    found = BLOCK.match(text)
    if not found:
        return text
    return f"{found[0]}\\{text[found.end() :]}" if found[0].isdigit() else f"\\{text}"


def detail(lines: tuple[str, ...]) -> str:
    """The lines as minimal GFM: bullets stand together, paragraphs apart."""
    result = ""
    for line in filter(None, map(card_line, lines)):
        glue = "\n" if line.startswith("- ") and result.rpartition("\n")[2].startswith("- ") else "\n\n"
        result += (glue if result else "") + line
    return result
