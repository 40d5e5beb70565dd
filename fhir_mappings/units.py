"""Numbers with units to canonical values, by closed tables (decisions K7): what is not listed is never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_mappings.code_tables import CodeTableError, read_table
from fhir_mappings.datatypes import Quantity
from rpild_rules.findings import Reason

UCUM = "http://unitsofmeasure.org"
LARGEST = Decimal("1e15")
SMALLEST = Decimal("1e-15")
COMPARATORS = frozenset({"", "<", "<=", ">=", ">"})
WRITTEN = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:\.\d+)?)\s*(\D.*)?", re.ASCII)
THOUSAND = 1000
THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)
LONGEST = 100
SIGNS = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True, slots=True)
class Factor:
    """How one spelling of a unit becomes canonical: (value - subtract) * numerator / denominator."""

    numerator: Decimal
    denominator: Decimal
    subtract: Decimal

    def apply(self, value: Decimal) -> Decimal:
        if self is AS_SENT:
            return value
        scaled = (value - self.subtract) * self.numerator
        return scaled if self.denominator == 1 else scaled / self.denominator


AS_SENT = Factor(Decimal(1), Decimal(1), Decimal(0))


@dataclass(frozen=True, slots=True)
class Scale:
    """One numeric concept: what it reads as, its canonical unit, its plausible range and its units."""

    concept: str
    unit: str
    low: Decimal
    high: Decimal
    factors: Mapping[str, tuple[Factor, ...]]

    def canonical(self, value: Decimal, spelling: str) -> Decimal | None:
        """The value in the canonical unit; None for an unlisted unit or an implausible or ambiguous value."""
        factors = self.factors.get(spelling, ())
        if len(factors) == 1:
            only = value if factors[0] is AS_SENT else factors[0].apply(value)
            return only if self.low <= only <= self.high else None
        found = {factor.apply(value) for factor in factors}
        plausible = [each for each in found if self.low <= each <= self.high]
        return plausible[0] if len(plausible) == 1 else None


class Reading(NamedTuple):
    """A number as read: value and comparator, or the reason why there is no value. `printed` is as sent."""

    value: Decimal | None
    printed: str
    comparator: str = ""
    problem: Reason | None = None


def _factor(text: str, subtract: str) -> Factor:
    top, _, bottom = text.partition("/")
    if (text, subtract) == ("1", "0"):
        return AS_SENT
    return Factor(Decimal(top), Decimal(bottom or "1"), Decimal(subtract))


def _spelled(unit: str, spellings: Mapping[str, list[str]]) -> Iterable[str]:
    return (unit, *spellings.get(unit, ()))


def _scale(name: str, table: Mapping[str, Any], spellings: Mapping[str, list[str]]) -> Scale:
    factors = {}
    for unit, texts in table["factors"].items():
        known = tuple(_factor(text, table.get("subtract", {}).get(unit, "0")) for text in texts)
        factors.update(dict.fromkeys(_spelled(unit, spellings), known))
    low, high = (Decimal(end) for end in table["range"])
    if low >= high:
        raise CodeTableError(f"codes/units.toml [concept.{name}]: the range runs backwards. Write the lower end first.")
    return Scale(table.get("reads_as", name), table["unit"], low, high, factors)


TABLE = read_table("units")
SCALES = {name: _scale(name, table, TABLE["spellings"]) for name, table in TABLE["concept"].items()}
ATTESTED = {name: _scale(name, table, TABLE["spellings"]) for name, table in TABLE["attested"].items()}
KNOWN_SPELLINGS = frozenset(spelling for scale in SCALES.values() for spelling in scale.factors if spelling)
KNOWN_SPELLINGS |= frozenset(spelling for refused in TABLE["refused"].values() for spelling in refused)


def spelling_of(quantity: Quantity, scale: Scale) -> str:
    """The spelling that counts: the UCUM code, else the unit's text. A text that is another known unit spoils the
    code.
    """
    if quantity.code == quantity.unit:
        return quantity.code.strip()
    code, text = quantity.code.strip(), quantity.unit.strip()
    if not code or (quantity.system and quantity.system != UCUM):
        return text or code
    if text in KNOWN_SPELLINGS and scale.factors.get(text) != scale.factors.get(code):
        return f"{code} or {text}"
    return code


def read_quantity(quantity: Quantity, scale: Scale) -> Reading:
    """A Quantity as a canonical number, or the reason why not (`unit`, `comparator`, `no-data`)."""
    spelling = spelling_of(quantity, scale)
    number = number_of(quantity.value)
    printed = _shown(number, quantity)
    if quantity.value is None:
        return Reading(None, printed, problem=Reason.NO_DATA)
    if number is None:
        return Reading(None, printed, problem=Reason.UNIT)
    return _judged(number, quantity.comparator, spelling, printed, scale)


def read_text(text: str, scale: Scale) -> Reading:
    """A valueString by a strict grammar: comparator, number with a decimal point, unit; else `unstructured`.

    So is a number whose point may part its thousands (`1.500`), if both readings are plausible.
    """
    printed = text.strip()
    found = written(text)
    if found is None or (found[3] and not found[3][0].isalpha() and found[3] not in KNOWN_SPELLINGS):
        return Reading(None, printed, problem=Reason.UNSTRUCTURED)
    comparator, unit = SIGNS.get(found[1], found[1] or ""), found[3] or ""
    if may_be_thousands(found[2]) and scale.canonical(Decimal(found[2]) * THOUSAND, unit) is not None:
        return Reading(None, printed, problem=Reason.UNSTRUCTURED)
    return _judged(Decimal(found[2]), comparator, unit, printed, scale)


def may_be_thousands(number: str) -> bool:
    """Whether the point of a written number may be the one that parts thousands in other languages."""
    return THOUSANDS.fullmatch(number) is not None


def written(text: str) -> re.Match[str] | None:
    """Comparator, number and unit of a written result; None for anything else, or too long for one."""
    return WRITTEN.fullmatch(text.strip()) if len(text) <= LONGEST else None


def number_of(value: Any) -> Decimal | None:
    """A JSON number as Decimal; None for a quoted or boolean one, and out of reach (above 1e15, or all but zero)."""
    if type(value) is not Decimal and type(value) is not int:  # a boolean is an int, too
        return None
    number = value if type(value) is Decimal else Decimal(value)
    if SMALLEST <= abs(number) <= LARGEST:
        return number
    return abs(number) if number == 0 else None


def _judged(number: Decimal, comparator: str, spelling: str, printed: str, scale: Scale) -> Reading:
    if comparator not in COMPARATORS:
        return Reading(None, printed, comparator, Reason.COMPARATOR)
    value = scale.canonical(number, spelling)
    return Reading(value, printed, comparator, None if value is not None else Reason.UNIT)


def shown_number(quantity: Quantity) -> str:
    """Comparator, number and unit as sent, cut to a length that fits a line."""
    return _shown(number_of(quantity.value), quantity)


def _shown(number: Decimal | None, quantity: Quantity) -> str:
    sent = f"{number:f}" if number is not None else "" if quantity.value is None else str(quantity.value)
    return f"{quantity.comparator}{sent[:40]} {quantity.unit or quantity.code}".strip()
