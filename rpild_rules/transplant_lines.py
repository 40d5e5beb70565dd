"""What cards say of transplant and ECMO: a section on other cards, and the cards of their own (decisions 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules.concepts import MECHANICAL
from rpild_rules.diagnoses import having
from rpild_rules.support import in_use

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due


def transplant(s: Situation) -> Iterator[str]:
    """Early contact, what stands in the record and what it cannot tell; left out where care is limited."""
    texts = s.knowledge.texts
    if s.care_limited:
        yield care_limit(s)
        return
    items = ", ".join(texts.unknown_to_tool)
    sent = texts.say("common", "transplant_sent", referral=s.referral) if s.referral else ""
    yield sent or texts.say("common", "transplant", items=items)
    yield from _barriers(s)


def care_limit(s: Situation) -> str:
    """The limits of care on record."""
    printed = dict.fromkeys(limit.printed for limit in s.facts.limits if limit.kind == "partial")
    return s.knowledge.texts.say("common", "care_limited", printed=", ".join(printed))


def _barriers(s: Situation) -> Iterator[str]:
    if s.barriers:
        yield s.knowledge.texts.say("common", "transplant_barrier", items="; ".join(s.barriers))


def _unknown(s: Situation) -> str:
    texts = s.knowledge.texts
    return texts.say("common", "transplant_unknown", items=", ".join(texts.unknown_to_tool))


def next_steps(s: Situation, due: Due) -> Iterator[str]:
    """What to do, and what the centre will ask: the two cards on transplant and ECMO."""
    if due.topic == "transplantReferral":
        return _refer(s)
    return _bridge(s) if due.topic == "ecmoTransplant" else iter(())


def _refer(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    if s.stage == "response":
        yield texts.say("common", "record_response")
    yield from _barriers(s)
    yield _unknown(s)


def why(s: Situation, due: Due) -> Iterator[str]:
    """Why the two cards are sent."""
    if due.topic == "transplantReferral":
        return _why_refer(s)
    return _values(s) if due.topic == "ecmoTransplant" else iter(())


def _why_refer(s: Situation) -> Iterator[str]:
    """Where this patient stands, and what the published reasons to refer are."""
    texts = s.knowledge.texts
    yield texts.line("transplantReferral", "stage", stage=texts.label("stage", s.stage))
    yield texts.line("transplantReferral", "reason")


def _bridge(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    yield texts.line("ecmoTransplant", "bridge")
    if s.referral:
        yield texts.say("common", "transplant_sent", referral=s.referral)
    if s.barriers:
        yield texts.line("ecmoTransplant", "contraindications", items="; ".join(s.barriers))
    yield from air_leak(s)
    yield texts.line("ecmoTransplant", "contraindications_unknown", items=", ".join(texts.unknown_to_tool))


def evidence(s: Situation, due: Due) -> Iterator[str]:
    """What experience there is, and the published limits."""
    texts = s.knowledge.texts
    if due.topic == "transplantReferral":
        yield texts.line("transplantReferral", "evidence")
        yield texts.line("transplantReferral", "plex")
    if due.topic == "ecmoTransplant":
        yield texts.line("ecmoTransplant", "mda5_series")
        yield texts.line("ecmoTransplant", "series")
        yield texts.say("common", "infection_deaths")
        yield texts.line("ecmoTransplant", "limits")


def _values(s: Situation) -> Iterator[str]:
    """What triggered `ecmoTransplant`: support, values, times, duration."""
    texts, found = s.knowledge.texts, s.severe or s.rescue
    support = next(iter(in_use(s.facts, MECHANICAL, s.now, s.knowledge.window("ecmo_window_hours"))), None)
    if support:
        since = support.start.printed if support.start else "-"
        yield texts.line("ecmoTransplant", "support", support=texts.label("support", support.concept), since=since)
    if found and found.words:
        yield texts.line("ecmoTransplant", "values", values=found.words)
    if s.rescue and s.rescue.rule == "ii" and not s.severe:
        yield worse_line(s)
    if not s.episode.met:
        yield texts.line("ecmoTransplant", "undetermined", date=s.now.printed)


def worse_line(s: Situation) -> str:
    """Why the course counts as worse under treatment, in one line."""
    return s.knowledge.texts.say("common", "worse", signs="; ".join(_worse(s)))


def _worse(s: Situation) -> list[str]:
    """Why the course counts as worse under treatment."""
    texts, e = s.knowledge.texts, s.episode
    signs = [sign.words for sign in e.signs]
    if e.response == "worsening" and e.response_on:
        signs.append(texts.say("common", "judged_worse", date=e.response_on.printed))
    if e.breakthrough and s.therapy.t0:
        signs.append(texts.say("common", "broke_through", date=s.therapy.t0.printed))
    if s.kurasawa.met == s.kurasawa.of:
        signs.append(texts.say("common", "kurasawa_full"))
    return signs


def air_leak(s: Situation) -> Iterator[str]:
    """Air in the pleura or the mediastinum, if it is in the record."""
    found = having(s.facts, {"pneumothorax", "pneumomediastinum"})
    if found:
        items = ", ".join(dict.fromkeys(d.printed for d in found))
        yield s.knowledge.texts.say("common", "air_leak", items=items)
