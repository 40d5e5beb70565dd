"""A patient's values beside published medians: which lines stand there, which never do, and that nothing is judged."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from rpild_rules.context_values import CAVEAT, ContextValue, context_values
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.when import When
from tests.rules.charts import NOW, chart

UNITS = {
    "ferritin": "ng/mL", "ldh": "U/L", "crp": "mg/L", "lymphocytes-abs": "10*9/L", "il6": "pg/mL", "ck": "U/L",
    "pao2": "mm[Hg]", "pf-ratio": "mm[Hg]",
}  # fmt: skip


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def facts_of(*lines: str, **units: str) -> PatientFacts:
    """A chart whose results carry the units that reading gives them."""
    facts = chart(*lines)
    known = UNITS | units
    return replace(facts, measurements=tuple(replace(m, unit=known.get(m.concept, m.unit)) for m in facts.measurements))


def context(knowledge: Knowledge, *lines: str, **units: str) -> dict[str, ContextValue]:
    facts = facts_of(*lines, **units)
    return {each.marker: each for each in context_values(facts, knowledge, When.at(NOW, facts.zone))}


def ids(value: ContextValue) -> list[str]:
    return [line.biomarker for line in value.beside]


def test_ferritin_stands_beside_survivors_deaths_and_rp_ild(knowledge: Knowledge) -> None:
    (value,) = context(knowledge, "ferritin 900 @-2d").values()
    assert value.value.evidence == ("Observation/000",)
    assert value.value.printed == "900 on 2026-11-22 10:00"
    assert ids(value) == ["BM-1", "BM-10", "BM-13"]
    assert dict(value.beside[0].figures)["with RP-ILD"] == (Decimal("1339.85"), Decimal(650), Decimal("1875.2"))
    assert value.beside[0].words == (
        "median (quartiles), unit not printed: without RP-ILD 555.7 (208.2-1186); with RP-ILD 1339.85 (650-1875.2); "
        "survived 581.345 (264.55-1235.775); died 1500 (755.7-2000) (272 with anti-MDA5 dermatomyositis; "
        "1500 and 2000 look like ceilings of the assay and are read as censored)"
    )
    assert value.beside[1].words == (
        "median (quartiles), ng/mL: survived 409 (234-728); died 1600 (835-1935) (20 with RP-ILD)"
    )
    assert value.caveat == CAVEAT == "Context only, never a cut-off."


@pytest.mark.parametrize(
    ("line", "marker", "biomarkers"),
    [
        ("ldh 450 @-2d", "LDH", ["BM-2", "BM-9", "BM-13"]),
        ("lymphocytes-abs 0.4 @-2d", "lymphocytes", ["BM-5", "BM-13"]),
        ("il6 18 @-2d", "IL-6", ["BM-7"]),
        ("ck 60 @-2d", "CK", ["BM-13"]),
        ("pf-ratio 240 @-2d", "P/F", ["BM-11"]),
    ],
)
def test_other_markers(knowledge: Knowledge, line: str, marker: str, biomarkers: list[str]) -> None:
    found = context(knowledge, line)
    assert list(found) == [marker]
    assert ids(found[marker]) == biomarkers
    assert found[marker].not_compared == ()


def test_crp_is_never_compared(knowledge: Knowledge) -> None:
    (value,) = context(knowledge, "crp 40 @-2d").values()
    assert value.beside == ()
    (why,) = value.not_compared
    assert "no unit" in why
    assert "factor of 10" in why


def test_another_unit_is_not_compared(knowledge: Knowledge) -> None:
    (value,) = context(knowledge, "lymphocytes-abs 400 @-2d", **{"lymphocytes-abs": "/uL"}).values()
    assert value.beside == ()
    assert value.not_compared[0] == "Lymphocytes, n = 168: printed in x10^9/L, the value has unit /uL"
    (bare,) = context(knowledge, "il6 18 @-2d", il6="").values()
    assert bare.not_compared == ("IL-6, n = 168: printed in pg/mL, the value has unit none",)


def test_ratio_is_taken_from_the_gas_with_its_recorded_oxygen(knowledge: Knowledge) -> None:
    found = context(knowledge, "pao2 66 @-2d", "fio2 0.40 @-2d", "pf-ratio 300 @-1d")
    assert found["P/F"].value.printed.startswith("165.0 mmHg (")
    assert found["P/F"].value.evidence == ("Observation/000", "Observation/001")


def test_an_estimated_fraction_gives_no_ratio(knowledge: Knowledge) -> None:
    estimated = ("pao2 66 @-2d", "fio2 0.40 @-2d estimated=yes")
    assert context(knowledge, *estimated) == {}
    found = context(knowledge, *estimated, "pf-ratio 200 @-2d")
    assert found["P/F"].value.printed.startswith("200 on ")


def test_contradicting_results_are_left_out(knowledge: Knowledge) -> None:
    assert context(knowledge, "ferritin 900 @-2d", "ferritin 300 @-2d") == {}
    gases = ("pao2 66 @-2d", "pao2 40 @-2d", "pf-ratio 200 @-2d")
    assert context(knowledge, *gases) == {}


def test_only_recent_readable_values_are_placed(knowledge: Knowledge) -> None:
    assert context(knowledge, "ferritin 900 @-40d") == {}
    assert context(knowledge, "ferritin 900 @-2d problem=unit") == {}
    assert context(knowledge, "ferritin 900 @-2d status=preliminary") == {}
    (value,) = context(knowledge, "ferritin 900 @-20d", "ferritin >1500 @-2d").values()
    assert value.value.printed.startswith(">1500 on")


def test_the_newest_value_alone_is_placed_whatever_the_order(knowledge: Knowledge) -> None:
    lines = ("ferritin 900 @-20d", "ferritin 1200 @-2d", "ldh 300 @-1d")
    assert [each.value.printed for each in context(knowledge, *lines).values()] == [
        each.value.printed for each in context(knowledge, *lines[::-1]).values()
    ]
    assert context(knowledge, *lines)["ferritin"].value.printed.startswith("1200")


def test_an_empty_chart_shows_nothing(knowledge: Knowledge) -> None:
    assert context(knowledge) == {}


def test_no_line_judges(knowledge: Knowledge) -> None:
    lines = [f"{concept} 100 @-1d" for concept in UNITS if concept != "pao2"]
    said = [line.words for value in context(knowledge, *lines).values() for line in value.beside]
    assert len(said) == 11
    assert [words for words in said if re.search(r"\b(high|low|risk|above|below|likely|worse)\b", words)] == []
