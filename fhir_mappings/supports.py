"""Breathing support: procedures, devices in use, and observed delivery mechanisms."""

from __future__ import annotations

from fhir_mappings.code_tables import BY_CONCEPT, SYSTEMS, concepts_of, read_table
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import effective, span
from fhir_mappings.references import References
from fhir_mappings.structs import DeviceUseIn, ObservationIn, ProcedureIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import NAMES, named, shown, texts_of
from rpild_rules.facts import Support, Unreadable
from rpild_rules.findings import Reason

SUPPORTS = frozenset(read_table("marks")["concepts"]["supports"])
ORDER = (*NAMES["support"], "ecmo", "oxygen-therapy", "oxygen-device")
DISPLAYS = {(row.system, row.code): row.display for concept in SUPPORTS for row in BY_CONCEPT[concept]}
NOT_DONE = frozenset({"not-done", "entered-in-error", "preparation", "unknown", "intended"})


def support_named(concept: Concept | None, text: str | None = None) -> str:
    """The support that a coded or written mechanism means: words first (they are finer), then codes; empty if
    neither tells.
    """
    known = (
        {DISPLAYS.get((SYSTEMS.get(each.system, ""), each.code), "") for each in concept.coding}
        if concept is not None
        else set()
    )
    words = frozenset(
        name for said in (text or "", *texts_of(concept), *sorted(known)) for name in named("support", said)
    )
    found = words or concepts_of(concept) & SUPPORTS
    return next((name for name in ORDER if name in found), "")


def observed_support(
    concept: Concept | None, text: str | None, each: ObservationIn, refs: References
) -> Support | Unreadable:
    """A delivery mechanism at the time of its Observation."""
    said = text or shown(concept)
    name = support_named(concept, text)
    if not name:
        return Unreadable(reference_of(each), "o2-delivery-mechanism", Reason.UNSTRUCTURED, said)
    when = effective(each, refs.read, refs.zone)
    return Support(name, when, when, False, reference_of(each), said)


def procedure_support(concept: str, each: ProcedureIn, refs: References) -> Support:
    """A support procedure: running while in progress without an end."""
    start, end = span(each.performed_period, refs.read)
    moment = refs.read(each.performed_date_time)
    running = each.status == "in-progress" and end is None
    return Support(concept, start or moment, end or moment, running, reference_of(each), shown(each.code))


def device_support(each: DeviceUseIn, refs: References) -> Support | None:
    """A device in use, by its contained Device or the words beside the reference; None for other devices."""
    if each.status in NOT_DONE or each.device is None:
        return None
    contained = {f"#{device.id}": device.type for device in each.contained}
    name = support_named(contained.get(each.device.reference), each.device.display)
    if not name:
        return None
    start, end = span(each.timing_period, refs.read)
    moment = refs.read(each.timing_date_time) or refs.read(each.recorded_on)
    return Support(
        name, start or moment, end, each.status == "active" and end is None, reference_of(each), each.device.display
    )
