"""What was stated about one thing, in words: the newest first, with who, when, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from fhir_mappings.attestation_drafts import WITHDRAWN
from fhir_mappings.attestations import TABLE
from fhir_mappings.dates import read_time
from rpild_rules import attested
from rpild_rules.attested import compared_cts, counts, in_force, outdated, time_of
from rpild_rules.facts import Attestation, PatientFacts
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When
from smart_app.attest_texts import attest_texts, say
from smart_app.statement_ports import KeptStatement


@dataclass(frozen=True, slots=True)
class Told:
    """One statement in words; `about` names the compared CTs and how a figure was meant."""

    said: str
    by: str
    when: str
    about: str = ""

    @property
    def sentence(self) -> str:
        """All of it."""
        key = "standing.line_about" if self.about else "standing.line"
        return say(key, said=self.said, by=self.by, when=self.when, about=self.about)


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of the list: where it is kept, how it stands, and whether it can be withdrawn from here."""

    told: Told
    kept: str
    standing: str
    reference: str
    newest: bool = False
    may_withdraw: bool = False
    withdrawn: bool = False


def lines_of(
    code: str, facts: PatientFacts, kept: Sequence[KeptStatement], now: When, knowledge: Knowledge, may_change: bool
) -> tuple[Line, ...]:
    """The statements of a chart about one thing, newest first, then those that were withdrawn through this page."""
    own = {f"Observation/{json.loads(each.content)['id']}" for each in kept if each.place == "own"}
    first = attested.newest(facts, code, now)
    stated = [each for each in facts.attestations if each.code == code]
    stated.sort(key=lambda each: (each is first, counts(each) and time_of(each).latest.timestamp()), reverse=True)
    how = "expired" if first and _expired(first, facts, now, knowledge) else "counts"
    living = [
        _living(each, facts, how if each is first else "replaced", each.reference in own, may_change) for each in stated
    ]
    return (*living, *_withdrawn(code, kept, facts.zone))


def _expired(a: Attestation, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Whether the newest statement counts no longer, by the rules' own measure."""
    if TABLE[a.code].get("compares"):
        return outdated(facts, a, now, knowledge) is not None
    key = f"{a.code}.window_{a.value}"
    window = say(key if key in attest_texts().texts else f"{a.code}.window")
    return in_force(facts, a.code, now, knowledge.window(window)) is None


def _living(a: Attestation, facts: PatientFacts, how: str, own: bool, may_change: bool) -> Line:
    standing = how if a.by_clinician else "not_clinician"
    told = Told(_said(a.value), a.by or say("standing.unknown_by"), a.made.printed if a.made else "", _about(a, facts))
    kept = say("kept.own" if own else "kept.ehr")
    newest = how != "replaced" and a.by_clinician
    return Line(told, kept, say(f"standing.{standing}"), a.reference, newest, own or may_change)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return say("standing.yes" if value else "standing.no")
    if isinstance(value, Decimal):
        return say("standing.percent", value=f"{value:f}")
    if isinstance(value, When):
        return value.printed
    return str(value) if value else say("standing.unread")


def _about(a: Attestation, facts: PatientFacts) -> str:
    dates = compared_cts(facts, a)
    compared = " → ".join(each.printed for each in (dates.start, dates.end) if each)
    return ", ".join(filter(None, (a.method, compared)))


def _withdrawn(code: str, kept: Sequence[KeptStatement], zone: tzinfo) -> Iterator[Line]:
    for each in reversed(kept):
        if each.code == code and each.status == WITHDRAWN:
            where = say("kept.ehr" if each.place == "ehr" else "kept.own")
            yield Line(_withdrawal(each, zone), where, say("standing.withdrawn"), "", withdrawn=True)


def _withdrawal(kept: KeptStatement, zone: tzinfo) -> Told:
    """What was said, and who took it back."""
    told, notes = told_by(kept, zone), json.loads(kept.content).get("note") or [{}]
    last = notes[-1]
    back = say(
        "standing.taken_back", by=_name(last.get("authorReference", {})), when=_printed(last.get("time", ""), zone)
    )
    return Told(told.said, told.by, told.when, back)


def told_by(kept: KeptStatement, zone: tzinfo) -> Told:
    """A statement as we keep it, in words."""
    observation: Mapping[str, Any] = json.loads(kept.content)
    by = _name((observation.get("performer") or [{}])[0])
    period = observation.get("effectivePeriod", {})
    compared = " → ".join(filter(None, (period.get("start", ""), period.get("end", ""))))
    method = observation.get("method", {}).get("text", "")
    when = _printed(observation.get("issued", ""), zone)
    return Told(_value(observation), by, when, ", ".join(filter(None, (method, compared))))


def _value(observation: Mapping[str, Any]) -> str:
    if "valueBoolean" in observation:
        return _said(observation["valueBoolean"])
    if "valueQuantity" in observation:
        return say("standing.percent", value=observation["valueQuantity"].get("value", ""))
    word = str(observation.get("valueString") or observation.get("valueDateTime") or "")
    return attest_texts().label("treatment-response", word) if word else _said(None)


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference.get("display") or reference.get("reference") or say("standing.unknown_by"))


def _printed(time: str, zone: tzinfo) -> str:
    """A time of ours as the page prints times."""
    when = read_time(time, zone)
    return when.printed if when else time
