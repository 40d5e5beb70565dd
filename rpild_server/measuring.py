"""Counting beside the straight line: the ports of a call, each wrapped so that what passes through it is counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cds_hooks.hook_request import FhirAccess, HookRequest
from cds_hooks.ports import CompletePrefetch, Digest, Evaluated, Fetch, Ports, Records, Report, Said, Silence
from fhir_mappings.reads import Answer, Failure
from fhir_mappings.units import KNOWN_SPELLINGS
from fhir_mappings.unread import TEXT_ONLY
from rpild_rules.facts import PatientFacts
from rpild_rules.fatigue import Remembered
from rpild_rules.findings import Reason
from rpild_server.metrics import Meters
from rpild_server.summary import unusable

THOUSAND = 1000
LOINC = "http://loinc.org|"
OTHER = "other"
# Events of the log that are a fault of ours or of the storage; everything else is counted where it happens.
FAULTS = frozenset({"fault", "memory-failed", "not-recorded"})
REFUSED, FOREIGN = "refused", "foreign-server"


def measured(ports: Ports, meters: Meters) -> Ports:
    """The same ports, counting."""
    return replace(
        ports,
        records=MeasuredRecords(ports.records, meters),
        complete_prefetch=_timed_reads(ports.complete_prefetch, meters),
        report=_counted_events(ports.report, meters),
    )


def _counted_events(report: Report, meters: Meters) -> Report:
    counters = {REFUSED: (meters.refusals, "code"), FOREIGN: (meters.foreign, "ehr")}

    def counted(event: str, **fields: object) -> None:
        if event in counters:
            counter, label = counters[event]
            counter.labels(str(fields.get(label, ""))).inc()
        elif event in FAULTS:
            meters.faults.labels(event).inc()
        report(event, **fields)

    return counted


def _timed_reads(complete_prefetch: CompletePrefetch, meters: Meters) -> CompletePrefetch:
    def opened(access: FhirAccess | None, ehr: str) -> Fetch | None:
        fetch = complete_prefetch(access, ehr)
        return _TimedFetch(fetch, ehr, meters) if fetch else None

    return opened


@dataclass(frozen=True, slots=True)
class _TimedFetch:
    """One group of reads, timed, its failures counted."""

    fetch: Fetch
    ehr: str
    meters: Meters

    def __call__(self, wanted: Mapping[str, str], share: float) -> Mapping[str, Answer]:
        begun = time.perf_counter()
        answers = self.fetch(wanted, share)
        self.meters.reads.labels(self.ehr).observe(time.perf_counter() - begun)
        for key in (key for key, answer in answers.items() if isinstance(answer, Failure)):
            self.meters.read_failures.labels(self.ehr, _kind(key)).inc()
        return answers


def _kind(key: str) -> str:
    """The key of a search, or the type alone of a resource read by its id."""
    return key.partition("/")[0]


class MeasuredRecords:
    """Records that count what passes."""

    def __init__(self, records: Records, meters: Meters) -> None:
        self._records = records
        self._meters = meters

    def find(self, request: HookRequest, body_sha256: Digest) -> bytes | None:
        """A repetition is a call too."""
        known = self._records.find(request, body_sha256)
        if known is not None:
            self._meters.calls.labels(request.ehr, request.service, "repeated").inc()
        return known

    def silence(self, request: HookRequest) -> Silence:
        """As it is."""
        found = self._records.silence(request)
        if found.state("", "") == "off":
            self._meters.calls.labels(request.ehr, request.service, "off").inc()
        return found

    def recall(self, request: HookRequest) -> Remembered:
        """As it is."""
        return self._records.recall(request)

    def record(self, evaluated: Evaluated) -> bytes:
        """Counted when it is on record."""
        answer = self._records.record(evaluated)
        self._count(evaluated)
        return answer

    def save_feedback(self, iss: str, said: Sequence[Said]) -> int:
        """Outcomes and reasons; statements about unknown cards are not counted."""
        known = self._records.save_feedback(iss, said)
        for each in said if known else ():
            self._meters.feedback.labels(each.outcome, each.reason).inc()
        return known

    def _count(self, evaluated: Evaluated) -> None:
        request, passed = evaluated.inputs.request, evaluated.conclusion.assessment.gate.passed
        result = "gate" if not passed else "cards" if evaluated.conclusion.cards else "no-card"
        self._meters.calls.labels(request.ehr, request.service, result).inc()
        depth = "full" if passed else "gate"
        self._meters.call_seconds.labels(depth).observe(evaluated.timings["total"] / THOUSAND)
        if passed:
            self._count_conclusion(evaluated)
            self._count_data(evaluated)

    def _count_conclusion(self, evaluated: Evaluated) -> None:
        choice, meters = evaluated.conclusion.choice, self._meters
        fates = {"shown": [each.topic for each in choice.sent], "muted": choice.muted, "suppressed": choice.suppressed}
        for fate, topics in fates.items():
            for topic in topics:
                meters.cards.labels(topic, fate).inc()
        for finding in evaluated.conclusion.assessment.findings:
            meters.criteria.labels(finding.id, finding.status.value).inc()
            if Reason.RULE_FAILED in finding.reasons:
                meters.faults.labels(Reason.RULE_FAILED.value).inc()

    def _count_data(self, evaluated: Evaluated) -> None:
        facts, meters = evaluated.inputs.facts, self._meters
        for name, number in unusable(facts).items():
            concept, _, reason = name.partition(":")
            meters.unusable.labels(concept, reason).inc(number)
        sorts: Counter[str] = Counter()
        for coding, number in evaluated.unread.items():
            sorts[_sort_of(coding)] += number
        for sort, number in sorts.items():
            meters.unmapped.labels(sort).inc(number)
        self._count_results(facts)

    def _count_results(self, facts: PatientFacts) -> None:
        """Added up first: each touch of a shared counter costs."""
        read = Counter(each.concept for each in facts.measurements if each.value is not None)
        for concept, number in read.items():
            self._meters.results.labels(concept).inc(number)
        sent = Counter((each.concept, unit_of(each.printed)) for each in facts.measurements)
        for (concept, unit), number in sent.items():
            self._meters.units.labels(concept, unit).inc(number)


def unit_of(printed: str) -> str:
    """The unit as sent, if the tables know it; what a site wrote otherwise is never a label."""
    unit = printed.rpartition(" ")[2]
    return unit if unit in KNOWN_SPELLINGS else OTHER


def _sort_of(coding: str) -> str:
    return "loinc" if coding.startswith(LOINC) else "text" if coding == TEXT_ONLY else "local"
