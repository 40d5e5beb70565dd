"""Silence by design: which card is not shown again, to whom, and until what becomes worse (decisions section 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from rpild_rules import fingerprint
from rpild_rules.marks import Marks, find_marks
from rpild_rules.when import TOLERANCE

if TYPE_CHECKING:
    from rpild_rules.assessment import Assessment, Recommendation, Situation

CRITICAL = "critical"
FOR_ALL = frozenset({"alternativeDiagnosis", "specialistDecision"})  # a judgement of the case, not of the moment
WITH_ANY_ORDER = "ecmoTransplant"
FLAGGED = "transplantReferral"


@dataclass(frozen=True, slots=True)
class Alert:
    """A card as last sent about this patient: `own` to the user of this call, `fingerprint` as sealed by the memory.

    `override` is the reason's code and `overridden` when it was given; empty and None without one.
    """

    topic: str
    fingerprint: str
    own: bool
    marks: Marks
    sent: datetime
    override: str = ""
    overridden: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the alert memory holds of this patient. `on` is false without a memory, and when it cannot be read.

    `seal` turns the exact part of a fingerprint into the form in which it is stored.
    """

    on: bool = False
    alerts: tuple[Alert, ...] = ()
    seal: Callable[[str], str] = field(default=str, compare=False)


NOTHING = Remembered()


@dataclass(frozen=True, slots=True)
class Shown:
    """What to keep of a card that is sent."""

    topic: str
    fingerprint: str
    marks: Marks


def is_held_back(r: Recommendation, s: Situation, remembered: Remembered, pathway_flags: frozenset[str]) -> bool:
    """Whether this card is not sent on this call. Without a memory a card is sent: a repeat is safer than silence."""
    if (r.primary or r.topic == FLAGGED) and s.facts.flags & pathway_flags:
        return True
    return any(_holds(alert, r, s) for alert in _of_card(r, s, remembered)) or _judged(r, s, remembered)


def with_any_order(r: Recommendation, assessment: Assessment, remembered: Remembered) -> bool:
    """Rule c: a critical main card goes with an order that is not of concern here too, if repeats can be told."""
    wanted = (r.primary or r.topic == WITH_ANY_ORDER) and r.indicator == CRITICAL
    return wanted and remembered.on and assessment.knowledge.truth("critical_any_order")


def to_remember(sent: Iterable[Recommendation], assessment: Assessment, remembered: Remembered) -> tuple[Shown, ...]:
    """What the memory keeps of the cards that are sent."""
    s = assessment.situation
    return tuple(_shown(r, s, remembered) for r in sent) if s else ()


def _shown(r: Recommendation, s: Situation, remembered: Remembered) -> Shown:
    before = max((a for a in _of_card(r, s, remembered) if a.own), key=lambda a: a.sent, default=None)
    marks = find_marks(s, before.sent if before else None) if fingerprint.is_marked(r) else Marks()
    if before:
        marks = marks.after(before.marks.for_episode_since(before.sent, s))
    return Shown(r.topic, remembered.seal(fingerprint.exact(r, s)), marks)


def _of_card(r: Recommendation, s: Situation, remembered: Remembered) -> list[Alert]:
    """The same card as sent before, to anybody."""
    if not remembered.alerts:
        return []
    same = {remembered.seal(part) for part in fingerprint.equal_parts(r, s)}
    return [alert for alert in remembered.alerts if alert.fingerprint in same]


def _holds(alert: Alert, r: Recommendation, s: Situation) -> bool:
    """Shown to this user, or overridden by this user, not long ago, and nothing worse since."""
    if not alert.own or _is_worse(alert, r, s):
        return False
    return _within(alert.sent, f"repeat_hours_{r.indicator}", s) or _overridden(alert, r, s)


def _overridden(alert: Alert, r: Recommendation, s: Situation) -> bool:
    """An override of this user's own; a judgement of the case ends with severe failure."""
    if alert.overridden is None or (r.primary and alert.override in FOR_ALL and s.severe):
        return False
    span = "override_hours_critical" if r.indicator == CRITICAL else "override_days_other"
    return _within(alert.overridden, span, s)


def _judged(r: Recommendation, s: Situation, remembered: Remembered) -> bool:
    """A judgement of the case on a main card silences it for all users; worse evidence ends it."""
    if not r.primary or s.severe:
        return False
    said = [a for a in remembered.alerts if a.override in FOR_ALL and _is_topic(a, r, s, remembered)]
    return any(
        a.overridden is not None
        and _within(a.overridden, "override_days_other", s)
        and not _is_worse(a, r, s)
        and not _newly_positive(a, r, s, remembered)
        for a in said
    )


def _is_topic(alert: Alert, r: Recommendation, s: Situation, remembered: Remembered) -> bool:
    return alert.topic == r.topic or alert in _of_card(r, s, remembered)


def _newly_positive(alert: Alert, r: Recommendation, s: Situation, remembered: Remembered) -> bool:
    if s.mda5.state != fingerprint.POSITIVE:
        return False
    return alert.fingerprint not in {remembered.seal(part) for part in fingerprint.positive_parts(r, s)}


def _is_worse(alert: Alert, r: Recommendation, s: Situation) -> bool:
    if not fingerprint.is_marked(r):
        return False
    return find_marks(s, alert.sent).worse_than(alert.marks.for_episode_since(alert.sent, s))


def _within(then: datetime, span: str, s: Situation) -> bool:
    """Not longer ago than a setting allows; a time ahead of now, of a clock that was wrong, silences nothing."""
    return -TOLERANCE <= s.now.latest - then <= s.knowledge.window(span).span
