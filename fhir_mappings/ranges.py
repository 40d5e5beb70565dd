"""A number against the laboratory's own normal range: at most its upper end is negative, above it is positive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from fhir_mappings.datatypes import Range
from fhir_mappings.units import LONGEST, number_of
from rpild_rules.facts import Meaning

WORDED = re.compile(r"(?:(<=|<|≤)|0(?:\.0+)?\s*-)\s*(\d+(?:\.\d+)?)\s*(\D.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upper:
    """The upper end of a normal range; `open` when the end itself lies outside (`<20`)."""

    value: Decimal
    open: bool = False

    def holds(self, number: Decimal) -> bool:
        """Whether a number is within."""
        return number < self.value or (number == self.value and not self.open)


def against_range(number: Decimal, comparator: str, ranges: Iterable[Range], unit: str = "") -> Meaning | None:
    """POSITIVE or NEGATIVE by the one range given; None without one, with several, or where the comparator leaves
    a doubt.
    """
    limits = {limit for each in ranges if (limit := _upper(each, unit)) is not None}
    return _compared(number, comparator, limits.pop()) if len(limits) == 1 else None


def _compared(number: Decimal, comparator: str, limit: Upper) -> Meaning | None:
    within = limit.holds(number)
    if comparator.startswith("<"):
        return Meaning.NEGATIVE if within or (comparator == "<" and number == limit.value) else None
    if comparator.startswith(">"):
        return Meaning.POSITIVE if not within or (comparator == ">" and number == limit.value) else None
    return Meaning.NEGATIVE if within else Meaning.POSITIVE


def _upper(each: Range, unit: str) -> Upper | None:
    """The upper end of a normal range in the unit of the value, given as a number or in the words `<20`, `0-19`."""
    types = {coding.code for coding in each.type.coding} if each.type is not None else set()
    if types - {"normal"}:
        return None
    if each.high is None:
        return _worded(each.text, unit)
    value = number_of(each.high.value)
    return Upper(value) if value is not None and _same(each.high.code or each.high.unit, unit) else None


def _worded(text: str, unit: str) -> Upper | None:
    found = WORDED.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None or not _same(found[3] or "", unit):
        return None
    return Upper(Decimal(found[2]), open=found[1] == "<")


def _same(one: str, other: str) -> bool:
    return not one or not other or one == other
