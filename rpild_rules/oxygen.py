"""Inspired oxygen: the fraction that belongs to a gas, and statements of room air (decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from rpild_rules import results
from rpild_rules.concepts import LOW_FLOW, MECHANISMS
from rpild_rules.facts import Measurement, PatientFacts, Support
from rpild_rules.findings import MET, Reason
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, near


@dataclass(frozen=True, slots=True)
class Fraction:
    """The inspired oxygen of one gas: `value` None when it may not be used, with the reason; `air` for room air."""

    value: Decimal | None
    air: bool = False
    reason: Reason = Reason.NOT_COMPARABLE
    printed: str = "FiO2 not recorded"
    reference: str = ""

    @property
    def evidence(self) -> tuple[str, ...]:
        return (self.reference,) if self.reference else ()


def fraction_of(gas: Measurement, facts: PatientFacts, knowledge: Knowledge, now: When) -> Fraction:
    """The inspired oxygen of a gas where one is enough; contradicting records of one moment are a conflict (K6)."""
    found = fractions_of(gas, facts, knowledge, now)
    if len(found) == 1:
        return found[0]
    printed = " and ".join(each.printed for each in found)
    return Fraction(None, reason=Reason.CONFLICT, printed=f"{printed} at one time", reference=found[0].reference)


def fractions_of(gas: Measurement, facts: PatientFacts, knowledge: Knowledge, now: When) -> tuple[Fraction, ...]:
    """FiO2 of the same report, specimen or panel, else the nearest word on oxygen within an hour.

    A recorded fraction stands before an estimate that is nearer: an estimate is never used (C4). A statement of room
    air is such a word; an estimate nearer than it leaves the oxygen open. More than one comes back only where words of
    one moment contradict each other: fractions by K6, room air and a recorded fraction always, a bound by what it rules
    out.
    """
    at, window = results.time_of(gas), knowledge.window("fio2_pair_minutes")
    recorded = [m for m in results.around(results.of(facts, "fio2"), at, window) if _dated(m, now)]
    together = [m for m in recorded if m.groups & gas.groups]
    own = [m for m in together if usable(m)]
    close = [m for m in recorded if near(results.time_of(m), at, window) is MET]
    clean = [m for m in close if usable(m)]
    recorded_close = [m for m in clean if not is_estimate(m, facts, knowledge)]
    measured, air = own or recorded_close or clean, [] if own else _air_near(facts, at, window)
    moment = min((_rank(when, at) for when in _times(measured, air)), default=None)
    if moment is None:
        return (_unusable([*together, *close]),)
    then = [m for m in measured if _rank(results.time_of(m), at) == moment]
    said = [_room_air(ref, knowledge) for when, ref in air if _rank(when, at) == moment]
    told = _told(then, said, facts, knowledge, now)
    bounds = [m for m in recorded if m.comparator and _rank(results.time_of(m), at) == moment]
    return (*told, *(_unusable([m]) for m in bounds if any(_rules_out(m, each) for each in told)))


def _rules_out(bound: Measurement, told: Fraction) -> bool:
    """Whether a fraction lies beyond a bound of the same moment (K8): a bound gives none, but may contradict one."""
    if told.value is None or bound.value is None:
        return False
    if told.value == bound.value:
        return "=" not in bound.comparator
    return (told.value < bound.value) is bound.comparator.startswith(">")


def _dated(m: Measurement, now: When) -> bool:
    return m.valid and m.when is not None and not m.when.ahead_of(now)


def usable(m: Measurement) -> bool:
    """A number without a bound: one that may enter a ratio."""
    return m.value is not None and not m.problem and not m.comparator


def _rank(when: When, at: When) -> tuple[timedelta, float]:
    """Nearest first; of two as near, the one before."""
    return abs(when.latest - at.latest), when.latest.timestamp()


def _times(measured: list[Measurement], air: list[tuple[When, str]]) -> Iterator[When]:
    yield from (results.time_of(m) for m in measured)
    yield from (when for when, _ in air)


def _told(
    measured: list[Measurement], air: list[Fraction], facts: PatientFacts, knowledge: Knowledge, now: When
) -> tuple[Fraction, ...]:
    """What was said at one moment; a known fraction stands before an estimate.

    Of several the newest by issue or id (K5) counts, with those that contradict it: by K6, or as oxygen does room air.
    """
    read = {m.reference: recorded_fraction(m, facts, knowledge) for m in measured}
    known = [m for m in measured if read[m.reference].value is not None]
    rivals = results.rivals(known[0], known, knowledge, now, results.same) if known else []
    others = [m for m in known if read[m.reference].air is not read[known[0].reference].air]
    counting = [read[m.reference] for m in (*known[:1], *rivals, *others)]
    different = {None if each.air else each.value: each for each in (*counting, *air)}
    return tuple(different.values()) or (read[measured[0].reference],)


def _room_air(reference: str, knowledge: Knowledge) -> Fraction:
    return Fraction(knowledge.number("room_air_fio2"), True, printed="room air", reference=reference)


def _unusable(paired: list[Measurement]) -> Fraction:
    if not paired:
        return Fraction(None)
    m = paired[0]
    reason = m.problem or (Reason.COMPARATOR if m.comparator else Reason.NOT_COMPARABLE)
    fault = f" {results.said(reason, m)}, not used" if reason is Reason.UNIT else ""
    return Fraction(None, reason=reason, printed=f"FiO2 {results.printed(m)}{fault}", reference=m.reference)


def recorded_fraction(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> Fraction:
    """What one recorded number says: a fraction, room air, or nothing where it is an estimate."""
    value = results.value_of(m)
    if is_estimate(m, facts, knowledge):
        return Fraction(None, printed=f"FiO2 {results.printed(m)} is an estimate", reference=m.reference)
    air = value <= knowledge.number("room_air_fio2")
    return Fraction(value, air, printed="room air" if air else f"FiO2 {results.printed(m)}", reference=m.reference)


def is_estimate(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> bool:
    """Marked so, or the nearest delivery mechanism within an hour cannot give a known fraction."""
    at, window = results.time_of(m), knowledge.window("fio2_pair_minutes")
    close = [s for s in facts.supports if s.concept in MECHANISMS and s.start and _beside(s, at, window)]
    nearest = min(close, key=lambda s: _nearness(s, at), default=None)
    return m.estimated or (nearest is not None and nearest.concept in LOW_FLOW)


def _beside(s: Support, at: When, window: Window) -> bool:
    return _covers(s, at) or (s.start is not None and near(s.start, at, window) is MET)


def _covers(s: Support, at: When) -> bool:
    begun = s.start is not None and s.start.earliest <= at.latest
    return begun and (s.running or (s.end is not None and s.end.latest >= at.earliest))


def _nearness(s: Support, at: When) -> tuple[timedelta, float, str]:
    """In use at that moment before any other; of several in use, the one begun last."""
    start = s.start.latest if s.start else at.latest
    distance = timedelta() if _covers(s, at) else abs(start - at.latest)
    return distance, -start.timestamp(), s.reference


def _air_near(facts: PatientFacts, at: When, window: Window) -> list[tuple[When, str]]:
    """Explicit statements of room air close to a time, other than a recorded fraction: when, and where."""
    measured = (m for c in ("o2-flow", "spo2") for m in results.around(results.of(facts, c), at, window))
    return [(when, ref) for when, ref in _air_said(facts, measured) if near(when, at, window) is MET]


def _air_said(facts: PatientFacts, measured: Iterable[Measurement]) -> Iterator[tuple[When, str]]:
    yield from ((s.start, s.reference) for s in facts.supports if s.concept == "room-air" and s.start)
    yield from ((m.when, m.reference) for m in measured if m.when and states_air(m))


def states_air(m: Measurement) -> bool:
    """An oxygen flow of zero, or a pulse oximetry coded on room air."""
    if not m.valid or not usable(m):
        return False
    return m.variant == "room-air" if m.concept == "spo2" else results.value_of(m) == 0


def room_air_at(facts: PatientFacts, at: When, window: Window, knowledge: Knowledge) -> str:
    """The reference of the explicit word of room air nearest to a time; empty without one.

    For a saturation a fraction of room air counts beside a mask too: the rule on estimates is one of gases (C4), and a
    saturation that is as low under a mask is worse than one on room air.
    """
    limit = knowledge.number("room_air_fio2")
    measured = [m for m in results.around(results.of(facts, "fio2"), at, window) if m.valid and usable(m)]
    low = [(m.when, m.reference) for m in measured if m.when and results.value_of(m) <= limit]
    said = [(when, ref) for when, ref in low if near(when, at, window) is MET] + _air_near(facts, at, window)
    return min(said, key=lambda word: (_rank(word[0], at), word[1]), default=(at, ""))[1]


def words_on_oxygen(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[tuple[When, Fraction]]:
    """Every recorded fraction that is no estimate, and every statement of room air, with its time; one of 0.20 is
    room air too, and counts as 0.21."""
    measured = [m for m in results.readable(results.of(facts, "fio2"), now) if usable(m)]
    recorded = ((results.time_of(m), recorded_fraction(m, facts, knowledge)) for m in measured)
    said = _air_said(facts, results.of(facts, "o2-flow", "spo2"))
    air = [(when, _room_air(ref, knowledge)) for when, ref in said if not when.ahead_of(now)]
    known = ((when, fraction) for when, fraction in recorded if fraction.value is not None)
    return [(when, _room_air(f.reference, knowledge) if f.air else f) for when, f in known] + air
