"""When the breathing trouble began, and whether that lies within a month: `onsetWithinOneMonth` (decisions 4, ON)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rpild_rules import attested
from rpild_rules.concepts import ONSET_CONCEPTS
from rpild_rules.diagnoses import symptoms
from rpild_rules.facts import Diagnosis, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, foremost, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.onset_records import Border, Record, first_symptom, merged_records, newest_record, records_of
from rpild_rules.when import When, after, lately

CRITERION = "onsetWithinOneMonth"
COUGH = frozenset({"cough"})


@dataclass(frozen=True, slots=True)
class Onset:
    """The onset that counts under one clock. `when` is None without a candidate; `older` is an earlier respiratory
    diagnosis that the clock passed over; `ask_again` tells that an attested onset is outdated by a newer diagnosis;
    `absent` that there surely is no candidate, in a record that could be read."""

    when: When | None
    source: str = ""
    evidence: tuple[str, ...] = ()
    older: When | None = None
    ask_again: bool = False
    reason: Reason | None = None
    what: str = ""
    absent: bool = False


def find_onset(
    facts: PatientFacts, knowledge: Knowledge, now: When, clock: str, t0: When | None = None, merged: bool = True
) -> Onset:
    """The onset by attestation (a) or Conditions (b). The gate asks for it unmerged and without T0."""
    diagnosed = _diagnosed(facts, knowledge, now, clock, t0, merged)
    said = attested.in_force(facts, "respiratory-onset", now, knowledge.window("onset_attestation_days"))
    if not said or not isinstance(said.value, When):
        return diagnosed
    if diagnosed.when and after(diagnosed.when, attested.time_of(said)):
        return replace(diagnosed, older=diagnosed.older or said.value, ask_again=True)
    source = f"first respiratory symptom {said.value.printed}, attested on {attested.time_of(said).printed}"
    return Onset(said.value, source, (said.reference,), diagnosed.when)


def _diagnosed(
    facts: PatientFacts, knowledge: Knowledge, now: When, clock: str, t0: When | None, merged: bool
) -> Onset:
    found, border = symptoms(facts, ONSET_CONCEPTS, now, knowledge), Border(t0, _improvements(facts), knowledge)
    records = records_of(found, ONSET_CONCEPTS, knowledge)
    if merged:
        records = merged_records(records, border, knowledge)
    if not records:
        return _no_candidate(facts, found, now, knowledge)
    newest = _counting(records, now, knowledge)
    older = min((r.onset for r in records if after(newest.onset, r.onset)), key=lambda when: when.latest, default=None)
    if clock == "first_symptom":
        coughs = merged_records(_coughs(facts, found, now, knowledge), border, knowledge)
        newest = first_symptom(newest, [*records, *coughs], knowledge)
    return Onset(newest.onset, f"{newest.printed}, onset {newest.onset.printed}", (newest.reference,), older)


def _coughs(facts: PatientFacts, found: list[Diagnosis], now: When, knowledge: Knowledge) -> list[Record]:
    """Records of cough; one with a recorded date only counts by the same rule as the others do."""
    coughs = symptoms(facts, COUGH, now, knowledge)
    return [r for r in records_of([*found, *coughs], ONSET_CONCEPTS | COUGH, knowledge) if r.concept in COUGH]


def _counting(records: list[Record], now: When, knowledge: Knowledge) -> Record:
    """The newest record; one dated in the future never hides another that lies within the month (section 16).

    Nor does one that began before the month hide a vague one that may have begun within it: unknown is never no (K4).
    """
    newest, window = newest_record(records), knowledge.window("one_month_days")
    past = [r for r in records if not r.onset.ahead_of(now)]
    if newest not in past:
        latest = newest_record(past) if past else newest
        return latest if lately(latest.onset, now, window) is MET else newest
    if lately(newest.onset, now, window) is not NOT_MET:
        return newest
    return newest_record([r for r in past if lately(r.onset, now, window) is UNKNOWN] or [newest])


def _improvements(facts: PatientFacts) -> tuple[When, ...]:
    """When a clinician saw an improvement: any such statement, since what follows it is a new episode."""
    said = (a for a in facts.attestations if a.code == "treatment-response" and a.value == "improving")
    return tuple(attested.time_of(a) for a in said if attested.counts(a))


def _no_candidate(facts: PatientFacts, found: list[Diagnosis], now: When, knowledge: Knowledge) -> Onset:
    expired = attested.why_silent(facts, "respiratory-onset", now)
    texts = tuple(d.reference for d in found if d.onset_text)
    if texts:
        what = "the onset is given in words only: enter its date on the page"
        return Onset(None, evidence=texts, reason=foremost((Reason.UNSTRUCTURED, expired)), what=what)
    reason = foremost((expired, facts.why_absent("E-COND")))
    what = "no onset of breathlessness or respiratory failure is recorded: enter it on the page"
    if symptoms(facts, COUGH, now, knowledge):
        what = "only cough is coded: enter the onset of breathlessness on the page"
    return Onset(None, reason=reason, what=what, absent=facts.read("E-ATT") and facts.read("E-COND"))


def onset_finding(onset: Onset, now: When, knowledge: Knowledge) -> Finding:
    """ON: 0 <= T - onset <= one month, for the whole interval that the onset can mean."""
    parameters = ("one_month_days", "onset_clock")
    if onset.when is None:
        return unknown(CRITERION, onset.reason or Reason.NO_DATA, onset.what, onset.evidence, parameters)
    if onset.when.ahead_of(now):
        return unknown(CRITERION, Reason.CONFLICT, f"{onset.source}: in the future", onset.evidence, parameters)
    status = lately(onset.when, now, knowledge.window("one_month_days"))
    if status is UNKNOWN:
        what = f"{onset.source}: may lie within or before the last month"
        return unknown(CRITERION, Reason.IMPRECISE_DATE, what, onset.evidence, parameters)
    words = f"{onset.source}, more than one month ago" if status is NOT_MET else onset.source
    return Finding(CRITERION, status, words, onset.evidence, parameters)
