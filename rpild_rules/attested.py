"""What clinicians have attested: which statement counts, and until when (decisions section 7, end)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rpild_rules.facts import VALID_STATUSES, Attestation, PatientFacts, Scan
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Missing, Reason, any_of, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, after, lately, within

CT = frozenset({"ct-chest"})
OUTDATED_BY = {"bilateral-infiltrates": CT | {"cxr"}}  # statements that a newer picture of the chest ends


def counts(a: Attestation) -> bool:
    """Made by a clinician, dated, and not withdrawn."""
    return a.by_clinician and a.status in VALID_STATUSES and a.made is not None


def newest(facts: PatientFacts, code: str, now: When) -> Attestation | None:
    """The newest statement of a code made by a clinician and not withdrawn.

    One that cannot be read, or is dated ahead of now, counts only if there is no other: it never hides a good one.
    """
    made = [a for a in facts.attestations if a.code == code and counts(a)]
    return max(made, key=lambda a: _recency(a, now), default=None)


def _recency(a: Attestation, now: When) -> tuple[bool, bool, float, float, str]:
    stated, issued_at = time_of(a), issued(a).latest.timestamp()
    return not stated.ahead_of(now), a.value is not None, stated.latest.timestamp(), issued_at, a.reference


def time_of(a: Attestation) -> When:
    """When the statement was made."""
    assert a.made is not None  # newest() lets only dated statements through
    return a.made


def issued(a: Attestation) -> When:
    """When the statement was issued, else made."""
    return a.issued or time_of(a)


def in_force(facts: PatientFacts, code: str, now: When, window: Window) -> Attestation | None:
    """The newest statement of a code if it is not older than its window, nor overtaken by a newer picture."""
    found = newest(facts, code, now)
    if not found or lately(time_of(found), now, window) is not MET:
        return None
    return None if newer_scan(facts, time_of(found), found, now, OUTDATED_BY.get(code, frozenset())) else found


def why_silent(facts: PatientFacts, code: str, now: When) -> Reason:
    """The reason to give where no statement of a code is in force."""
    found = newest(facts, code, now)
    if not found:
        return facts.why_absent("E-ATT")
    return Reason.CONFLICT if time_of(found).ahead_of(now) else Reason.ATTESTATION_EXPIRED


def says(facts: PatientFacts, code: str, now: When, window: Window) -> bool | None:
    """The yes or no of a statement in force; None without one."""
    found = in_force(facts, code, now, window)
    return found.value if found and isinstance(found.value, bool) else None


def newer_scan(
    facts: PatientFacts, than: When, a: Attestation, now: When, concepts: frozenset[str] = CT
) -> Scan | None:
    """The latest chest picture newer than a time; not the pictures that the statement itself compares.

    A report of studies in the chart is no picture of its own: theirs are the dates that count. Any other report counts
    from the next day on: until then it is taken for the report of the compared picture.
    """
    own = _compared(facts, a)
    known = own.union(s.reference for s in facts.scans if s.when and not s.is_report)
    newer = [s for s in facts.scans if s.concept in concepts and s.reference not in own and not _told(s, known, own)]
    return max((s for s in newer if _newer(s, than, now)), key=lambda s: (_end(s), s.reference), default=None)


def _told(s: Scan, known: frozenset[str], own: frozenset[str]) -> bool:
    """A report of a compared picture, or of pictures that all stand in the chart with their dates."""
    return bool(s.studies & own) or (s.is_report and bool(s.studies) and s.studies <= known)


def _newer(s: Scan, than: When, now: When) -> bool:
    if s.when is None or s.when.ahead_of(now) or not after(s.when, than):
        return False
    return not s.is_report or s.when.first > than.last


def _end(s: Scan) -> float:
    return s.when.latest.timestamp() if s.when else 0.0


def _compared(facts: PatientFacts, a: Attestation) -> frozenset[str]:
    """The pictures named by a statement, and those that its reports are about."""
    reported = (s.studies for s in facts.scans if s.reference in a.studies)
    return a.studies.union(*reported)


@dataclass(frozen=True, slots=True)
class Interval:
    """The two CTs that a statement compares: dates of the earlier and the later, None if not readable."""

    start: When | None
    end: When | None


def compared_cts(facts: PatientFacts, a: Attestation) -> Interval:
    """The dates of the named studies if two can be read, else the effective period unless it runs backwards."""
    named = [s for s in facts.scans if s.reference in a.studies and not s.studies & a.studies]
    dates = sorted((s.when for s in named if s.when), key=lambda when: (when.latest, when.earliest))
    if len(dates) > 1:
        return Interval(dates[0], dates[-1])
    backwards = a.start and a.end and after(a.start, a.end)
    return Interval(None, None) if backwards else Interval(a.start, a.end)


def outdated(facts: PatientFacts, a: Attestation, now: When, knowledge: Knowledge, aged: bool = True) -> Missing | None:
    """Why a comparison of CTs no longer holds; None while it does. `aged` is false where its own age does not count."""
    made = f"the comparison attested on {time_of(a).printed}"
    if aged and issued(a).ahead_of(now):
        return Missing(Reason.CONFLICT, f"{made} is dated in the future")
    if aged and lately(issued(a), now, knowledge.window("attestation_days")) is not MET:
        return Missing(Reason.ATTESTATION_EXPIRED, f"{made} has expired")
    scan = newer_scan(facts, compared_cts(facts, a).end or time_of(a), a, now)
    if scan and scan.when:
        what = f"a chest CT of {scan.when.printed} is newer than the compared ones"
        return Missing(Reason.ATTESTATION_EXPIRED, what)
    return None


def ct_worsening(facts: PatientFacts, hrct: Finding, now: When, knowledge: Knowledge) -> Finding:
    """`ctWorsening` (section 5): attested `ct-worsening` or C3 met; the basis names every statement that says so."""
    stated = _stated_worsening(facts, now, knowledge)
    if not hrct.met:
        return stated
    said = [f for f in (stated, hrct) if f.met]
    because, evidence = "; ".join(f.because for f in said), tuple(ref for f in said for ref in f.evidence)
    return Finding("ctWorsening", MET, because, tuple(dict.fromkeys(evidence)))


def _stated_worsening(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    id, said = "ctWorsening", newest(facts, "ct-worsening", now)
    if not said or not isinstance(said.value, bool):
        reason = Reason.UNSTRUCTURED if said else facts.why_absent("E-ATT")
        return unknown(id, reason, "no clinician's comparison of two chest CTs")
    expired = outdated(facts, said, now, knowledge)
    if expired:
        return unknown(id, expired.reason, expired.what, (said.reference,))
    words = "new or worsening infiltrates" if said.value else "no worsening on CT"
    status = MET if said.value else NOT_MET
    return Finding(id, status, f"{words}, attested on {time_of(said).printed}", (said.reference,))


def behind(facts: PatientFacts, finding: Finding) -> list[Attestation]:
    """The statements on which a finding rests."""
    return [a for a in facts.attestations if a.reference in finding.evidence]


def three_months(facts: PatientFacts, worsening: Finding, now: When, knowledge: Knowledge) -> Finding:
    """`ctWorsening92` (section 5): CTs at most three months apart, the later not longer ago, in any statement."""
    if not worsening.met:
        return worsening
    judged = [_within_three_months(facts, worsening, a, now, knowledge) for a in behind(facts, worsening)]
    status = any_of(f.status for f in judged)
    return next(f for f in judged if f.status is status)


def _within_three_months(
    facts: PatientFacts, worsening: Finding, a: Attestation, now: When, knowledge: Knowledge
) -> Finding:
    id, dates = "ctWorsening", compared_cts(facts, a)
    if not dates.start or not dates.end:
        return unknown(id, Reason.IMPRECISE_DATE, "the dates of the compared CTs are not recorded", (a.reference,))
    window, what = knowledge.window("three_months_days"), f"CTs of {dates.start.printed} and {dates.end.printed}"
    apart, ago = within(dates.start, dates.end, window), lately(dates.end, now, window)
    if apart is NOT_MET or (apart is MET and ago is MET):
        because = f"{worsening.because}; {what}"
        return Finding(id, apart, because, worsening.evidence, ("three_months_days",))
    reason = Reason.IMPRECISE_DATE if UNKNOWN in (apart, ago) else Reason.STALE
    return unknown(id, Reason.CONFLICT if dates.end.ahead_of(now) else reason, what, (a.reference,))


def percent_of(a: Attestation) -> Decimal | None:
    """The attested percentage, if it is a number."""
    return a.value if isinstance(a.value, Decimal) else None
