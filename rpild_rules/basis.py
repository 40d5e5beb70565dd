"""Why a card is sent and what is open: criteria met with their values, the definitions, what is missing, the foot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rpild_rules import markers, order_gaps, results, risk
from rpild_rules.definition import CRITERIA, DEFINITIONS
from rpild_rules.findings import MET, UNKNOWN, Reason
from rpild_rules.lead import RP_CARDS
from rpild_rules.onset import CRITERION
from rpild_rules.stays import acute
from rpild_rules.triggers import ONSET_MISSING

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.facts import Diagnosis, Measurement, Scan, Support, TestResult
    from rpild_rules.triggers import Due
    from rpild_rules.when import When

LISTS_MISSING = frozenset({"undeterminedHighRisk", "threeMonthProgression"})
SAID_BY_WORDS = frozenset({Reason.NO_DATA, Reason.NO_BASELINE})  # "no result", "no value in the month before it"
COMPOSITES = frozenset({"lungFunctionDecline", "gasExchange"})
ORDER_READS = {
    "avoidForInduction": ("E-MED", "E-MSA"),
    "possibleInfection": ("E-MICRO", "E-COND", "E-VITAL", "E-INFL", "E-ATT", "E-ORD"),
    "pregnancyCheck": ("E-COND", "E-PREG", "E-PROC"),
    "cniSafety": ("E-CHEM", "E-MED"),
    "preImmunosuppressionScreen": ("E-SCREEN", "E-CBC", "E-CHEM", "E-ORD"),
    "pjpProphylaxis": ("E-MED", "E-ALL", "E-CHEM"),
    "cytopenia": ("E-CBC",),
    "jakiRisk": ("E-COND", "E-CBC", "E-SCREEN"),
    "steroidOnly": ("E-MED", "E-MSA"),
}  # what the rules of section 12 read, beside the order itself
WEIGH_LYMPHOCYTES = frozenset({"combinationTherapy", "antibodyPending", "refractoryOptions"})
RESTS_ON_RP = frozenset({"avoidForInduction", "steroidOnly"})
DISPUTED = ("(relative only)", "(absolute only)")  # the two ways to compare FVC disagree: shown even if not met
PARTS = tuple(id for id in CRITERIA if id not in COMPOSITES)


def basis(s: Situation, due: Due) -> Iterator[str]:
    """Which conditions are met, with dates and values; at an earlier time if the episode rests on that."""
    texts, onset = s.knowledge.texts, s.found[CRITERION]
    latched = s.rp is not MET and s.episode.latch.held
    found = s.episode.latch.findings if latched else tuple(s.found[id] for id in PARTS)
    met = [f for f in found if (f.met or f.because.endswith(DISPUTED)) and f.id in PARTS and f.id != onset.id]
    shown = met if onset.unknown else [onset, *met]
    if due.topic == "refractoryOptions" and not s.episode.breakthrough:
        shown = []  # what is worse is the reason of this card; how the episode began stands on the page
    yield from (
        texts.say("common", "criterion", criterion=_name(s, f.id), because=f.because, limit=texts.label("limit", f.id))
        for f in shown
    )
    if due.topic == "refractoryOptions":
        yield from _under_treatment(s)
    yield from _antibody(s)
    if due.topic == "undeterminedHighRisk":
        yield from _further_risks(s, {f.because for f in shown})
    low = risk.low_saturation(s.facts, "spo2_note", s.now, s.knowledge, on_air=False)
    if low:
        yield texts.say("common", "spo2", value=results.shown(low))
    if due.topic != "refractoryOptions":
        yield texts.say("common", "definitions", each="; ".join(_stand(s, due)))


def _under_treatment(s: Situation) -> Iterator[str]:
    """Since when the treatment runs that fails, and what the newest arterial gas says."""
    since, gas = s.therapy.t0, s.found["respiratoryFailure"]
    if s.episode.breakthrough:
        return
    assert since  # without a regimen that runs nothing has failed
    status = _status(s, gas.id)
    yield s.knowledge.texts.say("common", "under_treatment", date=since.printed, status=status, gas=gas.because)


def _antibody(s: Situation) -> Iterator[str]:
    """The result on which a confirmed or doubtful context rests; the marks tell of one that is weak or contradicted."""
    newest = s.mda5.newest
    if newest and not s.mda5.marks & {"weak", "discordant"}:
        when = newest.when.printed if newest.when else "undated"
        yield s.knowledge.texts.say("common", "mda5", result=f"{newest.printed}, {when}")


def _further_risks(s: Situation, said: set[str]) -> Iterator[str]:
    """The risk facts that are neither among the criteria shown nor told of the onset below."""
    more = [each for each in s.risk if each not in said and each != s.found[CRITERION].because]
    if more:
        yield s.knowledge.texts.line("undeterminedHighRisk", "risks", facts="; ".join(more))


def _name(s: Situation, id: str) -> str:
    return s.knowledge.texts.label("criterion", id)


def _short_name(s: Situation, id: str) -> str:
    return _name(s, id) if id in PARTS else s.knowledge.texts.label("definition_short", id)


def definition(s: Situation, id: str) -> str:
    """One definition with its source, and how it stands; never "excluded" (section 5)."""
    texts = s.knowledge.texts
    return texts.say("common", "definition", definition=texts.label("definition", id), status=_status(s, id))


def _status(s: Situation, id: str) -> str:
    texts, finding = s.knowledge.texts, s.found[id]
    key = "undetermined" if finding.unknown else "met" if finding.met else "not_met"
    return texts.say("common", key, date=s.now.first.isoformat()) if key == "not_met" else texts.say("common", key)


def _stand(s: Situation, due: Due) -> Iterator[str]:
    """How the definitions stand, those alike together; the last with its reason, if no list below tells it."""
    for status, group in groupby(DEFINITIONS, key=lambda id: _status(s, id)):
        ids = tuple(group)
        names = ", ".join(s.knowledge.texts.label("definition_short", id) for id in ids)
        lacks = dict.fromkeys(each.what for each in s.found[ids[-1]].missing)
        told = f"{names} {status}"
        if ids[-1] == DEFINITIONS[-1] and lacks and not _lists(due):
            told = s.knowledge.texts.say("common", "definition_why", definition=told, why="; ".join(lacks))
        yield told


def missing(s: Situation, due: Due) -> Iterator[str]:
    """Each criterion that is open: what is missing, why, and how to get it; what several lack is said once.

    Where a condition is met and only the onset is open, the other criteria decide nothing: they are named in one line.
    """
    texts = s.knowledge.texts
    groups: dict[tuple[str, str], list[str]] = {}
    for id in (CRITERION,) if due.variant in ONSET_MISSING else (*PARTS, "threeMonthProgression"):
        lacks = s.found[id].missing
        told = dict.fromkeys(texts.label("reason", each.reason) for each in lacks if each.reason not in SAID_BY_WORDS)
        reasons = ", ".join(told)
        what = "; ".join(dict.fromkeys(each.what for each in lacks))
        if lacks and not _asked_first(s, due, id):
            groups.setdefault((what, reasons), []).append(id)
    for (what, reasons), ids in groups.items():
        names = ", ".join(_short_name(s, id) for id in ids)
        remedy = " ".join(dict.fromkeys(texts.label("remedy", id) for id in ids))
        lacking = f"{what} ({reasons})" if reasons else what
        yield texts.say("common", "missing_item", criterion=names, what=lacking, remedy=remedy)


def _lists(due: Due) -> bool:
    """Whether the card lists each criterion that is open."""
    return due.topic in LISTS_MISSING and due.variant not in ONSET_MISSING


def _asked_first(s: Situation, due: Due, id: str) -> bool:
    """The onset, where the first line of the card asks for it and there is nothing to add."""
    return due.variant in ONSET_MISSING and id == CRITERION and s.found[id].reasons == {Reason.NO_DATA}


def data_line(s: Situation) -> str:
    """How new the data are, and which were used; the same on every card of a call."""
    return s.knowledge.texts.say("foot", "data", date=_newest(s), inputs=", ".join(_inputs(s)) or "-")


def _newest(s: Situation) -> str:
    newest = max(_times(s), key=lambda when: when.latest, default=None)
    return newest.printed if newest else "-"


def unknown(s: Situation, due: Due) -> Iterator[str]:
    """What is not known that the card does not tell elsewhere; of a card on an order, what it would have read."""
    if due.topic in ORDER_READS:
        yield from _unread_inputs(s, due)
        return
    names = [_short_name(s, id) for id in _to_tell(due) if s.found[id].unknown]
    if due.topic in WEIGH_LYMPHOCYTES or due.variant in ONSET_MISSING:
        names += markers.no_lymphocytes(s)
    if names:
        yield s.knowledge.texts.say("foot", "unknown", unknown=", ".join(names))
    elif not _lists(due):
        yield s.knowledge.texts.say("common", "all_judged")


def _unread_inputs(s: Situation, due: Due) -> Iterator[str]:
    texts = s.knowledge.texts
    unread = [texts.label("element", each) for each in ORDER_READS[due.topic] if not s.facts.read(each)]
    silent = order_gaps.without_result(s, due.topic)
    told = [(key, names) for key, names in (("unread_inputs", unread), ("no_result", silent)) if names]
    yield from (texts.say("common", key, items=", ".join(names)) for key, names in told)
    if due.topic in RESTS_ON_RP and s.rp is UNKNOWN:
        yield texts.say("common", "rp_unknown")
    elif not told:
        yield texts.say("common", "all_read")


def foot(s: Situation, due: Due, data: str) -> Iterator[str]:
    """Role, data, and what else a reader has to know to check the card."""
    yield s.knowledge.texts.say("foot", "role")
    yield _order_data(s, due) if due.topic in ORDER_READS else data
    yield from _remarks(s)


def _order_data(s: Situation, due: Due) -> str:
    """The foot of a card on an order names what that card reads, and nothing else."""
    reads = s.knowledge.texts.label("reads", due.topic)
    return s.knowledge.texts.say("foot", "data", date=_newest(s), inputs=reads)


def _to_tell(due: Due) -> tuple[str, ...]:
    """The answers whose absence the card does not tell elsewhere."""
    if due.variant in ONSET_MISSING:
        return tuple(id for id in PARTS if id != CRITERION)
    if due.topic in LISTS_MISSING:
        return ()
    return PARTS if due.topic in RP_CARDS else (*PARTS, *DEFINITIONS)


def _times(s: Situation) -> Iterator[When]:
    """The newest of everything measured, tested, imaged, attested, given or found, none of it ahead of now."""
    facts = s.facts
    measured = (results.newest(each, s.now) for each in facts.by_concept.values())
    times: Iterable[When | None] = (
        *(newest.when for newest in measured if newest),
        *(r.when for r in facts.results if r.valid),
        *(scan.when for scan in facts.scans),
        *(a.made for a in facts.attestations),
        *(t.start for t in facts.treatments),
        *(d.recorded for d in facts.diagnoses),
    )
    return (when for when in times if when and not when.ahead_of(s.now))


def _inputs(s: Situation) -> dict[str, None]:
    """What the answers rest on, by name, each once."""
    found = [ref for finding in s.found.values() if not finding.unknown for ref in finding.evidence]
    refs = dict.fromkeys((*found, *s.mda5.evidence))
    names = _names(s, refs.keys())
    return dict.fromkeys(names[ref] for ref in refs if ref in names)


def _names(s: Situation, refs: Collection[str]) -> dict[str, str]:
    """What some references stand for, in words."""
    facts, label = s.facts, s.knowledge.texts.label
    printed: tuple[Support | Diagnosis, ...] = (*facts.supports, *facts.diagnoses)
    labelled: tuple[tuple[str, Iterable[Scan | TestResult | Measurement]], ...] = (
        ("input", facts.scans), ("antibody", facts.results), ("input", facts.measurements),
    )  # fmt: skip
    names = {stay.reference: label("input", "encounter") for stay in facts.stays}
    names |= {a.reference: label("input", "attestation") for a in facts.attestations}
    names |= {each.reference: each.printed for each in printed}
    return names | {
        each.reference: label(section, each.concept)
        for section, group in labelled
        for each in group
        if each.reference in refs
    }


def _remarks(s: Situation) -> Iterator[str]:
    """Limits on resuscitation, an unread setting, unknown drugs, a failed rule, and values that a site has changed."""
    texts = s.knowledge.texts
    limits = [limit.printed for limit in s.facts.limits if limit.kind == "resuscitation"]
    if limits:
        yield texts.say("common", "resuscitation_limit", printed=", ".join(dict.fromkeys(limits)))
    if not s.facts.read("E-ENC") and not acute(s.facts, s.now, s.now):
        yield texts.say("common", "setting_unread")
    named = [name for name in s.therapy.unresolved if name]
    if named and not s.therapy.combination:
        yield texts.say("common", "unresolved_drugs", drugs=", ".join(named))
    failed = [id for id in (*DEFINITIONS, *CRITERIA) if Reason.RULE_FAILED in s.found[id].reasons]
    if failed:
        yield texts.say("common", "rule_failed", criterion=", ".join(failed))
    for change in s.knowledge.overrides:
        yield texts.say("common", "override_value", name=change.name, value=change.value, default=change.default)
