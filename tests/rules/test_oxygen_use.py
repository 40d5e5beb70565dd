"""Oxygen of the last week: what proves it, what leaves it open, and the records and words of each answer (C1)."""

from __future__ import annotations

import pytest

from rpild_rules.findings import Finding
from rpild_rules.oxygen_use import oxygen_support
from rpild_rules.when import When
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

AIR = "spo2 97 @-2d variant=room-air id=air"
CANNOT = "a record of oxygen in the last week cannot be judged"
NO_WORD = "no word on oxygen or room air in the last week"
NOT_ALL = "room air, but not all records of oxygen could be read"


def support(*lines: str) -> Finding:
    facts = chart(*lines)
    return oxygen_support(facts, When.at(NOW, facts.zone), shipped())


@pytest.mark.parametrize(
    ("lines", "reason", "words", "evidence"),
    [
        ((), "no-data", NO_WORD, []),
        ((AIR, "unread E-O2 partial"), "fetch-failed", NOT_ALL, []),
        ((AIR, "fio2 0.5 @-2d problem=unit id=o"), "unit", CANNOT, ["o"]),
        ((AIR, "fio2 0.5 id=o"), "imprecise-date", CANNOT, ["o"]),
        ((AIR, "fio2 <0.4 @-2d id=o"), "comparator", CANNOT, ["o"]),
        ((AIR, "fio2 0.5 @-20D/month id=o"), "imprecise-date", CANNOT, ["o"]),
        ((AIR, "support hfnc @-20D/month until=-20D/month id=s"), "imprecise-date", CANNOT, ["s"]),
        (("spo2 97 @-20D/month variant=room-air id=a",), "imprecise-date", CANNOT, ["a"]),
        (("spo2 97 @-20D/month variant=room-air id=a", "fio2 0.5 id=o"), "imprecise-date", CANNOT, ["o", "a"]),
        (("support room-air @+2d until=+2d",), "no-data", NO_WORD, []),
        (("spo2 97 @+2d variant=room-air",), "no-data", NO_WORD, []),
        (("fio2 0.21 @-2d estimated=yes",), "no-data", NO_WORD, []),
        (("support nasal-cannula @-2d until=-2d", "fio2 0.21 @-8d"), "no-data", NO_WORD, []),
    ],
)
def test_what_leaves_it_open(lines: tuple[str, ...], reason: str, words: str, evidence: list[str]) -> None:
    found = support(*lines)
    assert (found.status, sorted(found.reasons), found.because) == ("unknown", [reason], words)
    assert sorted(found.evidence) == sorted(f"{'Procedure' if id == 's' else 'Observation'}/{id}" for id in evidence)


@pytest.mark.parametrize(
    "line",
    [
        "fio2 0.5 @-2d problem=unit status=cancelled",
        "fio2 0.5 @-20D/month status=entered-in-error",
        "fio2 0.5 @-8d",
        "fio2 0.5 @-7d1h",
        "fio2 <0.21 @-2d",
        "o2-flow <=0 @-2d",
        "support hfnc @-9d until=-8d",
    ],
)
def test_beside_room_air_it_changes_nothing(line: str) -> None:
    found = support(AIR, line)
    assert (found.status, found.because) == ("notMet", "room air, no oxygen in the last week")
    assert found.evidence == ("Observation/air",)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("fio2 0.5 @-7d",), "FiO2 0.5 on 2026-11-17 10:00"),
        (("fio2 >0.21 @-2d",), "FiO2 >0.21 on 2026-11-22 10:00"),
        (("o2-flow 2 @-2d",), "oxygen 2 on 2026-11-22 10:00"),
        (("fio2 0.5 @-2d", "fio2 0.4 @-1d"), "FiO2 0.4 on 2026-11-23 10:00"),
        (("support hfnc @-3d", "support niv @-1d"), "niv since 2026-11-23 10:00"),
        (("support niv @-1d", "support hfnc @-3d"), "niv since 2026-11-23 10:00"),
        (("support hfnc", "support niv @-1d"), "niv since 2026-11-23 10:00"),
        (("support hfnc",), "hfnc since an unknown time"),
    ],
)
def test_what_proves_it(lines: tuple[str, ...], words: str) -> None:
    found = support(*lines)
    assert (found.status, found.because) == ("met", words)
