"""The answers to all keys become one chart: facts free of FHIR, what could not be read, and how each search went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cached_property
from itertools import chain
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from fhir_mappings.allergies import read_allergies
from fhir_mappings.conditions import read_conditions
from fhir_mappings.dates import Reader, reader
from fhir_mappings.decode import Decoded, decode, last_updated
from fhir_mappings.encounters import read_encounters
from fhir_mappings.focus import about_others, listed_as_unread
from fhir_mappings.imaging import read_scan_reports, read_studies
from fhir_mappings.limits import (
    active_codes,
    read_care_plans,
    read_consents,
    read_flags,
    read_limiting_conditions,
    read_limiting_orders,
)
from fhir_mappings.medications import read_medications, unresolved_references
from fhir_mappings.mixed import MEDICATIONS, Drafts, read_drafts
from fhir_mappings.observations import AT_THE_GATE, Findings, matters, read_observations
from fhir_mappings.orders import read_orders
from fhir_mappings.procedures import read_procedures
from fhir_mappings.queries import QUERIES
from fhir_mappings.readings import readings_of
from fhir_mappings.reads import Answer, Pages
from fhir_mappings.references import References, all_urls, by_reference, groups_of
from fhir_mappings.reports import contained_results, panels_among, read_antibody_reports
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping, translate
from fhir_mappings.skimming import skim
from fhir_mappings.structs import ObservationIn, PatientIn
from fhir_mappings.subjects import Home, reference_of
from fhir_mappings.supports import device_support
from rpild_rules.facts import PatientFacts, Person, Unreadable, User
from rpild_rules.findings import Reason
from rpild_rules.when import When

OTHER_OBSERVATIONS = tuple(key for key, query in QUERIES.items() if query.kind == "Observation" and key != "laboratory")
BIRTH = "E-PAT"
MEDICATION_KEYS = ("medicationRequests", "medicationAdministrations", "medicationStatements")


@dataclass(frozen=True)
class ChartContext:
    """Whose chart, when and for whom.

    `now` carries a zone; `zone` is the site's. `draft_orders` is the raw Bundle of the hook context, `selections` its
    chosen references (order-select). `attestations` are raw Observations of our own store; EHR copies win by id.
    `fhir_bases` are those of the EHR; none for a file.
    """

    patient_id: str
    now: datetime
    zone: tzinfo
    user_id: str = ""
    user_roles: frozenset[str] = frozenset()
    draft_orders: bytes | None = None
    selections: tuple[str, ...] | None = None
    attestations: tuple[bytes, ...] = ()
    site: SiteMapping = NO_MAPPING
    fhir_bases: tuple[str, ...] = ()

    @cached_property
    def home(self) -> Home:
        """Where the patient's id is this patient's; one for the whole chart."""
        return Home(self.fhir_bases)

    @cached_property
    def read(self) -> Reader:
        """Reads a time; each spelling of this chart once, at the gate and after it."""
        return reader(self.zone)


@dataclass(frozen=True, slots=True)
class Chart:
    """What was read: the facts, what could not be read, resources per key, and Medications still to be read by id."""

    facts: PatientFacts
    unreadable: tuple[Unreadable, ...]
    counts: Mapping[str, int]
    unresolved: tuple[str, ...] = ()


@dataclass(slots=True)
class _Book:
    """The decoded keys of one chart, with what they say about each other."""

    decoded: Mapping[str, Decoded]
    refs: References
    drafts: Drafts
    observations: list[ObservationIn] = field(default_factory=list)
    others: list[ObservationIn] = field(default_factory=list)

    def of(self, *keys: str) -> list[Any]:
        """The resources of some keys, one after the other; what was only skimmed holds nothing to read."""
        answered = [self.decoded[key] for key in keys if key in self.decoded]
        return [each for one in answered if not one.skimmed for each in one.resources]


def decode_key(
    key: str,
    answer: Answer,
    patient_id: str,
    site: SiteMapping = NO_MAPPING,
    gate: bool = False,
    home: Home | None = None,
) -> Decoded:
    """One answer decoded and checked; it may stand in the answers of read_chart in place of the raw one, so nothing
    is decoded twice. With `gate` the laboratory is only skimmed, if the gate asks for none of it.

    Raises OtherPatientError if a resource names another patient.
    """
    kind, count = (QUERIES[key].kind, QUERIES[key].count) if key != MEDICATIONS else ("Medication", 0)
    if gate and key == "laboratory" and isinstance(answer, bytes):
        skimmed = skim(answer, patient_id, count, site)
        if skimmed is not None:
            return skimmed
    decoded = decode(kind, answer, patient_id, count, home)
    translate(decoded.resources, site)
    return decoded


def decode_in(context: ChartContext, key: str, answer: Answer, gate: bool = False) -> Decoded:
    """One answer decoded and checked for the chart of this context; raises OtherPatientError."""
    return decode_key(key, answer, context.patient_id, context.site, gate, context.home)


def read_chart(answers: Mapping[str, Answer | Decoded], context: ChartContext, gate: bool = False) -> Chart:
    """The chart of one patient. Keys absent from the answers were not read. With `gate` only what the gate asks is
    read of `laboratory`.

    Raises OtherPatientError, and UnreadableFileError if the draft orders are no Bundle; nothing else, whatever the
    JSON holds.
    """
    decoded = {
        key: each if isinstance(each, Decoded) else decode_in(context, key, each, gate) for key, each in answers.items()
    }
    own = decode("Observation", Pages(context.attestations, complete=True), context.patient_id)
    book = _open(decoded, own, context, gate)
    found = read_observations(book.observations, book.refs)
    facts = _facts(book, found, context)
    counts = MappingProxyType({key: len(each.resources) for key, each in decoded.items()})
    records = [
        *book.of(*MEDICATION_KEYS),
        *(each for each in book.drafts.orders if each.resource_type == "MedicationRequest"),
    ]
    return Chart(facts, facts.unreadable, counts, tuple(sorted(set(unresolved_references(records, book.refs)))))


def _open(decoded: Mapping[str, Decoded], own: Decoded, context: ChartContext, gate: bool) -> _Book:
    drafts = read_drafts(context.draft_orders, context.patient_id, context.selections, context.home)
    translate((*drafts.orders, *drafts.medications), context.site)
    urls = {**all_urls(decoded.values()), **(drafts.urls or {})}
    book = _Book(
        decoded,
        References(context.read, context.zone, When.at(context.now, context.zone), context.site.scales, urls),
        drafts,
    )
    laboratory = [each for each in book.of("laboratory") if matters(each, AT_THE_GATE if gate else None)]
    within = contained_results(book.of("reports"))
    named, unnamed = _newest(chain(book.of(*OTHER_OBSERVATIONS), laboratory, within, own.resources))
    foreign = about_others((*named.values(), *unnamed), context.patient_id, urls, context.home)
    book.others = list(foreign.values())
    book.observations = [each for each in (*named.values(), *unnamed) if id(each) not in foreign]
    medications = [
        each
        for each in (*book.of(MEDICATIONS, *MEDICATION_KEYS), *drafts.medications)
        if each.resource_type == "Medication"
    ]
    book.refs = replace(
        book.refs,
        conditions=by_reference(book.of("conditions")),
        observations={name: each for name, each in named.items() if id(each) not in foreign} if foreign else named,
        others=frozenset(map(reference_of, book.others)),
        specimens=by_reference(book.of("specimens")),
        medications=by_reference(medications),
        groups={} if gate else groups_of(book.of("reports"), book.observations, book.refs.local),
    )
    return book


def _newest(observations: Iterable[ObservationIn]) -> tuple[dict[str, ObservationIn], list[ObservationIn]]:
    """Each Observation once, by `Type/id`: it may come under several keys; the newest version counts, else the first.
    Beside them those without an id.
    """
    named: dict[str, ObservationIn] = {}
    unnamed = []
    for each in observations:
        if not each.id:
            unnamed.append(each)
            continue
        first = named.setdefault(reference_of(each), each)
        if first is not each and last_updated(each) > last_updated(first):
            named[reference_of(each)] = each
    return named, unnamed


def _facts(book: _Book, found: Findings, context: ChartContext) -> PatientFacts:
    refs, drafts = book.refs, book.drafts
    procedures = read_procedures(book.of("procedures"), refs)
    devices = [device_support(each, refs) for each in book.of("deviceUse")]
    requests = book.of("serviceRequests")
    drafted = [each for each in drafts.orders if each.resource_type == "MedicationRequest"]
    person, unread = _person(next(iter(book.of("patient")), None), refs)
    return PatientFacts(
        person=person,
        measurements=_in_order(found.measurements),
        results=_in_order(
            [*found.results, *panels_among(book.observations, refs), *read_antibody_reports(book.of("reports"), refs)]
        ),
        diagnoses=_in_order(read_conditions(book.of("conditions"), refs)),
        supports=_in_order([*found.supports, *procedures.supports, *(each for each in devices if each is not None)]),
        stays=_in_order(read_encounters(book.of("encounters"), refs)),
        scans=_in_order([*read_studies(book.of("imagingStudies"), refs), *read_scan_reports(book.of("reports"), refs)]),
        attestations=_in_order(found.attestations),
        treatments=_in_order([*read_medications(book.of(*MEDICATION_KEYS), refs), *procedures.treatments]),
        orders=_in_order(read_orders(requests, refs)),
        done=_in_order(procedures.done),
        limits=_in_order(_limits(book)),
        allergies=_in_order(read_allergies(book.of("allergies"), refs)),
        drafted_treatments=_in_order(read_medications(drafted, refs, drafted=True)),
        drafted_orders=_in_order(read_orders(drafts.orders, refs, drafted=True)),
        flags=active_codes((*book.of("flags"), *book.of("carePlans")), refs),
        user=User(context.user_id.partition("/")[0], context.user_roles) if context.user_id else User(),
        zone=context.zone,
        readings=MappingProxyType(readings_of(book.decoded, refs)),
        unreadable=_in_order(
            [
                *unread,
                *found.unreadable,
                *listed_as_unread(book.others),
                *drafts.unreadable,
                *(each for one in book.decoded.values() for each in one.unreadable),
            ]
        ),
    )


def _limits(book: _Book) -> Iterable[Any]:
    refs = book.refs
    yield from read_flags(book.of("flags"), refs)
    yield from read_care_plans(book.of("carePlans"), refs)
    yield from read_consents(book.of("consents"), refs)
    yield from read_limiting_orders(book.of("serviceRequests"), refs)
    yield from read_limiting_conditions(book.of("conditions"), refs)


def _person(found: PatientIn | None, refs: References) -> tuple[Person, tuple[Unreadable, ...]]:
    """The patient, and the birth date where one was sent that cannot be read: an age not known is no child's age."""
    if found is None:
        return Person(), ()
    sent = found.birth_date
    birth = refs.read(sent) if isinstance(sent, str) else None
    died = found.deceased_boolean is True or bool(found.deceased_date_time)
    unread = Unreadable(reference_of(found), BIRTH, Reason.UNSTRUCTURED, "birthDate")
    return Person(birth, found.gender, died), (unread,) if sent and birth is None else ()


def _in_order(facts: Iterable[Any]) -> tuple[Any, ...]:
    """Facts in an order that does not depend on the order of entries; those without an id once."""
    known = list(facts)
    if not known:
        return ()
    references = {each.reference for each in known}
    if len(references) == len(known):
        return tuple(sorted(known, key=_reference))
    known.sort(key=_place)
    return tuple(dict.fromkeys(known)) if any("/" not in reference for reference in references) else tuple(known)


_reference = attrgetter("reference")


def _place(fact: Any) -> tuple[str, ...]:
    times = (getattr(fact, name, None) for name in ("when", "start", "onset", "recorded", "authored", "made", "since"))
    words = (getattr(fact, name, "") for name in ("concept", "code", "element", "kind", "printed", "status"))
    return (fact.reference, *map(str, words), *(time.printed if time is not None else "" for time in times))
