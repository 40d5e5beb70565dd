"""Entries of the audit log as AuditEvents (R4B), for systems that collect them; pseudonyms and ids only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_mappings.code_tables import read_table
from fhir_mappings.resources import checked

TABLE = read_table("audit_events")
OBSERVER = "RP-ILD decision support"
RECORD = "record"


def audit_event(seq: int, time: str, kind: str, who: str, what: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """One AuditEvent as FHIR JSON: number, time, kind, actor (a pseudonym or name), details and hash of an entry."""
    how = TABLE["kinds"].get(kind, TABLE["other"])
    return checked(
        {
            "resourceType": "AuditEvent",
            "id": f"audit-{seq}",
            "type": TABLE["type"],
            "subtype": [TABLE["subtype"] | {"code": kind}],
            "action": how["action"],
            "recorded": time,
            "outcome": how["outcome"],
            "agent": [{"who": {"identifier": {"value": who}}, "requestor": True}],
            "source": {"observer": {"display": OBSERVER}},
            "entity": [_log_entry(digest), *_record(what)],
        }
        | _described(what)
    )


def _log_entry(digest: str) -> dict[str, Any]:
    return {"what": {"identifier": TABLE["log"] | {"value": digest}}}


def _record(what: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The decision record that an entry is about."""
    return [{"what": {"identifier": TABLE[RECORD] | {"value": str(what[RECORD])}}}] if what.get(RECORD) else []


def _described(what: Mapping[str, Any]) -> dict[str, str]:
    """The details in words; those that name a record stand as its entity."""
    words = "; ".join(f"{name}: {_plain(value)}" for name, value in sorted(what.items()) if name != RECORD and value)
    return {"outcomeDesc": words} if words else {}


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
