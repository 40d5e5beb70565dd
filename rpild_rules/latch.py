"""Whether the criteria were met at an earlier time of this episode: evaluation at u (decisions section 7)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf

from rpild_rules import attested, diagnoses
from rpild_rules.concepts import DYSPNOEA_CONCEPTS, STAY_REASONS
from rpild_rules.definition import Guard, Moment, any_condition, conditions
from rpild_rules.facts import Attestation, Measurement, PatientFacts, Stay, Support
from rpild_rules.findings import MET, Finding
from rpild_rules.knowledge import Knowledge
from rpild_rules.stays import HELD
from rpild_rules.when import When, within

GASES = ("pao2", "pf-ratio", "paco2", "ph-arterial", "aa-gradient")
TIMED = (*GASES, "fvc", "fvc-pct-pred", "dlco", "dlco-hb-adj", "fio2", "o2-flow", "spo2")
DATED = DYSPNOEA_CONCEPTS | {"o2-dependence"}
CT_STATEMENTS = frozenset({"hrct-increase-percent", "ct-worsening"})
STATEMENTS = frozenset({"hrct-increase-percent", "progressive-dyspnoea"})


@dataclass(frozen=True, slots=True)
class Latch:
    """The newest earlier time at which a condition was met within a month of the onset, and what was found then."""

    on: When | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> bool:
        return self.on is not None


def find_latch(facts: PatientFacts, onset: When | None, now: When, knowledge: Knowledge, guard: Guard) -> Latch:
    """The newest u with 0 <= u - onset <= a month, at most `episode_days` ago, at which one of C1 to C4 was met."""
    if onset is None or onset.ahead_of(now):
        return Latch()
    past = Past(facts, now)
    for u in _candidates(facts, onset.cut(now), now, knowledge):
        found = conditions(Moment(past.as_of(u), knowledge, now, u, aged=False), guard)
        if any_condition(found) is MET:
            return Latch(u, tuple(each for each in found.values() if each.met))
    return Latch()


def _candidates(facts: PatientFacts, onset: When, now: When, knowledge: Knowledge) -> list[When]:
    """The times at which something became known, newest first, that lie within a month of the onset."""
    month, episode = knowledge.window("one_month_days"), knowledge.window("episode_days")
    start = When.at(onset.earliest if onset.to_the_day else onset.latest, facts.zone)
    known = (_known_from(when, now) for when in _times(facts) if not when.ahead_of(now))
    times = {u if u.latest >= start.latest else start for u in known}
    fitting = [u for u in times if within(onset, u, month) is MET and within(u, now, episode) is MET]
    return sorted(fitting, key=lambda u: (u.latest, not u.exact), reverse=True)


def _known_from(when: When, now: When) -> When:
    """The moment from which something was known: its day stays a day, so that days to it are counted as days (K3).

    So does the day of evaluation, although T itself may lie some hours beyond the month: else what was met on a call of
    this morning would be lost by a call of this evening with the same onset (section 16).
    """
    last = when.cut(now).at_its_end()
    return replace(last, printed=when.printed if when.exact else str(last.last))


def _times(facts: PatientFacts) -> Iterator[When]:
    for m in (m for concept in TIMED for m in facts.by_concept.get(concept, [])):
        if m.valid and m.when and (m.concept != "spo2" or m.variant == "room-air"):
            yield m.when
    yield from (s.start for s in facts.supports if s.start)
    yield from (s.start for s in facts.stays if s.start and s.reasons & STAY_REASONS)
    for d in facts.diagnoses:
        if d.concepts & DATED:
            yield from diagnoses.dates(d)
    for a in facts.attestations:
        if a.code in STATEMENTS and (stated := _stated(facts, a)):
            yield stated


def _stated(facts: PatientFacts, a: Attestation) -> When | None:
    """When a statement became known: of CTs with the later of them, whenever it was issued."""
    return (attested.compared_cts(facts, a).end or a.made) if a.code in CT_STATEMENTS else a.made


class Past:
    """One chart at many earlier times; the measurements are sorted once, and cut for each time."""

    def __init__(self, facts: PatientFacts, now: When) -> None:
        self.facts, self.now = facts, now
        dated = {concept: [m for m in facts.by_concept.get(concept, []) if m.when] for concept in TIMED}
        self.measured = {concept: (found, [_known_at(m, now) for m in found]) for concept, found in dated.items()}
        self.attestations = [(a, _stated(facts, a)) for a in facts.attestations]

    def as_of(self, u: When) -> PatientFacts:
        """The chart as it stood at u."""
        facts, now = self.facts, self.now

        def known(when: When | None) -> bool:
            return diagnoses.known_by(when, u, now)

        at = -u.latest.timestamp()
        return facts.at_a_time(
            {concept: found[bisect_left(times, at) :] for concept, (found, times) in self.measured.items()},
            diagnoses=tuple(e for d in facts.diagnoses if (e := diagnoses.as_of(d, u, now))),
            supports=tuple(_support_as_of(s, known) for s in facts.supports if known(s.start)),
            stays=tuple(_stay_as_of(s, known) for s in facts.stays if known(s.start)),
            scans=tuple(s for s in facts.scans if known(s.when)),
            attestations=tuple(a for a, stated in self.attestations if known(stated)),
        )


def _known_at(m: Measurement, now: When) -> float:
    """Rising from the newest to the oldest."""
    return -m.when.cut(now).latest.timestamp() if m.when else inf


def _support_as_of(s: Support, known: Callable[[When | None], bool]) -> Support:
    return s if s.end is None or known(s.end) else replace(s, end=None, running=True)


def _stay_as_of(s: Stay, known: Callable[[When | None], bool]) -> Stay:
    return s if s.end is None or s.status not in HELD or known(s.end) else replace(s, end=None, status="in-progress")
