"""The contract's assessment: shape, out of scope, one entry a reason, overrides, what could not be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rpild_rules.assess import assess
from rpild_rules.contract import as_contract
from rpild_rules.facts import Person, Unreadable
from rpild_rules.findings import PRECEDENCE, Reason
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import knowledge_of, shipped

LINES = ("test anti-mda5-qual positive @-14d", "condition dyspnea @-18D", "crp 10.65 @-2d problem=unit")
UNREAD_BIRTH = Unreadable("Patient/1", "E-PAT", Reason.UNSTRUCTURED, "birthDate")
UNREAD_FIO2 = Unreadable("Observation/9", "fio2", Reason.UNIT, "40 bananas")


def test_every_unknown_criterion_and_flag_is_listed_with_the_reasons_of_its_finding() -> None:
    result = as_contract(assess(chart(*LINES), shipped(), NOW), ("undeterminedHighRisk",))
    listed: dict[str, list[str]] = {}
    for each in result["missing"]:
        listed.setdefault(each["criterion"], []).append(each["reason"])
        assert each["what"]
    unknown = {name for part in ("criteria", "flags") for name, status in result[part].items() if status == "unknown"}
    assert listed.keys() == unknown
    for finding in result["findings"]:
        if finding["id"] in listed:
            assert [each["reason"] for each in finding["missing"]] == listed[finding["id"]]
    assert listed["crp13"] == ["unit"]
    assert result["cards"] == ["undeterminedHighRisk"]
    assert result["kurasawa"] == {"met": 0, "of": 3}


def test_a_composite_repeats_each_reason_of_its_legs_once_the_gravest_first() -> None:
    lines = ("test anti-mda5-qual positive @-14d", "fvc 3.0 @-1d", "dlco 20 @-1d problem=unit")
    result = as_contract(assess(chart(*lines), shipped(), NOW), ())
    reasons = [each["reason"] for each in result["missing"] if each["criterion"] == "lungFunctionDecline"]
    assert reasons == ["unit", "no-baseline"]
    assert reasons == sorted(reasons, key=lambda reason: PRECEDENCE.index(Reason(reason)))


def test_out_of_scope_there_is_only_the_gate() -> None:
    result = as_contract(assess(chart("test anti-mda5-qual positive @-14d", age=17), shipped(), NOW), ())
    assert (result["context"], result["stage"]) == ("outOfScope", "outOfScope")
    assert (result["definitions"], result["criteria"], result["flags"], result["missing"]) == ({}, {}, {}, [])
    assert [finding["id"] for finding in result["findings"]] == ["G1"]
    assert result["findings"][0]["status"] == "notMet"
    assert "kurasawa" not in result


def test_a_gate_that_cannot_be_judged_is_unknown_with_its_reason() -> None:
    nobody = chart("condition dyspnea @-5D")
    for facts, gate, reason in (
        (chart("condition dyspnea @-5D", person=nobody.person.__class__()), "G1", "no-data"),
        (chart("condition dyspnea @-5D", person=Person(), unreadable=(UNREAD_BIRTH,)), "G1", "unstructured"),
        (chart("condition dyspnea @-5D", person=Person(), unreadable=(UNREAD_FIO2,)), "G1", "no-data"),
        (chart("condition dyspnea @-5D", "unread E-PAT fetch-failed", person=Person()), "G1", "fetch-failed"),
        (chart("condition dyspnea @-5D", "unread E-MSA not-permitted"), "G3", "not-permitted"),
    ):
        (finding,) = as_contract(assess(facts, shipped(), NOW), ())["findings"]
        assert (finding["id"], finding["status"]) == (gate, "unknown")
        assert [each["reason"] for each in finding["missing"]] == [reason]


def test_a_birth_year_that_straddles_the_limit_is_not_known_for_certain() -> None:
    person = chart("condition dyspnea @-5D", age=18).person
    assert person.birth
    wide = person.__class__(person.birth.days(person.birth.first, NOW.date(), UTC, "2008"), person.sex)
    (finding,) = as_contract(assess(chart("condition dyspnea @-5D", person=wide), shipped(), NOW), ())["findings"]
    assert [each["reason"] for each in finding["missing"]] == ["imprecise-date"]


def test_a_dead_patient_or_one_who_signs_for_himself_is_out_of_scope() -> None:
    alive = chart(*LINES)
    dead = chart(*LINES, person=alive.person.__class__(alive.person.birth, "female", deceased=True))
    patient = chart(*LINES, user=alive.user.__class__("Patient"))
    assert assess(dead, shipped(), NOW).gate.note == "The patient is recorded as deceased."
    assert assess(patient, shipped(), NOW).gate.failed == "G6"


def test_site_values_and_unreadable_data_are_told(tmp_path: Path) -> None:
    facts = chart(*LINES, unreadable=(Unreadable("Observation/9", "fio2", Reason.UNIT, "40 bananas"),))
    result = as_contract(assess(facts, knowledge_of({"ferritin_flag": 700}, tmp_path), NOW), ())
    (override,) = result["knowledge"]["overrides"]
    assert (override["name"], override["value"], override["default"]) == ("ferritin_flag", "700", "828")
    assert result["unreadable"] == [{"reference": "Observation/9", "element": "fio2", "reason": "unit"}]


def test_the_time_is_told_in_utc_whatever_the_zone_of_the_site() -> None:
    facts = chart(*LINES, zone=ZoneInfo("Asia/Tokyo"))
    at = datetime(2026, 11, 24, 19, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert as_contract(assess(facts, shipped(), at), ())["evaluatedAt"] == "2026-11-24T10:00:00Z"


def test_a_finding_carries_its_words_records_and_parameters() -> None:
    assessment = assess(chart("test anti-mda5-qual positive @-14d", "ferritin 900 @-1d id=f"), shipped(), NOW)
    (finding,) = [each for each in as_contract(assessment, ())["findings"] if each["id"] == "ferritin828"]
    assert finding == {
        "id": "ferritin828",
        "status": "met",
        "because": assessment.finding("ferritin828").because,
        "evidence": ["Observation/f"],
        "parameters": ["ferritin_flag"],
        "missing": [],
    }
    assert "900" in finding["because"]


def test_the_knowledge_is_named_by_version_and_content_to_the_second() -> None:
    assessment = assess(chart(*LINES), shipped(), NOW.replace(microsecond=5))
    result = as_contract(assessment, ())
    assert result["knowledge"] == {"version": shipped().version, "sha256": shipped().sha256}
    assert result["evaluatedAt"] == "2026-11-24T10:00:00Z"
    assert "unreadable" not in result


def test_an_override_is_told_with_who_why_and_when(tmp_path: Path) -> None:
    (override,) = as_contract(assess(chart(*LINES), knowledge_of({"ferritin_flag": 700}, tmp_path), NOW), ())[
        "knowledge"
    ]["overrides"]
    assert override == {
        "name": "ferritin_flag", "value": "700", "default": "828", "author": "Test", "reason": "case",
        "date": "2026-11-01",
    }  # fmt: skip
