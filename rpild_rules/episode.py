"""The episode: is it treated, improving, breaking through, worsening? (decisions section 7, steps 4 to 6)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rpild_rules import attested, results
from rpild_rules.concepts import MECHANICAL
from rpild_rules.definition import Moment
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import MET, Finding, Status
from rpild_rules.gas_exchange import index_gas
from rpild_rules.knowledge import Knowledge
from rpild_rules.latch import Latch
from rpild_rules.onset import Onset
from rpild_rules.oxygen import fraction_of
from rpild_rules.results import shown, time_of, value_of
from rpild_rules.therapy import Therapy
from rpild_rules.when import When, after, gap, near, within

SUPPORT_OF_WORSENING = MECHANICAL | {"ecmo"}


@dataclass(frozen=True, slots=True)
class Sign:
    """One objective sign of worsening since the combination therapy began, and when it arose."""

    when: When
    words: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """Step 4 to 6 of the order of evaluation. `status` is rpEpisode; the rest is two-valued, true only if proven."""

    status: Status
    latch: Latch = Latch()
    treated_now: bool = False
    improving: bool = False
    breakthrough: bool = False
    refractory: bool = False
    signs: tuple[Sign, ...] = ()
    response: str = ""
    response_on: When | None = None

    @property
    def met(self) -> bool:
        return self.status is MET

    @property
    def treated(self) -> bool:
        """Treated in the sense of the cards: a regimen that was begun for an established episode."""
        return self.treated_now and self.met


def is_improving(facts: PatientFacts, onset: Onset, now: When, knowledge: Knowledge) -> bool:
    """The newest response is `improving`, not too old, and no onset is later than it."""
    said = attested.newest(facts, "treatment-response")
    if (
        not said
        or said.value != "improving"
        or within(attested.time_of(said).cut(now), now, knowledge.window("maintenance_days")) is not MET
    ):
        return False
    return onset.when is None or not after(onset.when, attested.time_of(said))


def is_treated(therapy: Therapy, onset: Onset, knowledge: Knowledge) -> bool:
    """The running regimen was begun for this episode, at induction dose."""
    if not therapy.combination or not therapy.induction or therapy.t0 is None:
        return False
    return onset.when is None or not _may_be_later(onset.when, therapy.t0, knowledge)


def _may_be_later(onset: When, t0: When, knowledge: Knowledge) -> bool:
    """Whether the onset can lie more than the breakthrough time after T0."""
    return gap(t0, onset, True)[1] > knowledge.window("breakthrough_days").span


def _surely_later(onset: When, t0: When, knowledge: Knowledge) -> bool:
    return gap(t0, onset, True)[0] > knowledge.window("breakthrough_days").span


def find_episode(
    m: Moment, found: dict[str, Finding], onset: Onset, therapy: Therapy, kurasawa: tuple[int, int], latch: Latch
) -> Episode:
    """rpEpisode and what follows from it; `found` holds criteria and definitions at T."""
    improving = is_improving(m.facts, onset, m.now, m.knowledge)
    treated = is_treated(therapy, onset, m.knowledge)
    latch = Latch() if improving else latch
    said = attested.in_force(m.facts, "treatment-response", m.now, m.knowledge.window("maintenance_days"))
    full = kurasawa[0] == kurasawa[1]
    status = found["fourConditions"].status
    if latch.held or (treated and (said is not None or full)):
        status = MET
    late = onset.when is not None and therapy.t0 is not None and _surely_later(onset.when, therapy.t0, m.knowledge)
    breakthrough = therapy.combination and status is MET and late and not improving
    signs = tuple(_unanswered(m.facts, worsening_signs(m, found, therapy))) if treated and status is MET else ()
    worse = treated and status is MET and (_worse(m) or full)
    return Episode(
        status, latch, treated, improving, breakthrough, breakthrough or worse, signs,
        str(said.value) if said else "", attested.time_of(said) if said else None,
    )  # fmt: skip


def _worse(m: Moment) -> bool:
    said = attested.newest(m.facts, "treatment-response")
    return (
        said is not None
        and said.value == "worsening"
        and within(attested.time_of(said).cut(m.now), m.now, m.knowledge.window("response_days")) is MET
    )


def _unanswered(facts: PatientFacts, signs: Iterator[Sign]) -> Iterator[Sign]:
    """Signs that no judgement of the response is newer than."""
    said = attested.newest(facts, "treatment-response")
    for sign in signs:
        if not said or not after(attested.time_of(said), sign.when):
            yield sign


def worsening_signs(m: Moment, found: dict[str, Finding], therapy: Therapy) -> Iterator[Sign]:
    """Objective prompts: new support, a lower P/F band or more oxygen, a fall of C2 or PaO2, a worse CT."""
    if therapy.t0 is None:
        return
    yield from _new_support(m, therapy.t0)
    if not therapy.t0_before_edge:
        yield from _lower_band(m, therapy.t0)
        yield from _more_oxygen(m, therapy.t0)
        yield from _fell_since(m, found, therapy.t0)
        yield from _worse_ct(m, found, therapy.t0)


def _new_support(m: Moment, t0: When) -> Iterator[Sign]:
    border = m.knowledge.window("worsening_support_hours").span
    for s in sorted(m.facts.supports, key=lambda each: each.reference):
        if (
            s.concept in SUPPORT_OF_WORSENING
            and s.start
            and not s.start.ahead_of(m.now)
            and s.start.earliest - t0.latest > border
        ):
            yield Sign(s.start, f"{s.concept.replace('-', ' ')} begun on {s.start.printed}", (s.reference,))


def _lower_band(m: Moment, t0: When) -> Iterator[Sign]:
    gas = index_gas(m.facts, m.now, m.now, m.knowledge).value
    window = m.knowledge.window("worsening_gas_hours")
    gases = [g for g in results.readable(results.of(m.facts, "pao2"), m.now) if near(time_of(g), t0, window) is MET]
    base = min(gases, key=lambda g: (abs(time_of(g).latest - t0.latest), g.reference), default=None)
    if not gas or not base or gas.reference == base.reference:
        return
    before, after_it = _band(base, m), _band(gas, m)
    if before is not None and after_it is not None and after_it > before:
        yield Sign(
            time_of(gas), f"P/F in a lower band: PaO2 {shown(base)}, then {shown(gas)}", (base.reference, gas.reference)
        )


def _band(gas: Measurement, m: Moment) -> int | None:
    """How many band limits the P/F lies under; None if it cannot be computed."""
    oxygen = fraction_of(gas, m.facts, m.knowledge, m.now)
    if oxygen.value is None or gas.comparator:
        return None
    pressure, fraction = value_of(gas), oxygen.value
    return sum(pressure < limit * fraction for limit in m.knowledge.numbers("pf_bands"))


def _more_oxygen(m: Moment, t0: When) -> Iterator[Sign]:
    window = m.knowledge.window("worsening_fio2_hours")
    recorded = [f for f in results.readable(results.of(m.facts, "fio2"), m.now) if not f.comparator and not f.estimated]
    lately = [f for f in recorded if within(time_of(f), m.now, window) is MET]
    highest = max(lately, key=lambda f: (value_of(f), f.reference), default=None)
    base = _oxygen_before(recorded, t0, m)
    if highest and base and m.knowledge.parameter("worsening_fio2_rise").holds(value_of(highest) - value_of(base)):
        yield Sign(
            time_of(highest),
            f"more oxygen: FiO2 {shown(base)}, then {shown(highest)}",
            (base.reference, highest.reference),
        )


def _oxygen_before(recorded: list[Measurement], t0: When, m: Moment) -> Measurement | None:
    """The highest fraction of the day before T0, else the nearest within three days."""
    before = [f for f in recorded if within(time_of(f), t0, m.knowledge.window("worsening_fio2_hours")) is MET]
    if before:
        return max(before, key=lambda f: (value_of(f), f.reference))
    close = [f for f in recorded if near(time_of(f), t0, m.knowledge.window("worsening_gas_hours")) is MET]
    return min(close, key=lambda f: (abs(time_of(f).latest - t0.latest), f.reference), default=None)


def _fell_since(m: Moment, found: dict[str, Finding], t0: When) -> Iterator[Sign]:
    border = t0.earliest - m.knowledge.window("worsening_gas_hours").span
    times = {each.reference: each.when for each in m.facts.measurements if each.when and each.concept != "fio2"}
    for id in ("fvcDecline", "dlcoDecline", "pao2Decline"):
        used = [when for ref in found[id].evidence if (when := times.get(ref))]
        if found[id].met and used and all(when.earliest >= border for when in used):
            yield Sign(max(used, key=lambda when: when.latest), found[id].because, found[id].evidence)


def _worse_ct(m: Moment, found: dict[str, Finding], t0: When) -> Iterator[Sign]:
    border = t0.earliest - m.knowledge.window("worsening_ct_days").span
    for code, met in (("hrct-increase-percent", found["hrctIncrease"].met), ("ct-worsening", found["ctWorsening"].met)):
        said = attested.newest(m.facts, code)
        dates = attested.compared_cts(m.facts, said) if said and met and said.value is not False else None
        if said and dates and dates.start and dates.end and dates.start.earliest >= border and after(dates.end, t0):
            yield Sign(dates.end, f"worse on CT of {dates.end.printed}", (said.reference,))
