"""Laboratory reports about antibodies: a panel as such, or a result that only the report states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.answers import meaning_of
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import effective
from fhir_mappings.measures import MARKS
from fhir_mappings.observations import ANTIBODIES, DROPPED, concept_named, names_panel
from fhir_mappings.references import References
from fhir_mappings.structs import EMPTY, ObservationIn, ReportIn, Valued
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import shown
from rpild_rules.facts import Meaning, TestResult

MEMBERS = frozenset(MARKS["concepts"]["panel_members"])
PANEL = "myositis-panel"
STATUSES = {"partial": "preliminary", "appended": "amended"}


def read_antibody_reports(reports: Iterable[ReportIn], refs: References) -> Iterator[TestResult]:
    """Myositis panels (by name or by two or more members) and single antibody reports without a result Observation
    at hand. One that rests on a result about somebody else is no report on the patient.
    """
    for each in reports:
        if any(refs.local(result) in refs.others for result in each.result):
            continue
        members = [
            found
            for found in (refs.observations.get(refs.local(result)) for result in each.result)
            if found is not None
        ]
        concept = _concept(each.code, members)
        if concept and each.status not in DROPPED and (concept == PANEL or not members):
            yield _result(concept, each, refs)


def contained_results(reports: Iterable[ReportIn]) -> Iterator[ObservationIn]:
    """The results within reports: named after report and fragment, timed and judged by the report where they are
    silent.
    """
    for report in reports:
        if report.contained is not EMPTY and report.status not in DROPPED:
            yield from _contained(report)


def _contained(report: ReportIn) -> Iterator[ObservationIn]:
    for result in report.result:
        inside = result.reference.startswith("#")
        result.reference = f"{reference_of(report)}{result.reference}" if inside else result.reference
    for each in report.observations():
        each.resource_type, each.id = report.resource_type, f"{report.id}#{each.id}"
        each.status = each.status or STATUSES.get(report.status, report.status)
        if not (each.effective_date_time or each.effective_period or each.effective_instant):
            each.effective_date_time, each.effective_period = report.effective_date_time, report.effective_period
            each.issued = each.issued or report.issued
        yield each


def panels_among(observations: Iterable[ObservationIn], refs: References) -> Iterator[TestResult]:
    """Observations that are panels by their members or components, whatever they are called."""
    for each in observations:
        if not each.has_member and not each.component:
            continue
        members = [refs.observations.get(refs.local(member)) for member in each.has_member]
        kinds = _kinds(found for found in members if found is not None) | _parts(each)
        if each.status not in DROPPED and len(kinds) > 1 and concept_named(each.code) != PANEL:
            when = effective(each, refs.read, refs.zone)
            yield TestResult(
                PANEL,
                Meaning.UNREADABLE,
                when,
                each.status,
                shown(each.code),
                reference_of(each),
                refs.read(each.issued),
            )


def _parts(each: ObservationIn) -> frozenset[str]:
    return frozenset(concept_named(part.code) for part in each.component) & MEMBERS


def _kinds(members: Iterable[ObservationIn]) -> frozenset[str]:
    return frozenset(concept_named(each.code) for each in members) & MEMBERS


def _concept(code: Concept | None, members: Iterable[ObservationIn]) -> str:
    if len(_kinds(members)) > 1 or names_panel(code):
        return PANEL
    concept = concept_named(code)
    return concept if concept in ANTIBODIES or concept == PANEL else ""


def _result(concept: str, each: ReportIn, refs: References) -> TestResult:
    said = Valued(
        value_codeable_concept=each.conclusion_code[0] if each.conclusion_code else None,
        value_string=each.conclusion or None,
    )
    return TestResult(
        concept=concept,
        meaning=Meaning.UNREADABLE if concept == PANEL else meaning_of(said),
        when=effective(each, refs.read, refs.zone),
        status=STATUSES.get(each.status, each.status),
        printed=each.conclusion or shown(said.value_codeable_concept) or shown(each.code),
        reference=reference_of(each),
        issued=refs.read(each.issued),
    )
