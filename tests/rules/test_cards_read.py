"""Cards as they are sent, over every case and vignette: short, dated, telling what is unknown, claiming nothing."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.mixed import answers_for, read_bundle
from rpild_rules.assess import assess
from rpild_rules.assessment import Recommendation
from rpild_rules.basis import ORDER_READS
from rpild_rules.knowledge import load_knowledge
from rpild_rules.recommend import Call, choose
from rpild_rules.triggers import TRIGGERS
from tests.rules.charts import NOW, chart
from tests.rules.test_texts import FORBIDDEN

CASES = Path(__file__).resolve().parent.parent / "cases"
HOOKS = ("patient-view", "order-sign", "order-select")
KNOWLEDGE = load_knowledge()
USUAL, WORST, MARGIN = 250, 350, 40
DATED = re.compile(r"Newest data: (?:\d{4}-\d\d(?:-\d\d)?[^.]*(?:ago|today|future)|-|\d{4}(?:-\d\d)?)\. Inputs: \S")
OPEN = (
    "Not determined:",
    "could not be read",
    "are known.",
    "No usable recent result: ",
    "could be judged.",
    "Unknown: ",
)
BOUND = re.compile(r"[<>]=?(?=\d)")  # a value as sent
CODES = re.compile(r"mm\[Hg\]|\d Cel\b|10\*\d|\[pH\]|\{")


@dataclass(frozen=True)
class Sent:
    """One card with the chart that led to it."""

    origin: str
    card: Recommendation

    @property
    def lines(self) -> list[str]:
        return [line for part in self.card.sections for line in part.lines]

    @property
    def words(self) -> int:
        """Words of the detail, titles included: whatever holds a letter or a figure."""
        said = " ".join([*(part.title for part in self.card.sections), *self.lines])
        return sum(any(each.isalnum() for each in word) for word in said.split())


def _sent(origin: str, facts: Any, now: datetime) -> Iterator[Sent]:
    result = assess(facts, KNOWLEDGE, now)
    for hook in HOOKS:
        yield from (Sent(f"{origin} ({hook})", card) for card in choose(result, Call(hook, 3))[0])


@cache
def of_cases() -> tuple[Sent, ...]:
    """The cards of every case of tests/cases, with the shipped values."""
    return tuple(_of_cases())


def _of_cases() -> Iterator[Sent]:
    for path in sorted(CASES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in content["case"]:
            common = content.get("common", []) if case.get("common", True) else []
            options = {key: case[key] for key in ("age", "sex") if key in case}
            yield from _sent(f"{path.stem}: {case['name']}", chart(*common, *case["chart"], **options), NOW)


@pytest.fixture(scope="module")
def of_vignettes(shared: Path) -> list[Sent]:
    """The cards of the vignettes beside the project."""
    sys.path.insert(0, str(shared / "vignettes"))
    try:
        kit = import_module("vignettes")
    finally:
        sys.path.pop(0)
    now, concepts, found = datetime.now(UTC), kit.Concepts.load(), []
    for vignette in kit.load([shared / "vignettes/visible.toml"]):
        made = vignette.build(kit.Clock(now), concepts)
        body, context = json.dumps(kit.bundle(made)).encode(), kit.context(vignette, made)
        drafts = json.dumps(context["draftOrders"]).encode() if "draftOrders" in context else None
        asked = ChartContext(made.patient_id, now, UTC, context["userId"], draft_orders=drafts)
        facts = read_chart(answers_for(read_bundle(body), made.patient_id), asked).facts
        found += _sent(vignette.id, facts, now)
    return found


def test_the_cases_reach_every_topic() -> None:
    """What follows proves nothing of a card that never comes."""
    assert {each.card.topic for each in of_cases()} >= {each.topic for each in TRIGGERS} | {"transplantReferral"}


def test_the_usual_critical_card_is_short(of_vignettes: list[Sent]) -> None:
    """The median of the critical cards of the vignettes, and the worst card of all."""
    critical = [each.words for each in of_vignettes if each.card.indicator == "critical"]
    assert len(critical) > 40
    assert median(critical) <= USUAL
    assert [(each.origin, each.words) for each in of_vignettes if each.words > WORST] == []


def test_no_card_of_a_case_is_long() -> None:
    assert len(of_cases()) > 300
    assert [(each.origin, each.card.topic, each.words) for each in of_cases() if each.words > WORST + MARGIN] == []


def test_every_card_says_how_old_the_data_are() -> None:
    assert [each.origin for each in of_cases() if not DATED.search("\n".join(each.lines))] == []


def test_every_card_says_what_is_unknown() -> None:
    """A list of what is missing, a line of what is open, or that nothing is."""
    silent = [(each.origin, each.card.topic) for each in of_cases() if not _tells(each)]
    assert silent == []


def _tells(each: Sent) -> bool:
    said = [line for part in each.card.sections if part.title == "Unknown" for line in part.lines]
    lists = each.card.topic in ("undeterminedHighRisk", "threeMonthProgression")
    return bool(said) and (lists or any(word in line for line in said for word in OPEN))


def test_no_card_claims_too_much() -> None:
    """Over what is really sent, values and names of the chart included."""
    said = [(each.origin, BOUND.sub("", line)) for each in of_cases() for line in each.lines]
    assert [each for each in said if FORBIDDEN.search(each[1])] == []


def test_no_card_shows_a_code_of_a_unit(of_vignettes: list[Sent]) -> None:
    assert [(each.origin, line) for each in of_vignettes for line in each.lines if CODES.search(line)] == []


def test_every_criterion_on_a_card_tells_its_limit() -> None:
    limits = KNOWLEDGE.texts.sections["limit"].keys()
    names = [KNOWLEDGE.texts.label("criterion", id) for id in limits]
    met = [
        line
        for each in of_cases()
        for part in each.card.sections
        for line in part.lines
        if part.title == "Why" and line.startswith(tuple(f"{name}: " for name in names))
    ]
    assert len(met) > 100
    assert [line for line in met if "teaching deck" not in line and "proposed" not in line] == []


def test_a_card_on_an_order_names_only_what_it_read() -> None:
    cards = [each for each in of_cases() if each.card.topic in ORDER_READS]
    assert len({each.card.topic for each in cards}) == len(ORDER_READS)
    for each in cards:
        reads = KNOWLEDGE.texts.label("reads", each.card.topic)
        assert any(line.endswith(f"Inputs: {reads}.") for line in each.lines), each.origin
        assert not any("Fall of DLCO" in line for line in each.lines), each.origin


def test_a_test_offered_for_an_order_survives_the_cap() -> None:
    """Two cards may be shown; the screen that is cut off leaves its tests to the first card."""
    facts = chart(
        "test anti-mda5-qual positive @-14d", "condition dyspnea @-18D", "pao2 57 @-1d", "fever 38.6 @-2h",
        "body-temp 38.6 @-2h", "draft drug rituximab", "draft drug prednisolone mg=60",
    )  # fmt: skip
    result = assess(facts, KNOWLEDGE, NOW)
    everything, _ = choose(result, Call("order-sign", 9))
    cut, held = choose(result, Call("order-sign", 1))
    offered = {item for card in held if card.topic in ORDER_READS for item in card.items}
    assert len(everything) > 1
    assert offered
    assert offered <= set(cut[0].items)
    assert any(line.startswith("Also: ") for part in cut[0].sections for line in part.lines)
