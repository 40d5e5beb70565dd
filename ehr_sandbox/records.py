"""The EHR's record store: every chart, built anew from the patient files as time goes by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock, RLock

from ehr_sandbox.charting import PRACTITIONER, PatientFile, chart_of, practitioner, touched
from ehr_sandbox.clock import Clock, instant, utc_now
from ehr_sandbox.fhir_json import Json, patient_of

FRESH = timedelta(hours=2)
OWN = "urn:demo-ehr"
WRITTEN = "urn:demo-ehr:written-by-an-app"


class Records:
    """All resources by type and id. Times lie at offsets from when the charts were made; every two hours they are made
    anew, so that a demo left running stays a story of today and nothing moves while somebody reads.
    """

    def __init__(self, patients: tuple[PatientFile, ...], now: Callable[[], datetime] = utc_now) -> None:
        self.patients = {patient.id: patient for patient in patients}
        self.now = now
        self._lock = Lock()
        self._built_at: datetime | None = None
        self._kept: dict[str, dict[str, Json]] = {}
        self._written: dict[str, dict[str, Json]] = {}
        self.writing = RLock()

    def of_type(self, kind: str) -> list[Json]:
        """All resources of a type, in chart order; what was written since the start stands last."""
        return list(self._by_id(kind).values())

    def _by_id(self, kind: str) -> dict[str, Json]:
        kept, written = self._current().get(kind, {}), self._written.get(kind, {})
        return kept | written

    def read(self, kind: str, identity: str) -> Json | None:
        """One resource, or None. Each reader of a chart is the demo's one practitioner under an id of its own."""
        known = self._by_id(kind)
        if kind == "Practitioner" and identity.startswith(f"{PRACTITIONER}-"):
            return known[PRACTITIONER] | {"id": identity}
        return known.get(identity)

    def put(self, resource: Json, source: str = WRITTEN) -> Json:
        """Keep a resource as it is now, under its id; gives it back with its version, time and source."""
        kind, identity = resource["resourceType"], resource["id"]
        with self.writing:
            before = self.read(kind, identity)
            version = str(int(before["meta"]["versionId"]) + 1) if before else "1"
            meta = {"versionId": version, "lastUpdated": instant(self.now()), "source": source}
            stored = resource | {"meta": meta}
            self._written = self._written | {kind: self._written.get(kind, {}) | {identity: stored}}
        return stored

    def chart(self, patient: str) -> list[Json]:
        """The Patient and every resource about that patient."""
        kinds = dict.fromkeys([*self._current(), *self._written])
        return [each for kind in kinds for each in self.of_type(kind) if patient_of(each) == patient]

    def open_encounter(self, patient: str) -> str:
        """The id of the patient's running visit; empty if there is none."""
        visits = [each for each in self.of_type("Encounter") if each["status"] == "in-progress"]
        return next((str(each["id"]) for each in visits if each["subject"] == _subject(patient)), "")

    def _current(self) -> dict[str, dict[str, Json]]:
        with self._lock:
            moment = self.now()
            if self._built_at is None or moment - self._built_at > FRESH:
                self._kept, self._built_at = self._build(Clock(moment)), moment
            return self._kept

    def _build(self, clock: Clock) -> dict[str, dict[str, Json]]:
        kept: dict[str, dict[str, Json]] = {}
        charts = [resource for patient in self.patients.values() for resource in chart_of(patient, clock)]
        for resource in [practitioner(), *charts]:
            resource["meta"] = {"versionId": "1", "lastUpdated": touched(resource, clock)}
            kept.setdefault(resource["resourceType"], {})[resource["id"]] = resource
        return kept


def _subject(patient: str) -> Json:
    return {"reference": f"Patient/{patient}"}
