"""What stands on each card: basis, options, flags, what is unknown, and the foot (decisions section 9, "detail must contain")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rpild_rules import attested, order_safety, prognosis
from rpild_rules.antibodies import positive
from rpild_rules.concepts import ILD_GROUP, MYOSITIS_PROVEN, OTHER_MSA
from rpild_rules.definition import CONDITIONS, CRITERIA, DEFINITIONS
from rpild_rules.diagnoses import having
from rpild_rules.findings import MET, Finding
from rpild_rules.prognosis import FLAGS
from rpild_rules.triggers import first_panel_items, unusable
from rpild_rules.workup import BASELINE, BLOOD, CONSULTS

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.triggers import Due

LABS = ("arterial-gas", *BLOOD)


def basis(s: Situation) -> Iterator[str]:
    """Which condition is met, with its dates and values; at an earlier time if the episode rests on that."""
    found = (
        s.episode.latch.findings if s.rp is not MET and s.episode.latch.held else tuple(s.found[id] for id in CRITERIA)
    )
    yield from (
        criterion(s, f)
        for f in found
        if f.met and f.id in CRITERIA and f.id not in ("lungFunctionDecline", "gasExchange")
    )
    yield from (definition(s, id) for id in DEFINITIONS if id != "fourConditions" and s.found[id].met)


def criterion(s: Situation, finding: Finding) -> str:
    """One criterion with its basis."""
    return s.knowledge.texts.say(
        "common", "criterion", criterion=s.knowledge.texts.label("criterion", finding.id), because=finding.because
    )


def definition(s: Situation, id: str) -> str:
    """One definition and how it stands."""
    texts, finding = s.knowledge.texts, s.found[id]
    if finding.unknown:
        status = texts.say(
            "common", "undetermined", reasons=", ".join(sorted(texts.label("reason", r) for r in finding.reasons))
        )
    else:
        status = "met" if finding.met else texts.say("common", "not_met", date=s.now.printed)
    return texts.say("common", "other_definition", definition=texts.label("definition", id), status=status)


def antibody_marks(s: Situation) -> Iterator[str]:
    """Sub-marks of the anti-MDA5 state, and what else was found or is not coded."""
    texts = s.knowledge.texts
    if "weak" in s.mda5.marks:
        yield texts.say("common", "mda5_weak")
    if "multiple" in s.mda5.marks:
        others = ", ".join(r.concept for r in positive(s.facts, OTHER_MSA))
        yield texts.say("common", "mda5_multiple", others=others)
    if "discordant" in s.mda5.marks:
        yield texts.say("common", "mda5_discordant", date="see the page")
    if s.context == "confirmed" and not having(s.facts, MYOSITIS_PROVEN | ILD_GROUP):
        yield texts.say("common", "not_coded")
    if s.context == "suspected" and s.other_antibodies:
        yield texts.say("common", "other_antibody", antibodies=", ".join(r.concept for r in s.other_antibodies))


def flags(s: Situation) -> Iterator[str]:
    """Flags that are met, each with its cohort, and the caveat."""
    texts, met = s.knowledge.texts, [s.found[id] for id in FLAGS if s.found[id].met]
    for finding in met:
        cohort = s.knowledge.reference(texts.label("flag_source", finding.id)).title
        yield f"{texts.label('flag', finding.id)}: {finding.because} ({cohort})."
    trend = prognosis.ferritin_trend(s.facts, s.therapy.t0, s.now, s.knowledge)
    if trend:
        yield f"{trend[:1].upper()}{trend[1:]}."
    if met and s.context != "confirmed":
        yield texts.say("common", "flag_other_cohort")
    if met:
        yield texts.say("common", "flag_caveat")


def missing(s: Situation) -> Iterator[str]:
    """Each criterion that is open: what is missing, why, and how to get it."""
    texts = s.knowledge.texts
    for id in (*CRITERIA, "threeMonthProgression"):
        finding = s.found[id]
        if finding.unknown and id not in ("lungFunctionDecline", "gasExchange"):
            reasons = ", ".join(dict.fromkeys(texts.label("reason", m.reason) for m in finding.missing))
            name = texts.label("criterion", id) if id in CRITERIA else texts.label("definition", id)
            what = "; ".join(dict.fromkeys(m.what for m in finding.missing))
            yield texts.say(
                "common", "missing_item", criterion=name, what=what, reason=reasons, remedy=texts.label("remedy", id)
            )


def open_work(s: Situation, items: tuple[str, ...] | None = None) -> Iterator[str]:
    """Work-up that is missing, ordered or could not be read."""
    texts = s.knowledge.texts
    names = [texts.label("item", item) for item in (s.workup.missing if items is None else items)]
    if names:
        yield texts.say("common", "work_up", items=", ".join(names))
    for item, since in s.workup.ordered:
        key, values = ("ordered_here", {}) if since == "being signed" else ("ordered", {"date": since})
        yield texts.say("common", key, item=texts.label("item", item), **values)
    if s.workup.unread:
        unread = ", ".join(texts.label("item", item) for item in s.workup.unread)
        yield texts.say("lead", "unread", what=unread)


def transplant(s: Situation) -> Iterator[str]:
    """The transplant lines, left out where care is limited."""
    texts = s.knowledge.texts
    if s.care_limited:
        limits = ", ".join(limit.printed for limit in s.facts.limits if limit.kind == "partial")
        yield texts.say("common", "care_limited", printed=limits)
        return
    if s.referral:
        yield f"Transplant referral: {s.referral}."
    elif s.in_context("confirmed", "suspected", "otherMsa"):
        yield texts.say("common", "transplant")
    if s.barriers:
        yield texts.say("common", "transplant_barrier", items="; ".join(s.barriers))
    yield texts.say("common", "transplant_unknown", items=", ".join(texts.unknown_to_tool))


def infection_review(s: Situation) -> Iterator[str]:
    said = attested.says(s.facts, "infection-reviewed", s.now, s.knowledge.window("infection_review_hours"))
    newest = attested.newest(s.facts, "infection-reviewed")
    if said and newest:
        yield f"Infection reviewed by a clinician on {attested.time_of(newest).printed}."
    else:
        yield "Infection review: not attested within its time; assess before or with."


def _lines(topic: str, *keys: str) -> Callable[[Situation], Iterator[str]]:
    def say(s: Situation) -> Iterator[str]:
        for key in keys:
            yield s.knowledge.texts.line(topic, key)

    return say


combination_options = _lines("combinationTherapy", "options", "alternatives", "further", "early", "bias")


def _pending_panel(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    if s.mda5.reason:
        yield texts.line("antibodyPending", "panel_unread")
    elif s.mda5.state == "indeterminate":
        yield texts.line("antibodyPending", "second_method")
    elif s.mda5.state == "pending":
        order = s.mda5.ordered
        since = (
            "in these orders" if order and order.drafted else order.authored.printed if order and order.authored else ""
        )
        yield texts.line("antibodyPending", "panel_ordered", date=since)
    else:
        yield texts.line("antibodyPending", "panel")
    if s.mda5.note:
        yield f"{s.mda5.note[:1].upper()}{s.mda5.note[1:]}."
    yield from _lines("antibodyPending", "do_not_wait", "rule_outs", "biomarkers")(s)


def _other_antibody(s: Situation) -> Iterator[str]:
    found = [f"{r.concept} {r.printed}" for r in s.other_antibodies] or [
        d.printed for d in having(s.facts, MYOSITIS_PROVEN | {"ctd-other"})
    ]
    yield s.knowledge.texts.line("otherMyositisAntibody", "found", items=", ".join(found))
    yield from _lines("otherMyositisAntibody", "course", "repeat")(s)


def _aip(s: Situation) -> Iterator[str]:
    texts, window = s.knowledge.texts, s.knowledge.window("attestation_days")
    causes = attested.says(s.facts, "causes-excluded", s.now, window)
    key = "done" if causes else "open"
    yield texts.line("aipPathway", key, items=", ".join(texts.causes))
    if s.stage == "aip":
        states = {"acute": "met", "bilateral": "attested", "cause": "attested", "tissue": "not known to the tool"}
        yield texts.line("aipPathway", "conditions", **states)
        yield from _lines("aipPathway", "no_therapy", "steroid")(s)
    elif not causes:
        yield texts.line("aipPathway", "attest")


def _undetermined(s: Situation, due: Due) -> Iterator[str]:
    texts = s.knowledge.texts
    if due.variant == "armTwo" and s.onset.when:
        met = ", ".join(texts.label("criterion", c) for c in CONDITIONS if s.found[c].met)
        yield texts.line("undeterminedHighRisk", "beyond", onset=s.onset.when.printed, criteria=met)
    if s.risk:
        yield texts.line("undeterminedHighRisk", "risks", facts="; ".join(s.risk))


def _three_months(s: Situation) -> Iterator[str]:
    texts, said = (
        s.knowledge.texts,
        attested.newest(s.facts, "ct-worsening") or attested.newest(s.facts, "hrct-increase-percent"),
    )
    dates = attested.compared_cts(s.facts, said) if said else None
    if dates and dates.start and dates.end:
        yield texts.line("threeMonthProgression", "cts", start=dates.start.printed, end=dates.end.printed)
    yield definition(s, "fourConditions")
    yield texts.line("threeMonthProgression", "review")


def _surveillance(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    names = ", ".join(texts.label("item", item) for item in s.workup.open_items(*BASELINE))
    yield texts.line("mda5Surveillance", "missing", items=names)
    yield from _lines("mda5Surveillance", "early", "symptoms", "follow_up")(s)


def _refractory(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    if s.episode.breakthrough and s.therapy.t0:
        yield texts.line("refractoryOptions", "breakthrough", date=s.therapy.t0.printed)
        yield from combination_options(s)
    yield from _lines(
        "refractoryOptions", "intro", "jaki", "rtx", "tcz", "plex", "ivig", "pmx", "pirfenidone", "infection"
    )(s)
    yield from air_leak(s)
    if not s.care_limited:
        yield texts.line("refractoryOptions", "planning")


def air_leak(s: Situation) -> Iterator[str]:
    found = having(s.facts, {"pneumothorax", "pneumomediastinum"})
    if found:
        yield s.knowledge.texts.say("common", "air_leak", items=", ".join(d.printed for d in found))


def _referral(s: Situation) -> Iterator[str]:
    yield from _lines("transplantReferral", "reason", "evidence", "plex", "centre")(s)
    if s.stage == "response":
        yield s.knowledge.texts.say("common", "record_response")


def _ecmo(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    if s.severe:
        yield texts.line("ecmoTransplant", "values", values=s.severe.words)
    yield from _lines("ecmoTransplant", "limits", "mda5_series", "series")(s)
    yield texts.say("common", "infection_deaths")
    yield from air_leak(s)
    if s.barriers:
        yield texts.line("ecmoTransplant", "contraindications", items="; ".join(s.barriers))
    yield texts.line("ecmoTransplant", "contraindications_unknown", items=", ".join(texts.unknown_to_tool))
    yield texts.line("ecmoTransplant", "bridge")


def _avoid(s: Situation) -> Iterator[str]:
    drafts = order_safety.avoided(s)
    yield s.knowledge.texts.line("avoidForInduction", "signing", drugs=", ".join(t.printed for t in drafts))
    names = {each for t in drafts for each in t.ingredients}
    keys = ["azathioprine"] if "azathioprine" in names else []
    keys += ["lung_toxicity"] if names & {"methotrexate", "leflunomide"} else []
    yield from _lines("avoidForInduction", *keys, "alternatives")(s)


def _data_quality(s: Situation) -> Iterator[str]:
    texts = s.knowledge.texts
    for finding in unusable(s):
        reason = finding.missing[0].reason
        refs = ", ".join(finding.evidence) or finding.id
        readable = texts.line("dataQuality", reason.value)
        yield texts.line(
            "dataQuality",
            "item",
            reference=refs,
            printed=finding.missing[0].what,
            reason=texts.label("reason", reason),
            readable=readable,
        )


BODIES: dict[str, Callable[[Situation], Iterator[str]]] = {
    "combinationTherapy": combination_options,
    "antibodyPending": _pending_panel,
    "otherMyositisAntibody": _other_antibody,
    "aipPathway": _aip,
    "threeMonthProgression": _three_months,
    "mda5Surveillance": _surveillance,
    "refractoryOptions": _refractory,
    "transplantReferral": _referral,
    "ecmoTransplant": _ecmo,
    "avoidForInduction": _avoid,
    "dataQuality": _data_quality,
}


def body(s: Situation, due: Due) -> tuple[str, ...]:
    """The lines that only this topic says."""
    if due.topic == "undeterminedHighRisk":
        lines = list(_undetermined(s, due))
        if due.variant.startswith("onsetMissing"):
            lines += (
                combination_options(s)
                if s.context == "confirmed"
                else _pending_panel(s)
                if s.context == "suspected"
                else ()
            )
        return tuple(lines)
    return tuple(BODIES[due.topic](s)) if due.topic in BODIES else ()


def suggested(s: Situation, due: Due) -> tuple[str, ...]:
    """The work-up items to offer as orders on this card, most urgent first."""
    first = ("arterial-gas",) if s.blind else ()
    wanted = {
        "combinationTherapy": (*first, "hrct", *CONSULTS, "transplant-referral", *LABS),
        "antibodyPending": (
            *first,
            "myositis-panel",
            *CONSULTS,
            "transplant-referral",
            "ferritin",
            "ldh",
            "crp",
            "arterial-gas",
        ),
        "otherMyositisAntibody": (*first, "myositis-panel", *CONSULTS, "transplant-referral"),
        "aipPathway": (*first, "bal", "viral-pcr", "pjp-test", *CONSULTS),
        "undeterminedHighRisk": _undetermined_items(due),
        "threeMonthProgression": ("arterial-gas", "lung-function", "hrct", *CONSULTS),
        "mda5Surveillance": ("hrct", "lung-function", "ferritin"),
        "workup": s.workup.missing if s.lung_signal else first_panel_items(s),
        "refractoryOptions": (*first, *CONSULTS),
        "transplantReferral": ("transplant-referral", "pulmonology-consult"),
        "ecmoTransplant": (*first, "ecmo-consult", "transplant-referral"),
    }.get(due.topic, ())
    return s.workup.open_items(*dict.fromkeys(wanted))


def _undetermined_items(due: Due) -> tuple[str, ...]:
    if not due.variant.startswith("onsetMissing"):
        return ("arterial-gas", "lung-function", "hrct")
    panel = ("myositis-panel",) if due.variant == "onsetMissing-noMda5" else ()
    return (*panel, *CONSULTS, "arterial-gas")
