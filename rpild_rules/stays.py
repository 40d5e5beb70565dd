"""Encounters: whether the patient is in acute care, and stays for the lungs (decisions K13, C1)."""

from __future__ import annotations

from collections.abc import Iterator

from rpild_rules.concepts import STAY_REASONS
from rpild_rules.facts import PatientFacts, Stay
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, foremost, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, lately, not_over

LEG, PARAMETERS = "respiratoryStay", ("c1_window_days",)
OPEN = frozenset({"in-progress", "onleave"})
HELD = OPEN | {"finished"}


def acute(facts: PatientFacts, at: When, now: When) -> bool:
    """In hospital or emergency care at a time; the longer windows are used where encounters could not be read."""
    allowed = OPEN if at == now else HELD
    return any(s.kind in ("stay", "emergency") and s.status in allowed and _holds(s, at) for s in facts.stays)


def _holds(s: Stay, at: When) -> bool:
    begun = s.start is None or s.start.earliest <= at.latest
    return begun and (s.end is None or s.end.latest >= at.earliest)


def overlap(s: Stay, now: When, window: Window) -> Status:
    """Whether an encounter touches the window before now; an open one reaches to now."""
    if s.status not in HELD or (s.start and s.start.ahead_of(now)):
        return NOT_MET
    if s.end is None:
        # Finished at an unknown time: only a start inside the window proves anything.
        begun = s.status in OPEN or (s.start is not None and lately(s.start, now, window) is MET)
        return MET if begun else UNKNOWN
    return MET if not_over(s.end, now) else lately(s.end, now, window)


def respiratory_stay(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """A hospital stay in the last month for a reason of the lungs."""
    window = knowledge.window("c1_window_days")
    kinds = {"stay", "emergency"} if knowledge.truth("c1_count_emergency") else {"stay"}
    placed = [(s, overlap(s, now, window)) for s in sorted(facts.stays, key=lambda each: each.reference)]
    near = [s for s, status in placed if status is MET]
    found = next((s for s in near if s.kind in kinds and s.reasons & STAY_REASONS), None)
    if found:
        since = f" since {found.start.printed}" if found.start else ""
        words = f"hospital stay{since} for {', '.join(sorted(found.reasons & STAY_REASONS))}"
        return Finding(LEG, MET, words, (found.reference,), PARAMETERS)
    doubtful = [s for s, status in placed if status is not NOT_MET and s.kind in {*kinds, "unknown"}]
    if near and not doubtful and facts.read("E-ENC"):
        return Finding(LEG, NOT_MET, "no hospital stay in the last month", (near[0].reference,), PARAMETERS)
    return _undecided(facts, doubtful)


def _undecided(facts: PatientFacts, doubtful: list[Stay]) -> Finding:
    reasons = [*_doubts(doubtful), facts.why_absent("E-ENC")]
    what = "no encounter of the last month could be judged"
    if doubtful:
        what = "hospital stay, but its respiratory reason, its class or its time is not coded"
    return unknown(LEG, foremost(reasons), what, tuple(s.reference for s in doubtful), PARAMETERS)


def _doubts(doubtful: list[Stay]) -> Iterator[Reason]:
    """Why an encounter neither proves nor disproves a stay for the lungs; a stay for another reason proves nothing."""
    for s in doubtful:
        if s.kind == "unknown" or not s.reasons_readable:
            yield Reason.UNSTRUCTURED
        if s.kind != "unknown" and s.reasons & STAY_REASONS:  # of a known time it would have been found
            yield Reason.IMPRECISE_DATE
