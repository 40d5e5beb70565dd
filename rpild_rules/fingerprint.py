"""What makes a card the same card as before: the exact part of its fingerprint (decisions section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from rpild_rules import drug_safety, order_safety
from rpild_rules.concepts import CLASS_OF
from rpild_rules.triggers import unusable

if TYPE_CHECKING:
    from rpild_rules.assessment import Recommendation, Situation

MARKED = frozenset({"transplantReferral", "ecmoTransplant"})  # beside the main cards
# One trigger, told apart by what the antibodies say only.
FIRST_LINE = ("combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway")
CONTEXTS = ("confirmed", "suspected", "otherMsa", "noCtd")
POSITIVE = "positive"
STATES = (POSITIVE, "indeterminate", "negative", "pending", "none")
OF_CONCERN = order_safety.OTHER_DRUGS | CLASS_OF.keys()
CARE_LIMITED = "careLimited"
VALUE = re.compile(r"[^A-Za-z]*[\d(].*")


def is_marked(r: Recommendation) -> bool:
    """Whether the card is known by the state of the disease, with marks, or by the order being signed."""
    return r.primary or r.topic in MARKED


def exact(r: Recommendation, s: Situation) -> str:
    """The exact part, as text. Neither time of evaluation nor id of a resource is in it."""
    return _of_disease(r.topic, r.variant, s.context, s.mda5.state) if is_marked(r) else _of_order(r, s)


def equal_parts(r: Recommendation, s: Situation) -> frozenset[str]:
    """Every exact part that is no change: an element that was not read keeps its stored part."""
    if not is_marked(r):
        return frozenset({exact(r, s)})
    if s.mda5.reason:
        topics = FIRST_LINE if r.topic in FIRST_LINE else (r.topic,)
        return frozenset(p for topic in topics for p in _all_parts(topic, s, CONTEXTS, STATES))
    if s.facts.read("E-FLAG"):
        return frozenset({exact(r, s)})
    return frozenset(_of_disease(r.topic, each, s.context, s.mda5.state) for each in (r.variant, CARE_LIMITED))


def positive_parts(r: Recommendation, s: Situation) -> frozenset[str]:
    """The exact parts that this card can have had when the antibody was positive already."""
    return frozenset(_all_parts(r.topic, s, CONTEXTS, (POSITIVE,)))


def _all_parts(topic: str, s: Situation, contexts: Iterable[str], states: Iterable[str]) -> Iterable[str]:
    variants = ("", *s.knowledge.texts.topic(topic).variants)
    return (_of_disease(topic, *each) for each in product(variants, contexts, states))


def _of_disease(topic: str, variant: str, context: str, state: str) -> str:
    return "|".join((topic, variant, context, state))


def _of_order(r: Recommendation, s: Situation) -> str:
    signed = [t for t in s.facts.drafted_treatments if t.status not in order_safety.CLOSED and not t.do_not_perform]
    drugs = {name for t in signed for name in t.ingredients & OF_CONCERN}
    return "|".join((r.topic, ",".join(sorted(drugs)), ",".join(sorted({*_failing(r.topic, s)}))))


def _failing(topic: str, s: Situation) -> Iterable[str]:
    """What fails, without its values: a potassium that rose further is the same item."""
    if topic == "dataQuality":
        return (f"{finding.id}:{reason}" for finding, reason in unusable(s))
    if topic == "pregnancyCheck":
        return ("documented" if s.pregnancy.documented else "possible",)
    if topic == "preImmunosuppressionScreen":
        found = drug_safety.screen(s)
        return (*found.missing, *map(item_of, found.positive)) if found else ()
    words = {
        "possibleInfection": tuple(sign.words for sign in s.infection.signs),
        "cniSafety": drug_safety.cni_checks(s),
        "cytopenia": drug_safety.low_counts(s),
        "jakiRisk": drug_safety.jak_risks(s),
    }
    return map(item_of, words.get(topic, ()))


def item_of(words: str) -> str:
    """`potassium >5.9 mmol/L on ...` is the item `potassium`: the words up to a number or a bracket."""
    return VALUE.sub("", words).strip().lower()
