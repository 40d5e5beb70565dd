"""What is missing, the deciding first: for which criterion, why, what would answer it, and whether it is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rpild_rules.definition import DEFINITIONS, formula
from rpild_rules.findings import MET, NOT_MET, Finding, Status
from rpild_rules.prognosis import FLAGS
from smart_app.criteria_table import FOUR, criterion_name, remedy_of
from smart_app.page_texts import page_texts
from smart_app.sources import people, told

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

    `settles` are the definitions of RP-ILD that an answer would settle or change.
    """

    names: tuple[str, ...]
    reason: str
    what: str
    remedies: tuple[str, ...]
    settles: tuple[str, ...]
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
    return tuple(sorted(merged.values(), key=lambda each: (each.flag, FOUR not in each.settles, not each.settles)))


def _joined(one: Gap, other: Gap) -> Gap:
    return replace(
        one,
        names=tuple(dict.fromkeys((*one.names, *other.names))),
        remedies=tuple(dict.fromkeys((*one.remedies, *other.remedies))),
        settles=tuple(id for id in DEFINITIONS if id in (*one.settles, *other.settles)),
    )


def _gaps(s: Situation) -> Iterator[Gap]:
    ordered = dict(s.workup.ordered)
    for id in (*PARTS, *FLAGS):
        finding = s.found[id]
        if finding.missing:
            yield _gap(s, id, finding, ordered.get(ANSWERED_BY.get(id, ""), ""))


def _gap(s: Situation, id: str, finding: Finding, ordered: str) -> Gap:
    reasons = dict.fromkeys(s.knowledge.texts.label("reason", each.reason.value) for each in finding.missing)
    whats = dict.fromkeys(told(each.what, s) for each in finding.missing)
    flag = id in FLAGS
    name = people(s.knowledge.texts.label("flag", id)) if flag else criterion_name(s, id)
    when = page_texts().say("missing.ordered", date=ordered) if ordered else ""
    return Gap(
        (name,), ", ".join(reasons), "; ".join(whats), (remedy_of(s, id),), () if flag else settled_by(s, id),
        flag, ATTESTED.get(id, ""), when,
    )  # fmt: skip


def settled_by(s: Situation, id: str) -> tuple[str, ...]:
    """The definitions that settling one criterion, either way, would settle or change."""
    statuses: dict[str, Status] = {each: finding.status for each, finding in s.found.items()}
    now = formula(statuses)
    then = [formula(statuses | {id: answer}) for answer in (MET, NOT_MET)]
    return tuple(each for each in DEFINITIONS if any(other[each] is not now[each] for other in then))
