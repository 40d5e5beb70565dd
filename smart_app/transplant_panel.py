"""Transplant and ECMO: what the record holds for and against a referral, what it cannot tell, published outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.rows import Guideline
from rpild_rules.transplant_lines import air_leak, care_limit
from smart_app.ages import dated
from smart_app.breathing import VENTILATOR, support_of
from smart_app.options import Study, study
from smart_app.page_texts import page_texts
from smart_app.sources import told

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

ECMO_LIMITS, RELATIVE = "LIT-8", "relative contraindications: "
TRANSPLANT, ECMO = ("EV-22",), ("EV-20", "EV-19", "EV-21")


@dataclass(frozen=True, slots=True)
class TransplantPanel:
    """`limited`: the line on limits of care, which leaves the rest out; else what was found, unknown and published."""

    limited: str = ""
    state: str = ""
    found_for: tuple[str, ...] = ()
    found_against: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    transplant: tuple[Study, ...] = ()
    ecmo: tuple[Study, ...] = ()


def transplant_panel(s: Situation) -> TransplantPanel:
    """The panel of a patient in scope; the centre decides, the page never does."""
    if s.care_limited:
        return TransplantPanel(limited=care_limit(s))
    say = page_texts().say
    return TransplantPanel(
        state=say("transplant.sent", referral=s.referral) if s.referral else say("transplant.not_sent"),
        found_for=tuple(_for(s)), found_against=tuple(told(line, s) for line in (*s.barriers, *air_leak(s))),
        unknown=tuple(_unknown(s)),
        severity=tuple(_severity(s)),
        transplant=tuple(study(s.knowledge, each) for each in TRANSPLANT),
        ecmo=tuple(study(s.knowledge, each) for each in ECMO),
    )  # fmt: skip


def _for(s: Situation) -> Iterator[str]:
    """Facts that the referral criteria name."""
    say = page_texts().say
    if s.episode.met:
        yield say("transplant.episode")
    if s.episode.refractory or s.episode.signs:
        words = "; ".join(told(sign.words, s) for sign in s.episode.signs) or say("transplant.judged")
        yield say("transplant.worse", signs=words)
    for id in ("dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "respiratoryFailure"):
        if s.found[id].met:
            yield told(s.found[id].because, s)


def _unknown(s: Situation) -> Iterator[str]:
    """What a centre will ask and no data field tells: the ventilator first, where one runs."""
    support, say = support_of(s), page_texts().say
    if support and support.concept == VENTILATOR:
        yield say("transplant.best_ventilation")
        if support.start is None:
            yield say("transplant.ventilated_unknown")
    yield from s.knowledge.texts.unknown_to_tool
    yield from page_texts().lines("transplant.unknown_more")


def _time_on_it(s: Situation) -> str:
    """How long on a ventilator counts against ECMO, as the source prints it: the first of its relative reasons."""
    says = s.knowledge.tables.row(Guideline, ECMO_LIMITS).says
    return next(line for line in says if line.startswith(RELATIVE)).removeprefix(RELATIVE).partition(",")[0]


def _severity(s: Situation) -> Iterator[str]:
    """Severe failure and need of rescue with values and times; a patient blind to gases."""
    say, support = page_texts().say, support_of(s)
    if support and support.concept == VENTILATOR and support.start:
        yield say("transplant.ventilated", date=dated(support.start, s.now).brief, limit=_time_on_it(s))
    for failure in (s.severe, s.rescue):
        if failure and failure.words:
            yield told(failure.words, s)
    if s.on_ecmo:
        yield say("transplant.on_ecmo")
    if s.blind:
        yield say("transplant.blind", support=s.blind)
    if not (s.severe or s.rescue or s.on_ecmo or s.blind):
        yield say("transplant.no_severe", date=dated(s.now, s.now).printed)
