"""Numbers and units: exact factors, closed tables, comparators, written numbers, and everything that is refused
(K7, K8).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.datatypes import Quantity
from fhir_mappings.units import SCALES, read_quantity, read_text
from rpild_rules.findings import Reason
from tests.mappings.charts import UCUM

ACCEPTED = [
    ("ferritin", 828, "ng/mL", "828"),
    ("ferritin", 828, "ug/L", "828"),
    ("ferritin", 828, "mcg/L", "828"),
    ("ferritin", 828, "µg/L", "828"),
    ("ferritin", 828, "μg/L", "828"),
    ("ferritin-molar", 1861, "pmol/L", "828.145"),
    ("ldh", 400, "IU/L", "400"),
    ("ldh", 400, "[IU]/L", "400"),
    ("ldh", Decimal("6.7"), "ukat/L", "402.0"),
    ("crp", Decimal("1.3"), "mg/dL", "13.0"),
    ("crp-molar", 100, "nmol/L", "10.500"),
    ("pao2", Decimal("8.0"), "kPa", "60.004960"),
    ("pao2", 60, "mmHg", "60"),
    ("pao2", 60, "mm Hg", "60"),
    ("po2-blood-unspecified", 60, "mm[Hg]", "60"),
    ("ph-arterial", Decimal("7.25"), "", "7.25"),
    ("ph-arterial", Decimal("7.25"), "[pH]", "7.25"),
    ("fio2", 21, "%", "0.21"),
    ("fio2", 100, "%", "1.00"),
    ("fio2", Decimal("0.40"), "1", "0.40"),
    ("fio2", Decimal("0.40"), "{fraction}", "0.40"),
    ("fio2", Decimal("0.21"), "", "0.21"),
    ("fio2", 40, "", "0.40"),
    ("fio2", 1, "", "1"),
    ("fvc", 3000, "mL", "3.000"),
    ("fvc", 3, "L", "3"),
    ("dlco", 5, "mmol/min/kPa", "14.935"),
    ("dlco", 15, "cm3/min/mm[Hg]", "15"),
    ("lymphocytes-abs", 500, "/uL", "0.500"),
    ("lymphocytes-abs", Decimal("0.5"), "K/uL", "0.5"),
    ("lymphocytes-abs", Decimal("0.5"), "10*3/uL", "0.5"),
    ("creatinine", Decimal("88.4"), "umol/L", "1"),
    ("magnesium", 1, "mEq/L", "0.5"),
    ("igg", 7, "g/L", "700"),
    ("body-temp", Decimal("100.4"), "[degF]", "38"),
    ("aa-gradient", -5, "mm[Hg]", "-5"),
]
REFUSED = [
    ("ferritin", 857, "ng/dL"),
    ("ferritin", Decimal("0.857"), "mg/L"),  # no source lists it: never guessed; a site may add it in its mapping
    ("ferritin", 857, ""),
    ("ferritin", 857, "pmol/L"),
    ("ferritin-molar", 857, "ng/mL"),
    ("ferritin", Decimal("0.5"), "ng/mL"),
    ("ferritin", 200001, "ng/mL"),
    ("fio2", Decimal("0.3"), "%"),
    ("fio2", 40, "1"),
    ("fio2", Decimal("1.5"), ""),
    ("fio2", 19, ""),
    ("crp", Decimal("10.65"), ""),
    ("ldh", 400, "u/l"),
    ("pao2", 8, "mm[Hg]"),
    ("ferritin", "857", "ng/mL"),
    ("ferritin", True, "ng/mL"),
    ("ferritin", [857], "ng/mL"),
    ("ferritin", 10**16, "ng/mL"),
    ("ferritin", Decimal("1e400"), "ng/mL"),
    ("crp", Decimal("1e-999999"), "mg/L"),
]


@pytest.mark.parametrize(("concept", "value", "unit", "expected"), ACCEPTED)
def test_accepted(concept: str, value: Any, unit: str, expected: str) -> None:
    read = read_quantity(Quantity(value=value, unit=unit, code=unit, system=UCUM if unit else ""), SCALES[concept])
    assert read.value is not None
    assert (read.value, read.problem) == (Decimal(expected), None)


@pytest.mark.parametrize(("concept", "value", "unit"), REFUSED)
def test_refused(concept: str, value: Any, unit: str) -> None:
    read = read_quantity(Quantity(value=value, unit=unit), SCALES[concept])
    assert (read.value, read.problem) == (None, Reason.UNIT)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (Quantity(value=5, code="mg/L", system=UCUM, unit="milligram per liter"), Decimal(5)),
        (Quantity(value=5, unit="mg/L"), Decimal(5)),
        (Quantity(value=5, code="mg/L"), Decimal(5)),
        (Quantity(value=5, code="258796002", system="http://snomed.info/sct", unit="mg/L"), Decimal(5)),
        (Quantity(value=5, code="mg/L", system=UCUM, unit="mg/dL"), None),
        (Quantity(value=5, code="[ppm]", system=UCUM, unit="mg/L"), None),
    ],
)
def test_a_ucum_code_counts_before_the_words_unless_they_contradict(
    quantity: Quantity, expected: Decimal | None
) -> None:
    assert read_quantity(quantity, SCALES["crp"]).value == expected


def test_comparators_are_kept_and_others_refused() -> None:
    kept = read_quantity(Quantity(value=1500, comparator=">", code="ng/mL"), SCALES["ferritin"])
    assert (kept.value, kept.comparator, kept.printed) == (Decimal(1500), ">", ">1500 ng/mL")
    other = read_quantity(Quantity(value=1500, comparator="ad", code="ng/mL"), SCALES["ferritin"])
    assert (other.value, other.problem) == (None, Reason.COMPARATOR)


def test_no_number_at_all() -> None:
    assert read_quantity(Quantity(unit="ng/mL"), SCALES["ferritin"]).problem is Reason.NO_DATA


@pytest.mark.parametrize(
    ("text", "value", "comparator", "problem"),
    [
        (">40000 ng/mL", "40000", ">", None),
        (" >= 1500.5ng/mL ", "1500.5", ">=", None),
        ("≤ 20 ug/L", "20", "<=", None),
        ("≥900 ug/L", "900", ">=", None),
        (">40000", None, ">", Reason.UNIT),
        ("857 ng/dL", None, "", Reason.UNIT),
        ("1,5 ng/mL", None, "", Reason.UNSTRUCTURED),
        ("1,500 ng/mL", None, "", Reason.UNSTRUCTURED),
        ("SEE NOTE", None, "", Reason.UNSTRUCTURED),
        ("1:320", None, "", Reason.UNSTRUCTURED),
        ("", None, "", Reason.UNSTRUCTURED),
        ("5-10 ng/mL", None, "", Reason.UNSTRUCTURED),
    ],
)
def test_written_numbers(text: str, value: str | None, comparator: str, problem: Reason | None) -> None:
    read = read_text(text, SCALES["ferritin"])
    assert (read.value, read.comparator, read.problem) == (Decimal(value) if value else None, comparator, problem)


def test_a_written_unit_may_begin_with_a_sign() -> None:
    assert read_text("40 %", SCALES["fio2"]).value == Decimal("0.40")
    assert read_text("7.4 [pH]", SCALES["ph-arterial"]).value == Decimal("7.4")


def test_printed_numbers_are_as_sent_and_short() -> None:
    read = read_quantity(Quantity(value="9" * 100, unit="ng/mL"), SCALES["ferritin"])
    assert read.printed == "9" * 40 + " ng/mL"
    assert read_quantity(Quantity(value=Decimal("2.70"), unit="L"), SCALES["fvc"]).printed == "2.70 L"
    assert read_quantity(Quantity(value=Decimal("1e-999999"), unit="L"), SCALES["fvc"]).printed == "1E-999999 L"
    assert read_quantity(Quantity(value=0, unit="mg/L"), SCALES["crp"]).value == 0
