"""The laboratory at the gate: what may be skimmed, and what must be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_mappings.chart import ChartContext, decode_key, read_chart
from fhir_mappings.reads import OtherPatientError
from fhir_mappings.site_mapping import NO_MAPPING, load_site_mapping
from fhir_mappings.skimming import concerns_the_gate, skim
from rpild_rules.facts import Reading

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LOINC = "http://loinc.org"


def result(code: str = "2951-2", text: str = "Sodium", **more: Any) -> dict[str, Any]:
    """One laboratory result of p1; None takes a member away."""
    made = {
        "resourceType": "Observation",
        "id": f"o-{code}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": LOINC, "code": code}], "text": text},
        "effectiveDateTime": "2026-11-21T08:00:00Z",
    }
    return {name: value for name, value in (made | more).items() if value is not None}


def body(*results: Any, **more: Any) -> bytes:
    """A searchset of results."""
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in results], **more}).encode()


@pytest.mark.parametrize(
    "each",
    [
        result("2276-4", "Ferritin"),
        result("107563-9", "anything"),
        result("0", "Anti-MDA5 antibody"),
        result(code=None),
        result(code={"coding": [7]}),
        result(component=[]),
        result(hasMember=[{"reference": "Observation/x"}]),
        result(subject=None),
        result(subject=7),
        result(subject={"reference": "https://ehr.example/fhir/Patient/p1"}),
        result(resourceType="OperationOutcome"),
        result(effectiveDateTime=7),
    ],
)
def test_what_may_concern_the_gate_or_is_unusual_is_read(each: dict[str, Any]) -> None:
    assert skim(body(result(), each), "p1", 500, NO_MAPPING) is None


def test_what_is_no_bundle_is_read() -> None:
    assert skim(json.dumps(result()).encode(), "p1", 500, NO_MAPPING) is None
    assert skim(b"{", "p1", 500, NO_MAPPING) is None


def test_everyday_results_are_skimmed() -> None:
    decoded = skim(body(result(), result("718-7", "Haemoglobin"), None), "p1", 500, NO_MAPPING)
    assert decoded is not None
    assert (decoded.skimmed, decoded.cut, decoded.more, len(decoded.resources)) == (True, False, False, 2)
    assert decode_key("laboratory", body(result()), "p1", gate=True).skimmed
    assert not decode_key("laboratory", body(result()), "p1").skimmed


@pytest.mark.parametrize(
    ("raw", "count", "cut", "more"),
    [
        (body(result()), 1, True, False),
        (body(result()), 2, False, False),
        (body(result()), 0, False, False),
        (body(result(), link=[{"relation": "next", "url": "x"}]), 500, True, True),
    ],
)
def test_a_search_that_may_be_cut_off_is_told(raw: bytes, count: int, cut: bool, more: bool) -> None:
    decoded = skim(raw, "p1", count, NO_MAPPING)
    assert decoded is not None
    assert (decoded.cut, decoded.more) == (cut, more)


def test_another_patient_stops_the_gate() -> None:
    foreign = body(result(), result(subject={"reference": "Patient/p2"}))
    with pytest.raises(OtherPatientError):
        read_chart({"laboratory": foreign}, ChartContext("p1", NOW, UTC), gate=True)


def test_a_full_page_is_complete_if_it_reaches_back_far_enough() -> None:
    old = result(effectiveDateTime="2024-01-01T08:00:00Z")
    context = ChartContext("p1", NOW, UTC)
    found = {
        when: read_chart({"laboratory": body(*([each] * 500))}, context, gate=True).facts.readings["E-FERR"]
        for when, each in (("old", old), ("new", result()))
    }
    assert found == {"old": Reading.COMPLETE, "new": Reading.PARTIAL}


def test_a_code_that_a_site_maps_concerns_the_gate(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(
        '[[code]]\nsystem = "urn:lab"\ncode = "F1"\nconcept = "ferritin"\n'
        'author = "A"\ndate = "2026-11-01"\nreason = "local"\n',
        encoding="utf-8",
    )
    code = json.dumps({"coding": [{"system": "urn:lab", "code": "F1"}]}).encode()
    assert concerns_the_gate(code, load_site_mapping(file))
    assert not concerns_the_gate(code, NO_MAPPING)
