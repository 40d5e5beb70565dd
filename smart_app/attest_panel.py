"""The statements of a patient and the forms for new ones, as plain values for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_mappings.attestations import CLINICIANS, TABLE
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When
from smart_app.attest_fields import Field, fields_of
from smart_app.attest_lines import Line, Told, lines_of, told_by
from smart_app.attest_texts import attest_texts, codes, how_long, say
from smart_app.ct_choices import ct_scans, label_of
from smart_app.errors import Unsaved
from smart_app.statement_ports import FINAL, KeptStatement

UNSHOWN = frozenset({"csrf", "key", "code"})
LOUD = frozenset({"refused", "unheard", "kept", "changed", "unsure"})


@dataclass(frozen=True, slots=True)
class Again:
    """A form that could not be taken: what was entered, and what is wrong with it by field, in words."""

    code: str
    form: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stating:
    """Who looks at which chart: the signed-in user, whether the EHR lets us write and change, what we keep."""

    user: str
    facts: PatientFacts
    knowledge: Knowledge
    now: When
    key: str = ""
    may_create: bool = False
    may_change: bool = False
    stored: bool = True
    kept: Sequence[KeptStatement] = ()
    done: str = ""
    again: Again | None = None
    report_texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def off(self) -> str:
        """Why nothing can be recorded, in words; empty if it can."""
        if not self.stored:
            return say("panel.no_store")
        return "" if self.user.startswith(CLINICIANS) else say("panel.no_clinician")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that the EHR has not taken: what, and why; `mine` tells who may decide about it."""

    id: str
    title: str
    told: Told
    why: str
    mine: bool


@dataclass(frozen=True, slots=True)
class AttestForm:
    """One statement of the contract: what is asked, what was stated, the fields for stating it.

    `problem` is set when what was entered could not be taken. `reports` are the CTs to choose from with their words.
    """

    code: str
    title: str
    question: str
    help: str
    valid: str
    current: str
    lines: tuple[Line, ...]
    fields: tuple[Field, ...]
    problem: str = ""
    reports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AttestPanel:
    """All of it. `off` says why nothing can be recorded; `notice` how the last act ended."""

    forms: tuple[AttestForm, ...]
    where: str
    off: str
    key: str
    waiting: tuple[Waiting, ...] = ()
    may_send: bool = False
    notice: str = ""
    loud: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


def attest_panel(s: Stating) -> AttestPanel:
    """The panel of one page."""
    known = f"done.{s.done}" in attest_texts().texts
    prefix = "panel."
    words = {key.removeprefix(prefix): text for key, text in attest_texts().texts.items() if key.startswith(prefix)}
    return AttestPanel(
        tuple(_form(code, s) for code in codes()),
        say("panel.to_ehr" if s.may_create else "panel.to_own"), s.off, s.key, tuple(_waiting(s)), s.may_create,
        say(f"done.{s.done}") if known else "", s.done in LOUD, words,
    )  # fmt: skip


def _form(code: str, s: Stating) -> AttestForm:
    again = s.again if s.again and s.again.code == code else None
    lines = lines_of(code, s.facts, s.kept, s.now, s.knowledge, s.may_change)
    standing = next((f"{each.told.sentence} ({each.standing})" for each in lines if each.newest), "")
    fields = fields_of(code, s.facts, again.form if again else {}, again.errors if again else {})
    return AttestForm(
        code, say(f"{code}.title"), say(f"{code}.question"), say(f"{code}.help"), how_long(code, s.knowledge),
        standing or say("panel.none"), lines, fields if not s.off else (), _problem(again) if again else "",
        _reports(s) if TABLE[code].get("compares") else (),
    )  # fmt: skip


def _reports(s: Stating) -> tuple[tuple[str, str], ...]:
    """Each CT of the chart, newest first, with what its report says."""
    return tuple((label_of(each), s.report_texts.get(each.reference, "")) for each in ct_scans(s.facts))


def _problem(again: Again) -> str:
    """What to say above a form that could not be taken."""
    return again.errors.get("key") or say("panel.errors")


def _waiting(s: Stating) -> Iterator[Waiting]:
    for each in s.kept:
        if each.place in ("own", "ehr") or each.status != FINAL:
            continue
        told = told_by(each, s.facts.zone)
        why = say(f"waiting.{each.place}") if each.mine else say("waiting.others", by=told.by)
        yield Waiting(each.id, say(f"{each.code}.title"), told, why, each.mine and not s.off)


def unsaved(code: str, form: Mapping[str, str], action: str) -> Unsaved:
    """A form that could not be saved, for the page that says why."""
    shown = [say(f"{code}.question"), *(value for name, value in form.items() if name not in UNSHOWN and value)]
    return Unsaved(action, say("unsaved.lead"), say("unsaved.button"), tuple(shown), tuple(form.items()))
