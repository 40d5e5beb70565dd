"""Charts for rule tests in a few words a line, as facts without FHIR.

`fvc 3.00 @-23d` a measurement in its canonical unit (comparator, options: `ferritin >1500 @-2d status=amended`;
`crp 19 @-2d unit=mg/L "sent=1.9 mg/dL"`);
`test anti-mda5-qual positive @-14d issued=-13d`;
`condition dyspnea @-18D recorded=-10D clinical=resolved abated=-3D verification=provisional onset=text`;
`attest respiratory-onset -18D @-1h` (`-` = unreadable; `of=ct1,ct2`, `period=-60D..-2D`, `by=patient`,
`issued=none`);
`stay IMP @-3d until=-1d reason=dyspnea`; `support hfnc @-2d until=-1d`; `ct ct1 @-20d`, `report r1 @-2d of=ct1`;
`drug prednisolone @-8d mg=60 days=21 status=active kind=request route=systemic`;
`order order-myositis-antibody @-1d items=myositis-panel status=active`; `done bal @-2d`; `limit partial @-2d`;
`draft drug methotrexate`, `draft order ...`; `unread E-GAS not-permitted`.
Times are offsets from NOW: `-3d -6h -30m` instants, `-18D` a day, `-18D/month` the month of that day.
"""

from __future__ import annotations

import re
import shlex
from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rpild_rules.facts import (
    Attestation,
    Diagnosis,
    Done,
    Limit,
    Meaning,
    Measurement,
    Order,
    PatientFacts,
    Person,
    Reading,
    Scan,
    Stay,
    Support,
    TestResult,
    Treatment,
)
from rpild_rules.findings import Reason
from rpild_rules.when import When

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KINDS = {"IMP": "stay", "ACUTE": "stay", "OBSENC": "stay", "EMER": "emergency", "AMB": "other", "?": "unknown"}
OFFSET = re.compile(r"([+-]\d+(?:\.\d+)?)([dhmD])((?:\d+[hm])*)(/month|/year)?$")
SPANS = {"d": timedelta(days=1), "D": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def when(text: str) -> When:
    """A time relative to NOW."""
    match = OFFSET.match("+0d" if text == "now" else text)
    if not match:
        raise ValueError(f"unreadable time {text!r}")
    sign = -1 if text.startswith("-") else 1
    more = sum((int(n) * SPANS[u] for n, u in re.findall(r"(\d+)([hm])", match[3])), timedelta())
    moment = NOW + float(match[1]) * SPANS[match[2]] + sign * more
    day = moment.date()
    if match[4] == "/month":
        last = day.replace(day=monthrange(day.year, day.month)[1])
        return When.days(day.replace(day=1), last, UTC, f"{day:%Y-%m}")
    if match[4] == "/year":
        return When.days(day.replace(month=1, day=1), day.replace(month=12, day=31), UTC, f"{day:%Y}")
    return When.days(day, day, UTC, day.isoformat()) if match[2] == "D" else When.at(moment, UTC)


def chart(*lines: str, age: int = 50, sex: str = "female", **changes: Any) -> PatientFacts:
    """The facts of some lines; further fields of PatientFacts by keyword."""
    born = NOW.date().replace(year=NOW.year - age) - timedelta(days=30)
    parts: dict[str, list[Any]] = {}
    readings: dict[str, Reading] = {}
    for number, text in enumerate(lines):
        words = shlex.split(text) if '"' in text or "'" in text else text.split()
        if words[0] == "unread":
            readings[words[1]] = Reading(words[2])
            continue
        field, fact = _fact(words, f"{number:03d}")
        parts.setdefault(field, []).append(fact)
    person = Person(When.days(born, born, UTC, born.isoformat()), sex)
    facts = PatientFacts(person=person, readings=readings, **{name: tuple(facts) for name, facts in parts.items()})
    return replace(facts, **changes)


def _fact(words: list[str], number: str) -> tuple[str, Any]:
    drafted = words[0] == "draft"
    words = words[1:] if drafted else words
    options = dict(word.split("=", 1) for word in words if re.match(r"[a-z]+=", word))
    at = next((when(word[1:]) for word in words if word.startswith("@")), None)
    plain = [word for word in words if "=" not in word.lstrip("<>=") and not word.startswith("@")]
    name = options.pop("id", number)
    build = BUILDERS.get(plain[0], _measurement)
    field, fact = build(plain, at, options, name)
    state = options.get("status", "draft")
    return (f"drafted_{field}", replace(fact, drafted=True, status=state)) if drafted else (field, fact)


def _measurement(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    comparator, digits = re.fullmatch(r"(<=|>=|<|>)?(-?[\d.]+|-)", words[1]).groups()  # type: ignore[union-attr]
    value = None if digits == "-" else Decimal(digits)
    problem = Reason(options["problem"]) if "problem" in options else None
    return "measurements", Measurement(
        concept=words[0],
        code=options.get("code", words[0]),
        when=at,
        value=None if problem else value,
        unit=options.get("unit", ""),
        printed=options.get("sent", words[1]),
        status=options.get("status", "final"),
        reference=f"Observation/{name}",
        comparator=comparator or "",
        issued=when(options["issued"]) if "issued" in options else None,
        problem=problem,
        variant=options.get("variant", ""),
        estimated=options.get("estimated") == "yes",
        groups=frozenset(filter(None, options.get("group", "").split(","))),
    )


def _test(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    return "results", TestResult(
        concept=words[1],
        meaning=Meaning(words[2]),
        when=at,
        status=options.get("status", "final"),
        printed=words[2],
        reference=f"Observation/{name}",
        issued=when(options["issued"]) if "issued" in options else None,
        organism=options.get("organism", ""),
        specimen=options.get("specimen", ""),
    )


def _date_or_none(text: str) -> When | None:
    return None if text == "none" else when(text)


def _condition(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    dates = {key: _date_or_none(options[key]) for key in ("recorded", "abated") if key in options}
    return "diagnoses", Diagnosis(
        concepts=frozenset(words[1].split(",")),
        reference=f"Condition/{name}",
        printed=words[1],
        onset=at,
        onset_text=options.get("onset") == "text",
        clinical=options.get("clinical", "active"),
        verification=options.get("verification", "confirmed"),
        recorded=dates.get("recorded", at),
        abated=dates.get("abated"),
    )


def _attestation(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    start, end = (when(part) if part else None for part in options.get("period", "..").split(".."))
    named = filter(None, options.get("of", "").split(","))
    return "attestations", Attestation(
        code=words[1],
        value=_stated(words[1], words[2]),
        made=at,
        issued=_date_or_none(options["issued"]) if "issued" in options else at,
        status=options.get("status", "final"),
        by_clinician=options.get("by", "clinician") == "clinician",
        reference=f"Observation/{name}",
        start=start,
        end=end,
        studies=frozenset(each if "/" in each else f"ImagingStudy/{each}" for each in named),
    )


def _stated(code: str, word: str) -> bool | Decimal | str | When | None:
    if word == "-":  # unreadable
        return None
    if code == "respiratory-onset":
        return when(word)
    if word in ("true", "false"):
        return word == "true"
    return Decimal(word) if re.fullmatch(r"-?[\d.]+", word) else word


def _stay(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    reasons = frozenset(filter(None, options.get("reason", "").split(",")))
    end = when(options["until"]) if "until" in options else None
    status = options.get("status", "finished" if end else "in-progress")
    return "stays", Stay(KINDS[words[1]], status, at, end, reasons, bool(reasons), f"Encounter/{name}")


def _support(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    end = when(options["until"]) if "until" in options else None
    running = end is None and options.get("status", "in-progress") == "in-progress"
    return "supports", Support(words[1], at, end, running, f"Procedure/{name}", words[1])


def _ct(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    return "scans", Scan(options.get("concept", "ct-chest"), at, False, False, f"ImagingStudy/{words[1]}")


def _report(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    studies = frozenset(f"ImagingStudy/{each}" for each in options.get("of", "").split(",") if each)
    return "scans", Scan(options.get("concept", "ct-chest"), at, True, True, f"DiagnosticReport/{words[1]}", studies)


def _drug(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    ingredients = frozenset() if words[1] == "unresolved" else frozenset(words[1].split(","))
    return "treatments", Treatment(
        ingredients=ingredients,
        kind=options.get("kind", "request"),
        status=options.get("status", "active"),
        start=at,
        end=when(options["until"]) if "until" in options else None,
        reference=f"MedicationRequest/{name}",
        printed=options.get("name", words[1]),
        mg_per_day=Decimal(options["mg"]) if "mg" in options else None,
        days=Decimal(options["days"]) if "days" in options else None,
        route=options.get("route", "systemic"),
        intent=options.get("intent", "order"),
        reported=options.get("reported") == "yes",
        do_not_perform=options.get("refused") == "yes",
        reasons=frozenset(filter(None, options.get("reason", "").split(","))),
    )


def _order(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    items = frozenset(filter(None, options.get("items", "").split(",")))
    return "orders", Order(
        concepts=frozenset(words[1].split(",")),
        status=options.get("status", "active"),
        authored=at,
        reference=f"ServiceRequest/{name}",
        printed=words[1],
        do_not_perform=options.get("refused") == "yes",
        items=items,
    )


def _done(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    return "done", Done(frozenset(words[1].split(",")), options.get("status", "completed"), at, f"Procedure/{name}")


def _limit(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    return "limits", Limit(words[1], f"Flag/{name}", words[1], at)


def _allergy(words: list[str], at: When | None, options: dict[str, str], name: str) -> tuple[str, Any]:
    return "allergies", _condition(words, at, options, name)[1]


BUILDERS = {
    "test": _test,
    "condition": _condition,
    "attest": _attestation,
    "stay": _stay,
    "support": _support,
    "ct": _ct,
    "report": _report,
    "drug": _drug,
    "order": _order,
    "done": _done,
    "limit": _limit,
    "allergy": _allergy,
}
