"""Conditions to diagnoses (decisions K9): every code of every system, with or without the dot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.code_tables import concepts_of
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import span
from fhir_mappings.references import References
from fhir_mappings.structs import ConditionIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import shown
from rpild_rules.facts import Diagnosis

DROPPED = frozenset({"refuted", "entered-in-error"})


def read_conditions(conditions: Iterable[ConditionIn], refs: References) -> Iterator[Diagnosis]:
    """The Conditions that belong to some concept; refuted and erroneous ones are left out."""
    for each in conditions:
        concepts = concepts_of(each.code)
        if concepts and code_of(each.verification_status) not in DROPPED:
            yield _diagnosis(each, concepts, refs)


def code_of(concept: Concept | None) -> str:
    """The first code of a status, or empty."""
    return concept.coding[0].code if concept is not None and concept.coding else ""


def _diagnosis(each: ConditionIn, concepts: frozenset[str], refs: References) -> Diagnosis:
    onset = refs.read(each.onset_date_time) or span(each.onset_period, refs.read)[0]
    worded = bool(each.onset_string) or each.onset_age is not None or each.onset_range is not None
    abated_from, abated_to = span(each.abatement_period, refs.read)
    return Diagnosis(
        concepts=concepts,
        reference=reference_of(each),
        printed=shown(each.code),
        onset=onset,
        onset_text=worded and onset is None,
        recorded=refs.read(each.recorded_date),
        abated=refs.read(each.abatement_date_time) or abated_to or abated_from,
        clinical=code_of(each.clinical_status),
        verification=code_of(each.verification_status),
    )
