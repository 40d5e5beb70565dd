"""Allergies and intolerances that a rule asks about (decisions section 2, E-ALL): by code, else by whole words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.code_tables import EXCLUDES, concepts_of, concepts_of_file, excluded_by
from fhir_mappings.conditions import DROPPED, code_of
from fhir_mappings.datatypes import Concept
from fhir_mappings.references import References
from fhir_mappings.structs import AllergyIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import named_in, shown
from rpild_rules.facts import Diagnosis

KNOWN = concepts_of_file("allergies")


def read_allergies(allergies: Iterable[AllergyIn], refs: References) -> Iterator[Diagnosis]:
    """The allergies that belong to some concept, as diagnoses; refuted and erroneous ones are left out."""
    for each in allergies:
        concepts = allergy_concepts(each)
        if concepts and code_of(each.verification_status) not in DROPPED:
            yield _allergy(each, concepts, refs)


def allergy_concepts(each: AllergyIn) -> frozenset[str]:
    """What somebody is allergic to: the code, the substances of the reactions, else the words of either."""
    stated = [each.code, *(reaction.substance for reaction in each.reaction)]
    found = concepts_of(*stated) & KNOWN
    return found or _worded(stated)


def _worded(stated: list[Concept | None]) -> frozenset[str]:
    """The concepts that the words name, less those that a code or other words take away."""
    words = named_in("allergy", *stated)
    refused = excluded_by(*stated).union(*(EXCLUDES[word] for word in words if word in EXCLUDES))
    return (words & KNOWN) - refused


def _allergy(each: AllergyIn, concepts: frozenset[str], refs: References) -> Diagnosis:
    return Diagnosis(
        concepts=concepts,
        reference=reference_of(each),
        printed=shown(each.code),
        onset=refs.read(each.onset_date_time),
        recorded=refs.read(each.recorded_date),
        clinical=code_of(each.clinical_status),
        verification=code_of(each.verification_status),
    )
