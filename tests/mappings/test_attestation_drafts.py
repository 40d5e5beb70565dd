"""Attestations written by us: what is built is what is read back, and only what the contract allows is built."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.attestation_drafts import (
    IDENTIFIER,
    ComparedCt,
    Statement,
    StatementError,
    attestation,
    fhir_time,
    withdrawn,
)
from fhir_mappings.attestations import SYSTEM, TABLE
from fhir_mappings.resources import model
from rpild_rules.facts import Attestation
from rpild_rules.when import When
from tests.mappings.charts import PATIENT, facts

MADE = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CTS = (ComparedCt("ImagingStudy/a", "2026-10-01"), ComparedCt("ImagingStudy/b", "2026-11-20T10:00:00Z"))
VALUES: dict[str, tuple[Any, ...]] = {
    "hrct-increase-percent": (Decimal("25.5"), Decimal(0), Decimal(-100), Decimal(300)),
    "respiratory-onset": ("2026", "2026-11", "2026-11-02", "2026-11-02T08:00:00Z"),
    "treatment-response": ("improving", "stable", "worsening"),
}


def statement(code: str, value: Any, **changed: Any) -> Statement:
    given = Statement(code, value, "rpild-1", PATIENT, "Practitioner/d", "Dr D", MADE)
    return replace(given, **({"compared": CTS if TABLE[code].get("compares") else ()} | changed))


def read_back(observation: dict[str, Any]) -> Attestation:
    """What a chart says that holds only this Observation."""
    (found,) = facts(attestations=(json.dumps(observation).encode(),)).attestations
    return found


@pytest.mark.parametrize(
    ("code", "value"), [(code, value) for code in TABLE for value in VALUES.get(code, (True, False))]
)
def test_what_is_written_is_read_back(code: str, value: Any) -> None:
    written = attestation(statement(code, value))
    found = read_back(written)
    said = found.value.printed if isinstance(found.value, When) else found.value
    assert (found.code, found.status, found.by_clinician, found.by) == (code, "final", True, "Dr D")
    assert said == ("2026-11-02 08:00" if value == "2026-11-02T08:00:00Z" else value)
    assert found.issued == found.made == When.at(MADE, UTC)
    assert found.studies == ({"ImagingStudy/a", "ImagingStudy/b"} if TABLE[code].get("compares") else frozenset())
    assert found.reference == "Observation/rpild-1"


@pytest.mark.parametrize("code", TABLE)
def test_what_is_written_has_the_form_of_the_contract(code: str) -> None:
    written = attestation(statement(code, VALUES.get(code, (True,))[0]))
    assert written["category"][0]["coding"][0]["code"] == "survey"
    coding = written["code"]["coding"][0]
    assert (coding["system"], coding["code"]) == (SYSTEM, code)
    assert coding["display"]
    assert written["subject"] == {"reference": f"Patient/{PATIENT}"}
    assert written["performer"] == [{"reference": "Practitioner/d", "display": "Dr D"}]
    assert written["issued"] == "2026-11-22T08:00:00Z"
    assert written["identifier"] == [{"system": IDENTIFIER, "value": "rpild-1"}]
    assert ("effectivePeriod" in written, "effectiveDateTime" in written) == (
        code == "ct-worsening",
        code != "ct-worsening",
    )
    model("Observation").model_validate(written)


def test_reports_are_in_focus_and_known_dates_in_the_period() -> None:
    report = (ComparedCt("DiagnosticReport/r"), ComparedCt("ImagingStudy/b", "2026-11"))
    written = attestation(statement("ct-worsening", True, compared=report))
    assert written["focus"] == [{"reference": "DiagnosticReport/r"}]
    assert written["derivedFrom"] == [{"reference": "ImagingStudy/b"}]
    assert written["effectivePeriod"] == {"end": "2026-11"}
    found = read_back(written)
    assert found.studies == {"DiagnosticReport/r", "ImagingStudy/b"}
    assert found.made == found.issued


def test_without_any_date_the_issue_counts() -> None:
    written = attestation(statement("ct-worsening", False, compared=()))
    assert {"effectivePeriod", "effectiveDateTime", "derivedFrom", "focus"}.isdisjoint(written)
    assert read_back(written).made == When.at(MADE, UTC)


def test_the_method_is_kept_in_words_and_a_name_may_be_absent() -> None:
    written = attestation(statement("hrct-increase-percent", Decimal(30), method="relative growth", by_name=""))
    found = read_back(written)
    assert (found.method, found.by) == ("relative growth", "Practitioner/d")


@pytest.mark.parametrize(
    ("code", "value", "changed"),
    [
        ("ct-worsening", "true", {}),
        ("ct-worsening", Decimal(1), {}),
        ("hrct-increase-percent", Decimal("300.1"), {}),
        ("hrct-increase-percent", Decimal("-100.1"), {}),
        ("hrct-increase-percent", "25", {}),
        ("treatment-response", "better", {}),
        ("respiratory-onset", "2026-13", {}),
        ("respiratory-onset", "canary", {}),
        ("infection-reviewed", True, {"by": "Patient/p1"}),
        ("infection-reviewed", True, {"compared": CTS}),
    ],
)
def test_what_the_contract_does_not_allow_is_not_built(code: str, value: Any, changed: dict[str, Any]) -> None:
    with pytest.raises(StatementError) as refused:
        attestation(statement(code, value, **changed))
    assert code in str(refused.value)
    assert "canary" not in str(refused.value)


def test_an_unknown_code_is_not_built() -> None:
    with pytest.raises(StatementError, match="no such code"):
        attestation(replace(statement("ct-worsening", True), code="pregnancy"))


def test_a_withdrawn_statement_keeps_its_id_and_all_that_it_said() -> None:
    written = attestation(statement("causes-excluded", True))
    once = withdrawn(written, "PractitionerRole/e", "Dr E", MADE)
    assert once == written | {"status": "entered-in-error", "note": once["note"]}
    assert once["note"][0]["authorReference"] == {"reference": "PractitionerRole/e", "display": "Dr E"}
    assert facts(attestations=(json.dumps(once).encode(),)).attestations == ()
    twice = withdrawn(once, "Practitioner/f", "", MADE)
    assert [each["authorReference"]["reference"] for each in twice["note"]] == ["PractitionerRole/e", "Practitioner/f"]


def test_times_of_a_chart_as_fhir_writes_them() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    month = When.days(MADE.date().replace(day=1), MADE.date(), zone, "2026-11")
    assert fhir_time(When.at(MADE, zone)) == "2026-11-22T08:00:00Z"
    assert [fhir_time(each) for each in (month, month.open_start(), None)] == ["2026-11", "", ""]
