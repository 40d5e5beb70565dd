"""What the cards on the order being signed say, and which tests they offer (decisions sections 9 and 12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rpild_rules import drug_safety, order_safety
from rpild_rules.diagnoses import counted
from rpild_rules.workup import MICROBIOLOGY, SCREEN, order_of

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

CNI_TESTS = ("creatinine", "potassium", "magnesium", "cni-trough")
BLOOD_TESTS = ("cbc", "alt", "ast")
LUNG_TOXIC = frozenset({"methotrexate", "leflunomide"})


def avoid(s: Situation) -> Iterator[str]:
    """S1: the drugs, why they are no choice for induction, and what is."""
    texts, drafts = s.knowledge.texts, order_safety.avoided(s)
    yield texts.line("avoidForInduction", "signing", drugs=", ".join(t.printed for t in drafts))
    names = {each for t in drafts for each in t.ingredients}
    if "azathioprine" in names:
        yield texts.line("avoidForInduction", "azathioprine")
    if names & LUNG_TOXIC:
        yield texts.line("avoidForInduction", "lung_toxicity")
    yield texts.line("avoidForInduction", "alternatives")


def infection(s: Situation) -> Iterator[str]:
    """S2: each sign with value and date, and what else can look like it."""
    texts, kinds = s.knowledge.texts, {sign.kind for sign in s.infection.signs}
    yield texts.line("possibleInfection", "signs", signs="; ".join(sign.words for sign in s.infection.signs))
    if s.infection.shown_only:
        yield texts.line("possibleInfection", "shown_only", items="; ".join(s.infection.shown_only))
    if "temperature" in kinds:
        yield texts.line("possibleInfection", "fever")
    if "cmv-dna" in kinds:
        yield texts.line("possibleInfection", "cmv")
    yield texts.line("possibleInfection", "pjp")
    yield texts.line("possibleInfection", "assess")


def pregnancy(s: Situation) -> Iterator[str]:
    """S3: what was found, and the label."""
    texts = s.knowledge.texts
    found = "; ".join((*s.pregnancy.documented, *s.pregnancy.possible))
    yield texts.line("pregnancyCheck", "found", facts=found)
    yield texts.line("pregnancyCheck", "label")


def cni(s: Situation) -> Iterator[str]:
    """S4: what to check, and the trough."""
    texts = s.knowledge.texts
    yield texts.line("cniSafety", "items", items="; ".join(drug_safety.cni_checks(s)))
    yield texts.line("cniSafety", "trough")
    yield texts.line("cniSafety", "reminder")


def screening(s: Situation) -> Iterator[str]:
    """S5: positive results first, then what is missing."""
    texts, found = s.knowledge.texts, drug_safety.screen(s)
    assert found  # the card is due only when the screen shows something
    if found.positive:
        yield texts.line("preImmunosuppressionScreen", "positive", items="; ".join(found.positive))
    for key, items in (("missing", found.missing), ("ordered", found.ordered)):
        if items:
            yield texts.line("preImmunosuppressionScreen", key, items=", ".join(texts.label("item", i) for i in items))
    if order_safety.signed(s.facts, "RTX"):
        yield texts.line("preImmunosuppressionScreen", "hepatitis_b")
    if found.consider_igg:
        yield texts.line("preImmunosuppressionScreen", "igg")
    if not s.episode.met:
        yield from not_assessed(s)


def prophylaxis(s: Situation) -> Iterator[str]:
    """S6: what to look at before choosing."""
    texts = s.knowledge.texts
    allergies = [a.printed for a in s.facts.allergies if "sulfonamide-allergy" in a.concepts and counted(a)]
    if allergies:
        yield texts.line("pjpProphylaxis", "sulfonamide", items=", ".join(dict.fromkeys(allergies)))
    elif not s.facts.read("E-ALL"):
        yield texts.line("pjpProphylaxis", "sulfonamide_unread")
    yield texts.line("pjpProphylaxis", "renal")
    yield texts.line("pjpProphylaxis", "g6pd")


def counts(s: Situation) -> Iterator[str]:
    """S7: the counts with their dates."""
    yield s.knowledge.texts.line("cytopenia", "counts", items="; ".join(drug_safety.low_counts(s)))


def jak(s: Situation) -> Iterator[str]:
    """S8: the risks found, and that the use is off-label."""
    texts = s.knowledge.texts
    yield texts.line("jakiRisk", "risks", risks="; ".join(drug_safety.jak_risks(s)))
    yield texts.line("jakiRisk", "off_label")


def steroid(s: Situation) -> Iterator[str]:
    """S9: the published first option."""
    yield s.knowledge.texts.line("steroidOnly", "first")


def not_assessed(s: Situation) -> Iterator[str]:
    """What is not known of infection while an immunosuppressant is being signed."""
    settled = s.infection.met or s.infection.reviewed or not s.infection.not_assessed
    if not settled and drug_safety.signed_immunosuppressants(s):
        yield s.knowledge.texts.say("common", "infection_not_assessed", missing=", ".join(s.infection.not_assessed))


def on_primary(s: Situation) -> Iterator[str]:
    """Lead line 7, and what the order leaves open: said on the main card."""
    texts = s.knowledge.texts
    if s.infection.fever_alone:
        yield texts.say("lead", "fever_alone")
    elif s.infection.met:
        key = "infection_reviewed" if s.infection.reviewed else "infection_signs"
        signs = "; ".join(sign.words for sign in s.infection.signs)
        yield texts.say("lead", key, signs=signs, date=s.infection.reviewed)
    yield from not_assessed(s)
    if drug_safety.steroid_dose_unread(s):
        yield texts.say("common", "prophylaxis_open")


BODIES: dict[str, Callable[[Situation], Iterator[str]]] = {
    "avoidForInduction": avoid,
    "possibleInfection": infection,
    "pregnancyCheck": pregnancy,
    "cniSafety": cni,
    "preImmunosuppressionScreen": screening,
    "pjpProphylaxis": prophylaxis,
    "cytopenia": counts,
    "jakiRisk": jak,
    "steroidOnly": steroid,
}


def offered(s: Situation, topic: str) -> tuple[str, ...]:
    """The tests that an order-safety card offers and nobody has ordered yet."""
    wanted = {
        "possibleInfection": MICROBIOLOGY,
        "pregnancyCheck": ("hcg",),
        "cniSafety": CNI_TESTS,
        "preImmunosuppressionScreen": _screening_tests(s),
        "cytopenia": ("cbc",),
        "jakiRisk": _screening_tests(s),
    }.get(topic, ())
    return tuple(item for item in wanted if order_of(item, s) is None)


def _screening_tests(s: Situation) -> tuple[str, ...]:
    found = drug_safety.screen(s)
    missing = found.missing if found else ()
    igg = ("igg",) if found and found.consider_igg else ()
    return (*(item for item in (*SCREEN, *BLOOD_TESTS) if item in missing), *igg)
