"""Encounters to stays (decisions K13): what kind, when, and for which reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhir_mappings.code_tables import EXACT, SYSTEMS, concepts_of
from fhir_mappings.datatypes import Coding
from fhir_mappings.dates import span
from fhir_mappings.references import References
from fhir_mappings.structs import EncounterIn
from fhir_mappings.subjects import reference_of
from rpild_rules.facts import Stay

KINDS = {"encounter-stay": "stay", "encounter-emergency": "emergency", "encounter-not-stay": "other"}
CLASS_SYSTEM = "HL7 v3 ActCode"
HERE = frozenset({"", "active"})


def read_encounters(encounters: Iterable[EncounterIn], refs: References) -> Iterator[Stay]:
    """The Encounters of a chart; those entered in error are left out."""
    for each in encounters:
        if each.status != "entered-in-error":
            yield _stay(each, refs)


def kind_of(code: Coding | None) -> str:
    """`stay`, `emergency`, `other`, or `unknown` for a class that cannot be used; a class without a system is read
    as HL7 v3.
    """
    if code is None:
        return "unknown"
    system = SYSTEMS.get(code.system, "") if code.system else CLASS_SYSTEM
    concepts = EXACT.get((system, code.code), ())
    return next((KINDS[concept] for concept in concepts if concept in KINDS), "unknown")


def _stay(each: EncounterIn, refs: References) -> Stay:
    start, end = span(each.period, refs.read)
    named = [*each.reason_reference, *(part.condition for part in each.diagnosis if part.condition is not None)]
    referred, resolved = refs.reasons(named)
    coded = [reason for reason in each.reason_code if reason.coding]
    readable = resolved and len(coded) == len(each.reason_code) and bool(coded or named)
    return Stay(
        kind_of(each.class_), each.status, start, end, concepts_of(*coded) | referred, readable, reference_of(each),
        _unit(each),
    )  # fmt: skip


def _unit(each: EncounterIn) -> str:
    """The care unit: the newest place that is not marked as left or planned, as the EHR refers to it."""
    here = [part.location for part in each.places() if part.location is not None and part.status in HERE]
    return (here[-1].reference or here[-1].display) if here else ""
