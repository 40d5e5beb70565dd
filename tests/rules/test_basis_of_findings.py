"""What a finding rests on, over every chart of tests/cases: references that are in the chart, and its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from rpild_rules.assess import assess
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import Finding, Reason
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import FOLDER, cases, shipped

GAS, FALL = ("resp_failure_pao2", "pf_failure"), ("pao2_drop_mmHg", "pao2_min_hours", "fio2_like")
ONSET = ("one_month_days", "onset_clock")
# The parameters behind each decided answer (decisions sections 4 to 6); more than one where there are several ways.
PARAMETERS = {
    "onsetWithinOneMonth": {ONSET},
    "onsetFirstSymptom": {ONSET},
    "dyspnoeaShown": {()},
    "fvcDecline": {("fvc_fall_pct", "fvc_mode", "baseline_max_days")},
    "dlcoDecline": {("dlco_fall_pct", "fvc_mode", "baseline_max_days")},
    "hrctIncrease": {("hrct_increase_pct", "hrct_interval_days", "attestation_days")},
    "respiratoryFailure": {GAS},
    "pao2Decline": {FALL},
    "ctWorsening": {()},
    "ctWorsening92": {(), ("three_months_days",)},
    "ferritin828": {("ferritin_flag",)},
    "ferritin1000": {("kurasawa_ferritin",)},
    "ferritin1500": {("ferritin_tier",)},
    "ldh400": {("ldh_flag",)},
    "crp13": {("crp_flag",)},
    "lymphocytes500": {("lymphocytes_flag",)},
    "aado2of32": {("aado2_flag", "aado2_room_air_only", "barometric_mmHg"), ("aado2_flag",)},
    "ro52": {()},
}
ALWAYS_NAMED = ("onsetWithinOneMonth", "onsetFirstSymptom", "hrctIncrease")  # whatever the answer
# The same where two values could not be compared.
NOT_COMPARED = {
    "fvcDecline": {("fvc_fall_pct", "baseline_max_days")},
    "dlcoDecline": {("dlco_fall_pct", "baseline_max_days")},
}
COMPARED = frozenset({Reason.COMPARATOR, Reason.NOT_COMPARABLE, Reason.NO_BASELINE})
ABOUT_A_RECORD = frozenset({Reason.UNIT, Reason.COMPARATOR, Reason.NOT_COMPARABLE, Reason.NO_BASELINE, Reason.STALE})


ALL = list(cases())


def findings(stem: str) -> Iterator[tuple[str, str, PatientFacts, Finding]]:
    for case in ALL:
        common, content = case.values
        if not str(case.id).startswith(f"{stem}: ") or "site" in content:
            continue
        options = {key: content[key] for key in ("age", "sex") if key in content}
        options |= {"zone": ZoneInfo(content["zone"])} if "zone" in content else {}
        facts = chart(*common, *content["chart"], **options)
        situation = assess(facts, shipped(), NOW).situation
        found = situation.found if situation else {}
        yield from ((content["name"], id, facts, found[id]) for id in PARAMETERS if id in found)


def references(facts: PatientFacts) -> set[str]:
    records = (facts.measurements, facts.results, facts.diagnoses, facts.attestations)
    fields = (*records, facts.stays, facts.supports, facts.scans)
    named = {each.reference for field in fields for each in field}
    return named | {study for a in facts.attestations for study in a.studies}


def faults(id: str, facts: PatientFacts, f: Finding) -> Iterator[str]:
    if set(f.evidence) - references(facts):
        yield f"rests on {set(f.evidence) - references(facts)}, which is not in the chart"
    if len(set(f.evidence)) < len(f.evidence):
        yield f"names a record twice: {f.evidence}"
    if (not f.unknown or f.reasons & ABOUT_A_RECORD) and not f.evidence:
        yield f"is {f.status} {sorted(f.reasons)} and names no record"
    if (not f.unknown or id in ALWAYS_NAMED) and f.parameters not in PARAMETERS[id]:
        yield f"is {f.status} by the parameters {f.parameters}"
    unread = "cannot be read" in f.because  # as a gas of another vessel: nothing is compared with it
    known = PARAMETERS[id] | NOT_COMPARED.get(id, set())
    if f.unknown and f.reasons & COMPARED and not unread and f.parameters not in known:
        yield f"could not be compared by the parameters {f.parameters}"


@pytest.mark.parametrize("stem", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_every_answer_names_its_records_and_parameters(stem: str) -> None:
    wrong = [f"{name}: {id} {told}" for name, id, facts, f in findings(stem) for told in faults(id, facts, f)]
    assert wrong == []


@pytest.mark.parametrize(
    ("lines", "id", "evidence"),
    [
        (("stay AMB @-3d reason=dyspnea id=b", "stay AMB @-2d reason=dyspnea id=a"), "dyspnoeaShown", {"Encounter/a"}),
        (("attest progressive-dyspnoea true @-1d id=a",), "dyspnoeaShown", {"Observation/a"}),
        (("attest progressive-dyspnoea false @-1d id=a",), "dyspnoeaShown", {"Observation/a"}),
        (
            ("ct a @-20d", "ct b @-2d", "attest hrct-increase-percent 30 @-1d of=a,b id=s"),
            "hrctIncrease",
            {"Observation/s", "ImagingStudy/a", "ImagingStudy/b"},
        ),
        (("attest hrct-increase-percent - @-1d id=s",), "hrctIncrease", {"Observation/s"}),
        (("fvc 3.00 @-23d id=a", "fvc 2.60 @-1d id=b"), "fvcDecline", {"Observation/a", "Observation/b"}),
        (("pao2 70 @-1d id=g", "fio2 0.4 @-1d id=o"), "respiratoryFailure", {"Observation/g", "Observation/o"}),
        (("pf-ratio 250 @-1d id=r", "fio2 0.4 @-1d id=o"), "respiratoryFailure", {"Observation/r", "Observation/o"}),
        (
            ("pao2 90 @-9d id=a", "fio2 0.21 @-9d id=x", "pao2 70 @-1d id=b", "fio2 0.21 @-1d id=y"),
            "pao2Decline",
            {"Observation/a", "Observation/b", "Observation/x", "Observation/y"},
        ),
        (
            ("pao2 60 @-1d id=g", "fio2 0.21 @-1d id=o", "paco2 40 @-1d id=c"),
            "aado2of32",
            {"Observation/g", "Observation/o", "Observation/c"},
        ),
        (("aa-gradient 40 @-1d id=r",), "aado2of32", {"Observation/r"}),
        (
            ("attest respiratory-onset -5D @-1d id=s", "condition dyspnea @-9D"),
            "onsetWithinOneMonth",
            {"Observation/s"},
        ),
        (("condition dyspnea @-9D id=d",), "onsetWithinOneMonth", {"Condition/d"}),
    ],
)
def test_the_records_of_an_answer(lines: tuple[str, ...], id: str, evidence: set[str]) -> None:
    situation = assess(chart("test anti-mda5-qual positive @-14d", *lines), shipped(), NOW).situation
    assert situation
    assert set(situation.found[id].evidence) == evidence
