"""A negative answer stays open while another result of the same kind may say otherwise: one that cannot be read, or
one whose date leaves open whether it is the newest (decisions K4, K5, K7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from rpild_rules.facts import Measurement
from rpild_rules.findings import NOT_MET, UNKNOWN, Finding, Missing, Reason, Status
from rpild_rules.results import SPOILT, said, shown, time_of, trouble
from rpild_rules.when import When

Judge = Callable[[Measurement], Status]


def doubted(finding: Finding, measurements: list[Measurement], chosen: Measurement, now: When, judge: Judge) -> Finding:
    """A met answer stands; any other is open while a newer result of the same kind cannot be read (K5, K7), and a
    negative one while a result that may be newer could say otherwise (K4). `judge` tells what a result would say.
    """
    if finding.met:
        return finding
    newer = takewhile(lambda m: m is not chosen, measurements)
    spoilt = next((m for m in newer if _spoilt(m, now)), None)
    if spoilt or finding.unknown:
        return _open(finding, spoilt, now) if spoilt else finding
    vague = (m for m in _perhaps_newer(measurements, chosen) if not _alike(m, chosen) and judge(m) is not NOT_MET)
    return next((_vague(finding, m) for m in vague), finding)


def dated(judge: Callable[[Measurement], Finding]) -> Judge:
    """What a result would say, where it can only be judged by its date."""
    return lambda m: judge(m).status if m.when else UNKNOWN


def _perhaps_newer(measurements: list[Measurement], chosen: Measurement) -> Iterator[Measurement]:
    """Of a list, newest first, other valid results with a value whose date overlaps the chosen one's or reaches past
    it, unless it is the same date; then those without a date.
    """
    at = time_of(chosen)
    reaching = takewhile(lambda m: m.when is not None and m.when.latest > at.earliest, measurements)
    undated = takewhile(lambda m: m.when is None, reversed(measurements))
    for m in (*reaching, *undated):
        if m.valid and m.value is not None and (m.when is None or not _of_one_time(m.when, at)):
            yield m


def _of_one_time(one: When, other: When) -> bool:
    return (one.earliest, one.latest) == (other.earliest, other.latest)


def _alike(one: Measurement, other: Measurement) -> bool:
    """The same value counts once, whatever its date (K5)."""
    return (one.value, one.comparator) == (other.value, other.comparator)


def _vague(finding: Finding, m: Measurement) -> Finding:
    lack = "the dates are not precise enough" if m.when else "its date is missing"
    what = f"{m.concept} {shown(m)} may be newer: {lack}"
    return _opened(finding, m, Reason.IMPRECISE_DATE, what, "else")


def _spoilt(m: Measurement, now: When) -> bool:
    return m.valid and m.when is not None and trouble(m, now) in SPOILT


def _open(finding: Finding, spoilt: Measurement, now: When) -> Finding:
    reason = trouble(spoilt, now) or Reason.UNIT
    what = f"{spoilt.concept} {shown(spoilt)} {said(reason, spoilt)}"
    return _opened(finding, spoilt, reason, what, "before it")


def _opened(finding: Finding, m: Measurement, reason: Reason, what: str, otherwise: str) -> Finding:
    refs, missing = tuple(dict.fromkeys((m.reference, *finding.evidence))), Missing(reason, what)
    because = f"{what}; {otherwise}: {finding.because}"
    return Finding(finding.id, UNKNOWN, because, refs, finding.parameters, (missing, *finding.missing))


def vague_baseline(finding: Finding, perhaps: list[Measurement]) -> Finding:
    """A comparison that lacks its baseline, said to have one perhaps, of a date that is not precise enough (K4)."""
    if not perhaps:
        return finding
    what = f"{shown(perhaps[0])} may be of the month before it: its date is not precise enough"
    refs = (*finding.evidence, *(m.reference for m in perhaps))
    return replace(finding, evidence=refs, missing=(*finding.missing, Missing(Reason.IMPRECISE_DATE, what)))


def spoilt_baseline(finding: Finding, measurements: Iterable[Measurement], now: When) -> Finding:
    """A comparison that lacks its baseline, said to lack a readable one where such a result exists."""
    spoilt = next((m for m in measurements if _spoilt(m, now)), None)
    return _open(finding, spoilt, now) if spoilt else finding


def contradicted(finding: Finding, values: list[str], refs: tuple[str, ...]) -> Finding:
    """An open answer, said to rest on results of one hour that contradict each other (K6); `refs` are theirs."""
    missing = Missing(Reason.CONFLICT, f"results of the same hour contradict each other: {'; '.join(values)}")
    because = f"{missing.what}; {finding.because}"
    return replace(finding, because=because, evidence=refs, missing=(missing, *finding.missing))
