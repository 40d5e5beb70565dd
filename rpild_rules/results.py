"""Choosing the result that a rule reads, and comparing it with a parameter (decisions K5 to K8, K12)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from math import inf

from rpild_rules.facts import PENDING_STATUSES, REVISED_STATUSES, Measurement, PatientFacts, recency
from rpild_rules.findings import (
    MET,
    NOT_MET,
    UNKNOWN,
    Finding,
    Missing,
    Reason,
    Status,
    disjunction,
    foremost,
    status_of,
    unknown,
)
from rpild_rules.knowledge import Knowledge, Parameter
from rpild_rules.when import TOLERANCE, When, Window, lately, near

DAY = timedelta(days=1)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
AS_SENT = frozenset({"fio2", "fvc"})  # read as a fraction; printed in litres already
SPOILT = frozenset({Reason.UNIT, Reason.UNSTRUCTURED, Reason.CONFLICT})


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


def _latest(m: Measurement) -> float:
    """Rising along a list that runs from the newest to the oldest and ends with the undated."""
    return -m.when.latest.timestamp() if m.when else inf


def around(measurements: list[Measurement], at: When, window: Window) -> list[Measurement]:
    """A part of a list, newest first, that holds all that surely lies within a window of a time; quick, not exact.

    Days and months reach further than their window, so a window of days has a day more before and no end after.
    """
    margin = DAY if window.calendar else TOLERANCE
    low = _shifted(at.earliest, -window.span - margin).timestamp()
    high = inf if window.calendar else _shifted(at.latest, window.span + margin).timestamp()
    start = bisect_left(measurements, -high, key=_latest)
    return measurements[start : bisect_right(measurements, -low, start, key=_latest)]


def may_lie_near(measurements: list[Measurement], now: When, window: Window) -> list[Measurement]:
    """A part of a list, newest first, that holds all that may lie within a window of days before now, undated too."""
    undated = takewhile(lambda m: m.when is None, reversed(measurements))
    return [*around(measurements, now, window), *undated]


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:  # a symptom without a known beginning, or a date of the year 9999
        return moment


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


def newest(measurements: list[Measurement], now: When) -> Measurement | None:
    """The first of a list, newest first, that readable() would keep."""
    return next((m for m in measurements if m.valid and trouble(m, now) is None), None)


def choose(measurements: list[Measurement], now: When, window: Window, absent: Reason, name: str) -> Choice:
    """The newest readable result inside the window; unreadable ones never hide a readable one (section 16)."""
    for m in measurements:
        if m.valid and trouble(m, now) is None and lately(time_of(m), now, window) is MET:
            return Choice(m)
    return _nothing(measurements, now, window, absent, name)


def _nothing(measurements: list[Measurement], now: When, window: Window, absent: Reason, name: str) -> Choice:
    """Why no result counts: the foremost reason among those that exist."""
    reasons = list(_reasons(measurements, now, window))
    if not reasons:
        return Choice(None, absent, f"{name}: {_ABSENT.get(absent, 'no result')}")
    reason = foremost(each for _, each in reasons)
    spoilt = [m for m, each in reasons if each is reason]
    refs = tuple(m.reference for m in spoilt) if reason is not Reason.STALE else (spoilt[0].reference,)
    return Choice(None, reason, f"{name}: {shown(spoilt[0])} {said(reason, spoilt[0])}", refs)


def _reasons(measurements: list[Measurement], now: When, window: Window) -> Iterator[tuple[Measurement, Reason]]:
    """Each result with the reason why it does not count; an old one is stale whatever else it is (K12)."""
    for m in measurements:
        place = lately(m.when, now, window) if m.when else UNKNOWN
        if m.valid and place is NOT_MET:
            yield m, Reason.STALE
        if place is not NOT_MET and (m.valid or m.status in PENDING_STATUSES):
            yield m, trouble(m, now) or Reason.IMPRECISE_DATE


_ABSENT = {
    Reason.NOT_PERMITTED: "may not be read",
    Reason.FETCH_FAILED: "could not be read",
    Reason.NO_DATA: "no result",
}
_SAID = {
    Reason.UNIT: "has a unit or size that cannot be trusted",
    Reason.CONFLICT: "is dated in the future",
    Reason.IMPRECISE_DATE: "has no usable date",
    Reason.STALE: "is too old",
}
_DISPUTED = "contradicts what came with it"


def said(reason: Reason, m: Measurement) -> str:
    """Why a result cannot be used, in words."""
    if m.status in PENDING_STATUSES:
        return "is preliminary"
    return _DISPUTED if reason is m.problem is Reason.CONFLICT else _SAID.get(reason, "cannot be read")


def time_of(m: Measurement) -> When:
    """The time of a readable result."""
    assert m.when is not None  # readable() and choose() let only dated results through
    return m.when


def value_of(m: Measurement) -> Decimal:
    """The value of a readable result."""
    assert m.value is not None  # readable() and choose() let only results with a value through
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
        for other in readable(around(measurements, time_of(chosen), window), now)
        if other.reference != chosen.reference
        and not {other.status, chosen.status} & REVISED_STATUSES
        and near(time_of(other), time_of(chosen), window) is MET
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
        return first if len(findings) == 1 or not first.unknown else disjunction(first.id, tuple(findings))
    refs = tuple(dict.fromkeys(ref for each in findings for ref in each.evidence))
    words = "; ".join(dict.fromkeys(each.because for each in findings))
    what = f"results of the same hour contradict each other: {words}"
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


def printed(m: Measurement) -> str:
    """Value and unit as sent; litres of FVC with two decimals (K2); an oxygen fraction as the bare fraction."""
    if m.concept == "fvc" and m.value is not None and m.unit:
        return f"{m.comparator}{m.value:.2f} {m.unit}"
    if m.concept != "fio2" or m.value is None or "%" in m.printed:
        return m.printed or "no value"
    return f"{m.comparator}{m.value}"


def compared(m: Measurement) -> str:
    """Value and unit as a limit sees them, what was sent behind it where that is another number."""
    value, sent = m.value, NUMBER.search(m.printed)
    if value is None or not sent or m.concept in AS_SENT or Decimal(sent[0]) == value:
        return printed(m)
    return f"{m.comparator}{_short(value)} {m.unit} (sent as {printed(m)})"


def _short(value: Decimal) -> str:
    """Up to three decimals exactly, so that a value never seems to be its limit; of more, two, or one from ten on."""
    exact = f"{value.normalize():f}"
    if len(exact) <= len(f"{value:.3f}"):
        return exact
    return f"{value:.1f}" if value.adjusted() > 0 else f"{value:.2f}"


def shown(m: Measurement) -> str:
    """A result as a person reads it: value in the unit of its limit, and when."""
    return f"{compared(m)} on {m.when.printed}" if m.when else compared(m)
