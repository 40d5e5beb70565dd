"""The synthetic patients: every chart is valid FHIR R4, known by its codes, and moves with the clock."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from ehr_sandbox.charting import PatientFileError, chart_of, load_patients, touched
from ehr_sandbox.clock import Clock, OffsetError
from ehr_sandbox.observations import quantity
from ehr_sandbox.records import Records
from ehr_sandbox.vocabulary import VocabularyError, concept, tables
from tests.sandbox.fake_service import NOW

PATIENTS = load_patients()
CODES = Path(__file__).parents[3] / "shared" / "terminology" / "codes.csv"
CLOCK = Clock(NOW)


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.id)
def test_every_resource_is_valid_r4(patient: Any) -> None:
    for resource in chart_of(patient, CLOCK):
        read = get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert read.model_dump()["id"] == resource["id"]


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda each: each.id)
def test_every_chart_has_its_own_ids_and_one_subject(patient: Any) -> None:
    resources = chart_of(patient, CLOCK)
    keys = [(each["resourceType"], each["id"]) for each in resources]
    assert len(keys) == len(set(keys))
    assert {each["subject"]["reference"] for each in resources[1:]} == {f"Patient/{patient.id}"}


def test_there_are_enough_patients_each_with_a_lesson_of_its_own() -> None:
    lessons = {patient.lesson for patient in PATIENTS}
    assert len(PATIENTS) == len(lessons) >= 10
    assert {patient.content["place"] for patient in PATIENTS} == set(range(1, len(PATIENTS) + 1))


def test_printed_numbers_of_published_cases() -> None:
    """knowledge.md, section 9: K1, L1, L2, A1, T1."""
    printed: dict[str, Any] = {
        "kurasawa-k1": (
            66,
            "female",
            {"ferritin": {1559, 6813}, "ldh": {430}, "kl6": {1190}, "ck": {69}, "myoglobin": {62}},
        ),
        "local-l1": (64, "female", {"ferritin": {2433}, "ldh": {339}, "crp": {10.65}}),
        "local-l2": (24, "female", {"ferritin": {7413}, "ldh": {1577}}),
        "suh-a1": (68, "female", {"resprate": {42}, "pao2": {126.9}}),
        "tocilizumab-t1": (43, "male", {"ferritin": {1825, 641}, "ldh": {351}, "pf-ratio": {245.2}}),
    }
    found = {patient.id: patient.content for patient in PATIENTS}
    for name, (age, sex, numbers) in printed.items():
        assert (found[name]["age"], found[name]["sex"]) == (age, sex)
        for test, values in numbers.items():
            assert values <= {value for key, value in found[name]["results"][test].items() if key != "unit"}, (
                f"{name} {test}"
            )


@pytest.mark.skipif(not CODES.exists(), reason=f"the terminology table is not here: {CODES}")
def test_codes_of_the_vocabulary_are_in_the_terminology_table() -> None:
    with CODES.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "UNVERIFIED" not in row["verified_in"]]
    known = {(row["system"], row["code"]) for row in rows}
    named = {"loinc": "LOINC", "snomed": "SNOMED", "rxnorm": "RxNorm"}
    for table in ("tests", "drugs", "answers", "procedures"):
        for word, entry in tables()[table].items():
            codes = {(named[key], entry[key]) for key in named if key in entry}
            assert codes <= known, f"[{table}] {word}: {codes - known}"


def test_a_chart_keeps_its_ids_while_its_times_move_on() -> None:
    moments = [NOW, NOW + timedelta(minutes=5), NOW + timedelta(hours=3)]
    records = Records(PATIENTS, now=lambda: moments[0])
    first = records.read("Observation", "classic-ferritin-1d")
    moments.pop(0)
    assert records.read("Observation", "classic-ferritin-1d") is first
    moments.pop(0)
    later = records.read("Observation", "classic-ferritin-1d")
    assert first is not None
    assert later is not None
    assert moved(first, later) == timedelta(hours=3)


def moved(first: dict[str, Any], later: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(later["effectiveDateTime"]) - datetime.fromisoformat(first["effectiveDateTime"])


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("now", "2026-11-24T09:30:00Z"),
        ("-3d", "2026-11-21T09:30:00Z"),
        ("-4h30m", "2026-11-24T05:00:00Z"),
        ("+15m", "2026-11-24T09:45:00Z"),
        ("-18D", "2026-11-06"),
    ],
)
def test_offsets(offset: str, expected: str) -> None:
    assert CLOCK.fhir(offset) == expected


def test_an_unreadable_offset_says_what_to_write() -> None:
    with pytest.raises(OffsetError, match="write for example -3d"):
        CLOCK.moment("last week")


def test_quantities() -> None:
    assert quantity(">1500", "ng/mL")["comparator"] == ">"
    assert quantity("<0.5", "mg/L")["value"] == pytest.approx(0.5)
    assert quantity(10.65, "") == {"value": 10.65}


def test_particulars_of_a_result(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'place = 1\nlesson = "l"\nstory = "s"\ngiven = "A"\nfamily = "B"\nage = 40\nsex = "male"\n'
        'problems = [{ name = "ild", onset = "-5D", verification = "provisional" }]\n'
        '[results]\nferritin = { "-1D" = { value = 900, status = "preliminary", unit = "ug/L" } }\n'
        'crp = { "-1d" = ">90" }\n',
        encoding="utf-8",
    )
    chart = chart_of(load_patients(tmp_path)[0], CLOCK)
    ferritin = next(each for each in chart if each["id"] == "x-ferritin-1D")
    assert (ferritin["status"], ferritin["valueQuantity"]["unit"], "issued" in ferritin) == (
        "preliminary",
        "ug/L",
        False,
    )
    assert "referenceRange" not in ferritin
    assert touched(ferritin, CLOCK) == "2026-11-24T08:30:00Z"


def test_a_patient_file_with_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text('place = 1\nlessson = "slip"\n', encoding="utf-8")
    with pytest.raises(PatientFileError, match=r"odd\.toml: unknown key lessson"):
        load_patients(tmp_path)


def test_an_unknown_word_is_refused_by_table() -> None:
    with pytest.raises(VocabularyError, match=r"no 'elixir' under \[drugs\]"):
        concept("drugs", "elixir")
