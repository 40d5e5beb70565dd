"""The two evaluations side by side, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.contract import as_contract
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge
from rpild_rules.recommend import Call, choose
from tests.oracle.answers import ANY
from tests.oracle.cards import PRIMARIES
from tests.oracle.evaluate import HOOKS, evaluate
from tests.oracle.generate import Story
from tests.oracle.times import micros
from tests.rules.charts import NOW

UNCAPPED = 99
KNOWN = {*PRIMARIES, "ecmoTransplant", "avoidForInduction", "transplantReferral", "dataQuality"}
Difference = tuple[str, Any, Any]


def differences(story: Story, knowledge: Knowledge) -> list[Difference]:
    """(field, oracle, rules) for every field that differs."""
    return compared(story, knowledge)[1]


def compared(story: Story, knowledge: Knowledge) -> tuple[dict[str, Any], list[Difference]]:
    """What the oracle says, and every field in which the rules differ from it."""
    facts = story.facts()
    said = evaluate(facts, NOW)
    mine, theirs = flat(said), flat(actual(facts, knowledge))
    if mine["gate"] != theirs["gate"]:
        return said, [("gate", mine["gate"], theirs["gate"])]
    return said, [(name, value, theirs.get(name)) for name, value in mine.items() if not same(value, theirs.get(name))]


def same(mine: Any, theirs: Any) -> bool:
    """Equal; a reason that the document does not name is not compared."""
    if isinstance(mine, tuple) and isinstance(theirs, tuple) and mine[-1] == ANY:
        return bool(mine[0] == theirs[0])
    return bool(mine == theirs)


def flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as dotted names."""
    pairs: Iterator[tuple[str, Any]] = ((f"{prefix}{key}", value) for key, value in nested.items())
    found: dict[str, Any] = {}
    for name, value in pairs:
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def actual(facts: PatientFacts, knowledge: Knowledge) -> dict[str, Any]:
    """What the project says, in the oracle's shape."""
    assessment = assess(facts, knowledge, NOW)
    cards = {
        hook: [c.topic for c in choose(assessment, Call(hook, max_cards=UNCAPPED))[0] if c.topic in KNOWN]
        for hook in HOOKS
    }
    outline = {"gate": assessment.gate.failed, "context": assessment.context, "stage": assessment.stage, "cards": cards}
    return outline if assessment.situation is None else {**outline, **_inner(assessment)}


def _inner(assessment: Assessment) -> dict[str, Any]:
    contract = as_contract(assessment, ())
    s: Any = assessment.situation
    reasons = _reasons(contract["missing"])
    pairs = {part: {n: (v, reasons.get(n, "")) for n, v in contract[part].items()} for part in ("criteria", "flags")}
    t0 = s.therapy.t0
    return {
        **pairs,
        "definitions": contract["definitions"],
        "kurasawa": contract["kurasawa"]["met"],
        "mda5": s.mda5.state,
        "marks": sorted(s.mda5.marks),
        "therapy": {
            "combination": s.therapy.combination,
            "t0": (micros(t0.earliest), s.therapy.t0_before_edge) if t0 else None,
            "induction": s.therapy.induction,
        },
        "episode": _episode(s.episode),
        "predicates": _predicates(s),
        "missing_items": sorted(s.workup.missing),
    }


def _reasons(missing: list[dict[str, str]]) -> dict[str, str]:
    """The reason named for each criterion or flag: the first entry."""
    found: dict[str, str] = {}
    for each in missing:
        found.setdefault(each["criterion"], each["reason"])
    return found


def _episode(e: Any) -> dict[str, Any]:
    names = ("treated_now", "improving", "breakthrough", "refractory")
    return {
        **{n: getattr(e, n) for n in names},
        "status": str(e.status),
        "latched": e.latch.held,
        "signs": bool(e.signs),
    }


def _predicates(s: Any) -> dict[str, Any]:
    return {
        "high_risk": bool(s.risk), "lung_evidence": s.lung_evidence, "lung_signal": s.lung_signal, "quiet": s.quiet,
        "gas_blind": bool(s.blind), "severe": s.severe is not None, "rescue": s.rescue.rule if s.rescue else "",
        "explained": s.explained,
        "weak_gate": s.gate.weak, "other_cause": sorted({c.concept for c in s.causes}),
    }  # fmt: skip
