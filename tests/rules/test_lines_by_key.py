"""Which lines each card says, by the keys of their texts: options, next steps, what is open, what was not read."""

from __future__ import annotations

import pytest

from rpild_rules.basis import ORDER_READS
from rpild_rules.details import worse_cts
from rpild_rules.suggestions import suggested
from tests.rules.keyed import due, said, situation
from tests.rules.test_fatigue import MET, SURVEILLANCE, SUSPECTED, UNREAD_ANTIBODIES

FIRST, PENDING, OTHER, AIP = "combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway"
RISK, THREE, REFRACTORY = "undeterminedHighRisk", "threeMonthProgression", "refractoryOptions"
TREATED = ("drug prednisolone @-10d mg=60", "drug tacrolimus @-10d")
WORSE = (*TREATED, "attest treatment-response worsening @-1d")
NEGATIVE = "test anti-mda5-qual negative @-9d"
BARE = tuple(line for line in MET if "mda5" not in line and "dermatomyositis" not in line)
FALL = ("fvc 3.00 @-23d", "fvc 2.60 @-1d")
REVIEWED, NOT_REVIEWED = "attest infection-reviewed true @-1d", "attest infection-reviewed false @-1d"
OPTIONS = [f"{FIRST}.options", f"{FIRST}.alternatives"]
AFTER_FAILURE = [f"{REFRACTORY}.{key}" for key in ("intro", "jaki", "rtx", "tcz", "plex", "ivig", "pmx", "pirfenidone")]


@pytest.mark.parametrize(
    ("topic", "lines"),
    [
        (FIRST, MET), (PENDING, SUSPECTED), (PENDING, UNREAD_ANTIBODIES), (RISK, (*SURVEILLANCE, *FALL)),
        (RISK, (*SURVEILLANCE[1:], *FALL)),
    ],
)  # fmt: skip
def test_a_card_about_treating_names_first_options_and_their_evidence(topic: str, lines: tuple[str, ...]) -> None:
    assert said("options", topic, *lines) == [*OPTIONS, "common.infection_open"]
    assert said("options", topic, *lines, NOT_REVIEWED) == [*OPTIONS, "common.infection_open"]
    assert said("options", topic, *lines, REVIEWED) == [*OPTIONS, "common.infection_review date=2026-11-23 10:00"]
    assert said("evidence", topic, *lines) == [f"{FIRST}.evidence"]


@pytest.mark.parametrize(
    ("topic", "lines"),
    [
        (OTHER, (*BARE, NEGATIVE, "test anti-jo1 positive @-9d")), (AIP, (*BARE, NEGATIVE)),
        (RISK, (*SURVEILLANCE, "condition dyspnea @-20D", "ferritin 2000 @-1d")),
        (RISK, (NEGATIVE, "condition ild @-10D", "condition dyspnea recorded=-8D onset=text", *FALL)),
        (REFRACTORY, (*MET, *WORSE)), ("mda5Surveillance", SURVEILLANCE),
        ("dataQuality", (*MET, "crp 5 @-1d problem=unit")),
    ],
)  # fmt: skip
def test_other_cards_name_no_first_options(topic: str, lines: tuple[str, ...]) -> None:
    assert said("options", topic, *lines) == []
    assert said("evidence", topic, *lines) == []


def test_after_a_breakthrough_the_first_options_come_back_below_it() -> None:
    lines = (
        *SURVEILLANCE,
        *FALL,
        "condition acute-resp-failure @-10D",
        *(line.replace("-10d", "-60d") for line in TREATED),
    )
    assert said("options", REFRACTORY, *lines) == [
        f"{REFRACTORY}.breakthrough date=2026-09-25 10:00", f"{FIRST}.options", f"{FIRST}.alternatives_below",
        "common.infection_open",
    ]  # fmt: skip
    assert said("evidence", REFRACTORY, *lines) == []


def test_a_card_on_the_antibody_says_nothing_of_a_breakthrough_though_treatment_runs() -> None:
    assert said("options", PENDING, *SUSPECTED, *TREATED) == [*OPTIONS, "common.infection_open"]


def test_after_a_failure_the_published_options_stand_behind_the_question_of_infection() -> None:
    assert said("after failure", REFRACTORY, *MET, *WORSE)[-len(AFTER_FAILURE) :] == AFTER_FAILURE
    limited = said("after failure", REFRACTORY, *MET, *WORSE, REVIEWED, "limit partial @-2d")
    assert limited[-len(AFTER_FAILURE) - 1 :] == [*AFTER_FAILURE, "common.care_limited printed=partial"]
    assert "2026-11-23 10:00" in " ".join(limited)
    assert said("after failure", FIRST, *MET, "limit partial @-2d") == []


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (SUSPECTED, "panel"), (UNREAD_ANTIBODIES, "panel_unread"),
        ((*SUSPECTED, "test anti-mda5-qual indeterminate @-3d"), "second_method"),
        ((*SUSPECTED, "test anti-mda5-qual weak @-3d status=registered"), "panel_ordered date=2026-11-21 10:00"),
        ((*SUSPECTED, "order order-myositis-antibody @-3d"), "panel_ordered date=2026-11-21 10:00"),
        ((*SUSPECTED, "order order-myositis-antibody"), "panel_ordered date="),
    ],
)  # fmt: skip
def test_what_to_do_about_the_antibody(lines: tuple[str, ...], first: str) -> None:
    rest = [
        f"{PENDING}.do_not_wait",
        f"{PENDING}.rule_outs",
        f"{PENDING}.biomarkers items=item_short:ldh, item_short:crp",
    ]
    assert said("steps", PENDING, *lines) == [f"{PENDING}.{first}", *rest]
    onset_missing = tuple(line for line in lines if "dyspnea" not in line)
    assert said("steps", RISK, *onset_missing) == [f"{PENDING}.{first}", *rest]


def test_what_was_reviewed_is_not_asked_for_and_what_was_measured_is_not_sent_again() -> None:
    measured = ("ldh 200 @-1d", "crp 3 @-1d", "ferritin 500 @-1d")
    told = said("steps", PENDING, *SUSPECTED, REVIEWED, *measured)
    assert told == [f"{PENDING}.panel", f"{PENDING}.do_not_wait", f"{PENDING}.rule_outs_reviewed"]


@pytest.mark.parametrize(
    ("lines", "items"),
    [
        ((*BARE, "test anti-jo1 positive @-9d"), "antibody:anti-jo1 (2026-11-15 10:00)"),
        ((*BARE, "condition dermatomyositis @-90D"), "dermatomyositis"),
        ((*BARE, "condition ctd-other @-90D", "condition ctd-other @-80D"), "ctd-other"),
    ],
)
def test_what_points_to_another_myositis_is_named(lines: tuple[str, ...], items: str) -> None:
    found, *rest = said("steps", OTHER, *lines, NEGATIVE)
    assert found == f"{OTHER}.found items={items}"
    assert rest == [f"{OTHER}.course", f"{OTHER}.repeat"]


def test_the_card_on_acute_interstitial_pneumonia_asks_for_other_causes_until_they_are_excluded() -> None:
    assert said("steps", AIP, *BARE, NEGATIVE) == [f"{AIP}.open"]
    assert said("steps", AIP, *BARE, NEGATIVE, "attest causes-excluded true @-1d") == [f"{AIP}.done"]


def test_beyond_the_month_the_onset_and_what_was_met_are_told() -> None:
    late = (*SURVEILLANCE, "condition dyspnea @-60D", *FALL)
    assert said("steps", RISK, *late) == [f"{RISK}.beyond onset=2026-09-25 criteria=criterion:lungFunctionDecline"]
    assert said("steps", RISK, *SURVEILLANCE, "condition dyspnea @-20D", "ferritin 2000 @-1d") == []
    assert said("steps", RISK, *SURVEILLANCE, *FALL) == []


def test_the_card_on_three_months_names_the_ct_of_each_statement_it_rests_on() -> None:
    lines = (
        *SURVEILLANCE, "condition dyspnea @-60D recorded=-5D", "attest ct-worsening false @-20d period=-100D..-30D",
        "attest ct-worsening true @-3d period=-95D..-3D",
    )  # fmt: skip
    told = said("steps", THREE, *lines)
    status = "definition=definition:fourConditions status=common.not_met date=2026-11-24."
    assert told == [f"common.definition {status}", f"{THREE}.review"]
    s = situation(*lines)
    assert list(worse_cts(s, due(s, THREE))) == [f"{THREE}.cts start=2026-08-21 end=2026-11-21"]


def test_surveillance_names_its_open_items_itself() -> None:
    missing, *rest = said("steps", "mda5Surveillance", *SURVEILLANCE, "ldh 200 @-1d")
    assert "item_short:ferritin" in missing
    assert "item_short:ldh" not in missing
    assert rest == [f"mda5Surveillance.{key}" for key in ("early", "symptoms", "follow_up")]
    assert said("work", "mda5Surveillance", *SURVEILLANCE) == []


def test_a_value_that_cannot_be_used_is_told_with_the_units_that_can() -> None:
    lines = (*SURVEILLANCE, "condition dyspnea @-20D", "ferritin 900 @-1d problem=unit", "ldh 300 @-1d")
    (told,) = said("steps", "dataQuality", *lines)
    assert "readable=dataQuality.unit" in told
    assert "units=accepted:ferritin" in told
    assert "accepted:ldh" not in told
    for concept in ("ferritin", "crp"):
        both = said("steps", "dataQuality", *lines, "crp 5 @-1d problem=unit")
        (line,) = [each for each in both if f"units=accepted:{concept}" in each]
        assert line.count("accepted:") == 1


def test_of_a_gas_with_its_oxygen_only_the_value_that_is_spoilt_is_asked_for() -> None:
    gas = ("pao2 80 @-2h problem=unit", "pao2 85 @-3h", "fio2 0.3 @-3h")
    told = said("steps", "dataQuality", *SURVEILLANCE, "condition dyspnea @-20D", *gas)
    assert told
    assert all(line.count("accepted:") == 1 and "accepted:pao2" in line for line in told)


def test_results_that_contradict_each_other_are_no_fault_of_a_unit() -> None:
    values = ("fvc 3 @-2h problem=unit", "fvc 3.0 @-1d", "fvc 2.0 @-1d", "fvc 3.2 @-20d")
    told = said("steps", "dataQuality", *SURVEILLANCE, "condition dyspnea @-20D", *values)
    assert told
    for line in told:
        assert "reason=reason:conflict" in line
        assert "readable=dataQuality.conflict" in line
        assert "contradict" in line


LISTED = {
    "avoidForInduction": (*MET, "draft drug methotrexate"),
    "possibleInfection": (*MET, "draft drug mycophenolate-mofetil", "procalcitonin 2 @-2h"),
    "pregnancyCheck": (*MET, "draft drug cyclophosphamide", "condition pregnancy @-20D"),
    "cniSafety": (*MET, "draft drug tacrolimus", "potassium 5.9 @-2h"),
    "preImmunosuppressionScreen": (*MET, "draft drug rituximab", "test hbsag positive @-5d"),
    "pjpProphylaxis": (*MET, "draft drug prednisolone mg=60 days=60", "draft drug cyclophosphamide"),
    "cytopenia": (*MET, "draft drug cyclophosphamide", "platelets 60 @-1d"),
    "jakiRisk": (*MET, "draft drug tofacitinib", "condition vte @-400D"),
    "steroidOnly": (*MET, "draft drug prednisolone mg=60"),
}
NOT_DUE_THEN = {("preImmunosuppressionScreen", "E-SCREEN"), ("pjpProphylaxis", "E-MED")}
READ = [(topic, element) for topic, elements in ORDER_READS.items() for element in elements]


# What each of these cards needs besides, so that nothing it asks of the record is without a result.
SCREENED = ("test hbsag negative @-9d", "test anti-hbc negative @-9d", "test hcv-ab negative @-9d",
            "test hiv-ag-ab negative @-9d", "test igra negative @-9d")  # fmt: skip
COUNTED = ("lymphocytes-abs 1.4 @-1d", "neutrophils-abs 4.1 @-1d", "platelets 60 @-1d", "hemoglobin 13 @-1d")
CULTURED = ("test blood-culture negative @-1d", "test respiratory-culture negative @-1d",
            "test sars-cov-2-rna negative @-1d", "test pjp-dna negative @-1d")  # fmt: skip
KIDNEY = ("creatinine 0.9 @-1d", "egfr 90 @-1d")
COMPLETED = {
    "possibleInfection": (*CULTURED, "body-temp 37 @-1d"),
    "pregnancyCheck": ("test hcg-qual positive @-2d",),
    "cniSafety": KIDNEY,
    "preImmunosuppressionScreen": (*SCREENED[1:], *COUNTED, "alt 30 @-1d", "ast 30 @-1d", "igg 900 @-9d"),
    "pjpProphylaxis": KIDNEY,
    "cytopenia": COUNTED,
    "jakiRisk": (*SCREENED, *COUNTED),
}
NEVER_READ = {"pjpProphylaxis": ["common.no_result items=asked:g6pd"]}  # said of every patient
UNKNOWN_OF = {
    "possibleInfection": ["blood-culture", "respiratory-culture", "viral-pcr", "pjp-test", "body-temp"],
    "pregnancyCheck": ["hcg"],
    "cniSafety": ["creatinine", "egfr"],
    "preImmunosuppressionScreen": ["anti-hbc", "hcv", "hiv", "igra", "cbc", "alt", "ast", "igg"],
    "pjpProphylaxis": ["kidney", "g6pd"],
    "cytopenia": ["neutrophils-abs"],
    "jakiRisk": ["lymphocytes-abs", "neutrophils-abs", "hemoglobin", "hbsag", "igra"],
}


@pytest.mark.parametrize("topic", LISTED)
def test_a_card_on_an_order_says_what_has_no_result(topic: str) -> None:
    names = ", ".join(f"asked:{each}" for each in UNKNOWN_OF.get(topic, []))
    nothing = "common.all_read"
    assert said("unknown", topic, *LISTED[topic]) == [f"common.no_result items={names}" if names else nothing]
    full = said("unknown", topic, *LISTED[topic], *COMPLETED.get(topic, ()))
    assert full == NEVER_READ.get(topic, [nothing])


def test_where_the_antibody_is_open_the_card_on_a_drug_of_doubt_says_so() -> None:
    (told,) = said("unknown", "avoidForInduction", *SUSPECTED, "draft drug methotrexate")
    assert told == "common.no_result items=asked:mda5"


@pytest.mark.parametrize("line", [
    "test igra indeterminate @-9d", "test igra negative @-400d", "test igra negative @-9d status=cancelled",
    "test igra negative",
])  # fmt: skip
def test_a_result_without_a_clear_answer_tells_nothing(line: str) -> None:
    told = said("unknown", "jakiRisk", *LISTED["jakiRisk"], *COMPLETED["jakiRisk"][:4], *COUNTED, line)
    assert told == ["common.no_result items=asked:igra"]


@pytest.mark.parametrize(("topic", "element"), [each for each in READ if each not in NOT_DUE_THEN])
def test_a_card_on_an_order_says_what_it_could_not_read(topic: str, element: str) -> None:
    lines = (*LISTED[topic], *COMPLETED.get(topic, ()))
    told = said("unknown", topic, *lines, f"unread {element} partial")
    assert told == [f"common.unread_inputs items=element:{element}", *NEVER_READ.get(topic, [])]


def test_what_was_not_read_is_not_told_as_without_a_result() -> None:
    told = said("unknown", "jakiRisk", *LISTED["jakiRisk"], *SCREENED, "unread E-CBC fetch-failed")
    assert told == ["common.unread_inputs items=element:E-CBC"]


@pytest.mark.parametrize(("topic", "element"), sorted(NOT_DUE_THEN))
def test_a_card_that_claims_an_absence_is_not_due_where_that_was_not_read(topic: str, element: str) -> None:
    with pytest.raises(StopIteration):
        due(situation(*LISTED[topic], f"unread {element} partial"), topic)


@pytest.mark.parametrize(
    ("topic", "rests"),
    [("avoidForInduction", True), ("steroidOnly", True), ("cytopenia", False)],
)
def test_a_card_that_rests_on_the_definition_says_where_that_is_open_today(topic: str, rests: bool) -> None:
    held = (*SURVEILLANCE, "condition hysterectomy @-2000D", "condition dyspnea @-25D", "pao2 55 @-20d")
    drafts = (*LISTED[topic][len(MET) :], *COMPLETED.get(topic, ()))
    assert said("unknown", topic, *held, *drafts) == ["common.rp_unknown" if rests else "common.all_read"]
    unread = f"unread {ORDER_READS[topic][0]} partial"
    told = said("unknown", topic, *held, *drafts, unread)
    assert told == [f"common.unread_inputs items=element:{ORDER_READS[topic][0]}", *(["common.rp_unknown"] * rests)]


def test_a_ct_waits_where_a_machine_breathes() -> None:
    plain, helped = (situation(*MET, *more) for more in ((), ("support invasive-ventilation @-1d",)))
    first, last = suggested(plain, due(plain, FIRST)), suggested(helped, due(helped, FIRST))
    assert first[0] == "hrct"
    assert last == (*(each for each in first if each != "hrct"), "hrct")


def test_what_fails_is_told_with_its_beginning_and_the_newest_gas() -> None:
    gas = ("pao2 55 @-30m", "fio2 0.21 @-30m")
    (told,) = [each for each in said("basis", REFRACTORY, *MET, *WORSE, *gas) if "under_treatment" in each]
    assert told.startswith("common.under_treatment date=2026-11-14 10:00 status=common.met gas=PaO2 55")


def test_a_flag_without_a_value_is_told_by_the_name_of_its_test() -> None:
    s = situation(*MET)
    assert (s.found["crp13"].because, s.found["lymphocytes500"].because) == ("CRP: no result", "lymphocytes: no result")
