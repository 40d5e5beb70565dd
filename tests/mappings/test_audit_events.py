"""Entries of the audit log as AuditEvents that the R4B model accepts."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from fhir_mappings.audit_events import audit_event

TIME = "2026-11-22T09:30:00.000000Z"


def told(kind: str, **what: Any) -> dict[str, Any]:
    found = audit_event(7, TIME, kind, "somebody", what, "f" * 64)
    AuditEvent.model_validate(found)
    return found


def test_a_decision_names_its_record() -> None:
    event = told("decision", record="r-1")
    assert [each["what"]["identifier"]["value"] for each in event["entity"]] == ["f" * 64, "r-1"]
    assert "outcomeDesc" not in event
    assert event["agent"][0]["who"]["identifier"]["value"] == "somebody"


@pytest.mark.parametrize(
    ("kind", "action", "outcome"), [("refused", "E", "4"), ("switch", "U", "0"), ("of later", "E", "0")]
)
def test_kinds(kind: str, action: str, outcome: str) -> None:
    event = told(kind, code="X", topics=["a", "b"], unit="")
    assert (event["action"], event["outcome"], event["outcomeDesc"]) == (action, outcome, "code: X; topics: a, b")
    assert event["subtype"][0]["code"] == kind
