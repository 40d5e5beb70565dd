"""The whole evaluation in the order of section 7: a chart and a time in, a plain dictionary out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from rpild_rules.facts import PatientFacts
from tests.oracle.answers import Answer, all_of, any_of
from tests.oracle.antibodies import context, mda5_state
from tests.oracle.cards import Facts, sent, stage_of
from tests.oracle.care import dyspnoea_shown
from tests.oracle.chart import VALID, View
from tests.oracle.criteria import criteria, definitions, latched_on
from tests.oracle.ct import ct_worsening, ct_worsening_92, valid_true
from tests.oracle.episode import build
from tests.oracle.flags import flags, kurasawa
from tests.oracle.gate import first_failed, weak
from tests.oracle.onset import Border, Onset, find_onset, main_clock, within_a_month
from tests.oracle.predicates import (
    EXPLAINING,
    gas_blind,
    high_risk,
    lung_evidence,
    lung_signal,
    other_causes,
    quiet,
    rescue_need,
    severe_failure,
)
from tests.oracle.therapy import Therapy, therapy
from tests.oracle.times import Span, instant, micros
from tests.oracle.workup import Case, missing


def evaluate(facts: PatientFacts, now: datetime) -> dict[str, Any]:
    """All that is compared."""
    t = instant(micros(now), facts.zone)
    view = View(facts, t, t)
    state = mda5_state(view)
    failed, doors = first_failed(view, state)
    if failed:
        return {"gate": failed, "context": "outOfScope", "stage": "outOfScope", "cards": {hook: [] for hook in HOOKS}}
    return _in_scope(view, state, doors)


HOOKS = ("patient-view", "order-sign", "order-select")


def _in_scope(view: View, state: Any, doors: set[str]) -> dict[str, Any]:
    drugs = therapy(view)
    border = Border(drugs.t0, _improved(view))
    onset, first = find_onset(view, main_clock(), border), find_onset(view, "first_symptom", border)
    on, on_first, c = within_a_month(view, onset), within_a_month(view, first), criteria(view)
    d, f = definitions(view, on, on_first, c), flags(view)
    count = kurasawa(view, drugs)
    latch = latched_on(view, onset)
    episode = build(view, onset, drugs, d["fourConditions"].status, latch is not None, count)
    facts = _assemble(view, state, doors, drugs, episode, (onset, on, on_first), (c, d, f))
    return _printed(facts, drugs, count, doors, state)


def _improved(view: View) -> tuple[Span, ...]:
    """Every attested improvement, whatever was attested after it: the attestation itself, not the fact."""
    said = [a for a in view.facts.attestations if a.code == "treatment-response" and a.value == "improving"]
    counting = (a for a in said if a.by_clinician and a.status in VALID and view.known(a.made))
    return tuple(view.time(a.made) for a in counting)


def _assemble(
    view: View,
    state: Any,
    doors: set[str],
    drugs: Therapy,
    episode: Any,
    onsets: tuple[Onset, Answer, Answer],
    found: tuple[Any, Any, Any],
) -> Facts:
    """Step 7."""
    (onset, on, on_first), (c, d, f) = onsets, found
    where, weak_gate = context(view, state), weak(doors)
    risk = high_risk(view, on, c, f, where, weak_gate)
    explained = weak_gate and bool(other_causes(view, proven=True) & EXPLAINING)
    missing_onset = on.status == "unknown" and any(
        c[name].met for name in ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange")
    )
    rp = d["fourConditions"].status
    def3 = d["threeMonthProgression"].met and not episode.met
    case = Case(
        view,
        state,
        where,
        "",
        rp,
        episode,
        drugs,
        risk,
        explained,
        quiet(view),
        f["ferritin828"].met,
        missing_onset,
        gas_blind(view),
        def3,
    )
    aip = valid_true(view, "bilateral-infiltrates", "attestation_days", film=True) and valid_true(
        view, "causes-excluded", "attestation_days"
    )

    def turned(name: str | None, answer: Answer) -> tuple[object, ...]:
        return _turned(view, name, answer, (on, on_first), (c, f), (where, weak_gate))

    severe, rescue = severe_failure(view), rescue_need(view, episode)
    facts = Facts(case, on, onset.when, c, d, f, severe, rescue, lung_signal(view, on, c), aip, weak_gate, turned)
    return replace(facts, case=replace(case, stage=stage_of(facts)))


def _turned(
    view: View,
    name: str | None,
    answer: Answer,
    onsets: tuple[Answer, Answer],
    found: tuple[Any, Any],
    place: tuple[str, bool],
) -> tuple[object, ...]:
    """Definitions and highRisk with one criterion decided."""
    (on, on_first), (c, f) = onsets, found
    c = {**c, name: answer} if name in c else dict(c)
    on, on_first = (answer, answer) if name == "onsetWithinOneMonth" else (on, on_first)
    if name in ("fvcDecline", "dlcoDecline"):
        c["lungFunctionDecline"] = any_of([c["fvcDecline"], c["dlcoDecline"]])
    if name in ("respiratoryFailure", "pao2Decline"):
        c["gasExchange"] = any_of([c["respiratoryFailure"], c["pao2Decline"]])
    shown = dyspnoea_shown(view)
    four = all_of(
        [on, any_of(c[n] for n in ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange"))]
    )
    triad = all_of([on_first, ct_worsening(view), shown, c["respiratoryFailure"]])
    three = all_of([shown, ct_worsening_92(view)])
    return four.status, triad.status, three.status, high_risk(view, on, c, f, *place)


def _unnamed_reason(f: Facts) -> dict[str, tuple[str, str]]:
    """C1 is "else unknown": the document names no reason for its legs."""
    answer = f.criteria["dyspnoeaNeedingCare"]
    return {"dyspnoeaNeedingCare": (answer.status, "any" if answer.status == "unknown" else "")}


def _printed(f: Facts, drugs: Therapy, count: int, doors: set[str], state: Any) -> dict[str, Any]:
    case, e = f.case, f.case.episode
    return {
        "gate": "",
        "context": case.context,
        "stage": case.stage,
        "definitions": {name: answer.status for name, answer in f.definitions.items()},
        "criteria": {name: (a.status, a.foremost) for name, a in {"onsetWithinOneMonth": f.on,
        **f.criteria}.items()} | _unnamed_reason(f),
        "flags": {name: (a.status, a.foremost) for name, a in f.flags.items()},
        "kurasawa": count,
        "mda5": state.name,
        "marks": sorted(state.marks),
        "therapy": {"combination": drugs.combination, "t0": (drugs.t0.lo, drugs.edge) if drugs.t0 else None,
        "induction": drugs.induction},
        "episode": {
            "status": e.status, "latched": e.latched, "treated_now": e.treated_now, "improving": e.improving,
            "breakthrough": e.breakthrough, "refractory": e.refractory, "signs": bool(e.signs),
        },
        "predicates": {
            "high_risk": case.high_risk, "lung_evidence": lung_evidence(case.view, f.criteria),
            "lung_signal": f.lung_signal,
            "quiet": case.quiet, "gas_blind": gas_blind(case.view), "severe": bool(f.severe), "rescue": f.rescue,
            "explained": case.explained, "weak_gate": f.weak_gate, "other_cause": sorted(other_causes(case.view)),
        },
        "missing_items": sorted(missing(case)),
        "cards": sent(f),
    }  # fmt: skip
