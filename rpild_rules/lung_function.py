"""Criterion C2: the fall of FVC or DLCO within a month (decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpild_rules import results
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Missing, Reason, disjunction, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.results import shown, time_of, value_of
from rpild_rules.when import When, Window, gap, within


@dataclass(frozen=True, slots=True)
class Series:
    """One way to measure the decline: its criterion, its concepts, its limit, and whether points are compared instead of shares."""

    criterion: str
    name: str
    concepts: tuple[str, ...]
    limit: str
    points: bool = False


FVC = Series("fvcDecline", "FVC", ("fvc",), "fvc_fall_pct")
FVC_PERCENT = Series("fvcDecline", "FVC % predicted", ("fvc-pct-pred",), "fvc_fall_pct")
FVC_POINTS = Series("fvcDecline", "FVC % predicted", ("fvc-pct-pred",), "fvc_fall_pct", True)
DLCO = Series("dlcoDecline", "DLCO", ("dlco", "dlco-hb-adj"), "dlco_fall_pct")


def lung_function(facts: PatientFacts, at: When, knowledge: Knowledge) -> tuple[Finding, Finding, Finding]:
    """`fvcDecline`, `dlcoDecline` and their OR `lungFunctionDecline`."""
    if knowledge.word("fvc_mode") == "absolute":
        fvc = decline(FVC_POINTS, facts, at, knowledge)
        dlco = unknown(
            "dlcoDecline",
            Reason.NO_DATA,
            "DLCO: no percent-predicted values to compare in points",
            (),
            ("dlco_fall_pct", "fvc_mode"),
        )
    else:
        fvc = _first_decided(decline(FVC, facts, at, knowledge), decline(FVC_PERCENT, facts, at, knowledge))
        dlco = decline(DLCO, facts, at, knowledge)
    return fvc, dlco, disjunction("lungFunctionDecline", (fvc, dlco))


def _first_decided(litres: Finding, percent: Finding) -> Finding:
    """Litres decide where they can; percent predicted stands in where litres are missing on either side."""
    if not litres.unknown or litres.reasons & {Reason.CONFLICT, Reason.UNIT, Reason.COMPARATOR}:
        return litres
    nothing = litres.reasons <= {Reason.NO_DATA, Reason.NOT_PERMITTED, Reason.FETCH_FAILED} and not litres.evidence
    stronger = percent.reasons - {Reason.NO_DATA, Reason.NOT_PERMITTED, Reason.FETCH_FAILED}
    return percent if not percent.unknown or (nothing and stronger) else litres


def decline(series: Series, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """Whether the newest value fell by more than the limit from the oldest comparable one of the month before it."""
    window = knowledge.window("pft_index_days")
    chosen = results.choose(results.of(facts, *series.concepts), at, window, facts.why_absent("E-PFT"), series.name)
    if not chosen.value:
        return chosen.unknown(series.criterion)
    values = results.readable(results.of(facts, *series.concepts), at)
    baselines = [m for m in values if _serves(m, chosen.value, knowledge)]
    comparable = [m for m in baselines if _alike(m, chosen.value)]
    if comparable:
        return _compared(series, chosen.value, comparable[-1], values, at, knowledge)
    return _not_compared(series, chosen.value, baselines, values, knowledge)


def _serves(base: Measurement, index: Measurement, knowledge: Knowledge) -> bool:
    """Old enough to show a change, and not older than a month before the index value."""
    least, _ = gap(time_of(base), time_of(index), True)
    longest, shortest = knowledge.window("baseline_max_days"), knowledge.window("pft_min_gap_days")
    return within(time_of(base), time_of(index), longest) is MET and least >= shortest.span


def _alike(one: Measurement, other: Measurement) -> bool:
    return one.code == other.code and one.concept == other.concept and one.variant == other.variant


def _compared(
    series: Series, index: Measurement, base: Measurement, values: list[Measurement], at: When, knowledge: Knowledge
) -> Finding:
    pairs = [
        (one, other)
        for one in (index, *results.rivals(index, values, knowledge, at, _alike))
        for other in (base, *results.rivals(base, values, knowledge, at, _alike))
    ]
    return results.settled([_fell(series, one, other, knowledge) for one, other in pairs])


def _fell(series: Series, index: Measurement, base: Measurement, knowledge: Knowledge) -> Finding:
    words, evidence = f"{series.name} {shown(base)}, then {shown(index)}", (base.reference, index.reference)
    parameters = (series.limit, "fvc_mode", "baseline_max_days")
    if index.comparator or base.comparator:
        return unknown(series.criterion, Reason.COMPARATOR, words, evidence, parameters)
    status = MET if exceeds(series, index, base, knowledge) else NOT_MET
    return Finding(series.criterion, status, f"{words}: {change(series, index, base)}", evidence, parameters)


def exceeds(series: Series, index: Measurement, base: Measurement, knowledge: Knowledge) -> bool:
    """The fall in percent of the baseline (or in points) against the limit, exactly."""
    fall, limit = value_of(base) - value_of(index), knowledge.parameter(series.limit)
    return limit.holds(fall) if series.points else limit.holds_ratio(fall * 100, value_of(base))


def change(series: Series, index: Measurement, base: Measurement) -> str:
    """The change in words, one decimal."""
    fall = value_of(base) - value_of(index)
    amount = fall if series.points else fall * 100 / value_of(base)
    unit = "points" if series.points else "%"
    return f"fall of {amount:.1f} {unit}" if fall >= 0 else f"rise of {-amount:.1f} {unit}"


def _not_compared(
    series: Series, index: Measurement, baselines: list[Measurement], values: list[Measurement], knowledge: Knowledge
) -> Finding:
    parameters = (series.limit, "baseline_max_days")
    if baselines:
        what = f"{series.name} {shown(index)}: earlier values were measured another way and are not comparable"
        refs = (index.reference, *(m.reference for m in baselines))
        return Finding(series.criterion, UNKNOWN, what, refs, parameters, (Missing(Reason.NOT_COMPARABLE, what),))
    late = late_fall(series, index, values, knowledge)
    what = f"{series.name} {shown(index)}: no value in the month before it to compare with"
    if late:
        days = gap(time_of(late), time_of(index), True)[1].days
        what = f"{series.name}: {change(series, index, late)} over {days} days: interval longer than one month"
    return unknown(
        series.criterion, Reason.NO_BASELINE, what, (index.reference, *((late.reference,) if late else ())), parameters
    )


def late_fall(
    series: Series, index: Measurement, values: Iterable[Measurement], knowledge: Knowledge
) -> Measurement | None:
    """The newest comparable value of one to three months before: too old for the criterion, shown as support."""
    longest, month = knowledge.window("late_baseline_days"), knowledge.window("baseline_max_days")
    return next(
        (m for m in values if _alike(m, index) and not m.comparator and _between(m, index, month, longest)), None
    )


def _between(base: Measurement, index: Measurement, month: Window, longest: Window) -> bool:
    return (
        within(time_of(base), time_of(index), longest) is MET
        and within(time_of(base), time_of(index), month) is NOT_MET
    )


def fell_late(facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding | None:
    """A fall over the limit of C2 against a value one to three months old: a risk fact, no criterion."""
    for series in (FVC, FVC_PERCENT, DLCO):
        window = knowledge.window("pft_index_days")
        index = results.choose(results.of(facts, *series.concepts), at, window, Reason.NO_DATA, series.name).value
        base = (
            late_fall(series, index, results.readable(results.of(facts, *series.concepts), at), knowledge)
            if index
            else None
        )
        if index and base and not index.comparator and exceeds(series, index, base, knowledge):
            words = f"{series.name} {shown(base)}, then {shown(index)}: {change(series, index, base)}"
            return Finding("lateFall", MET, words, (base.reference, index.reference))
    return None
