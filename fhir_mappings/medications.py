"""Medication records to treatments: which ingredients, which route, how much, how long (decisions section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fhir_mappings.code_tables import NOTHING, concepts_of
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import span
from fhir_mappings.doses import end_of_bounds, intended_days, mg_per_day, milligrams, route_of
from fhir_mappings.drugs import ingredients_of
from fhir_mappings.medication_structs import Dosage, MedicationIn
from fhir_mappings.references import References
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import shown
from rpild_rules.facts import Treatment
from rpild_rules.when import When

KINDS = {
    "MedicationRequest": "request",
    "MedicationAdministration": "administration",
    "MedicationStatement": "statement",
}


def read_medications(records: Iterable[MedicationIn], refs: References, drafted: bool = False) -> Iterator[Treatment]:
    """All records of a chart, resolved or not; those entered in error are left out."""
    for each in records:
        if each.resource_type in KINDS and each.status != "entered-in-error":
            yield _treatment(each, refs, drafted)


def _treatment(each: MedicationIn, refs: References, drafted: bool) -> Treatment:
    products, forms = _products(each, refs)
    dosages = _dosages(each)
    start, end = _times(each, dosages, refs)
    return Treatment(
        ingredients=ingredients_of(products),
        kind=KINDS[each.resource_type],
        status=each.status,
        start=start,
        end=end,
        reference=reference_of(each),
        printed=_printed(each, products),
        mg_per_day=_given(dosages) if each.resource_type == "MedicationAdministration" else mg_per_day(dosages),
        days=intended_days(dosages, refs.read),
        route=route_of(dosages, products, forms),
        intent=each.intent or "order",
        do_not_perform=each.do_not_perform is True,
        reported=each.reported_boolean is True or each.reported_reference is not None,
        reasons=_reasons(each, refs),
        drafted=drafted,
    )


def _reasons(each: MedicationIn, refs: References) -> frozenset[str]:
    if not each.reason_code and not each.reason_reference:
        return NOTHING
    return concepts_of(*each.reason_code) | refs.reasons(each.reason_reference)[0]


def _products(each: MedicationIn, refs: References) -> tuple[list[Concept | None], list[Concept | None]]:
    """The concepts that say which drug it is, and its form: its own, or those of the Medication it refers to."""
    found = _medication(each, refs)
    if found is None:
        return [each.medication_codeable_concept], []
    parts = [part.item_codeable_concept for part in found.ingredient]
    return [each.medication_codeable_concept, found.code, *parts], [found.form]


def _medication(each: MedicationIn, refs: References) -> Any | None:
    if each.medication_reference is None:
        return None
    contained = {f"#{drug.id}": drug for drug in each.contained}
    return contained.get(each.medication_reference.reference) or refs.medications.get(
        refs.local(each.medication_reference)
    )


def unresolved_references(records: Iterable[MedicationIn], refs: References) -> Iterator[str]:
    """The `Medication/id` references that nothing at hand resolves: to be read by id where a token is there
    (rulings 3).
    """
    unknown = (each for each in records if each.medication_reference is not None and _medication(each, refs) is None)
    references = (refs.local(each.medication_reference) for each in unknown)
    return (reference for reference in references if reference.startswith("Medication/"))


def _printed(each: MedicationIn, products: Sequence[Concept | None]) -> str:
    named_by = next(filter(None, map(shown, products)), "")
    return named_by or (each.medication_reference.display if each.medication_reference is not None else "")


def _dosages(each: MedicationIn) -> tuple[Dosage, ...]:
    if isinstance(each.dosage, tuple):
        return each.dosage
    return each.dosage_instruction or ((each.dosage,) if each.dosage is not None else ())


def _given(dosages: Sequence[Dosage]) -> Any:
    """A dose given once: at least that much on that day."""
    return milligrams(dosages[0].dose) if dosages else None


def _times(each: MedicationIn, dosages: Sequence[Dosage], refs: References) -> tuple[When | None, When | None]:
    start, end = span(each.effective_period, refs.read)
    moment = refs.read(each.authored_on) or refs.read(each.effective_date_time)
    first = start or moment or refs.read(each.date_asserted)
    if each.resource_type == "MedicationAdministration":
        return first, end or moment
    return first, end or end_of_bounds(dosages, refs.read)
