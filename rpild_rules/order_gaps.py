"""What a card on an order asks of the record and finds no usable result of (decisions section 15: never as normal)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules import drug_safety, results
from rpild_rules.facts import Meaning
from rpild_rules.findings import MET
from rpild_rules.infection import VIRUSES
from rpild_rules.pregnancy import HCG
from rpild_rules.when import When, lately

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

CLEAR = frozenset({Meaning.POSITIVE, Meaning.WEAK, Meaning.NEGATIVE})
LABS = "laboratory"  # the window of section 13 for blood tests, shorter in acute care


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a card: its name in the texts, the element it is read from, the concepts that tell it, its window.

    `window` is the name of a parameter.
    """

    name: str
    element: str
    concepts: frozenset[str]
    window: str


def _single(element: str, window: str, *names: str) -> tuple[Input, ...]:
    return tuple(Input(name, element, frozenset({name}), window) for name in names)


SCREENS = tuple(
    Input(item, "E-SCREEN", frozenset(tests), "screen_days") for item, tests in drug_safety.SCREENED.items()
)
BLOOD = tuple(
    Input(item, "E-CBC" if item == "cbc" else "E-CHEM", frozenset(tests), LABS)
    for item, tests in drug_safety.BLOOD_TESTS.items()
)
INPUTS: dict[str, tuple[Input, ...]] = {
    "possibleInfection": (
        *_single("E-MICRO", "infection_micro_days", "blood-culture", "respiratory-culture"),
        Input("viral-pcr", "E-MICRO", VIRUSES, "infection_micro_days"),
        Input("pjp-test", "E-MICRO", frozenset({"pjp-dna", "pjp-stain-ag"}), "infection_micro_days"),
        *_single("E-VITAL", "infection_temp_hours", "body-temp"),
        *_single("E-INFL", "infection_pct_hours", "procalcitonin"),
    ),
    "pregnancyCheck": (Input("hcg", "E-PREG", HCG, "hcg_days"),),
    "cniSafety": (*_single("E-CHEM", LABS, "creatinine"), *_single("E-CHEM", "cni_result_days", "egfr", "potassium")),
    "preImmunosuppressionScreen": (*SCREENS, *BLOOD),
    "pjpProphylaxis": (Input("kidney", "E-CHEM", frozenset({"creatinine", "egfr"}), LABS),),
    "cytopenia": _single("E-CBC", "cyc_count_days", "neutrophils-abs", "platelets"),
    "jakiRisk": (
        *_single("E-CBC", "flag_max_age_days", "lymphocytes-abs", "neutrophils-abs", "hemoglobin"),
        *(each for each in SCREENS if each.name in ("hbsag", "igra")),
    ),
}


def without_result(s: Situation, topic: str) -> list[str]:
    """The inputs of a card that were read and told nothing, by name; an element that was not read is told apart."""
    label = s.knowledge.texts.label
    return [label("asked", name) for name in (*_absent(s, topic), *_beyond_results(s, topic))]


def _absent(s: Situation, topic: str) -> Iterator[str]:
    for each in INPUTS.get(topic, ()):
        if s.facts.read(each.element) and not _told(each, s):
            yield each.name


def _beyond_results(s: Situation, topic: str) -> Iterator[str]:
    """An antibody that is still open, a test that only one drug calls for, a test that no table of ours reads."""
    if topic == "avoidForInduction" and s.in_context("suspected"):
        yield "mda5"
    if topic == "preImmunosuppressionScreen":
        found = drug_safety.screen(s)
        assert found  # the card is due only when the screen shows something
        yield from ("igg",) if found.consider_igg else ()
    if topic == "pjpProphylaxis":
        yield "g6pd"


def _told(each: Input, s: Situation) -> bool:
    """Whether a readable number or a clear result lies in its window."""
    window = drug_safety.lab_window(s) if each.window == LABS else s.knowledge.window(each.window)
    return any(lately(when, s.now, window) is MET for when in _times(each, s))


def _times(each: Input, s: Situation) -> Iterator[When]:
    yield from (results.time_of(m) for m in results.readable(results.of(s.facts, *sorted(each.concepts)), s.now))
    tests = (r for r in s.facts.results if r.concept in each.concepts)
    yield from (r.when for r in tests if r.valid and r.meaning in CLEAR and r.when)
