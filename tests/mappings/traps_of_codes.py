"""Traps of codes and words: terminology notes "The handful that matters", "anti-MDA5", "Conditions", "Surprises"."""

from __future__ import annotations

from typing import Any

from tests.mappings.charts import ATC, ICD, LOINC, RXNORM, SNOMED, Json, code, observation, quantity, resource

Row = tuple[str, list[Json], list[str]]
CPT = "http://www.ama-assn.org/go/cpt"


def lab(loinc: str, value: Any, unit: str, **members: Any) -> Json:
    return observation(concept=code(LOINC, loinc), valueQuantity=quantity(value, unit), **members)


def says(concept: Json, answer: str = "Positive", **members: Any) -> Json:
    return observation(concept=concept, valueString=answer, **members)


def problem(concept: Json, **members: Any) -> Json:
    return resource("Condition", code=concept, **members)


def specimen(snomed: str, display: str = "") -> Json:
    return resource("Specimen", "s1", type=code(SNOMED, snomed, display))


def drawn(loinc: str, value: Any, unit: str = "mm[Hg]", **members: Any) -> Json:
    return lab(loinc, value, unit, specimen={"reference": "Specimen/s1"}, **members)


MEASURED: list[Row] = [
    ("ferritin", [lab("2276-4", 900, "ng/mL")], ["ferritin 900 ng/mL"]),
    ("ferritin, immunoassay code", [lab("20567-4", 900, "ng/mL")], ["ferritin 900 ng/mL"]),
    ("ferritin in blood", [lab("24373-3", 900, "ng/mL")], ["ferritin 900 ng/mL"]),
    ("ferritin, molar code", [lab("14723-1", 2000, "pmol/L")], ["ferritin 890 ng/mL"]),
    ("ferritin goal is no result", [lab("86914-9", 900, "ng/mL")], []),
    ("ferritin of body fluid", [lab("53048-5", 900, "ng/mL")], []),
    ("ferritin per cell", [lab("48141-6", 900, "ng/mL")], []),
    (
        "a negative code beside a good one wins",
        [
            observation(
                concept={"coding": [{"system": LOINC, "code": "2276-4"}, {"system": LOINC, "code": "53048-5"}]},
                valueQuantity=quantity(900, "ng/mL"),
            )
        ],
        [],
    ),
    ("LDH, LOINC of MIMIC", [lab("2532-0", 487, "IU/L")], ["ldh 487 U/L"]),
    ("LDH, lactate to pyruvate", [lab("14804-9", 487, "U/L")], ["ldh 487 U/L"]),
    ("LDH, pyruvate to lactate", [lab("14805-6", 487, "U/L")], ["ldh 487 U/L"]),
    *[(f"LDH of a fluid {loinc}", [lab(loinc, 487, "U/L")], []) for loinc in ("2529-6", "2530-4", "2531-2", "2528-8")],
    ("CRP, high sensitivity", [lab("30522-7", 12, "mg/L")], ["crp 12 mg/L"]),
    ("CRP, molar", [lab("76485-2", 100, "nmol/L")], ["crp 10.5 mg/L"]),
    ("CRP of a fluid", [lab("16503-5", 12, "mg/L")], []),
    ("PaO2", [lab("2703-7", 62, "mm[Hg]")], ["pao2 62 mm[Hg]"]),
    ("PaO2, temperature adjusted", [lab("19255-9", 62, "mm[Hg]")], ["pao2 62 mm[Hg]"]),
    ("p50 is no PaO2", [lab("19214-6", 27, "mm[Hg]")], []),
    ("venous pO2", [lab("2705-2", 38, "mm[Hg]")], []),
    (
        "pO2, blood unspecified, specimen unknown",
        [lab("11556-8", 62, "mm[Hg]")],
        ["unreadable Observation/o1 pao2 not-comparable"],
    ),
    ("pO2, blood unspecified, arterial Specimen", [drawn("11556-8", 62), specimen("122552005")], ["pao2 62 mm[Hg]"]),
    (
        "pO2, blood unspecified, venous Specimen",
        [drawn("11556-8", 62), specimen("122555007")],
        ["unreadable Observation/o1 pao2 not-comparable"],
    ),
    (
        "pO2, blood unspecified, capillary Specimen",
        [drawn("11556-8", 62), specimen("122554006")],
        ["unreadable Observation/o1 pao2 not-comparable"],
    ),
    (
        "arterial code on a venous Specimen",
        [drawn("2703-7", 62), specimen("122555007")],
        ["unreadable Observation/o1 pao2 conflict"],
    ),
    ("pCO2, blood unspecified, arterial Specimen", [drawn("11557-6", 40), specimen("122552005")], ["paco2 40 mm[Hg]"]),
    (
        "pH, blood unspecified, arterial Specimen",
        [drawn("11558-4", 7.4, "[pH]"), specimen("122552005")],
        ["ph-arterial 7.4 [pH]"],
    ),
    ("FiO2 21 without a unit", [lab("3150-0", 21, "")], ["fio2 0.21 1"]),
    ("FiO2 0.21 without a unit", [lab("3150-0", 0.21, "")], ["fio2 0.21 1"]),
    ("FiO2 40 %", [lab("3150-0", 40, "%")], ["fio2 0.4 1"]),
    ("FiO2 21 %", [lab("19994-3", 21, "%")], ["fio2 0.21 1"]),
    ("FiO2 0.3 % is a trap", [lab("3150-0", 0.3, "%")], ["fio2 [unit]"]),
    ("FiO2 1 without a unit is all oxygen", [lab("3150-0", 1, "")], ["fio2 1 1"]),
    ("FiO2 5 is a flow in the wrong field", [lab("3150-0", 5, "")], ["fio2 [unit]"]),
    ("FiO2 in L/min", [lab("3150-0", 4, "L/min")], ["fio2 [unit]"]),
    (
        "FiO2 estimated by method",
        [lab("3150-0", 40, "%", method={"text": "Estimated from flow"})],
        ["fio2 0.4 1 [estimated]"],
    ),
    (
        "FiO2 estimated by note",
        [lab("3150-0", 40, "%", note=[{"text": "calculated from flow"}])],
        ["fio2 0.4 1 [estimated]"],
    ),
    (
        "FiO2 derived from a flow",
        [lab("3150-0", 40, "%", derivedFrom=[{"reference": "Observation/f"}]), lab("3151-8", 5, "L/min") | {"id": "f"}],
        ["o2-flow 5 L/min", "fio2 0.4 1 [estimated]"],
    ),
    (
        "FiO2 of an ECMO sweep",
        [lab("3150-0", 100, "%", method={"text": "sweep gas"})],
        ["unreadable Observation/o1 fio2 not-comparable"],
    ),
    ("oxygen flow", [lab("3151-8", 4, "L/min")], ["o2-flow 4 L/min"]),
    ("P/F of the EHR", [lab("50984-4", 180, "mm[Hg]")], ["pf-ratio 180 mm[Hg]"]),
    ("P/F, mixed venous", [lab("50985-1", 180, "mm[Hg]")], []),
    ("P/F, venous", [lab("50986-9", 180, "mm[Hg]")], []),
    ("A-a gradient of the EHR", [lab("19991-9", 45, "mm[Hg]")], ["aa-gradient 45 mm[Hg]"]),
    ("A-a gradient, temperature adjusted", [lab("53809-0", 45, "mm[Hg]")], ["aa-gradient 45 mm[Hg]"]),
    ("SpO2 on room air", [lab("59410-1", 95, "%")], ["spo2 95 % room-air"]),
    ("SpO2 at rest", [lab("59417-6", 95, "%")], ["spo2 95 %"]),
    ("SpO2 with exercise", [lab("89276-0", 85, "%")], []),
    ("lymphocytes per uL", [lab("26474-7", 450, "/uL")], ["lymphocytes-abs 0.45 10*9/L"]),
    ("lymphocytes in per cent are another thing", [lab("736-9", 12, "%")], []),
    ("FVC before the bronchodilator", [lab("19876-2", 2.4, "L")], ["fvc 2.4 L pre"]),
    ("FVC predicted is no FVC", [lab("19869-7", 3.4, "L")], []),
    ("FVC predicted, second twin", [lab("20149-1", 3.4, "L")], []),
    ("FVC per cent predicted", [lab("19872-1", 71, "%")], ["fvc-pct-pred 71 %"]),
    ("DLCO predicted is no DLCO", [lab("19910-9", 20, "mL/min/mm[Hg]")], []),
    ("DLCO predicted, second twin", [lab("19912-5", 20, "mL/min/mm[Hg]")], []),
    ("DLCO", [lab("19911-7", 14, "mL/min/mm[Hg]")], ["dlco 14 mL/min/mm[Hg]"]),
    (
        "DLCO corrected for haemoglobin stays apart",
        [lab("19913-3", 15, "mL/min/mm[Hg]")],
        ["dlco-hb-adj 15 mL/min/mm[Hg]"],
    ),
    ("KL-6", [lab("93369-7", 900, "U/mL")], ["kl6 900 U/mL"]),
    ("potassium of urine", [lab("2828-2", 40, "mmol/L")], []),
    ("IgG of CSF", [lab("2464-6", 40, "mg/dL")], []),
    ("hCG as a tumour marker", [lab("53959-3", 3, "m[IU]/mL")], []),
    ("free beta hCG", [lab("19180-9", 3, "m[IU]/mL")], []),
    (
        "pulse oximetry coded twice counts once",
        [
            observation(
                concept={"coding": [{"system": LOINC, "code": "59408-5"}, {"system": LOINC, "code": "2708-6"}]},
                valueQuantity=quantity(91, "%"),
                component=[
                    {"code": code(LOINC, "3151-8"), "valueQuantity": quantity(2, "L/min")},
                    {"code": code(LOINC, "3150-0"), "valueQuantity": quantity(28, "%")},
                ],
            )
        ],
        ["fio2 0.28 1", "o2-flow 2 L/min", "spo2 91 %"],
    ),
    (
        "2708-6 of a laboratory is no pulse oximetry",
        [lab("2708-6", 91, "%", category=[code("x", "laboratory")])],
        ["unreadable Observation/o1 spo2 not-comparable"],
    ),
    ("2708-6 of vital signs is", [lab("2708-6", 91, "%", category=[code("x", "vital-signs")])], ["spo2 91 %"]),
    (
        "local code beside LOINC",
        [
            observation(
                concept={"coding": [{"system": "urn:oid:9.9", "code": "2532-0"}, {"system": LOINC, "code": "2276-4"}]},
                valueQuantity=quantity(900, "ng/mL"),
            )
        ],
        ["ferritin 900 ng/mL"],
    ),
    (
        "the code of another system is not a LOINC",
        [observation(concept=code("urn:oid:9.9", "2276-4"), valueQuantity=quantity(900, "ng/mL"))],
        [],
    ),
    (
        "a code without a system",
        [observation(concept={"coding": [{"code": "2276-4"}]}, valueQuantity=quantity(900, "ng/mL"))],
        [],
    ),
    (
        "LOINC by its OID",
        [observation(concept=code("urn:oid:2.16.840.1.113883.6.1", "2276-4"), valueQuantity=quantity(9, "ng/mL"))],
        ["ferritin 9 ng/mL"],
    ),
    (
        "a display with an invisible character",
        [observation(concept=code(LOINC, "2276-4", "Ferri​tin"), valueQuantity=quantity(9, "ng/mL"))],
        ["ferritin 9 ng/mL"],
    ),
]

ANTIBODIES: list[Row] = [
    *[
        (f"anti-MDA5 {loinc}", [says(code(LOINC, loinc))], [f"{concept} positive"])
        for loinc, concept in (
            ("107563-9", "anti-mda5-qual"),
            ("82424-3", "anti-mda5-qual"),
            ("82994-5", "anti-mda5-qual"),
            ("105529-2", "anti-mda5-quant"),
            ("88725-7", "anti-mda5-quant"),
        )
    ],
    *[
        (f"anti-MDA5 by text: {text}", [says({"text": text})], ["anti-mda5-qual positive"])
        for text in (
            "MDA5",
            "MDA-5 Ab",
            "anti MDA 5 IgG",
            "CADM-140",
            "CADM140 antibody",
            "IFIH1 (MDA5)",
            "Anti-MDA5 Antibody, S",
            "mda5​ ab",
        )
    ],
    ("anti-MDA5 by display only", [says(code("urn:oid:9.9", "FAMDA", "MDA-5 Ab, S"))], ["anti-mda5-qual positive"]),
    (
        "anti-MDA5 without a coding system",
        [says({"coding": [{"code": "FAMDA", "display": "MDA5 Ab"}]})],
        ["anti-mda5-qual positive"],
    ),
    *[
        (f"antibody by text: {text}", [says({"text": text})], [f"{concept} positive"])
        for text, concept in (
            ("TIF1-γ Ab", "anti-tif1g"),
            ("TIF-1 gamma", "anti-tif1g"),
            ("p155/140 Ab", "anti-tif1g"),
            ("Mi-2β", "anti-mi2"),
            ("Mi-2 alpha Ab", "anti-mi2"),
            ("NXP-2 Ab", "anti-nxp2"),
            ("SAE1", "anti-sae1"),
            ("SSA 52 (Ro) Ab", "anti-ro52"),
            ("Ro-52 kD Ab", "anti-ro52"),
            ("TRIM21", "anti-ro52"),
            ("Jo-1 Ab", "anti-jo1"),
            ("PL-7 Ab", "anti-pl7"),
            ("PL12", "anti-pl12"),
            ("EJ Ab", "anti-ej"),
            ("OJ antibody", "anti-oj"),
            ("SRP Ab", "anti-srp"),
            ("PM/Scl-100", "anti-pmscl"),
            ("Ku Ab", "anti-ku"),
            ("U1 RNP", "anti-rnp"),
        )
    ],
    *[
        (f"anti-Ro52 {loinc}", [says(code(LOINC, loinc))], ["anti-ro52 positive"])
        for loinc in ("53016-2", "53017-0", "56549-9", "82933-3", "99139-8")
    ],
    *[
        (f"SSA total is not Ro52 {loinc}", [says(code(LOINC, loinc))], ["anti-ssa-ro positive"])
        for loinc in ("8093-7", "17792-3", "33569-5")
    ],
    ("Ro60 is not Ro52", [says(code(LOINC, "53018-8"))], ["anti-ro60 positive"]),
    ("Ro60 by text is not Ro52", [says({"text": "SSA 60 (Ro) Ab"})], []),
    (
        "send-out ELISA in units, own range",
        [
            observation(
                concept={"text": "MDA5 Ab"},
                valueQuantity={"value": 85, "unit": "units"},
                referenceRange=[{"text": "<20"}],
            )
        ],
        ["anti-mda5-qual positive"],
    ),
    (
        "send-out ELISA in units, no range: nothing is guessed",
        [observation(concept={"text": "MDA5 Ab"}, valueQuantity={"value": 85, "unit": "units"})],
        ["anti-mda5-qual unreadable"],
    ),
    (
        "line blot in SI, negative below its own range",
        [
            observation(
                concept={"text": "MDA5 Ab"},
                valueQuantity={"value": 7, "unit": "SI"},
                referenceRange=[{"high": {"value": 11, "unit": "SI"}}],
            )
        ],
        ["anti-mda5-qual negative"],
    ),
    (
        "another unit in the range is no limit",
        [
            observation(
                concept={"text": "MDA5 Ab"},
                valueQuantity={"value": 7, "unit": "SI"},
                referenceRange=[{"high": {"value": 11, "unit": "AU/mL"}}],
            )
        ],
        ["anti-mda5-qual unreadable"],
    ),
    *[
        (f"weak: {text}", [says({"text": "MDA5"}, text)], ["anti-mda5-qual weak"])
        for text in ("Weak Positive", "WEAKLY POSITIVE", "Low positive", "Borderline positive")
    ],
    (
        "weak by code",
        [observation(concept={"text": "MDA5"}, valueCodeableConcept=code(SNOMED, "260408008"))],
        ["anti-mda5-qual weak"],
    ),
    (
        "weak by flag",
        [observation(concept={"text": "MDA5"}, interpretation=[code("x", "WR")])],
        ["anti-mda5-qual weak"],
    ),
    (
        "pending is not negative",
        [observation(concept={"text": "MDA5"}, status="registered")],
        ["anti-mda5-qual unreadable (registered)"],
    ),
    (
        "value and flag disagree",
        [says({"text": "MDA5"}, "Negative", interpretation=[code("x", "POS")])],
        ["anti-mda5-qual indeterminate"],
    ),
    (
        "a panel is known by its members",
        [
            observation(
                concept={"text": "Send-out 4711"},
                component=[
                    {"code": {"text": "MDA5 Ab"}, "valueString": "Positive"},
                    {"code": {"text": "Jo-1 Ab"}, "valueString": "Negative"},
                ],
            )
        ],
        ["anti-jo1 negative", "anti-mda5-qual positive", "myositis-panel unreadable"],
    ),
    (
        "a panel's members by reference",
        [
            observation(
                concept={"text": "Extended panel"},
                hasMember=[{"reference": "Observation/a"}, {"reference": "Observation/b"}],
            ),
            says({"text": "MDA5 Ab"}) | {"id": "a"},
            says({"text": "Ro52 Ab"}, "Negative") | {"id": "b"},
        ],
        ["anti-mda5-qual positive", "anti-ro52 negative", "myositis-panel unreadable"],
    ),
    (
        "a name with several antibodies is a panel",
        [observation(concept={"text": "MDA5, Jo-1 and Ro52"})],
        ["myositis-panel unreadable"],
    ),
    (
        "a report alone",
        [resource("DiagnosticReport", status="final", code={"text": "MDA5 Ab"}, conclusion="Positive")],
        ["anti-mda5-qual positive"],
    ),
    (
        "results contained in a report",
        [
            resource(
                "DiagnosticReport",
                status="final",
                code={"text": "Send-out"},
                result=[{"reference": "#a"}],
                effectiveDateTime="2026-11-20",
                contained=[
                    {
                        "resourceType": "Observation",
                        "id": "a",
                        "status": "final",
                        "code": {"text": "MDA5 Ab"},
                        "valueString": "Positive",
                    }
                ],
            )
        ],
        ["anti-mda5-qual positive"],
    ),
    ("an antibody named in a note only", [says({"text": "Serology"}, note=[{"text": "MDA5 positive"}])], []),
]

DISEASES: list[Row] = [
    ("dermatomyositis", [problem(code(SNOMED, "396230008"))], ["diagnosis dermatomyositis"]),
    ("juvenile dermatomyositis is apart", [problem(code(ICD, "M33.01"))], ["diagnosis juvenile-dm"]),
    ("amyopathic", [problem(code(SNOMED, "238935002"))], ["diagnosis amyopathic-dm"]),
    ("M33.13 is dermatomyositis, not amyopathic", [problem(code(ICD, "M33.13"))], ["diagnosis dermatomyositis"]),
    ("ICD without its dot", [problem(code(ICD, "M3313"))], ["diagnosis dermatomyositis"]),
    ("D89.89 is a convention", [problem(code(ICD, "D89.89"))], ["diagnosis myositis-nos"]),
    ("interstitial pneumonia is listed too", [problem(code(SNOMED, "64667001"))], ["diagnosis ild"]),
    ("AIP, first ontology", [problem(code(SNOMED, "236302005"))], ["diagnosis aip"]),
    ("AIP, second ontology", [problem(code(SNOMED, "129459004"))], ["diagnosis aip"]),
    (
        "refuted without a clinical status",
        [problem(code(SNOMED, "396230008"), verificationStatus=code("x", "refuted"))],
        [],
    ),
    ("entered in error", [problem(code(SNOMED, "396230008"), verificationStatus=code("x", "entered-in-error"))], []),
    ("text only: no guess", [problem({"text": "Dermatomyositis"})], []),
    ("awaiting transplant is not transplanted", [problem(code(ICD, "Z76.82"))], ["diagnosis awaiting-transplant"]),
    ("palliative care is not comfort only", [problem(code(ICD, "Z51.5"))], []),
    (
        "do not resuscitate is no limit of care",
        [problem(code(ICD, "Z66"))],
        ["diagnosis resuscitation-limit", "limit resuscitation"],
    ),
    (
        "a limit of care by text",
        [resource("Flag", status="active", code={"text": "Do not intubate"})],
        ["limit partial"],
    ),
    ("a stroke in the past", [problem(code(ICD, "Z86.73"))], ["diagnosis cerebrovascular-disease"]),
    ("latent tuberculosis is not active", [problem(code(ICD, "Z22.7"))], ["diagnosis latent-tb"]),
]


def asked(concept: Json | None, **members: Any) -> Json:
    return resource("MedicationRequest", **({"status": "active", "medicationCodeableConcept": concept} | members))


DRUGS: list[Row] = [
    ("ingredient code", [asked(code(RXNORM, "42316"))], ["drug tacrolimus any active"]),
    ("text only", [asked({"text": "Tacrolimus 1 mg oral capsule"})], ["drug tacrolimus systemic active"]),
    ("class code", [asked(code(ATC, "L04AD02"))], ["drug tacrolimus any active"]),
    ("an unknown product is shown", [asked(code(RXNORM, "999999999", "Brand X"))], ["drug unresolved any active"]),
    ("tacrolimus ointment", [asked({"text": "tacrolimus 0.1 % ointment"})], ["drug tacrolimus nonsystemic active"]),
    *[
        (f"{text!r} is {drug}", [asked({"text": text})], [f"drug {drug} any active"])
        for text, drug in (
            ("Methotrexat 15 mg", "methotrexate"),
            ("Azathioprin", "azathioprine"),
            ("LEFLUNOMID 20", "leflunomide"),
            ("Cyclophosphamid 750 mg i.v.", "cyclophosphamide"),
            ("Mycophenolat-Mofetil", "mycophenolate-mofetil"),
            ("Méthotrexate", "methotrexate"),
            ("MTX 15 mg", "unresolved"),
        )
    ],
    ("tacrolimus Salbe", [asked({"text": "Tacrolimus Salbe 0,1 %"})], ["drug tacrolimus nonsystemic active"]),
    ("eye drops, German", [asked({"text": "Ciclosporin-Augentropfen"})], ["drug cyclosporine nonsystemic active"]),
    ("eye drops, French", [asked({"text": "ciclosporine collyre"})], ["drug cyclosporine nonsystemic active"]),
    (
        "cyclosporine eye drops",
        [asked({"text": "cyclosporine ophthalmic emulsion"})],
        ["drug cyclosporine nonsystemic active"],
    ),
    (
        "a wrong code in public lists is read by its own table",
        [asked(code(RXNORM, "614391"))],
        ["drug abatacept any active"],
    ),
    (
        "contained Medication",
        [
            asked(
                None,
                medicationReference={"reference": "#m"},
                contained=[{"resourceType": "Medication", "id": "m", "code": code(RXNORM, "42316")}],
            )
        ],
        ["drug tacrolimus any active"],
    ),
    (
        "bundled Medication",
        [
            asked(None, medicationReference={"reference": "Medication/m"}),
            {"resourceType": "Medication", "id": "m", "code": code(RXNORM, "42316")},
        ],
        ["drug tacrolimus any active"],
    ),
    (
        "bundled Medication, absolute reference",
        [
            asked(None, medicationReference={"reference": "https://ehr.example/fhir/Medication/m"}),
            {"resourceType": "Medication", "id": "m", "code": code(RXNORM, "42316")},
        ],
        ["drug tacrolimus any active"],
    ),
    (
        "a reference that leads nowhere",
        [asked(None, medicationReference={"reference": "Medication/x"})],
        ["drug unresolved any active"],
    ),
    (
        "a contained reference that leads nowhere",
        [asked(None, medicationReference={"reference": "#x"})],
        ["drug unresolved any active"],
    ),
    ("not to be given", [asked(code(RXNORM, "42316"), doNotPerform=True)], ["drug tacrolimus any active not"]),
    ("stopped", [asked(code(RXNORM, "42316"), status="stopped")], ["drug tacrolimus any stopped"]),
    ("entered in error is left out", [asked(code(RXNORM, "42316"), status="entered-in-error")], []),
    (
        "sulfonamide allergy",
        [resource("AllergyIntolerance", code=code(SNOMED, "91939003"))],
        ["allergy sulfonamide-allergy"],
    ),
    ("a sulfonamide diuretic is none", [resource("AllergyIntolerance", code=code(SNOMED, "43585000"))], []),
    ("sulfasalazine is none", [resource("AllergyIntolerance", code=code(RXNORM, "9524"))], []),
    ("sulfate is no sulfonamide", [resource("AllergyIntolerance", code={"text": "Magnesium sulfate"})], []),
]

CODES: list[Row] = [*MEASURED, *ANTIBODIES, *DISEASES, *DRUGS]
