"""The parts of FHIR R4 resources that this package reads: one tolerant struct per resource type, everything optional.

`Raw` members are rarely looked at and stay undecoded. No struct refers to itself, so none needs the garbage collector.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Generic, TypeVar

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from fhir_mappings.datatypes import Annotation, Coding, Concept, Period, Quantity, Range, Ratio, Reference
from fhir_mappings.lenient import decode_leniently

T = TypeVar("T")


NULL = b"null"
EMPTY = Raw(NULL)
FLAGS = Decoder(list[Concept])
RANGES = Decoder(list[Range], float_hook=Decimal)
PERFORMERS = Decoder(list[Reference])
MEMBERS = Decoder(list[Raw])
KIND = b'"Observation"'


class Resource(Struct, rename="camel", gc=False):
    resource_type: str = ""
    id: str = ""
    meta: Raw = EMPTY
    subject: Reference | None = None
    patient: Reference | None = None
    status: str = ""


class PatientIn(Resource, rename="camel", gc=False):
    birth_date: Any = None  # whatever it is, the rest of the Patient stays readable
    gender: str = ""
    deceased_boolean: Any = None
    deceased_date_time: str = ""


def listed(decoder: Decoder[list[T]], raw: Raw | bytes) -> list[T] | None:
    """The members of a list that was left undecoded; None if it is no such list. Null is as if absent."""
    return [] if raw is EMPTY or bytes(raw) == NULL else decode_leniently(decoder, raw)


class Valued(Struct, rename="camel", gc=False):
    """What an Observation and its components share."""

    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: Any = None
    value_integer: Any = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_date_time: str = ""
    data_absent_reason: Concept | None = None
    interpretation: Raw = EMPTY
    reference_range: Raw = EMPTY

    def flags(self) -> list[Concept] | None:
        """The interpretations; None if they are no list of concepts."""
        return listed(FLAGS, self.interpretation)

    def ranges(self) -> list[Range]:
        """The reference ranges; none if they cannot be read."""
        return listed(RANGES, self.reference_range) or []


class ObservationIn(Valued, rename="camel", gc=False):
    resource_type: str = ""
    id: str = ""
    meta: Raw = EMPTY
    subject: Reference | None = None
    patient: Reference | None = None
    status: str = ""
    category: Raw = EMPTY
    effective_date_time: str = ""
    effective_instant: str = ""
    effective_period: Period | None = None
    issued: str = ""
    method: Concept | None = None
    note: tuple[Annotation, ...] = ()
    specimen: Reference | None = None
    performer: Raw = EMPTY
    derived_from: tuple[Reference, ...] = ()
    focus: tuple[Reference, ...] = ()
    has_member: tuple[Reference, ...] = ()
    component: tuple[Valued, ...] = ()

    def performers(self) -> list[Reference]:
        """Who made it; nobody if that cannot be read."""
        return listed(PERFORMERS, self.performer) or []


class ConditionIn(Resource, rename="camel", gc=False):
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: str = ""
    onset_period: Period | None = None
    onset_age: Any = None
    onset_range: Any = None
    onset_string: str = ""
    abatement_date_time: str = ""
    abatement_period: Period | None = None
    recorded_date: str = ""


class Reaction(Struct, rename="camel", gc=False):
    substance: Concept | None = None


class AllergyIn(Resource, rename="camel", gc=False):
    clinical_status: Concept | None = None
    verification_status: Concept | None = None
    code: Concept | None = None
    onset_date_time: str = ""
    recorded_date: str = ""
    reaction: tuple[Reaction, ...] = ()


class EncounterDiagnosis(Struct, rename="camel", gc=False):
    condition: Reference | None = None


class EncounterPlace(Struct, rename="camel", gc=False):
    location: Reference | None = None
    status: str = ""


PLACES = Decoder(list[EncounterPlace])


class EncounterIn(Resource, rename="camel", gc=False):
    class_: Coding | None = field(name="class", default=None)
    period: Period | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
    location: Raw = EMPTY

    def places(self) -> list[EncounterPlace]:
        """Where the patient was; nowhere if that cannot be read."""
        return listed(PLACES, self.location) or []


class ServiceRequestIn(Resource, rename="camel", gc=False):
    intent: str = ""
    do_not_perform: Any = None
    code: Concept | None = None
    authored_on: str = ""


class ProcedureIn(Resource, rename="camel", gc=False):
    code: Concept | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None


class ImagingSeries(Struct, rename="camel", gc=False):
    description: str = ""


class ImagingStudyIn(Resource, rename="camel", gc=False):
    procedure_code: tuple[Concept, ...] = ()
    description: str = ""
    started: str = ""
    series: tuple[ImagingSeries, ...] = ()


class Narrative(Struct, rename="camel", gc=False):
    div: str = ""


class ReportIn(Resource, rename="camel", gc=False):
    code: Concept | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    issued: str = ""
    result: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()
    imaging_study: tuple[Reference, ...] = ()
    conclusion: str = ""
    conclusion_code: tuple[Concept, ...] = ()
    text: Narrative | None = None
    presented_form: tuple[Any, ...] = ()
    contained: Raw = EMPTY

    def observations(self) -> list[ObservationIn]:
        """The Observations that the report carries within itself."""
        members = listed(MEMBERS, self.contained) or []
        found = (decode_leniently(WITHIN, each) for each in members if KIND in bytes(each))
        return [each for each in found if each is not None and each.resource_type == "Observation"]


WITHIN = Decoder(ObservationIn, float_hook=Decimal)


class Device(Struct, rename="camel", gc=False):
    id: str = ""
    type: Concept | None = None


class DeviceUseIn(Resource, rename="camel", gc=False):
    device: Reference | None = None
    contained: tuple[Device, ...] = ()
    timing_date_time: str = ""
    timing_period: Period | None = None
    recorded_on: str = ""


class SpecimenIn(Resource, rename="camel", gc=False):
    type: Concept | None = None


class FlagIn(Resource, rename="camel", gc=False):
    code: Concept | None = None
    period: Period | None = None


class PlannedDetail(Struct, rename="camel", gc=False):
    code: Concept | None = None
    status: str = ""


class PlannedActivity(Struct, rename="camel", gc=False):
    detail: PlannedDetail | None = None


class CarePlanIn(Resource, rename="camel", gc=False):
    category: tuple[Concept, ...] = ()
    title: str = ""
    period: Period | None = None
    activity: tuple[PlannedActivity, ...] = ()


class Provision(Struct, rename="camel", gc=False):
    type: str = ""
    period: Period | None = None
    code: tuple[Concept, ...] = ()


class ConsentIn(Resource, rename="camel", gc=False):
    category: tuple[Concept, ...] = ()
    date_time: str = ""
    provision: Provision | None = None


class Link(Struct, rename="camel", gc=False):
    relation: str = ""


class Entry(Struct, Generic[T], rename="camel", gc=False):
    full_url: str = ""
    resource: T | None = None


class Bundle(Struct, Generic[T], rename="camel", gc=False):
    resource_type: str = ""
    link: tuple[Link, ...] = ()
    entry: tuple[Entry[T], ...] = ()
