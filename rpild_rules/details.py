"""What each card says beyond why it is sent: options, next steps, evidence (decisions section 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rpild_rules import attested, order_lines
from rpild_rules.basis import LISTS_MISSING, definition, missing
from rpild_rules.concepts import MYOSITIS_PROVEN, MYOSITIS_VAGUE
from rpild_rules.definition import CONDITIONS
from rpild_rules.diagnoses import having
from rpild_rules.facts import Attestation
from rpild_rules.findings import Finding, Reason
from rpild_rules.markers import named
from rpild_rules.onset import CRITERION
from rpild_rules.pathway import aip_conditions
from rpild_rules.suggestions import suggested
from rpild_rules.transplant_lines import air_leak, care_limit
from rpild_rules.triggers import ONSET_MISSING, unusable
from rpild_rules.workup import BASELINE

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due

# Conditions of which any one, if met, meets the definition; what can be had sooner stands first.
SETTLING = (
    "respiratoryFailure", "pao2Decline", "hrctIncrease", "fvcDecline", "dlcoDecline", "dyspnoeaNeedingCare",
)  # fmt: skip
BIOMARKERS = ("ferritin", "ldh", "crp")


def _lines(topic: str, *keys: str) -> Callable[[Situation], Iterator[str]]:
    def say(s: Situation) -> Iterator[str]:
        for key in keys:
            yield s.knowledge.texts.line(topic, key)

    return say


def options(s: Situation, due: Due) -> Iterator[str]:
    """First-line options by name, where the card is about treating: never ranked, never with a dose."""
    if not _about_treatment(s, due):
        return
    again = due.topic == "refractoryOptions"
    if again and s.therapy.t0:
        yield s.knowledge.texts.line("refractoryOptions", "breakthrough", date=s.therapy.t0.printed)
    yield from _lines("combinationTherapy", "options", "alternatives_below" if again else "alternatives")(s)
    yield _infection_review(s)


def evidence(s: Situation, due: Due) -> Iterator[str]:
    """What stands behind those options."""
    told = _about_treatment(s, due) and due.topic != "refractoryOptions"
    return _lines("combinationTherapy", "evidence")(s) if told else iter(())


def _about_treatment(s: Situation, due: Due) -> bool:
    if due.topic == "refractoryOptions":
        return s.episode.breakthrough
    open_onset = due.variant in ONSET_MISSING and s.in_context("confirmed", "suspected")
    return due.topic in ("combinationTherapy", "antibodyPending") or open_onset


def _reviewed(s: Situation) -> Attestation | None:
    """A clinician's word of the last days that infection was reviewed."""
    window = s.knowledge.window("infection_review_hours")
    said = attested.in_force(s.facts, "infection-reviewed", s.now, window)
    return said if said and said.value is True else None


def _infection_review(s: Situation) -> str:
    said = _reviewed(s)
    if said:
        return s.knowledge.texts.say("common", "infection_review", date=attested.time_of(said).printed)
    return s.knowledge.texts.say("common", "infection_open")


def _pending_panel(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    yield _on_its_way(s) if s.mda5.state == "pending" else _panel(s)
    yield texts.line("antibodyPending", "do_not_wait")
    yield texts.line("antibodyPending", "rule_outs_reviewed" if _reviewed(s) else "rule_outs")
    soon = [texts.label("item_short", item) for item in s.workup.open_items(*BIOMARKERS)]
    if soon:
        yield texts.line("antibodyPending", "biomarkers", items=", ".join(soon))


def _panel(s: Situation) -> str:
    """What to do about the antibody: look it up, repeat it, or send it."""
    if s.mda5.reason:
        return s.knowledge.texts.line("antibodyPending", "panel_unread")
    again = s.mda5.state == "indeterminate"
    return s.knowledge.texts.line("antibodyPending", "second_method" if again else "panel")


def _on_its_way(s: Situation) -> str:
    """That the panel is being signed, or since when it is on its way: by its order, else by the preliminary result."""
    order, newest = s.mda5.ordered, s.mda5.newest
    if order and order.drafted:
        return s.knowledge.texts.line("antibodyPending", "panel_signing")
    when = order.authored if order else newest.when if newest else None
    return s.knowledge.texts.line("antibodyPending", "panel_ordered", date=when.printed if when else "")


def _other_antibody(s: Situation) -> Iterator[str]:
    diagnosed = having(s.facts, MYOSITIS_PROVEN | MYOSITIS_VAGUE | {"ctd-other"})
    found = [named(s, s.other_antibodies)] if s.other_antibodies else []
    found += dict.fromkeys(d.printed for d in diagnosed)
    yield s.knowledge.texts.line("otherMyositisAntibody", "found", items=", ".join(found))
    yield from _lines("otherMyositisAntibody", "course", "repeat")(s)


def _aip(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    yield texts.line("aipPathway", "done" if s.causes_excluded else "open")
    if aip_conditions(s):
        yield from _lines("aipPathway", "conditions", "no_therapy", "steroid")(s)


def _undetermined(s: Situation, due: Due) -> Iterator[str]:
    """Beyond the month: what was met. With only the onset missing: the next steps of the card that would be due."""
    texts = s.knowledge.texts
    if due.variant == "armTwo" and s.onset.when:
        met = ", ".join(texts.label("criterion", c) for c in CONDITIONS if s.found[c].met)
        yield texts.line("undeterminedHighRisk", "beyond", onset=s.onset.when.printed, criteria=met)
    if due.variant in ONSET_MISSING:
        yield from NEXT_STEPS.get(s.context, _nothing)(s)


def acts(s: Situation, due: Due) -> Iterator[str]:
    """What to get first on the plain card of an open case: any one open condition, once the onset is known."""
    if due.topic == "undeterminedHighRisk" and not due.variant:
        texts, key = s.knowledge.texts, "settle_with_onset" if s.found[CRITERION].unknown else "settle"
        names = dict.fromkeys(texts.label("act", id) for id in SETTLING if s.found[id].unknown)
        yield texts.line("undeterminedHighRisk", key, acts="; or ".join(names))


def worse_cts(s: Situation, due: Due) -> Iterator[str]:
    """The CTs that are worse: the reason of the card on three months, before all else."""
    if due.topic != "threeMonthProgression":
        return
    yield from (
        s.knowledge.texts.line("threeMonthProgression", "cts", start=dates.start.printed, end=dates.end.printed)
        for dates in dict.fromkeys(_compared(s))
        if dates.start and dates.end
    )


def _three_months(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    yield f"{definition(s, 'fourConditions')}."
    yield texts.line("threeMonthProgression", "review")


def _compared(s: Situation) -> list[attested.Interval]:
    """The CTs behind the statement that the definition rests on."""
    evidence = s.found["ctWorsening92"].evidence
    return [attested.compared_cts(s.facts, a) for a in s.facts.attestations if a.reference in evidence]


def _surveillance(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    names = "; ".join(texts.label("item_short", item) for item in s.workup.open_items(*BASELINE))
    yield texts.line("mda5Surveillance", "missing", items=names)
    yield from _lines("mda5Surveillance", "early", "symptoms", "follow_up")(s)


def after_failure(s: Situation, due: Due) -> Iterator[str]:
    """Published options after failure, each with n, result and harm."""
    if due.topic != "refractoryOptions":
        return
    yield _infection_again(s)
    yield from _lines("refractoryOptions", "intro", "jaki", "rtx", "tcz", "plex", "ivig", "pmx", "pirfenidone")(s)
    yield from air_leak(s)
    if s.care_limited:
        yield care_limit(s)


def _infection_again(s: Situation) -> str:
    """That infection is to be looked for again; whether it was reviewed, unless the first-line options tell it."""
    said, line = _reviewed(s), s.knowledge.texts.line
    if s.episode.breakthrough:
        return line("refractoryOptions", "infection")
    if said:
        return line("refractoryOptions", "infection_reviewed", date=attested.time_of(said).printed)
    return line("refractoryOptions", "infection_open")


def _data_quality(s: Situation) -> Iterator[str]:
    """One line a fault, however many answers it leaves open: the value as sent, and what could be read."""
    texts = s.knowledge.texts
    said: dict[object, str] = {}
    for finding, reason in unusable(s):
        what = next(each.what for each in finding.missing if each.reason is reason)
        line = texts.line(
            "dataQuality", "item", printed=f"{what[:1].upper()}{what[1:]}", reason=texts.label("reason", reason),
            readable=_readable(s, finding, reason), reference=", ".join(finding.evidence) or finding.id,
        )  # fmt: skip
        said.setdefault((reason, frozenset(finding.evidence) or what), line)
    yield from said.values()


def _readable(s: Situation, finding: Finding, reason: Reason) -> str:
    """What would make it readable; for a unit the units that are accepted."""
    texts = s.knowledge.texts
    spoilt = [m for m in s.facts.measurements if m.reference in finding.evidence and m.problem is Reason.UNIT]
    if reason is not Reason.UNIT or not spoilt:
        return texts.line("dataQuality", "other" if reason is Reason.UNIT else reason.value)
    units = "; ".join(dict.fromkeys(texts.label("accepted", m.concept) for m in spoilt))
    return texts.line("dataQuality", "unit", units=units)


def _nothing(s: Situation) -> Iterator[str]:
    return iter(())


NEXT_STEPS: dict[str, Callable[[Situation], Iterator[str]]] = {
    "suspected": _pending_panel,
    "otherMsa": _other_antibody,
    "noCtd": _aip,
}
BODIES: dict[str, Callable[[Situation], Iterator[str]]] = {
    "antibodyPending": _pending_panel,
    "otherMyositisAntibody": _other_antibody,
    "aipPathway": _aip,
    "threeMonthProgression": _three_months,
    "mda5Surveillance": _surveillance,
    "dataQuality": _data_quality,
    **order_lines.BODIES,
}


def next_steps(s: Situation, due: Due) -> Iterator[str]:
    """The lines that only this topic says."""
    if due.topic == "undeterminedHighRisk":
        return _undetermined(s, due)
    return BODIES.get(due.topic, _nothing)(s)


def open_criteria(s: Situation, due: Due) -> Iterator[str]:
    """What is missing for a decision, where the card is about that."""
    return missing(s, due) if due.topic in LISTS_MISSING else iter(())


def open_work(s: Situation, due: Due) -> Iterator[str]:
    """Work-up that is missing or on its way; the card on surveillance names its baseline items itself."""
    items = () if due.topic == "mda5Surveillance" else suggested(s, due) if due.topic == "workup" else s.workup.missing
    label = s.knowledge.texts.label
    yield from _listed(s, "work_up", [label("item_short", item) for item in items])
    yield from _listed(s, "ordered", [f"{label('item_short', item)} ({since})" for item, since in s.workup.ordered])


def unread_work(s: Situation) -> Iterator[str]:
    """Work-up of which nobody can say whether it was done."""
    yield from _listed(s, "work_up_unread", [s.knowledge.texts.label("item_short", item) for item in s.workup.unread])


def _listed(s: Situation, key: str, names: list[str]) -> Iterator[str]:
    if names:
        yield s.knowledge.texts.say("common", key, items="; ".join(names))
