"""The chart as the page shows it: banner, problems, encounters, drugs, orders, imaging and what clinicians recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ehr_sandbox.app_entries import app_entries, is_written
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.observations import ATTESTATION
from ehr_sandbox.order_pad import name_of
from ehr_sandbox.result_table import Row, printed, result_groups

Entry = tuple[str, str]
Section = tuple[str, tuple[Entry, ...]]


@dataclass(frozen=True)
class ChartView:
    """Everything above, each list as (words, time in words) with the newest first."""

    name: str
    identifier: str
    sex: str
    born: str
    age: int
    whereabouts: str
    current: tuple[Section, ...]
    history: tuple[Section, ...]
    results: tuple[tuple[str, list[Row]], ...]


def chart_view(resources: list[Json], today: date) -> ChartView:
    """The view of one patient's resources (the Patient among them)."""
    person = next(each for each in resources if each["resourceType"] == "Patient")
    born = date.fromisoformat(person["birthDate"])
    name, own = person["name"][0], [each for each in resources if not is_written(each)]
    return ChartView(
        name=f"{name['family'].upper()}, {' '.join(name['given'])}",
        identifier=person["identifier"][0]["value"],
        sex=person["gender"],
        born=printed(person["birthDate"]),
        age=today.year - born.year - ((today.month, today.day) < (born.month, born.day)),
        whereabouts=_whereabouts(resources),
        current=_current(own),
        history=(*_history(own), *_from_apps(resources)),
        results=tuple(result_groups(own)),
    )


def _current(resources: list[Json]) -> tuple[Section, ...]:
    """What stands above the results, as far as the chart has it."""
    sections = (
        ("Problems", _listed(resources, "Condition", _problem, "onsetDateTime")),
        ("Medications", _listed(resources, "MedicationRequest", _drug, "authoredOn")),
        ("Open orders", _listed(resources, "ServiceRequest", name_of, "authoredOn")),
        ("Respiratory support", _listed(resources, "Procedure", _procedure, "performedPeriod")),
    )
    return tuple(section for section in sections if section[1])


def _history(resources: list[Json]) -> tuple[Section, ...]:
    """What stands below the results."""
    sections = (
        ("Imaging", _scans(resources)),
        ("Recorded by clinicians", _statements(resources)),
        ("Encounters", _listed(resources, "Encounter", _encounter, "period")),
    )
    return tuple(section for section in sections if section[1])


def _from_apps(resources: list[Json]) -> tuple[Section, ...]:
    written = tuple((words, printed(when)) for words, when in app_entries(resources))
    return (("Written by apps", written),) if written else ()


def _listed(resources: list[Json], kind: str, words: Callable[[Json], str], time: str) -> tuple[Entry, ...]:
    mine = [each for each in resources if each["resourceType"] == kind]
    mine.sort(key=lambda each: _start(each[time]), reverse=True)
    return tuple((words(each), _when(each[time])) for each in mine)


def _start(value: Json | str) -> str:
    return value if isinstance(value, str) else str(value["start"])


def _when(value: Json | str) -> str:
    if isinstance(value, str):
        return printed(value)
    start = printed(value["start"])
    return f"{start} – {printed(value['end'])}" if "end" in value else f"since {start}"


def _problem(resource: Json) -> str:
    verification = resource["verificationStatus"]["coding"][0]["code"]
    return str(resource["code"]["text"]) + ("" if verification == "confirmed" else f" ({verification})")


def _drug(resource: Json) -> str:
    return f"{name_of(resource)}, {resource['dosageInstruction'][0]['text']}" + _unless_active(resource)


def _unless_active(resource: Json) -> str:
    return "" if resource["status"] == "active" else f" ({resource['status']})"


def _procedure(resource: Json) -> str:
    return str(resource["code"]["text"])


def _encounter(resource: Json) -> str:
    return f"{str(resource['class']['display']).capitalize()}: {resource['reasonCode'][0]['text']}"


def _whereabouts(resources: list[Json]) -> str:
    visits = [each for each in resources if each["resourceType"] == "Encounter" and each["status"] == "in-progress"]
    if not visits:
        return "No open encounter"
    return f"{str(visits[0]['class']['display']).capitalize()} since {printed(visits[0]['period']['start'])}"


def _scans(resources: list[Json]) -> tuple[Entry, ...]:
    """A report where there is one, else the study alone."""
    reports = [each for each in resources if each["resourceType"] == "DiagnosticReport"]
    conclusions = {each["imagingStudy"][0]["reference"]: each["conclusion"] for each in reports}
    studies = [each for each in resources if each["resourceType"] == "ImagingStudy"]
    studies.sort(key=lambda each: str(each["started"]), reverse=True)

    def words(study: Json) -> str:
        return f"{study['description']}: {conclusions.get('ImagingStudy/' + study['id'], 'not yet reported')}"

    return tuple((words(each), printed(each["started"])) for each in studies)


def _statements(resources: list[Json]) -> tuple[Entry, ...]:
    made = [each for each in resources if each["resourceType"] == "Observation" and _attested(each)]
    made.sort(key=lambda each: str(each["issued"]), reverse=True)
    return tuple((f"{each['code']['text']}: {_stated(each)}", printed(each["issued"])) for each in made)


def _attested(resource: Json) -> bool:
    return any(coding.get("system") == ATTESTATION for coding in resource["code"].get("coding", []))


def _stated(resource: Json) -> str:
    if "valueBoolean" in resource:
        return "yes" if resource["valueBoolean"] else "no"
    if "valueQuantity" in resource:
        return f"{resource['valueQuantity']['value']:g} {resource['valueQuantity']['unit']}"
    return str(resource["valueString"]) if "valueString" in resource else printed(resource["valueDateTime"])
