"""Strict reading of the knowledge files: every refusal names the file, the key and the remedy."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class ParameterError(ValueError):
    """The knowledge files or a site's overrides are not fit for use: which file, which key, what to do."""

    def __init__(self, file: str, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}: {key}: {problem}. {remedy}")
        self.file, self.key, self.problem, self.remedy = file, key, problem, remedy


@dataclass(frozen=True, slots=True)
class Place:
    """A key in a file, for saying where something is wrong."""

    file: str
    key: str

    def at(self, part: str) -> Place:
        """A key below this one."""
        return Place(self.file, f"{self.key}.{part}")

    def refuse(self, problem: str, remedy: str) -> NoReturn:
        """Stop the loading here."""
        raise ParameterError(self.file, self.key, problem, remedy)


def read_file(path: Path) -> dict[str, object]:
    """A TOML file's content; a missing, unreadable or malformed file is refused."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise ParameterError(path.name, "file", problem, "Give a readable file.") from error
    except ValueError as error:
        raise ParameterError(path.name, "file", f"is not TOML ({error})", "Correct the line named.") from error


def table_at(place: Place, raw: object, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, object]:
    """A table that has every required key and no unknown one."""
    if not isinstance(raw, dict):
        place.refuse("not a table", f"Write it as a table with the keys {', '.join(required)}.")
    needed, known = tuple(required), {*required, *optional}
    for key in (key for key in needed if key not in raw):
        place.refuse(f"{key} is missing", f"Every entry needs: {', '.join(needed)}.")
    for key in sorted(raw.keys() - known):
        place.refuse(f"unknown key {key!r}", f"Remove it; known are: {', '.join(sorted(known))}.")
    return dict(raw)


def text_at(place: Place, table: Mapping[str, object], key: str) -> str:
    """A text that is not blank."""
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        place.refuse(f"{key} is not a text", f'Write {key} = "…" and do not leave it blank.')
    return value


def texts_at(place: Place, table: Mapping[str, object], key: str) -> tuple[str, ...]:
    """A list of texts, none blank; an absent key is an empty list."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        place.refuse(f"{key} is not a list of texts", f'Write {key} = ["…", "…"].')
    return tuple(value)


def choice_at(place: Place, table: Mapping[str, object], key: str, allowed: Iterable[str]) -> str:
    """A text of a closed list."""
    value, known = text_at(place, table, key), sorted(allowed)
    if value not in known:
        place.refuse(f"{key} {value!r} is not known", f"Use one of: {', '.join(known)}.")
    return value


def day_at(place: Place, table: Mapping[str, object], key: str) -> date:
    """A TOML date without a time."""
    value = table[key]
    if not isinstance(value, date) or isinstance(value, datetime):
        place.refuse(f"{key} is not a date", f"Write {key} = YYYY-MM-DD without quotes.")
    return value
