"""From facts to recommendations, in the order of evaluation of decisions section 7."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from rpild_rules import attested, prognosis, referral, risk
from rpild_rules.antibodies import mda5_state, other_antibodies
from rpild_rules.assessment import Assessment, Situation
from rpild_rules.definition import CRITERIA, DEFINITIONS, Guard, Moment, conditions, definitions
from rpild_rules.episode import find_episode
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import NOT_MET, Finding, Reason, unknown
from rpild_rules.gate import Gate, open_gate
from rpild_rules.infection import infection_signs
from rpild_rules.knowledge import Knowledge
from rpild_rules.latch import find_latch
from rpild_rules.onset import find_onset, onset_finding
from rpild_rules.order_safety import in_scope
from rpild_rules.pathway import find_context, find_stage
from rpild_rules.pregnancy import find_pregnancy
from rpild_rules.prognosis import FLAGS, THRESHOLDS
from rpild_rules.recommend import recommend
from rpild_rules.support import in_use
from rpild_rules.therapy import Therapy, find_therapy
from rpild_rules.until_now import until_now
from rpild_rules.when import When
from rpild_rules.workup import work_up

Findings = tuple[Finding, ...]


class TookTooLongError(Exception):
    """Raised into a rule from outside, by whoever watches its time; rules look at no clock."""


def guard(slow: set[str], rule: str, judge: Callable[[], Findings], ids: tuple[str, ...]) -> Findings:
    """One criterion, judged; if its code fails, it alone is unknown and the failure is shown (rulings 11).

    A rule that took too long once is among `slow` from then on, and costs no more time.
    """
    try:
        if rule in slow:
            raise TookTooLongError
        found = judge()
        if tuple(each.id for each in found) != ids:
            raise TypeError
        return found
    except Exception as problem:
        if isinstance(problem, TookTooLongError):
            slow.add(rule)
        what = (
            f"rule {rule} failed ({type(problem).__name__}): report this to the maintainers with the knowledge version"
        )
        return tuple(unknown(id, Reason.RULE_FAILED, what) for id in ids)


def assess(facts: PatientFacts, knowledge: Knowledge, now: datetime) -> Assessment:
    """Everything the rules conclude at `now` (aware). Knows no hook; same input, same knowledge, same result."""
    at = When.at(now, facts.zone)
    facts = until_now(facts, at)
    gate = open_gate(facts, knowledge, now)
    scope = in_scope(facts)
    if not gate.passed:
        note = unknown(gate.failed, gate.reason, gate.note) if gate.reason else Finding(gate.failed, NOT_MET, gate.note)
        return Assessment(knowledge, at, gate, findings=(note,), order_in_scope=scope)
    situation = _settled(_situation(facts, knowledge, at, gate))
    findings = tuple(situation.found[id] for id in (*DEFINITIONS, *CRITERIA, *FLAGS))
    return Assessment(
        knowledge, at, gate, situation.context, situation.stage, findings, situation, recommend(situation), scope
    )


def _situation(facts: PatientFacts, knowledge: Knowledge, now: When, gate: Gate) -> Situation:
    """Steps 1 to 6: drugs, onset, criteria and flags, response, latch, episode; then the context."""
    therapy = find_therapy(facts, now, knowledge)
    onset = find_onset(facts, knowledge, now, knowledge.word("onset_clock"), therapy.t0)
    moment, guarded = Moment(facts, knowledge, now, now), partial(guard, set())
    found = _criteria(moment, therapy, guarded) | {"onsetWithinOneMonth": onset_finding(onset, now, knowledge)}
    found |= {
        f.id: f for f in definitions(found, found["onsetFirstSymptom"], found["ctWorsening"], found["ctWorsening92"])
    }
    count = prognosis.kurasawa(facts, therapy.t0, found["ctWorsening"], now, knowledge)
    latch = find_latch(facts, onset.when, now, knowledge, guarded)
    episode = find_episode(moment, found, onset, therapy, (count.met, count.of), latch)
    mda5 = mda5_state(facts, now, knowledge)
    return Situation(
        facts, knowledge, now, gate, find_context(facts, mda5, now, knowledge), mda5, tuple(other_antibodies(facts)),
        found | _flags(facts, now, knowledge, guarded), count, onset, therapy, episode,
    )  # fmt: skip


def _criteria(moment: Moment, therapy: Therapy, guarded: Guard) -> dict[str, Finding]:
    """C1 to C4 at T, what the other definitions need, and the onset by the first symptom."""
    facts, knowledge, now = moment.facts, moment.knowledge, moment.now
    found = conditions(moment, guarded)
    first = find_onset(facts, knowledge, now, "first_symptom", therapy.t0)
    worsening = attested.ct_worsening(facts, found["hrctIncrease"], now, knowledge)
    three = attested.three_months(facts, worsening, now, knowledge)
    return found | {
        "onsetFirstSymptom": onset_finding(first, now, knowledge),
        "ctWorsening": worsening,
        "ctWorsening92": three,
    }


def _flags(facts: PatientFacts, now: When, knowledge: Knowledge, guarded: Guard) -> dict[str, Finding]:
    def threshold(id: str) -> Findings:
        return guarded(id, lambda: (prognosis.threshold_flag(id, facts, now, knowledge),), (id,))

    found = [f for id in THRESHOLDS for f in threshold(id)]
    found += guarded("aado2of32", lambda: (prognosis.aado2(facts, now, knowledge),), ("aado2of32",))
    found += guarded("ro52", lambda: (prognosis.ro52(facts),), ("ro52",))
    return {f.id: f for f in found}


def _settled(s: Situation) -> Situation:
    """Step 7: severity, risk and the other predicates, then the stage, then the work-up that depends on it."""
    facts, knowledge, now = s.facts, s.knowledge, s.now
    worse = s.episode.refractory or bool(s.episode.signs)
    s = replace(
        s,
        severe=referral.severe_failure(facts, now, knowledge),
        rescue=referral.rescue_need(facts, worse, now, knowledge) if s.episode.met else None,
        on_ecmo=bool(in_use(facts, frozenset({"ecmo"}), now, knowledge.window("ecmo_window_hours"))),
        risk=tuple(risk.high_risk(s.found, facts, s.context, s.gate.weak, now, knowledge)),
        lung_evidence=risk.lung_evidence(s.found, facts, now, knowledge),
        lung_signal=risk.lung_signal(s.found, facts, now, knowledge),
        causes=tuple(risk.other_causes(facts, now, knowledge)),
        blind=risk.gas_blind(facts, now, knowledge),
        barriers=tuple(referral.transplant_barriers(facts, now, knowledge)),
        referral=referral.referral_sent(facts, now, knowledge),
        quiet=risk.quiet(facts, now, knowledge),
        low_saturation=risk.low_saturation(facts, "spo2_low", now, knowledge, on_air=True) is not None,
        infiltrates=risk.bilateral_infiltrates(facts, now, knowledge),
        infection=infection_signs(facts, now, knowledge),
        pregnancy=find_pregnancy(facts, now, knowledge),
        causes_excluded=attested.says(facts, "causes-excluded", now, knowledge.window("attestation_days")) is True,
    )
    s = replace(s, stage=find_stage(s))
    return replace(s, workup=work_up(s))
