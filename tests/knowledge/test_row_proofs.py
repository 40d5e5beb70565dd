"""Rows of the source list through the rules: both sides of every published limit, and what is never done."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from rpild_rules import rows
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.contract import as_contract
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.pathway_rows import Transition
from rpild_rules.recommend import Call, choose
from tests.rules.charts import NOW, chart

ROOT = Path(__file__).resolve().parents[2]
MYOSITIS, POSITIVE, NEGATIVE = (
    "condition dermatomyositis @-40d",
    "test anti-mda5-qual positive @-30d",
    "test anti-mda5-qual negative @-3d",
)
BREATHLESS = ("condition dyspnea @-20d", "stay IMP @-15d reason=dyspnea", "condition ild @-20d")
TREATED = ("drug prednisolone @-9d mg=60", "drug tacrolimus @-9d")
ORDERED = "order order-myositis-antibody @-1d items=myositis-panel"
SEVERE, RECOVERED = ("pao2 45 @-2h", "fio2 0.9 @-2h"), ("pao2 45 @-30h", "fio2 0.9 @-30h")
IMPROVING, WORSENING = "attest treatment-response improving @-1h", "attest treatment-response worsening @-1d"
FAILING = ("pao2 55 @-2h", "fio2 0.3 @-2h")
RULED_OUT = (*FAILING, "attest bilateral-infiltrates true @-1h", "attest causes-excluded true @-1h")


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


def assessed(*lines: str) -> Assessment:
    return assess(chart(*lines), knowledge(), NOW)


def statuses(result: Assessment) -> dict[str, str]:
    contract = as_contract(result, ())
    return {**contract["criteria"], **contract["flags"], **contract["definitions"]}


def card(topic: str, hook: str, *lines: str) -> Recommendation:
    sent, held = choose(assessed(*lines), Call(hook))
    return next(each for each in (*sent, *held) if each.topic == topic)


def words(recommendation: Recommendation) -> str:
    return "\n".join(line for section in recommendation.sections for line in section.lines)


LIMITS = [
    ("fvcDecline", ("fvc 1.60 @-28d", "fvc 1.44 @-1d"), ("fvc 1.60 @-28d", "fvc 1.439 @-1d")),
    ("dlcoDecline", ("dlco 20 @-28d", "dlco 17 @-1d"), ("dlco 20 @-28d", "dlco 16.99 @-1d")),
    ("hrctIncrease", ("attest hrct-increase-percent 20 @-1d",), ("attest hrct-increase-percent 20.1 @-1d",)),
    (
        "pao2Decline",
        ("pao2 64.4 @-5d", "fio2 0.21 @-5d", "pao2 54.4 @-1h", "fio2 0.21 @-1h"),
        ("pao2 64.4 @-5d", "fio2 0.21 @-5d", "pao2 54.3 @-1h", "fio2 0.21 @-1h"),
    ),
    ("ferritin828", ("ferritin 827.9 @-1d",), ("ferritin 828 @-1d",)),
    ("ferritin1000", ("ferritin 1000 @-1d",), ("ferritin 1000.1 @-1d",)),
    ("ferritin1500", ("ferritin 1499.9 @-1d",), ("ferritin 1500 @-1d",)),
    ("aado2of32", ("aa-gradient 31.9 @-1h",), ("aa-gradient 32 @-1h",)),
    ("crp13", ("crp 12.9 @-1d",), ("crp 13 @-1d",)),
    ("ldh400", ("ldh 400 @-1d",), ("ldh 400.1 @-1d",)),
    ("lymphocytes500", ("lymphocytes-abs 0.5 @-1d",), ("lymphocytes-abs 0.49 @-1d",)),
]


@pytest.mark.parametrize(("name", "short", "beyond"), LIMITS, ids=[limit[0] for limit in LIMITS])
def test_limits_on_both_sides(name: str, short: tuple[str, ...], beyond: tuple[str, ...]) -> None:
    assert statuses(assessed(POSITIVE, *short))[name] == "notMet"
    assert statuses(assessed(POSITIVE, *beyond))[name] == "met"


def test_c1() -> None:
    assert statuses(assessed(POSITIVE, *BREATHLESS))["dyspnoeaNeedingCare"] == "met"
    at_home = ("condition dyspnea @-20d", "stay AMB @-15d until=-15d reason=dyspnea", "fio2 0.21 @-1d")
    assert statuses(assessed(POSITIVE, *at_home))["dyspnoeaNeedingCare"] == "notMet"
    on_oxygen = ("condition dyspnea @-20d", "o2-flow 2 @-1d")
    assert statuses(assessed(POSITIVE, *on_oxygen))["dyspnoeaNeedingCare"] == "met"


def test_def_2() -> None:
    assert statuses(assessed(POSITIVE, *BREATHLESS))["fourConditions"] == "met"
    late = ("condition dyspnea @-40d", "stay IMP @-15d reason=dyspnea", "condition ild @-40d")
    assert statuses(assessed(POSITIVE, *late))["fourConditions"] == "notMet"
    assert statuses(assessed(POSITIVE))["fourConditions"] == "unknown"


def test_def_1() -> None:
    triad = (*BREATHLESS, "attest ct-worsening true @-1d period=-15d..-2d", *FAILING)
    assert statuses(assessed(POSITIVE, *triad))["oneMonthTriad"] == "met"
    assert statuses(assessed(POSITIVE, *triad[:-2], "pao2 80 @-2h", "fio2 0.21 @-2h"))["oneMonthTriad"] == "notMet"


def test_def_3() -> None:
    breathless = "condition dyspnea @-20d"
    within = "attest ct-worsening true @-1d period=-90d..-2d"
    beyond = "attest ct-worsening true @-1d period=-120d..-2d"
    assert statuses(assessed(POSITIVE, breathless, within))["threeMonthProgression"] == "met"
    assert statuses(assessed(POSITIVE, breathless, beyond))["threeMonthProgression"] == "notMet"


def test_definitions_shown_only_are_not_evaluated() -> None:
    shown = [row for row in knowledge().tables.of(rows.Definition).values() if row.use == "shown only"]
    assert [row.id for row in shown] == ["DEF-4", "DEF-5"]
    assert [row.contract for row in shown if row.contract] == []
    assert len(as_contract(assessed(POSITIVE), ())["definitions"]) == 3


def test_no_card_prints_one_prevalence() -> None:
    texts = knowledge().texts
    said = [text for topic in texts.topics.values() for text in (topic.summary, *topic.lines.values())]
    shares = ("33.8", "38.9", "53.8", "74 %")
    assert [text for text in said if "prevalence" in text or any(share in text for share in shares)] == []


def test_a_ct_text_is_never_read() -> None:
    result = assessed(POSITIVE, *BREATHLESS, "report r1 @-2d")
    missing = {(each["criterion"], each["reason"]) for each in as_contract(result, ())["missing"]}
    assert ("hrctIncrease", "unstructured") in missing


def test_rows_for_the_page_are_no_parameter() -> None:
    for id in ("PROG-7", "PROG-13"):
        row = knowledge().tables.row(rows.Prognostic, id)
        assert (row.flags, row.parameters) == ((), ())
        assert [name for name, each in knowledge().parameters.items() if each.source == id] == []


def test_ro52() -> None:
    assert statuses(assessed(POSITIVE, "test anti-ro52 positive @-300d"))["ro52"] == "met"
    assert statuses(assessed(POSITIVE, "test anti-ro52 negative @-300d"))["ro52"] == "notMet"
    assert statuses(assessed(POSITIVE))["ro52"] == "unknown"


def test_prog_10_saturation_is_a_support_line() -> None:
    low, enough = assessed(POSITIVE, "spo2 94 @-1h"), assessed(POSITIVE, "spo2 95 @-1h")
    assert low.situation
    assert enough.situation
    assert (low.situation.lung_signal, enough.situation.lung_signal) == (True, False)
    assert statuses(low) == statuses(enough), "no criterion and no flag reads it"


def test_prog_12_caveat_stands_beside_the_flags() -> None:
    said = words(card("combinationTherapy", "patient-view", POSITIVE, *BREATHLESS, "ferritin 900 @-1d"))
    assert "One single value says little, the trend counts" in said


def test_ev_20_stands_on_the_ecmo_card() -> None:
    said = words(card("ecmoTransplant", "patient-view", POSITIVE, *BREATHLESS, *SEVERE))
    assert "0 of 7 survived to decannulation" in said


def test_avoid_1_on_an_order() -> None:
    said = words(card("avoidForInduction", "order-sign", POSITIVE, *BREATHLESS, "draft drug azathioprine"))
    assert "not recommended for induction" in said
    assert "connective-tissue ILD that is not rapidly progressive" in said


def test_refr_1_on_the_card() -> None:
    said = words(card("refractoryOptions", "patient-view", POSITIVE, *BREATHLESS, *TREATED, WORSENING))
    for name in ("JAKi", "RTX", "Tocilizumab", "PMX", "PLEX", "IVIG", "Pirfenidone: subacute disease only"):
        assert name in said, name


def test_limits_of_guidelines_are_the_parameters() -> None:
    for row in knowledge().tables.of(rows.Guideline).values():
        said = " ".join(row.says)
        for parameter in map(knowledge().parameter, row.parameters):
            if parameter.source == row.id and parameter.status == "published":
                assert re.search(rf"\b{re.escape(parameter.printed)}\b", said), parameter.name
    cited = {each.source for each in knowledge().parameters.values() if each.source.startswith("LIT-")}
    assert cited <= set(knowledge().tables.of(rows.Guideline))


@pytest.mark.parametrize(
    ("gas", "severe"),
    [
        (("pao2 40 @-2h", "fio2 0.50 @-2h"), False),
        (("pao2 39.9 @-2h", "fio2 0.50 @-2h"), True),
        (("ph-arterial 7.25 @-2h group=g", "paco2 60 @-2h group=g"), False),
        (("ph-arterial 7.24 @-2h group=g", "paco2 60 @-2h group=g"), True),
        (("ph-arterial 7.24 @-2h group=g", "paco2 59 @-2h group=g"), False),
    ],
)
def test_lit_8_limits_on_both_sides(gas: tuple[str, ...], severe: bool) -> None:
    situation = assessed(POSITIVE, *BREATHLESS, *gas).situation
    assert situation
    assert (situation.severe is not None) == severe


def test_lit_15_factors_are_those_of_the_unit_table() -> None:
    units = tomllib.loads((ROOT / "fhir_mappings/codes/units.toml").read_text(encoding="utf-8"))["concept"]
    assert units["pao2"]["factors"]["kPa"] == ["7.50062"]
    assert units["ldh"]["factors"]["ukat/L"] == ["60"]
    assert units["dlco"]["factors"]["mmol/min/kPa"] == ["2.987"]
    assert units["ferritin"]["factors"] == {"ng/mL": ["1"], "ug/L": ["1"]}
    (molar,) = units["ferritin-molar"]["factors"]["pmol/L"]
    assert abs(Decimal(molar) * Decimal("2.247") - 1) < Decimal("0.001")


def test_lit_16_equivalents_are_the_parameters() -> None:
    equal = {name: knowledge().number(f"prednisone_equal_mg_{name}") for name in ("prednisolone", "methylprednisolone")}
    equal |= {name: knowledge().number(f"prednisone_equal_mg_{name}") for name in ("dexamethasone", "hydrocortisone")}
    (said,) = knowledge().tables.row(rows.Guideline, "LIT-16").says
    printed = dict(re.findall(r"(\w+) ([\d.]+)", said.partition(": ")[2]))
    assert {name: Decimal(number) for name, number in printed.items()} == equal
    assert knowledge().number("prednisone_base_mg") == 5


def test_de_10_the_name_is_not_used() -> None:
    said = (ROOT / "rpild_rules/card_texts.toml").read_text(encoding="utf-8")
    assert not re.search(r"\bOI\b|oxygenation index", said, re.IGNORECASE)


# The ways between stages, each as a chart before and a chart after.

UNSENT, RULE_OUTS = BREATHLESS, (*BREATHLESS, NEGATIVE)
OTHER, FIRST = ("condition polymyositis @-40d", NEGATIVE), (POSITIVE, *BREATHLESS)
RESPONSE, AIP = (*FIRST, *TREATED), (*RULE_OUTS, *RULED_OUT)
EARLIER = (
    POSITIVE,
    "condition dyspnea @-75d abated=-40d clinical=resolved",
    "attest treatment-response improving @-30d",
)
AGAIN = ("condition acute-resp-failure @-5d", "stay IMP @-5d reason=acute-resp-failure")
BOTH_DRUGS = ("drug prednisolone @-70d mg=40", "drug tacrolimus @-70d")
WAYS = {
    ("outOfScope", "suspected"): ((), (MYOSITIS,)),
    ("suspected", "antibodyPending"): ((MYOSITIS,), (MYOSITIS, ORDERED)),
    ("antibodyPending", "surveillance"): ((MYOSITIS, ORDERED), (MYOSITIS, POSITIVE)),
    ("antibodyPending", "firstLine"): (UNSENT, FIRST),
    ("antibodyPending", "otherMsa"): ((MYOSITIS, ORDERED), (MYOSITIS, NEGATIVE)),
    ("antibodyPending", "ruleOuts"): (UNSENT, RULE_OUTS),
    ("antibodyPending", "response"): (UNSENT, (*UNSENT, *TREATED)),
    ("ruleOuts", "aip"): (RULE_OUTS, AIP),
    ("ruleOuts", "response"): (RULE_OUTS, (*RULE_OUTS, *TREATED)),
    ("surveillance", "firstLine"): ((POSITIVE,), FIRST),
    ("firstLine", "response"): (FIRST, RESPONSE),
    ("otherMsa", "response"): (OTHER, (*OTHER, *BREATHLESS, *TREATED)),
    ("aip", "response"): (AIP, (*AIP, *TREATED)),
    ("response", "maintenance"): (RESPONSE, (*RESPONSE, IMPROVING)),
    ("response", "refractory"): (RESPONSE, (*RESPONSE, WORSENING)),
    ("maintenance", "refractory"): ((*EARLIER, *BOTH_DRUGS), (*EARLIER, *BOTH_DRUGS, *AGAIN)),
    ("maintenance", "firstLine"): ((*EARLIER, BOTH_DRUGS[1]), (*EARLIER, BOTH_DRUGS[1], *AGAIN)),
    ("refractory", "maintenance"): ((*RESPONSE, WORSENING), (*RESPONSE, WORSENING, IMPROVING)),
    ("firstLine", "rescue"): (FIRST, (*FIRST, *SEVERE)),
    ("response", "rescue"): (RESPONSE, (*RESPONSE, *SEVERE)),
    ("refractory", "rescue"): ((*RESPONSE, WORSENING), (*RESPONSE, WORSENING, *SEVERE)),
    ("antibodyPending", "rescue"): (UNSENT, (*UNSENT, *SEVERE)),
    ("surveillance", "rescue"): ((POSITIVE,), (POSITIVE, *SEVERE)),
    ("suspected", "rescue"): ((MYOSITIS,), (MYOSITIS, *SEVERE)),
    ("otherMsa", "rescue"): (OTHER, (*OTHER, *BREATHLESS, *SEVERE)),
    ("ruleOuts", "rescue"): (RULE_OUTS, (*RULE_OUTS, *SEVERE)),
    ("aip", "rescue"): (AIP, (*AIP, "pao2 45 @-1h", "fio2 0.9 @-1h")),
    ("rescue", "response"): ((*RESPONSE, *SEVERE), (*RESPONSE, *RECOVERED)),
    ("rescue", "refractory"): ((*RESPONSE, WORSENING, *SEVERE), (*RESPONSE, WORSENING, *RECOVERED)),
    ("rescue", "maintenance"): ((*RESPONSE, *SEVERE), (*RESPONSE, *RECOVERED, IMPROVING)),
    ("rescue", "outOfScope"): ((*RESPONSE, *SEVERE), (*RESPONSE, *SEVERE, "done lung-transplant @-1h")),
}


def test_every_way_between_stages_can_be_gone() -> None:
    assert set(WAYS) == {(way.start, way.end) for way in knowledge().tables.of(Transition).values()}
    gone = {way: tuple(assessed(*lines).stage for lines in charts) for way, charts in WAYS.items()}
    assert {way: stages for way, stages in gone.items() if way != stages} == {}
