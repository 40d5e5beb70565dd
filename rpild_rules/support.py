"""Breathing support in use now, and the most oxygen that was recorded lately (decisions section 6)."""

from __future__ import annotations

from rpild_rules import results
from rpild_rules.concepts import MECHANISMS
from rpild_rules.facts import Measurement, PatientFacts, Support
from rpild_rules.findings import MET
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import is_estimate
from rpild_rules.oxygen_use import used
from rpild_rules.when import When, Window, lately


def in_use(facts: PatientFacts, concepts: frozenset[str], now: When, window: Window) -> list[Support]:
    """Support of some kinds that runs now; a charted mechanism stands until the next one, within the window."""
    known = [s for s in facts.supports if not (s.start and s.start.ahead_of(now))]
    running = [s for s in known if s.running and s.concept in concepts]
    charted = [s for s in known if s.concept in MECHANISMS and _charted_within(s, now, window)]
    newest = max(charted, key=_recency, default=None)
    found = running + ([newest] if newest and newest.concept in concepts else [])
    return sorted(found, key=_recency, reverse=True)


def used_within(facts: PatientFacts, concepts: frozenset[str], now: When, window: Window) -> list[Support]:
    """Supports in use now or until lately."""
    return [s for s in facts.supports if s.concept in concepts and used(s, now, window) is MET]


def _charted_within(s: Support, now: When, window: Window) -> bool:
    """A statement about one moment, not a span."""
    if s.running or s.start is None or s.end != s.start:
        return False
    return lately(s.start, now, window) is MET


def _recency(s: Support) -> tuple[float, str]:
    return s.start.latest.timestamp() if s.start else 0.0, s.reference


def highest_fraction(facts: PatientFacts, now: When, window: Window, knowledge: Knowledge) -> Measurement | None:
    """The highest recorded inspired oxygen of a window before now; estimates and upper bounds prove nothing."""
    near = results.readable(results.around(results.of(facts, "fio2"), now, window), now)
    recent = [m for m in near if lately(results.time_of(m), now, window) is MET and not m.comparator.startswith("<")]
    recorded = [m for m in recent if not is_estimate(m, facts, knowledge)]
    return max(recorded, key=lambda m: (results.value_of(m), m.reference), default=None)


def needs_much_oxygen(m: Measurement | None, limit: str, knowledge: Knowledge) -> bool:
    """Whether a recorded fraction reaches a limit."""
    return m is not None and knowledge.parameter(limit).holds(results.value_of(m))
