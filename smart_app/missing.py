"""What is missing, the deciding first: for which criterion, why, what would answer it, and whether it is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rpild_rules.attested import CT
from rpild_rules.definition import DEFINITIONS, formula
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Status
from rpild_rules.prognosis import FLAGS
from smart_app.breathing import AT_THE_BEDSIDE, support_of
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
LUNG_FUNCTION = frozenset({"fvcDecline", "dlcoDecline"})
COMPARES_CTS = frozenset({"hrctIncrease", "ctWorsening", "ctWorsening92"})
STATED_ALONE = COMPARES_CTS - {"hrctIncrease"}  # what they ask for is a word, once the scans are there
PAIR = 2
EFFORT = ("arterial-gas", "ferritin", "ldh", "crp", "cbc", "hrct", "lung-function", "myositis-panel")  # rising


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. `attest` is the statement that can answer it on the page, `ordered` its order.

    `settles` are the definitions of RP-ILD that an answer would settle or change; `either_way`: any answer settles the
    primary one. `effort` orders what could be done: a word on the page before a gas, a gas before a scan. `later` tells
    what breathing support does not allow now: never asked for first.
    """

    names: tuple[str, ...]
    reason: str
    what: str
    remedies: tuple[str, ...]
    settles: tuple[str, ...]
    flag: bool = False
    attest: str = ""
    ordered: str = ""
    either_way: bool = False
    effort: int = 0
    later: bool = False


def find_gaps(s: Situation) -> tuple[Gap, ...]:
    """Open criteria, then open flags; what several lack in the same words is said once; deciding ones stand first."""
    merged: dict[tuple[str, str], Gap] = {}
    for gap in _gaps(s):
        key = gap.what, gap.reason
        known = merged.get(key)
        merged[key] = _joined(known, gap) if known else gap
    return tuple(sorted(merged.values(), key=_place))


def _place(gap: Gap) -> tuple[bool, bool, bool, bool, bool, int]:
    return gap.flag, gap.later, FOUR not in gap.settles, not gap.settles, not gap.either_way, gap.effort


def _effort(s: Situation, id: str) -> int:
    stated = id in ATTESTED and not _needs_scan(s, id)
    return 0 if stated else 1 + EFFORT.index(ANSWERED_BY.get(id, EFFORT[-1]))


def _needs_scan(s: Situation, id: str) -> bool:
    """Two CTs of the chart can be compared at once; without them a statement about them needs a scan first."""
    return id in COMPARES_CTS and sum(scan.concept in CT for scan in s.facts.scans) < PAIR


def _remedy(s: Situation, id: str) -> tuple[str, bool]:
    """How to get what is missing, and whether breathing support puts it off: lung function, the way to a scanner."""
    remedy, support, say = remedy_of(s, id), support_of(s), page_texts().say
    if support is None or not (id in LUNG_FUNCTION or (_needs_scan(s, id) and support.concept in AT_THE_BEDSIDE)):
        return remedy, False
    if id in STATED_ALONE:
        return remedy, True
    name = s.knowledge.texts.label("support", support.concept)
    return say("missing.not_on" if id in LUNG_FUNCTION else "missing.scan_on", support=name, remedy=remedy), True


def _joined(one: Gap, other: Gap) -> Gap:
    return replace(
        one,
        names=_shortest((*one.names, *other.names)),
        remedies=tuple(dict.fromkeys((*one.remedies, *other.remedies))),
        settles=tuple(id for id in DEFINITIONS if id in (*one.settles, *other.settles)),
        either_way=one.either_way or other.either_way,
        effort=min(one.effort, other.effort),
        later=one.later and other.later,
    )


def _shortest(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each once; of names that begin alike the shortest, for the chips tell the definitions."""
    return tuple(dict.fromkeys(n for n in names if not any(n != other and n.startswith(other) for other in names)))


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
    remedy, later = _remedy(s, id)
    return Gap(
        (name,), ", ".join(reasons), "; ".join(whats), (remedy,), () if flag else settled_by(s, id),
        flag, ATTESTED.get(id, ""), when, not flag and UNKNOWN not in (each[FOUR] for each in _answered(s, id)),
        _effort(s, id), later,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """The one act that would settle the primary definition, in words; `attest` is the statement that does it here."""

    words: str
    attest: str = ""


def deciding_act(s: Situation, gaps: tuple[Gap, ...]) -> Act | None:
    """What to do first while the primary definition is open, and whether that settles it; None where it is settled.

    What settles it either way goes before what may, then what is done sooner.
    """
    criteria = [gap for gap in gaps if not gap.flag]
    if s.found[FOUR].status is not UNKNOWN or s.episode.met or not criteria:
        return None
    first = min(criteria, key=lambda gap: (gap.later, not gap.either_way, FOUR not in gap.settles, gap.effort))
    key = "act.settles" if first.either_way else "act.may" if FOUR in first.settles else "act.first"
    return Act(page_texts().say(key, act=first.remedies[0]), first.attest if first.effort == 0 else "")


def settled_by(s: Situation, id: str) -> tuple[str, ...]:
    """The definitions that settling one criterion, either way, would settle or change."""
    now, then = formula(_statuses(s)), _answered(s, id)
    return tuple(each for each in DEFINITIONS if any(other[each] is not now[each] for other in then))


def _answered(s: Situation, id: str) -> list[dict[str, Status]]:
    """The definitions if one criterion were met, and if it were not."""
    return [formula(_statuses(s) | {id: answer}) for answer in (MET, NOT_MET)]


def _statuses(s: Situation) -> dict[str, Status]:
    return {id: finding.status for id, finding in s.found.items()}
