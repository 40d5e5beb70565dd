"""Our unit tables against a UCUM library: every factor between two units that both know is the same."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from fhir_mappings.units import SCALES, TABLE

# Not conversions of units: a molar mass, an enzyme unit, a ratio in per cent, an atomic mass, a charge, a convention.
OWN = {"[pH]", "", "1", "{fraction}"}
BY_SUBSTANCE = {("ferritin-molar", "pmol/L"), ("crp-molar", "nmol/L"), ("creatinine", "umol/L"), ("magnesium", "mg/dL")}
BY_CONVENTION = {
    ("magnesium", "meq/L"),
    ("potassium", "meq/L"),
    ("dlco", "mmol/min/kPa"),
    ("dlco-hb-adj", "mmol/min/kPa"),
}


@cache
def registry() -> Any:
    from ucumvert import PintUcumRegistry  # a second to load, and only here

    return PintUcumRegistry()


PAIRS = [
    (name, unit, scale.unit)
    for name, scale in SCALES.items()
    for unit in TABLE["concept"][name]["factors"]
    if unit not in OWN and scale.unit not in OWN and (name, unit) not in BY_SUBSTANCE | BY_CONVENTION
]


@pytest.mark.parametrize(("name", "unit", "canonical"), PAIRS)
def test_a_factor_is_that_of_ucum(name: str, unit: str, canonical: str) -> None:
    (factor,) = SCALES[name].factors[unit]
    low, high = (factor.apply(Decimal(each)) for each in (50, 60))
    known = registry()
    sent = [known.Quantity(each, known.from_ucum(unit)) for each in (50, 60)]
    expected = [float(each.to(known.from_ucum(canonical)).magnitude) for each in sent]
    assert [float(low), float(high)] == pytest.approx(expected, rel=1e-5)


def test_most_units_are_compared() -> None:
    assert len(PAIRS) > 50


def test_what_the_library_gets_wrong_we_name_ourselves() -> None:
    """K/uL is kelvin for UCUM: it must be an alias before anything parses it."""
    assert str(registry().from_ucum("K").dimensionality) == "[temperature]"
    assert SCALES["lymphocytes-abs"].canonical(Decimal("0.45"), "K/uL") == Decimal("0.45")


def test_exact_in_decimal() -> None:
    assert SCALES["crp"].canonical(Decimal("0.1"), "mg/dL") == Decimal("1.0")
    assert SCALES["pao2"].canonical(Decimal("8.3"), "kPa") == Decimal("62.255146")
    assert SCALES["ferritin-molar"].canonical(Decimal("2247.1"), "pmol/L") == Decimal("999.9595")
    assert SCALES["ldh"].canonical(Decimal("8.15"), "ukat/L") == Decimal("489.00")
