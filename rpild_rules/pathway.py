"""The context of the disease and the stage of the pathway: tables, the first match wins (decisions 3 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.antibodies import Mda5, other_antibodies
from rpild_rules.diagnoses import having
from rpild_rules.facts import PatientFacts
from rpild_rules.gate import myositis
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation


@dataclass(frozen=True, slots=True)
class Stage:
    """One place in the pathway and the rule that puts a patient there."""

    name: str
    holds: Callable[[Situation], bool]


def find_context(facts: PatientFacts, mda5: Mda5, now: When, knowledge: Knowledge) -> str:
    """`confirmed`, `suspected`, `otherMsa` or `noCtd`, for a patient who passed the gates."""
    if mda5.state == "positive":
        return "confirmed"
    if mda5.state != "negative":
        return "suspected"
    if other_antibodies(facts) or myositis(facts, now, knowledge, unconfirmed=False) or having(facts, {"ctd-other"}):
        return "otherMsa"
    return "noCtd"


def find_stage(s: Situation) -> str:
    """The first stage whose rule holds."""
    return next(stage.name for stage in STAGES if stage.holds(s))


def _rescue(s: Situation) -> bool:
    severe = s.severe is not None and (s.episode.met or s.in_context("confirmed", "suspected"))
    return s.on_ecmo or severe or s.rescue is not None


def _refractory(s: Situation) -> bool:
    return s.episode.refractory


def _maintenance(s: Situation) -> bool:
    treated = s.episode.treated_now or bool(s.therapy.running("CNI"))
    return s.episode.improving and treated and not s.episode.signs


def _response(s: Situation) -> bool:
    return s.episode.treated


def _first_line(s: Situation) -> bool:
    return s.in_context("confirmed") and s.episode.met


def _antibody_pending(s: Situation) -> bool:
    return s.in_context("suspected") and (s.episode.met or s.mda5.state == "pending")


def _surveillance(s: Situation) -> bool:
    return s.in_context("confirmed")


def _suspected(s: Situation) -> bool:
    return s.in_context("suspected")


def _other_msa(s: Situation) -> bool:
    return s.in_context("otherMsa")


def aip_conditions(s: Situation) -> bool:
    """Acute respiratory failure, both lungs, causes excluded by a clinician, no connective-tissue disease."""
    attested = s.infiltrates and s.causes_excluded
    return s.in_context("noCtd") and s.episode.met and s.found["respiratoryFailure"].met and attested


def _rest(s: Situation) -> bool:
    return True


STAGES = (
    Stage("rescue", _rescue),
    Stage("refractory", _refractory),
    Stage("maintenance", _maintenance),
    Stage("response", _response),
    Stage("firstLine", _first_line),
    Stage("antibodyPending", _antibody_pending),
    Stage("surveillance", _surveillance),
    Stage("suspected", _suspected),
    Stage("otherMsa", _other_msa),
    Stage("aip", aip_conditions),
    Stage("ruleOuts", _rest),
)
