"""Modified condition/decision coverage: for each condition, two rows that differ in it alone and end differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.mcdc.decisions import Decision

Row = tuple[str, ...]
Rows = dict[tuple[Row, str], str]
WORDS = {"and": "notMet", "or": "met"}  # the status of one leg that decides, whatever the others are


@dataclass(frozen=True)
class Need:
    """What is to be shown of a condition: that its truth decides, or in three values that one status of it decides."""

    condition: int
    status: str = ""

    def named(self, decision: Decision) -> str:
        """In words."""
        what = decision.conditions[self.condition]
        return f"{what} = {self.status}" if self.status else what


def needs(decision: Decision) -> Iterator[Need]:
    """A two-valued condition once; a leg of three values for its deciding status and for unknown."""
    for place in range(len(decision.conditions)):
        yield from (
            (Need(place, word) for word in (WORDS[decision.kleene], "unknown")) if decision.kleene else [Need(place)]
        )


def pair(need: Need, rows: Rows) -> tuple[tuple[Row, str], tuple[Row, str]] | None:
    """The first two rows, in the order of their values, that show it."""
    found = (two for two in combinations(sorted(rows), 2) if _shows(need, *two))
    return min(found, key=lambda two: (sum(row.count("-") for row, _ in two), two), default=None)


def _shows(need: Need, one: tuple[Row, str], other: tuple[Row, str]) -> bool:
    (left, end), (right, other_end) = one, other
    if end == other_end or len(left) != len(right) or len(left) <= need.condition:
        return False
    at = need.condition
    if "-" in (left[at], right[at]) or left[at] == right[at]:
        return False
    if need.status and need.status not in (left[at], right[at]):
        return False
    return all(_alike(a, b) for place, (a, b) in enumerate(zip(left, right, strict=True)) if place != at)


def _alike(one: str, other: str) -> bool:
    """Equal, or not looked at because the decision was made before it (short circuit)."""
    return one == other or "-" in (one, other)


def unchosen(decision: Decision, rows: Rows) -> list[str]:
    """What of `a or b` never was the one to count; a constant at the end counts when nothing else does."""
    counted = {row.index("T") if "T" in row else len(row) - 1 for row, _ in rows}
    return [what for place, what in enumerate(decision.conditions) if place not in counted]


def is_fixed(decision: Decision, rows: Rows) -> bool:
    """Whether a rule always has the same number of legs; over a list of any length there is no table."""
    return {len(row) for row, _ in rows} <= {len(decision.conditions)}


def shown(decision: Decision, rows: Rows) -> tuple[list[tuple[Row, str]], list[Need]]:
    """The rows needed to show every condition, and what no two rows show."""
    found = {need: pair(need, rows) for need in needs(decision)}
    wanted: Iterable[tuple[Row, str]] = (row for two in found.values() if two for row in two)
    return sorted(set(wanted), reverse=True), [need for need, two in found.items() if two is None]
