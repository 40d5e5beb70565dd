"""Antibodies and markers on a card: doubts about anti-MDA5, flags with their cohorts, what is printed beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules import prognosis, results
from rpild_rules.antibodies import positive
from rpild_rules.concepts import ILD_GROUP, MAA, MYOSITIS_PROVEN, OTHER_MSA
from rpild_rules.diagnoses import having
from rpild_rules.facts import TestResult
from rpild_rules.findings import Reason
from rpild_rules.prognosis import FLAGS, THRESHOLDS

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

NOT_USABLE = frozenset({Reason.UNIT, Reason.UNSTRUCTURED, Reason.CONFLICT, Reason.COMPARATOR})
NOT_READ = frozenset({Reason.NOT_PERMITTED, Reason.FETCH_FAILED})


def antibody_marks(s: Situation) -> Iterator[str]:
    """Sub-marks of the anti-MDA5 state with their dates, and what else was found or is not coded."""
    texts = s.knowledge.texts
    if "weak" in s.mda5.marks and s.mda5.newest:
        yield texts.say("common", "mda5_weak", result=_dated(s.mda5.newest))
    if "multiple" in s.mda5.marks:
        yield texts.say("common", "mda5_multiple", others=named(s, positive(s.facts, OTHER_MSA)))
    if "discordant" in s.mda5.marks and s.mda5.newest:
        contrary = ", ".join(_dated(r) for r in s.mda5.contrary)
        yield texts.say("common", "mda5_discordant", positive=_dated(s.mda5.newest), negative=contrary)
    if s.mda5.panel:
        yield texts.say("common", "panel_without_mda5", date=_date(s.mda5.panel))
    if s.context == "confirmed" and not having(s.facts, MYOSITIS_PROVEN | ILD_GROUP):
        yield texts.say("common", "not_coded")
    if s.context == "suspected" and s.other_antibodies and "multiple" not in s.mda5.marks:
        yield texts.say("common", "other_antibody", antibodies=named(s, s.other_antibodies))


def named(s: Situation, found: list[TestResult] | tuple[TestResult, ...]) -> str:
    """Antibodies by name, specific ones first, each once with the date of the newest result."""
    newest: dict[str, TestResult] = {}
    for r in found:
        newest.setdefault(r.concept, r)
    ordered = sorted(newest.values(), key=lambda r: (r.concept in MAA, r.concept))
    return ", ".join(f"{s.knowledge.texts.label('antibody', r.concept)} ({_date(r)})" for r in ordered)


def _dated(r: TestResult) -> str:
    return f"{r.printed}, {_date(r)}"


def _date(r: TestResult) -> str:
    return r.when.printed if r.when else "undated"


def flags(s: Situation) -> Iterator[str]:
    """Flags that are met, one line a value, each with its cohort; then the caveat."""
    texts, groups = s.knowledge.texts, _by_value(s)
    for value, ids in groups.items():
        each = (f"{texts.label('flag_limit', id)} ({_cohort(s, id)})" for id in ids)
        yield texts.say("common", "flag", value=value, flags=", ".join(each))
    if groups and s.context != "confirmed":
        yield texts.say("common", "flag_other_cohort")
    if groups:
        yield texts.say("common", "flag_caveat")


def course(s: Situation) -> Iterator[str]:
    """What the course under treatment adds: a rising ferritin, and the signs that the combination fails."""
    trend = prognosis.ferritin_trend(s.facts, s.therapy.t0, s.now, s.knowledge)
    if trend:
        yield f"{trend[:1].upper()}{trend[1:]}."
    if s.therapy.t0 and s.kurasawa.met:
        yield _kurasawa(s)


def unusable_results(s: Situation) -> Iterator[str]:
    """Results that exist but cannot be used, each once, and flags whose results could not be read at all."""
    texts, lacks = s.knowledge.texts, [(id, each) for id in FLAGS for each in s.found[id].missing]
    spoilt = dict.fromkeys(each.what for _, each in lacks if each.reason in NOT_USABLE)
    if spoilt:
        yield texts.say("common", "not_usable", items="; ".join(spoilt))
    unread = dict.fromkeys(texts.label("flag_name", id) for id, each in lacks if each.reason in NOT_READ)
    if unread:
        yield texts.say("common", "not_read", items=", ".join(unread))


def no_lymphocytes(s: Situation) -> Iterator[str]:
    """That no lymphocyte count stands in the record, where it could be read."""
    known = results.readable(results.of(s.facts, "lymphocytes-abs"), s.now)
    if not known and not s.found["lymphocytes500"].reasons & (NOT_READ | NOT_USABLE):
        yield s.knowledge.texts.say("common", "no_lymphocytes")


def _by_value(s: Situation) -> dict[str, list[str]]:
    """The flags that are met, by the value that they share."""
    groups: dict[str, list[str]] = {}
    for id in FLAGS:
        if s.found[id].met:
            groups.setdefault(_value(s, id), []).append(id)
    return groups


def _value(s: Situation, id: str) -> str:
    concept = THRESHOLDS[id][0] if id in THRESHOLDS else ""
    known = {m.reference: m for m in s.facts.by_concept.get(concept, [])}
    m = next((known[ref] for ref in s.found[id].evidence if ref in known), None)
    return f"{s.knowledge.texts.label('input', concept)} {results.shown(m)}" if m else s.found[id].because


def _cohort(s: Situation, id: str) -> str:
    return s.knowledge.reference(s.knowledge.texts.label("flag_source", id)).brief


def _kurasawa(s: Situation) -> str:
    texts, count = s.knowledge.texts, s.kurasawa
    open_parts = ", ".join(part.id for part in count.parts if part.unknown)
    unknown = texts.say("common", "kurasawa_open", parts=open_parts) if open_parts else ""
    return texts.say("common", "kurasawa", met=str(count.met), of=str(count.of), unknown=unknown)
