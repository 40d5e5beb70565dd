"""Raw JSON of one key to typed resources: a fast lane for whole Bundles, and an entry-by-entry lane for those it
refuses (rulings 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct

from fhir_mappings import structs
from fhir_mappings.envelopes import look
from fhir_mappings.lenient import UNDECODABLE, decode_leniently
from fhir_mappings.medication_structs import MedicationIn
from fhir_mappings.reads import Answer, Failure, Pages
from fhir_mappings.subjects import Entry, Home, belongs, reference_of, urls_of
from rpild_rules.facts import Reading, Unreadable
from rpild_rules.findings import Reason

WITH_MEDICATIONS = frozenset({"MedicationRequest", "MedicationAdministration", "MedicationStatement"})
TYPES: dict[str, type[Any]] = {
    "Patient": structs.PatientIn,
    "Condition": structs.ConditionIn,
    "AllergyIntolerance": structs.AllergyIn,
    "Observation": structs.ObservationIn,
    "DiagnosticReport": structs.ReportIn,
    "ImagingStudy": structs.ImagingStudyIn,
    "Encounter": structs.EncounterIn,
    "MedicationRequest": MedicationIn,
    "MedicationAdministration": MedicationIn,
    "MedicationStatement": MedicationIn,
    "Medication": MedicationIn,
    "ServiceRequest": structs.ServiceRequestIn,
    "Procedure": structs.ProcedureIn,
    "DeviceUseStatement": structs.DeviceUseIn,
    "Specimen": structs.SpecimenIn,
    "Flag": structs.FlagIn,
    "CarePlan": structs.CarePlanIn,
    "Consent": structs.ConsentIn,
}
BUNDLES: dict[str, msgspec.json.Decoder[structs.Bundle[Any]]] = {
    kind: msgspec.json.Decoder(structs.Bundle[model], float_hook=Decimal)  # type: ignore[valid-type]
    for kind, model in TYPES.items()
}
SINGLES = {kind: msgspec.json.Decoder(model, float_hook=Decimal) for kind, model in TYPES.items()}


class RawEntry(Struct, rename="camel"):
    full_url: Any = ""
    resource: Raw = Raw(b"null")


class RawBundle(Struct, rename="camel"):
    resource_type: Any = ""
    entry: Raw = Raw(b"null")


class RawEntries(Struct):
    entry: list[Raw] = []


class Meta(Struct, rename="camel"):
    last_updated: str = ""
    version_id: str = ""


class Peek(Struct, rename="camel"):
    resource_type: Any = ""
    id: Any = ""


RAW_BUNDLES = msgspec.json.Decoder(RawBundle)
RAW_ENTRIES = msgspec.json.Decoder(RawEntries)
RAW_ENTRY = msgspec.json.Decoder(RawEntry)
META = msgspec.json.Decoder(Meta)
METAS = msgspec.json.Decoder(list[Meta | None])
NO_META = Meta()
PEEKS = msgspec.json.Decoder(Peek)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One key, decoded.

    `cut` tells that entries beyond these may exist, `more` that the EHR said so; `urls` turns a fullUrl into
    `Type/id`. Of a `skimmed` key the resources hold nothing but their times.
    """

    kind: str
    resources: tuple[Any, ...] = ()
    reading: Reading = Reading.COMPLETE
    cut: bool = False
    more: bool = False
    unreadable: tuple[Unreadable, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    skipped: int = 0
    skimmed: bool = False


@dataclass(slots=True)
class Page:
    """What one body holds, before subjects are checked; `others` counts the types that we do not read."""

    entries: list[Entry] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    more: bool = False
    total: int = 0


def decode(kind: str, answer: Answer, patient_id: str, count: int = 0, home: Home | None = None) -> Decoded:
    """The answer to one search or read of a resource type. `count` is the page size asked for; 0 = no limit.

    Raises OtherPatientError if any resource names another patient.
    """
    if answer is None:
        return Decoded(kind)
    if isinstance(answer, Failure):
        return failed(kind, answer.reason)
    pages = answer if isinstance(answer, Pages) else Pages((answer,))
    return _decode_pages(kind, pages, patient_id, count, home)


def failed(kind: str, reason: Reason) -> Decoded:
    """A key that could not be had."""
    return Decoded(kind, reading=Reading.NOT_PERMITTED if reason is Reason.NOT_PERMITTED else Reading.FAILED)


def _decode_pages(kind: str, pages: Pages, patient_id: str, count: int, home: Home | None) -> Decoded:
    whole = []
    for body in pages.bodies:
        page = _page(kind, body)
        if isinstance(page, Reason):
            return failed(kind, page)
        whole.append(page)
    cut = _is_cut(whole, pages.complete, count)
    more = cut and (pages.complete is False or whole[-1].more)
    return sort_out(kind, whole, patient_id, cut, more, home=home)


def _is_cut(pages: list[Page], complete: bool | None, count: int) -> bool:
    if complete is not None:
        return not complete
    if len(pages) == 1:
        return pages[0].more or 0 < count <= pages[0].total
    return bool(pages) and pages[-1].more


def _page(kind: str, body: bytes) -> Page | Reason:
    try:
        bundle = BUNDLES[kind].decode(body)
    except UNDECODABLE:
        return _slow_page(kind, body)
    if bundle.resource_type != "Bundle":
        return _lone(kind, body)
    entries = [(entry.full_url, entry.resource) for entry in bundle.entry if entry.resource is not None]
    return Page(entries, more=has_more(bundle.link), total=len(bundle.entry))


def has_more(links: tuple[structs.Link, ...]) -> bool:
    """Whether the EHR said that there are further pages."""
    return any(link.relation == "next" for link in links)


def _slow_page(kind: str, body: bytes) -> Page | Reason:
    try:
        bundle = RAW_BUNDLES.decode(body)
        if bundle.resource_type != "Bundle":
            return _lone(kind, body)
        raws = RAW_ENTRIES.decode(body).entry if bytes(bundle.entry) != b"null" else []
    except UNDECODABLE:
        return Reason.FETCH_FAILED
    page = Page(more=bool(look(body).next_link), total=len(raws))
    for raw in raws:
        add(page, kind, bytes(raw))
    return page


def _lone(kind: str, body: bytes) -> Page | Reason:
    """A body that is no Bundle: the resource itself, an OperationOutcome, or nothing usable."""
    seen = look(body)
    if seen.resource_type == kind:
        page = Page(total=1)
        add_resource(page, kind, "", body)
        return page
    return seen.refusal or Reason.FETCH_FAILED


def add(page: Page, kind: str, raw: bytes) -> None:
    """One raw Bundle entry. `kind` is the type asked for; empty = any."""
    try:
        entry = RAW_ENTRY.decode(raw)
    except UNDECODABLE:
        page.unreadable.append(_broken(kind, ""))
        return
    resource = bytes(entry.resource)
    if resource != b"null":
        add_resource(page, kind, entry.full_url if isinstance(entry.full_url, str) else "", resource)


def add_resource(page: Page, kind: str, url: str, raw: bytes) -> None:
    """One resource, in its own type if we read that type, else in the type of the key (to see whose it is)."""
    name, identity = peek(raw)
    model = name if name in TYPES else kind
    if not model:
        page.others[name] = page.others.get(name, 0) + 1
        return
    resource = decode_leniently(SINGLES[model], raw)
    if resource is not None:
        page.entries.append((url, resource))
    elif name in (kind, "") or not kind:
        page.unreadable.append(_broken(model, identity))


def peek(raw: bytes) -> tuple[str, str]:
    """Type and id of a raw resource, empty where there is none."""
    try:
        seen = PEEKS.decode(raw)
    except UNDECODABLE:
        return "", ""
    return tuple(part if isinstance(part, str) else "" for part in (seen.resource_type, seen.id))  # type: ignore[return-value]


def _broken(kind: str, identity: str) -> Unreadable:
    return Unreadable(f"{kind}/{identity}" if identity else kind, kind, Reason.UNSTRUCTURED)


def last_updated(resource: Any) -> str:
    """When the server last touched a resource, as sent; empty if it does not say."""
    return _meta(resource).last_updated


def version_of(resource: Any) -> str:
    """Which version of a resource was sent: its version id, else when it was last touched; empty if unsaid."""
    meta = _meta(resource)
    return meta.version_id or meta.last_updated


def versions(resources: Sequence[Any]) -> dict[str, str]:
    """By `Type/id` the version of each resource whose version was said."""
    try:
        metas = METAS.decode(b"[%b]" % b",".join(each.meta for each in resources))
        found = [meta.version_id or meta.last_updated if meta else "" for meta in metas]
    except UNDECODABLE:
        found = list(map(version_of, resources))
    return {reference_of(each): version for each, version in zip(resources, found, strict=True) if version}


def _meta(resource: Any) -> Meta:
    if resource.meta is structs.EMPTY:
        return NO_META
    try:
        return META.decode(resource.meta)
    except UNDECODABLE:
        return NO_META


def sort_out(
    kind: str,
    pages: list[Page],
    patient_id: str,
    cut: bool = False,
    more: bool = False,
    draft: bool = False,
    urls: Mapping[str, str] | None = None,
    home: Home | None = None,
) -> Decoded:
    """Check whose the resources are and keep those of the type asked for (and the Medications that come with them)."""
    entries = pages[0].entries if len(pages) == 1 else [entry for page in pages for entry in page.entries]
    urls = urls if urls is not None else urls_of(entries)
    unreadable = [each for page in pages for each in page.unreadable]
    kept, usual = [], f"Patient/{patient_id}"
    for _, resource in entries:
        subject = resource.subject
        mine = (subject is not None and subject.reference == usual) or belongs(resource, patient_id, urls, home)
        if resource.resource_type == kind or (resource.resource_type == "Medication" and kind in WITH_MEDICATIONS):
            kept.append(resource) if mine or draft else unreadable.append(_broken(kind, resource.id))
    return Decoded(kind, tuple(kept), Reading.COMPLETE, cut, more, tuple(unreadable), urls, len(entries) - len(kept))
