"""The episode: whether it is treated, improving, breaking through, worsening (decisions section 7, steps 4 to 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rpild_rules import attested
from rpild_rules.definition import Moment
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import MET, Finding, Status
from rpild_rules.knowledge import Knowledge
from rpild_rules.latch import Latch
from rpild_rules.onset import Onset
from rpild_rules.therapy import Therapy
from rpild_rules.when import When, after, gap, may_follow
from rpild_rules.worsening import Sign, worsening_signs

RESPONSE = "treatment-response"


@dataclass(frozen=True, slots=True)
class Episode:
    """Step 4 to 6 of the order of evaluation. `status` is rpEpisode; the rest is two-valued, true only if proven."""

    status: Status
    latch: Latch = field(default_factory=Latch)
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
    """The newest response is `improving`, not too old, and no onset can be later than it."""
    said = attested.in_force(facts, RESPONSE, now, knowledge.window("maintenance_days"))
    if not said or said.value != "improving":
        return False
    return onset.when is None or not may_follow(onset.when.cut(now), attested.time_of(said))


def is_treated(therapy: Therapy, onset: Onset, now: When, knowledge: Knowledge) -> bool:
    """The running regimen was begun for this episode, at induction dose.

    An onset that is given in words only, or that could not be read, may be later: that proves nothing (K11).
    """
    if not therapy.combination or not therapy.induction or therapy.t0 is None:
        return False
    if onset.when is None:
        return onset.absent
    return gap(therapy.t0, onset.when.cut(now), True)[1] <= knowledge.window("breakthrough_days").span


def _is_later(therapy: Therapy, onset: Onset, knowledge: Knowledge) -> bool:
    """The whole onset lies more than the breakthrough time after T0."""
    if onset.when is None or therapy.t0 is None:
        return False
    return gap(therapy.t0, onset.when, True)[0] > knowledge.window("breakthrough_days").span


def find_episode(
    m: Moment, found: dict[str, Finding], onset: Onset, therapy: Therapy, kurasawa: tuple[int, int], latch: Latch
) -> Episode:
    """rpEpisode and what follows from it; `found` holds criteria and definitions at T."""
    improving = is_improving(m.facts, onset, m.now, m.knowledge)
    treated = is_treated(therapy, onset, m.now, m.knowledge)
    latch = Latch() if improving else latch
    said = attested.in_force(m.facts, RESPONSE, m.now, m.knowledge.window("maintenance_days"))
    judged, full = said is not None and bool(said.value), kurasawa[0] == kurasawa[1]
    met = found["fourConditions"].met or latch.held or (treated and (judged or full))
    breakthrough = met and therapy.combination and _is_later(therapy, onset, m.knowledge) and not improving
    signs = tuple(_unanswered(m, found, therapy)) if treated and met else ()
    worse = treated and met and (_worse(m) or full)
    return Episode(
        MET if met else found["fourConditions"].status, latch, treated, improving, breakthrough, breakthrough or worse,
        signs, str(said.value) if said and said.value else "", attested.time_of(said) if said else None,
    )  # fmt: skip


def _worse(m: Moment) -> bool:
    said = attested.in_force(m.facts, RESPONSE, m.now, m.knowledge.window("response_days"))
    return said is not None and said.value == "worsening"


def _unanswered(m: Moment, found: dict[str, Finding], therapy: Therapy) -> Iterator[Sign]:
    """Signs that no judgement of the response is newer than."""
    assert therapy.t0 is not None  # is_treated() asks for it
    said = attested.newest(m.facts, RESPONSE, m.now)
    judged = attested.time_of(said) if said and said.value else None
    for sign in worsening_signs(m, found, therapy.t0, therapy.t0_before_edge):
        if not judged or judged.ahead_of(m.now) or not after(judged, sign.when):
            yield sign
