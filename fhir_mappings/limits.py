"""Limits of care that are active now, from Flags, CarePlans, Consents, orders and Conditions (gate G2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_mappings.code_tables import concepts_of
from fhir_mappings.conditions import code_of
from fhir_mappings.datatypes import Concept, Period
from fhir_mappings.dates import span
from fhir_mappings.references import References
from fhir_mappings.structs import CarePlanIn, ConditionIn, ConsentIn, FlagIn, ServiceRequestIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import class_named, shown, texts_of
from rpild_rules.facts import Limit
from rpild_rules.when import When

KINDS = {
    "hospice": "comfort",
    "comfort-care": "comfort",
    "care-limit": "partial",
    "resuscitation-limit": "resuscitation",
}
LIMITING = frozenset(KINDS)
ACTIVE_CONDITION = frozenset({"", "active", "recurrence", "relapse"})
NOT_PLANNED = frozenset({"cancelled", "stopped", "entered-in-error", "completed"})
COUNTED = frozenset({"", "confirmed"})
WISHES = frozenset({"proposal", "plan", "option"})


def limit_kinds(codes: Iterable[Concept | None], texts: Iterable[str] = ()) -> tuple[str, ...]:
    """The kinds of limit that codes, their texts and further titles state, gravest first."""
    known = list(codes)
    words = frozenset(name for text in (*texts_of(*known), *texts) for name in class_named(text))
    found = {KINDS[name] for name in concepts_of(*known) | words if name in KINDS}
    return tuple(kind for kind in dict.fromkeys(KINDS.values()) if kind in found)


def read_flags(flags: Iterable[FlagIn], refs: References) -> Iterator[Limit]:
    """Active Flags within their period."""
    for each in flags:
        if each.status == "active":
            yield from _limits(each, [each.code], [], each.period, refs)


def read_care_plans(plans: Iterable[CarePlanIn], refs: References) -> Iterator[Limit]:
    """Active CarePlans: category, title and what their activities are."""
    for each in plans:
        details = [
            part.detail for part in each.activity if part.detail is not None and part.detail.status not in NOT_PLANNED
        ]
        if each.status == "active":
            yield from _limits(
                each, [*each.category, *(detail.code for detail in details)], [each.title], each.period, refs
            )


def read_consents(consents: Iterable[ConsentIn], refs: References) -> Iterator[Limit]:
    """Active Consents: category and provision."""
    for each in consents:
        provision = each.provision
        codes = [*each.category, *(provision.code if provision is not None else [])]
        if each.status == "active":
            yield from _limits(
                each, codes, [], provision.period if provision is not None else None, refs, refs.read(each.date_time)
            )


def read_limiting_orders(requests: Iterable[ServiceRequestIn], refs: References) -> Iterator[Limit]:
    """Active orders that limit care (no proposals, nothing that is not to be done)."""
    for each in requests:
        if each.status == "active" and each.intent not in WISHES and each.do_not_perform is not True:
            yield from _limits(each, [each.code], [], None, refs, refs.read(each.authored_on))


def read_limiting_conditions(conditions: Iterable[ConditionIn], refs: References) -> Iterator[Limit]:
    """Active Conditions that state a limit by code."""
    for each in conditions:
        if LIMITING.isdisjoint(concepts_of(each.code)):
            continue
        if code_of(each.clinical_status) in ACTIVE_CONDITION and code_of(each.verification_status) in COUNTED:
            yield from _limits(each, [each.code], [], None, refs, refs.read(each.recorded_date))


def active_codes(marks: Iterable[FlagIn | CarePlanIn], refs: References) -> frozenset[str]:
    """The codes of active Flags and CarePlans within their period, each bare and as `system|code`."""
    codings = [
        coding
        for each in marks
        if each.status == "active" and not _is_over(each.period, refs)
        for concept in ([each.code] if isinstance(each, FlagIn) else each.category)
        for coding in (concept.coding if concept is not None else ())
    ]
    return frozenset(name for c in codings if c.code for name in (c.code, f"{c.system}|{c.code}"))


def _is_over(period: Period | None, refs: References) -> bool:
    end = span(period, refs.read)[1]
    return end is not None and end.latest < refs.now.earliest


def _limits(
    each: Any, codes: list[Any], texts: list[str], period: Period | None, refs: References, since: When | None = None
) -> Iterator[Limit]:
    if _is_over(period, refs):
        return
    start = span(period, refs.read)[0]
    printed = next(filter(None, (*map(shown, codes), *texts)), "")
    for kind in limit_kinds(codes, texts):
        yield Limit(kind, reference_of(each), printed, start or since)
