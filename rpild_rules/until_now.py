"""The chart up to the time of evaluation: a date that reaches past it ends there, an answer of the future says nothing
(decisions K4).
"""

from __future__ import annotations

from dataclasses import replace

from rpild_rules.facts import Diagnosis, Meaning, PatientFacts, Unreadable
from rpild_rules.findings import Reason
from rpild_rules.when import When

TO_COME = ", dated in the future"


def until_now(facts: PatientFacts, now: When) -> PatientFacts:
    """The same chart with the days, months and years of results and diagnoses cut at `now`, so that every rule that
    pairs two dates sees what they can still mean. A date wholly ahead of now stays: it is a conflict. The answer of a
    test of such a date is unreadable, and listed so.
    """
    facts = _without_answers_to_come(facts, now)
    measured = any(_reaches_past(m.when, now) for m in facts.measurements)
    diagnosed = any(_reaches_past(when, now) for d in facts.diagnoses for when in (d.onset, d.recorded, d.abated))
    if not measured and not diagnosed:
        return facts
    return replace(
        facts,
        measurements=tuple(replace(m, when=_cut(m.when, now)) for m in facts.measurements),
        diagnoses=tuple(_diagnosed(d, now) for d in facts.diagnoses),
    )


def _without_answers_to_come(facts: PatientFacts, now: When) -> PatientFacts:
    ahead = [r for r in facts.results if r.when is not None and r.when.ahead_of(now)]
    if not ahead:
        return facts
    listed = (Unreadable(r.reference, r.concept, Reason.CONFLICT, r.printed) for r in ahead)
    told = {id(r): replace(r, meaning=Meaning.UNREADABLE, printed=f"{r.printed}{TO_COME}") for r in ahead}
    results = tuple(told.get(id(r), r) for r in facts.results)
    return replace(facts, results=results, unreadable=(*facts.unreadable, *listed))


def _reaches_past(when: When | None, now: When) -> bool:
    return when is not None and when.latest > now.latest >= when.earliest


def _diagnosed(d: Diagnosis, now: When) -> Diagnosis:
    return replace(d, onset=_cut(d.onset, now), recorded=_cut(d.recorded, now), abated=_cut(d.abated, now))


def _cut(when: When | None, now: When) -> When | None:
    return when.cut(now) if when and _reaches_past(when, now) else when
