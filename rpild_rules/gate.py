"""The gates: whether this patient is of concern here at all, and through which door (decisions section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from rpild_rules import attested, results
from rpild_rules.antibodies import any_msa_result, mda5_state, panel_lately, positive
from rpild_rules.concepts import (
    ILD_GROUP,
    MYOSITIS_PROVEN,
    MYOSITIS_VAGUE,
    ONSET_CONCEPTS,
    OTHER_MSA,
    SKIN_SIGNS,
    SKIN_SIGNS_OF_DM,
)
from rpild_rules.diagnoses import counted, first_ild, having, may_be_dated_within, present, provisional
from rpild_rules.facts import PatientFacts, Reading
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Reason, Status, foremost
from rpild_rules.knowledge import Knowledge
from rpild_rules.onset import find_onset, onset_finding
from rpild_rules.oxygen_use import oxygen_evidence
from rpild_rules.when import When, lately

CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
UNREAD = frozenset({Reading.NOT_PERMITTED, Reading.FAILED})  # a partial list still holds facts: silence would hide them
WEAK_DOORS = frozenset({"G3d-ferritin", "G3e"})
SIGNAL = ("E-MSA", "E-ORD", "E-FERR", "E-ATT", "E-O2")
PERFORMED = frozenset({"completed", "in-progress"})


@dataclass(frozen=True, slots=True)
class Gate:
    """The outcome: `failed` names the first gate that did not pass, `key` which case of it, `doors` those of G3 that
    opened.

    `note` says why in words, `reason` why it could not be judged, if so. `needs` are elements not read yet that could
    still open a door. `weak`: in scope by ferritin or a new ILD alone.
    """

    failed: str = ""
    key: str = ""
    note: str = ""
    reason: Reason | None = None
    doors: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    @property
    def passed(self) -> bool:
        return not self.failed

    @property
    def weak(self) -> bool:
        return bool(self.doors) and self.doors <= WEAK_DOORS


def open_gate(facts: PatientFacts, knowledge: Knowledge, now: datetime) -> Gate:
    """G1 to G6 in order; the first that fails decides."""
    at = When.at(now, facts.zone)
    shut = _adult(facts, at, knowledge) or _alive(facts, knowledge)
    if shut:
        return shut
    doors = frozenset(name for name, opens in DOORS.items() if opens(facts, at, knowledge))
    if not doors:
        return _no_signal(facts, at, knowledge)
    shut = _no_transplant(facts, knowledge) or _readable(facts, knowledge) or _clinician(facts, knowledge)
    return shut or Gate(doors=doors)


def opened_by_diagnosis(facts: PatientFacts, knowledge: Knowledge, now: datetime) -> bool:
    """Whether a proven myositis diagnosis opens the gate: no result of the laboratory can shut it again."""
    return bool(_diagnosed(facts, MYOSITIS_PROVEN, unconfirmed=True)) and open_gate(facts, knowledge, now).passed


def _shut(key: str, knowledge: Knowledge, reason: Reason | None = None, needs: frozenset[str] = frozenset()) -> Gate:
    return Gate(key.partition("-")[0], key, knowledge.texts.say("gate", key), reason, needs=needs)


def years(born: date, on: date) -> int:
    """Completed years of age."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _adult(facts: PatientFacts, now: When, knowledge: Knowledge) -> Gate | None:
    birth, adult = facts.person.birth, knowledge.parameter("adult_age")
    if birth is None:
        return _shut("G1-age", knowledge, _why_ageless(facts))
    if adult.holds(Decimal(years(birth.last, now.last))):
        return None
    perhaps = adult.holds(Decimal(years(birth.first, now.last)))
    return _shut("G1-age", knowledge, Reason.IMPRECISE_DATE) if perhaps else _shut("G1", knowledge)


def _why_ageless(facts: PatientFacts) -> Reason:
    """A birth date that was sent but cannot be read is not one that is missing."""
    told = (each.reason for each in facts.unreadable if each.element == "E-PAT")
    return foremost((*told, facts.why_absent("E-PAT")))


def _alive(facts: PatientFacts, knowledge: Knowledge) -> Gate | None:
    if facts.person.deceased:
        return _shut("G2-died", knowledge)
    return _shut("G2", knowledge) if any(limit.kind == "comfort" for limit in facts.limits) else None


def _no_signal(facts: PatientFacts, now: When, knowledge: Knowledge) -> Gate:
    """G3: no door is open. Elements that could not be read leave that unproven (K11): told, but nothing is sent."""
    unread = [facts.why_absent(element) for element in SIGNAL if facts.reading(element) in UNREAD]
    return _shut("G3", knowledge, foremost(unread) if unread else None, _needs(facts, now, knowledge))


def _no_transplant(facts: PatientFacts, knowledge: Knowledge) -> Gate | None:
    operated = [d for d in facts.done if "lung-transplant" in d.concepts and d.status in PERFORMED]
    return _shut("G4", knowledge) if operated or having(facts, {"transplant-state"}) else None


def _readable(facts: PatientFacts, knowledge: Knowledge) -> Gate | None:
    unread = [facts.why_absent(element) for element in ("E-PAT", "E-COND") if facts.reading(element) in UNREAD]
    return _shut("G5", knowledge, foremost(unread)) if unread else None


def _clinician(facts: PatientFacts, knowledge: Knowledge) -> Gate | None:
    return None if facts.user.kind in CLINICIANS else _shut("G6", knowledge)


def myositis(facts: PatientFacts, now: When, knowledge: Knowledge, unconfirmed: bool = True) -> list[str]:
    """References of myositis diagnoses that count; the vague codes only with support (G3a)."""
    proven = _diagnosed(facts, MYOSITIS_PROVEN, unconfirmed)
    vague = _diagnosed(facts, MYOSITIS_VAGUE, unconfirmed)
    if vague and vague_counts(facts, now, knowledge):
        return [*proven, *vague]
    return proven


def _diagnosed(facts: PatientFacts, concepts: frozenset[str], unconfirmed: bool) -> list[str]:
    found = [d for d in facts.diagnoses if d.concepts & concepts]
    return [d.reference for d in found if counted(d) or (unconfirmed and provisional(d))]


def vague_counts(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Whether a vague myositis code belongs to the myositis group: only in the company that G3a asks for."""
    return (
        bool(having(facts, ILD_GROUP | SKIN_SIGNS))
        or any_msa_result(facts)
        or high_ferritin(facts, now, knowledge) is MET
    )


def high_ferritin(facts: PatientFacts, now: When, knowledge: Knowledge) -> Status:
    """A recent ferritin at or above the gate's limit."""
    chosen = results.choose(
        results.of(facts, "ferritin"), now, knowledge.window("gate_ferritin_days"), Reason.NO_DATA, "ferritin"
    ).value
    return results.compare(chosen, knowledge.parameter("gate_ferritin")) if chosen else UNKNOWN


def _by_myositis(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(myositis(facts, now, knowledge))


def _by_mda5(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return mda5_state(facts, now, knowledge).state in ("positive", "pending", "indeterminate")


def _by_other_msa(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(positive(facts, OTHER_MSA))


def _by_ild_and_skin(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(having(facts, ILD_GROUP)) and bool(having(facts, SKIN_SIGNS))


def _by_ild_and_ferritin(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(having(facts, ILD_GROUP)) and high_ferritin(facts, now, knowledge) is MET


def _by_new_ild(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    if not _ild_is_new(facts, now, knowledge):
        return False
    newest = find_onset(facts, knowledge, now, "worsening", merged=False)
    onset = onset_finding(newest, now, knowledge)
    return onset.met or Reason.IMPRECISE_DATE in onset.reasons


def _ild_is_new(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """A first record that may lie in the window opens: a door left shut for a vague date would silence everything."""
    first, window = first_ild(facts), knowledge.window("attestation_days")
    if first and lately(first, now, knowledge.window("gate_new_ild_days")) is not NOT_MET:
        return True
    if attested.says(facts, "bilateral-infiltrates", now, window):
        return True
    return _compared(facts, "ct-worsening", now, knowledge) is True or _grown(facts, now, knowledge)


def _compared(facts: PatientFacts, code: str, now: When, knowledge: Knowledge) -> object:
    """The value of a statement on two CTs while it holds."""
    said = attested.newest(facts, code, now)
    return said.value if said and not attested.outdated(facts, said, now, knowledge) else None


def _grown(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    percent = _compared(facts, "hrct-increase-percent", now, knowledge)
    return isinstance(percent, Decimal) and percent > 0


def _by_panel_and_lungs(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(panel_lately(facts, now, knowledge)) and _respiratory(facts, now, knowledge, "gate_oxygen_days")


def _by_skin_and_lungs(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return bool(having(facts, SKIN_SIGNS_OF_DM)) and _respiratory(facts, now, knowledge, "gate_skin_oxygen_days")


def _respiratory(facts: PatientFacts, now: When, knowledge: Knowledge, oxygen_days: str) -> bool:
    """A recent respiratory diagnosis or evidence of oxygen."""
    return (
        _respiratory_diagnosis(facts, now, knowledge)
        or oxygen_evidence(facts, now, knowledge.window(oxygen_days), knowledge) is not None
    )


def _respiratory_diagnosis(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    window = knowledge.window("gate_respiratory_days")
    return any(may_be_dated_within(d, now, window) for d in present(facts, ONSET_CONCEPTS))


DOORS: dict[str, Callable[[PatientFacts, When, Knowledge], bool]] = {
    "G3a": _by_myositis,
    "G3b": _by_mda5,
    "G3c": _by_other_msa,
    "G3d-skin": _by_ild_and_skin,
    "G3d-ferritin": _by_ild_and_ferritin,
    "G3e": _by_new_ild,
    "G3f": _by_panel_and_lungs,
    "G3g": _by_skin_and_lungs,
}


def _needs(facts: PatientFacts, now: When, knowledge: Knowledge) -> frozenset[str]:
    """Elements not read yet on which a door depends.

    Ferritin for an ILD or a vague myositis code, oxygen for a panel or a skin sign (rulings 4).
    """
    vague = [d for d in facts.diagnoses if d.concepts & MYOSITIS_VAGUE and (counted(d) or provisional(d))]
    wanted = {"E-FERR": bool(vague or having(facts, ILD_GROUP))}
    wanted["E-O2"] = bool(panel_lately(facts, now, knowledge) or having(facts, SKIN_SIGNS_OF_DM))
    return frozenset(
        element for element, needed in wanted.items() if needed and facts.reading(element) is Reading.NOT_READ
    )
