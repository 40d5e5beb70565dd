"""Published medians beside a patient's values: which lines stand there, which never do, and that nothing is judged."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from rpild_rules import rows
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.medians import Beside, published_beside
from rpild_rules.trends import markers, trends
from rpild_rules.when import When
from tests.rules.charts import NOW, chart

UNITS = {
    "ferritin": "ng/mL", "ldh": "U/L", "crp": "mg/L", "lymphocytes-abs": "10*9/L", "il6": "pg/mL", "ck": "U/L",
    "pf-ratio": "mm[Hg]",
}  # fmt: skip


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def beside(knowledge: Knowledge, concept: str) -> tuple[Beside, ...]:
    return published_beside(concept, UNITS[concept], knowledge)[0]


def test_ferritin_stands_beside_survivors_deaths_and_rp_ild(knowledge: Knowledge) -> None:
    first, second, third = beside(knowledge, "ferritin")
    assert [first.biomarker, second.biomarker, third.biomarker] == ["BM-1", "BM-10", "BM-13"]
    assert dict(first.figures)["with RP-ILD"] == (Decimal("1339.85"), Decimal(650), Decimal("1875.2"))
    assert first.words == (
        "median (quartiles), unit not printed: without RP-ILD 555.7 (208.2-1186); with RP-ILD 1339.85 (650-1875.2); "
        "survived 581.345 (264.55-1235.775); died 1500 (755.7-2000) (272 with anti-MDA5 dermatomyositis; "
        "1500 and 2000 look like ceilings of the assay and are read as censored)"
    )
    assert second.words == "median (quartiles), ng/mL: survived 409 (234-728); died 1600 (835-1935) (20 with RP-ILD)"


@pytest.mark.parametrize(
    ("concept", "biomarkers"),
    [
        ("ldh", ["BM-2", "BM-9", "BM-13"]),
        ("lymphocytes-abs", ["BM-5", "BM-13"]),
        ("il6", ["BM-7"]),
        ("ck", ["BM-13"]),
        ("pf-ratio", ["BM-11"]),
    ],
)
def test_other_markers(knowledge: Knowledge, concept: str, biomarkers: list[str]) -> None:
    lines, refused = published_beside(concept, UNITS[concept], knowledge)
    assert [line.biomarker for line in lines] == biomarkers
    assert refused == ()


def test_every_marker_with_published_medians_is_drawn(knowledge: Knowledge) -> None:
    printed = {series.concept for row in knowledge.tables.of(rows.Biomarker).values() for series in row.series}
    assert printed - {""} == UNITS.keys()
    facts = chart(*(f"{concept} 1 @-1d" for concept in UNITS))
    drawn = {each.marker.concept for each in trends(facts, knowledge, When.at(NOW, facts.zone))}
    assert drawn == UNITS.keys() <= {each.concept for each in markers()}


def test_crp_is_never_compared(knowledge: Knowledge) -> None:
    lines, (why,) = published_beside("crp", "mg/L", knowledge)
    assert lines == ()
    assert "no unit" in why
    assert "factor of 10" in why


def test_another_unit_is_not_compared(knowledge: Knowledge) -> None:
    lines, refused = published_beside("lymphocytes-abs", "/uL", knowledge)
    assert lines == ()
    assert refused[0] == "Lymphocytes, n = 168: printed in x10^9/L, the value has unit /uL"
    assert published_beside("il6", "", knowledge)[1] == (
        "IL-6, n = 168: printed in pg/mL, the value has unit none",
    )  # fmt: skip


def test_no_line_judges(knowledge: Knowledge) -> None:
    said = [line.words for concept in UNITS for line in beside(knowledge, concept)]
    assert len(said) == 11
    assert [words for words in said if re.search(r"\b(high|low|risk|above|below|likely|worse)\b", words)] == []
