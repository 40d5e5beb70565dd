"""The parts of medication records that this package reads: tolerant structs, everything optional."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from fhir_mappings.datatypes import Concept, Period, Quantity, Reference
from fhir_mappings.structs import Resource


class Repeat(Struct, rename="camel", gc=False):
    frequency: Any = None
    frequency_max: Any = None
    period: Any = None
    period_unit: str = ""
    bounds_duration: Quantity | None = None
    bounds_period: Period | None = None


class Timing(Struct, rename="camel", gc=False):
    repeat: Repeat | None = None
    code: Concept | None = None
    event: tuple[str, ...] = ()


class DoseAndRate(Struct, rename="camel", gc=False):
    dose_quantity: Quantity | None = None


class Dosage(Struct, rename="camel", gc=False):
    sequence: Any = None
    timing: Timing | None = None
    route: Concept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()
    dose: Quantity | None = None


class Ingredient(Struct, rename="camel", gc=False):
    item_codeable_concept: Concept | None = None


class Drug(Struct, rename="camel", gc=False):
    """A Medication, contained or apart."""

    id: str = ""
    code: Concept | None = None
    form: Concept | None = None
    ingredient: tuple[Ingredient, ...] = ()


class MedicationIn(Resource, rename="camel", gc=False):
    """MedicationRequest, MedicationAdministration, MedicationStatement, and the Medication entries that come with
    them.
    """

    intent: str = ""
    do_not_perform: Any = None
    reported_boolean: Any = None
    reported_reference: Reference | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    contained: tuple[Drug, ...] = ()
    authored_on: str = ""
    effective_date_time: str = ""
    effective_period: Period | None = None
    date_asserted: str = ""
    dosage_instruction: tuple[Dosage, ...] = ()
    dosage: Dosage | tuple[Dosage, ...] | None = None
    reason_code: tuple[Concept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    code: Concept | None = None
    form: Concept | None = None
    ingredient: tuple[Ingredient, ...] = ()
