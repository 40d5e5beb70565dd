"""Observations in a patient's record that are about somebody or something else: a donor, a child unborn, a device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fhir_mappings.datatypes import Reference
from fhir_mappings.observations import DROPPED, concept_named, told
from fhir_mappings.structs import ObservationIn
from fhir_mappings.subjects import Home, belongs, names, reference_of
from fhir_mappings.units import SCALES
from rpild_rules.facts import Unreadable
from rpild_rules.findings import Reason

FOCUS, OBSERVATION = "about somebody or something else (focus)", "Observation"
STATED_ABOUT = ("DiagnosticReport/", "ImagingStudy/")
"""What a clinician's statement names in its focus, and is about the patient all the same (rulings 12)."""


def about_others(
    observations: Iterable[ObservationIn], patient_id: str, urls: Mapping[str, str], home: Home
) -> dict[int, ObservationIn]:
    """Those whose focus is not this patient, by `id()`; most have none.

    Raises OtherPatientError if one within a report names another patient: others were checked as they were decoded.
    """
    found = {}
    for each in observations:
        if each.resource_type != OBSERVATION:
            belongs(each, patient_id, urls, home)
        if each.focus and not all(_fits(one, each, patient_id, urls, home) for one in each.focus):
            found[id(each)] = each
    return found


def _fits(focus: Reference, each: ObservationIn, patient_id: str, urls: Mapping[str, str], home: Home) -> bool:
    text = urls.get(focus.reference, focus.reference)
    stated = told(each.code).attested and any(f"/{kind}" in f"/{text}" for kind in STATED_ABOUT)
    return bool(stated) or names(text, patient_id, home)


def listed_as_unread(observations: Iterable[ObservationIn]) -> Iterator[Unreadable]:
    """What such Observations would have said of the patient, had they been the patient's; told, never used."""
    for each in observations:
        if each.status not in DROPPED:
            said = (told(each.code).attested, *map(concept_named, (each.code, *(part.code for part in each.component))))
            elements = dict.fromkeys(SCALES[one].concept if one in SCALES else one for one in said if one)
            yield from (Unreadable(reference_of(each), one, Reason.NOT_COMPARABLE, FOCUS) for one in elements)
