"""What the running program counts and how Prometheus reads it: no patient, no user, no free text in any label."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MEMORY_FOLDER = "/dev/shm"  # noqa: S108  counters of the processes, gone with the service
PREFIX = "rpild-metrics-"
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.45, 1.0, 3.0)


def share_between_processes() -> str:
    """A fresh folder in which all workers count together; before the first import of the library. Gives the folder."""
    place = Path(MEMORY_FOLDER) if Path(MEMORY_FOLDER).is_dir() else Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        if not _runs(left.name.removeprefix(PREFIX).partition("-")[0]):
            rmtree(left, ignore_errors=True)
    os.environ[FOLDER] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place)
    return os.environ[FOLDER]


def _runs(pid: str) -> bool:
    """Whether the service that made a folder still runs; one that was killed could not remove it."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True


def shared_folder() -> Path:
    """Where the processes count together; only after `share_between_processes`."""
    return Path(os.environ[FOLDER])


def forget_process(pid: int) -> None:
    """A worker has ended: its gauges end, its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library has no types here


class Meters:
    """Every metric of the service, by the names that dashboards and alert rules use."""

    def __init__(self, version: str, knowledge: str) -> None:
        # Only now, since the library looks for the shared folder when it is imported.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here

        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(name, text, labels, registry=self.registry, buckets=SECONDS)

        self.calls = counter("rpild_calls", "Hook calls by how they ended.", "ehr", "service", "result")
        self.call_seconds = histogram("rpild_call_seconds", "Reading and deciding, without the record.", "depth")
        self.refusals = counter("rpild_refusals", "Calls answered with a coded error.", "code")
        self.foreign = counter("rpild_foreign_servers", "Calls that name a FHIR server that is not the EHR's.", "ehr")
        self.faults = counter("rpild_faults", "Faults of this program and of its storage.", "kind")
        self.cards = counter("rpild_cards", "Cards by what became of them.", "topic", "fate")
        self.criteria = counter("rpild_criteria", "Answers of criteria and flags in scope.", "criterion", "status")
        self.results = counter("rpild_results", "Results that could be used, by data element.", "concept")
        self.unusable = counter("rpild_results_unusable", "Results that could not be used.", "concept", "reason")
        self.units = counter("rpild_results_unit", "Results by the unit they came in.", "concept", "unit")
        self.unmapped = counter("rpild_results_unmapped", "Observations that no rule reads, by coding.", "coding")
        self.feedback = counter("rpild_feedback", "What users said about cards.", "outcome", "reason")
        self.reads = histogram("rpild_fhir_read_seconds", "One group of parallel FHIR reads.", "ehr")
        self.read_failures = counter("rpild_fhir_read_failures", "Searches that could not be answered.", "ehr", "key")

        def gauge(name: str, text: str, mode: Literal["livemax", "livemostrecent"], *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=self.registry, multiprocess_mode=mode)

        self.circuit = gauge("rpild_fhir_circuit_open", "1 while reads of this EHR are not tried.", "livemax", "ehr")
        self.canary = gauge("rpild_canary_ok", "1 if the synthetic patient got its card.", "livemostrecent", "service")
        self.built = gauge("rpild_build_info", "The program; always 1.", "livemax", "version", "knowledge")
        self.built.labels(version, knowledge).set(1)

    def page(self) -> bytes:
        """All processes' numbers as Prometheus reads them."""
        from prometheus_client import generate_latest

        return generate_latest(self._whole())

    def _whole(self) -> CollectorRegistry:
        if FOLDER not in os.environ:
            return self.registry
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        together = CollectorRegistry()
        collect: Callable[[CollectorRegistry], object] = MultiProcessCollector
        collect(together)
        return together
