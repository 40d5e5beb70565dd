"""The parts of FHIR R4 resources that this package reads: one tolerant struct per resource type, everything optional."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from msgspec import Struct, field

T = TypeVar("T")


class Coding(Struct, rename="camel"):
    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Struct, rename="camel"):
    """A CodeableConcept."""

    coding: list[Coding] = []
    text: str = ""


class Reference(Struct, rename="camel"):
    reference: str = ""
    display: str = ""
    type: str = ""


class Quantity(Struct, rename="camel"):
    """`value` stays as sent: an int or Decimal is a number, anything else is refused later (rulings 6)."""

    value: Any = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Period(Struct, rename="camel"):
    start: str = ""
    end: str = ""


class Range(Struct, rename="camel"):
    low: Quantity | None = None
    high: Quantity | None = None
    type: Concept | None = None


class Ratio(Struct, rename="camel"):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Annotation(Struct, rename="camel"):
    text: str = ""


class Meta(Struct, rename="camel"):
    last_updated: str = ""


class Resource(Struct, rename="camel"):
    resource_type: str = ""
    id: str = ""
    meta: Meta | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    status: str = ""


class PatientIn(Resource, rename="camel"):
    birth_date: str = ""
    gender: str = ""
    deceased_boolean: Any = None
    deceased_date_time: str = ""


class Valued(Struct, rename="camel"):
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
    interpretation: list[Concept] = []
    reference_range: list[Range] = []


class ObservationIn(Valued, rename="camel"):
    resource_type: str = ""
    id: str = ""
    meta: Meta | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    status: str = ""
    category: list[Concept] = []
    effective_date_time: str = ""
    effective_instant: str = ""
    effective_period: Period | None = None
    issued: str = ""
    method: Concept | None = None
    note: list[Annotation] = []
    specimen: Reference | None = None
    performer: list[Reference] = []
    derived_from: list[Reference] = []
    focus: list[Reference] = []
    has_member: list[Reference] = []
    component: list[Valued] = []


class ConditionIn(Resource, rename="camel"):
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


class EncounterDiagnosis(Struct, rename="camel"):
    condition: Reference | None = None


class EncounterIn(Resource, rename="camel"):
    class_: Coding | None = field(name="class", default=None)
    period: Period | None = None
    reason_code: list[Concept] = []
    reason_reference: list[Reference] = []
    diagnosis: list[EncounterDiagnosis] = []


class Repeat(Struct, rename="camel"):
    frequency: Any = None
    frequency_max: Any = None
    period: Any = None
    period_unit: str = ""
    bounds_duration: Quantity | None = None
    bounds_period: Period | None = None


class Timing(Struct, rename="camel"):
    repeat: Repeat | None = None
    code: Concept | None = None
    event: list[str] = []


class DoseAndRate(Struct, rename="camel"):
    dose_quantity: Quantity | None = None


class Dosage(Struct, rename="camel"):
    sequence: Any = None
    timing: Timing | None = None
    route: Concept | None = None
    dose_and_rate: list[DoseAndRate] = []
    dose: Quantity | None = None


class Ingredient(Struct, rename="camel"):
    item_codeable_concept: Concept | None = None


class Drug(Struct, rename="camel"):
    """A Medication, contained or apart."""

    id: str = ""
    code: Concept | None = None
    form: Concept | None = None
    ingredient: list[Ingredient] = []


class DispenseRequest(Struct, rename="camel"):
    expected_supply_duration: Quantity | None = None


class MedicationIn(Resource, rename="camel"):
    """MedicationRequest, MedicationAdministration, MedicationStatement, and the Medication entries that come with them."""

    intent: str = ""
    do_not_perform: Any = None
    reported_boolean: Any = None
    reported_reference: Reference | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    contained: list[Drug] = []
    authored_on: str = ""
    effective_date_time: str = ""
    effective_period: Period | None = None
    date_asserted: str = ""
    dosage_instruction: list[Dosage] = []
    dosage: Dosage | list[Dosage] | None = None
    dispense_request: DispenseRequest | None = None
    reason_code: list[Concept] = []
    reason_reference: list[Reference] = []
    code: Concept | None = None
    form: Concept | None = None
    ingredient: list[Ingredient] = []


class ServiceRequestIn(Resource, rename="camel"):
    intent: str = ""
    do_not_perform: Any = None
    code: Concept | None = None
    authored_on: str = ""


class ProcedureIn(Resource, rename="camel"):
    code: Concept | None = None
    performed_date_time: str = ""
    performed_period: Period | None = None


class ImagingSeries(Struct, rename="camel"):
    description: str = ""


class ImagingStudyIn(Resource, rename="camel"):
    procedure_code: list[Concept] = []
    description: str = ""
    started: str = ""
    series: list[ImagingSeries] = []


class Narrative(Struct, rename="camel"):
    div: str = ""


class ReportIn(Resource, rename="camel"):
    code: Concept | None = None
    effective_date_time: str = ""
    effective_period: Period | None = None
    issued: str = ""
    result: list[Reference] = []
    specimen: list[Reference] = []
    imaging_study: list[Reference] = []
    conclusion: str = ""
    conclusion_code: list[Concept] = []
    text: Narrative | None = None
    presented_form: list[Any] = []


class Device(Struct, rename="camel"):
    id: str = ""
    type: Concept | None = None


class DeviceUseIn(Resource, rename="camel"):
    device: Reference | None = None
    contained: list[Device] = []
    timing_date_time: str = ""
    timing_period: Period | None = None
    recorded_on: str = ""


class SpecimenIn(Resource, rename="camel"):
    type: Concept | None = None


class FlagIn(Resource, rename="camel"):
    code: Concept | None = None
    period: Period | None = None


class PlannedDetail(Struct, rename="camel"):
    code: Concept | None = None
    status: str = ""


class PlannedActivity(Struct, rename="camel"):
    detail: PlannedDetail | None = None


class CarePlanIn(Resource, rename="camel"):
    category: list[Concept] = []
    title: str = ""
    period: Period | None = None
    activity: list[PlannedActivity] = []


class Provision(Struct, rename="camel"):
    type: str = ""
    period: Period | None = None
    code: list[Concept] = []


class ConsentIn(Resource, rename="camel"):
    category: list[Concept] = []
    date_time: str = ""
    provision: Provision | None = None


class Link(Struct, rename="camel"):
    relation: str = ""


class Entry(Struct, Generic[T], rename="camel"):
    full_url: str = ""
    resource: T | None = None


class Bundle(Struct, Generic[T], rename="camel"):
    resource_type: str = ""
    link: list[Link] = []
    entry: list[Entry[T]] = []
