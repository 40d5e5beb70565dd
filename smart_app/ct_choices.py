"""Which two CTs a statement compares: those of the chart to choose from, and what was chosen, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from fhir_mappings.attestation_drafts import ComparedCt, fhir_time
from fhir_mappings.dates import read_time
from rpild_rules.attested import CT
from rpild_rules.facts import PatientFacts, Scan
from rpild_rules.when import When, after
from smart_app.attest_texts import say

OUTSIDE = "outside"
NONE = ComparedCt()
SIDES = ("earlier", "later")


@dataclass(frozen=True, slots=True)
class Pair:
    """The two CTs as FHIR names them; `errors` by field in words, then there is no pair."""

    compared: tuple[ComparedCt, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


def ct_scans(facts: PatientFacts) -> tuple[Scan, ...]:
    """The chest CTs of a chart, newest first, undated last; a report stands only for a study that is not there."""
    scans = [each for each in facts.scans if each.concept in CT]
    studies = {each.reference for each in scans if not each.is_report}
    kept = [each for each in scans if not each.is_report or not each.studies & studies]
    return tuple(sorted(kept, key=_newest_first))


def _newest_first(scan: Scan) -> tuple[bool, float, str]:
    return scan.when is None, -scan.when.latest.timestamp() if scan.when else 0.0, scan.reference


def label_of(scan: Scan) -> str:
    """A CT in words."""
    date = scan.when.printed if scan.when else say("field.undated")
    return say("field.report" if scan.is_report else "field.study", date=date, reference=scan.reference)


def read_pair(form: Mapping[str, str], facts: PatientFacts, dated: bool, now: When) -> Pair:
    """The CTs that a form names, each of the chart or outside it; `dated`: one outside needs its date."""
    known = {each.reference: each for each in ct_scans(facts)}
    sides = {side: _side(side, form, known, dated, now) for side in SIDES}
    errors = {name: text for found in sides.values() for name, text in found.errors.items()}
    errors = errors or _together(sides["earlier"], sides["later"])
    if errors:
        return Pair(errors=errors)
    return Pair(tuple(each.ct for each in sides.values() if each.ct != NONE))


@dataclass(frozen=True, slots=True)
class _Side:
    ct: ComparedCt = NONE
    when: When | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def _side(side: str, form: Mapping[str, str], known: Mapping[str, Scan], dated: bool, now: When) -> _Side:
    chosen = form.get(side, "")
    if chosen in known:
        when = known[chosen].when
        return _Side(ComparedCt(chosen, fhir_time(when)), when)
    if chosen != OUTSIDE:
        return _Side(errors={side: say("error.unknown_ct" if chosen else "error.ct")})
    return _outside(f"{side}_date", form, now) if dated else _Side()


def _outside(name: str, form: Mapping[str, str], now: When) -> _Side:
    text = form.get(name, "").strip()
    when = read_time(text, UTC)
    if when is None or when.exact:
        return _Side(errors={name: say("error.date" if text else "error.ct_date")})
    if when.first > now.last:
        return _Side(errors={name: say("error.future")})
    return _Side(ComparedCt(when=text), when)


def _together(earlier: _Side, later: _Side) -> dict[str, str]:
    if earlier.ct.reference and earlier.ct.reference == later.ct.reference:
        return {"later": say("error.same")}
    if earlier.when and later.when and after(earlier.when, later.when):
        return {"later": say("error.order")}
    return {}
