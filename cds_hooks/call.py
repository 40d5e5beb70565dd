"""The straight line of one call: request, bundles, chart, assessment, recommendations, cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from cds_hooks.cards import compose_cards
from cds_hooks.chart_reading import ChartReading
from cds_hooks.errors import AnotherPatientError
from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Fetch, Ports
from cds_hooks.prefetch import Reading
from fhir_mappings.chart import Chart, ChartContext
from fhir_mappings.queries import searches
from fhir_mappings.reads import OtherPatientError
from fhir_mappings.roles import read_roles
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.contract import as_contract
from rpild_rules.recommend import Call, choose

ASSESSMENT = "org.rpild.assessment"


def evaluate(request: HookRequest, ports: Ports, correlation: str) -> bytes:
    """The JSON of one answer: cards and, where exposed, the assessment. Raises a HookError instead of guessing."""
    now = ports.now()
    fetch = ports.complete_prefetch(request.access, request.ehr) if request.access else None
    facts = replace(_chart(request, ports, now, fetch).facts, offers=ports.settings.lab_offers)
    assessment = assess(facts, ports.knowledge, now)
    sent = _sent(assessment, request, ports, fetch)
    gate = assessment.gate.failed
    ports.report("answered", service=request.service, cards=len(sent), gate=gate, correlation=correlation)
    return orjson.dumps(_response(request, ports, assessment, sent))


def _sent(
    assessment: Assessment, request: HookRequest, ports: Ports, fetch: Fetch | None
) -> tuple[Recommendation, ...]:
    """The cards of this call; none on a silent site, and none for a user whose role the site keeps silent."""
    settings = ports.settings
    sent, _held = choose(assessment, Call(request.hook, settings.max_cards, silent=settings.silent_mode))
    return () if sent and _has_silent_role(request, settings.silent_roles, fetch) else sent


def _has_silent_role(request: HookRequest, silent_roles: frozenset[str], fetch: Fetch | None) -> bool:
    """The role is read only when it matters; a user whose role cannot be read is spoken to."""
    if not silent_roles or not fetch or not request.user_id.startswith("PractitionerRole/"):
        return False
    role = fetch({request.user_id: request.user_id}, 1.0)[request.user_id]
    return isinstance(role, bytes) and bool(read_roles(role) & silent_roles)


def _chart(request: HookRequest, ports: Ports, now: datetime, fetch: Fetch | None) -> Chart:
    searching = partial(searches, request.patient_id, now, patient_form=ports.settings.patient_form)
    reading = Reading(request.prefetch, searching, fetch)
    try:
        return ChartReading(reading, _context(request, ports, now), ports.knowledge).read()
    except OtherPatientError as problem:
        raise AnotherPatientError(f"{_shown(problem.reference)} belongs to another patient than the context.") from None


def _shown(reference: str) -> str:
    """The resource by its id, but never a patient's."""
    return "The Patient resource" if reference.startswith("Patient/") else reference


def _context(request: HookRequest, ports: Ports, now: datetime) -> ChartContext:
    return ChartContext(
        patient_id=request.patient_id,
        now=now,
        zone=ports.settings.zone,
        user_id=request.user_id,
        draft_orders=request.draft_orders,
        selections=request.selections,
        attestations=ports.load_attestations(request),
        site=ports.settings.site,
    )


def _response(
    request: HookRequest, ports: Ports, assessment: Assessment, sent: tuple[Recommendation, ...]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"cards": compose_cards(sent, request, ports.knowledge.texts)}
    if ports.settings.expose_assessment:
        answer["extension"] = {ASSESSMENT: as_contract(assessment, tuple(each.topic for each in sent))}
    return answer
