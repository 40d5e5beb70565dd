"""What the rules conclude about one patient at one time: everything that card, page and command line show."""

from __future__ import annotations

from dataclasses import dataclass, field

from rpild_rules.antibodies import Mda5
from rpild_rules.episode import Episode
from rpild_rules.facts import PatientFacts, TestResult
from rpild_rules.findings import MET, Finding, Status
from rpild_rules.gate import Gate
from rpild_rules.infection import Infection
from rpild_rules.knowledge import Knowledge
from rpild_rules.onset import Onset
from rpild_rules.pregnancy import Pregnancy
from rpild_rules.prognosis import Kurasawa
from rpild_rules.referral import Failure
from rpild_rules.risk import Cause
from rpild_rules.therapy import Therapy
from rpild_rules.when import When
from rpild_rules.workup import Workup


@dataclass(frozen=True, slots=True)
class Situation:
    """The answers of the order of evaluation (section 7) for a patient in scope; recommendations read only this."""

    facts: PatientFacts
    knowledge: Knowledge
    now: When
    gate: Gate
    context: str
    mda5: Mda5
    other_antibodies: tuple[TestResult, ...]
    found: dict[str, Finding]
    kurasawa: Kurasawa
    onset: Onset
    therapy: Therapy
    episode: Episode
    stage: str = ""
    severe: Failure | None = None
    rescue: Failure | None = None
    on_ecmo: bool = False
    risk: tuple[str, ...] = ()
    lung_evidence: bool = False
    lung_signal: bool = False
    causes: tuple[Cause, ...] = ()
    blind: str = ""
    barriers: tuple[str, ...] = ()
    referral: str = ""
    quiet: bool = False
    low_saturation: bool = False
    infiltrates: bool = False
    causes_excluded: bool = False
    infection: Infection = field(default_factory=Infection)
    pregnancy: Pregnancy = field(default_factory=Pregnancy)
    workup: Workup = field(default_factory=Workup)

    @property
    def rp(self) -> Status:
        """The four-condition definition at T."""
        return self.found["fourConditions"].status

    @property
    def three_months(self) -> Status:
        return self.found["threeMonthProgression"].status

    @property
    def explained(self) -> bool:
        """In scope by a weak door only, and a documented cause explains the picture."""
        return self.gate.weak and any(cause.explains for cause in self.causes)

    @property
    def care_limited(self) -> bool:
        return any(limit.kind == "partial" for limit in self.facts.limits)

    @property
    def open(self) -> bool:
        """No established episode, or one in maintenance that is not met today."""
        return not self.episode.met or (self.stage == "maintenance" and self.rp is not MET)

    @property
    def only_onset_missing(self) -> bool:
        """Variant (b) of `undeterminedHighRisk`: a condition is met, only the onset is not known."""
        return self.found["onsetWithinOneMonth"].unknown and self.condition_met

    @property
    def condition_met(self) -> bool:
        return any(
            self.found[c].met for c in ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange")
        )

    def in_context(self, *contexts: str) -> bool:
        return self.context in contexts


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a card's detail: a short title (may be empty) and its lines, plain text."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One card's worth of advice, free of any format. `items` are work-up items to suggest as orders.

    `hooks` are the hooks on which it may be sent. `primary` marks the one main card. `variant` names the text chosen.
    `sections` are the words of a card that is sent; a card that is only due has none yet.
    """

    topic: str
    title: str
    indicator: str
    summary: str
    items: tuple[str, ...]
    overrides: tuple[str, ...]
    sources: tuple[str, ...]
    hooks: frozenset[str]
    primary: bool = False
    variant: str = ""
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole result. Out of scope: only `gate`, `context`, `stage` and the knowledge are filled."""

    knowledge: Knowledge
    now: When
    gate: Gate
    context: str = "outOfScope"
    stage: str = "outOfScope"
    findings: tuple[Finding, ...] = ()
    situation: Situation | None = None
    recommendations: tuple[Recommendation, ...] = ()
    order_in_scope: bool = False

    def finding(self, id: str) -> Finding:
        """One finding by its contract id."""
        return next(f for f in self.findings if f.id == id)
