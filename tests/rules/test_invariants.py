"""What must hold of any chart: order, unrelated and unreadable data, the latch over 61 days (decisions section 16)."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpild_rules.assess import assess
from rpild_rules.assessment import Situation
from rpild_rules.contract import as_contract
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import MET, Reason
from rpild_rules.knowledge import load_knowledge
from tests.rules.charts import NOW, chart

SOAK = int(os.environ.get("SOAK", "1"))  # `SOAK=50 pytest tests/rules/test_invariants.py` searches longer
KNOWLEDGE = load_knowledge()
OPEN_GATE = ("test anti-mda5-qual positive @-150d", "condition dermatomyositis @-160d")
FIELDS = ("measurements", "results", "diagnoses", "supports", "stays", "scans", "attestations", "treatments", "orders")
LATER_UNREADABLE = (
    "pao2 8 @-5m problem=unit",
    "fvc 1 @-5m problem=unit",
    "dlco 1 @-5m problem=unit",
    "fio2 3 @-5m problem=unit",
    "ferritin 9 @-5m problem=unit",
    "spo2 9 @-5m problem=unit",
    "pao2 30 @-4m status=preliminary",
    "fvc - @-4m",
    "attest hrct-increase-percent - @-5m",
    "attest treatment-response - @-5m",
    "attest respiratory-onset - @-5m",
    "attest ct-worsening - @-5m",
    "attest progressive-dyspnoea - @-5m",
    "attest treatment-response improving @-5m by=patient",
    "condition dyspnea @-5m verification=refuted",
)
UNRELATED = (
    "heart-rate 80 @-1h",
    "potassium 4.1 @-2h",
    "condition hip-fracture @-3D",
    "drug paracetamol @-2d",
    "stay AMB @-200d until=-200d reason=hypertension",  # a visit of this month would answer C1: no hospital stay
    "ct x @-2d concept=cxr",
    "support oxygen-device @-300d until=-299d",
    "attest infection-reviewed true @-1h",
)


def times(most: int) -> st.SearchStrategy[str]:
    instants = st.tuples(st.integers(0, most), st.integers(0, 23)).map(lambda t: f"-{t[0]}d{t[1]}h")
    return st.one_of(instants, st.integers(0, most).map(lambda n: f"-{n}D"))


def numbers(low: int, high: int, step: str) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda n: n * Decimal(step))


def measured(name: str, low: int, high: int, step: str = "1") -> st.SearchStrategy[str]:
    return st.tuples(numbers(low, high, step), times(120)).map(lambda t: f"{name} {t[0]} @{t[1]}")


CONCEPTS = st.sampled_from(["dyspnea", "acute-resp-failure", "hypoxemia", "ards", "cough", "o2-dependence", "ild"])
LINES = st.one_of(
    measured("pao2", 50, 110),
    measured("fio2", 21, 70, "0.01"),
    measured("fvc", 20, 32, "0.1"),
    measured("dlco", 10, 24),
    measured("ferritin", 300, 2000),
    measured("o2-flow", 0, 5),
    measured("paco2", 30, 50),
    times(120).map(lambda t: f"spo2 92 @{t} variant=room-air"),
    st.tuples(CONCEPTS, times(120)).map(lambda t: f"condition {t[0]} @{t[1]}"),
    st.tuples(CONCEPTS, times(120)).map(lambda t: f"condition {t[0]} recorded={t[1]}"),
    st.tuples(CONCEPTS, times(110), st.integers(0, 9)).map(
        lambda t: f"condition {t[0]} @-{110 + t[2]}D clinical=resolved abated={t[1]}"
    ),
    st.tuples(
        st.sampled_from(["IMP", "EMER", "AMB"]), st.sampled_from(["dyspnea", "hip-fracture", ""]), times(120)
    ).map(lambda t: f"stay {t[0]} @{t[2]} reason={t[1]}"),
    st.tuples(st.sampled_from(["hfnc", "niv", "room-air", "nasal-cannula"]), times(120)).map(
        lambda t: f"support {t[0]} @{t[1]} until={t[1]}"
    ),
    st.tuples(st.sampled_from(["true", "false"]), times(60)).map(
        lambda t: f"attest progressive-dyspnoea {t[0]} @{t[1]}"
    ),
    st.tuples(st.integers(0, 40), times(60)).map(lambda t: f"attest hrct-increase-percent {t[0]} @{t[1]}"),
    st.tuples(st.integers(1, 90), times(30)).map(lambda t: f"attest respiratory-onset -{t[0]}D @{t[1]}"),
    st.tuples(st.sampled_from(["stable", "worsening"]), times(60)).map(
        lambda t: f"attest treatment-response {t[0]} @{t[1]}"
    ),
    times(60).map(lambda t: f"drug prednisolone @{t} mg=60"),
    times(60).map(lambda t: f"drug tacrolimus @{t}"),
)
charts = st.lists(LINES, max_size=14)
# Charts in which the criteria are often met today: a recent onset, and one thing that meets a condition.
ONSETS = st.one_of(
    st.tuples(st.sampled_from(["dyspnea", "hypoxemia", "ards"]), times(31)).map(lambda t: f"condition {t[0]} @{t[1]}"),
    times(31).map(lambda t: f"attest respiratory-onset {t} @-1h"),
)
CONDITIONS_MET = st.one_of(
    times(7).map(lambda t: [f"pao2 55 @{t}"]),
    st.tuples(times(7), times(30)).map(lambda t: [f"fvc 2.1 @{t[0]}", f"fvc 3.0 @-{31 + len(t[1])}d"]),
    st.tuples(times(6), times(14)).map(lambda t: [f"o2-flow 4 @{t[0]}", f"attest progressive-dyspnoea true @{t[1]}"]),
    st.tuples(times(30), times(30)).map(lambda t: [f"stay IMP @{t[0]} reason=dyspnea", f"condition dyspnea @{t[1]}"]),
    st.tuples(times(14)).map(lambda t: [f"attest hrct-increase-percent 25 @{t[0]}"]),
    times(6).map(lambda t: [f"support hfnc @{t}", f"condition ards recorded={t}"]),
    st.tuples(times(6), times(30)).map(
        lambda t: [f"pao2 70 @{t[0]}", f"spo2 94 @{t[0]} variant=room-air", "pao2 95 @-31d", "o2-flow 0 @-31d"]
    ),
)
rapid = st.tuples(ONSETS, CONDITIONS_MET, st.lists(LINES, max_size=6)).map(lambda t: [t[0], *t[1], *t[2]])


def situation(facts: PatientFacts, **later: float) -> Situation:
    found = assess(facts, KNOWLEDGE, NOW + timedelta(**later)).situation
    assert found
    return found


def statuses(facts: PatientFacts) -> dict[str, Any]:
    s = situation(facts)
    return {id: finding.status for id, finding in s.found.items()} | {"episode": s.episode.status}


@settings(max_examples=150 * SOAK, deadline=None)
@given(charts, st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(lines: list[str], shuffler: random.Random) -> None:
    facts = chart(*OPEN_GATE, *lines)
    shuffled = {name: tuple(shuffler.sample(getattr(facts, name), len(getattr(facts, name)))) for name in FIELDS}
    one, other = (assess(each, KNOWLEDGE, NOW) for each in (facts, replace(facts, **shuffled)))
    assert as_contract(one, ()) == as_contract(other, ())
    assert one.recommendations == other.recommendations


@settings(max_examples=150 * SOAK, deadline=None)
@given(charts, st.sampled_from(UNRELATED))
def test_an_unrelated_resource_changes_nothing(lines: list[str], more: str) -> None:
    assert statuses(chart(*OPEN_GATE, *lines)) == statuses(chart(*OPEN_GATE, *lines, more))


@settings(max_examples=200 * SOAK, deadline=None)
@given(st.one_of(rapid, charts), st.sampled_from(LATER_UNREADABLE))
def test_what_cannot_be_read_never_undoes_what_is_met(lines: list[str], more: str) -> None:
    before, after = statuses(chart(*OPEN_GATE, *lines)), statuses(chart(*OPEN_GATE, *lines, more))
    assert [id for id, status in before.items() if status is MET and after[id] is not MET] == []


@settings(max_examples=300 * SOAK, deadline=None)
@given(rapid, st.integers(1, 61))
def test_rp_met_at_a_call_keeps_the_episode_for_61_days(lines: list[str], days: int) -> None:
    facts = chart(*OPEN_GATE, *lines)
    now, later = situation(facts), situation(facts, days=days)
    if now.found["fourConditions"].met and now.onset.when == later.onset.when and not later.episode.improving:
        assert later.episode.met


@settings(max_examples=150 * SOAK, deadline=None)
@given(charts)
def test_every_unknown_says_why_and_nothing_else_does(lines: list[str]) -> None:
    s = situation(chart(*OPEN_GATE, *lines))
    assert [f.id for f in s.found.values() if f.unknown != bool(f.missing)] == []
    assert [f.id for f in s.found.values() if Reason.RULE_FAILED in f.reasons] == []
    assert [f.id for f in s.found.values() if not f.because and f.id != "rule"] == []


@pytest.mark.parametrize("element", ["E-GAS", "E-O2", "E-PFT", "E-ATT", "E-ENC", "E-FERR", "E-INFL", "E-CBC", "E-MSA"])
@settings(max_examples=40 * SOAK, deadline=None)
@given(lines=charts)
def test_an_unread_element_never_makes_a_no(element: str, lines: list[str]) -> None:
    """With an element unread, what was unknown stays so, and nothing becomes notMet that was not."""
    before = statuses(chart(*OPEN_GATE, *lines))
    after = statuses(chart(*OPEN_GATE, *lines, f"unread {element} fetch-failed"))
    changed = {id: (before[id], after[id]) for id in before if before[id] is not after[id]}
    assert {id: pair for id, pair in changed.items() if pair[1].value != "unknown"} == {}


def test_the_zone_of_now_does_not_matter() -> None:
    facts = chart(*OPEN_GATE, "condition dyspnea @-18d", "pao2 55 @-1d", "fvc 3.00 @-23d", "fvc 2.60 @-1d")
    one, other = (assess(facts, KNOWLEDGE, now) for now in (NOW, NOW.astimezone(ZoneInfo("Asia/Tokyo"))))
    assert as_contract(one, ()) == as_contract(other, ())
