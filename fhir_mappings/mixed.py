"""Bundles of many resource types: the orders of a hook context, and the files that people assess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.broken_drafts import mended
from fhir_mappings.decode import RAW_BUNDLES, RAW_ENTRIES, TYPES, Decoded, Page, add, sort_out
from fhir_mappings.lenient import UNDECODABLE
from fhir_mappings.queries import QUERIES
from fhir_mappings.reads import MixedSubjectsError, UnreadableFileError
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping, translate
from fhir_mappings.subjects import Entry, Home, reference_of, subject_of, urls_of
from rpild_rules.facts import Unreadable

MEDICATIONS = "medications"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
KEY_OF = {query.kind: key for key, query in QUERIES.items()} | {"Observation": "laboratory", "Medication": MEDICATIONS}
DRAFTED = ("MedicationRequest", "ServiceRequest", "Medication")


@dataclass(frozen=True, slots=True)
class Mixed:
    """A file's resources with their fullUrls.

    `patients` are the ids of its Patient resources, `subjects` every patient id it names, `others` counts the types
    that we do not read.
    """

    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]
    patients: tuple[str, ...]
    subjects: tuple[str, ...]
    others: Mapping[str, int]


def entries_of(body: bytes) -> Iterator[bytes]:
    """The raw entries of a Bundle, of one resource, or of NDJSON. Raises UnreadableFileError if it is none of them."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        bundle = RAW_BUNDLES.decode(body)
    except UNDECODABLE:
        yield from _lines(body)
        return
    yield from _unfold(bundle.resource_type, body)


def _lines(body: bytes) -> Iterator[bytes]:
    lines = [line for line in body.splitlines() if line.strip()]
    if len(lines) < 2:
        raise UnreadableFileError(
            "the file is not JSON: give a FHIR R4 Bundle, one resource, or NDJSON with one resource a line"
        )
    for number, line in enumerate(lines, 1):
        try:
            bundle = RAW_BUNDLES.decode(line)
        except UNDECODABLE as problem:
            raise UnreadableFileError(
                f"line {number} is not a JSON object: each line must hold one FHIR resource"
            ) from problem
        yield from _unfold(bundle.resource_type, line)


def _unfold(kind: Any, body: bytes) -> Iterator[bytes]:
    if kind != "Bundle":
        yield b'{"resource":' + body + b"}"
        return
    try:
        yield from (bytes(raw) for raw in RAW_ENTRIES.decode(body).entry)
    except UNDECODABLE as problem:
        raise UnreadableFileError("the Bundle's entry is not a list of entries") from problem


def read_bundle(body: bytes) -> Mixed:
    """Every resource of a file, in its own type; what we do not read is left out, what cannot be read is listed."""
    page = _read(entries_of(body))
    urls = urls_of(page.entries)
    patients = {each.id for _, each in page.entries if each.resource_type == "Patient"}
    subjects = {subject_of(each, urls) for _, each in page.entries} - {""}
    unread = tuple(page.unreadable)
    return Mixed(tuple(page.entries), unread, tuple(sorted(patients)), tuple(sorted(subjects)), page.others)


def _read(raws: Iterable[bytes]) -> Page:
    page = Page()
    for raw in raws:
        add(page, "", raw)
    return page


def one_patient(mixed: Mixed, wanted: str = "") -> str:
    """The id of the patient that a file is about: the one wanted, else the only one.

    Raises MixedSubjectsError if that Patient is not there, or if there are several to choose from.
    """
    if wanted:
        if wanted not in mixed.patients:
            raise MixedSubjectsError(mixed.subjects, wanted)
        return wanted
    if len(mixed.patients) != 1 or set(mixed.subjects) - set(mixed.patients):
        raise MixedSubjectsError(mixed.subjects)
    return mixed.patients[0]


def answers_for(mixed: Mixed, patient_id: str, site: SiteMapping = NO_MAPPING) -> dict[str, Decoded]:
    """One patient's part of a file as decoded keys: every key of the queries is there, read completely. Others'
    resources are left out.

    Raises OtherPatientError if the patient's id is named at two FHIR bases.
    """
    urls, home = urls_of(mixed.entries), Home()
    own = [entry for entry in mixed.entries if subject_of(entry[1], urls) in (patient_id, "")]
    decoded = {key: Decoded(query.kind) for key, query in QUERIES.items()}
    for kind in TYPES:
        page = Page(entries=[entry for entry in own if entry[1].resource_type == kind], total=len(own))
        found = sort_out(kind, [page], patient_id, urls=urls, home=home)
        translate(found.resources, site)
        decoded[KEY_OF[kind]] = found
    decoded["patient"] = _with_unreadable(decoded["patient"], mixed.unreadable)
    return decoded


def _with_unreadable(decoded: Decoded, further: tuple[Unreadable, ...]) -> Decoded:
    return Decoded(decoded.kind, decoded.resources, unreadable=(*decoded.unreadable, *further), urls=decoded.urls)


@dataclass(frozen=True, slots=True)
class Drafts:
    """The orders of a hook context that we read, and the Medications that came with them."""

    orders: tuple[Any, ...] = ()
    medications: tuple[Any, ...] = ()
    urls: Mapping[str, str] | None = None
    unreadable: tuple[Unreadable, ...] = ()


def read_drafts(
    body: bytes | None, patient_id: str, selections: tuple[str, ...] | None, home: Home | None = None
) -> Drafts:
    """The draft orders (of `selections` only, if given), entry by entry; incomplete ones are kept, of malformed ones
    what can be read, and they are listed as unreadable beside it.

    Raises OtherPatientError if one names another patient, UnreadableFileError if the body is no Bundle.
    """
    if body is None:
        return Drafts()
    page = Page()
    for raw in entries_of(body):
        _add_draft(page, raw)
    found = [sort_out(kind, [page], patient_id, draft=True, home=home) for kind in DRAFTED]
    orders = [each for decoded in found[:2] for each in decoded.resources if each.resource_type != "Medication"]
    chosen = [each for each in orders if selections is None or reference_of(each) in selections]
    return Drafts(tuple(chosen), found[2].resources, found[0].urls, tuple(page.unreadable))


def _add_draft(page: Page, raw: bytes) -> None:
    broken = len(page.unreadable)
    add(page, "", raw)
    rest = mended(raw, frozenset(DRAFTED)) if len(page.unreadable) > broken else None
    if rest is not None:
        add(page, "", rest)
