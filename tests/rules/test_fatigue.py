"""Silence by design, row by row of decisions section 14: what is not shown again, to whom, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rpild_rules.assess import assess
from rpild_rules.assessment import Situation
from rpild_rules.fatigue import Alert, Remembered, to_remember
from rpild_rules.fingerprint import exact, item_of
from rpild_rules.marks import Marks, find_marks, read_marks
from rpild_rules.recommend import Call, decide
from tests.rules.charts import NOW, chart
from tests.rules.memory import VIEW, Memory
from tests.rules.test_cases import knowledge_of, shipped

# Anti-MDA5 disease with the criteria met: the first-line card is due, ferritin under all limits.
MET = (
    "test anti-mda5-qual positive @-14d", "condition dermatomyositis @-90D", "condition ild @-14D",
    "condition dyspnea @-18D", "fvc 3.00 @-23d", "fvc 2.60 @-1d", "pao2 80 @-2h", "fio2 0.21 @-2h", "ferritin 500 @-3d",
    "condition hysterectomy @-2000D",
)  # fmt: skip
SUSPECTED = MET[1:]
UNREAD_ANTIBODIES = (*SUSPECTED, "unread E-MSA fetch-failed")
SURVEILLANCE = ("test anti-mda5-qual positive @-14d", "condition dermatomyositis @-90D", "condition ild @-14D")
FIRST = "combinationTherapy"
SIGN = Call("order-sign")
DIET = "draft order diet"
MTX = "draft drug methotrexate"


@pytest.fixture
def memory() -> Memory:
    return Memory()


def situation(*lines: str) -> Situation:
    found = assess(chart(*lines), shipped(), NOW).situation
    assert found
    return found


@pytest.mark.parametrize(("hours", "sent"), [(0.1, False), (24, False), (24.1, True)])
def test_a_critical_card_is_not_repeated_for_a_day(memory: Memory, hours: float, sent: bool) -> None:
    assert FIRST in memory.see(*MET)
    assert (FIRST in memory.see(*MET, hours=hours)) is sent


@pytest.mark.parametrize(("hours", "sent"), [(24, False), (72, False), (72.1, True)])
def test_an_info_card_is_not_repeated_for_three_days(memory: Memory, hours: float, sent: bool) -> None:
    assert memory.see(*SURVEILLANCE) == ["mda5Surveillance"]
    assert (memory.see(*SURVEILLANCE, hours=hours) != []) is sent


@pytest.mark.parametrize(("hours", "sent"), [(24, False), (24.1, True)])
def test_a_warning_is_not_repeated_for_a_day(memory: Memory, hours: float, sent: bool) -> None:
    assert "avoidForInduction" in memory.see(*MET, MTX, call=SIGN)
    assert ("avoidForInduction" in memory.see(*MET, MTX, call=SIGN, hours=hours)) is sent


def test_another_user_is_told(memory: Memory) -> None:
    memory.see(*MET)
    assert FIRST in memory.see(*MET, hours=1, user="b")


def test_without_a_memory_every_call_speaks() -> None:
    memory = Memory(on=False)
    assert FIRST in memory.see(*MET)
    memory.kept.clear()
    assert FIRST in memory.see(*MET)


def test_page_and_command_line_are_never_silent(memory: Memory) -> None:
    memory.see(*MET)
    assert FIRST in memory.see(*MET, hours=1, call=Call())


WORSE = {
    "a new ferritin tier": ("ferritin 900 @+30m",),
    "a lower P/F band": ("pao2 60 @+30m", "fio2 0.21 @+30m"),
    "a lower reported P/F": ("pf-ratio 140 @+30m",),
    "a higher FiO2 band": ("fio2 0.5 @+30m",),
    "a new criterion": ("attest hrct-increase-percent 30 @-1h of=c1,c2", "ct c1 @-12d", "ct c2 @-1d"),
    "a result that came late": ("ferritin 1600 @-5h",),
}


@pytest.mark.parametrize("lines", WORSE.values(), ids=WORSE)
def test_worse_evidence_speaks_again(memory: Memory, lines: tuple[str, ...]) -> None:
    memory.see(*MET)
    assert FIRST in memory.see(*MET, *lines, hours=1)
    assert FIRST not in memory.see(*MET, *lines, hours=2)


NO_CHANGE = {
    "an improvement": ("pao2 95 @+30m", "fio2 0.21 @+30m"),
    "a value in the same band": ("ferritin 700 @+30m",),
    "a bound from above": ("ferritin <2000 @+30m", "fio2 <0.9 @+30m"),
    "a P/F of which only a bound is known": ("pf-ratio <140 @+30m",),
    "a pressure of which only a bound is known": ("pao2 <75 @+30m", "fio2 0.21 @+30m"),
    "a gas without its oxygen": ("pao2 70 @+58m",),
    "gases that contradict each other": ("pao2 50 @+30m", "pao2 80 @+35m", "fio2 0.21 @+30m"),
    "gases unread": ("unread E-GAS fetch-failed",),
}


@pytest.mark.parametrize("lines", NO_CHANGE.values(), ids=NO_CHANGE)
def test_what_is_not_worse_changes_nothing(memory: Memory, lines: tuple[str, ...]) -> None:
    memory.see(*MET)
    assert FIRST not in memory.see(*MET, *lines, hours=1)


def test_a_draft_changes_nothing_on_a_main_card(memory: Memory) -> None:
    memory.see(*MET)
    assert FIRST not in memory.see(*MET, MTX, hours=1, call=SIGN)


def test_an_unread_element_keeps_its_stored_part(memory: Memory) -> None:
    memory.see(*MET, "ferritin 1600 @-2h")
    memory.see(*MET, hours=25)  # sent again, the high ferritin gone from the chart
    assert [alert.marks.ferritin for alert in memory.kept.values()] == [0]
    memory = Memory()
    memory.see(*MET, "ferritin 1600 @-2h")
    without = [line for line in MET if "ferritin" not in line]
    memory.see(*without, "unread E-FERR fetch-failed", hours=25)
    assert [alert.marks.ferritin for alert in memory.kept.values()] == [3]


def test_unread_antibodies_are_no_new_card(memory: Memory) -> None:
    """The same trigger would carry another topic: what is told is that nothing is known any more."""
    assert FIRST in memory.see(*MET)
    assert "antibodyPending" not in memory.see(*UNREAD_ANTIBODIES, hours=1)
    assert "antibodyPending" in memory.see(*UNREAD_ANTIBODIES, hours=1, user="b")


def test_unread_antibodies_leave_other_cards_alone(memory: Memory) -> None:
    treated = ("drug prednisolone @-10d mg=60", "drug tacrolimus @-10d", "attest treatment-response worsening @-1d")
    assert "refractoryOptions" in memory.see(*MET, *treated)
    assert "refractoryOptions" not in memory.see(*UNREAD_ANTIBODIES, *treated, hours=1)


def test_unread_limits_of_care_keep_the_limit(memory: Memory) -> None:
    assert FIRST in memory.see(*MET, "limit partial @-2d")
    assert FIRST not in memory.see(*MET, "unread E-FLAG not-permitted", hours=1)
    assert FIRST in memory.see(*MET, hours=2)


def test_another_exact_part_speaks_again(memory: Memory) -> None:
    assert "antibodyPending" in memory.see(*SUSPECTED)
    assert FIRST in memory.see(*MET, hours=1)


def test_a_new_episode_empties_the_criteria(memory: Memory) -> None:
    memory.see(*MET)
    (alert,) = memory.kept.values()
    assert "lungFunctionDecline" in alert.marks.criteria
    later = situation(*MET)
    assert alert.marks.for_episode_since(NOW - timedelta(days=30), later).criteria == frozenset()
    assert alert.marks.for_episode_since(NOW, later) == alert.marks


def test_criteria_are_kept_once_they_were_met() -> None:
    stored = Marks(frozenset({"fvcDecline"}), 2, 1, 3)
    assert Marks(frozenset({"gasExchange"}), None, 0, None).after(stored) == Marks(
        frozenset({"fvcDecline", "gasExchange"}), 2, 0, 3
    )
    assert Marks(frozenset(), 1, None, 4).after(stored) == Marks(frozenset({"fvcDecline"}), 1, 1, 4)
    assert read_marks(stored.text()) == stored


@pytest.mark.parametrize(
    ("line", "band"),
    [("827", 0), ("828", 1), ("1000", 1), ("1001", 2), ("1499", 2), ("1500", 3), ("2999", 3), ("3000", 4), ("6000", 5)],
)
def test_ferritin_bands(line: str, band: int) -> None:
    assert find_marks(situation(*MET[:-2], f"ferritin {line} @-1h")).ferritin == band


@pytest.mark.parametrize(
    ("oxygen", "band"), [("0.21", 0), ("0.39", 0), ("0.4", 1), ("0.59", 1), ("0.6", 2), ("1.0", 2)]
)
def test_oxygen_bands(oxygen: str, band: int) -> None:
    assert find_marks(situation(*MET, f"fio2 {oxygen} @-1h")).oxygen == band


def test_an_estimated_fraction_is_in_no_band() -> None:
    assert find_marks(situation(*MET, "fio2 0.9 @-1h estimated=yes")).oxygen == 0


@pytest.mark.parametrize(("ratio", "band"), [(300, 0), (299, 1), (150, 2), (99, 4), (50, 5), (49, 6)])
def test_pressure_bands(ratio: int, band: int) -> None:
    lines = [line for line in MET if not line.startswith(("pao2", "fio2"))]
    assert find_marks(situation(*lines, f"pao2 {ratio} @-1h", "fio2 1.0 @-1h")).pressure == band


def test_a_high_ferritin_of_last_month_is_known() -> None:
    assert find_marks(situation(*MET, "ferritin 1600 @-20d")).ferritin == 3
    assert find_marks(situation(*MET, "ferritin 1600 @-20d"), NOW).ferritin == 0


def test_a_result_since_the_card_counts_however_old_it_is() -> None:
    late = situation(*MET, "ferritin 1600 @-8d")
    assert find_marks(late, NOW - timedelta(days=9)).ferritin == 3
    assert find_marks(late, NOW - timedelta(days=7.5)).ferritin == 0


@pytest.mark.parametrize(("hours", "sent"), [(23.9, False), (24.1, True)])
def test_an_override_of_a_critical_card_holds_a_day(memory: Memory, hours: float, sent: bool) -> None:
    memory.see(*MET)
    memory.override(FIRST, "awaitingResults", hours=20)
    assert (FIRST in memory.see(*MET, hours=20 + hours)) is sent


@pytest.mark.parametrize(("hours", "sent"), [(7 * 24, False), (7 * 24 + 1, True)])
def test_an_override_of_another_card_holds_a_week(memory: Memory, hours: float, sent: bool) -> None:
    memory.see(*MET, MTX, call=SIGN)
    memory.override("avoidForInduction", "specialistDecision")
    assert ("avoidForInduction" in memory.see(*MET, MTX, call=SIGN, hours=hours)) is sent
    assert "avoidForInduction" in memory.see(*MET, MTX, call=SIGN, hours=1, user="b")


def test_an_override_holds_for_the_same_fingerprint_only(memory: Memory) -> None:
    memory.see(*MET)
    memory.override(FIRST, "awaitingResults")
    assert FIRST in memory.see(*MET, "ferritin 900 @+30m", hours=1)


@pytest.mark.parametrize("reason", ["alternativeDiagnosis", "specialistDecision"])
@pytest.mark.parametrize(("days", "sent"), [(6.9, False), (7.1, True)])
def test_a_judgement_of_the_case_holds_for_all(memory: Memory, reason: str, days: float, sent: bool) -> None:
    memory.see(*MET)
    memory.override(FIRST, reason)
    assert (FIRST in memory.see(*MET, hours=24 * days, user="b")) is sent


def test_other_reasons_hold_for_their_user_only(memory: Memory) -> None:
    memory.see(*MET)
    memory.override(FIRST, "alreadyAddressed")
    assert FIRST in memory.see(*MET, hours=1, user="b")


def test_worse_evidence_ends_a_judgement(memory: Memory) -> None:
    memory.see(*MET)
    memory.override(FIRST, "alternativeDiagnosis")
    assert FIRST in memory.see(*MET, "ferritin 900 @+30m", hours=1, user="b")


def test_a_new_positive_antibody_ends_a_judgement(memory: Memory) -> None:
    stage = (*SUSPECTED, "drug prednisolone @-10d mg=60", "drug tacrolimus @-10d")
    worse = (*stage, "attest treatment-response worsening @-1d")
    memory.see(*worse)
    memory.override("refractoryOptions", "specialistDecision")
    assert "refractoryOptions" not in memory.see(*worse, hours=30, user="b")
    assert "refractoryOptions" in memory.see(*worse, "test anti-mda5-qual positive @-2h", hours=30, user="b")


def test_a_positive_antibody_that_was_known_ends_nothing(memory: Memory) -> None:
    memory.see(*MET)
    memory.override(FIRST, "alternativeDiagnosis")
    assert FIRST not in memory.see(*MET, "limit partial @-1h", hours=1, user="b")


def test_a_judgement_holds_when_the_antibodies_cannot_be_read(memory: Memory) -> None:
    """The same trigger carries another topic then; what was judged is the case."""
    memory.see(*MET)
    memory.override(FIRST, "alternativeDiagnosis")
    assert "antibodyPending" not in memory.see(*UNREAD_ANTIBODIES, hours=1, user="b")
    assert "antibodyPending" in Memory().see(*UNREAD_ANTIBODIES)


def test_a_judgement_of_another_card_holds_for_that_card_only(memory: Memory) -> None:
    memory.see(*MET, MTX, call=SIGN)
    memory.override("avoidForInduction", "specialistDecision")
    assert FIRST in memory.see(*MET, hours=1, user="b")


def test_severe_failure_ends_a_judgement(memory: Memory) -> None:
    acid = ("ph-arterial 7.20 @+25h group=g", "paco2 70 @+25h group=g")
    memory.see(*MET)
    memory.override(FIRST, "alternativeDiagnosis")
    for user in ("a", "b"):
        assert FIRST not in memory.see(*MET, hours=26, user=user)
        assert FIRST in memory.see(*MET, *acid, hours=26, user=user)


def test_the_ecmo_card_is_silent_for_a_day_and_its_user_only(memory: Memory) -> None:
    severe = (*MET, "pao2 70 @-1h", "fio2 1.0 @-1h")
    assert memory.see(*severe)[0] == "ecmoTransplant"
    memory.override("ecmoTransplant", "specialistDecision")
    assert "ecmoTransplant" not in memory.see(*severe, hours=20)
    assert "ecmoTransplant" in memory.see(*severe, hours=20, user="b")


def test_a_pathway_flag_silences_the_main_card_and_the_referral(memory: Memory) -> None:
    call = Call(VIEW, pathway_flags=frozenset({"urn:site|rpild"}))
    treated = (
        *MET,
        "drug prednisolone @-10d mg=60",
        "drug tacrolimus @-10d",
        "attest treatment-response worsening @-1d",
    )
    assert memory.see(*treated, call=call) == ["refractoryOptions", "transplantReferral"]
    assert Memory().see(*treated, call=call, flags=["urn:site|rpild"]) == []


def test_a_pathway_flag_leaves_ecmo_and_order_safety() -> None:
    call = Call("order-sign", pathway_flags=frozenset({"rpild"}))
    severe = (*MET, "pao2 70 @-1h", "fio2 1.0 @-1h", MTX)
    assert Memory().see(*severe, call=call, flags=["rpild"]) == ["ecmoTransplant", "avoidForInduction"]


def test_an_absorbed_card_does_not_come_back(memory: Memory) -> None:
    memory.see(*MET)
    assert memory.see(*MET, hours=1) == []


def test_the_note_on_a_steroid_alone_comes_back_when_it_is_signed(memory: Memory) -> None:
    steroid = "draft drug prednisolone mg=60"
    assert "steroidOnly" not in memory.see(*MET, steroid, call=SIGN)
    assert memory.see(*MET, steroid, call=SIGN, hours=1) == ["steroidOnly"]


def test_rule_c_a_critical_card_goes_with_any_order(memory: Memory) -> None:
    assert memory.see(*MET, DIET, call=SIGN) == [FIRST]
    assert memory.see(*MET, DIET, call=SIGN, hours=1) == []
    assert memory.see(*MET, DIET, call=SIGN, hours=25) == [FIRST]


def test_rule_c_needs_the_memory_a_critical_card_and_the_setting(memory: Memory, tmp_path: object) -> None:
    assert Memory(on=False).see(*MET, DIET, call=SIGN) == []
    aip = ("test anti-mda5-qual negative @-14d", "condition ild @-14D", "condition dyspnea @-18D", "pao2 50 @-2h")
    assert memory.see(*aip, call=Call()) == ["aipPathway"]
    assert memory.see(*aip, DIET, call=SIGN) == []


def test_rule_c_can_be_switched_off(memory: Memory, tmp_path: object) -> None:
    off = knowledge_of({"critical_any_order": False}, tmp_path)  # type: ignore[arg-type]
    assert memory.see(*MET, DIET, call=SIGN, knowledge=off) == []


def test_rule_c_not_after_the_chart_was_opened(memory: Memory) -> None:
    memory.see(*MET)
    assert memory.see(*MET, DIET, call=SIGN, hours=1) == []


ORDERS = {
    "another drug": (("draft drug methotrexate",), ("draft drug methotrexate", "draft drug azathioprine")),
    "another missing item": (
        ("draft drug tacrolimus", "creatinine 1.0 @-2h", "potassium 6.0 @-2h"),
        ("draft drug tacrolimus", "potassium 6.0 @-2h"),
    ),
    "another sign of infection": (
        ("draft drug tacrolimus", "body-temp 38.6 @-2h"),
        ("draft drug tacrolimus", "body-temp 38.6 @-2h", "test blood-culture positive @-1h organism=Klebsiella"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "now"), ORDERS.values(), ids=ORDERS)
def test_another_drug_or_failing_item_speaks_again(
    memory: Memory, before: tuple[str, ...], now: tuple[str, ...]
) -> None:
    first = memory.see(*MET, *before, call=SIGN)
    assert len(first) > 1
    assert memory.see(*MET, *before, call=SIGN, hours=0.5) == []
    assert memory.see(*MET, *now, call=SIGN, hours=0.6) != []


@pytest.mark.parametrize("more", ["draft drug azathioprine refused=yes", "draft drug azathioprine status=cancelled"])
def test_a_draft_that_asks_for_nothing_is_no_other_drug(memory: Memory, more: str) -> None:
    assert "avoidForInduction" in memory.see(*MET, MTX, call=SIGN)
    assert "avoidForInduction" not in memory.see(*MET, MTX, more, call=SIGN, hours=1)
    assert "avoidForInduction" in memory.see(*MET, MTX, "draft drug azathioprine", call=SIGN, hours=1)


SAME_ITEM = {
    "a potassium that rose": (("draft drug tacrolimus", "potassium 5.9 @-2h"), ("potassium 6.4 @-1h",)),
    "counts that fell": (("draft drug cyclophosphamide", "platelets 90 @-2h"), ("platelets 60 @-1h",)),
    "a birthday": (("draft drug tofacitinib", "hemoglobin 8.5 @-2h"), ("hemoglobin 8.0 @-1h",)),
    "an unrelated drug": (("draft drug tacrolimus",), ("draft drug atorvastatin",)),
}


@pytest.mark.parametrize(("lines", "more"), SAME_ITEM.values(), ids=SAME_ITEM)
def test_another_value_of_the_same_item_does_not(memory: Memory, lines: tuple[str, ...], more: tuple[str, ...]) -> None:
    first = memory.see(*MET, *lines, call=Call("order-sign", 10))
    assert len(first) > 1
    assert memory.see(*MET, *lines, *more, call=Call("order-sign", 10), hours=0.5) == []


def test_every_order_card_has_an_exact_part() -> None:
    """Ids and values of a chart are in none of them."""
    lines = (
        "draft drug cyclophosphamide", "draft drug methotrexate", "draft drug tofacitinib", "draft drug tacrolimus",
        "draft drug prednisolone mg=60", "platelets 61 @-2h", "potassium 6.1 @-2h", "body-temp 39.1 @-2h",
        "condition vte @-400D", "test hbsag positive @-5d", "ferritin 1234 @-1d problem=unit",
    )  # fmt: skip
    assessment = assess(chart(*MET[:-1], *lines), shipped(), NOW)
    assert assessment.situation
    parts = {r.topic: exact(r, assessment.situation) for r in assessment.recommendations}
    assert len(parts) >= 8
    assert parts["pregnancyCheck"].endswith("|possible")
    assert not [
        part for part in parts.values() if "61" in part or "6.1" in part or "39" in part or "Observation" in part
    ]
    pregnant = assess(chart(*MET[:-1], *lines, "condition pregnancy @-20D"), shipped(), NOW)
    assert pregnant.situation
    assert "|documented" in "".join(exact(r, pregnant.situation) for r in pregnant.recommendations)


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("potassium >5.9 mmol/L on 2026-11-22", "potassium"), ("no recent creatinine", "no recent creatinine"),
        ("hbsag Positive (2026-11-01)", "hbsag positive"),
        ("interacting drug: fluconazole 200 mg", "interacting drug: fluconazole"),
    ],
)  # fmt: skip
def test_an_item_has_no_value(words: str, item: str) -> None:
    assert item_of(words) == item


def test_a_time_ahead_of_now_silences_nothing() -> None:
    assessment = assess(chart(*MET), shipped(), NOW)
    (first,) = [r for r in assessment.recommendations if r.topic == FIRST]
    assert assessment.situation
    part = exact(first, assessment.situation)
    for hours, silent in ((0.9, True), (2, False)):
        alert = Alert(FIRST, part, True, find_marks(assessment.situation), NOW + timedelta(hours=hours))
        assert (FIRST in decide(assessment, Call(VIEW), Remembered(True, (alert,))).suppressed) is silent


def test_what_is_sealed_is_compared_as_sealed() -> None:
    assessment = assess(chart(*MET), shipped(), NOW)
    sealed = Remembered(True, seal=lambda part: part[::-1])
    (shown,) = to_remember(decide(assessment, Call(VIEW), sealed).sent, assessment, sealed)
    alert = Alert(shown.topic, shown.fingerprint, True, shown.marks, NOW)
    assert shown.fingerprint.startswith("evitisop")
    assert decide(assessment, Call(VIEW), Remembered(True, (alert,), sealed.seal)).sent == ()
    assert decide(assessment, Call(VIEW), Remembered(True, (alert,))).sent != ()


def test_out_of_scope_nothing_is_remembered() -> None:
    assert to_remember((), assess(chart("condition dyspnea @-5D"), shipped(), NOW), Remembered(True)) == ()
