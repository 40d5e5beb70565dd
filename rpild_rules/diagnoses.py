"""Which Conditions count, for what, and when (decisions K9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rpild_rules.concepts import ILD_GROUP, MYOSITIS_PROVEN, MYOSITIS_VAGUE, RECORDED_CONCEPTS, SYMPTOMS
from rpild_rules.facts import Diagnosis, PatientFacts
from rpild_rules.findings import MET, NOT_MET
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, lately

ACTIVE = frozenset({"active", "recurrence", "relapse", ""})
CONFIRMED = frozenset({"confirmed", ""})
PROVISIONAL = frozenset({"provisional", "differential", "unconfirmed"})
DROPPED = frozenset({"refuted", "entered-in-error"})


def counted(d: Diagnosis) -> bool:
    """Confirmed (or unstated) and active (or unstated)."""
    return d.verification in CONFIRMED and d.clinical in ACTIVE


def provisional(d: Diagnosis) -> bool:
    """Active but not yet confirmed."""
    return d.verification in PROVISIONAL and d.clinical in ACTIVE


def kept(d: Diagnosis) -> bool:
    """Not refuted and not entered in error: at least history."""
    return d.verification not in DROPPED


def having(facts: PatientFacts, concepts: Iterable[str]) -> list[Diagnosis]:
    """Counted diagnoses of some concepts."""
    wanted = frozenset(concepts)
    return [d for d in facts.diagnoses if d.concepts & wanted and counted(d)]


def history(facts: PatientFacts, concepts: Iterable[str]) -> list[Diagnosis]:
    """Diagnoses of some concepts whatever their clinical status, but not refuted ones."""
    wanted = frozenset(concepts)
    return [d for d in facts.diagnoses if d.concepts & wanted and kept(d)]


def symptoms(facts: PatientFacts, concepts: Iterable[str], now: When, knowledge: Knowledge) -> list[Diagnosis]:
    """Respiratory diagnoses that count for onset and C1: also provisional symptoms, and those abated only lately."""
    wanted = frozenset(concepts)
    window = knowledge.window("symptom_abated_days")
    return [d for d in facts.diagnoses if d.concepts & wanted and _counts_as_symptom(d, now, window)]


def present(facts: PatientFacts, concepts: Iterable[str]) -> list[Diagnosis]:
    """Diagnoses that count now, provisional symptoms with them; one that has abated is history (K9)."""
    wanted = frozenset(concepts)
    return [d for d in facts.diagnoses if d.concepts & wanted and d.clinical in ACTIVE and _proven_enough(d)]


def _proven_enough(d: Diagnosis) -> bool:
    return d.verification in CONFIRMED or (d.verification in PROVISIONAL and bool(d.concepts & SYMPTOMS))


def _counts_as_symptom(d: Diagnosis, now: When, window: Window) -> bool:
    """An abatement that may lie within the window keeps a symptom: what is not known never takes it away."""
    if not _proven_enough(d):
        return False
    return d.clinical in ACTIVE or (d.abated is not None and lately(d.abated, now, window) is not NOT_MET)


def dates(d: Diagnosis) -> Iterator[When]:
    """Onset and recorded date, as far as known."""
    yield from (each for each in (d.onset, d.recorded) if each)


def dated_within(d: Diagnosis, now: When, window: Window) -> bool:
    """Whether onset or recorded date surely lies in the window before now."""
    return any(lately(each, now, window) is MET for each in dates(d))


def recorded_within(d: Diagnosis, now: When, window: Window) -> bool:
    """Whether it was recorded in the window before now; without a recorded date the onset stands for it."""
    when = d.recorded or d.onset
    return when is not None and lately(when, now, window) is MET


def may_be_dated_within(d: Diagnosis, now: When, window: Window) -> bool:
    """Whether onset or recorded date may lie in the window before now."""
    return any(lately(each, now, window) is not NOT_MET for each in dates(d))


def earliest(diagnoses: Iterable[Diagnosis]) -> When | None:
    """The earliest onset or recorded date of some diagnoses."""
    found = [each for d in diagnoses for each in dates(d)]
    return min(found, key=lambda when: (when.earliest, when.latest), default=None)


def first_ild(facts: PatientFacts) -> When | None:
    """When an ILD was first recorded, whatever its status."""
    return earliest(history(facts, ILD_GROUP))


def first_myositis(facts: PatientFacts, vague: bool) -> When | None:
    """When a myositis was first recorded; `vague` codes count where the gate counts them."""
    return earliest(history(facts, MYOSITIS_PROVEN | MYOSITIS_VAGUE if vague else MYOSITIS_PROVEN))


def as_of(d: Diagnosis, u: When, now: When) -> Diagnosis | None:
    """The diagnosis as the record had it at an earlier time u; None if it was not there yet.

    A date without a clock time is known at the end of its day, or now if that comes first (section 7). What counts by
    the date of its record is not there before it.
    """
    if not any(known_by(each, u, now) for each in dates(d)):
        return None
    recorded = d.recorded if known_by(d.recorded, u, now) else None
    concepts = d.concepts if recorded or not d.recorded else d.concepts - RECORDED_CONCEPTS
    if d.abated and not known_by(d.abated, u, now):
        return replace(d, concepts=concepts, recorded=recorded, abated=None, clinical="active")
    return replace(d, concepts=concepts, recorded=recorded)


def known_by(when: When | None, u: When, now: When) -> bool:
    """Whether something of that time was known at u."""
    return when is not None and when.cut(now).latest <= u.latest
