"""What follows from the data: elements that do not come, codes and units that are not known, drugs by reference."""

from __future__ import annotations

from collections.abc import Iterator

from ehr_access.measured import Examiner
from fhir_mappings.coverage import proposals
from fhir_mappings.queries import ELEMENT_KEYS, ELEMENTS
from rpild_server.check_ehr.data import Data, Element, patients_by_element
from rpild_server.check_ehr.documents import object_of, resources_of
from rpild_server.check_ehr.findings import Finding, good
from rpild_server.check_ehr.searching import Searched
from rpild_server.map_rows import code_row, unit_row

PART = "data"
SEEN = "Test patients may lack it. If real ones have it, look for its local codes under the codes not known below."
OLD = "Nothing that new is in the charts; the criteria that need it are unknown (stale) for these patients."
OWN = ("E-ATT", "E-FLAG")  # written by the plug-in itself, or by a team that follows the pathway already


def judge_data(data: Data, patients: int) -> Iterator[Finding]:
    """All findings about data."""
    have = patients_by_element(data)
    there = [name for name, number in have.items() if number]
    yield good(PART, f"{len(there)} of {len(have)} data elements come")
    lacking = [name for name, number in have.items() if not number and name not in OWN]
    if lacking:
        told = "; ".join(
            f"{ELEMENTS[name]['title']} ({name}, from {', '.join(ELEMENT_KEYS[name])})" for name in lacking
        )
        yield Finding("warn", PART, f"none of {patients} patients has any: {told}", SEEN)
    for name, element in sorted(data.elements.items()):
        yield from _dates(name, element)
    yield from _mapping(data)
    if data.coverage.unreadable:
        told = f"{data.coverage.unreadable} resources cannot be read"
        yield Finding("warn", PART, told, "They are no valid FHIR R4. `rpild assess` names them for a chart in a file.")


def _dates(name: str, element: Element) -> Iterator[Finding]:
    title, limit = ELEMENTS[name]["title"], ELEMENTS[name].get("look_back_days")
    if element.newest is not None and limit is not None and element.newest > limit:
        told = f"{name} ({title}): the newest is {element.newest} days old, {limit} days count"
        yield Finding("warn", PART, told, OLD)
    if element.undated:
        told = f"{name} ({title}): {element.undated} without a readable date"
        yield Finding("warn", PART, told, "Without a date most of them cannot be used. Ask the interface team.")


def _mapping(data: Data) -> Iterator[Finding]:
    for sent, number, concept in proposals(data.coverage):
        told = f"{sent.kind} {sent.code or 'without a code'} {sent.text!r}, sent {number} times, may be {concept}"
        remedy = "Review, sign and put it into the site mapping; `rpild map diff` shows what it changes."
        yield Finding("warn", "codes", told, remedy, mapping=code_row(sent, number, concept))
    for unit in sorted(data.coverage.units):
        if unit.known:
            continue
        told = f"{unit.concept} comes in {unit.unit or 'no unit'}, which is not known: its values are unknown (unit)"
        row = unit_row(unit) if unit.unit else ""
        remedy = "Fill in what it equals, or a factor." if row else "Ask the interface team to send the unit."
        yield Finding("warn", "units", told, remedy, mapping=row)


def judge_drugs(data: Data, found: list[Searched], examiner: Examiner) -> Iterator[Finding]:
    """Whether a drug that an order only refers to can be read; one is tried."""
    references = (
        reference
        for each in found
        if each.key.startswith("medication")
        for body in each.bodies
        for resource in resources_of(object_of(body))
        if (reference := _reference(resource)).startswith("Medication/")
    )
    first = next(references, "")
    if not first:
        return
    seen = examiner.get(first)
    told = f"{data.drugs_by_reference} drugs are referred to"
    if seen.good:
        yield good("drugs", f"{told}; a Medication can be read")
    else:
        remedy = "Ask for the right to read Medication; until then such drugs are unresolved and order cards may miss."
        yield Finding("warn", "drugs", f"{told}, and a Medication cannot be read ({seen.told})", remedy)


def _reference(resource: object) -> str:
    found = resource.get("medicationReference") if isinstance(resource, dict) else None
    reference = found.get("reference") if isinstance(found, dict) else ""
    return reference if isinstance(reference, str) else ""
