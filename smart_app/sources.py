"""What a finding rests on, as rows a reader can check: value as sent, converted, date, age, link to the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.plain_words import plain_words
from rpild_rules.when import When
from smart_app.ages import Dated, dated
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.knowledge import Knowledge
    from rpild_rules.parameter import Parameter

PEOPLE = (
    ("mm[Hg]", "mmHg"),
    ("10*9/L", "×10⁹/L"),
    ("x10^9/L", "×10⁹/L"),
    ("10*3/uL", "×10³/µL"),
    ("{1.73_m2}", "1.73 m²"),
    ("Cel", "°C"),
)
ONE_PLACE, TWO_PLACES = Decimal("0.1"), Decimal("0.01")
LARGE = Decimal(10)  # from here on one decimal is enough to check a conversion
SIGNS: Mapping[str, str] = {"above": ">", "at least": "≥", "below": "<", "at most": "≤"}
UNCONVERTED = frozenset({"fio2", "ph-arterial"})


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of the record: what it is, its value as sent and as compared, its date, what to know about it."""

    label: str
    printed: str
    when: Dated
    reference: str
    converted: str = ""
    note: str = ""


def people(text: str) -> str:
    """Units as people write them."""
    for code, plain in PEOPLE:
        text = text.replace(code, plain)
    return text


def with_sign(parameter: Parameter) -> str:
    """A limit as a sign and a number, without its unit."""
    return f"{SIGNS[parameter.test]} {parameter.printed}"


def told(line: str, s: Situation) -> str:
    """A line of the rules as cards tell it: usual units, each date with its age."""
    return people(plain_words(line, s.now, s.knowledge))


class Record:
    """The entries of one chart by their references; built once for a page."""

    def __init__(self, facts: PatientFacts, knowledge: Knowledge, now: When) -> None:
        self.knowledge, self.now = knowledge, now
        self.measured: dict[str, list[Measurement]] = {}
        for m in facts.measurements:
            self.measured.setdefault(m.reference, []).append(m)
        self.others: Mapping[str, Source] = dict(self._others(facts))

    def rows(self, references: Iterable[str], concepts: frozenset[str] = frozenset()) -> tuple[Source, ...]:
        """One row an entry; of a result with several parts those of the concepts asked for."""
        return tuple(row for reference in dict.fromkeys(references) for row in self._of(reference, concepts))

    def _of(self, reference: str, concepts: frozenset[str]) -> list[Source]:
        parts = self.measured.get(reference, [])
        if parts:
            return [self.of_measurement(m) for m in ([m for m in parts if m.concept in concepts] or parts)]
        unknown = Source(reference.partition("/")[0], "", dated(None, self.now), reference)
        return [self.others.get(reference, unknown)]

    def of_measurement(self, m: Measurement) -> Source:
        """A numeric result."""
        label = self.knowledge.texts.label("input", m.concept)
        printed = people(m.printed) or page_texts().say("source.no_value")
        return Source(label, printed, dated(m.when, self.now), m.reference, converted(m), _note(m))

    def _others(self, facts: PatientFacts) -> Iterable[tuple[str, Source]]:
        """Everything else that a finding can cite."""
        label, input_label = page_texts().label, self.knowledge.texts.label
        for d in (*facts.diagnoses, *facts.allergies):
            yield self._row(label("source", "condition"), d.printed, d.onset or d.recorded, d.reference)
        for stay in facts.stays:
            reasons = ", ".join(sorted(stay.reasons))
            yield self._row(label("stay", stay.kind), reasons, stay.start, stay.reference)
        for support in facts.supports:
            named = input_label("support", support.concept)
            name = named if named != support.concept else named.replace("-", " ")
            yield self._row(name, support.printed, support.start, support.reference)
        for scan in facts.scans:
            kind = label("source", "report" if scan.is_report else "study")
            yield self._row(f"{input_label('input', scan.concept)}, {kind}", "", scan.when, scan.reference)
        for said in facts.attestations:
            value = said.value.printed if isinstance(said.value, When) else _said(said.value)
            yield self._row(label("attested", said.code), value, said.made, said.reference)
        for result in facts.results:
            yield self._row(input_label("antibody", result.concept), result.printed, result.when, result.reference)
        for t in facts.treatments:
            yield self._row(label("source", "treatment"), t.printed, t.start, t.reference)
        for order in facts.orders:
            yield self._row(label("source", "order"), order.printed, order.authored, order.reference)

    def _row(self, name: str, printed: str, when: When | None, reference: str) -> tuple[str, Source]:
        return reference, Source(name, people(printed), dated(when, self.now), reference)


def _said(value: bool | Decimal | str | None) -> str:
    if isinstance(value, bool):
        return page_texts().say("attested.yes" if value else "attested.no")
    return f"{value} %" if isinstance(value, Decimal) else value or page_texts().say("source.no_value")


def converted(m: Measurement) -> str:
    """The value in the unit in which it is compared, where that is not the unit in which it was sent."""
    unit = people(m.unit)
    if m.value is None or m.concept in UNCONVERTED or not unit or unit in people(m.printed):
        return ""
    places = ONE_PLACE if abs(m.value) >= LARGE else TWO_PLACES
    rounded = m.value.quantize(places, ROUND_HALF_EVEN)
    return f"{m.comparator}{m.value if rounded == m.value else rounded} {unit}"


def _note(m: Measurement) -> str:
    """Status, and how it was measured, where that matters to a reader."""
    say = page_texts().say
    notes = [say("source.status", status=m.status)] if m.status != "final" else []
    notes += [say("source.estimated")] if m.estimated else []
    notes += [page_texts().label("variant", m.variant)] if m.variant else []
    return "; ".join(notes)
