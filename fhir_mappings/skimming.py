"""The laboratory at the gate: whether any of its results concerns the gate, told without reading them (rulings 4).

Nearly every patient has some hundred results and none that the gate asks for. Of those only code, subject and times are
decoded; the first result that may matter, or that is not as usual, leaves the whole answer to the full reading.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from typing import Literal

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder

from fhir_mappings.datatypes import Concept, Period, Reference
from fhir_mappings.decode import Decoded, has_more
from fhir_mappings.lenient import UNDECODABLE
from fhir_mappings.observations import AT_THE_GATE, told
from fhir_mappings.site_mapping import SiteMapping
from fhir_mappings.structs import EMPTY, Link

KIND = "Observation"


class Skimmed(Struct, rename="camel", gc=False):
    """A single Observation without what it says; one with parts or members is refused."""

    resource_type: Literal["Observation"]
    code: Raw = EMPTY
    subject: Raw = EMPTY
    component: UnsetType = UNSET
    has_member: UnsetType = UNSET
    effective_date_time: str = ""
    effective_instant: str = ""
    effective_period: Period | None = None
    issued: str = ""


class SkimmedEntry(Struct, gc=False):
    resource: Skimmed | None = None


class SkimmedBundle(Struct, rename="camel", gc=False):
    resource_type: str = ""
    link: tuple[Link, ...] = ()
    entry: tuple[SkimmedEntry, ...] = ()


BUNDLES = Decoder(SkimmedBundle)
CODES = Decoder(Concept)
SUBJECTS = Decoder(Reference)
CODE, SUBJECT = attrgetter("code"), attrgetter("subject")


def skim(body: bytes, patient_id: str, count: int, site: SiteMapping) -> Decoded | None:
    """The results of a laboratory search of which none concerns the gate: good for their times only.

    None if one may concern it, or if anything is not as usual: then the answer must be read. `count` is the page size
    asked for.
    """
    try:
        bundle = BUNDLES.decode(body)
    except UNDECODABLE:
        return None
    found = tuple(entry.resource for entry in bundle.entry if entry.resource is not None)
    if bundle.resource_type != "Bundle" or not _leave_the_gate(found, f"Patient/{patient_id}", site):
        return None
    more = has_more(bundle.link)
    return Decoded(KIND, found, cut=more or 0 < count <= len(bundle.entry), more=more, skimmed=True)


def _leave_the_gate(found: tuple[Skimmed, ...], patient: str, site: SiteMapping) -> bool:
    """Whether all are results of this patient with codes that the gate does not ask for.

    Results share subject and code with many others: each is looked at once.
    """
    if any(concerns_the_gate(code, site) for code in set(map(bytes, map(CODE, found)))):
        return False
    return all(_names(subject, patient) for subject in set(map(bytes, map(SUBJECT, found))))


def _names(subject: bytes, patient: str) -> bool:
    try:
        return SUBJECTS.decode(subject).reference == patient
    except UNDECODABLE:
        return False


@lru_cache(maxsize=4096)
def concerns_the_gate(code: bytes, site: SiteMapping) -> bool:
    """Whether a code, as sent, is or names something that the gate asks for; one that cannot be decoded may."""
    try:
        concept = CODES.decode(code)
    except UNDECODABLE:
        return True
    concept.coding = (*concept.coding, *site.concepts(concept))
    said = told(concept)
    return said.concept in AT_THE_GATE or said.name in AT_THE_GATE
