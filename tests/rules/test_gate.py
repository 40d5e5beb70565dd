"""What the gate still wants to read: ferritin and oxygen, only where a door depends on them (rulings 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpild_rules.findings import Reason
from rpild_rules.gate import open_gate, opened_by_diagnosis, years
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

UNREAD = ("unread E-FERR not-read", "unread E-O2 not-read")


@pytest.mark.parametrize(
    ("lines", "needs"),
    [
        (("condition dyspnea @-5D",), set()),
        (("condition ild @-400D",), {"E-FERR"}),
        (("condition ild @-400D clinical=resolved",), set()),
        (("condition myositis-nos @-90D",), {"E-FERR"}),
        (("condition myositis-nos @-90D verification=provisional",), {"E-FERR"}),
        (("condition myositis-nos @-90D verification=refuted",), set()),
        (("test anti-mda5-qual negative @-60d",), {"E-O2"}),
        (("test anti-mda5-qual negative @-61d",), set()),
        (("condition gottron @-90D",), {"E-O2"}),
        (("condition raynaud @-90D",), set()),
        (("condition ild @-400D", "test anti-mda5-qual negative @-9d"), {"E-FERR", "E-O2"}),
    ],
)
def test_needs_of_a_gate_that_no_door_opens(lines: tuple[str, ...], needs: set[str]) -> None:
    gate = open_gate(chart(*lines, *UNREAD), shipped(), NOW)
    assert (gate.failed, set(gate.needs)) == ("G3", needs)


def test_what_was_read_is_not_needed_again() -> None:
    assert open_gate(chart("condition ild @-400D"), shipped(), NOW).needs == frozenset()


def test_an_open_door_needs_nothing() -> None:
    gate = open_gate(chart("condition gottron @-90D", "condition hypoxemia @-6D", *UNREAD), shipped(), NOW)
    assert (gate.passed, gate.needs) == (True, frozenset())


def test_completed_years() -> None:
    born = NOW.date().replace(year=2008)
    assert years(born, NOW.date()) == NOW.year - 2008
    assert years(born.replace(day=born.day + 1), NOW.date()) == NOW.year - 2009


def test_a_shut_gate_says_why_it_could_not_be_judged() -> None:
    assert open_gate(chart("condition vte @-3D"), shipped(), NOW).reason is None
    unreadable = open_gate(chart("test anti-mda5-qual positive @-9d", "unread E-COND not-permitted"), shipped(), NOW)
    assert (unreadable.failed, unreadable.reason) == ("G5", Reason.NOT_PERMITTED)


@pytest.mark.parametrize("element", ["E-MSA", "E-ORD", "E-FERR", "E-ATT", "E-O2"])
def test_no_door_is_unproven_while_an_element_behind_a_door_cannot_be_read(element: str) -> None:
    gate = open_gate(chart("condition vte @-3D", f"unread {element} fetch-failed"), shipped(), NOW)
    assert (gate.failed, gate.reason) == ("G3", Reason.FETCH_FAILED)


def test_an_element_behind_no_door_leaves_no_doubt() -> None:
    assert open_gate(chart("condition vte @-3D", "unread E-CBC fetch-failed"), shipped(), NOW).reason is None


@pytest.mark.parametrize(("kind", "passed"), [("Practitioner", True), ("PractitionerRole", True), ("Patient", False)])
def test_only_clinicians_pass(kind: str, passed: bool) -> None:
    facts = chart("test anti-mda5-qual positive @-9d")
    gate = open_gate(replace(facts, user=replace(facts.user, kind=kind)), shipped(), NOW)
    assert gate.passed is passed


@pytest.mark.parametrize(
    ("lines", "opened"),
    [
        (("condition dermatomyositis @-90D",), True),
        (("condition dermatomyositis @-90D verification=provisional",), True),
        (("condition dermatomyositis @-90D verification=provisional clinical=resolved",), False),
        (("condition dermatomyositis @-90D verification=refuted",), False),
        (("condition myositis-nos @-90D", "condition gottron @-90D"), False),
        (("test anti-mda5-qual positive @-9d",), False),
        (("condition dermatomyositis @-90D", "limit comfort @-2d"), False),
    ],
)
def test_a_proven_diagnosis_opens_the_gate_before_any_result_is_read(lines: tuple[str, ...], opened: bool) -> None:
    assert opened_by_diagnosis(chart(*lines), shipped(), NOW) is opened
    if opened:  # no result shuts it again
        assert open_gate(chart(*lines, "test anti-mda5-qual negative @-1d"), shipped(), NOW).passed
