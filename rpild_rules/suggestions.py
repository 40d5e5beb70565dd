"""Which work-up items a card offers as orders, most urgent first (decisions section 9, column suggestions)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rpild_rules.concepts import MECHANICAL
from rpild_rules.lead import RP_CARDS
from rpild_rules.order_lines import offered
from rpild_rules.support import in_use
from rpild_rules.triggers import ONSET_MISSING, first_panel_items
from rpild_rules.workup import BLOOD, CONSULTS, SURVEYED

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due

GAS, PANEL, REFERRAL = "arterial-gas", "myositis-panel", "transplant-referral"
OFFERED = {
    "combinationTherapy": ("hrct", *CONSULTS, REFERRAL, GAS, *BLOOD),
    "antibodyPending": (PANEL, *CONSULTS, REFERRAL, "ferritin", "ldh", "crp", GAS),
    "otherMyositisAntibody": (PANEL, *CONSULTS, REFERRAL),
    "aipPathway": ("bal", "viral-pcr", "pjp-test", *CONSULTS),
    "undeterminedHighRisk": (GAS, "lung-function", "hrct"),
    "threeMonthProgression": (*CONSULTS, GAS, "lung-function", "hrct"),
    "mda5Surveillance": SURVEYED,
    "refractoryOptions": CONSULTS,
    "transplantReferral": (REFERRAL, "pulmonology-consult"),
    "ecmoTransplant": ("ecmo-consult", REFERRAL),
}


def suggested(s: Situation, due: Due) -> tuple[str, ...]:
    """The missing items among those that the card offers; a gas first where none tells of severe support."""
    first = (GAS,) if s.blind and due.topic in RP_CARDS else ()
    items = s.workup.open_items(*dict.fromkeys((*first, *_wanted(s, due))))
    return tuple(sorted(items, key=_waits(s))) or offered(s, due.topic)


def _waits(s: Situation) -> Callable[[str], bool]:
    """A CT waits where a machine breathes: it stands last, all else in its order."""
    helped = bool(in_use(s.facts, MECHANICAL, s.now, s.knowledge.window("blind_hours")))
    return lambda item: helped and item == "hrct"


def _wanted(s: Situation, due: Due) -> tuple[str, ...]:
    if due.topic == "workup":
        return s.workup.missing if s.lung_signal else first_panel_items(s)
    if due.variant in ONSET_MISSING:
        return PANEL, *CONSULTS, GAS  # no panel is missing once one was positive
    return OFFERED.get(due.topic, ())
