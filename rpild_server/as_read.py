"""What was read of a chart, in lines for people: antibodies, treatments, and with its reason what cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rpild_rules.concepts import MDA5
from rpild_rules.facts import Meaning, PatientFacts, TestResult, Treatment
from rpild_rules.findings import Reason
from rpild_rules.texts import Texts
from rpild_rules.when import When


class AsRead(NamedTuple):
    """The lines of a chart: what was read for the questions asked most, and what was sent and cannot be used."""

    read: tuple[str, ...]
    unread: tuple[str, ...]


def as_read(facts: PatientFacts, texts: Texts) -> AsRead:
    """Antibodies and treatments as they were read; every value, answer and entry that was not."""
    return AsRead((*_antibodies(facts, texts), *_treatments(facts)), tuple(_unread(facts, texts)))


def _antibodies(facts: PatientFacts, texts: Texts) -> Iterator[str]:
    known = [each for each in facts.results if each.concept in texts.sections["antibody"]]
    if MDA5.isdisjoint(each.concept for each in known):
        yield f"{texts.label('antibody', min(MDA5))}: no result"
    yield from (_antibody(each, texts) for each in known)


def _antibody(each: TestResult, texts: Texts) -> str:
    status = "" if each.valid else f", {each.status or 'without a status'}"
    said = f"{texts.label('antibody', each.concept)}: {each.meaning.value}{status}{_at(', ', each.when)}"
    return f"{said} ({_source(each.reference, each.printed)})"


def _treatments(facts: PatientFacts) -> Iterator[str]:
    known = [each for each in facts.treatments if each.ingredients]
    if not known:
        yield "treatment: none that a rule reads"
    for each in known:
        yield f"{', '.join(sorted(each.ingredients))}: {_course(each)} ({_source(each.reference, each.printed)})"
    strange = dict.fromkeys(each.printed or each.reference for each in facts.treatments if not each.ingredients)
    if strange:
        yield f"no drug that a rule reads: {', '.join(strange)}"


def _course(each: Treatment) -> str:
    told = ("not to be given" if each.do_not_perform else "", each.kind, each.status, each.route)
    return ", ".join(filter(None, told)) + _at(", from ", each.start) + _at(" to ", each.end)


def _at(before: str, when: When | None) -> str:
    return f"{before}{when.printed}" if when is not None else ""


def _source(reference: str, printed: str) -> str:
    return f"{reference}, sent as {printed!r}" if printed else reference


def _unread(facts: PatientFacts, texts: Texts) -> Iterator[str]:
    values = ((each.reference, each.concept, each.printed, each.problem) for each in facts.measurements if each.problem)
    answers = (
        (each.reference, each.concept, each.printed, Reason.UNSTRUCTURED)
        for each in facts.results
        if each.meaning is Meaning.UNREADABLE
    )
    entries = ((each.reference, each.element, each.printed, each.reason) for each in facts.unreadable)
    yield from (_told(*each, texts) for each in dict.fromkeys((*values, *answers, *entries)))


def _told(reference: str, name: str, printed: str, reason: Reason, texts: Texts) -> str:
    section = next((each for each in ("input", "antibody") if name in texts.sections[each]), "")
    why = f"({texts.label('reason', reason)})"
    return " ".join(filter(None, (reference, texts.label(section, name), printed, why)))
