"""Treatment options by name with what speaks for and against each; published doses for display with their conflicts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.references import Reference
from rpild_rules.rows import Caution, Dose, Evidence, Option
from smart_app.ages import dated
from smart_app.page_texts import page_texts
from smart_app.standing_notes import infection_in_full, pregnancy

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.knowledge import Knowledge

GROUPS: Mapping[str, tuple[str, ...]] = {
    "first": ("gc", "cni", "cyc"),
    "alternative": ("rtx", "plex", "ivig"),
    "further": ("mmf", "jaki"),
    "refractory": ("tcz", "pmx", "pirfenidone", "basiliximab"),
}
OPEN_IN: Mapping[str, frozenset[str]] = {
    "first": frozenset({"firstLine", "antibodyPending", "rescue"}),
    "alternative": frozenset({"firstLine", "antibodyPending", "rescue", "refractory", "response"}),
    "further": frozenset({"refractory"}),
    "refractory": frozenset({"refractory"}),
}
CLASSES: Mapping[str, str] = {
    "gc": "GC", "cni": "CNI", "cyc": "CYC", "rtx": "RTX", "plex": "PLEX", "ivig": "IVIG", "mmf": "MMF",
    "jaki": "JAKi", "tcz": "TCZ", "pmx": "PMX",
}  # fmt: skip
HARMS_FETUS = frozenset({"cyc", "mmf", "jaki"})
REVIEW = "literature review"
SOURCE_ID = re.compile(r"\b(?:EV|ALG|LIT|AIP|CASE)-(?:[0-9]+[a-z]?|[A-Z])\b")
DISAGREEMENT_ID = re.compile(r" \(DE-[0-9]+\)")
INDUCTION_CAUTION = "AVOID-1"


@dataclass(frozen=True, slots=True)
class Study:
    """What one study reports, as printed; never an effect of treatment."""

    id: str
    cited: str
    kind: str
    n: str
    comparison: str
    outcomes: tuple[str, ...]
    harms: tuple[str, ...]
    check: str
    mark: str
    link: str
    short: str

    @property
    def headline(self) -> str:
        """The first outcome of a study with patients of its own; a review has none."""
        return "" if self.kind == REVIEW else self.outcomes[0]


@dataclass(frozen=True, slots=True)
class DoseLine:
    """A dose as one source prints it."""

    drug: str
    dose: str
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option: its studies, harms, what speaks against it, and what of this patient bears.

    `conflict` tells that sources print different doses of one drug.
    """

    id: str
    title: str
    studies: tuple[Study, ...]
    harms: tuple[str, ...]
    against: tuple[str, ...]
    conflict: bool
    here: tuple[str, ...]
    running: str


@dataclass(frozen=True, slots=True)
class InFull:
    """One option, of no patient: where a source puts it, its studies, printed doses, and what is easily misread."""

    id: str
    title: str
    place: str
    basis: str
    studies: tuple[Study, ...]
    doses: tuple[DoseLine, ...]
    traps: tuple[str, ...]
    conflict: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Options that the sources put in one place; `opened` where the stage asks for them."""

    id: str
    title: str
    opened: bool
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """All groups in no order of merit, and the drugs that a source advises against for induction."""

    groups: tuple[Group, ...]
    caution_title: str
    caution: str
    caution_note: str
    caution_running: str
    here: tuple[str, ...]


def find_options(s: Situation) -> Options:
    """The options as the tables hold them, marked with what is known of this patient."""
    caution = s.knowledge.tables.row(Caution, INDUCTION_CAUTION)
    groups = tuple(
        Group(id, page_texts().say(f"options.{id}"), s.stage in OPEN_IN[id], tuple(_choice(s, each) for each in ids))
        for id, ids in GROUPS.items()
    )
    running = [page_texts().label("drug", name) for name in caution.classes if name in s.therapy.chains]
    return Options(groups, caution.title, caution.text, caution.note, ", ".join(running), tuple(_for_all(s)))


def _choice(s: Situation, id: str) -> Choice:
    row = s.knowledge.tables.row(Option, id)
    return Choice(
        id, row.title, tuple(study(s.knowledge, each) for each in row.evidence),
        _named(s.knowledge, row.harms), _named(s.knowledge, row.against),
        _conflict(_doses(s.knowledge, row)), tuple(_here(s, id)), _running(s, id),
    )  # fmt: skip


def _named(knowledge: Knowledge, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines that name sources by their ids: by author and year, or by the title; notes on disagreement go."""

    def name(id: re.Match[str]) -> str:
        reference = knowledge.reference(id[0])
        return _short(reference) if ":" in reference.title else f"“{reference.cited}”"

    return tuple(SOURCE_ID.sub(name, DISAGREEMENT_ID.sub("", line)) for line in lines)


def in_full(knowledge: Knowledge) -> tuple[InFull, ...]:
    """Every option of the tables with all that the sources print of it."""
    return tuple(_in_full(knowledge, row) for row in knowledge.tables.of(Option).values())


def _in_full(knowledge: Knowledge, row: Option) -> InFull:
    doses = _doses(knowledge, row)
    return InFull(
        row.id, row.title, ", ".join(row.place), "; ".join(knowledge.reference(each).cited for each in row.basis),
        tuple(study(knowledge, each) for each in row.evidence), tuple(_dose_lines(knowledge, doses)),
        tuple(each.trap for each in doses if each.trap), _conflict(doses),
    )  # fmt: skip


def _doses(knowledge: Knowledge, row: Option) -> list[Dose]:
    return [knowledge.tables.row(Dose, each) for each in row.doses]


def _conflict(doses: list[Dose]) -> bool:
    return any(len(each.published) > 1 for each in doses)


def study(knowledge: Knowledge, id: str) -> Study:
    """One row of evidence with its reference."""
    row, reference = knowledge.tables.row(Evidence, id), knowledge.reference(id)
    link = reference.link or (f"https://doi.org/{reference.doi}" if reference.doi else "")
    return Study(
        id, reference.cited, reference.kind, reference.n, row.comparison, row.outcomes, row.harms, row.check,
        reference.mark, link, _short(reference),
    )  # fmt: skip


def _short(reference: Reference) -> str:
    """Author and year, where the title begins with an author."""
    author, colon, _ = reference.title.partition(":")
    return f"{author} {reference.year}".strip() if colon else reference.cited


def _dose_lines(knowledge: Knowledge, doses: list[Dose]) -> Iterator[DoseLine]:
    for dose in doses:
        for each in dose.published:
            yield DoseLine(dose.drug, each.dose, knowledge.reference(each.source).cited, each.where)


def _running(s: Situation, id: str) -> str:
    chain = s.therapy.chains.get(CLASSES.get(id, ""))
    if not chain:
        return ""
    key = "options.running_before" if chain.before_edge else "options.running"
    return page_texts().say(key, date=dated(chain.start, s.now).brief)


def _here(s: Situation, id: str) -> Iterator[str]:
    """What the record holds that bears on one option; what was not looked up says so."""
    say = page_texts().say
    if id in HARMS_FETUS and s.pregnancy.concern:
        yield say("here.pregnancy_documented" if s.pregnancy.documented else "here.pregnancy_possible")
    if id == "plex" and (leaks := _air_leak(s)):
        yield say("here.air_leak", items=leaks)


def _for_all(s: Situation) -> Iterator[str]:
    """What bears on every immunosuppressant, and on the drugs that can harm a fetus."""
    say = page_texts().say
    yield from infection_in_full(s)
    yield from pregnancy(s)
    if not s.facts.read("E-ALL"):
        yield say("here.allergies_unread")
    allergies = ", ".join(dict.fromkeys(each.printed for each in s.facts.allergies))
    if allergies:
        yield say("here.allergies", allergies=allergies)


def _air_leak(s: Situation) -> str:
    leaks = {"pneumothorax", "pneumomediastinum"}
    return ", ".join(dict.fromkeys(cause.words for cause in s.causes if cause.concept in leaks))
