"""What a sign of worsening rests on (decisions section 7)."""

from __future__ import annotations

import pytest

from rpild_rules.assess import assess
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

TREATED = (
    "test anti-mda5-qual positive @-90d", "condition dyspnea @-18D", "pao2 55 @-17d", "drug prednisolone @-8d mg=60",
    "drug tacrolimus @-8d",
)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "evidence"),
    [
        (("support hfnc @-4d id=s",), ("Procedure/s",)),
        (("pao2 110 @-8d id=a", "pao2 70 @-1d id=b", "fio2 0.4 @-8d", "fio2 0.4 @-1d"), ("a", "b")),
        (("fio2 0.3 @-8d1h id=a", "fio2 0.5 @-1h id=b"), ("a", "b")),
        (("fvc 3.00 @-11d id=a", "fvc 2.60 @-1d id=b"), ("a", "b")),
        (("attest ct-worsening true @-1h period=-15D..-1D id=a",), ("a",)),
    ],
)
def test_a_sign_names_both_of_its_records(lines: tuple[str, ...], evidence: tuple[str, ...]) -> None:
    situation = assess(chart(*TREATED, *lines), shipped(), NOW).situation
    assert situation
    (sign,) = situation.episode.signs
    assert sign.evidence == tuple(each if "/" in each else f"Observation/{each}" for each in evidence)
