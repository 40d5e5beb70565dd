"""What clinicians have attested: which statement counts, and until when (decisions section 7, end)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rpild_rules.facts import VALID_STATUSES, Attestation, PatientFacts, Scan
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, all_of, status_of, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, after, gap, within


def newest(facts: PatientFacts, code: str) -> Attestation | None:
    """The newest statement of a code made by a clinician and not withdrawn."""
    made = [
        a for a in facts.attestations if a.code == code and a.by_clinician and a.status in VALID_STATUSES and a.made
    ]
    return max(made, key=_recency, default=None)


def _recency(a: Attestation) -> tuple[float, float, str]:
    stated = time_of(a)
    return (
        stated.latest.timestamp(),
        a.issued.latest.timestamp() if a.issued else stated.latest.timestamp(),
        a.reference,
    )


def time_of(a: Attestation) -> When:
    """When the statement was made."""
    assert a.made is not None  # newest() lets only dated statements through
    return a.made


def issued(a: Attestation) -> When:
    """When the statement was issued, else made."""
    return a.issued or time_of(a)


def in_force(facts: PatientFacts, code: str, now: When, window: Window) -> Attestation | None:
    """The newest statement of a code if it is not older than its window."""
    found = newest(facts, code)
    return found if found and within(issued(found).cut(now), now, window) is MET else None


def says(facts: PatientFacts, code: str, now: When, window: Window) -> bool | None:
    """The yes or no of a statement in force; None without one."""
    found = in_force(facts, code, now, window)
    return found.value if found and isinstance(found.value, bool) else None


def newer_ct(facts: PatientFacts, than: When, compared: frozenset[str]) -> Scan | None:
    """A chest CT later than the compared ones; a report counts from the next day, since it follows its own CT."""
    for scan in facts.scans:
        if scan.concept == "ct-chest" and scan.when and scan.reference not in compared and not scan.studies & compared:
            if after(scan.when, than) and (not scan.is_report or scan.when.first > than.last):
                return scan
    return None


@dataclass(frozen=True, slots=True)
class Interval:
    """The two CTs that a statement compares: dates of the earlier and the later, None if not readable."""

    start: When | None
    end: When | None


def compared_cts(facts: PatientFacts, a: Attestation) -> Interval:
    """The dates of the named studies, else the effective period."""
    dates = sorted((s.when for s in facts.scans if s.reference in a.studies and s.when), key=lambda when: when.latest)
    if len(dates) > 1:
        return Interval(dates[0], dates[-1])
    return Interval(a.start, a.end or (dates[0] if dates else None))


def ct_worsening(facts: PatientFacts, hrct: Finding, now: When, knowledge: Knowledge, aged: bool = True) -> Finding:
    """`ctWorsening` (section 5): attested `ct-worsening`, or C3 met. `aged` is false where the age of the statement does not count."""
    said = newest(facts, "ct-worsening")
    if not said or not isinstance(said.value, bool):
        return Finding("ctWorsening", MET, hrct.because, hrct.evidence) if hrct.met else _unsaid(facts)
    expired = expiry(facts, said, compared_cts(facts, said).end, now, knowledge, aged)
    if expired:
        return (
            Finding("ctWorsening", MET, hrct.because, hrct.evidence)
            if hrct.met
            else unknown("ctWorsening", Reason.ATTESTATION_EXPIRED, expired, (said.reference,))
        )
    words = "new or worsening infiltrates" if said.value else "no worsening on CT"
    status = MET if said.value or hrct.met else NOT_MET
    return Finding("ctWorsening", status, f"{words}, attested on {time_of(said).printed}", (said.reference,))


def _unsaid(facts: PatientFacts) -> Finding:
    return unknown("ctWorsening", facts.why_absent("E-ATT"), "no clinician's comparison of two chest CTs")


def expiry(
    facts: PatientFacts, a: Attestation, later: When | None, now: When, knowledge: Knowledge, aged: bool = True
) -> str:
    """Why a comparison of CTs no longer holds; empty while it does."""
    if aged and within(issued(a).cut(now), now, knowledge.window("attestation_days")) is not MET:
        return f"the comparison attested on {time_of(a).printed} has expired"
    scan = newer_ct(facts, later or time_of(a), a.studies)
    return f"a chest CT of {scan.when.printed} is newer than the compared ones" if scan and scan.when else ""


def three_months(facts: PatientFacts, worsening: Finding, now: When, knowledge: Knowledge) -> Finding:
    """`ctWorsening92` (section 5): the compared CTs lie at most three months apart and not longer ago."""
    if not worsening.met:
        return worsening
    said = _behind(facts, worsening)
    dates = compared_cts(facts, said) if said else Interval(None, None)
    if not dates.start or not dates.end:
        return unknown(
            "ctWorsening", Reason.IMPRECISE_DATE, "the dates of the compared CTs are not recorded", worsening.evidence
        )
    window = knowledge.window("three_months_days")
    apart, ago = within(dates.start, dates.end, window), within(dates.end.cut(now), now, window)
    status = all_of((apart, MET if ago is MET else UNKNOWN))
    what = f"CTs of {dates.start.printed} and {dates.end.printed}"
    if status is UNKNOWN:
        reason = Reason.IMPRECISE_DATE if UNKNOWN in (apart, ago) else Reason.STALE
        return unknown("ctWorsening", reason, what, worsening.evidence)
    return Finding("ctWorsening", status, f"{worsening.because}; {what}", worsening.evidence, ("three_months_days",))


def _behind(facts: PatientFacts, worsening: Finding) -> Attestation | None:
    return next((a for a in facts.attestations if a.reference in worsening.evidence), None)


def interval_status(dates: Interval, window: Window) -> Status:
    """Whether two CTs lie at most a window apart."""
    assert dates.start and dates.end
    return within(dates.start, dates.end, window)


def percent_of(a: Attestation) -> Decimal | None:
    """The attested percentage, if it is a number."""
    return a.value if isinstance(a.value, Decimal) else None


def holds(value: bool | None) -> Status:
    """A statement as a status; nothing said is unknown."""
    return UNKNOWN if value is None else status_of(value)


def spread(dates: Interval) -> int:
    """Days between two CTs, for print."""
    assert dates.start and dates.end
    return gap(dates.start, dates.end, True)[1].days
