"""Qualitative results: what the laboratory itself says, by value, interpretation or its own range; never by one
cut-off for all laboratories.
"""

from __future__ import annotations

from decimal import Decimal

from fhir_mappings.code_tables import EXACT, SITE, SYSTEMS, read_table
from fhir_mappings.datatypes import Concept, Quantity, Range
from fhir_mappings.ranges import against_range
from fhir_mappings.structs import Valued
from fhir_mappings.units import COMPARATORS, LONGEST, THOUSAND, may_be_thousands, number_of, shown_number, written
from fhir_mappings.words import plain, shown
from rpild_rules.facts import Meaning

TABLE = read_table("answers_words")


def spoken(text: str) -> str:
    """A written answer as it is looked up: plain, with single spaces in place of hyphens, commas and blanks."""
    return " ".join(plain(text[:LONGEST]).replace("-", " ").replace(",", " ").split())


GROUPS = {
    "weak": Meaning.WEAK,
    "positive": Meaning.POSITIVE,
    "negative": Meaning.NEGATIVE,
    "indeterminate": Meaning.INDETERMINATE,
}
BY_WORD = {spoken(word): meaning for group, meaning in GROUPS.items() for word in TABLE[group]["words"]}
BY_FLAG = {code: meaning for group, meaning in GROUPS.items() for code in TABLE[group]["interpretation"]}
BY_CODE = {
    key: GROUPS[concept.removeprefix("qual-")]
    for key, concepts in EXACT.items()
    for concept in concepts
    if concept.startswith("qual-")
}
BY_CODE |= {(SITE, f"qual-{group}"): meaning for group, meaning in GROUPS.items()}
BY_CODE |= {(system, code): meaning for group, meaning in GROUPS.items() for system, code in TABLE[group]["codes"]}
HIGH = frozenset(TABLE["quantitative"]["high_interpretation"])
LOW = frozenset(TABLE["quantitative"]["low_interpretation"])


def meaning_of(valued: Valued, names_organism: bool = False) -> Meaning:
    """What a result says. Value and interpretation that disagree are INDETERMINATE; nothing readable is UNREADABLE.

    `names_organism`: a culture, where a coded finding that is no answer names what grew.
    """
    value, flag = _value(valued, names_organism), _flag(valued)
    if value is None or flag is None:
        return value or flag or Meaning.UNREADABLE
    return _agreed(value, flag)


def _agreed(value: Meaning, flag: Meaning) -> Meaning:
    if value is flag:
        return value
    return Meaning.WEAK if {value, flag} == {Meaning.WEAK, Meaning.POSITIVE} else Meaning.INDETERMINATE


def _value(valued: Valued, names_organism: bool) -> Meaning | None:
    if valued.value_codeable_concept is not None:
        return _coded(valued.value_codeable_concept, names_organism)
    if valued.value_string is not None:
        return _written(valued.value_string, valued.ranges())
    if isinstance(valued.value_boolean, bool):
        return Meaning.POSITIVE if valued.value_boolean else Meaning.NEGATIVE
    return _measured(_quantity(valued), valued.ranges())


def _coded(concept: Concept, names_organism: bool) -> Meaning | None:
    known = {BY_CODE.get((SYSTEMS.get(each.system, ""), each.code)) for each in concept.coding} - {None}
    if known:
        return next(iter(known)) if len(known) == 1 else _several(known)
    said = BY_WORD.get(spoken(shown(concept)))
    if said is None and names_organism and any(each.code for each in concept.coding):
        return Meaning.POSITIVE
    return said


def _several(known: set[Meaning | None]) -> Meaning:
    return Meaning.WEAK if known == {Meaning.WEAK, Meaning.POSITIVE} else Meaning.INDETERMINATE


def _written(text: str, ranges: list[Range]) -> Meaning | None:
    said = BY_WORD.get(spoken(text))
    if said is not None:
        return said
    number = written(text)
    if number is None:
        return _number_with_word(text)
    return _ranged(number[2], number[1] or "", ranges) or _number_with_word(text)


def _ranged(number: str, comparator: str, ranges: list[Range]) -> Meaning | None:
    """By the laboratory's range; `1.500` only where it says the same as 1500 would."""
    found = against_range(Decimal(number), comparator, ranges)
    if may_be_thousands(number) and found is not against_range(Decimal(number) * THOUSAND, comparator, ranges):
        return None
    return found


def _number_with_word(text: str) -> Meaning | None:
    """`<11 NEG`, `Negative 4`: a number beside exactly one answer word."""
    words = [word for word in plain(text).split() if word.isalpha()]
    return BY_WORD.get(" ".join(words)) if any(sign.isdigit() for sign in text) else None


def _quantity(valued: Valued) -> Quantity | None:
    if valued.value_quantity is not None:
        return valued.value_quantity
    return Quantity(value=valued.value_integer) if valued.value_integer is not None else None


def _measured(quantity: Quantity | None, ranges: list[Range]) -> Meaning | None:
    number = number_of(quantity.value) if quantity is not None else None
    if quantity is None or number is None or quantity.comparator not in COMPARATORS:
        return None
    return against_range(number, quantity.comparator, ranges, quantity.code or quantity.unit)


def _flag(valued: Valued) -> Meaning | None:
    flags = valued.flags()
    if flags is None:
        return Meaning.INDETERMINATE
    codes = {coding.code for concept in flags for coding in concept.coding}
    known = {BY_FLAG[code] for code in codes if code in BY_FLAG}
    if _is_number(valued):
        known |= {Meaning.POSITIVE} if codes & HIGH else {Meaning.NEGATIVE} if codes & LOW else set()
    if len(known) > 1:
        return _several(set(known))
    return known.pop() if known else None


def _is_number(valued: Valued) -> bool:
    if valued.value_string is not None:
        return written(valued.value_string) is not None
    return valued.value_quantity is not None or valued.value_integer is not None


def printed(valued: Valued) -> str:
    """The result as sent."""
    if valued.value_codeable_concept is not None:
        return shown(valued.value_codeable_concept)
    if valued.value_string is not None:
        return valued.value_string.strip()
    if valued.value_ratio is not None:
        return ":".join(
            str(part.value)
            for part in (valued.value_ratio.numerator, valued.value_ratio.denominator)
            if part is not None
        )
    quantity = _quantity(valued)
    if quantity is not None:
        return shown_number(quantity)
    return "yes" if valued.value_boolean is True else "no" if valued.value_boolean is False else ""
