"""Whether the criteria were met at an earlier time of this episode: evaluation at u (decisions section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rpild_rules import attested, diagnoses
from rpild_rules.concepts import DYSPNOEA_CONCEPTS, OXYGEN_SUPPORT, STAY_REASONS
from rpild_rules.definition import Guard, Moment, any_condition, conditions
from rpild_rules.facts import Attestation, PatientFacts, Stay
from rpild_rules.findings import MET, Finding
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, within

TIMED = ("pao2", "pf-ratio", "fvc", "fvc-pct-pred", "dlco", "dlco-hb-adj", "fio2", "o2-flow")
CT_STATEMENTS = frozenset({"hrct-increase-percent", "ct-worsening"})


@dataclass(frozen=True, slots=True)
class Latch:
    """The newest earlier time at which a condition was met within a month of the onset, and the findings of that time."""

    on: When | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def held(self) -> bool:
        return self.on is not None


def find_latch(facts: PatientFacts, onset: When | None, now: When, knowledge: Knowledge, guard: Guard) -> Latch:
    """The newest u with 0 <= u - onset <= a month, at most `episode_days` ago, at which one of C1 to C4 was met."""
    if onset is None or onset.ahead_of(now):
        return Latch()
    for u in _candidates(facts, onset, now, knowledge):
        found = conditions(Moment(as_of(facts, u, now), knowledge, now, u, aged=False), guard)
        if any_condition(found) is MET:
            return Latch(u, tuple(found[id] for id in found if found[id].met))
    return Latch()


def _candidates(facts: PatientFacts, onset: When, now: When, knowledge: Knowledge) -> list[When]:
    """The times at which something became known, newest first, that lie within a month of the onset."""
    month, episode = knowledge.window("one_month_days"), knowledge.window("episode_days")
    start = onset.earliest if onset.to_the_day else onset.cut(now).latest
    moments = {max(when.cut(now).latest, start) for when in _times(facts, now)}
    times = (When.at(moment, facts.zone) for moment in moments if moment <= now.latest)
    fitting = [u for u in times if within(onset, u, month) is MET and within(u, now, episode) is MET]
    return sorted(fitting, key=lambda u: u.latest, reverse=True)


def _times(facts: PatientFacts, now: When) -> Iterator[When]:
    for concept in TIMED:
        yield from (
            m.when for m in facts.by_concept.get(concept, []) if m.valid and m.when and not m.when.ahead_of(now)
        )
    yield from (s.start for s in facts.supports if s.concept in OXYGEN_SUPPORT and s.start)
    yield from (s.start for s in facts.stays if s.start and s.reasons & STAY_REASONS)
    for d in facts.diagnoses:
        if d.concepts & (DYSPNOEA_CONCEPTS | {"o2-dependence"}):
            yield from diagnoses.dates(d)
    for a in facts.attestations:
        yield from _statement_times(facts, a)


def _statement_times(facts: PatientFacts, a: Attestation) -> Iterator[When]:
    if a.code == "hrct-increase-percent" and a.made:
        yield attested.compared_cts(facts, a).end or a.made
    if a.code == "progressive-dyspnoea" and a.made:
        yield a.made


def as_of(facts: PatientFacts, u: When, now: When) -> PatientFacts:
    """The chart as it stood at u; statements on CTs count from the later of their CTs, whenever they were issued."""

    def known(when: When | None) -> bool:
        return diagnoses.known_by(when, u, now)

    return replace(
        facts,
        measurements=tuple(
            m for concept in TIMED + ("spo2",) for m in facts.by_concept.get(concept, []) if known(m.when)
        ),
        diagnoses=tuple(e for d in facts.diagnoses if (e := diagnoses.as_of(d, u, now))),
        supports=tuple(replace(s, running=s.running or not known(s.end)) for s in facts.supports if known(s.start)),
        stays=tuple(_stay_as_of(s, u, now) for s in facts.stays if known(s.start)),
        scans=tuple(s for s in facts.scans if known(s.when)),
        attestations=tuple(a for a in facts.attestations if known(_stated(facts, a))),
    )


def _stay_as_of(s: Stay, u: When, now: When) -> Stay:
    return s if s.end is None or diagnoses.known_by(s.end, u, now) else replace(s, end=None, status="in-progress")


def _stated(facts: PatientFacts, a: Attestation) -> When | None:
    return attested.compared_cts(facts, a).end or a.made if a.code in CT_STATEMENTS else a.made
