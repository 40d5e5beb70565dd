"""The straight line of one call: request, bundles, chart, assessment, recommendations, cards.

Two steps, always: the gate's keys are read first; the rest only for patients who pass (rulings 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cds_hooks.cards import compose_cards
from cds_hooks.errors import OtherPatient
from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Ports
from cds_hooks.prefetch import Reading
from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.queries import GATE_KEYS, KEYS, REQUIRED_KEYS, keys_of, searches
from fhir_mappings.reads import OtherPatientError
from rpild_rules.assess import Assessment, assess
from rpild_rules.contract import as_contract
from rpild_rules.gate import open_gate
from rpild_rules.recommend import Call, choose

ASSESSMENT = "org.rpild.assessment"
# A search that hangs while the gate is read must leave time for the rest.
GATE_SHARE = 0.5


def evaluate(request: HookRequest, ports: Ports, correlation: str) -> bytes:
    """The JSON of one answer: cards and, where exposed, the assessment. Raises a HookError instead of guessing."""
    now = ports.now()
    context = _context(request, ports, now)
    try:
        chart = _read(request, ports, context)
    except OtherPatientError as problem:
        raise OtherPatient(f"{problem.reference} belongs to another patient than the context.") from None
    assessment = assess(chart.facts, ports.knowledge, now)
    limit = Call(request.hook, ports.settings.max_cards)
    sent, held = ((), ()) if ports.settings.silent_mode else choose(assessment, limit, ())
    ports.report("answered", service=request.service, cards=len(sent), gate=assessment.gate.failed, correlation=correlation)
    return orjson.dumps(_response(request, ports, assessment, sent))


def _context(request: HookRequest, ports: Ports, now: datetime) -> ChartContext:
    return ChartContext(
        patient_id=request.patient_id,
        now=now,
        zone=ports.settings.zone,
        user_id=request.user_id,
        draft_orders=request.draft_orders,
        selections=request.selections,
        attestations=ports.load_attestations(request),
    )


def _read(request: HookRequest, ports: Ports, context: ChartContext) -> Chart:
    """The chart as far as the gate allows: its own keys, those that could still open a door, then all."""
    fetch = ports.complete_prefetch(request.access) if request.access else None
    reading = Reading(request.prefetch, searches(request.patient_id, context.now), fetch)
    reading.read(GATE_KEYS, GATE_SHARE)
    reading.require(REQUIRED_KEYS)
    chart = read_chart(reading.answers, context)
    gate = open_gate(chart.facts, ports.knowledge, context.now)
    if not gate.passed and gate.needs:
        reading.read(keys_of(gate.needs), GATE_SHARE)
        chart = read_chart(reading.answers, context)
        gate = open_gate(chart.facts, ports.knowledge, context.now)
    if not gate.passed:
        return chart
    reading.read(KEYS)
    return read_chart(reading.answers, context)


def _response(request: HookRequest, ports: Ports, assessment: Assessment, sent: tuple[Recommendation, ...]) -> dict[str, Any]:
    answer: dict[str, Any] = {"cards": compose_cards(sent, request)}
    if ports.settings.expose_assessment:
        answer["extension"] = {ASSESSMENT: as_contract(assessment, tuple(each.topic for each in sent))}
    return answer
