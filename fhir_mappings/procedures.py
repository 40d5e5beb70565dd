"""Procedures: breathing support, treatments that are procedures, and everything else that was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fhir_mappings.code_tables import concepts_of
from fhir_mappings.dates import span
from fhir_mappings.measures import MARKS
from fhir_mappings.references import References
from fhir_mappings.structs import ProcedureIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.supports import NOT_DONE, ORDER, SUPPORTS, procedure_support
from fhir_mappings.words import shown
from rpild_rules.facts import Done, Support, Treatment

TREATMENTS = frozenset(MARKS["concepts"]["treatments"])


@dataclass(slots=True)
class Procedures:
    """What the Procedures of a chart came to."""

    supports: list[Support] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)


def read_procedures(procedures: Iterable[ProcedureIn], refs: References) -> Procedures:
    """The Procedures that belong to some concept and were begun."""
    found = Procedures()
    for each in procedures:
        concepts = concepts_of(each.code)
        if concepts and each.status not in NOT_DONE:
            _sort(each, concepts, refs, found)
    return found


def _sort(each: ProcedureIn, concepts: frozenset[str], refs: References, found: Procedures) -> None:
    support = next((name for name in ORDER if name in concepts & SUPPORTS), "")
    if support:
        found.supports.append(procedure_support(support, each, refs))
    elif concepts & TREATMENTS:
        found.treatments.append(_treatment(each, concepts & TREATMENTS, refs))
    else:
        start, end = span(each.performed_period, refs.read)
        found.done.append(
            Done(concepts, each.status, refs.read(each.performed_date_time) or end or start, reference_of(each))
        )


def _treatment(each: ProcedureIn, concepts: frozenset[str], refs: References) -> Treatment:
    start, end = span(each.performed_period, refs.read)
    moment = refs.read(each.performed_date_time)
    return Treatment(
        concepts,
        "procedure",
        each.status,
        start or moment,
        end or moment,
        reference_of(each),
        shown(each.code),
        route="systemic",
    )
