"""Inspired oxygen: the fraction that belongs to a gas, room air, evidence of oxygen use (decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from rpild_rules import results
from rpild_rules.concepts import LOW_FLOW, MECHANISMS, OXYGEN_SUPPORT, RECORDED_CONCEPTS
from rpild_rules.diagnoses import having, recorded_within
from rpild_rules.facts import Measurement, PatientFacts, Support
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, foremost, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import FIRST_INSTANT, When, Window, lately, near


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
    one moment contradict each other: fractions by K6, room air and a recorded fraction always.
    """
    at, window = results.time_of(gas), knowledge.window("fio2_pair_minutes")
    recorded = [m for m in results.around(results.of(facts, "fio2"), at, window) if _dated(m, now)]
    together = [m for m in recorded if m.groups & gas.groups]
    own = [m for m in together if _usable(m)]
    close = [m for m in recorded if near(results.time_of(m), at, window) is MET]
    usable = [m for m in close if _usable(m)]
    recorded_close = [m for m in usable if not is_estimate(m, facts, knowledge)]
    measured, air = own or recorded_close or usable, [] if own else _air_near(facts, at, window)
    moment = min((_rank(when, at) for when in _times(measured, air)), default=None)
    if moment is None:
        return (_unusable([*together, *close]),)
    then = [m for m in measured if _rank(results.time_of(m), at) == moment]
    said = [_room_air(ref, knowledge) for when, ref in air if _rank(when, at) == moment]
    return _told(then, said, facts, knowledge, now)


def _dated(m: Measurement, now: When) -> bool:
    return m.valid and m.when is not None and not m.when.ahead_of(now)


def _usable(m: Measurement) -> bool:
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
    read = {m.reference: _recorded(m, facts, knowledge) for m in measured}
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
    return Fraction(None, reason=reason, printed=f"FiO2 {results.printed(m)}", reference=m.reference)


def _recorded(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> Fraction:
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
    yield from ((m.when, m.reference) for m in measured if m.when and _states_air(m))


def _states_air(m: Measurement) -> bool:
    """An oxygen flow of zero, or a pulse oximetry coded on room air."""
    if not m.valid or not _usable(m):
        return False
    return m.variant == "room-air" if m.concept == "spo2" else results.value_of(m) == 0


def room_air_at(facts: PatientFacts, at: When, window: Window, knowledge: Knowledge) -> str:
    """The reference of the explicit word of room air nearest to a time; empty without one.

    For a saturation a fraction of room air counts beside a mask too: the rule on estimates is one of gases (C4), and a
    saturation that is as low under a mask is worse than one on room air.
    """
    limit = knowledge.number("room_air_fio2")
    measured = [m for m in results.around(results.of(facts, "fio2"), at, window) if m.valid and _usable(m)]
    low = [(m.when, m.reference) for m in measured if m.when and results.value_of(m) <= limit]
    said = [(when, ref) for when, ref in low if near(when, at, window) is MET] + _air_near(facts, at, window)
    return min(said, key=lambda word: (_rank(word[0], at), word[1]), default=(at, ""))[1]


def words_on_oxygen(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[tuple[When, Fraction]]:
    """Every recorded fraction that is no estimate, and every statement of room air, with its time; one of 0.20 is
    room air too, and counts as 0.21."""
    measured = [m for m in results.readable(results.of(facts, "fio2"), now) if _usable(m)]
    recorded = ((results.time_of(m), _recorded(m, facts, knowledge)) for m in measured)
    said = _air_said(facts, results.of(facts, "o2-flow", "spo2"))
    air = [(when, _room_air(ref, knowledge)) for when, ref in said if not when.ahead_of(now)]
    known = ((when, fraction) for when, fraction in recorded if fraction.value is not None)
    return [(when, _room_air(f.reference, knowledge) if f.air else f) for when, f in known] + air


def oxygen_support(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """Oxygen or breathing support in the last week, or dependence on it recorded in the last month."""
    id, window, parameters = "oxygenSupport", knowledge.window("c1_oxygen_days"), ("c1_oxygen_days",)
    found = oxygen_evidence(facts, now, window, knowledge)
    if found:
        return Finding(id, MET, found[0], (found[1],), parameters)
    air, doubts = _air_within(facts, now, window, knowledge), list(_doubts(facts, now, window, knowledge))
    if MET in air and not doubts and facts.read("E-O2"):
        return Finding(id, NOT_MET, "room air, no oxygen in the last week", (air[MET],), parameters)
    vague = [(Reason.IMPRECISE_DATE, air[UNKNOWN])] if UNKNOWN in air and MET not in air else []
    reason = foremost((*(reason for reason, _ in (*doubts, *vague)), facts.why_absent("E-O2")))
    what = "a record of oxygen in the last week cannot be judged" if doubts or vague else _no_word(bool(air))
    return unknown(id, reason, what, tuple(ref for _, ref in (*doubts, *vague)), parameters)


def _no_word(air: bool) -> str:
    if air:
        return "room air, but not all records of oxygen could be read"
    return "no word on oxygen or room air in the last week"


def _doubts(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> Iterator[tuple[Reason, str]]:
    """Records that may mean oxygen in the window but cannot be read or placed: they forbid a "no oxygen"."""
    measured = (m for c in ("fio2", "o2-flow") for m in results.may_lie_near(results.of(facts, c), now, window))
    for m in (m for m in measured if m.valid and not _plain(m, now) and not _no_oxygen(m, knowledge)):
        place, reason = lately(m.when, now, window) if m.when else UNKNOWN, results.trouble(m, now)
        if m.comparator and not _means_oxygen(m, knowledge, now):
            reason = reason or Reason.COMPARATOR
        if place is UNKNOWN or (place is MET and reason not in (None, Reason.NO_DATA)):
            yield reason or Reason.IMPRECISE_DATE, m.reference
    for s in facts.supports:
        if s.concept in OXYGEN_SUPPORT and used(s, now, window) is UNKNOWN:
            yield Reason.IMPRECISE_DATE, s.reference


def _no_oxygen(m: Measurement, knowledge: Knowledge) -> bool:
    """Room air or no flow, whenever it was; a bound from above may say so (K8)."""
    if m.value is None or m.comparator.startswith(">") or m.when is None:
        return False
    return m.value <= _air_limit(m, knowledge)


def _air_limit(m: Measurement, knowledge: Knowledge) -> Decimal:
    """What a fraction or a flow has to exceed to be oxygen."""
    return knowledge.number("room_air_fio2") if m.concept == "fio2" else Decimal(0)


def _plain(m: Measurement, now: When) -> bool:
    """A clean number at a known past moment: nothing to doubt."""
    return _usable(m) and m.when is not None and m.when.exact and m.when.latest <= now.latest


def oxygen_evidence(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> tuple[str, str] | None:
    """Words and reference of evidence of oxygen use in a window before now, dependence on it included."""
    found = oxygen_use(facts, now, window, knowledge)
    if found:
        return found
    month = knowledge.window("c1_window_days")
    dependent = [d.reference for d in having(facts, RECORDED_CONCEPTS) if recorded_within(d, now, month)]
    return ("dependence on oxygen recorded", max(dependent)) if dependent else None


def oxygen_use(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> tuple[str, str] | None:
    """Words and reference of oxygen given in a window before now: a measurement first, the newest, then a support."""
    measured = (m for c in ("fio2", "o2-flow") for m in results.around(results.of(facts, c), now, window))
    for m in measured:
        if _means_oxygen(m, knowledge, now) and lately(results.time_of(m), now, window) is MET:
            return f"{'FiO2' if m.concept == 'fio2' else 'oxygen'} {results.shown(m)}", m.reference
    supports = [s for s in facts.supports if s.concept in OXYGEN_SUPPORT and used(s, now, window) is MET]
    s = max(supports, key=_begun, default=None)
    if not s:
        return None
    return f"{s.concept.replace('-', ' ')} since {s.start.printed if s.start else 'an unknown time'}", s.reference


def _begun(s: Support) -> tuple[datetime, str]:
    return s.start.latest if s.start else FIRST_INSTANT, s.reference


def _means_oxygen(m: Measurement, knowledge: Knowledge, now: When) -> bool:
    """Above room air, or a flow above zero; a lower bound may prove it, an upper bound never does."""
    if not m.valid or m.value is None or m.comparator.startswith("<"):
        return False
    limit = _air_limit(m, knowledge)
    above = m.value > limit or (m.comparator == ">" and m.value == limit)
    return above and results.trouble(m, now) is None


def _air_within(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> dict[Status, str]:
    """The reference of an explicit word of room air that lies, or may lie, in a window before now."""
    measured = (m for c in ("spo2", "o2-flow", "fio2") for m in results.around(results.of(facts, c), now, window))
    stated = [(results.time_of(m), m.reference) for m in measured if _is_air(m, facts, knowledge)]
    said = sorted(((s.reference, s.start) for s in facts.supports if s.concept == "room-air" and s.start), reverse=True)
    words = [*stated, *((when, ref) for ref, when in said)]
    placed = {lately(when, now, window): ref for when, ref in reversed(words) if not when.ahead_of(now)}
    return {place: ref for place, ref in placed.items() if place is not NOT_MET}


def _is_air(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> bool:
    if m.concept != "fio2":
        return _states_air(m)
    return m.valid and _usable(m) and _recorded(m, facts, knowledge).air


def used(s: Support, now: When, window: Window) -> Status:
    """Whether a support was in use in a window before now; where now is a day, before its end."""
    if s.start and s.start.ahead_of(now):
        return NOT_MET
    if s.running or (s.start and s.end and s.end.latest >= now.latest):
        return MET
    last = s.end or s.start
    return lately(last, now.at_its_end(), window) if last else UNKNOWN
