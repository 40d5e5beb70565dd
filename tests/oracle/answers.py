"""Three-valued answers with their reasons (decisions K1, rulings 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MET, NOT_MET, UNKNOWN = "met", "notMet", "unknown"
ORDER = (
    "conflict", "unit", "comparator", "attestation-expired", "not-comparable", "no-baseline", "imprecise-date", "stale",
    "unstructured", "not-permitted", "fetch-failed", "no-data",
)  # fmt: skip
ANY = "any"  # the document names no reason: not compared


@dataclass(frozen=True)
class Answer:
    """met, notMet or unknown, and why it is unknown."""

    status: str
    why: frozenset[str] = frozenset()

    @property
    def met(self) -> bool:
        return self.status == MET

    @property
    def foremost(self) -> str:
        """The reason named when several apply; `any` where the document names none."""
        named = [reason for reason in ORDER if reason in self.why]
        return ANY if ANY in self.why else named[0] if named else ""


YES, NO = Answer(MET), Answer(NOT_MET)


def unsure(*why: str) -> Answer:
    """Unknown for these reasons."""
    return Answer(UNKNOWN, frozenset(why))


def of(truth: bool) -> Answer:
    """A decided answer."""
    return YES if truth else NO


def any_of(answers: Iterable[Answer]) -> Answer:
    """K1: OR."""
    given = list(answers)
    if any(each.status == MET for each in given):
        return YES
    why = frozenset(reason for each in given for reason in each.why)
    return Answer(UNKNOWN, why) if any(each.status == UNKNOWN for each in given) else NO


def all_of(answers: Iterable[Answer]) -> Answer:
    """K1: AND."""
    given = list(answers)
    if any(each.status == NOT_MET for each in given):
        return NO
    why = frozenset(reason for each in given for reason in each.why)
    return Answer(UNKNOWN, why) if any(each.status == UNKNOWN for each in given) else YES


def agreed(answers: Iterable[Answer]) -> Answer:
    """K6: contradicting results decide only if each gives the same status."""
    given = list(answers)
    if len({each.status for each in given}) > 1:
        return unsure("conflict")
    why = frozenset(reason for each in given for reason in each.why)
    return Answer(given[0].status, why | ({ANY} if why and len(given) > 1 else frozenset()))
