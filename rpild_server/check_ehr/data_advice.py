"""What follows from the data: elements that do not come, codes and units that are not known, drugs by reference."""

from __future__ import annotations

from collections.abc import Iterator

from ehr_access.measured import Examiner
from fhir_mappings.coverage import SentUnit
from fhir_mappings.proposing import proposals
from fhir_mappings.queries import ELEMENT_KEYS, ELEMENTS
from fhir_mappings.site_units import is_refused
from rpild_server.check_ehr.data import Data, Element, patients_by_element
from rpild_server.check_ehr.documents import object_of, resources_of
from rpild_server.check_ehr.findings import Finding, good
from rpild_server.check_ehr.searching import Searched
from rpild_server.counted import counted
from rpild_server.map_rows import code_row, unit_row

PART = "data"
SEEN = "Test patients may lack it. If real ones have it, ask which resource and code carry it"
AMONG = "; it may be among the codes below that the plug-in does not know."
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
        whole = f"none of {patients} patients has" if patients > 1 else "the patient does not have"
        remedy = SEEN + (AMONG if data.coverage.unmapped() else ".")
        yield Finding("warn", PART, f"{whole} any: {told}", remedy)
    for name, element in sorted(data.elements.items()):
        yield from _dates(name, element)
    yield from _mapping(data)
    if data.coverage.unreadable:
        told = f"{counted(data.coverage.unreadable, 'resource')} cannot be read"
        yield Finding("warn", PART, told, "They are no valid FHIR R4. `rpild assess` names them for a chart in a file.")


def _dates(name: str, element: Element) -> Iterator[Finding]:
    title, limit = ELEMENTS[name]["title"], ELEMENTS[name].get("look_back_days")
    if element.newest is not None and limit is not None and element.newest > limit:
        told = f"{name} ({title}): the newest is {counted(element.newest, 'day')} old, {limit} days count"
        yield Finding("warn", PART, told, OLD)
    if element.ahead:
        told = f"{name} ({title}): {counted(element.ahead, 'entry', 'entries')} dated after today"
        yield Finding("warn", PART, told, "What lies ahead decides nothing. Ask the interface team about these dates.")
    if element.undated:
        told = f"{name} ({title}): {element.undated} without a readable date"
        yield Finding("warn", PART, told, "Without a date most of them cannot be used. Ask the interface team.")


def _mapping(data: Data) -> Iterator[Finding]:
    for sent, number, concept in proposals(data.coverage):
        what = f"{sent.kind} {sent.code or 'without a code'} {sent.text!r}"
        told = f"{what}, sent {counted(number, 'time')}, may be {concept}"
        remedy = "Review, sign and put it into the site mapping; `rpild map diff` shows what it changes."
        yield Finding("warn", "codes", told, remedy, mapping=code_row(sent, number, concept))
    units = data.coverage.units
    for unit in sorted(each for each in units if not each.known):
        whole = sum(number for each, number in units.items() if each.concept == unit.concept)
        yield _unit(unit, units[unit], whole)


def _unit(unit: SentUnit, number: int, whole: int) -> Finding:
    """The values without a unit that is known, of all values of this test."""
    how = f"in {unit.unit!r}, a unit not known here" if unit.unit else "without a unit"
    told = f"{unit.concept}: {number} of {counted(whole, 'value')} sent {how}; what is sent so stays unknown"
    if not unit.unit:
        return Finding("warn", "units", told, "Ask the interface team to send the unit.")
    if is_refused(unit.concept, unit.unit):
        remedy = "It is never accepted, also not by a mapping: ask the interface team which unit is meant."
        return Finding("warn", "units", told, remedy)
    return Finding("warn", "units", told, "Fill in what it equals, or a factor.", mapping=unit_row(unit))


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
    told = f"{counted(data.drugs_by_reference, 'drug')} by reference"
    if seen.good:
        yield good("drugs", f"{told}; their Medication can be read")
    else:
        remedy = "Ask for the right to read Medication; until then such drugs are unresolved and order cards may miss."
        yield Finding("warn", "drugs", f"{told}, and their Medication cannot be read ({seen.told})", remedy)


def _reference(resource: object) -> str:
    found = resource.get("medicationReference") if isinstance(resource, dict) else None
    reference = found.get("reference") if isinstance(found, dict) else ""
    return reference if isinstance(reference, str) else ""
