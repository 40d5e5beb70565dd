"""Respiratory diagnoses as records with an onset: which count, which are one, and which opens a new episode (ON, b)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from rpild_rules.concepts import EPISODE_CONCEPTS
from rpild_rules.facts import Diagnosis
from rpild_rules.findings import MET, UNKNOWN
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, after, gap, near, within


@dataclass(frozen=True, slots=True)
class Record:
    """One episode of one respiratory diagnosis: its onset, and the end of its active time if it has one.

    `recorded` is set where only the recorded date is known: the onset then has no known beginning.
    """

    concept: str
    onset: When
    abated: When | None
    reference: str
    printed: str
    recorded: When | None = None


def records_of(found: Iterable[Diagnosis], concepts: frozenset[str], knowledge: Knowledge) -> list[Record]:
    """Dated records; one with a recorded date only counts if no other onset explains it.

    A vague onset explains it too if it surely lies no further back: should it lie after it, it is the newer one anyway.
    """
    records = [r for d in found for r in _records(d, concepts)]
    dated = [r for r in records if not r.recorded]
    window = knowledge.window("episode_gap_days")

    def explained(recorded: When) -> bool:
        longest = (gap(each.onset, recorded, window.calendar)[1] for each in dated)
        return any(timedelta() <= most <= window.span for most in longest)

    return [r for r in records if not r.recorded or not explained(r.recorded)]


def _records(d: Diagnosis, concepts: frozenset[str]) -> Iterator[Record]:
    for concept in sorted(d.concepts & concepts):
        if d.onset:
            yield Record(concept, d.onset, d.abated, d.reference, d.printed)
        if not d.onset and d.recorded and not d.onset_text:
            yield Record(concept, d.recorded.open_start(), d.abated, d.reference, d.printed, d.recorded)


def newest_record(records: Iterable[Record]) -> Record:
    """Latest start of the interval (a recorded date if nothing else), then the narrower, then the highest id."""
    return max(records, key=_newness)


def _newness(r: Record) -> tuple[float, float, str]:
    start = (r.recorded or r.onset).earliest.timestamp()
    return start, -(r.onset.latest - r.onset.earliest).total_seconds(), r.reference


@dataclass(frozen=True, slots=True)
class Border:
    """From when on a failure, ARDS or hypoxaemia opens a new episode: under treatment, or after an improvement."""

    t0: When | None
    improved: tuple[When, ...]
    knowledge: Knowledge

    def opens(self, r: Record) -> bool:
        """Whether this record is never merged into an earlier one."""
        if r.concept not in EPISODE_CONCEPTS:
            return False
        late = self.t0 is not None and gap(self.t0, r.onset, True)[0] > self.knowledge.window("breakthrough_days").span
        return late or any(after(r.onset, when) for when in self.improved)


def merged_records(records: list[Record], border: Border, knowledge: Knowledge) -> list[Record]:
    """Records of one concept that overlap and began close together are one, with the earliest onset.

    Each is held against the earliest onset of an illness, never chained from record to record: a chain of old records
    would put a new illness back by months, and a card that is due would not be sent.
    """
    result: list[Record] = []
    for r in sorted(records, key=lambda each: (each.onset.earliest, each.onset.latest, each.reference)):
        twin = None if border.opens(r) else next((each for each in result if _one_record(each, r, knowledge)), None)
        if twin:
            joined = replace(twin, onset=_no_later(twin.onset, r.onset), abated=_later_end(twin.abated, r.abated))
            result[result.index(twin)] = joined
        else:
            result.append(r)
    return result


def _one_record(earlier: Record, later: Record, knowledge: Knowledge) -> bool:
    overlap = earlier.abated is None or not after(later.onset, earlier.abated)
    together = near(earlier.onset, later.onset, knowledge.window("episode_gap_days")) is MET
    return earlier.concept == later.concept and overlap and together


def _no_later(onset: When, other: When) -> When:
    """The earlier of two onsets: of a vague one, at the latest when the other began (K4)."""
    if other.latest >= onset.latest:
        return onset
    printed = f"{onset.printed}, at the latest {other.printed}"
    return replace(onset, latest=other.latest, last=other.last, exact=False, printed=printed)


def _later_end(one: When | None, other: When | None) -> When | None:
    return max(one, other, key=lambda when: when.latest) if one and other else None


def first_symptom(newest: Record, records: Iterable[Record], knowledge: Knowledge) -> Record:
    """The earliest onset that leads up to the newest without having abated before it.

    A record that may or may not belong to it opens the start of the interval (K4).
    """
    window = knowledge.window("episode_gap_days")
    open_ones = [r for r in records if not (r.abated and after(newest.onset, r.abated))]
    leading = [(r, within(r.onset, newest.onset, window)) for r in open_ones]
    first = min((newest, *(r for r, status in leading if status is MET)), key=_start)
    unsure = [r for r, status in leading if status is UNKNOWN and r.onset.earliest < first.onset.earliest]
    if not unsure:
        return first
    earliest = min(unsure, key=_start)
    start = replace(first.onset, earliest=earliest.onset.earliest, first=earliest.onset.first, exact=False)
    return replace(first, onset=start)


def _start(r: Record) -> tuple[float, float, str]:
    return r.onset.earliest.timestamp(), r.onset.latest.timestamp(), r.reference
