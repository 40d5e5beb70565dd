"""Treatment along the time axis of the trends: one row a drug class, a bar for every span that a record proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.concepts import DRUG_CLASSES
from rpild_rules.facts import PatientFacts, Treatment
from rpild_rules.knowledge import Knowledge
from rpild_rules.therapy import NO_ORDER, Use, classes_of, systemic, uses_of
from rpild_rules.when import FIRST_INSTANT, When
from smart_app.picture_texts import say
from smart_app.trend_axes import TimeAxis, drawn

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """One proven use: the drug class, begin and end, whether it goes on, and the record it comes from."""

    drug_class: str
    use: Use

    @property
    def treatment(self) -> Treatment:
        return self.use.treatment


@dataclass(frozen=True, slots=True)
class Bar:
    """A span as drawn; `words` for the pointer."""

    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One class: its short name, the height of its bars, the bars, oldest first."""

    name: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a treatment for the table."""

    drug_class: str
    printed: str
    start: str
    end: str
    note: str
    reference: str


@dataclass(frozen=True, slots=True)
class Treatments:
    """The rows under each picture, the height they take, T0 on the axis (None: none), and all records as a table."""

    rows: tuple[Row, ...]
    t0: float | None
    entries: tuple[Entry, ...]


def spans_of(facts: PatientFacts, knowledge: Knowledge, now: When) -> tuple[Span, ...]:
    """Every use of a drug of interest that the chart proves, by class, oldest first."""
    found = [
        Span(name, use)
        for t in facts.treatments
        if systemic(t)
        for name in classes_of(t)
        for use in uses_of(t, now, knowledge)
    ]
    order = list(DRUG_CLASSES)
    return tuple(sorted(found, key=lambda s: (order.index(s.drug_class), s.use.start.earliest, s.treatment.reference)))


def starts(spans: tuple[Span, ...]) -> list[datetime]:
    """When the spans begin, as far as known."""
    return [span.use.start.earliest for span in spans if span.use.start.earliest > FIRST_INSTANT]


def treatments(
    facts: PatientFacts, spans: tuple[Span, ...], t0: When | None, axis: TimeAxis, knowledge: Knowledge
) -> Treatments:
    """What is drawn and listed; a record that proves no use is listed only."""
    shown = [span for span in spans if axis.shows(span.use.end.latest)]
    names = list(dict.fromkeys(span.drug_class for span in shown))
    rows = tuple(_row(n, name, [s for s in shown if s.drug_class == name], axis) for n, name in enumerate(names))
    begun = axis.at(t0.earliest) if t0 and axis.shows(t0.earliest) else None
    return Treatments(rows, begun, tuple(_entries(facts, spans, axis, knowledge)))


def _row(number: int, name: str, spans: list[Span], axis: TimeAxis) -> Row:
    measures = drawn("treatment")
    y = drawn("plot")["bottom"] + measures["gap"] + number * measures["row"]
    return Row(str(drawn("short").get(name, name)), y, tuple(_bar(span, axis) for span in spans))


def _bar(span: Span, axis: TimeAxis) -> Bar:
    x = axis.at(span.use.start.earliest)
    width = max(round(axis.at(span.use.end.latest) - x, 1), drawn("treatment")["least"])
    return Bar(x, width, _words(span))


def _words(span: Span) -> str:
    end = say("trends.goes_on") if span.use.current else span.use.end.printed
    start = span.use.start.printed
    return f"{span.treatment.printed}: {start}" if start == end else f"{span.treatment.printed}: {start} – {end}"


def _entries(facts: PatientFacts, spans: tuple[Span, ...], axis: TimeAxis, knowledge: Knowledge) -> Iterator[Entry]:
    proven = {span.treatment.reference for span in spans}
    for span in reversed(spans):
        earlier = say("trends.before_axis") if not axis.shows(span.use.start.earliest) else ""
        end = say("trends.goes_on") if span.use.current else span.use.end.printed
        note = say("trends.single_dose") if span.use.dose else earlier
        yield _entry(span.drug_class, span.treatment, end, note, knowledge)
    for t in facts.treatments:
        refused = t.do_not_perform or t.intent in NO_ORDER or not systemic(t)
        for name in sorted(classes_of(t)) if t.reference not in proven and not refused else ():
            yield _entry(name, t, t.end.printed if t.end else "", say("trends.not_drawn"), knowledge)


def _entry(name: str, t: Treatment, end: str, note: str, knowledge: Knowledge) -> Entry:
    start = t.start.printed if t.start else say("trends.undated")
    return Entry(knowledge.texts.label("drug_class", name), t.printed, start, end, note, t.reference)
