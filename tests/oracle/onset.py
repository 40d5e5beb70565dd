"""ON: when the respiratory illness began (decisions section 4, step (a) and (b))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rpild_rules.facts import Diagnosis
from rpild_rules.when import When
from tests.oracle.answers import MET, NOT_MET, UNKNOWN, Answer, of, unsure
from tests.oracle.chart import View, absent, attested, still_a_symptom
from tests.oracle.settings import choice, window
from tests.oracle.times import Span, close, future, judge, later, no_beginning, not_over, older, within

RESPIRATORY = ("dyspnea", "acute-resp-failure", "hypoxemia", "ards")
NEW_EPISODE = {"acute-resp-failure", "ards", "hypoxemia"}
NEVER = 2**62


@dataclass(frozen=True)
class Record:
    """One respiratory record: concept, onset, end of its active time."""

    concept: str
    onset: Span
    until: int
    reference: str
    only_recorded: bool = False


@dataclass(frozen=True)
class Onset:
    """The interval that counts, or why there is none. `exists` = a candidate stands."""

    when: Span | None
    exists: bool
    why: str = ""

    @classmethod
    def none(cls, why: str, exists: bool = False) -> Onset:
        return cls(None, exists, why)


@dataclass(frozen=True)
class Border:
    """After T0 + breakthrough_days, or after an attested improvement, an onset is a new illness."""

    t0: Span | None = None
    improved: tuple[Span, ...] = ()

    def crossed(self, record: Record) -> bool:
        """(b) merging, New episode: after "an" improvement, whichever statement it is; a later one does not undo it."""
        if record.concept not in NEW_EPISODE:
            return False
        after_start = self.t0 is not None and older(self.t0, record.onset, "breakthrough_days") == MET
        return after_start or any(later(record.onset, when) for when in self.improved)


def records_of(view: View, concepts: Sequence[str]) -> list[Record]:
    """Conditions with an onset date; those with a recorded date only where no onset lies in the 92 days before it."""
    pairs = [(d, c) for d in view.facts.diagnoses for c in concepts if still_a_symptom(view, d, c)]
    dated = [_record(view, d, c, d.onset) for d, c in pairs if d.onset is not None]
    lone = [(d, c) for d, c in pairs if d.onset is None and not d.onset_text and d.recorded is not None]
    free = [(d, c) for d, c in lone if not any(_shortly_before(view, r, d) for r in dated)]
    return dated + [replace(_record(view, d, c, d.recorded), only_recorded=True) for d, c in free]


def _shortly_before(view: View, record: Record, d: Diagnosis) -> bool:
    """Whether an onset surely lies no further back; should it lie after the recorded date, it is the newer one."""
    recorded = view.time(d.recorded)
    near_enough = not_over(record.onset, recorded, "episode_gap_days") == MET
    return near_enough and within(record.onset, recorded, "episode_gap_days") != NOT_MET


def _record(view: View, d: Diagnosis, concept: str, when: When | None) -> Record:
    until = view.time(d.abated).hi if d.abated is not None else NEVER
    return Record(concept, view.time(when), until, d.reference)


def merged(records: list[Record], border: Border) -> list[Record]:
    """(b) merging: overlapping records of one concept, onsets within 92 days, are one with the earliest onset.

    From the oldest on, each against the earliest onset of an illness: no chain of records puts a new illness back.
    """
    pool: list[Record] = []
    for late in sorted(records, key=lambda r: (r.onset.lo, r.onset.hi, r.reference)):
        early = next((r for r in pool if _one_illness(r, late, border)), None)
        if early is None:
            pool.append(late)
            continue
        onset = earlier_of(early.onset, late.onset)
        pool[pool.index(early)] = replace(early, onset=onset, until=max(early.until, late.until))
    return pool


def earlier_of(a: Span, b: Span) -> Span:
    """The earlier of two intervals: each end as early as it can be."""
    if later(a, b) or later(b, a):
        return b if later(a, b) else a
    sharp = a.sharp and b.sharp
    return Span(min(a.lo, b.lo), min(a.hi, b.hi), min(a.first, b.first), min(a.last, b.last), sharp)


def _one_illness(a: Record, b: Record, border: Border) -> bool:
    if a.concept != b.concept or a.only_recorded or b.only_recorded:
        return False
    early, late = sorted((a, b), key=lambda r: (r.onset.lo, r.onset.hi))
    overlap = late.onset.lo <= early.until and early.onset.lo <= late.until
    return overlap and close(early.onset, late.onset, "episode_gap_days") == MET and not border.crossed(late)


def latest(records: list[Record]) -> Record | None:
    """Ties: latest start, then narrower, then highest id."""
    return max(records, key=lambda r: (r.onset.lo, r.onset.lo - r.onset.hi, r.reference), default=None)


def from_records(view: View, clock: str, border: Border) -> tuple[Span | None, bool]:
    """(b) clock: the interval, and whether only words tell of an onset."""
    records = merged(records_of(view, RESPIRATORY), border)
    top = latest(records)
    if top is not None and _in_a_month(view, top) == NOT_MET:
        top = latest([r for r in records if _in_a_month(view, r) == UNKNOWN]) or top
    if top is None:
        worded = any(
            d.onset_text and d.onset is None
            for d in view.facts.diagnoses
            for c in RESPIRATORY
            if still_a_symptom(view, d, c)
        )
        return None, worded
    start = no_beginning(top.onset) if top.only_recorded else top.onset
    return (start if clock == "worsening" else _first_symptom(view, top, border, start)), False


def _in_a_month(view: View, record: Record) -> str:
    """K4: a vague record that may have begun within the month is not passed over for one that did not."""
    if future(record.onset, view.now):
        return ""
    return within(no_beginning(record.onset) if record.only_recorded else record.onset, view.at, "one_month_days")


def _first_symptom(view: View, top: Record, border: Border, start: Span) -> Span:
    """Every other record, cough included, that began at most 92 days before and had not abated before."""
    coughs = [r for r in records_of(view, (*RESPIRATORY, "cough")) if r.concept == "cough"]
    pool = [*merged(records_of(view, RESPIRATORY), border), *merged(coughs, border)]
    pool = [r for r in pool if r.until >= top.onset.lo]
    pool = [replace(r, onset=no_beginning(r.onset)) if r.only_recorded else r for r in pool]
    states = [(r, within(r.onset, top.onset, "episode_gap_days")) for r in pool]
    sure = min((start, *(r.onset for r, state in states if state == MET)), key=lambda s: (s.lo, s.hi))
    perhaps = [r.onset for r, state in states if state == UNKNOWN and r.onset.lo < sure.lo]
    first = min(perhaps, key=lambda s: s.lo, default=None)
    return sure if first is None else Span(first.lo, sure.hi, first.first, sure.last, False)


def find_onset(view: View, clock: str, border: Border) -> Onset:
    """(a) or (b)."""
    stated = attested(view, "respiratory-onset")
    records, worded = from_records(view, clock, border)
    live = (
        stated is not None
        and isinstance(stated.value, When)
        and within(view.time(stated.made), view.at, "onset_attestation_days") == MET
    )
    if stated is not None and live and not (records and later(records, view.time(stated.made))):
        return Onset(view.time(stated.value), True)
    if records is not None:
        return Onset(records, True)
    if worded:
        return Onset.none("unstructured" if stated is None else "attestation-expired", True)
    return Onset.none("attestation-expired" if stated is not None else absent(view, "E-ATT").foremost)


def within_a_month(view: View, onset: Onset) -> Answer:
    """ON: 0 <= T - onset <= 31 d."""
    if onset.when is None:
        return unsure(onset.why)
    if future(onset.when, view.now):
        return unsure("conflict")
    state = within(onset.when, view.at, "one_month_days")
    return unsure("imprecise-date") if state == UNKNOWN else of(state == MET)


def main_clock() -> str:
    """The clock of DEF-2."""
    return str(choice("onset_clock"))


def not_after(onset: Span, start: Span, name: str) -> bool:
    """The whole onset interval <= start + window."""
    size, by_day = window(name)
    return judge(start, onset, by_day, (size,), lambda d: d <= size) == MET


def new_illness(onset: Span, start: Span, name: str) -> bool:
    """The whole onset interval > start + window."""
    return older(start, onset, name) == MET
