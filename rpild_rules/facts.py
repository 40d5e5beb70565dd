"""What is known of one patient, free of FHIR: the only thing that rules read. All of it is frozen.

Concept names (`pao2`, `ild`) are those of the code tables in fhir_mappings/codes. Element ids (`E-GAS`) are the rows
of decisions section 2. References are `Type/id` strings, for showing and linking only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from rpild_rules.findings import Reason
from rpild_rules.measured import (
    PENDING_STATUSES,
    REVISED_STATUSES,
    VALID_STATUSES,
    Meaning,
    Measurement,
    TestResult,
    recency,
)
from rpild_rules.values import value
from rpild_rules.when import When

__all__ = [
    "Attestation",
    "Diagnosis",
    "Done",
    "Limit",
    "Meaning",
    "Measurement",
    "Order",
    "PENDING_STATUSES",
    "PatientFacts",
    "Person",
    "REVISED_STATUSES",
    "Reading",
    "Scan",
    "Stay",
    "Support",
    "TestResult",
    "Treatment",
    "Unreadable",
    "User",
    "VALID_STATUSES",
    "recency",
]


@dataclass(frozen=True, slots=True)
class Person:
    """The patient: birth as an interval, administrative sex (`female`, `male`, `other`, `unknown`, or empty), death."""

    birth: When | None = None
    sex: str = ""
    deceased: bool = False


@value(frozen=True, slots=True)
class Diagnosis:
    """One Condition. `concepts` are all concepts its codes belong to.

    `onset_text` tells an onset given as age, range or words. `clinical` and `verification` are the FHIR codes or empty.
    """

    concepts: frozenset[str]
    reference: str
    printed: str
    onset: When | None = None
    onset_text: bool = False
    recorded: When | None = None
    abated: When | None = None
    clinical: str = ""
    verification: str = ""


@value(frozen=True, slots=True)
class Support:
    """Breathing support or a statement about it: a Procedure, a device in use, or an observed delivery mechanism.

    `concept`: `hfnc`, `niv`, `invasive-ventilation`, `ecmo`, `oxygen-therapy`, `nasal-cannula`, `simple-mask`,
    `non-rebreather`, `venturi`, `oxygen-device`, `room-air`. `running` is true while in progress without an end.
    """

    concept: str
    start: When | None
    end: When | None
    running: bool
    reference: str
    printed: str = ""


@value(frozen=True, slots=True)
class Stay:
    """One Encounter: `kind` is `stay`, `emergency`, `other` or `unknown` (class not usable).

    `reasons` are the concepts of reason codes, referenced Conditions and diagnoses; `reasons_readable` is false when a
    reason is given that could not be resolved, or none is given. `unit` is the care unit, as the EHR refers to it.
    """

    kind: str
    status: str
    start: When | None
    end: When | None
    reasons: frozenset[str]
    reasons_readable: bool
    reference: str
    unit: str = ""


@value(frozen=True, slots=True)
class Scan:
    """One chest imaging study or report: `concept` `ct-chest` (any chest CT) or `cxr`. A report names its `studies`."""

    concept: str
    when: When | None
    is_report: bool
    has_text: bool
    reference: str
    studies: frozenset[str] = frozenset()


@value(frozen=True, slots=True)
class Attestation:
    """One clinician's statement. `value` is a bool, a Decimal (percent), a word, or a When (onset); None if unreadable.
    `made` is effectiveDateTime, else issued; `start`, `end` its period (CT dates); `by`, `method` only shown.
    """

    code: str
    value: bool | Decimal | str | When | None
    made: When | None
    issued: When | None
    status: str
    by_clinician: bool
    reference: str
    start: When | None = None
    end: When | None = None
    studies: frozenset[str] = frozenset()
    by: str = ""
    method: str = ""


@value(frozen=True, slots=True)
class Treatment:
    """One medication record, or a drug being signed (`drafted`).

    `ingredients` are concept names of the medication table (`tacrolimus`, `prednisone`); empty = unresolved drug.
    `kind`: `request`, `administration`, `statement`, `procedure` (plasma exchange, haemoperfusion).
    `start`, `end`: authored or given, end of its period. `days`: intended duration. `mg_per_day`: None if unreadable.
    `route`: `systemic`, `nonsystemic`, `intrathecal`, or empty when neither route nor form is known.
    `reasons` are concepts of reasonCode. `reported` and `intent` as in FHIR.
    """

    ingredients: frozenset[str]
    kind: str
    status: str
    start: When | None
    end: When | None
    reference: str
    printed: str
    mg_per_day: Decimal | None = None
    days: Decimal | None = None
    route: str = ""
    intent: str = "order"
    do_not_perform: bool = False
    reported: bool = False
    reasons: frozenset[str] = frozenset()
    drafted: bool = False


@value(frozen=True, slots=True)
class Order:
    """One ServiceRequest, or one being signed (`drafted`). `concepts` are all order and test concepts it belongs to,
    `items` the ids of the work-up items that it answers (fhir_mappings/codes/order_items.toml)."""

    concepts: frozenset[str]
    status: str
    authored: When | None
    reference: str
    printed: str
    intent: str = "order"
    do_not_perform: bool = False
    drafted: bool = False
    items: frozenset[str] = frozenset()


@value(frozen=True, slots=True)
class Done:
    """One completed or running Procedure that is neither support nor treatment (`lung-transplant`, `bal`, ...)."""

    concepts: frozenset[str]
    status: str
    when: When | None
    reference: str


@value(frozen=True, slots=True)
class Limit:
    """A limit of care from a Flag, CarePlan, Consent, ServiceRequest or Condition, active now.

    `kind`: `comfort` (hospice, comfort measures only), `partial` (no intubation, no ICU), `resuscitation` (shown only).
    """

    kind: str
    reference: str
    printed: str
    since: When | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Who signs: resource type (`Practitioner`, ...) and role codes."""

    kind: str = "Practitioner"
    roles: frozenset[str] = frozenset()


class Reading(StrEnum):
    """How the search behind a data element went. A claim of absence needs COMPLETE (decisions K11)."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NOT_PERMITTED = "not-permitted"
    FAILED = "fetch-failed"
    NOT_READ = "not-read"


@value(frozen=True, slots=True)
class Unreadable:
    """Something in the chart that could not be read: shown, never silent. `element` is a concept or element id."""

    reference: str
    element: str
    reason: Reason
    printed: str = ""


@dataclass(frozen=True)
class PatientFacts:
    """The chart of one patient as rules see it. `zone` is the site's time zone; `readings` is keyed by element id.
    `offers` are work-up items that the site's laboratory can do beyond the usual ones (`kl6`, `il6`). `flags` are the
    codes of active Flags and CarePlans, bare and as `system|code`, for a site's own pathway flag."""

    person: Person = Person()
    measurements: tuple[Measurement, ...] = ()
    results: tuple[TestResult, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    supports: tuple[Support, ...] = ()
    stays: tuple[Stay, ...] = ()
    scans: tuple[Scan, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    orders: tuple[Order, ...] = ()
    done: tuple[Done, ...] = ()
    limits: tuple[Limit, ...] = ()
    allergies: tuple[Diagnosis, ...] = ()
    drafted_treatments: tuple[Treatment, ...] = ()
    drafted_orders: tuple[Order, ...] = ()
    user: User = User()
    offers: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    zone: tzinfo = UTC
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))
    unreadable: tuple[Unreadable, ...] = ()

    @cached_property
    def by_concept(self) -> Mapping[str, list[Measurement]]:
        """Measurements by concept, newest first; of the same time the later issued, then the higher id (K5)."""
        index: dict[str, list[Measurement]] = {}
        for each in sorted(self.measurements, key=recency, reverse=True):
            index.setdefault(each.concept, []).append(each)
        return index

    def at_a_time(self, by_concept: Mapping[str, list[Measurement]], **others: Any) -> PatientFacts:
        """The chart with only some of its measurements, by concept and already in order; other fields as given."""
        kept = tuple(m for each in by_concept.values() for m in each)
        earlier = replace(self, measurements=kept, **others)
        earlier.__dict__["by_concept"] = by_concept  # the index that sorting them once more would give
        return earlier

    def reading(self, element: str) -> Reading:
        """How the search behind an element went; an element that nobody mentions was read completely."""
        return self.readings.get(element, Reading.COMPLETE)

    def read(self, element: str) -> bool:
        """Whether a claim of absence about this element may be made."""
        return self.reading(element) is Reading.COMPLETE

    def why_absent(self, element: str) -> Reason:
        """The reason to give when an element holds nothing."""
        reading = self.reading(element)
        if reading is Reading.COMPLETE:
            return Reason.NO_DATA
        return Reason.NOT_PERMITTED if reading is Reading.NOT_PERMITTED else Reason.FETCH_FAILED
