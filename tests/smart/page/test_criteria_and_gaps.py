"""Definitions side by side, criteria with limits and sources, and what is missing, the deciding first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rpild_rules.assess import assess
from rpild_rules.definition import CRITERIA, DEFINITIONS
from rpild_rules.findings import MET as YES
from rpild_rules.findings import UNKNOWN, all_of
from rpild_rules.overrides import Override
from smart_app.basis import find_basis
from smart_app.criteria_table import COMPOSITES, LIMITS, USED_BY, Leg, origins
from smart_app.missing import Act
from tests.rules.charts import NOW
from tests.smart.page.pages import FALL, MET, ONSET, POSITIVE, demo_page, of, page
from tests.smart.pictures.looking import KNOWLEDGE, PATIENTS, demo, seen

HRCT = "hrct-increase-percent"
IN_SCOPE = [name for name in PATIENTS if demo(name)[0].situation]


def detail(*lines: str):  # type: ignore[no-untyped-def]
    found = page(*lines).detail
    assert found
    return found


@pytest.mark.parametrize("name", IN_SCOPE)
def test_the_drawn_formula_gives_the_answer_of_the_rules(name: str) -> None:
    """The legs that a reader sees, put together, are the definition."""
    found = of(*demo(name)).detail
    assert found
    for card in found.definitions:
        assert all_of(leg.status for leg in card.legs) is card.status, card.id


def legs_of(leg: Leg) -> list[str]:
    return [leg.id, *(each.id for each in leg.choices)]


def test_all_three_definitions_with_origin_and_open_points() -> None:
    cards = detail(*MET).definitions
    assert [card.id for card in cards] == list(DEFINITIONS)
    assert [card.primary for card in cards] == [True, False, False]
    assert all(each.logic and each.source and each.where and each.open_point for each in origins(KNOWLEDGE))
    assert {id for leg in cards[0].legs for id in legs_of(leg) if id} <= USED_BY.keys()


def test_every_criterion_of_the_contract_is_a_row() -> None:
    rows = {row.id: row for row in detail(*MET).criteria}
    assert set(CRITERIA) <= rows.keys()
    assert all(row.name != row.id for row in rows.values())
    assert all(row.limits for row in rows.values() if row.id not in COMPOSITES)
    assert all(not row.sources and not row.lacks for row in rows.values() if row.composite)
    fvc = rows["fvcDecline"]
    assert [source.printed for source in fvc.sources] == ["3.00", "2.60"]
    assert fvc.limits[0].words == "above 10 %"
    assert fvc.limits[0].origin.startswith("published: ")
    assert rows["respiratoryFailure"].limits[0].origin == "proposed, unsigned"
    assert "after Berlin" in rows["respiratoryFailure"].limits[1].origin


def test_an_unknown_answer_says_why_and_what_would_answer_it() -> None:
    rows = {row.id: row for row in detail(POSITIVE, ONSET, "fvc 2.60 @-1d").criteria}
    lack = rows["fvcDecline"].lacks[0]
    assert lack.reason == "no earlier value to compare with"
    assert lack.remedy.startswith("Spirometry")
    assert rows["ctWorsening"].lacks[0].remedy.startswith("Attest new or worse infiltrates")


def test_every_row_of_every_demo_patient_is_decided_or_says_what_it_lacks() -> None:
    for name in IN_SCOPE:
        found = of(*demo(name)).detail
        assert found
        for row in (row for row in found.criteria if not row.composite):
            assert (row.status is UNKNOWN) == bool(row.lacks), f"{name} {row.id}"


def test_settings_stand_once_with_what_they_are_used_for() -> None:
    settings = {each.limit.name: each for each in find_basis(KNOWLEDGE).settings}
    assert list(settings) == list(KNOWLEDGE.parameters)
    assert {name for names in LIMITS.values() for name in names} == {n for n, each in settings.items() if each.used_for}
    assert settings["one_month_days"].used_for == (
        "Onset within one month", "First respiratory symptom within one month",
    )  # fmt: skip


def test_a_site_value_is_marked_with_the_shipped_one() -> None:
    change = Override("fvc_fall_pct", "12", "10", "Dr A", "local", date(2026, 1, 1))
    parameters = KNOWLEDGE.parameters | {"fvc_fall_pct": KNOWLEDGE.parameter("fvc_fall_pct")}
    knowledge = replace(KNOWLEDGE, overrides=(change,), parameters=parameters)
    facts = seen(*MET)[1]
    shown = of(assess(facts, knowledge, NOW), facts)
    assert shown.detail
    row = next(row for row in shown.detail.criteria if row.id == "fvcDecline")
    assert row.limits[0].default == "10"
    assert shown.why.overrides[0][0].author == "Dr A"


def test_what_was_met_at_the_earlier_time_is_told() -> None:
    latched = detail(POSITIVE, "condition dyspnea @-33D", "fvc 3.00 @-30d", "fvc 2.60 @-3d")
    assert any(line.startswith("Fall of FVC: FVC 3.00") for line in latched.met_then)
    assert detail(*MET).met_then == ()


def test_what_settles_the_deciding_definition_stands_first() -> None:
    gaps = detail(POSITIVE, ONSET, "fvc 2.60 @-1d", "dlco 15 @-1d").gaps
    assert "fourConditions" in gaps[0].settles
    order = [("fourConditions" in gap.settles, gap.flag) for gap in gaps]
    assert order == sorted(order, key=lambda each: (each[1], not each[0]))
    assert [gap for gap in gaps if gap.flag and gap.settles] == []


def test_the_one_act_that_would_settle_it_is_named_in_the_headline() -> None:
    """Two CTs of the chart wait for a word; without them a gas is sooner had than a scan."""
    rest = ("fvc 3.00 @-23d", "fvc 2.99 @-1d", "dlco 20 @-23d", "dlco 19.9 @-1d", "pao2 84 @-20d", "pao2 82 @-1h",
            "fio2 0.21 @-20d", "fio2 0.21 @-1h", "stay AMB @-2h reason=dyspnea", "report r2 @-2d",
            "ct ct1 @-20d")  # fmt: skip
    sure = page(POSITIVE, ONSET, *rest, "ct ct2 @-2d").standing
    assert sure.act == Act("One act settles it: HRCT with comparison; attest the increase on the page.", HRCT)
    assert sure.act.words in sure.sentence
    assert demo_page("missing-gas").standing.act == Act("One act may settle it: Arterial gas with FiO2.")
    assert page(*MET).standing.act is None


def test_a_settled_definition_asks_for_nothing() -> None:
    gaps = detail(*MET).gaps
    assert all("fourConditions" not in gap.settles for gap in gaps)
    assert any("threeMonthProgression" in gap.settles for gap in gaps)


def test_what_several_lack_is_said_once() -> None:
    gaps = [gap for gap in detail(POSITIVE, ONSET).gaps if gap.what == "arterial PaO2: no result"]
    assert len(gaps) == 1
    assert gaps[0].names[:2] == ("Respiratory failure by arterial gas", "Fall of PaO2")
    assert gaps[0].remedies[0].startswith("Arterial gas")


def test_what_breathing_support_puts_off_is_asked_for_last() -> None:
    ventilated = detail(POSITIVE, ONSET, "support invasive-ventilation @-2d", "pao2 90 @-1h").gaps
    last = [gap for gap in ventilated if not gap.flag][-3:]
    assert all(gap.later for gap in last)
    remedies = " ".join(remedy for gap in last for remedy in gap.remedies)
    assert "Not while on invasive ventilation. When possible: DLCO" in remedies
    assert "When possible on invasive ventilation: HRCT with comparison" in remedies
    on_flow = detail(POSITIVE, ONSET, "support hfnc @-2d", "pao2 90 @-1h").gaps
    assert {name for gap in on_flow if gap.later for name in gap.names} == {"Fall of FVC", "Fall of DLCO"}
    two_scans = detail(POSITIVE, ONSET, "support invasive-ventilation @-2d", "ct ct1 @-20d", "ct ct2 @-2d").gaps
    assert not any(gap.later for gap in two_scans if "Increase on HRCT" in gap.names), "a word about two CTs is enough"


def test_names_that_begin_alike_are_said_once() -> None:
    names = [name for gap in detail(POSITIVE, ONSET).gaps for name in gap.names]
    assert "New or worse infiltrates on CT" in names
    assert "New or worse infiltrates on CT within three months" not in names


def test_a_gap_names_its_form_and_its_order() -> None:
    found = detail(POSITIVE, ONSET, "order spirometry @-1d items=lung-function", "order ct @-1d items=hrct")
    by_name = {name: gap for gap in found.gaps for name in gap.names}
    assert by_name["Increase on HRCT"].attest == "hrct-increase-percent"
    assert by_name["Fall of FVC"].ordered.startswith("ordered 2026-11-23")
    assert by_name["Fall of DLCO"].attest == ""


def test_nothing_missing_says_so() -> None:
    full = detail(
        *MET, "dlco 20 @-23d", "dlco 19.5 @-1d", "pao2 84 @-20d", "fio2 0.21 @-20d", "pao2 82 @-1h", "fio2 0.21 @-1h",
        "paco2 36 @-1h", "attest hrct-increase-percent 25 @-1h", "attest progressive-dyspnoea true @-1h",
        "attest ct-worsening true @-1h period=-25D..-2D", "ferritin 1680 @-1d", "ldh 300 @-1d", "crp 3 @-1d",
        "lymphocytes-abs 1.1 @-1d", "test anti-ro52 negative @-14d", "stay IMP @-3d reason=dyspnea",
    )  # fmt: skip
    assert full.gaps == ()
    assert all(card.status is YES for card in full.definitions if card.id != "oneMonthTriad")


def test_the_fall_is_read_from_the_right_pair() -> None:
    rows = {row.id: row for row in detail(POSITIVE, ONSET, *FALL, "fvc-pct-pred 80 @-1d").criteria}
    assert {source.label for source in rows["fvcDecline"].sources} == {"FVC"}
