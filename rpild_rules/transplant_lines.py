"""What cards say of transplant and ECMO: a section on other cards, and the cards of their own (decisions 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules.diagnoses import having
from rpild_rules.findings import MET

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation


def transplant(s: Situation) -> Iterator[str]:
    """Early contact, what stands in the record and what it cannot tell; left out where care is limited."""
    texts = s.knowledge.texts
    if s.care_limited:
        yield care_limit(s)
        return
    yield (
        texts.say("common", "transplant_sent", referral=s.referral) if s.referral else texts.say("common", "transplant")
    )
    yield from _barriers(s)


def care_limit(s: Situation) -> str:
    """The limits of care on record."""
    printed = dict.fromkeys(limit.printed for limit in s.facts.limits if limit.kind == "partial")
    return s.knowledge.texts.say("common", "care_limited", printed=", ".join(printed))


def _barriers(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    if s.barriers:
        yield texts.say("common", "transplant_barrier", items="; ".join(s.barriers))
    yield texts.say("common", "transplant_unknown", items=", ".join(texts.unknown_to_tool))


def referral(s: Situation) -> Iterator[str]:
    """The body of `transplantReferral`."""
    texts = s.knowledge.texts
    if s.stage == "response":
        yield texts.say("common", "record_response")
    yield texts.line("transplantReferral", "reason")
    yield from _barriers(s)
    yield texts.line("transplantReferral", "evidence")
    yield texts.line("transplantReferral", "plex")


def values(s: Situation) -> Iterator[str]:
    """What triggered `ecmoTransplant`: values, times, duration."""
    texts = s.knowledge.texts
    words = [each.words for each in (s.severe, s.rescue) if each]
    yield from (texts.line("ecmoTransplant", "values", values=f"{each[:1].upper()}{each[1:]}") for each in words)
    if s.rescue and s.rescue.rule == "ii" and not s.severe:
        yield texts.line("ecmoTransplant", "worse", signs="; ".join(_worse(s)))
    if s.rp is not MET and not s.episode.met:
        yield texts.line("ecmoTransplant", "undetermined", date=s.now.printed)


def _worse(s: Situation) -> list[str]:
    """Why the course counts as worse under treatment."""
    texts, e = s.knowledge.texts, s.episode
    signs = [sign.words for sign in e.signs]
    if e.response == "worsening" and e.response_on:
        signs.append(texts.say("common", "judged_worse", date=e.response_on.printed))
    if e.breakthrough and s.therapy.t0:
        signs.append(texts.say("common", "broke_through", date=s.therapy.t0.printed))
    return signs or [texts.say("common", "kurasawa_full")]


def ecmo(s: Situation) -> Iterator[str]:
    """The body of `ecmoTransplant`: what experience there is, the published limits, what a centre will ask."""
    texts = s.knowledge.texts
    yield texts.line("ecmoTransplant", "bridge")
    yield texts.line("ecmoTransplant", "mda5_series")
    yield texts.line("ecmoTransplant", "series")
    yield texts.line("ecmoTransplant", "limits")
    yield texts.say("common", "infection_deaths")
    yield from air_leak(s)
    if s.referral:
        yield texts.say("common", "transplant_sent", referral=s.referral)
    if s.barriers:
        yield texts.line("ecmoTransplant", "contraindications", items="; ".join(s.barriers))
    yield texts.line("ecmoTransplant", "contraindications_unknown", items=", ".join(texts.unknown_to_tool))


def air_leak(s: Situation) -> Iterator[str]:
    """Air in the pleura or the mediastinum, if it is in the record."""
    found = having(s.facts, {"pneumothorax", "pneumomediastinum"})
    if found:
        items = ", ".join(dict.fromkeys(d.printed for d in found))
        yield s.knowledge.texts.say("common", "air_leak", items=items)
