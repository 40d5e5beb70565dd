"""A site's unit rows, judged: a spelling that misleads, or that is known with another factor, gets past no blank or
capital.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from fhir_mappings.site_rows import SiteRow
from fhir_mappings.units import LARGEST, SCALES, SMALLEST, TABLE, Factor, Scale
from fhir_mappings.words import plain

# What differs between spellings of one unit: capitals, blanks, brackets, notes, the micro sign, a tenth of a litre.
NOTE = re.compile(r"(?<=.)\{[^}]*\}")
BETWEEN = re.compile(r"[\s().,]+")
SAME = ((re.compile(r"μ|mc(?=g|l|mol|kat)"), "u"), (re.compile(r"100ml|deciliter"), "dl"))


def folded(unit: str) -> str:
    """A unit without what differs between its spellings: `ng / DL`, `ng/100 mL` and `ng/dL` are one."""
    bare = BETWEEN.sub("", NOTE.sub("", plain(unit).strip()))
    for sign, letters in SAME:
        bare = sign.sub(letters, bare)
    return bare


def _known() -> dict[tuple[str, str], tuple[Factor, ...]]:
    """The factors of every folded spelling, by what its concept reads as; of several the first written."""
    found: dict[tuple[str, str], tuple[Factor, ...]] = {}
    for scale in SCALES.values():
        for spelling, factors in scale.factors.items():
            found.setdefault((scale.concept, folded(spelling)), factors)
    return found


REFUSED = frozenset((concept, folded(unit)) for concept, units in TABLE["refused"].items() for unit in units)
KNOWN = _known()


def is_refused(concept: str, unit: str) -> bool:
    """Whether a unit is accepted for a data element by no row of any site: none at all, or one that misleads."""
    return not unit.strip() or (concept, folded(unit)) in REFUSED


def factors_of(row: SiteRow) -> tuple[Factor, ...]:
    """How the values of a unit row become canonical; the row has no fault."""
    if row.equals:
        return SCALES[row.concept].factors[row.equals]
    return (Factor(Decimal(row.factor), Decimal(1), Decimal(0)),)


def unit_faults(row: SiteRow) -> Iterator[str]:
    """What is wrong with a unit row, each with its remedy."""
    scale = SCALES.get(row.concept)
    if scale is None:
        yield f"{row.where}: {row.concept} has no unit. Name a measured data element."
        return
    if is_refused(scale.concept, row.unit):
        yield f"{row.where}: unit {row.unit or '(none)'} is never accepted for {row.concept}. Remove the row."
        return
    if row.unit in scale.factors:
        yield f"{row.where}: unit {row.unit} is known for {row.concept}. Remove the row."
        return
    fault = _size_fault(row, scale) or _other_size(row, scale)
    if fault:
        yield f"{row.where}: {fault}"


def _size_fault(row: SiteRow, scale: Scale) -> str:
    if row.equals and row.factor:
        return "equals and factor both stand. Keep one of them."
    if row.equals:
        known = ", ".join(sorted(filter(None, scale.factors)))
        told = f"equals {row.equals} is not a unit of {row.concept}. Its units are {known}."
        return "" if row.equals in scale.factors else told
    if not row.factor:
        how = f"either equals (a known unit) or factor (how many {scale.unit} one of it is)"
        return f"a unit needs {how}. Write one."
    told = f'factor {row.factor} is not a number above 0. Write it with a decimal point, as "0.1".'
    return "" if _is_factor(row.factor) else told


def _other_size(row: SiteRow, scale: Scale) -> str:
    """The unit is known in another spelling, and the row says that it is larger or smaller."""
    known = KNOWN.get((scale.concept, folded(row.unit)))
    if known is None or _same(known, factors_of(row)):
        return ""
    told = " or ".join(f"{_number(each)} {scale.unit}" for each in known)
    return f"unit {row.unit} is known for {row.concept} in another spelling, as {told}. Correct the row."


def _same(known: tuple[Factor, ...], given: tuple[Factor, ...]) -> bool:
    one, two = Decimal(1), Decimal(2)  # two points fix a line
    return {(each.apply(one), each.apply(two)) for each in known} == {
        (each.apply(one), each.apply(two)) for each in given
    }


def _number(factor: Factor) -> str:
    return f"{factor.apply(Decimal(1)):.6g}"


def _is_factor(text: str) -> bool:
    try:
        return SMALLEST <= Decimal(text) <= LARGEST
    except InvalidOperation:
        return False
