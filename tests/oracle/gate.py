"""Gates G1 to G6 and the doors of G3 (decisions section 3)."""

from __future__ import annotations

from datetime import date

from tests.oracle.answers import MET, NOT_MET, UNKNOWN
from tests.oracle.antibodies import MDA5, OTHER_MSA, SKIN, State, final, high_ferritin, myositis, positive
from tests.oracle.care import dependent, oxygen_evidence
from tests.oracle.chart import ILD, View, attested, counted_as, has, lately
from tests.oracle.ct import expired, newer_ct
from tests.oracle.onset import RESPIRATORY, Border, Onset, Record, find_onset, main_clock, within_a_month
from tests.oracle.settings import number
from tests.oracle.times import Span, within

SIGNS_G3G = ("gottron", "heliotrope", "mechanics-hands", "digital-ulcer")


def first_failed(view: View, state: State) -> tuple[str, set[str]]:
    """The first gate that fails, or an empty name; and the open doors of G3."""
    facts, doors = view.facts, open_doors(view, state)
    gates = (
        ("G1", is_adult(view)),
        ("G2", not facts.person.deceased and not any(limit.kind == "comfort" for limit in facts.limits)),
        ("G3", bool(doors)),
        ("G4", not _transplanted(view)),
        ("G6", facts.user.kind in ("Practitioner", "PractitionerRole")),
    )
    return next((name for name, passed in gates if not passed), ""), doors


def is_adult(view: View) -> bool:
    """G1: the latest birth date still gives the age."""
    birth = view.facts.person.birth
    if birth is None:
        return False
    born, today = birth.last, date.fromordinal(view.now.last)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) >= number("adult_age")


def _transplanted(view: View) -> bool:
    return any("lung-transplant" in d.concepts and d.status != "entered-in-error" for d in view.facts.done) or has(
        view.facts, "transplant-state"
    )


def open_doors(view: View, state: State) -> set[str]:
    """G3a to G3g; G3d is told apart by its legs, for `weakGate`."""
    lung = has(view.facts, *ILD)
    doors = {
        "a": myositis(view, True),
        "b": state.name in ("positive", "pending", "indeterminate"),
        "c": positive(view.facts, *OTHER_MSA),
        "d-skin": lung and has(view.facts, *SKIN),
        "d-ferritin": lung and high_ferritin(view).met,
        "e": _new_lung_disease(view) and _recent_onset(view),
        "f": _panel(view) and _respiratory(view, "gate_oxygen_days"),
        "g": has(view.facts, *SIGNS_G3G) and _respiratory(view, "gate_skin_oxygen_days"),
    }
    return {name for name, stands in doors.items() if stands}


def weak(doors: set[str]) -> bool:
    """weakGate: every door passed is G3d by its ferritin leg or G3e."""
    return bool(doors) and doors <= {"d-ferritin", "e"}


def _new_lung_disease(view: View) -> bool:
    """First half of G3e."""
    first = first_record(view, ILD)
    if first is not None and within(first, view.now, "gate_new_ild_days") != NOT_MET:
        return True
    return (
        attested_picture(view, "ct-worsening")
        or attested_picture(view, "bilateral-infiltrates")
        or attested_growth(view)
    )


def first_record(view: View, concepts: set[str]) -> Span | None:
    """Earliest onset or recorded date of any record of these concepts, whatever its clinical status."""
    records = [
        d
        for d in view.facts.diagnoses
        if d.concepts & concepts and d.verification not in ("refuted", "entered-in-error")
    ]
    return min((view.time(w) for d in records for w in (d.onset, d.recorded) if w is not None), default=None)


def attested_picture(view: View, code: str) -> bool:
    """Attested true and still valid."""
    a = attested(view, code)
    if a is None or a.value is not True:
        return False
    if code == "ct-worsening":
        return not expired(view, a, view.time(a.issued or a.made))
    made = view.time(a.made)
    return within(made, view.now, "attestation_days") == MET and not newer_ct(view, made, film=True)


def attested_growth(view: View) -> bool:
    """Attested hrct-increase-percent above 0."""
    a = attested(view, "hrct-increase-percent")
    return a is not None and a.value is not None and a.value > 0 and not expired(view, a, view.time(a.made))  # type: ignore[operator]


def _recent_onset(view: View) -> bool:
    """Second half of G3e: the newest onset, no merging, no T0."""
    answer = within_a_month(view, gate_onset(view))
    return answer.met or (answer.status == UNKNOWN and answer.foremost == "imprecise-date")


def gate_onset(view: View) -> Onset:
    """ON as the gate takes it."""
    return find_onset(view, main_clock(), Alone())


class Alone(Border):
    """At the gate nothing is merged: every onset stands alone."""

    def crossed(self, record: Record) -> bool:
        """Always a new illness."""
        return bool(record)


def _panel(view: View) -> bool:
    """First half of G3f."""
    found = final(view.facts, *MDA5, "myositis-panel")
    return any(r.when is not None and within(view.time(r.when), view.now, "gate_panel_days") == MET for r in found)


def _respiratory(view: View, oxygen: str) -> bool:
    """The respiratory fact of G3f and G3g."""
    ill = [d for d in view.facts.diagnoses if any(counted_as(d, c) for c in RESPIRATORY)]
    return (
        any(lately(view, d, "gate_respiratory_days") for d in ill)
        or oxygen_evidence(view, oxygen)[0]
        or dependent(view)
    )
