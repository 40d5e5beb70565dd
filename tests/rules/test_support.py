"""Breathing support in use: which of several is named first, and which is over (decisions section 6)."""

from __future__ import annotations

from datetime import UTC

import pytest

from rpild_rules.concepts import MECHANICAL
from rpild_rules.support import highest_fraction, in_use
from rpild_rules.when import When
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

HERE = When.at(NOW, UTC)
DAY = shipped().window("blind_hours")


@pytest.mark.parametrize(
    ("lines", "concepts"),
    [
        (("support hfnc @-3d", "support niv @-1d"), ["niv", "hfnc"]),
        (("support niv @-1d", "support hfnc @-3d"), ["niv", "hfnc"]),
        (("support hfnc", "support niv @-400d"), ["niv", "hfnc"]),
        (("support hfnc @-1d id=b", "support niv @-1d id=a"), ["hfnc", "niv"]),
        (("support hfnc @-1d id=a", "support niv @-1d id=b"), ["niv", "hfnc"]),
        (("support hfnc @-3d until=-2d", "support niv @-1d"), ["niv"]),
        (("support hfnc @+2d",), []),
        (("support hfnc @-3h until=-3h", "support niv @-2h until=-2h"), ["niv"]),  # charted, until the next one
        (("support hfnc @-3h until=-3h", "support simple-mask @-2h until=-2h"), []),
        (("support hfnc @-25h until=-25h",), []),
        (("support hfnc @-24h until=-24h",), ["hfnc"]),
        (("support nasal-cannula @-3h",), []),
    ],
)
def test_the_newest_first(lines: tuple[str, ...], concepts: list[str]) -> None:
    assert [each.concept for each in in_use(chart(*lines), MECHANICAL, HERE, DAY)] == concepts


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        (("fio2 0.4 @-2h", "fio2 0.6 @-20h"), "0.6"),
        (("fio2 0.4 @-2h", "fio2 0.6 @-25h"), "0.4"),
        (("fio2 0.4 @-2h", "fio2 <0.6 @-2h"), "0.4"),
        (("fio2 0.4 @-2h", "fio2 0.6 @-2h estimated=yes"), "0.4"),
        (("fio2 0.4 @-2h", "fio2 0.6 @+2h"), "0.4"),
        (("fio2 0.6 @-26h",), None),
    ],
)
def test_the_highest_fraction_of_a_day(lines: tuple[str, ...], printed: str | None) -> None:
    found = highest_fraction(chart(*lines), HERE, DAY, shipped())
    assert (found.printed if found else None) == printed
