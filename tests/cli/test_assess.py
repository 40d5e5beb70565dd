"""`rpild assess`: the contract as JSON, a readable report, and refusals that say what to give instead."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rpild_server.assessing import assess_file, moment, report_of
from rpild_server.cli import main
from rpild_server.terminal import Screen
from tests.cli.charts import AT, UNREADABLE, resources, write_bundle, write_ndjson
from tests.service.calls import MDA5, concept, observation, patient, quantity


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["assess", *map(str, arguments)])


def report(file: Path, **screen: object) -> str:
    return report_of(assess_file(file, None, moment(AT), None), Screen(**({"width": 100} | screen)))  # type: ignore[arg-type]


def test_json_is_the_contract(tmp_path: Path) -> None:
    result = run(write_bundle(tmp_path), "--at", AT, "--json")
    assert result.exit_code == 0
    contract = json.loads(result.stdout)
    assert contract["definitions"]["fourConditions"] == "met"
    assert contract["cards"] == ["combinationTherapy"]
    assert contract["evaluatedAt"] == AT


def test_ndjson_gives_the_same_as_a_bundle(tmp_path: Path) -> None:
    options = ("--at", AT, "--json")
    assert run(write_ndjson(tmp_path), *options).stdout == run(write_bundle(tmp_path), *options).stdout


def test_the_report_names_every_criterion_with_status_why_evidence_and_missing(tmp_path: Path) -> None:
    text = report(write_bundle(tmp_path))
    assert "met       Fall of FVC [fvcDecline]" in text
    assert "unknown   Fall of DLCO [dlcoDecline]" in text
    assert "why: FVC 3.00 L" in text
    assert "evidence: Observation/fvc-2" in text or "Observation/fvc-1" in text
    assert "missing: DLCO" in text
    assert "(not in the record)" in text
    assert "missing: LDH: no result" in text, "no id where people read"
    assert "critical  Combination therapy in anti-MDA5 RP-ILD [combinationTherapy]" in text
    assert "Ferritin (ng/mL), 3 values" in text
    assert text.count("●") >= 5
    assert "┄" in text
    assert "\x1b[" not in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_the_report_fits_the_terminal(tmp_path: Path, width: int) -> None:
    longest = max(map(len, report(write_bundle(tmp_path), width=width).splitlines()[2:]))
    assert longest <= max(40, min(width, 120))


def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    text = report(write_bundle(tmp_path), unicode=False)
    assert text.isascii()
    assert "*" in text


def test_colour_adds_nothing_but_colour(tmp_path: Path) -> None:
    file = write_bundle(tmp_path)
    coloured = report(file, colour=True)
    assert "\x1b[31m" in coloured
    import click

    assert click.unstyle(coloured) == report(file)


def test_no_colour_without_a_terminal(tmp_path: Path) -> None:
    result = run(write_bundle(tmp_path), "--at", AT)
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_out_of_scope_says_why(tmp_path: Path) -> None:
    text = report(write_bundle(tmp_path, whole=[patient()]))
    assert "context: Out of scope" in text
    assert "G3: " in text
    assert text.endswith("Cards\nnone\n")


def test_what_could_not_be_read_is_shown(tmp_path: Path) -> None:
    text = report(write_bundle(tmp_path, UNREADABLE))
    assert "In the chart, but not readable" in text
    assert "Observation/broken" in text


def test_antibodies_and_treatments_are_told_as_read(tmp_path: Path) -> None:
    taken = {"resourceType": "MedicationRequest", "status": "active", "subject": {"reference": "Patient/p1"}}
    further = (
        taken | {"id": "tac", "authoredOn": "2026-11-20", "medicationCodeableConcept": {"text": "Tacrolimus 1 mg"}},
        taken | {"id": "not", "doNotPerform": True, "medicationCodeableConcept": {"text": "Prednisone"}},
        taken | {"id": "fan", "medicationCodeableConcept": {"text": "Fantasin"}},
        observation("ro", concept("http://loinc.org", "53016-2", "Ro52"), {"valueString": "see note"}, "2026-11-20"),
        MDA5 | {"id": "early", "status": "preliminary"},
    )
    text = report(write_bundle(tmp_path, *further), width=120)
    read = text.partition("Read from the chart\n")[2].partition("\n\n")[0]
    assert "anti-MDA5: positive, " in read
    assert "anti-MDA5: positive, preliminary, " in read
    assert "anti-Ro52: unreadable, 2026-11-20 (Observation/ro, sent as 'see note')" in read
    assert "tacrolimus: request, active, from 2026-11-20 (MedicationRequest/tac, sent as 'Tacrolimus 1 mg')" in read
    assert "prednisone: not to be given, request, active (MedicationRequest/not" in read
    assert "no drug that a rule reads: Fantasin" in read
    assert "Observation/ro anti-Ro52 see note (only as text)" in text.partition("but not readable\n")[2]


def test_what_was_not_sent_is_told_and_a_value_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    spo2 = observation("s", concept("http://loinc.org", "59408-5", "SpO2"), quantity(0.88, "1"), "2026-11-21")
    text = report(write_bundle(tmp_path, spo2, whole=[each for each in resources() if each is not MDA5]))
    assert "anti-MDA5: no result\n          treatment: none that a rule reads\n" in text
    assert "Observation/s SpO2 0.88 1 (unit or value not usable)" in text


def test_a_packed_file_is_read_as_well(tmp_path: Path) -> None:
    file = write_bundle(tmp_path)
    packed = tmp_path / "chart.json.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert run(packed, "--at", AT, "--json").stdout == run(file, "--at", AT, "--json").stdout
    packed.write_bytes(b"no gzip")
    assert "chart.json.gz: " in run(packed).stderr


def test_control_characters_of_a_chart_do_not_reach_the_terminal(tmp_path: Path) -> None:
    ugly = {"code": {"text": "Dyspnea\x1b[2J\x07"}}
    file = write_bundle(tmp_path)
    chart = json.loads(file.read_text())
    for entry in chart["entry"]:
        if entry["resource"]["id"] == "dyspnoea":
            entry["resource"]["code"]["text"] = ugly["code"]["text"]
            entry["resource"]["code"]["coding"][0]["display"] = ugly["code"]["text"]
    file.write_text(json.dumps(chart))
    text = report(file)
    assert "Dyspnea" in text
    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.parametrize(
    ("further", "options", "words"),
    [
        ([patient("p2")], (), "Choose one with --patient: p1, p2"),
        ([], ("--patient", "p9"), "no Patient p9. Its patients: p1"),
        ([], ("--at", "yesterday"), "'yesterday' is not a time"),
    ],
)
def test_wrong_use_ends_with_two_and_says_what_to_give(
    tmp_path: Path, further: list[dict[str, object]], options: tuple[str, ...], words: str
) -> None:
    result = run(write_bundle(tmp_path, *further), *options)
    assert result.exit_code == 2
    assert words in result.stderr


def test_one_of_several_patients_can_be_chosen(tmp_path: Path) -> None:
    result = run(write_bundle(tmp_path, patient("p2")), "--patient", "p1", "--at", AT, "--json")
    assert json.loads(result.stdout)["cards"] == ["combinationTherapy"]


def test_a_file_without_a_patient_names_the_subjects(tmp_path: Path) -> None:
    result = run(write_bundle(tmp_path, whole=resources()[1:]))
    assert result.exit_code == 2
    assert "no Patient resource. Patients that it names: p1" in result.stderr


@pytest.mark.parametrize("content", ["", "hello", "[1, 2]", '{"resourceType": "Bundle", "entry": 1}'])
def test_an_unreadable_file_ends_with_two(tmp_path: Path, content: str) -> None:
    file = tmp_path / "chart.json"
    file.write_text(content)
    result = run(file)
    assert result.exit_code == 2
    assert result.stderr.startswith("rpild: ")
    assert "Traceback" not in result.output


def test_a_missing_file_ends_with_two(tmp_path: Path) -> None:
    assert run(tmp_path / "absent.json").exit_code == 2


def test_a_time_without_zone_is_utc() -> None:
    assert moment("2026-11-22T09:30").isoformat() == "2026-11-22T09:30:00+00:00"


def test_a_sites_override_is_applied_and_reported(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[override.fvc_fall_pct]\nvalue = "15"\nauthor = "A. Clinician"\nreason = "local review"\ndate = 2026-11-01\n'
    )
    result = run(write_bundle(tmp_path), "--at", AT, "--site", site, "--json")
    contract = json.loads(result.stdout)
    assert contract["criteria"]["fvcDecline"] == "notMet"
    assert contract["knowledge"]["overrides"][0]["author"] == "A. Clinician"


def test_a_faulty_site_file_ends_with_two(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[override.unheard_of]\nvalue = "15"\nauthor = "A"\nreason = "r"\ndate = 2026-11-01\n')
    result = run(write_bundle(tmp_path), "--site", site)
    assert result.exit_code == 2
    assert "unheard_of" in result.stderr
