"""Inspired oxygen: the fraction that belongs to a gas, room air, and evidence of oxygen use (decisions section 4, C1 and C4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from rpild_rules import results
from rpild_rules.concepts import LOW_FLOW, MECHANISMS, OXYGEN_SUPPORT
from rpild_rules.diagnoses import dated_within, having
from rpild_rules.facts import Measurement, PatientFacts, Support
from rpild_rules.findings import MET, NOT_MET, Finding, Reason, Status, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, near, within


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
    """FiO2 of the same report, specimen or panel, else the nearest within an hour, else an explicit word of room air."""
    at, window = results.time_of(gas), knowledge.window("fio2_pair_minutes")
    recorded = [m for m in results.of(facts, "fio2") if m.valid and m.when and not m.when.ahead_of(now)]
    paired = [m for m in recorded if m.groups & gas.groups] or _nearest(recorded, at, window)
    usable = [m for m in paired if m.value is not None and not m.problem and not m.comparator]
    if usable:
        return _recorded(usable[0], facts, knowledge)
    said = room_air_at(facts, at, window, knowledge)
    if said:
        return Fraction(knowledge.number("room_air_fio2"), True, printed="room air", reference=said)
    return _unusable(paired)


def _unusable(paired: list[Measurement]) -> Fraction:
    if not paired:
        return Fraction(None)
    reason = Reason.COMPARATOR if paired[0].comparator else paired[0].problem or Reason.NOT_COMPARABLE
    return Fraction(None, reason=reason, printed=f"FiO2 {paired[0].printed}", reference=paired[0].reference)


def _nearest(recorded: list[Measurement], at: When, window: Window) -> list[Measurement]:
    close = [m for m in recorded if near(results.time_of(m), at, window) is MET]
    return sorted(close, key=lambda m: _distance(results.time_of(m), at))


def _distance(one: When, other: When) -> timedelta:
    return abs(one.latest - other.latest)


def _recorded(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> Fraction:
    value = results.value_of(m)
    if m.estimated or _by_low_flow(m, facts, knowledge):
        return Fraction(None, printed=f"FiO2 {m.printed} is an estimate", reference=m.reference)
    air = value <= knowledge.number("room_air_fio2")
    return Fraction(value, air, printed="room air" if air else f"FiO2 {m.printed}", reference=m.reference)


def _by_low_flow(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> bool:
    """The nearest delivery mechanism within an hour cannot give a known fraction."""
    at, window = results.time_of(m), knowledge.window("fio2_pair_minutes")
    close = [s for s in facts.supports if s.concept in MECHANISMS and _beside(s, at, window)]
    nearest = min(close, key=lambda s: (_support_distance(s, at), s.reference), default=None)
    return nearest is not None and nearest.concept in LOW_FLOW


def _beside(s: Support, at: When, window: Window) -> bool:
    return s.start is not None and (_covers(s, at) or near(s.start, at, window) is MET)


def _covers(s: Support, at: When) -> bool:
    begun = s.start is not None and s.start.earliest <= at.latest
    return begun and (s.running or (s.end is not None and s.end.latest >= at.earliest))


def _support_distance(s: Support, at: When) -> timedelta:
    if _covers(s, at):
        return timedelta()
    assert s.start is not None  # _beside() lets only dated supports through
    return _distance(s.start, at)


def room_air_at(facts: PatientFacts, at: When, window: Window, knowledge: Knowledge) -> str:
    """The reference of an explicit statement of room air close to a time; empty without one."""
    said = [(s.start, s.reference) for s in facts.supports if s.concept == "room-air" and s.start]
    said += [(m.when, m.reference) for m in _air_measurements(facts, knowledge) if m.when]
    return min((ref for when, ref in said if near(when, at, window) is MET), default="")


def _air_measurements(facts: PatientFacts, knowledge: Knowledge) -> list[Measurement]:
    """Measurements that say room air: FiO2 of 0.21, an oxygen flow of zero, a pulse oximetry coded on room air."""
    limit = knowledge.number("room_air_fio2")
    read = [
        m
        for m in results.of(facts, "fio2", "o2-flow", "spo2")
        if m.valid and m.value is not None and not m.problem and not m.comparator
    ]
    return [
        m
        for m in read
        if (m.concept == "fio2" and results.value_of(m) <= limit)
        or (m.concept == "o2-flow" and results.value_of(m) == 0)
        or (m.concept == "spo2" and m.variant == "room-air")
    ]


def oxygen_support(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """Oxygen or breathing support in the last week, or dependence on it recorded in the last month."""
    window, parameters = knowledge.window("c1_oxygen_days"), ("c1_oxygen_days",)
    found = oxygen_evidence(facts, now, window, knowledge)
    if found:
        return Finding("oxygenSupport", MET, found[0], (found[1],), parameters)
    air = _air_within(facts, now, window, knowledge)
    if air:
        return Finding("oxygenSupport", NOT_MET, "room air, no oxygen in the last week", (air,), parameters)
    what = "no word on oxygen or room air in the last week"
    return unknown("oxygenSupport", facts.why_absent("E-O2"), what, (), parameters)


def oxygen_evidence(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> tuple[str, str] | None:
    """Words and reference of the newest evidence of oxygen use in a window before now."""
    for m in results.of(facts, "fio2", "o2-flow"):
        if m.valid and results.trouble(m, now) is None and _means_oxygen(m, knowledge) and _inside(m.when, now, window):
            return f"{'FiO2' if m.concept == 'fio2' else 'oxygen'} {results.shown(m)}", m.reference
    for s in sorted(facts.supports, key=lambda each: each.reference):
        if s.concept in OXYGEN_SUPPORT and _active_within(s, now, window):
            return f"{s.concept.replace('-', ' ')} since {s.start.printed if s.start else 'unknown'}", s.reference
    for d in having(facts, {"o2-dependence"}):
        if dated_within(d, now, knowledge.window("c1_window_days")):
            return "dependence on oxygen recorded", d.reference
    return None


def _means_oxygen(m: Measurement, knowledge: Knowledge) -> bool:
    """Above room air, or a flow above zero; a lower bound may prove it, an upper bound never does."""
    if m.comparator.startswith("<"):
        return False
    limit = knowledge.number("room_air_fio2") if m.concept == "fio2" else Decimal(0)
    value = results.value_of(m)
    return value > limit or (m.comparator == ">" and value == limit)


def _inside(when: When | None, now: When, window: Window) -> bool:
    return when is not None and within(when.cut(now), now, window) is MET


def _active_within(s: Support, now: When, window: Window) -> bool:
    if s.start is None or s.start.ahead_of(now):
        return s.start is None and s.running
    return s.running or _inside(s.end or s.start, now, window)


def _air_within(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> str:
    said = [s.reference for s in facts.supports if s.concept == "room-air" and _inside(s.start, now, window)]
    said += [
        m.reference
        for m in _air_measurements(facts, knowledge)
        if results.trouble(m, now) is None and _inside(m.when, now, window)
    ]
    return min(said, default="")


def running(facts: PatientFacts, concepts: frozenset[str], now: When) -> list[Support]:
    """Supports in use now."""
    return [
        s for s in facts.supports if s.concept in concepts and s.running and not (s.start and s.start.ahead_of(now))
    ]


def used_within(facts: PatientFacts, concepts: frozenset[str], now: When, window: Window) -> list[Support]:
    """Supports in use now or until lately."""
    return [s for s in facts.supports if s.concept in concepts and _active_within(s, now, window)]


def fraction_status(value: Decimal, knowledge: Knowledge) -> Status:
    """Whether a fraction is above room air."""
    return MET if value > knowledge.number("room_air_fio2") else NOT_MET
