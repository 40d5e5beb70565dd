"""What is missing, the deciding first: for which criterion, why, what would answer it, and whether it is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rpild_rules.definition import DEFINITIONS, formula
from rpild_rules.findings import MET, NOT_MET, Finding, Status
from rpild_rules.prognosis import FLAGS
from smart_app.criteria_table import criterion_name, remedy_of
from smart_app.page_texts import page_texts
from smart_app.sources import people

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

PARTS = (
    "onsetWithinOneMonth", "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "hrctIncrease", "respiratoryFailure",
    "pao2Decline", "ctWorsening", "ctWorsening92",
)  # fmt: skip
ATTESTED: Mapping[str, str] = {
    "onsetWithinOneMonth": "respiratory-onset", "dyspnoeaNeedingCare": "progressive-dyspnoea",
    "hrctIncrease": "hrct-increase-percent", "ctWorsening": "ct-worsening", "ctWorsening92": "ct-worsening",
}  # fmt: skip
ANSWERED_BY: Mapping[str, str] = {
    "fvcDecline": "lung-function", "dlcoDecline": "lung-function", "hrctIncrease": "hrct",
    "respiratoryFailure": "arterial-gas", "pao2Decline": "arterial-gas", "aado2of32": "arterial-gas",
    "ferritin828": "ferritin", "ferritin1000": "ferritin", "ferritin1500": "ferritin", "ldh400": "ldh",
    "crp13": "crp", "lymphocytes500": "cbc", "ro52": "myositis-panel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. `attest` is the statement that can answer it on the page, `ordered` its order.

    `decides`: an answer would change a definition of RP-ILD.
    """

    names: tuple[str, ...]
    reason: str
    what: str
    remedy: str
    decides: bool
    flag: bool = False
    attest: str = ""
    ordered: str = ""


def find_gaps(s: Situation) -> tuple[Gap, ...]:
    """Open criteria, then open flags; what several lack in the same words is said once; deciding ones stand first."""
    merged: dict[tuple[str, str], Gap] = {}
    for gap in _gaps(s):
        key = gap.what, gap.reason
        known = merged.get(key)
        merged[key] = _joined(known, gap) if known else gap
    return tuple(sorted(merged.values(), key=lambda each: (each.flag, not each.decides)))


def _joined(one: Gap, other: Gap) -> Gap:
    remedies = " ".join(dict.fromkeys((one.remedy, other.remedy)))
    names = tuple(dict.fromkeys((*one.names, *other.names)))
    return replace(one, names=names, remedy=remedies, decides=one.decides or other.decides)


def _gaps(s: Situation) -> Iterator[Gap]:
    ordered = dict(s.workup.ordered)
    for id in (*PARTS, *FLAGS):
        finding = s.found[id]
        if finding.missing:
            yield _gap(s, id, finding, ordered.get(ANSWERED_BY.get(id, ""), ""))


def _gap(s: Situation, id: str, finding: Finding, ordered: str) -> Gap:
    reasons = dict.fromkeys(s.knowledge.texts.label("reason", each.reason.value) for each in finding.missing)
    whats = dict.fromkeys(people(each.what) for each in finding.missing)
    flag = id in FLAGS
    name = s.knowledge.texts.label("flag", id) if flag else criterion_name(s, id)
    when = page_texts().say("missing.ordered", date=ordered) if ordered else ""
    return Gap(
        (name,), ", ".join(reasons), "; ".join(whats), remedy_of(s, id), not flag and decides(s, id),
        flag, ATTESTED.get(id, ""), when,
    )  # fmt: skip


def decides(s: Situation, id: str) -> bool:
    """Whether settling one criterion either way would settle or change a definition."""
    statuses: dict[str, Status] = {each: finding.status for each, finding in s.found.items()}
    now = formula(statuses)
    return any(formula(statuses | {id: answer}) != now for answer in (MET, NOT_MET))


def undecided(s: Situation) -> bool:
    """Whether any definition is open."""
    return any(s.found[id].unknown for id in DEFINITIONS)
