"""Under which name each group of criteria is worked out, and which answers are open when it cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rpild_rules.assess import assess
from rpild_rules.definition import Moment, conditions
from rpild_rules.findings import Finding
from rpild_rules.when import When
from tests.rules.charts import NOW, UTC, chart
from tests.rules.memory import Memory
from tests.rules.test_cases import knowledge_of, shipped
from tests.rules.test_fatigue import MET
from tests.rules.test_fingerprint import parts

GROUPS = [
    ("dyspnoeaShown", ("dyspnoeaShown",)),
    ("C1", ("dyspnoeaNeedingCare",)),
    ("C2", ("fvcDecline", "dlcoDecline", "lungFunctionDecline")),
    ("C3", ("hrctIncrease",)),
    ("C4", ("respiratoryFailure", "pao2Decline", "gasExchange")),
]


def test_each_group_of_criteria_is_guarded_under_its_name_with_its_answers() -> None:
    now = When.at(NOW, UTC)
    groups = []

    def guard(name: str, work: Callable[[], tuple[Finding, ...]], ids: tuple[str, ...]) -> tuple[Finding, ...]:
        found = work()
        groups.append((name, ids))
        assert tuple(finding.id for finding in found) == ids
        return found

    conditions(Moment(chart(*MET), shipped(), now, now), guard)
    assert groups == GROUPS


@pytest.mark.parametrize(("how", "words"), [
    (None, "no result"), ("fetch-failed", "could not be read"), ("not-permitted", "may not be read"),
])  # fmt: skip
def test_without_any_lung_function_one_series_is_told(how: str | None, words: str) -> None:
    unread = [f"unread E-PFT {how}"] if how else []
    situation = assess(chart("test anti-mda5-qual positive @-14d", *unread), shipped(), NOW).situation
    assert situation
    assert situation.found["fvcDecline"].because == f"FVC: {words}"


def test_points_of_percent_name_the_parameters_that_leave_dlco_out(tmp_path: object) -> None:
    absolute = knowledge_of({"fvc_mode": "absolute"}, tmp_path)  # type: ignore[arg-type]
    situation = assess(chart("test anti-mda5-qual positive @-14d"), absolute, NOW).situation
    assert situation
    assert situation.found["dlcoDecline"].parameters == ("dlco_fall_pct", "fvc_mode")


def test_the_first_line_brings_the_transplant_centre_in_early() -> None:
    assert set(parts(*MET)) == {"combinationTherapy", "transplantReferral"}
    assert Memory().see(*MET) == ["combinationTherapy"]
