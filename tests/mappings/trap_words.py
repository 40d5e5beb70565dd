"""What a chart came to, in one line for each reading: so that a table of traps can be read by people."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_mappings.chart import Chart
from rpild_rules.facts import Measurement, PatientFacts


def readings(chart: Chart) -> list[str]:
    """All readings of a chart as lines, in the order of their kinds."""
    return [*_results(chart.facts), *_others(chart.facts), *_unread(chart)]


def _results(facts: PatientFacts) -> Iterator[str]:
    for each in facts.measurements:
        yield f"{each.concept} {_value(each)}" + (f" {each.variant}" if each.variant else "")
    for each in facts.results:
        yield f"{each.concept} {each.meaning.value}" + ("" if each.valid else f" ({each.status})")


def _value(each: Measurement) -> str:
    value = f"{each.comparator}{each.value.normalize():f} {each.unit}" if each.value is not None else ""
    marks = (each.problem.value if each.problem else "", "estimated" if each.estimated else "")
    status = "" if each.valid else f"({each.status})"
    return " ".join(filter(None, (value, *(mark and f"[{mark}]" for mark in marks), status)))


def _others(facts: PatientFacts) -> Iterator[str]:
    yield from (f"diagnosis {name}" for each in facts.diagnoses for name in sorted(each.concepts))
    yield from (f"support {each.concept}" for each in facts.supports)
    yield from (f"scan {each.concept}" for each in facts.scans)
    for each in (*facts.treatments, *facts.drafted_treatments):
        names = "+".join(sorted(each.ingredients)) or "unresolved"
        refused = " not" if each.do_not_perform else ""
        yield f"drug {names} {each.route or 'any'} {each.status or 'no-status'}{refused}"
    for order in (*facts.orders, *facts.drafted_orders):
        yield f"order {'+'.join(sorted(order.items)) or 'other'}"
    yield from (f"stay {each.kind}" for each in facts.stays)
    yield from (f"limit {each.kind}" for each in facts.limits)
    yield from (f"allergy {name}" for each in facts.allergies for name in sorted(each.concepts))


def _unread(chart: Chart) -> Iterator[str]:
    yield from (f"unreadable {each.reference} {each.element} {each.reason.value}" for each in chart.unreadable)
