"""Chest imaging studies and reports: date and text only, findings are never parsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.code_tables import concepts_of
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import effective
from fhir_mappings.orders import CHEST_CT
from fhir_mappings.references import References
from fhir_mappings.structs import ImagingStudyIn, ReportIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import named, named_in
from rpild_rules.facts import Scan

REPORTED = frozenset({"final", "amended", "corrected", "appended"})
NO_STUDY = frozenset({"cancelled", "entered-in-error", "registered"})


def scan_concept(codes: Iterable[Concept | None], texts: Iterable[str]) -> str:
    """`ct-chest` for any chest CT (by code, or by the words of a high-resolution CT), `cxr` for a film, else empty."""
    known = list(codes)
    found = concepts_of(*known)
    if found & CHEST_CT or named_in("scan", *known) or any(named("scan", text) for text in texts):
        return "ct-chest"
    return "cxr" if "cxr" in found else ""


def read_studies(studies: Iterable[ImagingStudyIn], refs: References) -> Iterator[Scan]:
    """Chest studies that took place."""
    for each in studies:
        concept = scan_concept(each.procedure_code, [each.description, *(series.description for series in each.series)])
        if concept and each.status not in NO_STUDY:
            yield Scan(concept, refs.read(each.started), False, False, reference_of(each))


def read_scan_reports(reports: Iterable[ReportIn], refs: References) -> Iterator[Scan]:
    """Final reports of chest studies, with the studies they are about."""
    for each in reports:
        concept = scan_concept([each.code], ())
        if concept and each.status in REPORTED:
            worded = bool(each.conclusion or each.presented_form or (each.text is not None and each.text.div))
            studies = frozenset(filter(None, map(refs.local, each.imaging_study)))
            yield Scan(concept, effective(each, refs.read, refs.zone), True, worded, reference_of(each), studies)
