"""When the breathing trouble began, and whether that lies within a month: `onsetWithinOneMonth` (decisions section 4, ON)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rpild_rules import attested
from rpild_rules.concepts import EPISODE_CONCEPTS, ONSET_CONCEPTS
from rpild_rules.diagnoses import symptoms
from rpild_rules.facts import Diagnosis, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, after, gap, near, within

CRITERION = "onsetWithinOneMonth"


@dataclass(frozen=True, slots=True)
class Record:
    """One episode of one respiratory diagnosis: its onset, and the end of its active time if it has one."""

    concept: str
    onset: When
    abated: When | None
    reference: str
    printed: str


@dataclass(frozen=True, slots=True)
class Onset:
    """The onset that counts under one clock. `when` is None without a candidate; `older` is an earlier respiratory
    diagnosis that the clock passed over; `ask_again` tells that an attested onset is outdated by a newer diagnosis."""

    when: When | None
    source: str = ""
    evidence: tuple[str, ...] = ()
    older: When | None = None
    ask_again: bool = False
    reason: Reason | None = None
    what: str = ""

    @property
    def candidate(self) -> bool:
        return self.when is not None


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
    found = symptoms(facts, ONSET_CONCEPTS, now, knowledge)
    records = _records(found, knowledge)
    if merged:
        records = _merge(records, knowledge, _new_episode_from(facts, knowledge, t0))
    if not records:
        return _no_candidate(facts, found, now, knowledge)
    newest = max(records, key=_newness)
    older = min((r.onset for r in records if after(newest.onset, r.onset)), key=lambda when: when.latest, default=None)
    if clock == "first_symptom":
        newest = _first_symptom(facts, newest, records, now, knowledge)
    return Onset(newest.onset, f"{newest.printed}, onset {newest.onset.printed}", (newest.reference,), older)


def _no_candidate(facts: PatientFacts, found: list[Diagnosis], now: When, knowledge: Knowledge) -> Onset:
    texts = tuple(d.reference for d in found if d.onset_text)
    if texts:
        return Onset(
            None,
            evidence=texts,
            reason=Reason.UNSTRUCTURED,
            what="the onset is given in words only: enter its date on the page",
        )
    if symptoms(facts, {"cough"}, now, knowledge):
        return Onset(
            None, reason=Reason.NO_DATA, what="only cough is coded: enter the onset of breathlessness on the page"
        )
    reason = facts.why_absent("E-COND")
    return Onset(
        None, reason=reason, what="no onset of breathlessness or respiratory failure is recorded: enter it on the page"
    )


def _records(
    found: Iterable[Diagnosis], knowledge: Knowledge, concepts: frozenset[str] = ONSET_CONCEPTS
) -> list[Record]:
    """Dated records; one with a recorded date only counts if no other onset explains it."""
    dated = [r for d in found for r in _with_onset(d, concepts)]
    window = knowledge.window("episode_gap_days")
    loose = [
        r
        for d in found
        if not d.onset and not d.onset_text and d.recorded
        for r in _recorded_only(d, d.recorded, concepts)
    ]
    return dated + [r for r in loose if not any(within(each.onset, _recorded_on(r), window) is MET for each in dated)]


def _with_onset(d: Diagnosis, concepts: frozenset[str]) -> list[Record]:
    return [Record(c, d.onset, d.abated, d.reference, d.printed) for c in sorted(d.concepts & concepts) if d.onset]


def _recorded_only(d: Diagnosis, recorded: When, concepts: frozenset[str]) -> list[Record]:
    return [Record(c, recorded.open_start(), d.abated, d.reference, d.printed) for c in sorted(d.concepts & concepts)]


def _recorded_on(r: Record) -> When:
    """The recorded date behind an open start."""
    return replace(r.onset, earliest=r.onset.latest, first=r.onset.last)


def _newness(r: Record) -> tuple[float, float, str]:
    """Newest: latest start of the interval (a recorded date if nothing else), then the narrower, then the higher id."""
    start = r.onset.earliest if r.onset.first > r.onset.first.min else r.onset.latest
    return start.timestamp(), -(r.onset.latest - r.onset.earliest).total_seconds(), r.reference


@dataclass(frozen=True, slots=True)
class Border:
    """From when on a failure, ARDS or hypoxaemia opens a new episode: under treatment, or after an improvement."""

    t0: When | None
    improved: When | None
    knowledge: Knowledge

    def opens(self, r: Record) -> bool:
        if r.concept not in EPISODE_CONCEPTS:
            return False
        late = self.t0 is not None and gap(self.t0, r.onset, True)[0] > self.knowledge.window("breakthrough_days").span
        return late or (self.improved is not None and after(r.onset, self.improved))


def _new_episode_from(facts: PatientFacts, knowledge: Knowledge, t0: When | None) -> Border:
    response = attested.newest(facts, "treatment-response")
    improved = attested.time_of(response) if response and response.value == "improving" else None
    return Border(t0, improved, knowledge)


def _merge(records: list[Record], knowledge: Knowledge, border: Border) -> list[Record]:
    """Records of one concept that overlap and began close together are one, with the earliest onset."""
    result: list[Record] = []
    for r in sorted(records, key=lambda each: (each.onset.earliest, each.onset.latest, each.reference)):
        twin = None if border.opens(r) else next((each for each in result if _one_record(each, r, knowledge)), None)
        if twin:
            result[result.index(twin)] = replace(twin, abated=_later_end(twin.abated, r.abated))
        else:
            result.append(r)
    return result


def _one_record(earlier: Record, later: Record, knowledge: Knowledge) -> bool:
    overlap = earlier.abated is None or not after(later.onset, earlier.abated)
    return (
        earlier.concept == later.concept
        and overlap
        and near(earlier.onset, later.onset, knowledge.window("episode_gap_days")) is MET
    )


def _later_end(one: When | None, other: When | None) -> When | None:
    return max(one, other, key=lambda when: when.latest) if one and other else None


def _first_symptom(
    facts: PatientFacts, newest: Record, records: list[Record], now: When, knowledge: Knowledge
) -> Record:
    """The earliest onset, cough included, that leads up to the newest without having abated before it."""
    coughs = _records(symptoms(facts, {"cough"}, now, knowledge), knowledge, frozenset({"cough"}))
    window = knowledge.window("episode_gap_days")
    leading = [
        r
        for r in (*records, *coughs)
        if within(r.onset, newest.onset, window) is MET and not (r.abated and after(newest.onset, r.abated))
    ]
    return min((*leading, newest), key=lambda r: (r.onset.earliest, r.onset.latest, r.reference))


def onset_finding(onset: Onset, now: When, knowledge: Knowledge) -> Finding:
    """ON: 0 <= T - onset <= one month, for the whole interval that the onset can mean."""
    parameters = ("one_month_days", "onset_clock")
    if onset.when is None:
        return unknown(CRITERION, onset.reason or Reason.NO_DATA, onset.what, onset.evidence, parameters)
    if onset.when.ahead_of(now):
        return unknown(CRITERION, Reason.CONFLICT, f"{onset.source}: in the future", onset.evidence, parameters)
    status = within(onset.when.cut(now), now, knowledge.window("one_month_days"))
    if status is UNKNOWN:
        what = f"{onset.source}: may lie within or before the last month"
        return unknown(CRITERION, Reason.IMPRECISE_DATE, what, onset.evidence, parameters)
    words = "within one month" if status is not NOT_MET else "more than one month ago"
    return Finding(CRITERION, status, f"{onset.source}, {words}", onset.evidence, parameters)
