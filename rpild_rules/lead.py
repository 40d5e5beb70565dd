"""Lead lines: what is said before the rest of a card on RP-ILD, each only if it applies (decisions section 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules import order_safety, results, risk
from rpild_rules.concepts import DRUG_CLASSES, MECHANICAL
from rpild_rules.findings import MET
from rpild_rules.oxygen import running

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due

RP_CARDS = frozenset(
    {"combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway", "undeterminedHighRisk", "threeMonthProgression",
     "refractoryOptions"}
)  # fmt: skip
READINGS = {"E-MED": "treatment", "E-ORD": "referrals", "E-FLAG": "limits of care"}


def lead_lines(s: Situation, due: Due) -> tuple[str, ...]:
    """The lead lines of one card, in their order."""
    if due.topic == "workup" and s.explained:
        return tuple(_other_causes(s))
    if due.topic not in RP_CARDS:
        return ()
    lines = (
        _gas_blind(s),
        _onset_missing(s, due),
        _latched(s),
        _no_lung_evidence(s, due),
        _other_causes(s),
        _not_yet_judged(s, due),
    )
    more = (_unread(s), _icu_review(s), _running(s))
    return tuple(line for part in (*lines, *more) for line in part)


def _gas_blind(s: Situation) -> Iterator[str]:
    if s.blind:
        key = "gas_blind_care_limited" if s.care_limited else "gas_blind"
        yield s.knowledge.texts.say("lead", key, support=s.blind)


def _onset_missing(s: Situation, due: Due) -> Iterator[str]:
    if due.topic == "undeterminedHighRisk" and due.variant.startswith("onsetMissing"):
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
    elif due.variant.startswith("onsetMissing"):
        yield s.knowledge.texts.say("lead", "no_lung_evidence_open")


def _other_causes(s: Situation) -> Iterator[str]:
    if s.causes:
        yield s.knowledge.texts.say("lead", "other_cause", causes="; ".join(cause.words for cause in s.causes))


def _not_yet_judged(s: Situation, due: Due) -> Iterator[str]:
    if due.topic == "refractoryOptions" and s.episode.signs and not s.episode.refractory:
        yield s.knowledge.texts.say("lead", "not_yet_judged", signs="; ".join(sign.words for sign in s.episode.signs))


def _unread(s: Situation) -> Iterator[str]:
    unread = [words for element, words in READINGS.items() if not s.facts.read(element)]
    unread += [f"the drug {name}" for name in s.therapy.unresolved]
    if unread:
        yield s.knowledge.texts.say("lead", "unread", what=_capital(", ".join(unread)))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _icu_review(s: Situation) -> Iterator[str]:
    if s.care_limited:
        return
    support = next((each.concept for each in running(s.facts, MECHANICAL, s.now) if each.concept == "hfnc"), "")
    high = risk.highest_fraction(s.facts, s.now, "blind_hours", s.knowledge)
    if support or (high and s.knowledge.parameter("icu_fio2").holds(results.value_of(high))):
        words = "high-flow oxygen" if support else f"FiO2 {high.printed}" if high else ""
        yield s.knowledge.texts.say("lead", "icu_review", support=words)


def _running(s: Situation) -> Iterator[str]:
    """Classes of the regimen that run or are being signed."""
    names = sorted({*s.therapy.chains, *order_safety.being_signed(s.facts)}, key=list(DRUG_CLASSES).index)
    if names:
        yield s.knowledge.texts.say("lead", "running", classes=", ".join(names))
