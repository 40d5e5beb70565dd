"""Observations: codes and names, numbers with their company, specimens, supports, attestations, components and
panels.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rpild_rules.facts import Meaning, PatientFacts
from rpild_rules.findings import Reason
from tests.mappings.charts import ICD, LOINC, SNOMED, bundle, code, facts, observation, quantity, resource

POSITIVE = {"valueCodeableConcept": code(SNOMED, "10828004", "Positive")}
ATTESTATION = "urn:rpild:attestation"


def concepts(found: PatientFacts) -> list[str]:
    """Concepts of the results."""
    return [each.concept for each in found.results]


# ------------------------------------------------------------------------------------------------ which concept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anti-MDA5 antibody", "anti-mda5-qual"),
        ("anti MDA 5 Ab, IgG", "anti-mda5-qual"),
        ("MDA-5 (CADM-140)", "anti-mda5-qual"),
        ("CADM140 Ab", "anti-mda5-qual"),
        ("IFIH1 antibody", "anti-mda5-qual"),
        ("TIF1-γ Ab", "anti-tif1g"),
        ("TIF1γ", "anti-tif1g"),
        ("Anti-Jo-1", "anti-jo1"),
        ("PL-12 Ab", "anti-pl12"),
        ("Ro52 Ab", "anti-ro52"),
        ("Ro\u200b52 Ab", "anti-ro52"),
        ("Mi-2 β Ab", "anti-mi2"),
        ("ANA screen", "ana"),
        ("Myositis antibody panel", "myositis-panel"),
        ("MDA5, Jo-1, PL-7 antibodies", "myositis-panel"),
    ],
)
def test_antibodies_by_name(text: str, expected: str) -> None:
    assert concepts(facts(observation(concept={"text": text}, **POSITIVE))) == [expected]


@pytest.mark.parametrize("text", ["SSA (Ro) Ab", "Ro60 Ab", "AMDA55", "Sodium", "", "Serious adverse event"])
def test_other_names_say_nothing(text: str) -> None:
    assert concepts(facts(observation(concept={"text": text}, **POSITIVE))) == []


def test_a_display_names_an_antibody_too() -> None:
    local = {"coding": [{"system": "urn:lab", "code": "4711", "display": "MDA5 Ab"}], "text": "Send-out"}
    assert concepts(facts(observation(concept=local, **POSITIVE))) == ["anti-mda5-qual"]


def test_a_known_code_decides_before_any_words() -> None:
    (found,) = facts(
        observation(concept=code(LOINC, "2276-4", text="MDA5"), valueQuantity=quantity(900, "ng/mL"))
    ).measurements
    assert found.concept == "ferritin"


def test_a_negative_list_wins_over_code_and_words() -> None:
    goal = {"coding": [{"system": LOINC, "code": "2276-4"}, {"system": LOINC, "code": "86914-9"}], "text": "Ferritin"}
    assert facts(observation(concept=goal, valueQuantity=quantity(900, "ng/mL"))).measurements == ()


def test_only_loinc_codings_count() -> None:
    foreign = {"coding": [{"system": "urn:lab", "code": "2276-4"}, {"code": "2276-4"}]}
    assert facts(observation(concept=foreign, valueQuantity=quantity(900, "ng/mL"))).measurements == ()


def test_local_and_loinc_codings_together_are_one_result() -> None:
    both = {"coding": [{"system": "urn:lab", "code": "FER"}, {"system": LOINC, "code": "2276-4"}]}
    (found,) = facts(observation(concept=both, valueQuantity=quantity(900, "ng/mL"))).measurements
    assert (found.code, found.value) == ("2276-4", Decimal(900))


def test_an_observation_without_a_code_says_nothing() -> None:
    assert facts(observation(valueQuantity=quantity(900, "ng/mL"))).measurements == ()


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "unknown"])
def test_dropped_statuses(status: str) -> None:
    assert (
        facts(
            observation(concept=code(LOINC, "2276-4"), status=status, valueQuantity=quantity(900, "ng/mL"))
        ).measurements
        == ()
    )


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "registered", "preliminary"])
def test_kept_statuses(status: str) -> None:
    (found,) = facts(observation(concept=code(LOINC, "82424-3"), status=status)).results
    assert (found.valid, found.pending) == (
        status in {"final", "amended", "corrected"},
        status in {"registered", "preliminary"},
    )


# ------------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("members", "value", "problem"),
    [
        ({"valueQuantity": quantity(900, "ng/mL")}, Decimal(900), None),
        ({"valueString": ">40000 ng/mL"}, Decimal(40000), None),
        ({"valueInteger": 900}, None, Reason.UNIT),
        ({"valueCodeableConcept": {"text": "high"}}, None, Reason.UNSTRUCTURED),
        ({"valueRange": {"low": {"value": 1}}}, None, Reason.UNSTRUCTURED),
        ({"valueRatio": {"numerator": {"value": 1}}}, None, Reason.UNSTRUCTURED),
        ({"dataAbsentReason": code("urn:x", "as-text")}, None, Reason.UNSTRUCTURED),
        ({"dataAbsentReason": code("urn:x", "error")}, None, Reason.NO_DATA),
        ({}, None, Reason.NO_DATA),
    ],
)
def test_the_shapes_of_a_number(members: dict[str, Any], value: Decimal | None, problem: Reason | None) -> None:
    (found,) = facts(observation(concept=code(LOINC, "2276-4"), **members)).measurements
    assert (found.value, found.problem) == (value, problem)


@pytest.mark.parametrize(
    ("members", "printed"),
    [
        (
            {"valueRange": {"low": quantity(900, "ng/mL"), "high": quantity(1000, "ng/mL")}},
            "range 900 ng/mL to 1000 ng/mL",
        ),
        ({"valueRange": {"low": quantity(900, "ng/mL")}}, "range 900 ng/mL"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 320}}}, "ratio 1 : 320"),
        ({"dataAbsentReason": code("urn:x", "error")}, "no value (error)"),
        ({}, ""),
    ],
)
def test_what_stands_in_place_of_a_number_is_shown(members: dict[str, Any], printed: str) -> None:
    (found,) = facts(observation(concept=code(LOINC, "2276-4"), **members)).measurements
    assert found.printed == printed


def test_molar_ferritin_is_ferritin() -> None:
    (found,) = facts(observation(concept=code(LOINC, "14723-1"), valueQuantity=quantity(1861, "pmol/L"))).measurements
    assert (found.concept, found.value, found.unit) == ("ferritin", Decimal("828.145"), "ng/mL")


@pytest.mark.parametrize(
    ("loinc", "variant"),
    [("19876-2", "pre"), ("19874-7", "post"), ("19868-9", ""), ("98091-2", "pre"), ("59410-1", "room-air")],
)
def test_variants(loinc: str, variant: str) -> None:
    unit = {"98091-2": "mL/min/mm[Hg]", "59410-1": "%"}.get(loinc, "L")
    (found,) = facts(
        observation(concept=code(LOINC, loinc), valueQuantity=quantity(50 if unit == "%" else 3, unit))
    ).measurements
    assert found.variant == variant


def test_the_time_of_issue_stands_in_and_is_marked() -> None:
    (found,) = facts(
        observation(concept=code(LOINC, "2276-4"), effectiveDateTime=None, issued="2026-11-20T10:00:00Z")
    ).measurements
    assert found.when is not None
    assert found.when.of_issue
    assert found.issued is not None
    assert not found.issued.of_issue


@pytest.mark.parametrize(
    ("loinc", "specimen", "expected"),
    [
        ("2703-7", None, "pao2"),
        ("2703-7", {"display": "Arterial blood"}, "pao2"),
        ("2703-7", {"display": "Venous blood"}, Reason.CONFLICT),
        ("11556-8", None, Reason.NOT_COMPARABLE),
        ("11556-8", {"display": "Blood"}, Reason.NOT_COMPARABLE),
        ("11556-8", {"display": "Capillary blood"}, Reason.NOT_COMPARABLE),
        ("11556-8", {"display": "Arterial line"}, "pao2"),
        ("11556-8", {"reference": "Specimen/s1"}, "pao2"),
        ("11556-8", {"reference": "Specimen/s2"}, Reason.NOT_COMPARABLE),
        ("11556-8", {"reference": "Specimen/gone", "display": "arterial"}, "pao2"),
    ],
)
def test_arterial_or_not(loinc: str, specimen: dict[str, Any] | None, expected: str | Reason) -> None:
    found = facts(
        observation(concept=code(LOINC, loinc), valueQuantity=quantity(70, "mm[Hg]"), specimen=specimen),
        resource("Specimen", "s1", type=code(SNOMED, "122552005")),
        resource("Specimen", "s2", type={"text": "Venous blood"}),
    )
    assert [each.concept for each in found.measurements] == (
        [expected] if isinstance(expected, str) and not isinstance(expected, Reason) else []
    )
    assert [each.reason for each in found.unreadable] == ([expected] if isinstance(expected, Reason) else [])


def test_a_venous_code_is_not_read_at_all() -> None:
    found = facts(observation(concept=code(LOINC, "2705-2"), valueQuantity=quantity(40, "mm[Hg]")))
    assert (found.measurements, found.unreadable) == ((), ())


@pytest.mark.parametrize(
    ("members", "estimated"),
    [
        ({}, False),
        ({"method": {"text": "Estimated from flow"}}, True),
        ({"interpretation": [{"text": "calculated from flow"}]}, True),
        ({"note": [{"text": "FiO2 estimated"}]}, True),
        ({"note": [{"text": "measured at the ventilator"}]}, False),
        ({"derivedFrom": [{"display": "estimated from O2 flow"}]}, True),
        ({"derivedFrom": [{"reference": "Observation/flow"}]}, True),
        ({"derivedFrom": [{"reference": "https://ehr.example/fhir/Observation/flow/_history/2"}]}, True),
        ({"derivedFrom": [{"reference": "Observation/other"}]}, False),
        ({"derivedFrom": [{"reference": "Observation/nameless"}]}, False),
    ],
)
def test_estimated_oxygen_fractions_are_marked(members: dict[str, Any], estimated: bool) -> None:
    found = facts(
        observation(concept=code(LOINC, "3150-0"), valueQuantity=quantity(40, "%"), **members),
        observation("flow", code(LOINC, "3151-8"), valueQuantity=quantity(4, "L/min")),
        observation("nameless", None, status="final"),
    )
    (fraction,) = [each for each in found.measurements if each.concept == "fio2"]
    assert fraction.estimated is estimated


def test_sweep_gas_is_shown_and_not_used() -> None:
    found = facts(
        observation(concept=code(LOINC, "3150-0", text="ECMO sweep gas FiO2"), valueQuantity=quantity(100, "%"))
    )
    assert found.measurements == ()
    assert [(each.element, each.printed) for each in found.unreadable] == [("fio2", "100 %")]


@pytest.mark.parametrize(
    ("codes", "category", "used"),
    [
        (["59408-5", "2708-6"], "laboratory", True),
        (["2708-6"], "vital-signs", True),
        (["2708-6"], "laboratory", False),
    ],
)
def test_oxygen_saturation_is_one_reading_and_not_a_laboratory_value(
    codes: list[str], category: str, used: bool
) -> None:
    concept = {"coding": [{"system": LOINC, "code": each} for each in codes]}
    found = facts(observation(concept=concept, category=[code("urn:x", category)], valueQuantity=quantity(93, "%")))
    assert len(found.measurements) == int(used)
    assert len(found.unreadable) == int(not used)


def test_components_of_pulse_oximetry_carry_flow_and_fraction() -> None:
    parts = [
        {"code": code(LOINC, "3151-8"), "valueQuantity": quantity(4, "L/min")},
        {"code": code(LOINC, "3150-0"), "valueQuantity": quantity(36, "%")},
        {"code": code(LOINC, "8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": {"text": "Myositis panel"}},
        {},
    ]
    found = facts(
        observation("ox", code(LOINC, "59408-5"), valueQuantity=quantity(93, "%"), component=parts)
    ).measurements
    assert {(each.concept, each.value) for each in found} == {
        ("spo2", Decimal(93)),
        ("o2-flow", Decimal(4)),
        ("fio2", Decimal("0.36")),
    }
    assert {each.groups for each in found} == {frozenset({"Observation/ox"})}


def test_results_of_one_report_panel_and_specimen_belong_together() -> None:
    found = facts(
        observation(
            "gas", code(LOINC, "2703-7"), valueQuantity=quantity(70, "mm[Hg]"), specimen={"reference": "Specimen/s"}
        ),
        observation("air", code(LOINC, "3150-0"), valueQuantity=quantity(21, "%")),
        observation("set", code(LOINC, "24336-0"), hasMember=[{"reference": "Observation/gas"}]),
        resource(
            "DiagnosticReport", "rep", result=[{"reference": "Observation/gas"}, {"reference": "Observation/air"}]
        ),
    ).measurements
    groups = {each.concept: each.groups for each in found}
    assert groups == {
        "pao2": {"Specimen/s", "Observation/set", "DiagnosticReport/rep"},
        "fio2": {"DiagnosticReport/rep"},
    }


# ------------------------------------------------------------------------------------------------ results and panels


@pytest.mark.parametrize(
    ("specimen", "expected"),
    [
        ({"display": "Sputum"}, "respiratory-culture"),
        ({"display": "Blood"}, "blood-culture"),
        ({"display": "Urine"}, "urine-culture"),
        ({"display": "Pleural fluid"}, "culture-other"),
        ({"display": "Swab of wound"}, "culture-unspecified"),
        (None, "culture-unspecified"),
    ],
)
def test_a_culture_follows_its_specimen(specimen: dict[str, Any] | None, expected: str) -> None:
    grew = {"valueCodeableConcept": code(SNOMED, "3092008", "Staphylococcus aureus")}
    (found,) = facts(observation(concept=code(LOINC, "11475-1"), specimen=specimen, **grew)).results
    assert (found.concept, found.specimen) == (expected, (specimen or {}).get("display", ""))


def test_a_result_within_a_report_keeps_its_own_time() -> None:
    within = {
        "resourceType": "Observation",
        "id": "a",
        "status": "corrected",
        "code": {"text": "MDA5 Ab"},
        "valueString": "Positive",
        "effectiveDateTime": "2026-11-02",
    }
    results = [{"reference": "#a"}, {"reference": "Observation/elsewhere"}]
    report = resource(
        "DiagnosticReport",
        "r9",
        status="final",
        code={"text": "Send-out"},
        effectiveDateTime="2026-11-20",
        result=results,
        contained=[within],
    )
    (found,) = facts(report).results
    assert (found.reference, found.status) == ("DiagnosticReport/r9#a", "corrected")
    assert found.when is not None
    assert found.when.printed == "2026-11-02"
    assert facts(report | {"status": "entered-in-error"}).results == ()


def test_a_specimen_resource_says_what_was_cultured() -> None:
    (found,) = facts(
        observation(concept=code(LOINC, "11475-1"), specimen={"reference": "Specimen/s"}),
        resource("Specimen", "s", type=code(SNOMED, "258607008", "Bronchoalveolar lavage fluid sample")),
    ).results
    assert (found.concept, found.specimen) == ("respiratory-culture", "Bronchoalveolar lavage fluid sample")


def test_members_of_a_panel_are_read_by_code_and_by_name() -> None:
    parts = [
        {"code": code(LOINC, "82424-3"), **POSITIVE},
        {"code": {"text": "Jo-1 Ab"}, "valueString": "Negative"},
    ]
    found = facts(observation("panel", {"text": "Muscle antibodies"}, component=parts))
    assert {(each.concept, each.meaning) for each in found.results} == {
        ("anti-mda5-qual", Meaning.POSITIVE),
        ("anti-jo1", Meaning.NEGATIVE),
        ("myositis-panel", Meaning.UNREADABLE),
    }


def test_a_panel_is_known_by_its_members() -> None:
    found = facts(
        observation("a", code(LOINC, "82424-3"), **POSITIVE),
        observation("b", {"text": "PL-7"}, valueString="Negative"),
        observation(
            "set", {"text": "Serology"}, hasMember=[{"reference": "Observation/a"}, {"reference": "Observation/b"}]
        ),
        observation(
            "one", {"text": "Serology"}, hasMember=[{"reference": "Observation/a"}, {"reference": "Observation/gone"}]
        ),
        observation(
            "void",
            {"text": "Serology"},
            status="cancelled",
            hasMember=[{"reference": "Observation/a"}, {"reference": "Observation/b"}],
        ),
    )
    assert [each.reference for each in found.results if each.concept == "myositis-panel"] == ["Observation/set"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"valueString": "Negative"}, ["anti-mda5-qual"]),
        ({}, ["myositis-panel"]),
        ({"valueString": "see members", "hasMember": [{"reference": "Observation/x"}]}, ["myositis-panel"]),
    ],
)
def test_a_panel_that_names_one_antibody(members: dict[str, Any], expected: list[str]) -> None:
    assert concepts(facts(observation(concept={"text": "Myositis panel with MDA5"}, **members))) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"code": code(LOINC, "82424-3"), "conclusion": "Positive"}, [("anti-mda5-qual", Meaning.POSITIVE)]),
        (
            {"code": {"text": "MDA5 Ab"}, "conclusionCode": [code(SNOMED, "260385009")]},
            [("anti-mda5-qual", Meaning.NEGATIVE)],
        ),
        ({"code": code(LOINC, "82424-3"), "result": [{"reference": "Observation/a"}]}, []),
        (
            {"code": code(LOINC, "82424-3"), "result": [{"reference": "Observation/gone"}]},
            [("anti-mda5-qual", Meaning.UNREADABLE)],
        ),
        ({"code": {"text": "Myositis panel"}, "conclusion": "Positive"}, [("myositis-panel", Meaning.UNREADABLE)]),
        (
            {"code": {"text": "Serology"}, "result": [{"reference": "Observation/a"}, {"reference": "Observation/b"}]},
            [("myositis-panel", Meaning.UNREADABLE)],
        ),
        ({"code": code(LOINC, "2276-4"), "conclusion": "900"}, []),
        ({"code": {"text": "Chest CT"}}, []),
        ({}, []),
        ({"code": code(LOINC, "82424-3"), "status": "cancelled"}, []),
    ],
)
def test_reports_about_antibodies(members: dict[str, Any], expected: list[tuple[str, Meaning]]) -> None:
    found = facts(
        observation("a", code(LOINC, "82424-3"), **POSITIVE),
        observation("b", {"text": "PL-7"}, valueString="Negative"),
        resource("DiagnosticReport", "rep", **({"status": "final", "effectiveDateTime": "2026-11-20"} | members)),
    )
    assert [
        (each.concept, each.meaning) for each in found.results if each.reference == "DiagnosticReport/rep"
    ] == expected


@pytest.mark.parametrize(
    ("status", "expected"), [("partial", "preliminary"), ("appended", "amended"), ("registered", "registered")]
)
def test_report_statuses_become_those_of_observations(status: str, expected: str) -> None:
    (found,) = facts(resource("DiagnosticReport", "rep", status=status, code={"text": "MDA5"})).results
    assert found.status == expected


# ------------------------------------------------------------------------------------------------ supports


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueCodeableConcept": {"text": "Nasal cannula"}}, "nasal-cannula"),
        ({"valueCodeableConcept": code(SNOMED, "336623009")}, "nasal-cannula"),
        ({"valueCodeableConcept": code(SNOMED, "427591007")}, "non-rebreather"),
        ({"valueCodeableConcept": code(SNOMED, "336602003")}, "simple-mask"),
        ({"valueCodeableConcept": code(SNOMED, "426851007")}, "simple-mask"),
        ({"valueCodeableConcept": code(SNOMED, "722742002")}, "room-air"),
        ({"valueCodeableConcept": code(SNOMED, "1259025002")}, "hfnc"),
        ({"valueCodeableConcept": code(SNOMED, "57485005")}, "oxygen-therapy"),
        ({"valueString": "High flow nasal cannula"}, "hfnc"),
        ({"valueString": "Venturi mask 28 %"}, "venturi"),
        ({"valueString": "BiPAP"}, "niv"),
        ({"valueString": "Ventilator"}, "invasive-ventilation"),
    ],
)
def test_delivery_mechanisms(value: dict[str, Any], expected: str) -> None:
    (found,) = facts(observation(concept=code(LOINC, "3152-6"), **value)).supports
    assert (found.concept, found.start, found.running) == (expected, found.end, False)


def test_an_unknown_mechanism_is_shown() -> None:
    found = facts(observation(concept=code(LOINC, "3152-6"), valueString="Blow-by"))
    assert found.supports == ()
    assert [(each.element, each.reason, each.printed) for each in found.unreadable] == [
        ("o2-delivery-mechanism", Reason.UNSTRUCTURED, "Blow-by")
    ]


def test_a_support_may_be_the_code_of_an_observation() -> None:
    stated = observation("yes", code(SNOMED, "722742002"), valueBoolean=True)
    denied = observation("no", code(SNOMED, "722742002"), valueBoolean=False)
    assert [each.reference for each in facts(stated, denied).supports] == ["Observation/yes"]


# ------------------------------------------------------------------------------------------------ attestations


def attested(identity: str, value: dict[str, Any], **members: Any) -> dict[str, Any]:
    """An attestation."""
    made = {"performer": [{"reference": "Practitioner/d"}], "issued": "2026-11-21T09:00:00Z"}
    return observation("att", code(ATTESTATION, identity), **(made | value | members))


@pytest.mark.parametrize(
    ("identity", "value", "expected"),
    [
        ("hrct-increase-percent", {"valueQuantity": quantity(21, "%")}, Decimal(21)),
        ("hrct-increase-percent", {"valueQuantity": quantity(21)}, None),
        ("hrct-increase-percent", {"valueQuantity": quantity(21, "%", ">")}, None),
        ("hrct-increase-percent", {"valueQuantity": quantity(301, "%")}, None),
        ("hrct-increase-percent", {}, None),
        ("ct-worsening", {"valueBoolean": True}, True),
        ("ct-worsening", {"valueBoolean": "true"}, None),
        ("treatment-response", {"valueString": "improving"}, "improving"),
        ("treatment-response", {"valueString": "better"}, None),
    ],
)
def test_attested_values(identity: str, value: dict[str, Any], expected: object) -> None:
    (found,) = facts(attested(identity, value)).attestations
    assert (found.code, found.value) == (identity, expected)


def test_an_attestation_of_an_unknown_code_has_no_value() -> None:
    other = bundle(attested("something-else", {"valueQuantity": quantity(21, "%")}))
    (found,) = facts(given={"attestations": other}).attestations
    assert (found.code, found.value) == ("something-else", None)


def test_an_attested_onset_may_be_partial() -> None:
    (found,) = facts(attested("respiratory-onset", {"valueDateTime": "2026-11"})).attestations
    assert found.value is not None
    assert not isinstance(found.value, (bool, str, Decimal))
    assert (found.value.printed, found.value.exact) == ("2026-11", False)


def test_an_attestation_says_who_when_and_about_which_studies() -> None:
    (found,) = facts(
        attested(
            "ct-worsening",
            {"valueBoolean": True},
            effectiveDateTime=None,
            effectivePeriod={"start": "2026-10-01", "end": "2026-11-20"},
            derivedFrom=[
                {"reference": "ImagingStudy/a"},
                {"reference": "https://ehr.example/fhir/ImagingStudy/b"},
                {"display": "film"},
            ],
            focus=[{"reference": "DiagnosticReport/c"}],
        )
    ).attestations
    assert found.start is not None
    assert found.end is not None
    assert (found.start.printed, found.end.printed, found.made) == ("2026-10-01", "2026-11-20", found.issued)
    assert found.studies == {"ImagingStudy/a", "ImagingStudy/b", "DiagnosticReport/c"}


@pytest.mark.parametrize(
    ("performer", "expected"),
    [
        ("Practitioner/d", True),
        ("PractitionerRole/d", True),
        ("https://ehr.example/fhir/Practitioner/d", True),
        ("Patient/p1", False),
        ("Device/x", False),
    ],
)
def test_only_clinicians_attest(performer: str, expected: bool) -> None:
    (found,) = facts(
        attested("ct-worsening", {"valueBoolean": True}, performer=[{"reference": performer}])
    ).attestations
    assert found.by_clinician is expected


def test_a_condition_code_on_an_observation_says_nothing() -> None:
    assert facts(observation(concept=code(ICD, "J84.114"))).supports == ()
