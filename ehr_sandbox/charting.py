"""A patient file turned into the FHIR resources of that patient's chart."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ehr_sandbox import record_entries as entries
from ehr_sandbox.clock import Clock, instant
from ehr_sandbox.fhir_json import Json, reference
from ehr_sandbox.observations import results, statements

FOLDER = Path(__file__).parent / "patients"
PRACTITIONER, NAMED = "dr-demo", "Dr Robin Demo"
SECTIONS: dict[str, tuple[tuple[str, Callable[[Json, Clock], Iterator[Json]]], ...]] = {
    "problems": (("Condition", entries.problem),),
    "encounters": (("Encounter", entries.encounter),),
    "drugs": (("MedicationRequest", entries.drug),),
    "orders": (("ServiceRequest", entries.order),),
    "scans": (("ImagingStudy", entries.scan), ("DiagnosticReport", entries.report)),
    "procedures": (("Procedure", entries.procedure),),
}
PERSON = {"place", "lesson", "story", "try", "given", "family", "age", "sex"}
KNOWN = PERSON | {"results", "statements", "arrives"} | SECTIONS.keys()


class PatientFileError(ValueError):
    """A patient file that cannot be turned into a chart."""


@dataclass(frozen=True)
class PatientFile:
    """One synthetic patient as written down: id, what the patient teaches, and the chart at offsets from now."""

    id: str
    content: Json

    @property
    def lesson(self) -> str:
        return str(self.content["lesson"])

    @property
    def story(self) -> str:
        return str(self.content["story"])

    @property
    def name(self) -> str:
        return f"{self.content['given']} {self.content['family']}"

    @property
    def worth_trying(self) -> list[str]:
        return list(self.content.get("try", []))

    def arriving(self, clock: Clock) -> list[Json]:
        """Results that are not in the chart yet and come in when the user asks for them."""
        return list(results(self.id, self.content.get("arrives", {}), clock))


def load_patients(folder: Path = FOLDER) -> tuple[PatientFile, ...]:
    """Every patient of the folder, in the order of `place`; raises PatientFileError naming file and key."""
    paths = sorted(folder.glob("*.toml"))
    found = [PatientFile(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]
    for patient in found:
        unknown = sorted(patient.content.keys() - KNOWN)
        if unknown:
            known = ", ".join(sorted(KNOWN))
            raise PatientFileError(f"{patient.id}.toml: unknown key {', '.join(unknown)}; known are {known}")
    return tuple(sorted(found, key=lambda each: int(each.content["place"])))


def practitioner() -> Json:
    """The clinician who is signed in."""
    name = [{"family": "Demo", "given": ["Robin"], "prefix": ["Dr"]}]
    return {"resourceType": "Practitioner", "id": PRACTITIONER, "active": True, "name": name}


def chart_of(patient: PatientFile, clock: Clock) -> list[Json]:
    """All resources of one patient, the Patient first."""
    resources = [_person(patient, clock), *_entries(patient, clock)]
    resources += results(patient.id, patient.content.get("results", {}), clock)
    resources += statements(patient.id, patient.content.get("statements", []), clock, PRACTITIONER, NAMED)
    return resources


def _person(patient: PatientFile, clock: Clock) -> Json:
    content = patient.content
    born = clock.now - timedelta(days=365.25 * content["age"] + 40)
    return {
        "resourceType": "Patient",
        "id": patient.id,
        "active": True,
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5.901", "value": f"DEMO-{content['place']:04d}"}],
        "name": [{"family": content["family"], "given": [content["given"]]}],
        "gender": content["sex"],
        "birthDate": born.date().isoformat(),
    }


def _entries(patient: PatientFile, clock: Clock) -> Iterator[Json]:
    for section in SECTIONS:
        for number, each in enumerate(patient.content.get(section, [])):
            local = f"{patient.id}-{each.get('id', f'{section}-{number}')}"
            yield from _built(section, local, each, patient.id, clock)


def _built(section: str, local: str, each: Json, patient: str, clock: Clock) -> Iterator[Json]:
    """The resources of one entry of a section; all carry the same id, each under its own type."""
    for kind, build in SECTIONS[section]:
        for body in build(each | {"study": local}, clock):
            yield {"resourceType": kind, "id": local} | body | _owner(kind, patient)


def _owner(kind: str, patient: str) -> Json:
    requested = {"requester": reference("Practitioner", PRACTITIONER)} if kind.endswith("Request") else {}
    return {"subject": reference("Patient", patient)} | requested


def touched(resource: Json, clock: Clock) -> str:
    """When the EHR last changed a resource: its own time if it has one, else an hour ago."""
    for name in ("issued", "effectiveDateTime", "authoredOn", "started"):
        if "T" in str(resource.get(name, "")):
            return str(resource[name])
    return instant(clock.now - timedelta(hours=1))
