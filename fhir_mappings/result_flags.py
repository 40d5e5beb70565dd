"""What the laboratory's flags beside a number add to it: off its scale, or in contradiction to it (terminology, result
shapes 6): both are shown then, and no rule uses the number.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from fhir_mappings.answers import HIGH, LOW
from fhir_mappings.datatypes import Concept, Quantity, Range
from fhir_mappings.structs import EMPTY, FLAGS, RANGES, Valued, listed
from fhir_mappings.units import Reading, number_of
from fhir_mappings.words import shown
from rpild_rules.findings import Reason

OFF_SCALE = frozenset({"<", ">"})
NORMAL = frozenset({"N"})


class Said(NamedTuple):
    """What flags say: the signs of a value off the scale, and between which numbers a value agrees with them."""

    words: str = ""
    signs: frozenset[str] = frozenset()
    least: Decimal | None = None
    most: Decimal | None = None


def with_flags(reading: Reading, valued: Valued) -> Reading:
    """A number with the comparator that its flags say, or spoilt where they or a reason of absence speak against it."""
    if reading.value is None:
        return reading
    if valued.data_absent_reason is not None:
        return _spoilt(reading, f"given as absent: {shown(valued.data_absent_reason) or 'no reason'}")
    if valued.interpretation is EMPTY:
        return reading
    quantity = valued.value_quantity
    if quantity is None:
        return _off_scale(reading, _said(bytes(valued.interpretation), b"", ""))
    said = _said(bytes(valued.interpretation), bytes(valued.reference_range), quantity.code or quantity.unit)
    if (said.least is None or quantity.value >= said.least) and (said.most is None or quantity.value <= said.most):
        return _off_scale(reading, said) if said.signs else reading
    return _spoilt(reading, f"flagged {said.words}")


def _spoilt(reading: Reading, why: str) -> Reading:
    return Reading(None, f"{reading.printed}, {why}", reading.comparator, Reason.CONFLICT)


def _off_scale(reading: Reading, said: Said) -> Reading:
    if not said.signs or reading.comparator[:1] in said.signs:
        return reading
    if reading.comparator or len(said.signs) > 1:
        return _spoilt(reading, f"flagged {said.words}")
    sign = next(iter(said.signs))
    return reading._replace(comparator=sign, printed=f"{sign}{reading.printed}")


@lru_cache(maxsize=4096)
def _said(flags: bytes, ranges: bytes, unit: str) -> Said:
    """The same flags and range are looked at once: a laboratory sends them with every result of one test."""
    concepts: list[Concept] = listed(FLAGS, flags) or []
    codes = frozenset(coding.code for concept in concepts for coding in concept.coding)
    words, signs = ", ".join(sorted(codes)), codes & OFF_SCALE
    low, high = _ends(ranges, unit) if ranges else (None, None)
    if codes & NORMAL:
        return Said(words, signs, low, high)
    if codes & HIGH:
        return Said(words, signs, least=high)
    return Said(words, signs, most=low) if codes & LOW else Said(words, signs)


def _ends(raw: bytes, unit: str) -> tuple[Decimal | None, Decimal | None]:
    """The ends of the one range given, if it is a normal one in the unit of the number."""
    ranges: list[Range] = listed(RANGES, raw) or []
    if len(ranges) != 1:
        return None, None
    types = {coding.code for coding in ranges[0].type.coding} if ranges[0].type is not None else set()
    return (None, None) if types - {"normal"} else (_end(ranges[0].low, unit), _end(ranges[0].high, unit))


def _end(quantity: Quantity | None, unit: str) -> Decimal | None:
    if quantity is None or (quantity.code or quantity.unit or unit) != unit:
        return None
    return number_of(quantity.value)
