"""The spans of single records and what they add up to, at their edges (decisions section 7, step 1)."""

from __future__ import annotations

from datetime import UTC

import pytest

from rpild_rules.therapy import Use, chain_of, immunosuppressed_between, uses_of
from rpild_rules.when import When
from tests.rules.charts import NOW, chart, when
from tests.rules.test_cases import shipped

HERE = When.at(NOW, UTC)


def use(line: str) -> Use:
    (found,) = uses_of(chart(line).treatments[0], HERE, shipped())
    return found


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("drug tacrolimus @-30d until=-9d", "-30d", "-9d"),
        ("drug tacrolimus @-0D until=-1h", "-0D", "-1h"),
        ("drug tacrolimus @-30d until=+9d", "-30d", "now"),
        ("drug tacrolimus @-30d until=-0D", "-30d", "now"),
        ("drug tacrolimus @-30d until=now", "-30d", "now"),
        ("drug tacrolimus @-30d days=21", "-30d", "-9d"),
        ("drug tacrolimus @-30d days=31", "-30d", "now"),
        ("drug tacrolimus @-30d days=30", "-30d", "now"),
        ("drug tacrolimus @-200d", "-200d", "-10d"),  # an order counts for 190 days
        ("drug tacrolimus @-30d kind=administration status=completed", "-30d", "-30d"),
        ("drug tacrolimus @-30d kind=administration status=in-progress", "-30d", "now"),
        ("drug tacrolimus @-30d until=-9d status=stopped", "-30d", "-9d"),
        ("drug tacrolimus @-400d kind=statement", "-400d", "now"),
    ],
)
def test_the_span_of_a_record(line: str, start: str, end: str) -> None:
    found, first, last = use(line), when(start).cut(HERE), when(end)
    assert (found.start.earliest, found.end.latest) == (first.earliest, last.latest)


@pytest.mark.parametrize(
    "line",
    [
        "drug tacrolimus @-30d reported=yes",
        "drug tacrolimus @-30d intent=plan",
        "drug tacrolimus @-30d refused=yes",
        "drug tacrolimus",
        "drug tacrolimus @+2d",
        "drug tacrolimus @-30d status=stopped",
        "drug tacrolimus @-30d days=9 status=stopped",  # when it was stopped is not known
        "drug tacrolimus @-30d until=-9d status=cancelled",
        "drug tacrolimus @-30d kind=statement status=completed",
    ],
)
def test_what_proves_no_use(line: str) -> None:
    assert [*uses_of(chart(line).treatments[0], HERE, shipped())] == []


DOSE = "kind=administration status=completed"


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        ((f"drug prednisolone @-14D {DOSE}",), "-14D"),  # some time that day: it may be 14 days ago
        ((f"drug prednisolone @-14d {DOSE}",), "-14d"),
        ((f"drug prednisolone @-14d1m {DOSE}",), None),
        ((f"drug prednisolone @-14d {DOSE}", f"drug prednisolone @-28d {DOSE}"), "-28d"),
        ((f"drug prednisolone @-14d {DOSE}", f"drug prednisolone @-28d1m {DOSE}"), "-14d"),
        (("drug prednisolone @-30d until=-10d",), None),
        (("drug prednisolone @-30d until=-10d", "drug prednisolone @-5d"), "-30d"),
        (("drug prednisolone @-30d until=-10d", f"drug prednisolone @-5d {DOSE}"), "-30d"),
        (("drug prednisolone @-60d until=-20d", f"drug prednisolone @-5d {DOSE}"), "-5d"),
        (("drug prednisolone @-60d until=-19d", "drug prednisolone @-9d until=-8d", "drug prednisolone @-5d"), "-60d"),
        (("drug prednisolone @-30d", "drug prednisolone @-30D"), "-30D"),
    ],
)
def test_unbroken_use(lines: tuple[str, ...], start: str | None) -> None:
    for order in (lines, lines[::-1]):
        chain = chain_of("GC", chart(*order).treatments, HERE, shipped())
        assert (chain.start if chain else None) == (when(start) if start else None)


@pytest.mark.parametrize(("day", "before_edge"), [("-190d", True), ("-190d1m", True), ("-189d23h", False)])
def test_the_edge_of_the_look_back(day: str, before_edge: bool) -> None:
    chain = chain_of("CNI", chart(f"drug tacrolimus @{day} kind=statement").treatments, HERE, shipped())
    assert chain
    assert chain.before_edge is before_edge


@pytest.mark.parametrize(
    ("line", "one", "other", "active"),
    [
        ("drug tacrolimus @-3d", "-10d", "-3D", True),  # some time on the day of the later one
        ("drug tacrolimus @-3d", "-3D", "-10d", True),
        ("drug tacrolimus @-3d", "-10d", "-3d1m", False),
        ("drug tacrolimus @-3d", "-10d", "-3d", True),
        ("drug tacrolimus @-30d until=-10d", "-10D", "-3d", True),
        ("drug tacrolimus @-30d until=-10d1m", "-10d", "-3d", False),
        ("drug tacrolimus @-30d until=-10d", "-10d", "-3d", True),
        (f"drug rituximab @-190d {DOSE}", "-2d", "-1d", True),
        (f"drug rituximab @-199d {DOSE}", "-2d", "-1d", False),
        ("drug prednisolone @-20d mg=16", "-10d", "-3d", True),
        ("drug prednisolone @-20d mg=15", "-10d", "-3d", False),
        ("drug prednisolone @-20d", "-10d", "-3d", False),
        ("drug tacrolimus @-20d route=nonsystemic", "-10d", "-3d", False),
        ("drug fluconazole @-20d", "-10d", "-3d", False),
    ],
)
def test_immunosuppressed_between_two_times(line: str, one: str, other: str, active: bool) -> None:
    assert immunosuppressed_between(chart(line), when(one), when(other), HERE, shipped()) is active
