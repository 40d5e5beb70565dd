"""Which of two results is the newer: by its end, its start, its issue, its id; what has no date comes first (K5)."""

from __future__ import annotations

import pytest

from rpild_rules.measured import Measurement, recency
from tests.rules.charts import chart


def measured(line: str) -> Measurement:
    (found,) = chart(line).measurements
    return found


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("ldh 1 id=b", "ldh 1 @-4000d id=a"),
        ("ldh 1 @-3d id=b", "ldh 1 @-2d id=a"),
        ("ldh 1 @-3d id=b", "ldh 1 @-20D/month id=a"),  # the month ends later, though it begins earlier
        ("ldh 1 @-14d id=b", "ldh 1 @-14D id=a"),
        ("ldh 1 @-1D/month id=b", "ldh 1 @+6D id=a"),  # both end with November
        ("ldh 1 @-3d issued=-2d id=b", "ldh 1 @-3d issued=-1d id=a"),
        ("ldh 1 @-3d id=b", "ldh 1 @-3d issued=-1d id=a"),
        ("ldh 1 @-3d issued=-1d id=b", "ldh 1 @-3d issued=-1D id=a"),  # of a day of issue its end
        ("ldh 1 @-3d id=a", "ldh 1 @-3d id=b"),
    ],
)
def test_the_newer_sorts_last(older: str, newer: str) -> None:
    assert recency(measured(older)) < recency(measured(newer))
    assert not recency(measured(newer)) < recency(measured(older))
