"""Encounters at their edges: acute care on a day, what touches the last month, and what leaves it open (K13, C1)."""

from __future__ import annotations

from datetime import UTC

import pytest

from rpild_rules.findings import Finding
from rpild_rules.stays import acute, overlap, respiratory_stay
from rpild_rules.when import When
from tests.rules.charts import NOW, chart, when
from tests.rules.test_cases import shipped

HERE = When.at(NOW, UTC)
MONTH = shipped().window("c1_window_days")


def stay(*lines: str) -> Finding:
    return respiratory_stay(chart(*lines), HERE, shipped())


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("stay IMP @-5D until=-2d", True),  # begun some time that day
        ("stay IMP @-9d until=-5D", True),  # ended some time that day
        ("stay IMP @-9d until=-5d1m", False),
        ("stay IMP @-5d until=-2d", True),
        ("stay IMP @-9d until=-5d", True),
        ("stay IMP @-4d23h59m until=-2d", False),
        ("stay IMP until=-2d", True),
        ("stay IMP @-6d status=finished", True),
        ("stay AMB @-6d until=-2d", False),
        ("stay EMER @-6d until=-2d", True),
        ("stay IMP @-6d until=-2d status=cancelled", False),
    ],
)
def test_acute_care_at_an_earlier_time(line: str, held: bool) -> None:
    assert acute(chart(line), when("-5d"), HERE) is held


@pytest.mark.parametrize(("status", "held"), [("in-progress", True), ("onleave", True), ("finished", False)])
def test_acute_care_now_is_care_that_goes_on(status: str, held: bool) -> None:
    assert acute(chart(f"stay IMP @-5d status={status}"), HERE, HERE) is held


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("stay IMP status=finished", "unknown"),
        ("stay IMP @-40d status=finished", "unknown"),
        ("stay IMP @-20d status=finished", "met"),
        ("stay IMP", "met"),
        ("stay IMP @-400d until=-20D/year", "unknown"),  # it may have ended long ago
        ("stay IMP @-400d until=+60D/month", "met"),
        ("stay IMP @-400d until=-0D", "met"),
        ("stay IMP @-400d until=-40D", "notMet"),
    ],
)
def test_what_touches_the_last_month(line: str, status: str) -> None:
    (found,) = chart(line).stays
    assert overlap(found, HERE, MONTH) == status


def test_every_answer_names_its_setting_and_its_record() -> None:
    met, never = stay("stay IMP @-3d reason=dyspnea id=e"), stay("stay AMB @-3d until=-3d reason=dyspnea id=e")
    unknown = stay("stay IMP @-3d id=e")
    assert [each.status for each in (met, never, unknown)] == ["met", "notMet", "unknown"]
    assert {each.parameters for each in (met, never, unknown)} == {("c1_window_days",)}
    assert {each.evidence for each in (met, never, unknown)} == {("Encounter/e",)}


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("stay ? @-3d until=-3d reason=dyspnea", ["unstructured"]),
        ("stay ? status=finished reason=dyspnea", ["unstructured"]),
        ("stay IMP @-3d", ["unstructured"]),
        ("stay IMP status=finished reason=dyspnea", ["imprecise-date"]),
        ("stay IMP status=finished reason=vte", ["no-data"]),
        ("stay IMP @-3d reason=vte", ["no-data"]),
    ],
)
def test_why_an_encounter_leaves_it_open(line: str, reasons: list[str]) -> None:
    found = stay(line)
    assert (found.status, sorted(found.reasons)) == ("unknown", reasons)
