"""The fixed tables of the cards and the work-up, row by row as decided (decisions sections 9, 10 and 13)."""

from __future__ import annotations

from rpild_rules.recommend import ABSORBS, ORDER
from rpild_rules.suggestions import OFFERED
from rpild_rules.triggers import TRIGGERS
from rpild_rules.workup import CATALOGUE, ORDER_WINDOWS

BOTH, VIEW, ORDERS = {"patient-view", "order-sign"}, {"patient-view"}, {"order-sign", "order-select"}
CONSULTS = ["rheumatology-consult", "pulmonology-consult"]
BLOOD = ["ferritin", "ldh", "crp", "cbc", "ck", "alt", "ast", "creatinine"]


def test_every_card_has_its_hooks_and_its_place() -> None:
    assert [(t.topic, set(t.hooks), t.primary) for t in TRIGGERS] == [
        ("refractoryOptions", BOTH, True),
        ("combinationTherapy", BOTH, True),
        ("antibodyPending", BOTH, True),
        ("otherMyositisAntibody", BOTH, True),
        ("aipPathway", BOTH, True),
        ("threeMonthProgression", BOTH, True),
        ("undeterminedHighRisk", BOTH, True),
        ("mda5Surveillance", VIEW, True),
        ("workup", VIEW, True),
        ("ecmoTransplant", BOTH, False),
        ("avoidForInduction", ORDERS, False),
        ("possibleInfection", ORDERS, False),
        ("pregnancyCheck", ORDERS, False),
        ("cniSafety", ORDERS, False),
        ("preImmunosuppressionScreen", ORDERS, False),
        ("pjpProphylaxis", ORDERS, False),
        ("cytopenia", ORDERS, False),
        ("jakiRisk", ORDERS, False),
        ("steroidOnly", ORDERS, False),
        ("dataQuality", VIEW, False),
    ]


def test_cards_stand_in_their_order_and_take_over_what_they_say_already() -> None:
    assert list(ORDER) == [
        "ecmoTransplant", "possibleInfection", "pregnancyCheck", "PRIMARY", "avoidForInduction", "cytopenia",
        "preImmunosuppressionScreen", "jakiRisk", "cniSafety", "pjpProphylaxis", "transplantReferral", "INFO",
        "steroidOnly", "dataQuality",
    ]  # fmt: skip
    assert {topic: set(taken) for topic, taken in ABSORBS.items()} == {
        "combinationTherapy": {"transplantReferral", "steroidOnly"},
        "antibodyPending": {"transplantReferral"},
        "otherMyositisAntibody": {"transplantReferral"},
        "ecmoTransplant": {"transplantReferral"},
    }


def test_what_each_card_offers_as_orders() -> None:
    assert {topic: list(items) for topic, items in OFFERED.items()} == {
        "combinationTherapy": ["hrct", *CONSULTS, "transplant-referral", "arterial-gas", *BLOOD],
        "antibodyPending": [
            "myositis-panel", *CONSULTS, "transplant-referral", "ferritin", "ldh", "crp", "arterial-gas",
        ],
        "otherMyositisAntibody": ["myositis-panel", *CONSULTS, "transplant-referral"],
        "aipPathway": ["bal", "viral-pcr", "pjp-test", *CONSULTS],
        "undeterminedHighRisk": ["arterial-gas", "lung-function", "hrct"],
        "threeMonthProgression": [*CONSULTS, "arterial-gas", "lung-function", "hrct"],
        "mda5Surveillance": ["hrct", "lung-function", "ferritin"],
        "refractoryOptions": CONSULTS,
        "transplantReferral": ["transplant-referral", "pulmonology-consult"],
        "ecmoTransplant": ["ecmo-consult", "transplant-referral"],
    }  # fmt: skip


def test_every_item_of_the_work_up_has_its_element_and_its_results() -> None:
    viral = {"sars-cov-2-rna", "influenza-a-rna", "influenza-b-rna", "respiratory-viral-panel"}
    assert [(item.id, item.element, set(item.answered_by)) for item in CATALOGUE] == [
        ("arterial-gas", "E-GAS", set()),
        ("myositis-panel", "E-MSA", set()),
        ("hrct", "E-CT", set()),
        ("lung-function", "E-PFT", set()),
        ("ferritin", "E-FERR", {"ferritin"}),
        ("ldh", "E-INFL", {"ldh"}),
        ("crp", "E-INFL", {"crp"}),
        ("cbc", "E-CBC", {"lymphocytes-abs", "neutrophils-abs"}),
        ("ck", "E-CHEM", {"ck"}),
        ("alt", "E-CHEM", {"alt"}),
        ("ast", "E-CHEM", {"ast"}),
        ("creatinine", "E-CHEM", {"creatinine"}),
        ("kl6", "E-INFL", {"kl6"}),
        ("il6", "E-INFL", {"il6"}),
        ("rheumatology-consult", "E-ORD", set()),
        ("pulmonology-consult", "E-ORD", set()),
        ("transplant-referral", "E-ORD", set()),
        ("ecmo-consult", "E-ORD", set()),
        ("blood-culture", "E-MICRO", {"blood-culture"}),
        ("respiratory-culture", "E-MICRO", {"respiratory-culture"}),
        ("viral-pcr", "E-MICRO", viral),
        ("pjp-test", "E-MICRO", {"pjp-dna", "pjp-stain-ag"}),
        ("hbsag", "E-SCREEN", {"hbsag"}),
        ("anti-hbc", "E-SCREEN", {"anti-hbc"}),
        ("hcv", "E-SCREEN", {"hcv-ab", "hcv-rna"}),
        ("hiv", "E-SCREEN", {"hiv-ag-ab"}),
        ("igra", "E-SCREEN", {"igra"}),
        ("igg", "E-SCREEN", {"igg"}),
        ("cmv-pcr", "E-MICRO", {"cmv-dna"}),
        ("bal", "E-PROC", {"bal"}),
    ]


def test_how_long_an_order_counts_as_waiting() -> None:
    assert ORDER_WINDOWS == {
        "rheumatology-consult": "window_consult",
        "pulmonology-consult": "window_consult",
        "transplant-referral": "referral_days",
        "ecmo-consult": "window_ecmo_consult_hours",
    }
