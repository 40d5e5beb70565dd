"""A patient's newest values beside the published medians of cohorts: context only, never a cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rpild_rules import results, rows
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import Reason
from rpild_rules.gas_exchange import contradicting, printed_ratio
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import fraction_of
from rpild_rules.results import shown, time_of
from rpild_rules.when import When

CAVEAT = "Context only, never a cut-off."
RATIO, PRESSURE = "pf-ratio", "pao2"


@dataclass(frozen=True, slots=True)
class Value:
    """What the patient has: the value as sent with its date, its unit (UCUM), resource references."""

    printed: str
    unit: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """One published line: biomarker id, cohort, unit as printed, and median with quartiles for each group."""

    biomarker: str
    cohort: rows.Cohort
    unit: str
    measure: str
    figures: tuple[tuple[str, tuple[Decimal, ...]], ...]
    note: str = ""

    @property
    def words(self) -> str:
        """The line as people read it."""
        numbers = "; ".join(f"{label} {_printed(values)}" for label, values in self.figures)
        note = f"; {self.note}" if self.note else ""
        return f"{self.measure}, {self.unit}: {numbers} ({self.cohort.title}{note})"


@dataclass(frozen=True, slots=True)
class ContextValue:
    """One marker: the patient's value, the published lines beside it, and why others are not put there."""

    marker: str
    value: Value
    beside: tuple[Beside, ...]
    not_compared: tuple[str, ...]
    caveat: str = CAVEAT


def context_values(facts: PatientFacts, knowledge: Knowledge, now: When) -> tuple[ContextValue, ...]:
    """Every marker with published medians of which the chart holds a usable value not older than `flag_max_age_days`.

    A value that another of the same hour contradicts is left out (K6), as is one whose unit is in doubt (K7).
    """
    printed = list(_lines(knowledge))
    concepts = dict.fromkeys(series.concept for _, series in printed)
    found = ((concept, _value(concept, facts, knowledge, now)) for concept in concepts)
    return tuple(_placed(concept, value, printed, knowledge) for concept, value in found if value)


def _lines(knowledge: Knowledge) -> Iterator[tuple[rows.Biomarker, rows.Series]]:
    for row in knowledge.tables.of(rows.Biomarker).values():
        yield from ((row, series) for series in row.series if series.concept)


def _placed(
    concept: str, value: Value, printed: list[tuple[rows.Biomarker, rows.Series]], knowledge: Knowledge
) -> ContextValue:
    lines = [(row, series) for row, series in printed if series.concept == concept]
    beside, why = _compared(lines, value.unit, knowledge)
    return ContextValue(lines[0][1].marker, value, beside, why)


def published_beside(concept: str, unit: str, knowledge: Knowledge) -> tuple[tuple[Beside, ...], tuple[str, ...]]:
    """The published lines that may stand beside values in this unit (UCUM), and why others may not."""
    return _compared([each for each in _lines(knowledge) if each[1].concept == concept], unit, knowledge)


def _compared(
    lines: list[tuple[rows.Biomarker, rows.Series]], unit: str, knowledge: Knowledge
) -> tuple[tuple[Beside, ...], tuple[str, ...]]:
    refused = [(row, _why_not(series, unit)) for row, series in lines]
    beside = (_beside(row, series, knowledge) for row, series in lines if not _why_not(series, unit))
    return tuple(beside), tuple(f"{row.title}: {reason}" for row, reason in refused if reason)


def _why_not(series: rows.Series, unit: str) -> str:
    """Why a published line may not stand beside a value in this unit; empty if it may."""
    if series.beside == rows.NEVER:
        return series.why_never
    if series.beside == rows.UNIT_CHECKED and series.ucum != unit:
        return f"printed in {series.unit}, the value has unit {unit or 'none'}"
    return ""


def _beside(row: rows.Biomarker, series: rows.Series, knowledge: Knowledge) -> Beside:
    arms = knowledge.tables.of(rows.Arm).values()
    figures = ((arm.label, getattr(series, arm.id)) for arm in arms)
    return Beside(
        biomarker=row.id, cohort=knowledge.tables.row(rows.Cohort, series.cohort), unit=series.unit,
        measure=series.measure, figures=tuple(each for each in figures if each[1]), note=row.note.rstrip("."),
    )  # fmt: skip


def _value(concept: str, facts: PatientFacts, knowledge: Knowledge, now: When) -> Value | None:
    if concept != RATIO:
        return _newest(concept, facts, knowledge, now)
    gas = _chosen(PRESSURE, facts, knowledge, now)
    if gas and contradicting(gas, facts, knowledge, now):
        return None
    return (_ratio(gas, facts, knowledge, now) if gas else None) or _newest(RATIO, facts, knowledge, now)


def _chosen(concept: str, facts: PatientFacts, knowledge: Knowledge, now: When) -> Measurement | None:
    window = knowledge.window("flag_max_age_days")
    return results.choose(results.of(facts, concept), now, window, Reason.NO_DATA, concept).value


def _newest(concept: str, facts: PatientFacts, knowledge: Knowledge, now: When) -> Value | None:
    newest = _chosen(concept, facts, knowledge, now)
    if not newest or results.rivals(newest, results.of(facts, concept), knowledge, now, results.same):
        return None
    return Value(shown(newest), newest.unit, (newest.reference,))


def _ratio(gas: Measurement, facts: PatientFacts, knowledge: Knowledge, now: When) -> Value | None:
    """P/F of an arterial gas with recorded oxygen or room air; an estimated FiO2 is never used."""
    oxygen = fraction_of(gas, facts, knowledge, now)
    if oxygen.value is None:
        return None
    words = f"{printed_ratio(gas, oxygen.value)} ({oxygen.printed}) on {time_of(gas).printed}"
    return Value(words, gas.unit, (gas.reference, *oxygen.evidence))


def _printed(values: tuple[Decimal, ...]) -> str:
    median, *quartiles = values
    return f"{median} ({'-'.join(map(str, quartiles))})" if quartiles else str(median)
