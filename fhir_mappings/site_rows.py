"""One row of a site mapping: what a site sends, what that is, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

SIGNED = ("author", "date", "reason")
WORD = "word"


class SiteMappingError(ValueError):
    """A site mapping that cannot be used: one line for each fault, with file, row, key and remedy."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One row: what a site sends (`code` of `system`, `text`, or `unit`) and what that is, signed.

    `kind` is `code`, `text` or `unit`; `where` names file and row for messages. A unit is `equals` a known spelling
    or becomes canonical by `factor`. A text is a whole name, or with `match` = `word` a word of longer names.
    """

    kind: str
    where: str
    concept: str
    author: str
    date: str
    reason: str
    system: str = ""
    code: str = ""
    text: str = ""
    match: str = ""
    unit: str = ""
    equals: str = ""
    factor: str = ""


def signed(given: Mapping[str, str]) -> dict[str, str]:
    """What is given, with an empty text for a concept or signature that is not."""
    return {"concept": ""} | dict.fromkeys(SIGNED, "") | dict(given)


def file_text(path: Path, remedy: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises SiteMappingError with the line."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise SiteMappingError(f"{path.name}: cannot be opened ({problem.strerror}). {remedy}") from None
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise SiteMappingError(f"{path.name}: line {line} is not UTF-8. Save the file as UTF-8.") from None


def is_day(text: str) -> bool:
    """Whether a text is a calendar day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
