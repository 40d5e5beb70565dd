"""Lead lines: what is said before the rest of a card on RP-ILD, each only if it applies (decisions section 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules import order_lines, order_safety
from rpild_rules.concepts import DRUG_CLASSES
from rpild_rules.findings import MET
from rpild_rules.results import printed
from rpild_rules.support import highest_fraction, in_use, needs_much_oxygen
from rpild_rules.triggers import ONSET_MISSING

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due

RP_CARDS = frozenset(
    {
        "combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway", "undeterminedHighRisk",
        "threeMonthProgression", "refractoryOptions",
    }
)  # fmt: skip
UNREAD = {"E-MSA": "antibodies", "E-MED": "treatment", "E-ORD": "referral", "E-FLAG": "limits"}
HIGH_FLOW, VENTILATION = frozenset({"hfnc"}), frozenset({"invasive-ventilation"})
CENTRE_CARDS = frozenset({"transplantReferral", "ecmoTransplant"})


def lead_lines(s: Situation, due: Due) -> tuple[str, ...]:
    """The lead lines of one card, in their order."""
    if due.topic == "workup" and s.explained:
        return tuple(_other_causes(s))
    if due.topic in CENTRE_CARDS:
        return tuple(_unread(s))
    if due.topic not in RP_CARDS:
        return ()
    parts = (
        _gas_blind(s), _onset_missing(s, due), _latched(s), _no_lung_evidence(s, due), _other_causes(s),
        _not_yet_judged(s, due), order_lines.on_primary(s), _unread(s), _icu_review(s), _pregnancy(s),
        _running(s),
    )  # fmt: skip
    return tuple(line for part in parts for line in part)


def _gas_blind(s: Situation) -> Iterator[str]:
    if s.blind:
        key = "gas_blind_care_limited" if s.care_limited else "gas_blind"
        yield s.knowledge.texts.say("lead", key, support=s.blind)


def _onset_missing(s: Situation, due: Due) -> Iterator[str]:
    if due.variant in ONSET_MISSING:
        yield s.knowledge.texts.say("lead", "onset_missing")


def _latched(s: Situation) -> Iterator[str]:
    if s.rp is MET or not s.episode.latch.on:
        return
    yield s.knowledge.texts.say("lead", "latched", date=s.episode.latch.on.printed)
    if s.onset.when and s.onset.older:
        yield s.knowledge.texts.say("lead", "two_onsets", onset=s.onset.when.printed, older=s.onset.older.printed)


def _no_lung_evidence(s: Situation, due: Due) -> Iterator[str]:
    if s.lung_evidence:
        return
    if s.episode.met:
        yield s.knowledge.texts.say("lead", "no_lung_evidence")
    elif due.variant in ONSET_MISSING:
        yield s.knowledge.texts.say("lead", "no_lung_evidence_open")


def _other_causes(s: Situation) -> Iterator[str]:
    if s.causes:
        causes = dict.fromkeys(cause.words for cause in s.causes)
        yield s.knowledge.texts.say("lead", "other_cause", causes="; ".join(causes))


def _not_yet_judged(s: Situation, due: Due) -> Iterator[str]:
    if due.topic == "refractoryOptions" and s.episode.signs and not s.episode.refractory:
        yield s.knowledge.texts.say("lead", "not_yet_judged", signs="; ".join(sign.words for sign in s.episode.signs))


def _unread(s: Situation) -> Iterator[str]:
    """What could not be read and would bear on the card (K11); orders tell of referrals and of limits of care."""
    unread = [UNREAD[element] for element in UNREAD if not s.facts.read(element)]
    unread = ["more_antibodies" if each == "antibodies" and s.mda5.newest else each for each in unread]
    unread += ["limits"] if "referral" in unread and "limits" not in unread else []
    unread += ["drug"] if "" in s.therapy.unresolved and "treatment" not in unread else []
    if unread:
        yield " ".join(s.knowledge.texts.say("lead", f"unread_{each}") for each in unread)


def _icu_review(s: Situation) -> Iterator[str]:
    """High-flow or much oxygen outside a ventilator, which means intensive care already."""
    window = s.knowledge.window("blind_hours")
    on_high_flow = bool(in_use(s.facts, HIGH_FLOW, s.now, window))
    high = highest_fraction(s.facts, s.now, window, s.knowledge)
    ventilated = bool(in_use(s.facts, VENTILATION, s.now, window))
    if s.care_limited or ventilated or not (on_high_flow or needs_much_oxygen(high, "icu_fio2", s.knowledge)):
        return
    words = s.knowledge.texts.label("support", "hfnc") if on_high_flow else f"FiO2 {printed(high)}" if high else ""
    yield s.knowledge.texts.say("lead", "icu_review", support=words)


def _pregnancy(s: Situation) -> Iterator[str]:
    if s.pregnancy.concern:
        yield s.knowledge.texts.say("lead", "pregnancy_documented" if s.pregnancy.documented else "pregnancy_possible")


def _running(s: Situation) -> Iterator[str]:
    """Classes of the regimen that run or are being signed, each with which of the two."""
    names = sorted(order_safety.being_signed(s.facts) | s.therapy.chains.keys(), key=list(DRUG_CLASSES).index)
    if names:
        yield s.knowledge.texts.say("lead", "running", classes=", ".join(_class(s, name) for name in names))


def _class(s: Situation, name: str) -> str:
    """A drug class: in these orders, or running; marked where its dose or its route had to be assumed."""
    texts, chain = s.knowledge.texts, s.therapy.chains.get(name)
    marks = ["no_dose"] if name == "GC" and s.therapy.induction_unreadable else []
    marks += ["no_route"] if chain and any(not use.treatment.route for use in chain.uses) else []
    words = ", ".join(texts.label("drug_class", mark) for mark in marks or (["running"] if chain else []))
    return f"{texts.label('drug_class', name)} ({words or texts.say('common', 'here')})"
