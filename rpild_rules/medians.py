"""The published medians of cohorts that may stand beside a patient's values: context only, never a cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rpild_rules import rows
from rpild_rules.knowledge import Knowledge


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


def published_beside(concept: str, unit: str, knowledge: Knowledge) -> tuple[tuple[Beside, ...], tuple[str, ...]]:
    """The published lines that may stand beside values in this unit (UCUM), and why others may not."""
    lines = [each for each in _lines(knowledge) if each[1].concept == concept]
    refused = [(row, _why_not(series, unit)) for row, series in lines]
    beside = (_beside(row, series, knowledge) for row, series in lines if not _why_not(series, unit))
    return tuple(beside), tuple(f"{row.title}: {reason}" for row, reason in refused if reason)


def _lines(knowledge: Knowledge) -> Iterator[tuple[rows.Biomarker, rows.Series]]:
    for row in knowledge.tables.of(rows.Biomarker).values():
        yield from ((row, series) for series in row.series if series.concept)


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


def _printed(values: tuple[Decimal, ...]) -> str:
    median, *quartiles = values
    return f"{median} ({'-'.join(map(str, quartiles))})" if quartiles else str(median)
