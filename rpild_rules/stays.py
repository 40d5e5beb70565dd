"""Encounters: whether the patient is in acute care, and stays for the lungs (decisions K13, C1)."""

from __future__ import annotations

from rpild_rules.concepts import STAY_REASONS
from rpild_rules.facts import PatientFacts, Stay
from rpild_rules.findings import MET, NOT_MET, Finding, Reason, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, within

OPEN = frozenset({"in-progress", "onleave"})
HELD = OPEN | {"finished"}


def acute(facts: PatientFacts, at: When, now: When) -> bool:
    """In hospital or emergency care at a time; the longer windows are used where encounters could not be read."""
    allowed = OPEN if at == now else HELD
    return any(s.kind in ("stay", "emergency") and s.status in allowed and _holds(s, at) for s in facts.stays)


def _holds(s: Stay, at: When) -> bool:
    begun = s.start is None or s.start.earliest <= at.latest
    return begun and (s.end is None or s.end.latest >= at.earliest)


def overlaps(s: Stay, now: When, window: Window) -> bool:
    """Whether an encounter touches the window before now; an open one reaches to now."""
    if s.status not in HELD or (s.start and s.start.ahead_of(now)):
        return False
    end = s.end or (now if s.status in OPEN else s.start)
    return end is not None and (end.latest >= now.latest or within(end.cut(now), now, window) is MET)


def respiratory_stay(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """A hospital stay in the last month for a reason of the lungs."""
    near = [s for s in facts.stays if overlaps(s, now, knowledge.window("c1_window_days"))]
    kinds = ("stay", "emergency") if knowledge.truth("c1_count_emergency") else ("stay",)
    stays = [s for s in near if s.kind in kinds]
    for stay in stays:
        if stay.reasons & STAY_REASONS:
            since = f" since {stay.start.printed}" if stay.start else ""
            return Finding(
                "respiratoryStay",
                MET,
                f"hospital stay{since} for {_named(stay)}",
                (stay.reference,),
                ("c1_window_days",),
            )
    if near and not stays and facts.read("E-ENC") and all(s.kind != "unknown" for s in near):
        return Finding(
            "respiratoryStay", NOT_MET, "no hospital stay in the last month", (near[0].reference,), ("c1_window_days",)
        )
    return _undecided(facts, stays)


def _named(stay: Stay) -> str:
    return ", ".join(sorted(stay.reasons & STAY_REASONS))


def _undecided(facts: PatientFacts, stays: list[Stay]) -> Finding:
    if stays:
        reason = Reason.NO_DATA if stays[0].reasons_readable else Reason.UNSTRUCTURED
        return unknown(
            "respiratoryStay", reason, "hospital stay, but its respiratory reason is not coded", (stays[0].reference,)
        )
    return unknown("respiratoryStay", facts.why_absent("E-ENC"), "no encounter of the last month could be judged")
