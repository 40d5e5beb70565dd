"""The data types of FHIR R4 that resources are made of, as far as this package reads them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Coding(Struct, rename="camel", gc=False):
    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Struct, rename="camel", gc=False):
    """A CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Reference(Struct, rename="camel", gc=False):
    reference: str = ""
    display: str = ""
    type: str = ""


class Quantity(Struct, rename="camel", gc=False):
    """`value` stays as sent: an int or Decimal is a number, anything else is refused later (rulings 6)."""

    value: Any = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Period(Struct, rename="camel", gc=False):
    start: str = ""
    end: str = ""


class Range(Struct, rename="camel", gc=False):
    low: Quantity | None = None
    high: Quantity | None = None
    text: str = ""
    type: Concept | None = None


class Ratio(Struct, rename="camel", gc=False):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Annotation(Struct, rename="camel", gc=False):
    text: str = ""
