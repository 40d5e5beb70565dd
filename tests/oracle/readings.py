"""Where the text allows two readings, or a difference is known: which disagreements are explained, and by what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.oracle.generate import Story

DATED_CONDITION = r"condition \S+ (?:.*)-\d+D/month"


@dataclass(frozen=True)
class Reading:
    """One explained difference: the fields it shows in, what the chart must contain, both readings."""

    id: str
    fields: str
    chart: str
    text: str
    reason_only: bool = False  # the status is the same: only the reason differs, and with it the card dataQuality


READINGS = (
    Reading(
        "baseline-by-a-partial-date",
        r"criteria\.(pao2|fvc|dlco|lungFunction)Decline|criteria\.gasExchange|cards\.patient-view",
        r"(pao2|fvc|fvc-pct-pred|dlco|dlco-hb-adj) \S+ @-\d+D",
        "A baseline whose day may or may not fit: imprecise-date besides no-baseline (K4), or no-baseline alone.",
        True,
    ),
    Reading(
        "month-of-a-result",
        r"criteria\..*|cards\..*|definitions\..*|episode\..*|predicates\..*|kurasawa|missing_items|stage",
        r"(pao2|fvc|fvc-pct-pred|dlco|dlco-hb-adj|ferritin|fio2) \S+ @-\d+D/month",
        "A result of which only the month is known: cut at T before it is paired (K4), or not.",
    ),
    Reading(
        "month-of-an-onset",
        r"criteria\.onset.*|cards\..*|definitions\..*|episode\..*|predicates\..*|missing_items|stage",
        DATED_CONDITION,
        "Records by month beside others: the earliest onset at its latest, or the whole month; ties by interval start.",
    ),
    Reading(
        "merging",
        r"criteria\.onset.*|cards\..*|definitions\..*|episode\..*|predicates\..*|missing_items|stage",
        r"(?s)condition (\S+) .*condition \1 .*condition \1 ",
        "Three records of one concept: one illness by chained pairs, or each against the earliest onset.",
    ),
    Reading(
        "report-of-a-known-study",
        r"criteria\.hrctIncrease|cards\..*|definitions\..*|predicates\..*|gate|kurasawa|episode\..*|missing_items|stage",
        r"report \S+ @\S+ of=",
        "A report signed after its CT: no CT of its own, or a newer CT that ends an attestation.",
    ),
    Reading(
        "ferritin-of-today",
        r"kurasawa|episode\..*|stage|cards\..*",
        r"ferritin \S+ @-\d+D",
        "A ferritin dated today without a time: cut at T (K4), or not at or before T.",
    ),
    Reading(
        "cough-in-the-first-symptom",
        r"definitions\.oneMonthTriad",
        r"condition cough ",
        "A cough in the clock first_symptom: by recorded date only, or several of one illness.",
    ),
    Reading(
        "symptom-just-abated-at-the-gate",
        r"gate|predicates\.(weak_gate|explained|high_risk)|cards\..*|missing_items",
        r"condition \S+ .*clinical=resolved abated=",
        "A respiratory symptom abated within 31 days: history at the gate and in highRisk, or still a fact.",
    ),
    Reading(
        "oxygen-dependence-by-onset",
        r"criteria\.dyspnoeaNeedingCare|episode\..*|definitions\..*|predicates\..*|cards\..*|stage|missing_items",
        r"condition o2-dependence @",
        "o2-dependence counts by its recorded date in W (C1), or by its onset too.",
    ),
    Reading(
        "vague-myositis-as-first-record",
        r"cards\.patient-view",
        r"condition myositis-nos ",
        "A vague myositis code in the company that G3a asks for: a first myositis record for workup, or none.",
    ),
    Reading(
        "today-in-the-look-back",
        r"episode\..*|stage|missing_items|cards\..*",
        r" @-0D",
        "A result dated today without a time: in the look back it stands at T, or counts the month in days.",
    ),
    Reading(
        "saturation-beside-a-mask",
        r"predicates\.high_risk|cards\..*|missing_items",
        r"(?s)support (nasal-cannula|simple-mask|non-rebreather) .*spo2 ",
        "A saturation with FiO2 0.21 while a low-flow device runs: not on room air, or on room air.",
    ),
    Reading(
        "litres-beside-percent",
        r"criteria\.(fvc|lungFunction)Decline",
        r"fvc-pct-pred ",
        "Neither series of FVC decides: the foremost reason of both, or that of the newest test.",
        True,
    ),
    Reading(
        "two-fractions-at-once",
        r"criteria\.(pao2Decline|respiratoryFailure|gasExchange)|cards\.patient-view|flags\.aado2of32|missing_items|definitions\..*|predicates\.lung_evidence",
        r"(?s)fio2 \S+ @(\S+).*fio2 \S+ @\1|spo2 \S+ @(\S+) variant=room-air.*fio2 \S+ @\2",
        "Two FiO2 of one moment: in conflict if > 20 % apart and deciding differently (K6), or always.",
    ),
    Reading(
        "after-a-bronchodilator",
        r"criteria\.(fvc|dlco|lungFunction)Decline",
        r"(fvc|dlco) \S+ @\S+ .*variant=post",
        "Only values after a bronchodilator: the reason is theirs (stale, not-comparable), or no-data.",
        True,
    ),
    Reading(
        "quality-beside-an-older-result",
        r"cards\.patient-view",
        r"problem=unit",
        "A flag left unknown by a newer unreadable result while an older one reads notMet: dataQuality, or silent.",
        True,
    ),
    Reading(
        "two-gases-at-once",
        r"stage|cards\..*|predicates\.(severe|rescue|high_risk)|episode\..*|missing_items|flags\.aado2of32",
        r"(?s)(pao2|paco2|fio2) .*@(\S+).*\n.*@\2(?=\s).*group=g9",
        "Two gases of one moment with different FiO2: in conflict (K6), or each by its own FiO2.",
    ),
)


def explanation(story: Story, difference: tuple[str, Any, Any]) -> str:
    """The id of the reading that explains a disagreement, or nothing."""
    chart = "\n".join(story.lines)
    fitting = (r for r in READINGS if re.fullmatch(r.fields, difference[0]) and re.search(r.chart, chart))
    return next((r.id for r in fitting if not r.reason_only or only_the_reason(*difference[1:])), "")


def only_the_reason(mine: Any, theirs: Any) -> bool:
    """Both unknown, or the same cards but for dataQuality."""
    if isinstance(mine, tuple):
        return bool(mine[0] == theirs[0] == "unknown")
    return isinstance(mine, list) and set(mine) ^ set(theirs) == {"dataQuality"}
