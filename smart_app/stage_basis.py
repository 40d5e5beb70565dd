"""What the entry of a stage rests on in this chart: antibody, episode, treatment, failure, each with its references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rpild_rules.basis import PARTS
from rpild_rules.concepts import DRUG_CLASSES
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Status
from rpild_rules.markers import named
from smart_app.algorithm_layout import content
from smart_app.picture_texts import say
from smart_app.sources import people

if TYPE_CHECKING:
    from rpild_rules.assessment import Assessment, Situation


@dataclass(frozen=True, slots=True)
class Basis:
    """One line: how it stands, in words, the entries of the record behind it, and the lines that it is made of.

    `criterion` is the row of the page's table where all of it stands, if there is one.
    """

    status: Status
    text: str
    evidence: tuple[str, ...] = ()
    parts: tuple[Basis, ...] = ()
    criterion: str = ""


def basis_of(assessment: Assessment) -> tuple[Basis, ...]:
    """The lines of the stage in which the patient stands."""
    if assessment.situation is None:
        return tuple(_of(finding, say("basis.gate", because=finding.because)) for finding in assessment.findings)
    keys = content()["basis"][assessment.stage]
    return tuple(line for key in keys for line in LINES[key](assessment.situation))


def _of(finding: Finding, text: str) -> Basis:
    return Basis(finding.status, people(text), finding.evidence)


def _mda5(s: Situation) -> Iterator[Basis]:
    newest, state = s.mda5.newest, s.mda5.state
    result = ", ".join(filter(None, (newest.printed, newest.when.printed if newest.when else ""))) if newest else ""
    status = {"positive": MET, "negative": NOT_MET}.get(state, UNKNOWN)
    yield Basis(status, say(f"basis.mda5_{state}", result=result), s.mda5.evidence)


def _episode(s: Situation) -> Iterator[Basis]:
    finding, latch = s.found["fourConditions"], s.episode.latch
    if not finding.met and latch.on:
        yield Basis(MET, say("basis.latched", date=latch.on.printed), tuple(_refs(latch.findings)))
    name = s.knowledge.texts.label("definition", finding.id)
    yield Basis(finding.status, name, finding.evidence, tuple(_part(s, id) for id in PARTS))


def _part(s: Situation, id: str) -> Basis:
    """One criterion; what it rests on only where it is met: the rest stands in the table of criteria."""
    finding, name = s.found[id], s.knowledge.texts.label("criterion", id)
    text = say("basis.part", name=name, because=finding.because) if finding.met else name
    return replace(_of(finding, text), criterion=id)


def _refs(findings: tuple[Finding, ...]) -> Iterator[str]:
    yield from dict.fromkeys(ref for finding in findings for ref in finding.evidence)


def _failure(s: Situation) -> Iterator[Basis]:
    if s.on_ecmo:
        yield Basis(MET, say("basis.ecmo"))
    if s.severe:
        yield Basis(MET, people(say("basis.failure", words=s.severe.words)), s.severe.evidence)
    if s.rescue:
        yield Basis(MET, people(say("basis.rescue", words=s.rescue.words)), s.rescue.evidence)


def _therapy(s: Situation) -> Iterator[Basis]:
    t0, chains = s.therapy.t0, s.therapy.chains
    names = [s.knowledge.texts.label("drug_class", name) for name in sorted(chains, key=list(DRUG_CLASSES).index)]
    if not t0:
        yield _no_combination(s, ", ".join(names))
        return
    refs = dict.fromkeys(use.treatment.reference for chain in chains.values() for use in chain.uses)
    key = "therapy_before" if s.therapy.t0_before_edge else "therapy"
    yield Basis(MET, say(f"basis.{key}", date=t0.printed, classes=", ".join(names)), tuple(refs))


def _no_combination(s: Situation, running: str) -> Basis:
    """Absence is claimed only of a list that could be read."""
    if running:
        return Basis(UNKNOWN, say("basis.therapy_single", classes=running))
    read = s.facts.read("E-MED") and not s.therapy.unresolved
    return Basis(NOT_MET, say("basis.no_therapy")) if read else Basis(UNKNOWN, say("basis.therapy_unread"))


def _response(s: Situation) -> Iterator[Basis]:
    judged, on = s.episode.response, s.episode.response_on
    if judged and on:
        yield Basis(MET, say("basis.response", response=judged, date=on.printed))
    else:
        yield Basis(UNKNOWN, say("basis.no_response"))


def _signs(s: Situation) -> Iterator[Basis]:
    for sign in s.episode.signs:
        yield Basis(MET, people(say("basis.sign", words=sign.words)), sign.evidence)


def _count(s: Situation) -> Iterator[Basis]:
    count = s.kurasawa
    refs = dict.fromkeys(ref for part in count.parts for ref in part.evidence)
    status = MET if count.met == count.of else UNKNOWN if any(part.unknown for part in count.parts) else NOT_MET
    yield Basis(status, say("basis.count", met=count.met, of=count.of), tuple(refs))


def _other(s: Situation) -> Iterator[Basis]:
    if s.other_antibodies:
        refs = tuple(result.reference for result in s.other_antibodies)
        yield Basis(MET, say("basis.other", antibodies=named(s, s.other_antibodies)), refs)
    else:
        yield Basis(UNKNOWN, say("basis.no_other"))


def _failing(s: Situation) -> Iterator[Basis]:
    finding = s.found["respiratoryFailure"]
    name = s.knowledge.texts.label("criterion", finding.id)
    yield replace(_of(finding, say("basis.failing", criterion=name, because=finding.because)), criterion=finding.id)


def _attested(s: Situation) -> Iterator[Basis]:
    """What a clinician says about it; not attested is not the contrary."""
    for said, key in ((s.infiltrates, "infiltrates"), (s.causes_excluded, "excluded")):
        yield Basis(MET, say(f"basis.{key}")) if said else Basis(UNKNOWN, say(f"basis.not_{key}"))


LINES: Mapping[str, Callable[[Situation], Iterator[Basis]]] = MappingProxyType({
    "mda5": _mda5, "episode": _episode, "failure": _failure, "therapy": _therapy, "response": _response,
    "signs": _signs, "count": _count, "other": _other, "failing": _failing, "attested": _attested,
})  # fmt: skip
