"""When each card is due: one function a topic, in the words of decisions section 9."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules import drug_safety, order_safety
from rpild_rules.definition import CRITERIA, formula
from rpild_rules.diagnoses import first_myositis
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, foremost
from rpild_rules.gate import vague_counts
from rpild_rules.pathway import aip_conditions
from rpild_rules.prognosis import FLAGS
from rpild_rules.when import lately
from rpild_rules.workup import SURVEYED, early, never_done

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

PV, SIGN, SEL = "patient-view", "order-sign", "order-select"
UNUSABLE = frozenset({Reason.UNIT, Reason.COMPARATOR, Reason.CONFLICT})
HARM_THE_FETUS = ("CYC", "MMF", "MTX", "LEF")
ONSET_MISSING = frozenset({"onsetMissing-noMda5", "onsetMissing"})  # variant (b) of `undeterminedHighRisk`


@dataclass(frozen=True, slots=True)
class Trigger:
    """A topic, the hooks it may be sent on, and the variant of its summary if it is due; None when it is not."""

    topic: str
    hooks: frozenset[str]
    due: Callable[[Situation], str | None]
    primary: bool = False


def _if(truth: bool, variant: str = "") -> str | None:
    return variant if truth else None


def combination_therapy(s: Situation) -> str | None:
    due = s.in_context("confirmed") and s.episode.met and not s.episode.treated
    return _if(due, "careLimited" if s.care_limited else "")


def antibody_pending(s: Situation) -> str | None:
    never_sent = s.mda5.state == "none" and s.mda5.reason is None and s.facts.read("E-MSA")
    due = s.in_context("suspected") and s.episode.met and (not s.episode.treated or never_sent) and not s.explained
    variant = "indeterminate" if s.mda5.state == "indeterminate" else "fetchFailed" if s.mda5.reason else ""
    return _if(due, variant)


def other_myositis_antibody(s: Situation) -> str | None:
    return _if(s.in_context("otherMsa") and s.episode.met and not s.episode.treated)


def aip_pathway(s: Situation) -> str | None:
    due = s.in_context("noCtd") and s.episode.met and not s.episode.treated
    return _if(due, "aip" if aip_conditions(s) else "")


def undetermined_high_risk(s: Situation) -> str | None:
    if not s.open or s.explained or three_month_progression(s) is not None:
        return None
    if _arm_one(s) or _arm_three(s):
        if not s.only_onset_missing:
            return ""
        return "onsetMissing-noMda5" if s.mda5.state in ("none", "pending", "indeterminate") else "onsetMissing"
    return _if(_arm_two(s), "armTwo")


def _arm_one(s: Situation) -> bool:
    return s.in_context("confirmed", "suspected") and s.three_months is not MET and s.rp is UNKNOWN and bool(s.risk)


def _arm_two(s: Situation) -> bool:
    """Beyond the month but within three, with a condition met and no word on the CTs."""
    known = s.in_context("confirmed", "suspected") and s.rp is NOT_MET and s.three_months is UNKNOWN and bool(s.risk)
    if not known or not s.condition_met or s.episode.improving:
        return False
    assert s.onset.when  # with a condition met, only a known onset makes the definition not met
    return lately(s.onset.when, s.now, s.knowledge.window("three_months_days")) is MET


def _arm_three(s: Situation) -> bool:
    hard = any(s.found[c].met for c in ("lungFunctionDecline", "hrctIncrease", "gasExchange")) or s.low_saturation
    return s.in_context("otherMsa", "noCtd") and s.rp is UNKNOWN and hard


def three_month_progression(s: Situation) -> str | None:
    return _if(s.in_context("confirmed", "suspected", "otherMsa") and s.three_months is MET and s.open)


def mda5_surveillance(s: Situation) -> str | None:
    quiet = (
        s.stage == "surveillance"
        and not s.episode.met
        and s.three_months is not MET
        and undetermined_high_risk(s) is None
    )
    return _if(quiet and (early(s) or bool(s.risk)) and bool(s.workup.open_items(*SURVEYED)))


def workup(s: Situation) -> str | None:
    """Whether another primary stands before it is decided by the order of the table."""
    if not s.in_context("suspected", "otherMsa", "noCtd") or not s.workup.missing:
        return None
    return _if(s.lung_signal or bool(first_panel_items(s)))


def first_panel_items(s: Situation) -> tuple[str, ...]:
    """What a new myositis without a sign from the lung needs: antibody, ferritin, first CT and lung function."""
    first = first_myositis(s.facts, vague_counts(s.facts, s.now, s.knowledge))
    window = s.knowledge.window("early_days")
    measured = s.mda5.newest is not None or not s.facts.read("E-MSA")  # not read: nobody can say never (K11)
    if measured or not first or lately(first, s.now, window) is not MET:
        return ()
    wanted = ("myositis-panel", "ferritin", *(item for item in ("hrct", "lung-function") if never_done(item, s)))
    return s.workup.open_items(*wanted)


def refractory_options(s: Situation) -> str | None:
    if not s.episode.refractory and not s.episode.signs:
        return None
    if s.care_limited:
        return "careLimited"
    return "breakthrough" if s.episode.breakthrough else "" if s.episode.refractory else "worseningSigns"


def transplant_referral(s: Situation, primary: str) -> str | None:
    early_stage = s.stage in ("firstLine", "response", "refractory", "rescue") or primary in (
        "antibodyPending",
        "otherMyositisAntibody",
    )
    due = s.in_context("confirmed", "suspected", "otherMsa") and s.episode.met and early_stage
    return _if(due and not s.care_limited and not s.referral)


def ecmo_transplant(s: Situation) -> str | None:
    """First match: severe failure (a) in an episode, (b) in proven or suspected disease; (d) ventilated; (c) worse."""
    if s.stage != "rescue" or s.care_limited or s.on_ecmo:
        return None
    if s.severe and s.episode.met:
        return ""
    if s.severe and s.in_context("confirmed", "suspected"):
        return "severeFailureUndetermined"
    return _if(s.rescue is not None, "ventilated" if s.rescue and s.rescue.rule == "i" else "")


def avoid_for_induction(s: Situation) -> str | None:
    return _if(bool(order_safety.avoided(s)))


def possible_infection(s: Situation) -> str | None:
    return _if(s.infection.alarming and bool(drug_safety.signed_immunosuppressants(s)))


def pregnancy_check(s: Situation) -> str | None:
    return _if(s.pregnancy.concern and bool(order_safety.signed(s.facts, *HARM_THE_FETUS)))


def cni_safety(s: Situation) -> str | None:
    return _if(bool(drug_safety.cni_checks(s)))


def pre_immunosuppression_screen(s: Situation) -> str | None:
    return _if(drug_safety.screen(s) is not None)


def pjp_prophylaxis(s: Situation) -> str | None:
    return _if(drug_safety.lacks_prophylaxis(s))


def cytopenia(s: Situation) -> str | None:
    return _if(bool(drug_safety.low_counts(s)))


def jaki_risk(s: Situation) -> str | None:
    return _if(bool(drug_safety.jak_risks(s)))


def steroid_only(s: Situation) -> str | None:
    return _if(drug_safety.steroid_alone(s))


def data_quality(s: Situation) -> str | None:
    return _if(bool(list(unusable(s))))


def unusable(s: Situation) -> Iterator[tuple[Finding, Reason]]:
    """Criteria and flags that a data fault leaves open although their answer would matter, and the fault.

    A date that is not precise enough counts unless the card on the undetermined risk is the primary and says it.
    """
    faults = UNUSABLE if primary_topic(s) == "undeterminedHighRisk" else UNUSABLE | {Reason.IMPRECISE_DATE}
    for id in (*CRITERIA, *FLAGS):
        finding = s.found[id]
        open_by = {m.reason for m in finding.missing if m.reason in faults}
        if open_by and (id in FLAGS or _matters(id, s)):
            yield finding, foremost(open_by)


def primary_topic(s: Situation) -> str:
    """The one main card that is due, or empty."""
    return next((t.topic for t in TRIGGERS if t.primary and t.due(s) is not None), "")


def _matters(id: str, s: Situation) -> bool:
    """Whether settling one criterion changes a definition, or the risk; a composite is settled as such."""
    now = {name: finding.status for name, finding in s.found.items()}
    return not s.risk or any(formula(now, {id: status}) != formula(now) for status in (MET, NOT_MET))


def _table() -> tuple[Trigger, ...]:
    """Primaries first, in the order in which the first that is due wins (section 10.1)."""
    both, view = frozenset({PV, SIGN}), frozenset({PV})
    primaries: tuple[tuple[str, frozenset[str], Callable[[Situation], str | None]], ...] = (
        ("refractoryOptions", both, refractory_options),
        ("combinationTherapy", both, combination_therapy),
        ("antibodyPending", both, antibody_pending),
        ("otherMyositisAntibody", both, other_myositis_antibody),
        ("aipPathway", both, aip_pathway),
        ("threeMonthProgression", both, three_month_progression),
        ("undeterminedHighRisk", both, undetermined_high_risk),
        ("mda5Surveillance", view, mda5_surveillance),
        ("workup", view, workup),
    )
    order = frozenset({SIGN, SEL})
    others = (
        Trigger("ecmoTransplant", both, ecmo_transplant),
        Trigger("avoidForInduction", order, avoid_for_induction),
        Trigger("possibleInfection", order, possible_infection),
        Trigger("pregnancyCheck", order, pregnancy_check),
        Trigger("cniSafety", order, cni_safety),
        Trigger("preImmunosuppressionScreen", order, pre_immunosuppression_screen),
        Trigger("pjpProphylaxis", order, pjp_prophylaxis),
        Trigger("cytopenia", order, cytopenia),
        Trigger("jakiRisk", order, jaki_risk),
        Trigger("steroidOnly", order, steroid_only),
        Trigger("dataQuality", view, data_quality),
    )
    return (*(Trigger(topic, hooks, due, True) for topic, hooks, due in primaries), *others)


TRIGGERS = _table()


@dataclass(frozen=True, slots=True)
class Due:
    """A card that is due: its topic, the variant of its summary, and the hooks it may be sent on."""

    topic: str
    variant: str
    hooks: frozenset[str]
    primary: bool


def due_cards(s: Situation) -> list[Due]:
    """Every card that is due, before merging and capping: at most one primary, transplant referral after it."""
    due = [Due(t.topic, variant, t.hooks, t.primary) for t in TRIGGERS if (variant := t.due(s)) is not None]
    primary = next((d for d in due if d.primary), None)
    chosen = [d for d in due if not d.primary or d is primary]
    if primary and primary.topic == "workup" and s.explained:
        chosen[chosen.index(primary)] = Due("workup", "", frozenset({PV, SIGN}), True)
    variant = transplant_referral(s, primary.topic if primary else "")
    if variant is not None:
        chosen.append(Due("transplantReferral", variant, frozenset({PV, SIGN}), False))
    return chosen
