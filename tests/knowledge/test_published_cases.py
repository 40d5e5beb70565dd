"""The published cases, as printed, through the rules: what each shows, and what it does not."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest

from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment, Situation
from rpild_rules.contract import as_contract
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.recommend import Call, choose
from tests.rules.charts import NOW, chart

CASES = tomllib.loads(
    (Path(__file__).resolve().parents[1] / "fixtures/published_cases.toml").read_text(encoding="utf-8")
)
SEXES = {"F": "female", "M": "male"}
POSITIVE = "test anti-mda5-qual positive @-30d"
BREATHLESS = ("condition dyspnea @-20d", "stay IMP @-15d reason=dyspnea", "condition ild @-20d")
TREATED = ("drug prednisolone @-9d mg=60", "drug tacrolimus @-9d", "drug cyclophosphamide @-9d")
THREE_OF_THREE = ("attest ggo-all-six-fields true @-9d", "attest ct-worsening true @-1d period=-10d..-2d")


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


def named(group: str) -> list[str]:
    return [id for id in CASES if id.startswith(f"CASE-{group}") and "age" in CASES[id]]


def assessed(id: str, *lines: str) -> Assessment:
    case = CASES[id]
    return assess(chart(*lines, age=case["age"], sex=SEXES[case["sex"]]), knowledge(), NOW)


def situation(result: Assessment) -> Situation:
    assert result.situation
    return result.situation


def flags(result: Assessment) -> dict[str, str]:
    return dict(as_contract(result, ())["flags"])


def cards(result: Assessment, hook: str = "patient-view") -> list[str]:
    return [card.topic for card in choose(result, Call(hook))[0]]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("CASE-K1", {"ferritin1500": "met", "aado2of32": "met", "ldh400": "met"}),
        ("CASE-K2", {"ferritin1500": "notMet", "ferritin1000": "met", "aado2of32": "notMet", "ldh400": "met"}),
        ("CASE-K3", {"ferritin1500": "notMet", "ferritin1000": "met", "aado2of32": "met", "ldh400": "met"}),
        ("CASE-K4", {"ferritin1500": "met", "aado2of32": "met", "ldh400": "met"}),
        ("CASE-K5", {"ferritin1500": "notMet", "ferritin1000": "met", "aado2of32": "notMet", "ldh400": "notMet"}),
    ],
)
def test_case_k_at_admission(id: str, expected: dict[str, str]) -> None:
    case = CASES[id]
    labs = (f"ferritin {case['ferritin']} @-1d", f"ldh {case['ldh']} @-1d", f"aa-gradient {case['aado2']} @-1d")
    found = flags(assessed(id, POSITIVE, *BREATHLESS, *labs))
    assert {flag: found[flag] for flag in expected} == expected
    assert found["ferritin828"] == "met"


@pytest.mark.parametrize("id", named("K"))
def test_case_k_is_refractory_by_three_of_three(id: str) -> None:
    result = assessed(id, POSITIVE, *BREATHLESS, f"ferritin {CASES[id]['ferritin']} @-10d", *TREATED, *THREE_OF_THREE)
    assert as_contract(result, ())["kurasawa"] == {"met": 3, "of": 3}
    assert result.stage == "refractory"
    assert "refractoryOptions" in cards(result)


@pytest.mark.parametrize("id", named("K"))
def test_case_k_without_a_worse_ct_is_in_response(id: str) -> None:
    result = assessed(id, POSITIVE, *BREATHLESS, f"ferritin {CASES[id]['ferritin']} @-10d", *TREATED, THREE_OF_THREE[0])
    assert as_contract(result, ())["kurasawa"] == {"met": 2, "of": 3}
    assert result.stage == "response"


@pytest.mark.parametrize("id", named("T"))
def test_case_t_before_tocilizumab(id: str) -> None:
    case = CASES[id]
    ro52 = "positive" if case["ro52"] else "negative"
    labs = (f"ferritin {case['ferritin']} @-1d", f"ldh {case['ldh']} @-1d", f"pf-ratio {case['pf']} @-1h")
    oxygen = ("fio2 0.4 @-1h",)
    result = assessed(id, POSITIVE, f"test anti-ro52 {ro52} @-30d", *BREATHLESS, *labs, *oxygen)
    found = flags(result)
    assert found["ro52"] == ("met" if case["ro52"] else "notMet")
    assert found["ferritin828"] == ("notMet" if id in {"CASE-T2", "CASE-T4"} else "met")
    assert found["ldh400"] == ("met" if id in {"CASE-T5", "CASE-T6"} else "notMet")
    failing = situation(result).found["respiratoryFailure"].met
    assert failing == (id not in {"CASE-T3", "CASE-T4"}), "P/F under 300"


@pytest.mark.parametrize("id", [id for id in named("S") if "fvc_before" in CASES[id]])
def test_case_s_gained_lung_function(id: str) -> None:
    case = CASES[id]
    tests = (f"fvc-pct-pred {case['fvc_before']} @-28d", f"fvc-pct-pred {case['fvc_after']} @-1d")
    assert situation(assessed(id, POSITIVE, *BREATHLESS, *tests)).found["fvcDecline"].status == "notMet"
    reversed_tests = (f"fvc-pct-pred {case['fvc_after']} @-28d", f"fvc-pct-pred {case['fvc_before']} @-1d")
    assert situation(assessed(id, POSITIVE, *BREATHLESS, *reversed_tests)).found["fvcDecline"].status == "met"


def test_case_s4_gained_diffusion() -> None:
    case = CASES["CASE-S4"]
    result = assessed(
        "CASE-S4",
        POSITIVE,
        *BREATHLESS,
        f"dlco {case['dlco_before']} @-28d",
        f"dlco {case['dlco_after']} @-1d",
    )
    assert situation(result).found["dlcoDecline"].status == "notMet"


@pytest.mark.parametrize("id", named("G"))
def test_case_g_with_rapid_course_is_first_line_untreated(id: str) -> None:
    rapid = CASES[id]["form"] == "RP-ILD"
    result = assessed(id, POSITIVE, *(BREATHLESS if rapid else ("condition ild @-300d",)))
    assert result.stage == ("firstLine" if rapid else "surveillance")
    assert ("combinationTherapy" in cards(result)) == rapid


def test_case_r_counts_as_printed() -> None:
    case = CASES["CASE-R"]
    assert len(case["died"]) == 12
    assert len(case["improved"]) == 6
    assert 7 + len(case["died"]) + len(case["improved"]) == 25, "readable of 28 (DE-11)"


def test_case_l1_is_positive_with_more_than_one_antibody() -> None:
    others = ("test anti-mi2 positive @-30d", "test anti-pl7 weak @-30d")
    found = situation(assessed("CASE-L1", POSITIVE, *others, *BREATHLESS, "ferritin 2433 @-1d"))
    assert found.context == "confirmed"
    assert "multiple" in found.mda5.marks


def test_case_l2_without_an_mda5_result_is_suspected() -> None:
    result = assessed("CASE-L2", "test anti-mi2 positive @-30d", *BREATHLESS, "ferritin 7413 @-1d")
    assert result.context == "suspected"
    assert "antibodyPending" in cards(result)
    assert "combinationTherapy" not in cards(result)


def test_case_l3_with_few_neutrophils_before_cyclophosphamide() -> None:
    lines = (POSITIVE, "test anti-ro52 positive @-30d", *BREATHLESS, "neutrophils-abs 0.4 @-1d", "platelets 200 @-1d")
    result = assessed("CASE-L3", *lines, "draft drug cyclophosphamide")
    assert flags(result)["ro52"] == "met"
    assert "cytopenia" in {card.topic for kept in choose(result, Call("order-sign")) for card in kept}


@pytest.mark.parametrize("id", named("L"))
def test_case_l_crp_without_a_unit_is_never_compared(id: str) -> None:
    result = assessed(id, POSITIVE, *BREATHLESS, f"crp {CASES[id]['crp']} @-1d problem=unit")
    assert flags(result)["crp13"] == "unknown"


@pytest.mark.parametrize("id", named("A"))
def test_case_a_takes_the_aip_branch_only_with_the_rule_outs_attested(id: str) -> None:
    lines = (
        "test anti-mda5-qual negative @-3d",
        "condition dyspnea @-20d",
        "condition ild @-20d",
        "stay IMP @-5d reason=dyspnea",
        f"pf-ratio {CASES[id]['pf']} @-1h",
        "fio2 0.6 @-1h",
    )
    attested = ("attest bilateral-infiltrates true @-1h", "attest causes-excluded true @-1h")
    open_result, closed_result = assessed(id, *lines), assessed(id, *lines, *attested)
    assert (open_result.context, open_result.stage) == ("noCtd", "ruleOuts")
    assert closed_result.stage == "aip"
    assert all("aipPathway" in cards(result) for result in (open_result, closed_result))


def test_suh_extent_is_printed_for_ten() -> None:
    assert len(CASES["suh"]["hrct"]) == 10


def test_abe_ferritin_stays_an_error_of_the_source() -> None:
    values = CASES["abe"]["ferritin_as_printed"]
    error = knowledge().tables.kinds["error"]["DE-3"]
    assert set(values) <= {str(value) for value in error.values}
    result = assess(chart(POSITIVE, *BREATHLESS, f"ferritin {values[1]} @-1d problem=unit"), knowledge(), NOW)
    assert flags(result)["ferritin828"] == "unknown"
