"""Why a card is sent and what is open, by the keys of the texts: criteria shown, definitions, gaps, data used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rpild_rules import basis
from tests.rules.keyed import due, said, situation
from tests.rules.test_cases import knowledge_of
from tests.rules.test_fatigue import MET, SURVEILLANCE, SUSPECTED
from tests.rules.test_lines_by_key import FALL, FIRST, PENDING, REFRACTORY, RISK, THREE, WORSE

NO_CT = "no clinician's comparison of two chest CTs"
CRITERION = re.compile(r"^common\.criterion criterion=criterion:(\w+) .*limit=limit:(\w+)$")
MDA5 = "common.mda5 result=positive, 2026-11-10 10:00"
FOUR, TRIAD, MONTHS = (f"definition_short:{id}" for id in ("fourConditions", "oneMonthTriad", "threeMonthProgression"))
PENDING_CT = f"common.definition_why definition={MONTHS} common.undetermined why={NO_CT}"
HELD = (*SURVEILLANCE, "condition hysterectomy @-2000D", "condition dyspnea @-60D", "pao2 55 @-40d")
HIGH = (*SURVEILLANCE, "condition dyspnea @-20D", "ferritin 2000 @-1d")
CTS = "attest ct-worsening true @-3d period=-60D..-3D"
BREAKTHROUGH = (
    *SURVEILLANCE, *FALL, "condition acute-resp-failure @-10D", "drug prednisolone @-60d mg=60",
    "drug tacrolimus @-60d",
)  # fmt: skip


def shown(lines: list[str]) -> list[str]:
    """The criteria that are shown, by id; each with the limit of that criterion."""
    found = [match.groups() for line in lines if (match := CRITERION.match(line))]
    assert all(name == limit for name, limit in found)
    return [name for name, _ in found]


def rest(lines: list[str]) -> list[str]:
    return [line for line in lines if not CRITERION.match(line)]


@pytest.mark.parametrize(
    ("topic", "lines", "criteria"),
    [
        (FIRST, MET, ["onsetWithinOneMonth", "fvcDecline"]),
        (FIRST, HELD, ["onsetWithinOneMonth", "respiratoryFailure"]),
        (REFRACTORY, (*MET, *WORSE), []),
        (REFRACTORY, BREAKTHROUGH, ["onsetWithinOneMonth", "fvcDecline"]),
        (RISK, (*SURVEILLANCE, *FALL), ["fvcDecline"]),
    ],
)
def test_the_parts_that_are_met_are_shown_of_an_earlier_day_too(
    topic: str, lines: tuple[str, ...], criteria: list[str]
) -> None:
    told = said("basis", topic, *lines)
    assert shown(told) == criteria
    assert MDA5 in told


def test_a_fall_that_only_the_other_way_of_counting_sees_is_shown(tmp_path: Path) -> None:
    lines = (*SURVEILLANCE, "condition dyspnea @-10D", CTS, "fvc-pct-pred 60 @-23d", "fvc-pct-pred 53 @-1d")
    absolute = knowledge_of({"fvc_mode": "absolute"}, tmp_path)
    assert shown(said("basis", THREE, *lines, knowledge=absolute)) == ["onsetWithinOneMonth", "fvcDecline"]
    s = situation(*lines, knowledge=absolute)
    assert s.found["fvcDecline"].because.endswith("(relative only)")
    assert not s.found["fvcDecline"].met


@pytest.mark.parametrize(
    ("topic", "lines", "each"),
    [
        (FIRST, MET, f"{FOUR} common.met; {TRIAD} common.not_met date=2026-11-24; {PENDING_CT}"),
        (
            THREE, (*SURVEILLANCE, "condition dyspnea @-10D", CTS),
            f"{FOUR}, {TRIAD} common.undetermined; {MONTHS} common.met",
        ),
        (RISK, HIGH, f"{FOUR}, {TRIAD}, {MONTHS} common.undetermined"),
        (
            "workup", ("condition ild @-10D", "condition dyspnea @-8D", "test anti-mda5-qual negative @-14d"),
            f"common.definition_why definition={FOUR}, {TRIAD}, {MONTHS} common.undetermined why={NO_CT}",
        ),
    ],
)  # fmt: skip
def test_how_the_definitions_stand_is_told_once_with_what_the_last_lacks(
    topic: str, lines: tuple[str, ...], each: str
) -> None:
    assert rest(said("basis", topic, *lines))[-1] == f"common.definitions each={each}"


@pytest.mark.parametrize("lines", [
    (*MET, "test anti-mda5-qual negative @-10d"), (*MET[1:], "test anti-mda5-qual weak @-10d"),
])  # fmt: skip
def test_a_weak_or_contradicted_antibody_is_told_elsewhere(lines: tuple[str, ...]) -> None:
    (only,) = rest(said("basis", FIRST, *lines))
    assert only.startswith("common.definitions")


def test_an_antibody_without_a_time_is_undated() -> None:
    assert "common.mda5 result=positive, undated" in said("basis", FIRST, *MET[1:], "test anti-mda5-qual positive")


def test_further_risks_are_told_on_the_card_about_them_only() -> None:
    (risks,) = [line for line in said("basis", RISK, *HIGH) if line.startswith(f"{RISK}.risks")]
    assert "ferritin 2000" in risks
    assert not [line for line in said("basis", FIRST, *MET, "ferritin 2000 @-1d") if "risks" in line]


def gaps(lines: list[str]) -> dict[str, str]:
    """What is missing by the criteria that lack it, without its remedy."""
    parts = (re.fullmatch(r"common\.missing_item criterion=(.*) what=(.*) remedy=(.*)", line) for line in lines)
    found = {match[1].replace("criterion:", ""): (match[2], match[3]) for match in parts if match}
    assert len(found) == len(lines)
    for names, (_, remedy) in found.items():
        ids = [name.removeprefix("definition_short:") for name in names.split(", ")]
        assert remedy == " ".join(f"remedy:{id}" for id in ids)
    return {names: what for names, (what, _) in found.items()}


def test_each_gap_is_told_once_with_a_reason_that_its_words_do_not_give() -> None:
    told = gaps(said("open", RISK, *HIGH, "fvc 3.0 @-1d", "pao2 80 @-2h problem=unit"))
    assert list(told) == [
        "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", f"hrctIncrease, {MONTHS}",
        "respiratoryFailure, pao2Decline",
    ]  # fmt: skip
    assert told[f"hrctIncrease, {MONTHS}"] == NO_CT
    assert told["fvcDecline"].endswith("no value in the month before it to compare with")
    assert told["respiratoryFailure, pao2Decline"].endswith("(reason:unit)")


def test_the_card_on_three_months_lists_what_the_criteria_lack() -> None:
    told = gaps(said("open", THREE, *SURVEILLANCE, "condition dyspnea @-10D", CTS))
    assert list(told) == [
        "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "hrctIncrease", "respiratoryFailure, pao2Decline",
    ]  # fmt: skip
    assert said("unknown", THREE, *SURVEILLANCE, "condition dyspnea @-10D", CTS) == []


def test_with_only_the_onset_missing_only_the_onset_is_asked_for_and_once() -> None:
    worded = gaps(said("open", RISK, *SURVEILLANCE, "condition dyspnea recorded=-5D onset=text", *FALL))
    assert list(worded) == ["onsetWithinOneMonth"]
    assert worded["onsetWithinOneMonth"].endswith("(reason:unstructured)")
    assert said("open", RISK, *SURVEILLANCE, *FALL) == []
    for topic, lines in ((FIRST, MET), ("mda5Surveillance", SURVEILLANCE), (REFRACTORY, (*MET, *WORSE))):
        assert said("open", topic, *lines) == []


def open_parts(topic: str, *lines: str) -> list[str]:
    (told,) = said("unknown", topic, *lines)
    return told.removeprefix("foot.unknown unknown=").replace("criterion:", "").split(", ")


@pytest.mark.parametrize(
    ("topic", "lines"),
    [(FIRST, MET), (PENDING, SUSPECTED), (REFRACTORY, (*MET, *WORSE)), (RISK, (*SURVEILLANCE, *FALL))],
)
def test_what_is_not_determined_is_named_with_the_lymphocytes_that_treatment_weighs(
    topic: str, lines: tuple[str, ...]
) -> None:
    parts = ["dyspnoeaNeedingCare", "dlcoDecline", "hrctIncrease", "pao2Decline"]
    told = open_parts(topic, *lines)
    assert [each for each in told if each in parts] == parts
    assert told[-1] == "common.no_lymphocytes"
    assert "onsetWithinOneMonth" not in told
    assert "common.no_lymphocytes" not in open_parts(topic, *lines, "lymphocytes-abs 900 @-1d")


def test_surveillance_names_the_definitions_among_what_is_not_determined() -> None:
    assert open_parts("mda5Surveillance", *SURVEILLANCE) == [
        "onsetWithinOneMonth", "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "hrctIncrease", "respiratoryFailure",
        "pao2Decline", FOUR, TRIAD, MONTHS,
    ]  # fmt: skip


DATA = {
    "test anti-mda5-qual positive @-14d": "2026-11-10 10:00",
    "ferritin 500 @-3d": "2026-11-21 10:00",
    "ct c @-3d": "2026-11-21 10:00",
    "attest bilateral-infiltrates true @-3d": "2026-11-21 10:00",
    "drug methotrexate @-9d until=-3d status=completed": "2026-11-15 10:00",
    "condition dyspnea @-9D recorded=-3D": "2026-11-21",
    "test anti-jo1 negative @-3d status=cancelled": "2026-11-10 10:00",
    "ferritin 500 @+3d": "2026-11-10 10:00",
    "ct c @+3d": "2026-11-10 10:00",
    "ct c @-3D/month": "2026-11",
}


@pytest.mark.parametrize("line", DATA)
def test_the_newest_of_all_data_is_dated(line: str) -> None:
    s = situation("test anti-mda5-qual positive @-14d", "ct z @-20d", line)
    assert f"date={DATA[line]} " in basis.data_line(s)


def test_without_a_date_and_without_inputs_a_dash_stands_for_them() -> None:
    s = situation("test anti-mda5-qual positive")
    assert basis.data_line(s) == "foot.data date=- inputs=antibody:anti-mda5-qual"
    assert basis._inputs(situation("condition dermatomyositis @-9D", "condition ild @-9D")) == {}
    assert basis.data_line(situation("condition dermatomyositis @-9D", "condition ild @-9D")).endswith(" inputs=-")


def test_inputs_are_named_by_what_they_are() -> None:
    s = situation(
        "test anti-mda5-qual positive @-14d id=t", "condition dyspnea @-10D", "support hfnc @-2d", "ct c1 @-20d",
        "ct c2 @-2d", "attest hrct-increase-percent 30 @-1d of=c1,c2", "stay IMP @-3d reason=dyspnea",
        "ferritin 900 @-1d",
    )  # fmt: skip
    assert set(basis._inputs(s)) == {
        "dyspnea", "hfnc", "input:encounter", "input:attestation", "input:ct-chest", "input:ferritin",
        "antibody:anti-mda5-qual",
    }  # fmt: skip


def remarks(*lines: str) -> list[str]:
    s = situation(*lines)
    return list(basis.foot(s, due(s, FIRST), "data"))


def test_the_foot_remarks_what_a_reader_has_to_know() -> None:
    assert remarks(*MET) == ["foot.role", "data"]
    assert remarks(*MET, "limit resuscitation @-2d", "limit partial @-2d") == [
        "foot.role", "data", "common.resuscitation_limit printed=resuscitation",
    ]  # fmt: skip
    assert remarks(*MET, "unread E-ENC fetch-failed") == ["foot.role", "data", "common.setting_unread"]
    acute = remarks(*MET, "unread E-ENC partial", "stay IMP @-3d reason=dyspnea")
    assert acute == ["foot.role", "data"]
    unknown = "drug unresolved @-3d name=Xyz"
    assert remarks(*MET, unknown) == ["foot.role", "data", "common.unresolved_drugs drugs=Xyz"]
