"""Each name of a group counts: diagnoses and tests that are signs of infection, doors of the gate, risks of a drug."""

from __future__ import annotations

import pytest

from rpild_rules.assess import assess
from rpild_rules.drug_safety import jak_risks, screen
from rpild_rules.findings import MET
from rpild_rules.infection import infection_signs
from rpild_rules.when import When
from tests.rules.charts import NOW, UTC, chart
from tests.rules.test_cases import knowledge_of, shipped
from tests.rules.test_fatigue import MET as FIRST_LINE
from tests.rules.test_fatigue import situation

AT = When.at(NOW, UTC)


@pytest.mark.parametrize("name", [
    "pneumonia", "pjp", "sepsis", "septic-shock", "covid-19", "cmv-pneumonitis", "vap", "infection-other",
])  # fmt: skip
def test_a_diagnosis_of_infection_is_a_sign(name: str) -> None:
    assert infection_signs(chart(f"condition {name} @-5D"), AT, shipped()).status is MET


@pytest.mark.parametrize("meaning", ["positive", "weak"])
@pytest.mark.parametrize("name", [
    "blood-culture", "respiratory-culture", "urine-culture", "culture-other", "sars-cov-2-rna", "influenza-a-rna",
    "influenza-b-rna", "respiratory-viral-panel", "pjp-dna", "pjp-stain-ag", "cmv-dna", "beta-d-glucan",
])  # fmt: skip
def test_a_positive_test_is_a_sign_and_tells_what_it_found(name: str, meaning: str) -> None:
    (sign,) = infection_signs(chart(f"test {name} {meaning} @-5D"), AT, shipped()).signs
    assert sign.words == f"{name} {meaning} (2026-11-19)"


def test_a_sign_is_told_by_its_record_and_a_culture_by_its_organism() -> None:
    found = infection_signs(
        chart("test urine-culture positive @-5D organism=Klebsiella id=c", "condition sepsis @-3D id=d"), AT, shipped()
    )
    assert [(s.words, s.reference) for s in found.signs] == [
        ("urine-culture Klebsiella (2026-11-19)", "Observation/c"), ("sepsis (2026-11-21)", "Condition/d"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["body-temp 38.6 @-2h", "procalcitonin 0.8 @-2h"])
def test_a_weak_sign_alone_is_no_infection_where_two_are_asked_for(line: str, tmp_path: object) -> None:
    two = knowledge_of({"infection_signs_needed": 2}, tmp_path)  # type: ignore[arg-type]
    assert infection_signs(chart(line), AT, two).status is not MET
    assert infection_signs(chart(line), AT, shipped()).status is MET
    assert infection_signs(chart(line, "condition sepsis @-3D"), AT, two).status is MET
    assert infection_signs(chart("condition sepsis @-3D"), AT, two).status is MET
    assert infection_signs(chart("body-temp 38.6 @-2h", "procalcitonin 0.8 @-2h"), AT, two).status is MET


@pytest.mark.parametrize("name", ["dermatomyositis", "amyopathic-dm", "polymyositis", "antisynthetase"])
def test_a_proven_myositis_with_breathlessness_opens_the_gate(name: str) -> None:
    assert not assess(chart(f"condition {name} @-60D", "condition ild @-10D"), shipped(), NOW).gate.failed
    assert assess(chart("condition myositis-nos @-60D"), shipped(), NOW).gate.failed


@pytest.mark.parametrize("name", ["gottron", "heliotrope", "mechanics-hands", "digital-ulcer"])
def test_a_skin_sign_of_dermatomyositis_with_a_failing_lung_opens_the_gate(name: str) -> None:
    gate = assess(chart(f"condition {name} @-60D", "condition acute-resp-failure @-3D"), shipped(), NOW).gate
    assert not gate.failed
    assert gate.doors


@pytest.mark.parametrize("name", [
    "ild", "ild-in-ctd", "aip", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis",
])  # fmt: skip
def test_any_interstitial_lung_disease_with_a_skin_sign_opens_the_gate(name: str) -> None:
    assert not assess(chart(f"condition {name} @-60D", "condition gottron @-60D"), shipped(), NOW).gate.failed


@pytest.mark.parametrize("name", [
    "vte", "vte-history", "malignancy", "malignancy-history", "coronary-disease", "cerebrovascular-disease",
    "peripheral-arterial-disease",
])  # fmt: skip
def test_a_risk_of_a_jak_inhibitor_is_told(name: str) -> None:
    assert jak_risks(situation(*FIRST_LINE, "draft drug tofacitinib", f"condition {name} @-400D")) == (name,)


@pytest.mark.parametrize("name", ["hbsag", "anti-hbc", "hiv-ag-ab", "igra", "hcv-ab", "hcv-rna"])
@pytest.mark.parametrize("meaning", ["positive", "weak"])
def test_a_positive_screen_is_told_before_rituximab(name: str, meaning: str) -> None:
    found = screen(situation(*FIRST_LINE, "draft drug rituximab", f"test {name} {meaning} @-5d"))
    assert found
    assert found.positive == (f"{name} {meaning} (2026-11-19 10:00)",)


@pytest.mark.parametrize("name", ["lymphocytes-abs", "neutrophils-abs"])
def test_either_count_is_a_blood_count(name: str) -> None:
    found = screen(situation(*FIRST_LINE, "draft drug rituximab", f"{name} 2 @-1h"))
    assert found
    assert "cbc" not in found.missing
    assert found.consider_igg


def test_the_immunoglobulin_is_considered_before_rituximab_only() -> None:
    found = screen(situation(*FIRST_LINE, "draft drug cyclophosphamide"))
    assert found
    assert not found.consider_igg
