"""Signs of active infection: what was found, what was not looked for, what was reviewed (decisions section 12, S2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rpild_rules import attested, results
from rpild_rules.diagnoses import dated_within, dates, having
from rpild_rules.facts import Meaning, PatientFacts, TestResult
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Status
from rpild_rules.knowledge import Knowledge
from rpild_rules.results import shown, time_of, value_of
from rpild_rules.when import When, after, near, within

CULTURES = frozenset({"blood-culture", "respiratory-culture", "urine-culture", "culture-other"})
VIRUSES = frozenset({"sars-cov-2-rna", "influenza-a-rna", "influenza-b-rna", "respiratory-viral-panel"})
PNEUMOCYSTIS = frozenset({"pjp-dna", "pjp-stain-ag"})
OTHER_TESTS = VIRUSES | PNEUMOCYSTIS | {"cmv-dna", "beta-d-glucan"}
CONDITIONS = frozenset(
    {"pneumonia", "pjp", "sepsis", "septic-shock", "covid-19", "cmv-pneumonitis", "vap", "infection-other"}
)
WEAK_SIGNS = frozenset({"temperature", "procalcitonin"})
SKIN_FLORA, YEAST = "coagulase", "candida"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of infection: its kind, its words with date, when it arose, and where it stands."""

    kind: str
    words: str
    when: When | None
    reference: str


@dataclass(frozen=True, slots=True)
class Infection:
    """The status of `infectionSigns`, its signs, findings that do not count, and what was not looked for.

    `fever_alone`: temperature is the only sign and cultures are under way. `reviewed`: when a clinician looked, after
    every sign.
    """

    status: Status = UNKNOWN
    signs: tuple[Sign, ...] = ()
    shown_only: tuple[str, ...] = ()
    not_assessed: tuple[str, ...] = ()
    fever_alone: bool = False
    reviewed: str = ""

    @property
    def met(self) -> bool:
        return self.status is MET

    @property
    def alarming(self) -> bool:
        """Signs that nobody has reviewed and that are more than a fever under investigation."""
        return self.met and not self.reviewed and not self.fever_alone


def infection_signs(facts: PatientFacts, now: When, knowledge: Knowledge) -> Infection:
    """Every sign within its window, and what follows from it."""
    signs = tuple(_signs(facts, now, knowledge))
    enough = bool(signs) and (
        not all(s.kind in WEAK_SIGNS for s in signs)
        or knowledge.parameter("infection_signs_needed").holds(Decimal(len(signs)))
    )
    missing = tuple(_not_assessed(facts, now, knowledge))
    status = MET if enough else UNKNOWN if missing or signs else NOT_MET
    fever = bool(signs) and all(s.kind == "temperature" for s in signs) and _cultures_under_way(facts, now, knowledge)
    return Infection(
        status, signs, tuple(_flora(facts, now, knowledge)), missing, fever, _reviewed(facts, signs, now, knowledge)
    )


def _signs(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[Sign]:
    yield from (
        _of_test(r) for r in _recent(facts, CULTURES, now, knowledge) if not _is_flora(r, facts, now, knowledge)
    )
    yield from (_of_test(r) for r in _recent(facts, OTHER_TESTS, now, knowledge))
    window = knowledge.window("infection_condition_days")
    for d in having(facts, CONDITIONS):
        if dated_within(d, now, window):
            latest = max(dates(d), key=lambda when: when.latest)
            yield Sign("condition", f"{d.printed} ({latest.printed})", latest, d.reference)
    yield from _measured(facts, "body-temp", "temperature", "infection_temp", "infection_temp_hours", now, knowledge)
    yield from _measured(
        facts, "procalcitonin", "procalcitonin", "infection_pct", "infection_pct_hours", now, knowledge
    )


def _measured(
    facts: PatientFacts, concept: str, kind: str, limit: str, hours: str, now: When, knowledge: Knowledge
) -> Iterator[Sign]:
    """The highest value of the window, if it is over the limit."""
    window = knowledge.window(hours)
    found = [
        m for m in results.readable(results.of(facts, concept), now) if within(time_of(m).cut(now), now, window) is MET
    ]
    high = [m for m in found if results.compare(m, knowledge.parameter(limit)) is MET]
    if high:
        m = max(high, key=lambda each: (value_of(each), each.reference))
        yield Sign(kind, f"{kind} {shown(m)}", time_of(m), m.reference)


def _recent(facts: PatientFacts, concepts: frozenset[str], now: When, knowledge: Knowledge) -> list[TestResult]:
    """Positive tests of the last two weeks."""
    window = knowledge.window("infection_micro_days")
    return [
        r
        for r in sorted(facts.results, key=lambda each: each.reference)
        if r.concept in concepts and r.valid and r.meaning in (Meaning.POSITIVE, Meaning.WEAK)
        and r.when and within(r.when.cut(now), now, window) is MET
    ]  # fmt: skip


def _of_test(r: TestResult) -> Sign:
    found = r.organism or r.printed
    assert r.when  # _recent() lets only dated results through
    return Sign(r.concept, f"{r.concept} {found} ({r.when.printed})", r.when, r.reference)


def _is_flora(r: TestResult, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Skin flora in a single blood-culture set, or yeast in an airway sample: shown, not counted."""
    organism = r.organism.lower()
    if r.concept == "respiratory-culture":
        return YEAST in organism
    return r.concept == "blood-culture" and SKIN_FLORA in organism and not _second_set(r, facts, now, knowledge)


def _second_set(r: TestResult, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Another positive set of the same flora: collected apart in time, or from another specimen, within two days."""
    others = [each for each in _recent(facts, frozenset({"blood-culture"}), now, knowledge) if each is not r]
    return any(SKIN_FLORA in other.organism.lower() and _two_sets(r, other, knowledge) for other in others)


def _two_sets(one: TestResult, other: TestResult, knowledge: Knowledge) -> bool:
    apart, span = knowledge.window("blood_culture_set_hours"), knowledge.window("blood_culture_span_hours")
    assert one.when  # _recent() lets only dated results through
    assert other.when
    distant = abs(other.when.latest - one.when.latest) >= apart.span
    another = bool(one.specimen) and bool(other.specimen) and other.specimen != one.specimen
    return near(other.when, one.when, span) is MET and (distant or another)


def _flora(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[str]:
    for r in _recent(facts, CULTURES, now, knowledge):
        if _is_flora(r, facts, now, knowledge):
            yield _of_test(r).words


def _not_assessed(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[str]:
    """What a clean answer lacks: microbiology of two weeks, the problem list, a temperature of two days."""
    window = knowledge.window("infection_micro_days")
    looked = [
        r for r in facts.results
        if r.concept in CULTURES | OTHER_TESTS and r.valid and r.meaning is Meaning.NEGATIVE
        and r.when and within(r.when.cut(now), now, window) is MET
    ]  # fmt: skip
    if not looked:
        yield "microbiology"
    if not facts.read("E-COND"):
        yield "problem list"
    hours = knowledge.window("infection_temp_hours")
    if not any(
        within(time_of(m).cut(now), now, hours) is MET for m in results.readable(results.of(facts, "body-temp"), now)
    ):
        yield "temperature"


def _cultures_under_way(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """A culture was ordered or reported in the last two days, or is being ordered."""
    window = knowledge.window("fever_culture_hours")
    times = [r.when for r in facts.results if r.concept in CULTURES]
    times += [o.authored for o in facts.orders if o.items & {"blood-culture", "respiratory-culture"}]
    drafted = any(o.items & {"blood-culture", "respiratory-culture"} for o in facts.drafted_orders)
    return drafted or any(when and within(when.cut(now), now, window) is MET for when in times)


def _reviewed(facts: PatientFacts, signs: tuple[Sign, ...], now: When, knowledge: Knowledge) -> str:
    """When a clinician reviewed the signs; empty if not, or if a sign is newer."""
    said = attested.in_force(facts, "infection-reviewed", now, knowledge.window("infection_review_hours"))
    if not said or said.value is not True:
        return ""
    made = attested.time_of(said)
    return made.printed if all(s.when and after(made, s.when) for s in signs) else ""
