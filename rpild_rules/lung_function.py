"""Criterion C2: the fall of FVC or DLCO within a month (decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rpild_rules import doubts, results
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, all_of, disjunction, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.results import Choice, shown, time_of, value_of
from rpild_rules.when import When, Window, at_least_before, gap, within


@dataclass(frozen=True, slots=True)
class Series:
    """One way to measure the decline: criterion, concepts, limit, and whether points are compared instead of shares."""

    criterion: str
    name: str
    concepts: tuple[str, ...]
    limit: str
    points: bool = False


FVC = Series("fvcDecline", "FVC", ("fvc",), "fvc_fall_pct")
FVC_PERCENT = Series("fvcDecline", "FVC % predicted", ("fvc-pct-pred",), "fvc_fall_pct")
FVC_POINTS = Series("fvcDecline", "FVC % predicted", ("fvc-pct-pred",), "fvc_fall_pct", True)
AFTER_BRONCHODILATOR = "post"
DLCO = Series("dlcoDecline", "DLCO", ("dlco", "dlco-hb-adj"), "dlco_fall_pct")


def lung_function(facts: PatientFacts, at: When, knowledge: Knowledge) -> tuple[Finding, Finding, Finding]:
    """`fvcDecline`, `dlcoDecline` and their OR `lungFunctionDecline`."""
    relative, absolute = _fvc_by_share(facts, at, knowledge), decline(FVC_POINTS, facts, at, knowledge)
    if knowledge.word("fvc_mode") == "absolute":
        fvc = _noted(absolute, relative, "absolute only", "relative only")
        what, parameters = "DLCO: no percent-predicted values to compare in points", ("dlco_fall_pct", "fvc_mode")
        dlco = unknown("dlcoDecline", Reason.NO_DATA, what, (), parameters)
    else:
        fvc = _noted(relative, absolute, "relative only", "absolute only")
        dlco = decline(DLCO, facts, at, knowledge)
    return fvc, dlco, disjunction("lungFunctionDecline", (fvc, dlco))


def _noted(counting: Finding, other: Finding, alone: str, not_alone: str) -> Finding:
    """The finding of the mode in force; a remark if the other mode says the opposite."""
    if counting.unknown or other.unknown or counting.status is other.status:
        return counting
    return replace(counting, because=f"{counting.because} ({alone if counting.met else not_alone})")


def _fvc_by_share(facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """Litres, or percent predicted where litres are missing on either side, seen from the newest test."""
    litres, percent = decline(FVC, facts, at, knowledge), decline(FVC_PERCENT, facts, at, knowledge)
    newest = [_index(series, facts, at, knowledge).value for series in (FVC, FVC_PERCENT)]
    if newest[0] and newest[1] and time_of(newest[1]).first > time_of(newest[0]).last:
        return _first_decided(percent, litres)
    return litres if litres.reasons & BLOCKING else _first_decided(litres, percent)


ABSENT = frozenset({Reason.NO_DATA, Reason.NOT_PERMITTED, Reason.FETCH_FAILED})
BLOCKING = frozenset({Reason.CONFLICT, Reason.COMPARATOR, Reason.NOT_COMPARABLE})


def _first_decided(first: Finding, second: Finding) -> Finding:
    """The first series that decides; if none does, what either lacks, as far as anything of it stands in the record."""
    decided = [series for series in (first, second) if not series.unknown]
    measured = [series for series in (first, second) if _measured(series)]
    return disjunction(first.id, tuple(decided[:1] or measured or [first]))


def _measured(series: Finding) -> bool:
    """Whether anything of a series stands in the record."""
    return bool(series.evidence or series.reasons - ABSENT)


def _values(series: Series, facts: PatientFacts) -> list[Measurement]:
    """The series, newest first; values after a bronchodilator never stand beside others."""
    found = results.of(facts, *series.concepts)
    before = [m for m in found if m.variant != AFTER_BRONCHODILATOR]
    return before if any(m.valid for m in before) else found


def _index(series: Series, facts: PatientFacts, at: When, knowledge: Knowledge) -> Choice:
    window, absent = knowledge.window("pft_index_days"), facts.why_absent("E-PFT")
    return results.choose(_values(series, facts), at, window, absent, series.name)


def decline(series: Series, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """Whether the newest value fell by more than the limit from the oldest comparable one of the month before it."""
    chosen, values = _index(series, facts, at, knowledge), results.readable(_values(series, facts), at)
    if not chosen.value:
        return chosen.unknown(series.criterion)
    found = [_judged(series, index, values, at, knowledge) for index in _twins(chosen.value, values)]
    best = min(found, key=lambda f: PREFERRED.index(f.status) if f.status in PREFERRED else len(PREFERRED))
    said = _values(series, facts)
    if Reason.NO_BASELINE in best.reasons:
        places = [(m, _place(m, chosen.value, knowledge)) for m in said if m.when and m.valid and m is not chosen.value]
        best = doubts.vague_baseline(best, [m for m, place in places if place is UNKNOWN])
        best = doubts.spoilt_baseline(best, [m for m, place in places if place is MET], at)
    return doubts.doubted(
        best, said, chosen.value, at, doubts.dated(lambda m: _judged(series, m, values, at, knowledge))
    )


PREFERRED = (MET, NOT_MET)


def _twins(index: Measurement, values: list[Measurement]) -> list[Measurement]:
    """The same test under two codes, or with and without haemoglobin, counts once: whichever can be compared (K5).

    Of two results of one time and one code the newest by issue or id is the one.
    """
    twins: dict[tuple[str, str, str], Measurement] = {}
    for m in (m for m in values if time_of(m).latest == time_of(index).latest):
        twins.setdefault((m.code, m.concept, m.variant), m)
    return list(twins.values())


def _judged(series: Series, index: Measurement, values: list[Measurement], at: When, knowledge: Knowledge) -> Finding:
    baselines = [m for m in values if _serves(m, index, knowledge)]
    comparable = [m for m in baselines if _alike(m, index)]
    if comparable:
        return _compared(series, index, comparable[-1], values, at, knowledge)
    return _not_compared(series, index, baselines, values, knowledge)


def _serves(base: Measurement, index: Measurement, knowledge: Knowledge) -> bool:
    return _place(base, index, knowledge) is MET


def _place(base: Measurement, index: Measurement, knowledge: Knowledge) -> Status:
    """Whether it is old enough to show a change, and not older than a month before the index value."""
    longest, shortest = knowledge.window("baseline_max_days"), knowledge.window("pft_min_gap_days")
    start, end = time_of(base), time_of(index)
    return all_of((within(start, end, longest), at_least_before(start, end, shortest)))


def _alike(one: Measurement, other: Measurement) -> bool:
    """Same code, and both before a bronchodilator or both unstated."""
    measured = one.code == other.code and one.concept == other.concept
    return measured and one.variant == other.variant != AFTER_BRONCHODILATOR


def _compared(
    series: Series, index: Measurement, base: Measurement, values: list[Measurement], at: When, knowledge: Knowledge
) -> Finding:
    pairs = [
        (one, other)
        for one in (index, *results.rivals(index, values, knowledge, at, results.same))
        for other in (base, *results.rivals(base, values, knowledge, at, results.same))
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
    parameters, refs = (series.limit, "baseline_max_days"), (index.reference, *(m.reference for m in baselines))
    if baselines:
        what = f"{series.name} {shown(index)}: earlier values were measured another way and are not comparable"
        return unknown(series.criterion, Reason.NOT_COMPARABLE, what, refs, parameters)
    late = late_fall(series, index, values, knowledge)
    if not late:
        what = f"{series.name} {shown(index)}: no value in the month before it to compare with"
        return unknown(series.criterion, Reason.NO_BASELINE, what, refs, parameters)
    days = gap(time_of(late), time_of(index), True)[1].days
    what = f"{series.name}: {change(series, index, late)} over {days} days: interval longer than one month"
    return unknown(series.criterion, Reason.NO_BASELINE, what, (*refs, late.reference), parameters)


def late_fall(
    series: Series, index: Measurement, values: Iterable[Measurement], knowledge: Knowledge
) -> Measurement | None:
    """The highest comparable value of one to three months before: too old for the criterion, shown as support."""
    longest, month = knowledge.window("late_baseline_days"), knowledge.window("baseline_max_days")
    earlier = [m for m in values if _alike(m, index) and not m.comparator and _between(m, index, month, longest)]
    return max(earlier, key=lambda m: (value_of(m), m.reference), default=None) if not index.comparator else None


def _between(base: Measurement, index: Measurement, month: Window, longest: Window) -> bool:
    start, end = time_of(base), time_of(index)
    return within(start, end, longest) is MET and within(start, end, month) is NOT_MET


def fell_late(facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding | None:
    """A fall over the limit of C2 against a value one to three months old: a risk fact, no criterion."""
    absolute = knowledge.word("fvc_mode") == "absolute"
    for series in (FVC_POINTS,) if absolute else (FVC, FVC_PERCENT, DLCO):
        index = _index(series, facts, at, knowledge).value
        values = results.readable(_values(series, facts), at)
        base = late_fall(series, index, values, knowledge) if index else None
        if index and base and exceeds(series, index, base, knowledge):
            words = f"{series.name} {shown(base)}, then {shown(index)}: {change(series, index, base)}"
            return Finding("lateFall", MET, words, (base.reference, index.reference))
    return None
