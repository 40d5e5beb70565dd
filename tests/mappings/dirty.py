"""A generator of dirty charts: one clean invented patient, and traps that can be switched on one by one.

`python -m tests.mappings.dirty --list` names the traps; `--trap NAME` (repeatable) or `--all` switches them on;
`--patient`, `--seed` and `--at` choose whom, which variant and when. The chart is printed as a FHIR collection Bundle.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
Chart = list[Json]
Trap = Callable[[Chart, random.Random], None]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM, HL7 = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://terminology.hl7.org/CodeSystem"
RESULTS = (
    ("ferritin-1", "2276-4", "Ferritin", 640, "ng/mL", 20),
    ("ferritin-2", "2276-4", "Ferritin", 1850, "ng/mL", 2),
    ("ldh-1", "2532-0", "LDH", 312, "U/L", 20),
    ("ldh-2", "2532-0", "LDH", 487, "U/L", 2),
    ("crp-1", "1988-5", "CRP", 24.5, "mg/L", 2),
    ("lymphocytes-1", "731-0", "Lymphocytes", 0.45, "10*3/uL", 2),
    ("pao2-1", "2703-7", "pO2 arterial", 78, "mm[Hg]", 15),
    ("pao2-2", "2703-7", "pO2 arterial", 61, "mm[Hg]", 1),
    ("fio2-1", "3150-0", "FiO2", 21, "%", 15),
    ("fio2-2", "3150-0", "FiO2", 21, "%", 1),
    ("fvc-1", "19868-9", "FVC", 3.0, "L", 24),
    ("fvc-2", "19868-9", "FVC", 2.5, "L", 1),
    ("spo2-1", "59408-5", "SpO2", 91, "%", 1),
)


def coded(system: str, value: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": value, "display": display}], "text": display}


def stamp(now: datetime, days: float) -> str:
    return (now - timedelta(days=days)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def result(identity: str, code: Json, when: str, **members: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": code,
        "effectiveDateTime": when,
    } | members


def clean(patient: str, now: datetime) -> Chart:
    """Anti-MDA5 dermatomyositis whose lung gets worse; every value in its usual shape."""
    lab = {"category": [coded(f"{HL7}/observation-category", "laboratory", "laboratory")]}
    rows = [
        result(
            name,
            coded(LOINC, code, title),
            stamp(now, days),
            valueQuantity={"value": value, "unit": unit, "system": UCUM, "code": unit},
            **lab,
        )
        for name, code, title, value, unit, days in RESULTS
    ]
    mda5 = result(
        "mda5",
        coded(LOINC, "82424-3", "MDA5 Ab"),
        stamp(now, 14),
        valueCodeableConcept=coded(SNOMED, "10828004", "Positive"),
        **lab,
    )
    problems = [
        {
            "resourceType": "Condition",
            "id": f"c-{code}",
            "code": coded(SNOMED, code, name),
            "clinicalStatus": coded(f"{HL7}/condition-clinical", "active", "Active"),
            "onsetDateTime": stamp(now, days)[:10],
        }
        for code, name, days in (
            ("396230008", "Dermatomyositis", 60),
            ("233703007", "Interstitial lung disease", 20),
            ("267036007", "Dyspnea", 22),
        )
    ]
    drug = {
        "resourceType": "MedicationRequest",
        "id": "pred",
        "status": "active",
        "intent": "order",
        "authoredOn": stamp(now, 5),
        "medicationCodeableConcept": coded(RXNORM, "8640", "prednisone"),
    }
    visit = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "in-progress",
        "period": {"start": stamp(now, 2)},
        "class": {"system": f"{HL7}/v3-ActCode", "code": "IMP"},
    }
    person = {
        "resourceType": "Patient",
        "id": patient,
        "gender": "female",
        "birthDate": "1971-03-04",
        "name": [{"family": "Dirty", "given": ["Chart"]}],
    }
    whose = {"subject": {"reference": f"Patient/{patient}"}}
    return [person, *(each | whose for each in (*problems, mda5, *rows, drug, visit))]


def of(chart: Chart, prefix: str) -> list[Json]:
    return [each for each in chart if str(each.get("id", "")).startswith(prefix)]


def quantities(chart: Chart) -> list[Json]:
    return [each["valueQuantity"] for each in chart if isinstance(each.get("valueQuantity"), dict)]


TRAPS: dict[str, Trap] = {}


def trap(action: Trap) -> Trap:
    """Register a trap under its name."""
    TRAPS[action.__name__.replace("_", "-")] = action
    return action


@trap
def local_code_first(chart: Chart, chance: random.Random) -> None:
    """A local coding before the LOINC."""
    for each in of(chart, "ferritin"):
        each["code"]["coding"].insert(0, {"system": "urn:oid:1.2.3", "code": str(chance.randrange(9999))})


@trap
def antibody_by_text(chart: Chart, chance: random.Random) -> None:
    """The antibody has no code, as send-out laboratories report it."""
    for each in of(chart, "mda5"):
        each["code"] = {"text": chance.choice(["Anti-MDA-5 Ab, IgG", "CADM-140", "MDA5 (IFIH1) Ab", "mda\u200b5 ab"])}


@trap
def answer_in_words(chart: Chart, chance: random.Random) -> None:
    """A written answer in place of a coded one."""
    for each in of(chart, "mda5"):
        each.pop("valueCodeableConcept", None)
        each["valueString"] = chance.choice(["POSITIVE", "Positive (A)", "Weak Positive", "see note", "<11 NEG"])


@trap
def unit_words(chart: Chart, chance: random.Random) -> None:
    """Units as text, without a UCUM code."""
    for each in quantities(chart):
        each.pop("code", None)
        each.pop("system", None)
        each["unit"] = {"ng/mL": chance.choice(["ug/L", "mcg/L", "µg/L"]), "mm[Hg]": "mmHg"}.get(
            each.get("unit", ""), each.get("unit", "")
        )


@trap
def no_unit(chart: Chart, chance: random.Random) -> None:
    """One value has lost its unit."""
    for name in ("unit", "code", "system"):
        chance.choice(quantities(chart)).pop(name, None)


@trap
def fio2_fraction_in_percent(chart: Chart, chance: random.Random) -> None:
    """FiO2 0.3 with the unit per cent: off by a hundred."""
    for each in of(chart, "fio2"):
        each["valueQuantity"]["value"] = chance.choice([0.21, 0.3])


@trap
def kilopascals(chart: Chart, chance: random.Random) -> None:
    """Gases in kPa."""
    for each in of(chart, "pao2"):
        each["valueQuantity"] |= {
            "value": round(each["valueQuantity"]["value"] / 7.50062, 2),
            "unit": "kPa",
            "code": "kPa",
        }


@trap
def comparator(chart: Chart, chance: random.Random) -> None:
    """A value off the scale."""
    chance.choice(of(chart, "ferritin"))["valueQuantity"]["comparator"] = chance.choice([">", ">=", "<", "~"])


@trap
def number_as_text(chart: Chart, chance: random.Random) -> None:
    """A number in quotation marks, or in a valueString."""
    each = chance.choice(of(chart, "ldh"))
    quantity = each.get("valueQuantity")
    if isinstance(quantity, dict) and chance.random() < 0.5:
        quantity["value"] = str(quantity.get("value"))
    elif isinstance(quantity, dict):
        each["valueString"] = f"{quantity.get('value')} U/L"
        del each["valueQuantity"]


@trap
def partial_dates(chart: Chart, chance: random.Random) -> None:
    """Days, months, no zone, leap second."""
    for each in of(chart, "f"):
        if "effectiveDateTime" in each:
            text = each["effectiveDateTime"]
            each["effectiveDateTime"] = chance.choice(
                [text[:10], text[:7], text[:4], text[:-1], f"{text[:17]}60Z", text]
            )


@trap
def periods_and_issue(chart: Chart, chance: random.Random) -> None:
    """A period, or only a time of issue."""
    for each in of(chart, "crp"):
        when = each.pop("effectiveDateTime", "2026")
        each |= chance.choice([{"effectivePeriod": {"start": when, "end": when}}, {"issued": when}, {}])


@trap
def future(chart: Chart, chance: random.Random) -> None:
    """A result of next year."""
    chance.choice(of(chart, "l"))["effectiveDateTime"] = "2099-01-01T00:00:00Z"


@trap
def same_minute(chart: Chart, chance: random.Random) -> None:
    """Two values of the same test at the same time."""
    twin = deepcopy(chance.choice(of(chart, "pao2")))
    twin |= {"id": "pao2-twin"}
    twin["valueQuantity"] = {"value": 90, "unit": "mm[Hg]", "code": "mm[Hg]", "system": UCUM}
    chart.append(twin)


@trap
def corrected(chart: Chart, chance: random.Random) -> None:
    """The same result again, corrected."""
    twin = deepcopy(chance.choice(of(chart, "ferritin")))
    chart.append(twin | {"status": "corrected", "meta": {"lastUpdated": "2099-01-01T00:00:00Z"}})


@trap
def statuses(chart: Chart, chance: random.Random) -> None:
    """Preliminary, cancelled, in error, unheard of."""
    each = chance.choice([each for each in chart if each["resourceType"] == "Observation"])
    each["status"] = chance.choice(["preliminary", "registered", "cancelled", "entered-in-error", "foo"])


@trap
def venous(chart: Chart, chance: random.Random) -> None:
    """A gas whose specimen is venous, or not said."""
    each = chance.choice(of(chart, "pao2"))
    each["code"] = coded(LOINC, "11556-8", "pO2 blood")
    each["specimen"] = {"display": chance.choice(["Venous blood", "Arterial blood", "Blood"])}


@trap
def double_coded_saturation(chart: Chart, chance: random.Random) -> None:
    """Pulse oximetry with two codes and components."""
    for each in of(chart, "spo2"):
        each["code"] = {"coding": [{"system": LOINC, "code": code} for code in ("59408-5", "2708-6")]}
        flow = {"value": 2, "unit": "L/min", "system": UCUM, "code": "L/min"}
        each["component"] = [{"code": coded(LOINC, "3151-8", "O2 flow"), "valueQuantity": flow}]


@trap
def refuted(chart: Chart, chance: random.Random) -> None:
    """A refuted problem without a clinicalStatus."""
    each = chance.choice(of(chart, "c-"))
    each.pop("clinicalStatus", None)
    each["verificationStatus"] = coded(f"{HL7}/condition-ver-status", chance.choice(["refuted", "provisional"]), "x")


@trap
def drug_by_reference(chart: Chart, chance: random.Random) -> None:
    """A drug contained, bundled, or nowhere to be found."""
    for each in of(chart, "pred"):
        drug = {
            "resourceType": "Medication",
            "id": "m1",
            "code": each.pop("medicationCodeableConcept", {"text": "prednisone"}),
        }
        where = chance.choice(["contained", "bundled", "nowhere"])
        each["medicationReference"] = {"reference": "#m1" if where == "contained" else "Medication/m1"}
        if where == "contained":
            each["contained"] = [drug]
        elif where == "bundled":
            chart.append(drug)


@trap
def nulls(chart: Chart, chance: random.Random) -> None:
    """Members that are null."""
    chance.choice(chart)["note"] = None
    chance.choice(of(chart, "ldh"))["component"] = None
    chance.choice(of(chart, "mda5"))["interpretation"] = [None]


@trap
def broken_entry(chart: Chart, chance: random.Random) -> None:
    """An entry that a strict parser refuses."""
    whose = next((each["subject"] for each in chart if "subject" in each), {})
    bad: Json = {"resourceType": "Observation", "id": f"bad-{chance.randrange(99)}", "subject": whose}
    chart.append(bad | chance.choice([{"code": "x"}, {"status": 7}, {"valueQuantity": []}, {"component": {}}]))


@trap
def unknown_types(chart: Chart, chance: random.Random) -> None:
    """Resources that nobody here reads."""
    chart.insert(chance.randrange(len(chart)), {"resourceType": "UnheardOf", "id": "u1"})


@trap
def markup(chart: Chart, chance: random.Random) -> None:
    """Names with markup and control characters."""
    for each in of(chart, "c-"):
        each["code"]["text"] = chance.choice(["<b>x</b>", "[x](javascript:alert(1))", "a\u202eb", "*x* | y"])


@trap
def letter_classes(chart: Chart, chance: random.Random) -> None:
    """Encounter classes as ADT feeds send them."""
    for each in of(chart, "visit"):
        each["class"] = {"system": f"{HL7}/v2-0004", "code": chance.choice("IEOPRBCNU")}


@trap
def any_order(chart: Chart, chance: random.Random) -> None:
    """Entries in no order."""
    chance.shuffle(chart)


def dirty(patient: str, now: datetime, traps: list[str], seed: int = 0) -> Chart:
    """The chart with some traps switched on. Raises KeyError for a trap that does not exist."""
    chart, chance = clean(patient, now), random.Random(seed)
    for name in traps:
        TRAPS[name](chart, chance)
    return chart


def main() -> None:
    """Print one dirty chart."""
    options = argparse.ArgumentParser(prog="python -m tests.mappings.dirty", description=__doc__)
    options.add_argument("--list", action="store_true", help="name the traps")
    options.add_argument("--trap", action="append", default=[], choices=sorted(TRAPS), help="switch on; repeatable")
    options.add_argument("--all", action="store_true", help="switch on all of them")
    options.add_argument("--patient", default="dirty-chart")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--at", default="2026-11-22T09:30:00+00:00", help="the time that results count back from")
    chosen = options.parse_args()
    if chosen.list:
        sys.stdout.write("".join(f"{name}: {action.__doc__}\n" for name, action in TRAPS.items()))
        return
    chart = dirty(
        chosen.patient, datetime.fromisoformat(chosen.at), list(TRAPS) if chosen.all else chosen.trap, chosen.seed
    )
    entries = [{"resource": each} for each in chart]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    sys.stdout.write(json.dumps(bundle, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
