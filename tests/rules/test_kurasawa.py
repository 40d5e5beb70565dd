"""The parts of the Kurasawa count: what each says, and the records it rests on (decisions section 6)."""

from __future__ import annotations

import pytest

from rpild_rules.assess import assess
from rpild_rules.findings import Finding
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

TREATED = ("drug prednisolone @-20d mg=60", "drug tacrolimus @-20d")
TREATED_ON_A_DAY = ("drug prednisolone @-20D mg=60", "drug tacrolimus @-20D")
CTS = ("ct c1 @-25d", "ct c2 @-2d")
EARLIER_CTS = ("ct c3 @-26d", "ct c4 @-22d")
BOTH = ("attest ct-worsening true @-1d of=c3,c4 id=w", "attest hrct-increase-percent 30 @-1d of=c1,c2 id=h")


def part(number: int, *lines: str) -> Finding:
    situation = assess(chart("test anti-mda5-qual positive @-14d", *lines), shipped(), NOW).situation
    assert situation
    return situation.kurasawa.parts[number]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("attest ggo-all-six-fields true @-1d id=s", ("met", [], ("Observation/s",))),
        ("attest ggo-all-six-fields false @-1d id=s", ("notMet", [], ("Observation/s",))),
        ("attest ggo-all-six-fields - @-1d id=s", ("unknown", ["unstructured"], ())),
        ("fvc 3.00 @-1d", ("unknown", ["no-data"], ())),
    ],
)
def test_ground_glass_in_all_six_fields(line: str, wanted: tuple[str, list[str], tuple[str, ...]]) -> None:
    found = part(1, line)
    assert (found.status, sorted(found.reasons), found.evidence) == wanted


@pytest.mark.parametrize(
    ("lines", "status", "because", "evidence"),
    [
        (CTS, "notMet", "no combination therapy", ()),
        ((*TREATED, *CTS), "unknown", "no clinician's comparison of two chest CTs", ()),
        (
            (*TREATED, *CTS, "attest ct-worsening false @-1d of=c1,c2 id=w"),
            "notMet", "no worsening on CT, attested on 2026-11-23 10:00", ("Observation/w",),
        ),
        (
            (*TREATED, *CTS, "attest ct-worsening true @-1d of=c1,c2 id=w"),
            "met", "later CT of 2026-11-22 10:00", ("Observation/w",),
        ),
        (
            (*TREATED, *CTS, *EARLIER_CTS, *BOTH),
            "met", "later CT of 2026-11-22 10:00", ("Observation/h", "ImagingStudy/c1", "ImagingStudy/c2"),
        ),
        (
            (*TREATED, *EARLIER_CTS, "attest ct-worsening true @-1d of=c3,c4 id=w"),
            "notMet", "later CT of 2026-11-02 10:00", ("Observation/w",),
        ),
        (
            (*TREATED, "attest ct-worsening true @-1d id=w"),
            "unknown", "the dates of the compared CTs are not recorded", ("Observation/w",),
        ),
        (
            (*TREATED, "attest ct-worsening true @-1d period=-30D..-20D id=w"),
            "unknown", "the later CT of 2026-11-04 may be of before or after the start of therapy", ("Observation/w",),
        ),
        (
            (*TREATED, "attest ct-worsening true @-1d period=-30D..-20d id=w"),
            "notMet", "later CT of 2026-11-04 10:00", ("Observation/w",),
        ),
        (
            (*TREATED, "attest ct-worsening true @-1d period=-30D..-20D/month id=w"),
            "unknown", "the later CT of 2026-11 may be of before or after the start of therapy", ("Observation/w",),
        ),
        (
            (*TREATED_ON_A_DAY, "attest ct-worsening true @-1d period=-30D..-20d id=w"),
            "unknown", "the later CT of 2026-11-04 10:00 may be of before or after the start of therapy",
            ("Observation/w",),
        ),
        (
            (*TREATED_ON_A_DAY, "attest ct-worsening true @-1d period=-30D..-21D id=w"),
            "notMet", "later CT of 2026-11-03", ("Observation/w",),
        ),
    ],
)  # fmt: skip
def test_infiltrates_worse_during_therapy(
    lines: tuple[str, ...], status: str, because: str, evidence: tuple[str, ...]
) -> None:
    found = part(2, *lines)
    assert (found.status, found.because, found.evidence) == (status, because, evidence)


@pytest.mark.parametrize(
    ("first", "second", "status", "date"),
    [
        ("-19d", "-3d", "met", "2026-11-21 10:00"),
        ("-3d", "-19d", "met", "2026-11-21 10:00"),
        ("-20D", "-19d23h", "met", "2026-11-04 11:00"),  # the day reaches further, the hour proves it
        ("-22d", "-20D", "unknown", "2026-11-04"),
        ("-22d", "-21d", "notMet", "2026-11-03 10:00"),
    ],
)
def test_of_two_statements_any_that_says_so(first: str, second: str, status: str, date: str) -> None:
    """The later CT of each lies after, on the day of, or before the start of therapy 20 days ago."""
    statements = (
        "ct a @-30d", f"ct b @{first}", "attest hrct-increase-percent 30 @-1d of=a,b",
        f"attest ct-worsening true @-1d period=-30D..{second}",
    )  # fmt: skip
    found = part(2, *TREATED, *statements)
    assert (found.status, f"later CT of {date}" in found.because) == (status, True)
