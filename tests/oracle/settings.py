"""The numbers of rpild_rules/parameters/*.toml as exact fractions, read without the project's loader."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "rpild_rules" / "parameters"
MICROSECOND = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000}


def _read() -> dict[str, dict[str, Any]]:
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
    return {name: row for table in tables for name, row in table.items() if isinstance(row, dict) and "value" in row}


ROWS = _read()


@cache
def number(name: str) -> Fraction:
    """The value of a setting, exact."""
    return Fraction(str(ROWS[name]["value"]))


def numbers(name: str) -> list[Fraction]:
    """The values of a list setting."""
    return [Fraction(str(each)) for each in ROWS[name]["value"]]


def choice(name: str) -> Any:
    """A word or a truth value."""
    return ROWS[name]["value"]


@cache
def window(name: str) -> tuple[int, bool]:
    """A window in microseconds, and whether it is counted in days (K3)."""
    unit = ROWS[name]["unit"]
    return int(number(name) * MICROSECOND[unit]), unit == "d"
