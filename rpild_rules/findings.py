"""The three answers of a criterion, why an answer is unknown, and the finding that carries both."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from rpild_rules.values import value


class Status(StrEnum):
    """Kleene's three values. Unknown is never notMet (decisions K1)."""

    MET = "met"
    NOT_MET = "notMet"
    UNKNOWN = "unknown"


MET, NOT_MET, UNKNOWN = Status.MET, Status.NOT_MET, Status.UNKNOWN


class Reason(StrEnum):
    """Why something is unknown, in order of precedence when several apply (rulings 10)."""

    CONFLICT = "conflict"
    UNIT = "unit"
    COMPARATOR = "comparator"
    ATTESTATION_EXPIRED = "attestation-expired"
    NOT_COMPARABLE = "not-comparable"
    NO_BASELINE = "no-baseline"
    IMPRECISE_DATE = "imprecise-date"
    STALE = "stale"
    UNSTRUCTURED = "unstructured"
    NOT_PERMITTED = "not-permitted"
    FETCH_FAILED = "fetch-failed"
    NO_DATA = "no-data"
    RULE_FAILED = "rule-failed"


PRECEDENCE = tuple(Reason)


def foremost(reasons: Iterable[Reason]) -> Reason:
    """The reason that is named when several apply."""
    return min(reasons, key=PRECEDENCE.index)


@value(frozen=True, slots=True)
class Missing:
    """What is missing for one criterion or flag, and why."""

    reason: Reason
    what: str


@value(frozen=True, slots=True)
class Finding:
    """The answer to one criterion: status, basis in words, resource references, parameter names, what is missing."""

    id: str
    status: Status
    because: str = ""
    evidence: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def met(self) -> bool:
        return self.status is MET

    @property
    def unknown(self) -> bool:
        return self.status is UNKNOWN

    @property
    def reasons(self) -> frozenset[Reason]:
        return frozenset(each.reason for each in self.missing)


def any_of(statuses: Iterable[Status]) -> Status:
    """Kleene OR; an empty OR is notMet."""
    seen = set(statuses)
    return MET if MET in seen else UNKNOWN if UNKNOWN in seen else NOT_MET


def all_of(statuses: Iterable[Status]) -> Status:
    """Kleene AND; an empty AND is met."""
    seen = set(statuses)
    return NOT_MET if NOT_MET in seen else UNKNOWN if UNKNOWN in seen else MET


def negated(status: Status) -> Status:
    """Kleene NOT."""
    return {MET: NOT_MET, NOT_MET: MET, UNKNOWN: UNKNOWN}[status]


def status_of(truth: bool) -> Status:
    """A decided answer."""
    return MET if truth else NOT_MET


def unknown(
    id: str, reason: Reason, what: str, evidence: tuple[str, ...] = (), parameters: tuple[str, ...] = ()
) -> Finding:
    """A finding that cannot be decided, for one reason."""
    return Finding(id, UNKNOWN, what, evidence, parameters, (Missing(reason, what),))


def disjunction(id: str, legs: tuple[Finding, ...]) -> Finding:
    """OR over findings: the basis is the legs that decide; an unknown OR repeats its unknown legs' reasons."""
    return _composite(id, any_of(leg.status for leg in legs), legs)


def conjunction(id: str, legs: tuple[Finding, ...]) -> Finding:
    """AND over findings, with the same bookkeeping."""
    return _composite(id, all_of(leg.status for leg in legs), legs)


def _composite(id: str, status: Status, legs: tuple[Finding, ...]) -> Finding:
    decisive = tuple(leg for leg in legs if leg.status is status)
    because = "; ".join(dict.fromkeys(leg.because for leg in decisive if leg.because))
    evidence = tuple(dict.fromkeys(ref for leg in decisive for ref in leg.evidence))
    parameters = tuple(dict.fromkeys(name for leg in decisive for name in leg.parameters))
    missing = tuple(dict.fromkeys(each for leg in decisive for each in leg.missing)) if status is UNKNOWN else ()
    return Finding(id, status, because, evidence, parameters, missing)
