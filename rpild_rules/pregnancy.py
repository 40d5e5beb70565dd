"""Whether a pregnancy is documented or possible before a drug that harms the fetus (decisions section 12, S3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rpild_rules.antibodies import recency
from rpild_rules.diagnoses import earliest, having, history
from rpild_rules.facts import Diagnosis, Meaning, PatientFacts, TestResult
from rpild_rules.findings import MET
from rpild_rules.gate import years
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, Window, after, within

HCG = frozenset({"hcg-qual", "hcg-quant"})
RULED_OUT = frozenset({"hysterectomy", "oophorectomy-bilateral", "sterilisation", "menopause"})


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """The words of what was found: `documented`, or else `possible`; both empty when nothing can be said."""

    documented: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()

    @property
    def concern(self) -> bool:
        return bool(self.documented or self.possible)


def find_pregnancy(facts: PatientFacts, now: When, knowledge: Knowledge) -> Pregnancy:
    """What the record says of a pregnancy."""
    documented = tuple(_documented(facts, now, knowledge))
    if documented or not _may_be_pregnant(facts, now, knowledge):
        return Pregnancy(documented)
    window = knowledge.window("hcg_days")
    if any(r.meaning is Meaning.NEGATIVE and _within(r, now, window) for r in _tests(facts)):
        return Pregnancy()
    untested = knowledge.texts.line("pregnancyCheck", "no_test")
    sex = [] if facts.person.sex == "female" else [knowledge.texts.line("pregnancyCheck", "sex")]
    return Pregnancy(possible=(untested, *sex))


def _documented(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[str]:
    ended = history(facts, {"pregnancy-ended"})
    for d in having(facts, {"pregnancy"}):
        if not any(_ends(e, d) for e in ended):
            yield d.printed
    status = max((r for r in facts.results if r.concept == "pregnancy-status" and r.valid), key=recency, default=None)
    if status and status.meaning is Meaning.POSITIVE:
        yield f"pregnancy status: {status.printed}"
    newest = max(_tests(facts), key=recency, default=None)
    if (
        newest
        and newest.meaning in (Meaning.POSITIVE, Meaning.WEAK)
        and _within(newest, now, knowledge.window("hcg_positive_days"))
    ):
        yield f"hCG {newest.printed}" + (f" ({newest.when.printed})" if newest.when else "")


def _ends(end: Diagnosis, pregnancy: Diagnosis) -> bool:
    ended, begun = earliest([end]), earliest([pregnancy])
    return ended is not None and (begun is None or after(ended, begun))


def _tests(facts: PatientFacts) -> list[TestResult]:
    return [r for r in facts.results if r.concept in HCG and r.valid and r.when]


def _within(r: TestResult, now: When, window: Window) -> bool:
    return r.when is not None and within(r.when.cut(now), now, window) is MET


def _may_be_pregnant(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Not recorded as male, of an age that allows it, nothing recorded that rules it out, and tests could be read."""
    if facts.person.sex == "male" or not facts.read("E-PREG") or not _of_age(facts, now, knowledge):
        return False
    operated = any(d.concepts & RULED_OUT and d.status == "completed" for d in facts.done)
    return not operated and not history(facts, RULED_OUT)


def _of_age(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """An age that is not known for certain counts as possible."""
    birth = facts.person.birth
    return birth is None or knowledge.parameter("pregnancy_age_max").holds(Decimal(years(birth.last, now.last)))
