"""Dosage instructions to milligrams a day, intended days and route: structured parts only, text is never parsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from fhir_mappings.code_tables import concepts_of, read_table
from fhir_mappings.datatypes import Concept, Quantity
from fhir_mappings.dates import Reader, span
from fhir_mappings.drugs import form_of
from fhir_mappings.medication_structs import Dosage, Repeat, Timing
from fhir_mappings.units import number_of
from fhir_mappings.words import named_in
from rpild_rules.when import When


def _exact(text: str) -> Decimal:
    top, _, bottom = text.partition("/")
    return Decimal(top) / Decimal(bottom or "1")


TABLE = read_table("dosing")
MILLIGRAMS = {unit: _exact(text) for unit, text in TABLE["milligrams"].items()}
TIMES_A_DAY = {code: _exact(text) for code, text in TABLE["times_a_day"].items()}
DAYS = {unit: text.partition("/") for unit, text in TABLE["days"].items()}


def mg_per_day(dosages: Sequence[Dosage]) -> Decimal | None:
    """The highest daily dose in mg. Instructions of one sequence number add up, those of different numbers follow
    each other.

    None if any part cannot be read, or if several instructions do not say whether they add up.
    """
    steps: dict[int, Decimal] = {}
    for dosage in dosages:
        daily = _daily(dosage)
        if daily is None or (len(dosages) > 1 and not _is_count(dosage.sequence)):
            return None
        step = dosage.sequence if _is_count(dosage.sequence) else 0
        steps[step] = steps.get(step, Decimal()) + daily
    return max(steps.values(), default=None)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _daily(dosage: Dosage) -> Decimal | None:
    doses = [milligrams(each.dose_quantity) for each in dosage.dose_and_rate] or [milligrams(dosage.dose)]
    if len(doses) != 1 or doses[0] is None:
        return None
    times = _times_a_day(dosage.timing)
    return doses[0] * times if times is not None else None


def milligrams(quantity: Quantity | None) -> Decimal | None:
    """A dose in mg, or None for other units (tablets, mL) and unreadable numbers."""
    if quantity is None or quantity.comparator:
        return None
    number, factor = number_of(quantity.value), MILLIGRAMS.get(quantity.code or quantity.unit)
    return number * factor if number is not None and factor is not None else None


def _times_a_day(timing: Timing | None) -> Decimal | None:
    if timing is None:
        return None
    coded = (
        [TIMES_A_DAY[each.code] for each in timing.code.coding if each.code in TIMES_A_DAY]
        if timing.code is not None
        else []
    )
    repeated = _repeated(timing.repeat) if timing.repeat is not None else None
    return repeated if repeated is not None else coded[0] if coded else None


def _repeated(repeat: Repeat) -> Decimal | None:
    times = number_of(repeat.frequency_max if repeat.frequency_max is not None else repeat.frequency)
    period, unit = number_of(repeat.period), DAYS.get(repeat.period_unit)
    if times is None or period is None or unit is None or period <= 0:
        return None
    return times * Decimal(unit[2] or "1") / (period * Decimal(unit[0]))


def days_of(quantity: Quantity | None) -> Decimal | None:
    """A Duration in days."""
    number = number_of(quantity.value) if quantity is not None else None
    unit = DAYS.get(quantity.code or quantity.unit) if quantity is not None else None
    return number * Decimal(unit[0]) / Decimal(unit[2] or "1") if number is not None and unit is not None else None


def intended_days(dosages: Iterable[Dosage], read: Reader) -> Decimal | None:
    """The intended duration: bounds of the timing (the longest). A supply is none: it is refilled."""
    bounds = [each.timing.repeat for each in dosages if each.timing is not None and each.timing.repeat is not None]
    found = [days for each in bounds if (days := _bound_days(each, read)) is not None]
    return max(found, default=None)


def _bound_days(repeat: Repeat, read: Reader) -> Decimal | None:
    start, end = span(repeat.bounds_period, read)
    if start is not None and end is not None:
        return Decimal((end.last - start.first).days)
    return days_of(repeat.bounds_duration)


def end_of_bounds(dosages: Iterable[Dosage], read: Reader) -> When | None:
    """The latest end of the bounds of the timing, if every instruction has one."""
    bounds = [
        each.timing.repeat.bounds_period if each.timing is not None and each.timing.repeat is not None else None
        for each in dosages
    ]
    ends = [span(each, read)[1] for each in bounds]
    known = [end for end in ends if end is not None]
    return max(known, key=lambda end: (end.latest, end.earliest)) if known and len(known) == len(ends) else None


def route_of(dosages: Iterable[Dosage], products: Iterable[Concept | None], forms: Iterable[Concept | None]) -> str:
    """`systemic`, `nonsystemic`, `intrathecal`, or empty.

    A route decides; without one the product's class, form and name do.
    """
    routes = [dosage.route for dosage in dosages if dosage.route is not None]
    found = {_route(route) for route in routes} - {""}
    if found:
        return found.pop() if len(found) == 1 else "systemic"
    return form_of((*products, *forms))


def _route(route: Concept) -> str:
    known = concepts_of(route) | {f"route-{word}" for word in named_in("route", route)}
    for name in ("intrathecal", "nonsystemic"):
        if f"route-{name}" in known:
            return name
    return "systemic" if route.coding or "route-systemic" in known else ""
