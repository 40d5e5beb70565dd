"""One broken rule leaves the others standing, is unknown itself, and is told on the card (rulings 11)."""

from __future__ import annotations

import pytest

from rpild_rules.assess import TookTooLongError, assess, guard
from rpild_rules.definition import CRITERIA
from rpild_rules.findings import NOT_MET, Finding, Reason
from rpild_rules.recommend import Call, choose
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

LINES = ("test anti-mda5-qual positive @-14d", "condition dyspnea @-18D", "pao2 55 @-1d", "ferritin 900 @-1d")


def broken(*_: object) -> tuple[Finding, ...]:
    raise ZeroDivisionError("of a patient's value")


@pytest.mark.verifies("S6")
def test_a_rule_that_fails_is_unknown_and_tells_no_value() -> None:
    (finding,) = guard(set(), "C9", broken, ("fvcDecline",))
    assert (finding.status, finding.reasons) == ("unknown", frozenset({Reason.RULE_FAILED}))
    assert "C9" in finding.because
    assert "ZeroDivisionError" in finding.because
    assert "patient" not in finding.because


@pytest.mark.verifies("S6")
@pytest.mark.parametrize("wrong", [None, (), (None,), (Finding("dlcoDecline", NOT_MET),)])
def test_a_rule_that_answers_something_else_is_unknown(wrong: object) -> None:
    (finding,) = guard(set(), "C9", lambda: wrong, ("fvcDecline",))  # type: ignore[arg-type,return-value]
    assert (finding.id, finding.reasons) == ("fvcDecline", frozenset({Reason.RULE_FAILED}))


@pytest.mark.verifies("S6")
def test_a_rule_that_took_too_long_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def slow(*_: object) -> tuple[Finding, ...]:
        tried.append(1)
        raise TookTooLongError

    monkeypatch.setattr("rpild_rules.definition.lung_function", slow)
    result = assess(chart(*LINES), shipped(), NOW)
    assert (result.finding("fvcDecline").reasons, tried) == ({Reason.RULE_FAILED}, [1])
    assert "TookTooLongError" in result.finding("fvcDecline").because
    assert result.finding("fourConditions").met


def test_a_rule_that_fails_is_judged_again_for_an_earlier_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def failing(*_: object) -> tuple[Finding, ...]:
        tried.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr("rpild_rules.definition.lung_function", failing)
    assess(chart(*LINES), shipped(), NOW)
    assert len(tried) > 1


@pytest.mark.parametrize("flag", ["aado2of32", "ro52", "ferritin828"])
def test_a_flag_that_fails_leaves_the_rest(monkeypatch: pytest.MonkeyPatch, flag: str) -> None:
    function = {"aado2of32": "aado2", "ro52": "ro52"}.get(flag, "threshold_flag")
    monkeypatch.setattr(f"rpild_rules.prognosis.{function}", broken)
    result = assess(chart(*LINES), shipped(), NOW)
    assert result.finding(flag).reasons == {Reason.RULE_FAILED}
    assert result.finding(flag).because.startswith(f"rule {flag} failed")
    assert result.finding("ferritin828").met is (flag != "ferritin828")
    assert result.finding("fourConditions").met


def test_out_of_scope_the_gate_says_why_and_a_draft_of_concern_is_told() -> None:
    child = assess(chart("draft drug methotrexate", age=17), shipped(), NOW)
    assert child.order_in_scope
    assert child.finding("G1").because == child.gate.note != ""
    assert not assess(chart(age=17), shipped(), NOW).order_in_scope


@pytest.mark.parametrize(
    ("function", "rule", "ids"),
    [
        ("dyspnoea_shown", "dyspnoeaShown", {"dyspnoeaShown", "dyspnoeaNeedingCare"}),
        ("dyspnoea_needing_care", "C1", {"dyspnoeaNeedingCare"}),
        ("lung_function", "C2", {"fvcDecline", "dlcoDecline", "lungFunctionDecline"}),
        ("hrct_increase", "C3", {"hrctIncrease"}),
        ("gas_exchange", "C4", {"respiratoryFailure", "pao2Decline", "gasExchange"}),
    ],
)
def test_a_condition_that_fails_is_unknown_with_its_halves(
    monkeypatch: pytest.MonkeyPatch, function: str, rule: str, ids: set[str]
) -> None:
    monkeypatch.setattr(f"rpild_rules.definition.{function}", broken)
    situation = assess(chart(*LINES), shipped(), NOW).situation
    assert situation
    judged = (*CRITERIA, "dyspnoeaShown")
    failed = {id: situation.found[id] for id in judged if Reason.RULE_FAILED in situation.found[id].reasons}
    assert set(failed) == ids
    assert all(f.because.startswith(f"rule {rule} failed") for f in failed.values())


@pytest.mark.verifies("S6")
def test_a_criterion_that_fails_is_told_on_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rpild_rules.definition.lung_function", broken)
    result = assess(chart(*LINES), shipped(), NOW)
    assert result.finding("fvcDecline").reasons == {Reason.RULE_FAILED}
    assert result.finding("fourConditions").met
    (card,), _ = choose(result, Call())
    lines = [line for part in card.sections for line in part.lines]
    assert any(line.startswith("A rule failed and was left out: fvcDecline, dlcoDecline") for line in lines)
