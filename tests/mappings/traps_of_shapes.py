"""Traps of units, numbers and result shapes: terminology notes "Units and factors", "Result shapes", rows D1 to D4."""

from __future__ import annotations

from typing import Any

from tests.mappings.charts import INTERPRETATION, LOINC, SNOMED, UCUM, code, observation, quantity
from tests.mappings.traps_of_codes import Row, lab


def sent(value: Any, **members: Any) -> Any:
    return observation(concept=code(LOINC, "2276-4"), valueQuantity={"value": value} | members)


def answered(value: str, **members: Any) -> Any:
    return observation(concept={"text": "MDA5"}, valueString=value, **members)


UNITS: list[Row] = [
    *[
        (f"{loinc} in {unit or 'no unit'}", [lab(loinc, value, unit)], [reading])
        for loinc, value, unit, reading in (
            ("2276-4", 900, "ug/L", "ferritin 900 ng/mL"),
            ("2276-4", 900, "mcg/L", "ferritin 900 ng/mL"),
            ("2276-4", 900, "µg/L", "ferritin 900 ng/mL"),
            ("2276-4", 900, "μg/L", "ferritin 900 ng/mL"),
            ("2276-4", 900, "ng/ml", "ferritin 900 ng/mL"),
            ("2276-4", 900, "NG/ML", "ferritin [unit]"),
            ("2276-4", 900, "µg/l", "ferritin 900 ng/mL"),
            ("2532-0", 487, "U/l", "ldh 487 U/L"),
            ("731-0", 0.45, "10*9/l", "lymphocytes-abs 0.45 10*9/L"),
            ("731-0", 0.45, "G/l", "lymphocytes-abs 0.45 10*9/L"),
            ("731-0", 0.45, "/nL", "lymphocytes-abs 0.45 10*9/L"),
            ("93369-7", 900, "U/ml", "kl6 900 U/mL"),
            ("14723-1", 2000, "pmol/l", "ferritin 890 ng/mL"),
            ("2276-4", 90000, "ng/dL", "ferritin [unit]"),
            ("2276-4", 900, "", "ferritin [unit]"),
            ("2276-4", 2000, "pmol/L", "ferritin [unit]"),
            ("2276-4", 1, "mg/L", "ferritin [unit]"),
            ("1988-5", 1.2, "mg/dL", "crp 12 mg/L"),
            ("1988-5", 12, "mg/L", "crp 12 mg/L"),
            ("1988-5", 100, "nmol/L", "crp [unit]"),
            ("1988-5", 12, "ug/mL", "crp 12 mg/L"),
            ("2532-0", 8.1, "ukat/L", "ldh 486 U/L"),
            ("2532-0", 8.1, "µkat/L", "ldh 486 U/L"),
            ("2532-0", 487, "[IU]/L", "ldh 487 U/L"),
            ("2532-0", 487, "[iU]/L", "ldh 487 U/L"),
            ("2532-0", 487, "UNITS/L", "ldh 487 U/L"),
            ("2703-7", 8, "kPa", "pao2 60.00496 mm[Hg]"),
            ("2703-7", 60, "mmHg", "pao2 60 mm[Hg]"),
            ("2703-7", 60, "mm Hg", "pao2 60 mm[Hg]"),
            ("2703-7", 60, "", "pao2 [unit]"),
            ("731-0", 0.45, "K/uL", "lymphocytes-abs 0.45 10*9/L"),
            ("731-0", 0.45, "10*3/uL", "lymphocytes-abs 0.45 10*9/L"),
            ("731-0", 450, "/uL", "lymphocytes-abs 0.45 10*9/L"),
            ("731-0", 0.45, "x10(3)/mcL", "lymphocytes-abs 0.45 10*9/L"),
            ("19911-7", 5, "mmol/min/kPa", "dlco 14.935 mL/min/mm[Hg]"),
            ("19868-9", 2400, "mL", "fvc 2.4 L"),
            ("2160-0", 88.4, "umol/L", "creatinine 1 mg/dL"),
            ("8310-5", 100.4, "[degF]", "body-temp 38 Cel"),
            ("2823-3", 4.1, "meq/L", "potassium 4.1 mmol/L"),
            ("2465-3", 9, "g/L", "igg 900 mg/dL"),
            ("33914-3", 60, "mL/min/1.73m2", "egfr 60 mL/min/{1.73_m2}"),
            ("93369-7", 900, "AU/mL", "kl6 [unit]"),
        )
    ],
    ("unit text without a code", [sent(900, unit="ng/mL")], ["ferritin 900 ng/mL"]),
    (
        "a unit word beside its code",
        [sent(900, unit="nanogram per milliliter", system=UCUM, code="ng/mL")],
        ["ferritin 900 ng/mL"],
    ),
    (
        "a code of another system beside the text",
        [sent(900, unit="ng/mL", system="urn:oid:9.9", code="17")],
        ["ferritin 900 ng/mL"],
    ),
    ("text and code are two known units", [sent(900, unit="ng/dL", system=UCUM, code="ng/mL")], ["ferritin [unit]"]),
    ("text and code say the same", [sent(900, unit="µg/L", system=UCUM, code="ng/mL")], ["ferritin 900 ng/mL"]),
    ("blanks around a unit", [sent(900, unit=" ng/mL ")], ["ferritin 900 ng/mL"]),
]

NUMBERS: list[Row] = [
    ("zero", [sent(0, unit="ng/mL")], ["ferritin [unit]"]),
    ("negative", [sent(-5, unit="ng/mL")], ["ferritin [unit]"]),
    ("minus zero", [lab("1988-5", -0.0, "mg/L")], ["crp 0 mg/L"]),
    ("a thousand million", [sent(1000000000, unit="ng/mL")], ["ferritin [unit]"]),
    ("all but nothing", [sent(0.0001, unit="ng/mL")], ["ferritin [unit]"]),
    ("a quoted number", [sent("900", unit="ng/mL")], ["ferritin [unit]"]),
    ("a boolean", [sent(True, unit="ng/mL")], ["ferritin [unit]"]),
    ("no value", [observation(concept=code(LOINC, "2276-4"))], ["ferritin [no-data]"]),
    (
        "a quantity without a value",
        [observation(concept=code(LOINC, "2276-4"), valueQuantity={"unit": "ng/mL"})],
        ["ferritin [no-data]"],
    ),
    *[
        (f"comparator {sign}", [sent(900, unit="ng/mL", comparator=sign)], [f"ferritin {sign}900 ng/mL"])
        for sign in ("<", "<=", ">=", ">")
    ],
    ("a comparator that R4 does not know", [sent(900, unit="ng/mL", comparator="~")], ["ferritin [comparator]"]),
    *[
        (f"value in words: {text!r}", [observation(concept=code(LOINC, "2276-4"), valueString=text)], [reading])
        for text, reading in (
            (">40000 ng/mL", "ferritin >40000 ng/mL"),
            (">2000", "ferritin [unit]"),
            ("1850 ng/mL", "ferritin 1850 ng/mL"),
            ("1,850", "ferritin [unstructured]"),
            ("1.850,0", "ferritin [unstructured]"),
            ("0,5 ng/mL", "ferritin [unstructured]"),
            ("see note", "ferritin [unstructured]"),
            ("hemolysed", "ferritin [unstructured]"),
            ("", "ferritin [unstructured]"),
            ("≥900 ng/mL", "ferritin >=900 ng/mL"),
            ("900 ng/dL", "ferritin [unit]"),
            ("900-950 ng/mL", "ferritin [unstructured]"),
            ("1.500 ng/mL", "ferritin [unstructured]"),
            (">2.500 ug/L", "ferritin [unstructured]"),
            ("1.50 ng/mL", "ferritin 1.5 ng/mL"),
        )
    ],
    *[
        (f"{text!r} of {loinc}", [observation(concept=code(LOINC, loinc), valueString=text)], [reading])
        for loinc, text, reading in (
            ("2744-1", "7.350", "ph-arterial 7.35 [pH]"),
            ("19868-9", "2.400 L", "fvc 2.4 L"),
            ("19868-9", "2.400 mL", "fvc [unstructured]"),
            ("731-0", "0.450 K/uL", "lymphocytes-abs 0.45 10*9/L"),
            ("1988-5", "1.234 mg/L", "crp 1.234 mg/L"),
        )
    ],
    ("valueInteger has no unit", [observation(concept=code(LOINC, "2276-4"), valueInteger=900)], ["ferritin [unit]"]),
    (
        "valueRange is not a value",
        [observation(concept=code(LOINC, "2276-4"), valueRange={"low": quantity(1, "ng/mL")})],
        ["ferritin [unstructured]"],
    ),
    (
        "valueRatio is not a number",
        [observation(concept=code(LOINC, "2276-4"), valueRatio={"numerator": {"value": 1}})],
        ["ferritin [unstructured]"],
    ),
    *[
        (
            f"absent because {reason}",
            [observation(concept=code(LOINC, "2276-4"), dataAbsentReason=code("x", reason))],
            [f"ferritin [{found}]"],
        )
        for reason, found in (
            ("unknown", "no-data"),
            ("masked", "no-data"),
            ("not-performed", "no-data"),
            ("error", "no-data"),
            ("as-text", "unstructured"),
        )
    ],
]

NORMAL_RANGE = [{"low": quantity(15, "ng/mL"), "high": quantity(150, "ng/mL")}]


def flagged(value: Any, *flags: str, **members: Any) -> Any:
    return sent(value, unit="ng/mL") | {"interpretation": [code(INTERPRETATION, flag) for flag in flags]} | members


FLAGGED: list[Row] = [
    ("off the scale by its flag", [flagged(1000, ">")], ["ferritin >1000 ng/mL"]),
    ("below the scale by its flag", [flagged(15, "<")], ["ferritin <15 ng/mL"]),
    (
        "a flag escaped as servers do",
        [flagged(1000) | {"interpretation": [{"coding": [{"code": "\u003e"}]}]}],
        ["ferritin >1000 ng/mL"],
    ),
    ("off the scale in both ways", [flagged(1000, "<", ">")], ["ferritin [conflict]"]),
    (
        "comparator and flag say the same",
        [flagged(0, ">", valueQuantity=quantity(1000, "ng/mL", ">="))],
        ["ferritin >=1000 ng/mL"],
    ),
    (
        "comparator and flag contradict each other",
        [flagged(0, "<", valueQuantity=quantity(1000, "ng/mL", ">"))],
        ["ferritin [conflict]"],
    ),
    (
        "off the scale in words",
        [flagged(0, ">", valueQuantity=None, valueString="1000 ng/mL")],
        ["ferritin >1000 ng/mL"],
    ),
    ("a flag beside an unlisted unit", [flagged(0, ">", valueQuantity=quantity(1000, "SI"))], ["ferritin [unit]"]),
    *[
        (
            f"{value} flagged {flag} of 15-150",
            [flagged(value, flag, referenceRange=NORMAL_RANGE)],
            [f"ferritin {reading}"],
        )
        for value, flag, reading in (
            (900, "N", "[conflict]"),
            (10, "N", "[conflict]"),
            (150, "N", "150 ng/mL"),
            (900, "H", "900 ng/mL"),
            (150, "H", "150 ng/mL"),
            (100, "HH", "[conflict]"),
            (100, "L", "[conflict]"),
            (15, "L", "15 ng/mL"),
            (900, "A", "900 ng/mL"),
        )
    ],
    *[
        (f"flagged normal, {told}", [flagged(900, "N", referenceRange=ranges)], ["ferritin 900 ng/mL"])
        for told, ranges in (
            ("two ranges", [*NORMAL_RANGE, *NORMAL_RANGE]),
            ("a range for treated patients", [NORMAL_RANGE[0] | {"type": code("x", "treatment")}]),
            ("a range in another unit", [{"high": quantity(150, "ug/dL")}]),
            ("a range without ends", [{"text": "see note", "type": code("x", "normal")}]),
            ("a range that is no list", "15-150"),
        )
    ],
    ("flagged normal without a range", [flagged(900, "N")], ["ferritin 900 ng/mL"]),
    ("flags that are no list", [flagged(900, referenceRange=NORMAL_RANGE, interpretation="N")], ["ferritin 900 ng/mL"]),
    (
        "a value in words, flagged normal",
        [flagged(0, "N", referenceRange=NORMAL_RANGE, valueQuantity=None, valueString="900 ng/mL")],
        ["ferritin 900 ng/mL"],
    ),
    (
        "a value and a reason of its absence",
        [flagged(900, dataAbsentReason=code("x", "error"))],
        ["ferritin [conflict]"],
    ),
    ("a value and an empty reason of its absence", [flagged(900, dataAbsentReason={})], ["ferritin [conflict]"]),
]

STATES: list[Row] = [
    *[
        (f"status {status}", [lab("2276-4", 900, "ng/mL", status=status)], expected)
        for status, expected in (
            ("final", ["ferritin 900 ng/mL"]),
            ("amended", ["ferritin 900 ng/mL"]),
            ("corrected", ["ferritin 900 ng/mL"]),
            ("preliminary", ["ferritin 900 ng/mL (preliminary)"]),
            ("registered", ["ferritin 900 ng/mL (registered)"]),
            ("cancelled", []),
            ("entered-in-error", []),
            ("unknown", []),
            ("foo", ["ferritin 900 ng/mL (foo)"]),
        )
    ],
    ("no status at all", [lab("2276-4", 900, "ng/mL", status=None)], ["ferritin 900 ng/mL ()"]),
]

NAMES: list[Row] = [
    *[
        (f"{name!r} is the antibody", [answered("POSITIVE", code={"text": name})], ["anti-mda5-qual positive"])
        for name in (
            "Anti\u2011MDA\u20115",
            "Anti-MDA\u20135",
            "anti-\u039cDA5",
            "\u041cDA5",
            "Anti-Melanoma Differentiation-Associated Gene 5",
            "melanoma differentiation\u2010associated protein 5 antibody",
        )
    ],
    *[
        (f"{name!r} is no antibody", [answered("POSITIVE", code={"text": name})], [])
        for name in ("MDA5 gene sequencing", "IFIH1 mutation", "MDA5 mRNA")
    ],
]

ANSWERS: list[Row] = [
    *[
        (f"answer {text!r}", [answered(text)], [f"anti-mda5-qual {meaning}"])
        for text, meaning in (
            ("POSITIVE", "positive"),
            ("Positive (A)", "positive"),
            ("Detected", "positive"),
            ("negative", "negative"),
            ("Not Detected", "negative"),
            ("non-reactive", "negative"),
            ("Indeterminate", "indeterminate"),
            ("equivocal", "indeterminate"),
            ("<11 NEG", "negative"),
            ("1:320", "unreadable"),
            ("SEE NOTE", "unreadable"),
            ("not positive", "unreadable"),
            ("Positiv", "positive"),
            ("schwach positiv", "weak"),
            ("NEGATIV", "negative"),
            ("nachweisbar", "positive"),
            ("nicht nachweisbar", "negative"),
            ("nicht negativ", "unreadable"),
            ("nicht negativ 5", "unreadable"),
            ("grenzwertig", "indeterminate"),
            ("Positif", "positive"),
            ("Négatif", "negative"),
            ("", "unreadable"),
        )
    ],
    *[
        (
            f"answer code {snomed}",
            [observation(concept={"text": "MDA5"}, valueCodeableConcept=code(SNOMED, snomed))],
            [f"anti-mda5-qual {meaning}"],
        )
        for snomed, meaning in (
            ("10828004", "positive"),
            ("260373001", "positive"),
            ("52101004", "positive"),
            ("11214006", "positive"),
            ("260385009", "negative"),
            ("260415000", "negative"),
            ("2667000", "negative"),
            ("131194007", "negative"),
            ("42425007", "indeterminate"),
            ("82334004", "indeterminate"),
        )
    ],
    *[
        (
            f"interpretation {flag} alone",
            [observation(concept={"text": "MDA5"}, interpretation=[code(INTERPRETATION, flag)])],
            [f"anti-mda5-qual {meaning}"],
        )
        for flag, meaning in (
            ("POS", "positive"),
            ("NEG", "negative"),
            ("A", "positive"),
            ("AA", "positive"),
            ("N", "negative"),
            ("IND", "indeterminate"),
            ("E", "indeterminate"),
            ("DET", "positive"),
            ("ND", "negative"),
            ("RR", "positive"),
            ("WR", "weak"),
            ("NR", "negative"),
            ("HX", "unreadable"),
            ("H", "unreadable"),
        )
    ],
    (
        "a high number is positive by its flag",
        [
            observation(
                concept={"text": "MDA5"},
                valueQuantity={"value": 90, "unit": "SI"},
                interpretation=[code(INTERPRETATION, "H")],
            )
        ],
        ["anti-mda5-qual positive"],
    ),
    (
        "an interpretation that is no list",
        [answered("Positive", interpretation="POS")],
        ["anti-mda5-qual indeterminate"],
    ),
    ("a boolean answer", [observation(concept={"text": "MDA5"}, valueBoolean=True)], ["anti-mda5-qual positive"]),
    (
        "a number inside its own range",
        [observation(concept={"text": "MDA5"}, valueInteger=4, referenceRange=[{"high": {"value": 10}}])],
        ["anti-mda5-qual negative"],
    ),
    *[
        (f"1.500 in a range up to {high}", [answered("1.500", referenceRange=[{"high": {"value": high}}])], [reading])
        for high, reading in (
            (1, "anti-mda5-qual positive"),
            (20, "anti-mda5-qual unreadable"),
            (5000, "anti-mda5-qual negative"),
        )
    ],
    (
        "two ranges are no limit",
        [
            observation(
                concept={"text": "MDA5"},
                valueInteger=4,
                referenceRange=[{"high": {"value": 10}}, {"high": {"value": 20}}],
            )
        ],
        ["anti-mda5-qual unreadable"],
    ),
    (
        "a range for treated patients is no normal range",
        [
            observation(
                concept={"text": "MDA5"},
                valueInteger=4,
                referenceRange=[{"high": {"value": 10}, "type": code("x", "treatment")}],
            )
        ],
        ["anti-mda5-qual unreadable"],
    ),
    (
        "a range that is no list",
        [observation(concept={"text": "MDA5"}, valueInteger=4, referenceRange="<10")],
        ["anti-mda5-qual unreadable"],
    ),
]

SHAPES: list[Row] = [*UNITS, *NUMBERS, *FLAGGED, *STATES, *NAMES, *ANSWERS]
