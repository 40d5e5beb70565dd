"""The line on a worsening course stands where worsening is what the card rests on, and nowhere else."""

from __future__ import annotations

import pytest

from rpild_rules import recommend, transplant_lines
from tests.rules.keyed import due, situation

SCOPE = ("test anti-mda5-qual positive @-14d", "condition dyspnea @-18D")
MET = (*SCOPE, "pao2 55 @-1d")
TREATED = (*SCOPE, "drug prednisolone @-8d mg=60", "drug tacrolimus @-8d")
JUDGED_WORSE = "attest treatment-response worsening @-1d"
FAILED = (
    SCOPE[0],
    "condition dyspnea @-22D",
    "drug prednisolone @-20d mg=60",
    "drug tacrolimus @-20d",
    "pao2 55 @-21d",
    "attest treatment-response worsening @-14d",
)
LOW_DOSE = (
    SCOPE[0],
    "condition dyspnea @-10D",
    "drug prednisolone @-40d mg=5",
    "drug tacrolimus @-40d",
    "pao2 55 @-1d",
)


def keys(lines: list[str]) -> list[str]:
    return [line.partition(" ")[0] for line in lines]


@pytest.mark.parametrize(
    ("topic", "lines", "told"),
    [
        ("combinationTherapy", MET, 0),
        ("refractoryOptions", FAILED, 1),
    ],
)
def test_a_course_is_told_first_where_treatment_failed(topic: str, lines: tuple[str, ...], told: int) -> None:
    s = situation(*lines)
    assert keys(list(recommend._why(s, due(s, topic)))).count("common.worse") == told


def test_a_breakthrough_under_a_low_dose_is_no_failure_to_be_told_first() -> None:
    s = situation(*LOW_DOSE)
    assert s.episode.refractory
    assert s.episode.breakthrough
    assert "common.worse" not in keys(list(recommend._why(s, due(s, "refractoryOptions"))))


@pytest.mark.parametrize(
    ("lines", "rule", "told"),
    [
        ((JUDGED_WORSE, "support invasive-ventilation @-2d", "pao2 74 @-3h", "fio2 0.5 @-3h"), "i", 0),
        ((JUDGED_WORSE, "support invasive-ventilation @-1d", "pao2 57 @-9d"), "ii", 1),
    ],
)
def test_rescue_by_the_gas_alone_rests_on_no_course(lines: tuple[str, ...], rule: str, told: int) -> None:
    s = situation(*TREATED, *lines)
    assert s.rescue
    assert s.rescue.rule == rule
    assert keys(list(transplant_lines.why(s, due(s, "ecmoTransplant")))).count("common.worse") == told


def test_a_support_of_unknown_begin_says_so() -> None:
    s = situation(*SCOPE, "support invasive-ventilation", "pao2 74 @-3h", "fio2 0.5 @-3h")
    told = list(transplant_lines.why(s, due(s, "ecmoTransplant")))
    assert "ecmoTransplant.support support=support:invasive-ventilation since=-" in told
