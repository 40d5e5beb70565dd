"""Qualitative results in every shape: what the laboratory says, and never a cut-off of our own."""

from __future__ import annotations

from typing import Any

import pytest

from rpild_rules.facts import Meaning
from tests.mappings.charts import INTERPRETATION, LOINC, SNOMED, code, facts, observation, quantity

MDA5 = code(LOINC, "82424-3")
HIGH = [{"high": {"value": 20}}]


def flag(*codes: str) -> list[dict[str, Any]]:
    """Interpretations."""
    return [code(INTERPRETATION, each) for each in codes]


SHAPES: list[tuple[str, dict[str, Any], Meaning]] = [
    ("coded positive", {"valueCodeableConcept": code(SNOMED, "10828004")}, Meaning.POSITIVE),
    ("coded detected", {"valueCodeableConcept": code(SNOMED, "260373001")}, Meaning.POSITIVE),
    ("coded weak", {"valueCodeableConcept": code(SNOMED, "260408008")}, Meaning.WEAK),
    ("coded negative", {"valueCodeableConcept": code(SNOMED, "260385009")}, Meaning.NEGATIVE),
    ("coded equivocal", {"valueCodeableConcept": code(SNOMED, "42425007")}, Meaning.INDETERMINATE),
    ("coded text only", {"valueCodeableConcept": {"text": "Positive"}}, Meaning.POSITIVE),
    ("local answer with display", {"valueCodeableConcept": code("urn:lab", "P", "Weak positive")}, Meaning.WEAK),
    ("unknown answer", {"valueCodeableConcept": code("urn:lab", "XYZ")}, Meaning.UNREADABLE),
    (
        "two codings agree on weak",
        {
            "valueCodeableConcept": {
                "coding": [{"system": SNOMED, "code": "260408008"}, {"system": SNOMED, "code": "10828004"}]
            }
        },
        Meaning.WEAK,
    ),
    (
        "two codings contradict",
        {
            "valueCodeableConcept": {
                "coding": [{"system": SNOMED, "code": "260385009"}, {"system": SNOMED, "code": "10828004"}]
            }
        },
        Meaning.INDETERMINATE,
    ),
    ("written", {"valueString": " POSITIVE "}, Meaning.POSITIVE),
    ("written with flag", {"valueString": "Positive (A)"}, Meaning.POSITIVE),
    ("written negative", {"valueString": "Negative"}, Meaning.NEGATIVE),
    ("number beside a word", {"valueString": "<11 NEG"}, Meaning.NEGATIVE),
    ("number and unit beside a word", {"valueString": "12 SI positive"}, Meaning.UNREADABLE),
    ("written number over the range", {"valueString": "48", "referenceRange": HIGH}, Meaning.POSITIVE),
    ("written number without a range", {"valueString": "48"}, Meaning.UNREADABLE),
    ("hyphens and blanks", {"valueString": "Non - reactive"}, Meaning.NEGATIVE),
    ("weak with a hyphen", {"valueCodeableConcept": {"text": "Weak-Positive"}}, Meaning.WEAK),
    ("a dash", {"valueString": "-"}, Meaning.UNREADABLE),
    ("see note", {"valueString": "SEE NOTE"}, Meaning.UNREADABLE),
    ("not a sentence", {"valueString": "not positive for anything"}, Meaning.UNREADABLE),
    ("titre", {"valueString": "1:320"}, Meaning.UNREADABLE),
    (
        "titre as a ratio",
        {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 320}}},
        Meaning.UNREADABLE,
    ),
    (
        "titre with interpretation",
        {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 320}}, "interpretation": flag("POS")},
        Meaning.POSITIVE,
    ),
    ("boolean", {"valueBoolean": True}, Meaning.POSITIVE),
    ("boolean false", {"valueBoolean": False}, Meaning.NEGATIVE),
    ("quoted boolean", {"valueBoolean": "true"}, Meaning.UNREADABLE),
    ("number without a range", {"valueQuantity": quantity(85, "U/mL")}, Meaning.UNREADABLE),
    ("number over its range", {"valueQuantity": quantity(85, "U/mL"), "referenceRange": HIGH}, Meaning.POSITIVE),
    ("number at its limit", {"valueQuantity": quantity(20, "U/mL"), "referenceRange": HIGH}, Meaning.NEGATIVE),
    ("integer over its range", {"valueInteger": 85, "referenceRange": HIGH}, Meaning.POSITIVE),
    ("number flagged high", {"valueQuantity": quantity(85, "U/mL"), "interpretation": flag("H")}, Meaning.POSITIVE),
    ("number flagged low", {"valueQuantity": quantity(1, "U/mL"), "interpretation": flag("L")}, Meaning.NEGATIVE),
    ("written number flagged high", {"valueString": "85", "interpretation": flag("HH")}, Meaning.POSITIVE),
    ("word flagged high", {"valueString": "Positive", "interpretation": flag("H")}, Meaning.POSITIVE),
    ("quoted number", {"valueQuantity": quantity("85", "U/mL"), "referenceRange": HIGH}, Meaning.UNREADABLE),
    ("odd comparator", {"valueQuantity": quantity(85, "U/mL", "ad"), "referenceRange": HIGH}, Meaning.UNREADABLE),
    ("above the limit", {"valueQuantity": quantity(20, "U/mL", ">"), "referenceRange": HIGH}, Meaning.POSITIVE),
    ("at least the limit", {"valueQuantity": quantity(20, "U/mL", ">="), "referenceRange": HIGH}, Meaning.UNREADABLE),
    ("above something lower", {"valueQuantity": quantity(10, "U/mL", ">"), "referenceRange": HIGH}, Meaning.UNREADABLE),
    ("below the limit", {"valueQuantity": quantity(20, "U/mL", "<"), "referenceRange": HIGH}, Meaning.NEGATIVE),
    (
        "below something higher",
        {"valueQuantity": quantity(30, "U/mL", "<"), "referenceRange": HIGH},
        Meaning.UNREADABLE,
    ),
    (
        "range in another unit",
        {"valueQuantity": quantity(85, "U/mL"), "referenceRange": [{"high": {"value": 20, "code": "mg/L"}}]},
        Meaning.UNREADABLE,
    ),
    (
        "range of a critical value",
        {
            "valueQuantity": quantity(85, "U/mL"),
            "referenceRange": [{"high": {"value": 20}, "type": code("urn:x", "critical")}],
        },
        Meaning.UNREADABLE,
    ),
    (
        "normal range",
        {
            "valueQuantity": quantity(85, "U/mL"),
            "referenceRange": [{"high": {"value": 20}, "type": code("urn:x", "normal")}],
        },
        Meaning.POSITIVE,
    ),
    (
        "two ranges",
        {"valueQuantity": quantity(85, "U/mL"), "referenceRange": [{"high": {"value": 20}}, {"high": {"value": 40}}]},
        Meaning.UNREADABLE,
    ),
    ("worded range", {"valueQuantity": quantity(20, "U/mL"), "referenceRange": [{"text": "<20"}]}, Meaning.POSITIVE),
    (
        "within a worded range",
        {"valueQuantity": quantity(19, "U/mL"), "referenceRange": [{"text": "<20 U/mL"}]},
        Meaning.NEGATIVE,
    ),
    ("at most", {"valueQuantity": quantity(20, "U/mL"), "referenceRange": [{"text": "<= 20"}]}, Meaning.NEGATIVE),
    ("from zero", {"valueQuantity": quantity(19, "U/mL"), "referenceRange": [{"text": "0 - 19"}]}, Meaning.NEGATIVE),
    (
        "worded in another unit",
        {"valueQuantity": quantity(9, "U/mL"), "referenceRange": [{"text": "<20 AU"}]},
        Meaning.UNREADABLE,
    ),
    (
        "worded otherwise",
        {"valueQuantity": quantity(9, "U/mL"), "referenceRange": [{"text": "see note"}]},
        Meaning.UNREADABLE,
    ),
    (
        "below the open end",
        {"valueQuantity": quantity(20, "U/mL", "<"), "referenceRange": [{"text": "<20"}]},
        Meaning.NEGATIVE,
    ),
    (
        "at least the open end",
        {"valueQuantity": quantity(20, "U/mL", ">="), "referenceRange": [{"text": "<20"}]},
        Meaning.POSITIVE,
    ),
    (
        "quoted range",
        {"valueQuantity": quantity(9, "U/mL"), "referenceRange": [{"high": {"value": "20"}}]},
        Meaning.UNREADABLE,
    ),
    ("range without an upper end", {"valueQuantity": quantity(85, "U/mL"), "referenceRange": [{}]}, Meaning.UNREADABLE),
    ("interpretation alone", {"interpretation": flag("WR")}, Meaning.WEAK),
    ("interpretation indeterminate", {"interpretation": flag("IND")}, Meaning.INDETERMINATE),
    ("interpretations contradict", {"interpretation": flag("POS", "NEG")}, Meaning.INDETERMINATE),
    ("unknown interpretation", {"interpretation": flag("HX")}, Meaning.UNREADABLE),
    ("value and interpretation agree", {"valueString": "Positive", "interpretation": flag("POS")}, Meaning.POSITIVE),
    ("weak and positive", {"valueString": "Positive", "interpretation": flag("WR")}, Meaning.WEAK),
    ("value against interpretation", {"valueString": "Negative", "interpretation": flag("POS")}, Meaning.INDETERMINATE),
    ("masked", {"dataAbsentReason": code("urn:x", "masked")}, Meaning.UNREADABLE),
]


@pytest.mark.parametrize(("members", "expected"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_meaning(members: dict[str, Any], expected: Meaning) -> None:
    (result,) = facts(observation(concept=MDA5, **members)).results
    assert (result.concept, result.meaning) == ("anti-mda5-qual", expected)


@pytest.mark.parametrize(
    ("members", "printed"),
    [
        ({"valueCodeableConcept": code(SNOMED, "10828004", "Positive")}, "Positive"),
        ({"valueString": " <11 NEG "}, "<11 NEG"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 320}}}, "1:320"),
        ({"valueRatio": {"numerator": {"value": 1}}}, "1"),
        ({"valueQuantity": quantity(85, "U/mL", ">")}, ">85 U/mL"),
        ({"valueInteger": 85}, "85"),
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({}, ""),
    ],
)
def test_printed_as_sent(members: dict[str, Any], printed: str) -> None:
    (result,) = facts(observation(concept=MDA5, **members)).results
    assert result.printed == printed


@pytest.mark.parametrize(
    ("concept", "members", "meaning", "organism"),
    [
        (
            code(LOINC, "600-7"),
            {"valueCodeableConcept": code(SNOMED, "3092008", "Staphylococcus aureus")},
            Meaning.POSITIVE,
            "Staphylococcus aureus",
        ),
        (code(LOINC, "600-7"), {"valueCodeableConcept": code(SNOMED, "264868006", "No growth")}, Meaning.NEGATIVE, ""),
        (code(LOINC, "600-7"), {"valueString": "No growth"}, Meaning.NEGATIVE, ""),
        (code(LOINC, "600-7"), {"valueString": "Gram positive cocci in clusters"}, Meaning.UNREADABLE, ""),
        (code(LOINC, "600-7"), {"valueCodeableConcept": {"text": "Normal flora"}}, Meaning.NEGATIVE, ""),
        (code(LOINC, "600-7"), {"valueCodeableConcept": {"text": "Mixed growth"}}, Meaning.UNREADABLE, ""),
    ],
)
def test_cultures_name_what_grew(
    concept: dict[str, Any], members: dict[str, Any], meaning: Meaning, organism: str
) -> None:
    (result,) = facts(observation(concept=concept, **members)).results
    assert (result.meaning, result.organism) == (meaning, organism)
