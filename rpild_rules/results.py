"""Choosing the result that a rule reads, and comparing it with a parameter (decisions K5 to K8, K12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from rpild_rules.facts import PENDING_STATUSES, REVISED_STATUSES, Measurement, PatientFacts, recency
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Missing, Reason, Status, foremost, status_of, unknown
from rpild_rules.knowledge import Knowledge, Parameter
from rpild_rules.when import When, Window, near, within


@dataclass(frozen=True, slots=True)
class Choice:
    """The result that counts, or why none does. `what` says in words what is missing."""

    value: Measurement | None
    reason: Reason | None = None
    what: str = ""
    evidence: tuple[str, ...] = ()

    def unknown(self, id: str) -> Finding:
        """The finding when nothing was chosen."""
        return unknown(id, self.reason or Reason.NO_DATA, self.what, self.evidence)


def of(facts: PatientFacts, *concepts: str) -> list[Measurement]:
    """All results of some concepts, newest first (K5)."""
    found = [facts.by_concept.get(concept, []) for concept in concepts]
    return found[0] if len(found) == 1 else sorted((m for each in found for m in each), key=recency, reverse=True)


def trouble(m: Measurement, now: When) -> Reason | None:
    """Why a result cannot be read, if it cannot: preliminary, undated, dated in the future, or of a doubtful unit."""
    if m.status in PENDING_STATUSES:
        return Reason.NO_DATA
    if m.when is None:
        return Reason.IMPRECISE_DATE
    if m.when.ahead_of(now):
        return Reason.CONFLICT
    return m.problem or (None if m.value is not None else Reason.UNSTRUCTURED)


def readable(measurements: Iterable[Measurement], now: When) -> list[Measurement]:
    """Valid results with a value and a usable time."""
    return [m for m in measurements if m.valid and trouble(m, now) is None]


def choose(measurements: list[Measurement], now: When, window: Window, absent: Reason, name: str) -> Choice:
    """The newest readable result inside the window; unreadable ones never hide a readable one (section 16, invariants)."""
    usable = readable(measurements, now)
    placed = [(m, within(_time(m).cut(now), now, window)) for m in usable]
    chosen = next((m for m, status in placed if status is MET), None)
    if chosen:
        return Choice(chosen)
    return _nothing(measurements, placed, now, window, absent, name)


def _nothing(
    measurements: list[Measurement],
    placed: list[tuple[Measurement, Status]],
    now: When,
    window: Window,
    absent: Reason,
    name: str,
) -> Choice:
    """Why no result counts: the foremost reason among those that exist."""
    problems = [(m, trouble(m, now)) for m in measurements if m.valid or m.status in PENDING_STATUSES]
    recent = [(m, reason) for m, reason in problems if reason and _may_lie_in(m, now, window)]
    recent += [(m, Reason.IMPRECISE_DATE) for m, status in placed if status is UNKNOWN]
    if recent:
        reason = foremost(reason for _, reason in recent)
        refs = tuple(m.reference for m, each in recent if each is reason)
        first = next(m for m, each in recent if each is reason)
        return Choice(None, reason, f"{name}: {first.printed or 'no value'} {_said(reason, first)}", refs)
    if placed:
        newest = placed[0][0]
        return Choice(
            None,
            Reason.STALE,
            f"{name}: last {newest.printed} on {_time(newest).printed}, too old",
            (newest.reference,),
        )
    return Choice(None, absent, f"{name}: {_ABSENT.get(absent, 'no result')}")


_ABSENT = {
    Reason.NOT_PERMITTED: "may not be read",
    Reason.FETCH_FAILED: "could not be read",
    Reason.NO_DATA: "no result",
}


def _said(reason: Reason, m: Measurement) -> str:
    if m.status in PENDING_STATUSES:
        return "is preliminary"
    return {
        Reason.UNIT: "has a unit or size that cannot be trusted",
        Reason.CONFLICT: "is dated in the future",
        Reason.IMPRECISE_DATE: "has no usable date",
    }.get(reason, "cannot be read")


def _may_lie_in(m: Measurement, now: When, window: Window) -> bool:
    return m.when is None or m.when.ahead_of(now) or within(m.when.cut(now), now, window) is not NOT_MET


def _time(m: Measurement) -> When:
    assert m.when is not None  # readable() lets only dated results through
    return m.when


def time_of(m: Measurement) -> When:
    """The time of a readable result."""
    return _time(m)


def value_of(m: Measurement) -> Decimal:
    """The value of a readable result."""
    assert m.value is not None  # readable() lets only results with a value through
    return m.value


def rivals(
    chosen: Measurement,
    measurements: list[Measurement],
    knowledge: Knowledge,
    now: When,
    alike: Callable[[Measurement, Measurement], bool],
) -> list[Measurement]:
    """Results that contradict the chosen one: close in time, far in value, neither revised (K6)."""
    window, limit = knowledge.window("conflict_minutes"), knowledge.parameter("conflict_pct")
    return [
        other
        for other in readable(measurements, now)
        if other.reference != chosen.reference
        and not {other.status, chosen.status} & REVISED_STATUSES
        and near(_time(other), _time(chosen), window) is MET
        and _differ(value_of(other), value_of(chosen), limit)
        and alike(other, chosen)
    ]


def _differ(one: Decimal, other: Decimal, limit: Parameter) -> bool:
    return limit.holds_ratio(abs(one - other) * 100, max(abs(one), abs(other)))


def same(one: Measurement, other: Measurement) -> bool:
    """Results of one concept that may contradict each other whatever else."""
    return one.concept == other.concept


def settled(findings: list[Finding]) -> Finding:
    """One answer out of contradicting results: theirs if they agree, else a conflict (K6)."""
    first = findings[0]
    if all(each.status is first.status for each in findings):
        return first
    refs = tuple(dict.fromkeys(ref for each in findings for ref in each.evidence))
    what = "results of the same hour contradict each other: " + "; ".join(
        dict.fromkeys(each.because for each in findings)
    )
    return Finding(first.id, UNKNOWN, what, refs, first.parameters, (Missing(Reason.CONFLICT, what),))


def compare(m: Measurement, parameter: Parameter) -> Status:
    """A result against a parameter; a comparator may prove, disprove or leave open (K8)."""
    value, limit = value_of(m), parameter.value
    assert isinstance(limit, Decimal)
    if not m.comparator:
        return status_of(parameter.holds(value))
    rising = parameter.test in ("above", "at least")
    if (m.comparator[0] == ">") is rising:
        beyond = value >= limit if rising else value <= limit
        edge = m.comparator.endswith("=") and parameter.test in ("above", "below") and value == limit
        return MET if beyond and not edge else UNKNOWN
    short = value <= limit if rising else value >= limit
    edge = m.comparator.endswith("=") and parameter.test in ("at least", "at most") and value == limit
    return NOT_MET if short and not edge else UNKNOWN


def shown(m: Measurement) -> str:
    """A result as a person reads it: value as sent, and when."""
    return f"{m.printed} on {_time(m).printed}" if m.when else m.printed
