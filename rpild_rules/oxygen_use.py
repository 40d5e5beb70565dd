"""Whether oxygen was used in a window: evidence, room air, and what leaves it open (C1, decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from rpild_rules import results
from rpild_rules.concepts import OXYGEN_SUPPORT, RECORDED_CONCEPTS
from rpild_rules.diagnoses import having, recorded_within
from rpild_rules.facts import Measurement, PatientFacts, Support
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, foremost, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import recorded_fraction, states_air, usable
from rpild_rules.when import FIRST_INSTANT, When, Window, after, lately, not_over


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
        if not _means_oxygen(m, knowledge, now):
            reason = reason or Reason.COMPARATOR  # a number without a bound is oxygen here, or cannot be read
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
    return usable(m) and m.when is not None and m.when.exact and m.when.latest <= now.latest


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


def oxygen_beside(facts: PatientFacts, at: When, window: Window, knowledge: Knowledge) -> tuple[str, str] | None:
    """Words and reference of oxygen given close to a time. What began on a later day is not shown to be close where one
    of both has no clock time (K4)."""
    begun = (s for s in facts.supports if s.start is None or (s.start.exact and at.exact) or not after(s.start, at))
    return oxygen_use(replace(facts, supports=tuple(begun)), at, window, knowledge)


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
        return states_air(m)
    return m.valid and usable(m) and recorded_fraction(m, facts, knowledge).air


def used(s: Support, now: When, window: Window) -> Status:
    """Whether a support was in use in a window before now; where now is a day, before its end."""
    if s.start and s.start.ahead_of(now):
        return NOT_MET
    if s.running or (s.start and s.end and not_over(s.end, now)):
        return MET
    last = s.end or s.start
    return lately(last, now.at_its_end(), window) if last else UNKNOWN
