"""Cards sent and held: hooks, roles, memory, cap; pure, and the same whatever the order of the chart."""

from __future__ import annotations

import pytest

from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.fatigue import Alert, Remembered, to_remember
from rpild_rules.recommend import EVERYTHING, ORDER, Call, choose, decide
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

RESCUE = (
    "test anti-mda5-qual positive @-14d", "condition ild @-14D", "condition dyspnea @-18D", "pao2 70 @-2h",
    "fio2 1.0 @-2h", "ferritin 900 @-1d problem=unit",
)  # fmt: skip
DUE = ["ecmoTransplant", "combinationTherapy", "dataQuality"]


@pytest.fixture(scope="module")
def rescue() -> Assessment:
    return assess(chart(*RESCUE), shipped(), NOW)


def topics(assessment: Assessment, call: Call, remembered: Remembered = Remembered()) -> tuple[list[str], list[str]]:  # noqa: B008
    sent, held = choose(assessment, call, remembered)
    return [r.topic for r in sent], [r.topic for r in held]


def test_page_and_command_line_show_what_opening_and_signing_would_send(rescue: Assessment) -> None:
    assert topics(rescue, Call()) == (DUE, ["transplantReferral"])


def test_what_is_cut_off_is_held(rescue: Assessment) -> None:
    sent, held = choose(rescue, Call(max_cards=1))
    assert [r.topic for r in sent] == DUE[:1]
    assert {r.topic for r in held} == {*DUE[1:], "transplantReferral"}
    assert sent[0].sections[-1].lines == tuple(f"Also: {r.summary}" for r in held if r.topic in DUE)


@pytest.mark.parametrize("antibodies", [(), ("test anti-mda5-qual negative @-9d", "test anti-jo1 positive @-9d")])
def test_an_open_or_another_antibody_absorbs_the_referral(antibodies: tuple[str, ...]) -> None:
    lines = (*antibodies, "condition dermatomyositis @-90D", "condition dyspnea @-18D", "pao2 55 @-1d")
    sent, held = topics(assess(chart(*lines), shipped(), NOW), Call())
    assert (sent, held) == (["otherMyositisAntibody" if antibodies else "antibodyPending"], ["transplantReferral"])


def test_the_first_line_card_absorbs_the_referral() -> None:
    lines = ("test anti-mda5-qual positive @-14d", "condition dyspnea @-18D", "pao2 55 @-1d")
    assert topics(assess(chart(*lines), shipped(), NOW), Call()) == (["combinationTherapy"], ["transplantReferral"])


def test_a_suppressed_card_does_not_bring_back_what_it_absorbs(rescue: Assessment) -> None:
    first = Remembered(True)
    sent = to_remember(choose(rescue, Call("patient-view"), first)[0][:2], rescue, first)
    alerts = tuple(Alert(each.topic, each.fingerprint, True, each.marks, NOW) for each in sent)
    assert [each.topic for each in alerts] == ["ecmoTransplant", "combinationTherapy"]
    assert topics(rescue, Call("patient-view"), Remembered(True, alerts))[0] == ["dataQuality"]


def test_a_silent_user_gets_none(rescue: Assessment) -> None:
    assert topics(rescue, Call("patient-view", silent=True)) == ([], [])


def test_a_muted_topic_is_judged_but_not_shown(rescue: Assessment) -> None:
    one, all_of_them = Call(muted=frozenset({"dataQuality"})), Call(muted=EVERYTHING)
    assert topics(rescue, one)[0] == DUE[:-1]
    assert decide(rescue, one).muted == {"dataQuality"}
    assert topics(rescue, all_of_them)[0] == []
    assert decide(rescue, all_of_them).muted == set(DUE)


def test_signing_without_an_order_in_scope_is_silent(rescue: Assessment) -> None:
    assert topics(rescue, Call("order-sign")) == ([], [])
    assert topics(rescue, Call("order-select")) == ([], [])


def test_out_of_scope_there_are_none() -> None:
    assert topics(assess(chart("condition dyspnea @-5D"), shipped(), NOW), Call()) == ([], [])


def test_the_chart_in_any_order_says_the_same(rescue: Assessment) -> None:
    """Ids stay with their lines, so that only the order differs."""
    lines = [f"{line} id={number}" for number, line in enumerate(RESCUE)]
    results = [assess(chart(*given), shipped(), NOW) for given in (lines, lines[::-1], lines[3:] + lines[:3])]
    assert results[0].recommendations == results[1].recommendations == results[2].recommendations


def test_every_card_has_its_place_in_the_order() -> None:
    texts = shipped().texts
    info = {"mda5Surveillance", "workup"}
    primaries = {
        "refractoryOptions", "combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway",
        "threeMonthProgression", "undeterminedHighRisk",
    }  # fmt: skip
    assert {*texts.topics} - info - primaries == {*ORDER} - {"PRIMARY", "INFO"}
    assert {texts.topic(topic).indicator for topic in info} == {"info"}
    assert "info" not in {texts.topic(topic).indicator for topic in primaries}
