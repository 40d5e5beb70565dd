"""The assessment as the contract's JSON: the one form that page, command line and hook share."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from rpild_rules.assessment import Assessment
from rpild_rules.definition import CRITERIA, DEFINITIONS
from rpild_rules.findings import PRECEDENCE, Finding
from rpild_rules.prognosis import FLAGS


def as_contract(assessment: Assessment, topics: tuple[str, ...]) -> dict[str, Any]:
    """Statuses, findings and what is missing; `topics` are the codes of the cards sent, in order."""
    knowledge, found = assessment.knowledge, {f.id: f for f in assessment.findings}
    inside = assessment.situation is not None
    count = assessment.situation.kurasawa if assessment.situation else None
    result: dict[str, Any] = {
        "knowledge": {"version": knowledge.version, "sha256": knowledge.sha256},
        "evaluatedAt": assessment.now.latest.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "context": assessment.context,
        "stage": assessment.stage,
        "definitions": {id: found[id].status.value for id in DEFINITIONS if inside},
        "criteria": {id: found[id].status.value for id in CRITERIA if inside},
        "flags": {id: found[id].status.value for id in FLAGS if inside},
        "findings": [_finding(f) for f in assessment.findings],
        "missing": [each for id in (*CRITERIA, *FLAGS) if inside for each in _criterion_missing(found[id])],
        "cards": list(topics),
    }
    if count:
        result["kurasawa"] = {"met": count.met, "of": count.of}
    if knowledge.overrides:
        result["knowledge"]["overrides"] = [
            {
                "name": o.name,
                "value": o.value,
                "default": o.default,
                "author": o.author,
                "reason": o.reason,
                "date": o.date.isoformat(),
            }
            for o in knowledge.overrides
        ]
    if assessment.situation and assessment.situation.facts.unreadable:
        result["unreadable"] = [
            {"reference": u.reference, "element": u.element, "reason": u.reason.value}
            for u in assessment.situation.facts.unreadable
        ]
    return result


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "id": f.id,
        "status": f.status.value,
        "because": f.because,
        "evidence": list(f.evidence),
        "parameters": list(f.parameters),
        "missing": _missing(f),
    }


def _missing(f: Finding) -> list[dict[str, str]]:
    """One entry a reason, the gravest first (rulings 10)."""
    said = {reason: [m.what for m in f.missing if m.reason is reason] for reason in PRECEDENCE}
    return [
        {"reason": reason.value, "what": "; ".join(dict.fromkeys(whats))} for reason, whats in said.items() if whats
    ]


def _criterion_missing(f: Finding) -> list[dict[str, str]]:
    return [{"criterion": f.id, **each} for each in _missing(f)]
