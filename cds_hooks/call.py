"""The straight line of one call: request, bundles, chart, assessment, recommendations, cards, record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from time import perf_counter

import orjson

from cds_hooks.conclusion import Conclusion, Inputs, conclude
from cds_hooks.errors import AnotherPatientError
from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Digest, Evaluated, Fetch, Ports, Silence
from cds_hooks.prefetch import Reading
from fhir_mappings.chart import Chart, ChartContext
from fhir_mappings.chart_reading import ChartReading
from fhir_mappings.queries import searches
from fhir_mappings.reads import OtherPatientError
from fhir_mappings.roles import read_roles
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.facts import PatientFacts
from rpild_rules.fatigue import NOTHING
from rpild_rules.recommend import EVERYTHING, Call
from rpild_rules.stays import OPEN

ON, OFF = "on", "off"
NO_CARDS = orjson.dumps({"cards": []})
THOUSAND = 1000


def evaluate(request: HookRequest, ports: Ports, correlation: str, body_sha256: Digest) -> bytes:
    """The JSON of one answer: cards and, where exposed, the assessment. Raises a HookError instead of guessing."""
    silence = ports.records.silence(request)
    if silence.state("", "") == OFF:
        return _switched_off(request, ports, correlation)
    _audit_foreign_server(request, ports, correlation)
    begun, now = perf_counter(), ports.now()
    fetch = ports.complete_prefetch(request.access, request.ehr)
    reading = _reading(request, ports, now, fetch)
    facts = replace(_read(reading).facts, offers=ports.settings.lab_offers)
    read = perf_counter()
    assessment = ports.in_time(partial(assess, facts, ports.knowledge, now))
    unit = care_unit(facts, request)
    call = _call(request, ports, muted_topics(silence, unit, ports))
    inputs, conclusion = _concluded(_inputs(request, ports, assessment, facts, call), ports, assessment, fetch)
    timings = {"read": (read - begun) * THOUSAND, "total": (perf_counter() - begun) * THOUSAND}
    gate = assessment.gate.failed
    answer = ports.records.record(
        Evaluated(inputs, conclusion, correlation, "" if gate else body_sha256(), unit, reading.decoded, timings)
    )
    _audit_what_is_off(conclusion, silence, unit, request, ports, correlation)
    ports.report("answered", service=request.service, cards=len(conclusion.cards), gate=gate, correlation=correlation)
    return answer


def _switched_off(request: HookRequest, ports: Ports, correlation: str) -> bytes:
    """The kill switch: nothing is read, nothing is said, and that is on record."""
    ports.report("switched-off", service=request.service, correlation=correlation)
    ports.audit("switched-off", request.ehr, **_named(request, ports, correlation))
    return NO_CARDS


def _named(request: HookRequest, ports: Ports, correlation: str) -> dict[str, str]:
    """By what a call is found in the audit log."""
    patient = ports.pseudonym(request.iss, request.patient_id)
    return {"service": request.service, "correlation": correlation, "patient": patient}


def _audit_foreign_server(request: HookRequest, ports: Ports, correlation: str) -> None:
    """Nothing is ever read there; that the call names it is told even if nothing had to be read."""
    place = ports.foreign_server(request.ehr, request.fhir_server) if request.fhir_server else ""
    if place:
        ports.report("foreign-server", ehr=request.ehr, at=place, service=request.service, correlation=correlation)
        ports.audit("foreign-server", request.ehr, at=place, **_named(request, ports, correlation))


def _audit_what_is_off(
    conclusion: Conclusion, silence: Silence, unit: str, request: HookRequest, ports: Ports, correlation: str
) -> None:
    """A unit or a topic that is switched off is known only once the chart was read."""
    off = sorted(topic for topic in conclusion.choice.muted if silence.state(topic, unit) == OFF)
    if off:
        ports.audit("switched-off", request.ehr, topics=off, **_named(request, ports, correlation))


def muted_topics(silence: Silence, unit: str, ports: Ports) -> frozenset[str]:
    """The topics that are evaluated and recorded but not shown: on a silent site all, else those switched so."""
    if ports.settings.silent_mode or silence.state("", unit) != ON:
        return EVERYTHING
    return frozenset(topic for topic in ports.knowledge.texts.topics if silence.state(topic, unit) != ON)


def care_unit(facts: PatientFacts, request: HookRequest) -> str:
    """Where the patient is: by the encounter of the call, else by the newest stay that has not ended; may be empty."""
    named = f"Encounter/{request.encounter_id.removeprefix('Encounter/')}"
    stays = [each for each in facts.stays if each.reference == named]
    running = [each for each in facts.stays if each.end is None and each.status in OPEN and each.start]
    newest = sorted(running, key=lambda each: each.start.latest.timestamp() if each.start else 0.0)
    return next((each.unit for each in (*stays, *newest[::-1]) if each.unit), "")


def _call(request: HookRequest, ports: Ports, muted: frozenset[str]) -> Call:
    return Call(request.hook, ports.settings.max_cards, False, ports.settings.pathway_flag_codes, muted)


def _inputs(request: HookRequest, ports: Ports, assessment: Assessment, facts: PatientFacts, call: Call) -> Inputs:
    """The alert memory is read only for a patient who passed the gate."""
    remembered = ports.records.recall(request) if assessment.gate.passed else NOTHING
    now = assessment.now.latest
    link = ports.app_link(request, now) if assessment.gate.passed else None
    return Inputs(request, facts, now, call, remembered, ports.settings.expose_assessment, link)


def _concluded(inputs: Inputs, ports: Ports, assessment: Assessment, fetch: Fetch | None) -> tuple[Inputs, Conclusion]:
    """The conclusion; once more for a user whose role the site keeps silent."""
    found = ports.in_time(partial(conclude, inputs, ports.knowledge, assessment))
    if not found.cards or not _has_silent_role(inputs.request, ports.settings.silent_roles, fetch):
        return inputs, found
    silent = replace(inputs, call=replace(inputs.call, silent=True))
    return silent, ports.in_time(partial(conclude, silent, ports.knowledge, assessment))


def _has_silent_role(request: HookRequest, silent_roles: frozenset[str], fetch: Fetch | None) -> bool:
    """The role is read only when it matters; a user whose role cannot be read is spoken to."""
    if not silent_roles or not fetch or not request.user_id.startswith("PractitionerRole/"):
        return False
    role = fetch({request.user_id: request.user_id}, 1.0)[request.user_id]
    return isinstance(role, bytes) and bool(read_roles(role) & silent_roles)


def _reading(request: HookRequest, ports: Ports, now: datetime, fetch: Fetch | None) -> ChartReading:
    searching = partial(searches, request.patient_id, now, patient_form=ports.settings.patient_form)
    return ChartReading(Reading(request.prefetch, searching, fetch), _context(request, ports, now), ports.knowledge)


def _read(reading: ChartReading) -> Chart:
    try:
        return reading.read()
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
        fhir_bases=(*ports.settings.fhir_bases, *filter(None, [request.fhir_server])),
    )
