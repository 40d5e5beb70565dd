"""What makes a card the same card: the stored text, letter by letter; another would let every memory speak again."""

from __future__ import annotations

from itertools import product

import pytest

from rpild_rules.assess import assess
from rpild_rules.fingerprint import equal_parts, exact, positive_parts
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped
from tests.rules.test_fatigue import MET, UNREAD_ANTIBODIES
from tests.rules.test_silence import SEVERE, WORSE

DRUGS = "cyclophosphamide,methotrexate,prednisolone,tacrolimus,tofacitinib"
ORDERS = (
    "draft drug cyclophosphamide", "draft drug methotrexate", "draft drug tofacitinib", "draft drug tacrolimus",
    "draft drug prednisolone mg=60", "draft drug atorvastatin", "platelets 61 @-2h", "potassium 6.1 @-2h",
    "body-temp 39.1 @-2h", "condition vte @-400D", "test hbsag positive @-5d", "ferritin 1234 @-1d problem=unit",
)  # fmt: skip
CONTEXTS = ("confirmed", "suspected", "otherMsa", "noCtd")
STATES = ("positive", "indeterminate", "negative", "pending", "none")
FIRST_LINE = {
    "combinationTherapy": ("", "careLimited"),
    "antibodyPending": ("", "indeterminate", "fetchFailed"),
    "otherMyositisAntibody": ("",),
    "aipPathway": ("", "aip"),
}


def parts(*lines: str) -> dict[str, str]:
    assessment = assess(chart(*lines), shipped(), NOW)
    assert assessment.situation
    return {r.topic: exact(r, assessment.situation) for r in assessment.recommendations}


def equals(topic: str, *lines: str) -> frozenset[str]:
    assessment = assess(chart(*lines), shipped(), NOW)
    assert assessment.situation
    (card,) = [r for r in assessment.recommendations if r.topic == topic]
    return equal_parts(card, assessment.situation)


def test_cards_of_the_disease_are_known_by_its_state() -> None:
    assert parts(*SEVERE) == {
        "ecmoTransplant": "ecmoTransplant||confirmed|positive",
        "combinationTherapy": "combinationTherapy||confirmed|positive",
        "transplantReferral": "transplantReferral||confirmed|positive",
    }
    assert parts(*MET, *WORSE)["refractoryOptions"] == "refractoryOptions||confirmed|positive"
    assert parts(*UNREAD_ANTIBODIES)["antibodyPending"] == "antibodyPending|fetchFailed|suspected|none"


@pytest.mark.parametrize(
    ("topic", "failing"),
    [
        ("possibleInfection", "temperature"), ("pregnancyCheck", "possible"), ("avoidForInduction", ""),
        ("cytopenia", "platelets"), ("jakiRisk", "hbsag positive,vte"), ("pjpProphylaxis", ""),
        ("cniSafety", "no recent creatinine,potassium"),
        ("preImmunosuppressionScreen", "alt,anti-hbc,ast,cbc,hbsag positive,hcv,hiv,igra"),
        ("dataQuality", "ferritin1000:unit,ferritin1500:unit,ferritin828:unit"),
    ],
)  # fmt: skip
def test_other_cards_are_known_by_the_drugs_signed_and_what_fails(topic: str, failing: str) -> None:
    assert parts(*MET[:-1], *ORDERS)[topic] == f"{topic}|{DRUGS}|{failing}"


def test_a_documented_pregnancy_is_another_card_than_a_possible_one() -> None:
    pregnant = parts(*MET[:-1], *ORDERS, "condition pregnancy @-20D")
    assert pregnant["pregnancyCheck"] == f"pregnancyCheck|{DRUGS}|documented"


def test_unread_antibodies_leave_open_which_of_the_first_line_cards_it_was() -> None:
    every = {
        "|".join((topic, *each))
        for topic, variants in FIRST_LINE.items()
        for each in product(variants, CONTEXTS, STATES)
    }
    assert equals("antibodyPending", *UNREAD_ANTIBODIES) == every
    referral = {"|".join(("transplantReferral", "", *each)) for each in product(CONTEXTS, STATES)}
    assert equals("transplantReferral", *UNREAD_ANTIBODIES) == referral


def test_unread_limits_of_care_leave_open_whether_there_is_one() -> None:
    unread = (*MET, "unread E-FLAG not-permitted")
    plain, limited = "combinationTherapy||confirmed|positive", "combinationTherapy|careLimited|confirmed|positive"
    assert equals("combinationTherapy", *unread) == {plain, limited}
    assert equals("combinationTherapy", *MET) == {plain}


def test_positive_parts_are_those_of_a_positive_antibody() -> None:
    assessment = assess(chart(*MET), shipped(), NOW)
    assert assessment.situation
    (card,) = [r for r in assessment.recommendations if r.topic == "combinationTherapy"]
    wanted = {"|".join(("combinationTherapy", v, c, "positive")) for v in ("", "careLimited") for c in CONTEXTS}
    assert positive_parts(card, assessment.situation) == wanted
