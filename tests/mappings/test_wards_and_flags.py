"""What silence and records need of a chart: the care unit, the codes of active Flags and plans, versions."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.chart import decode_key
from fhir_mappings.decode import version_of, versions
from tests.mappings.charts import ACT, PATIENT, Json, bundle, facts, observation, resource

SYSTEM = "urn:site:flags"
ICU, WARD = {"reference": "Location/icu"}, {"reference": "Location/ward-2"}


def flag(kind: str = "Flag", status: str = "active", **members: Any) -> Json:
    codes = {"coding": [{"system": SYSTEM, "code": "rpild"}, {"display": "no code"}], "text": "Pathway"}
    return resource(kind, "f1", status=status, **({"code": codes} | members))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (flag(), True),
        (flag(status="inactive"), False),
        (flag(period={"end": "2026-11-01"}), False),
        (flag(period={"start": "2026-11-01", "end": "2027-01-01"}), True),
        (flag(code=None), False),
        (flag("CarePlan", category=[{"coding": [{"system": SYSTEM, "code": "rpild"}]}]), True),
        (flag("CarePlan"), False),
    ],
)
def test_codes_of_active_flags_and_plans(given: Json, found: bool) -> None:
    assert facts(given).flags == (frozenset({"rpild", f"{SYSTEM}|rpild"}) if found else frozenset())


@pytest.mark.parametrize(
    ("places", "unit"),
    [
        ([{"location": WARD, "status": "completed"}, {"location": ICU, "status": "active"}], "Location/icu"),
        ([{"location": WARD}, {"location": ICU}], "Location/icu"),
        ([{"location": {"display": "ICU North"}}], "ICU North"),
        ([{"location": ICU, "status": "planned"}], ""),
        ([{"status": "active"}], ""),
        ("nowhere", ""),
        (None, ""),
    ],
)
def test_the_care_unit_of_a_stay(places: Any, unit: str) -> None:
    stay = {"system": ACT, "code": "IMP"}
    (found,) = facts(resource("Encounter", "e1", status="in-progress", **{"class": stay}, location=places)).stays
    assert (found.kind, found.unit) == ("stay", unit)


@pytest.mark.parametrize(
    ("meta", "version"),
    [
        ({"versionId": "3", "lastUpdated": "2026-11-01T00:00:00Z"}, "3"),
        ({"lastUpdated": "2026-11-01T00:00:00Z"}, "2026-11-01T00:00:00Z"),
        ({"versionId": 3}, ""),
        (None, ""),
    ],
)
def test_the_version_of_a_resource(meta: Json | None, version: str) -> None:
    (found,) = decode_key("vitals", bundle(observation(meta=meta)), PATIENT).resources
    assert version_of(found) == version


def test_the_versions_of_many_resources_are_those_of_each() -> None:
    metas: list[Json | None] = [{"versionId": "3"}, {"lastUpdated": "2026-11-01T00:00:00Z"}, None]
    for unreadable in ({"versionId": "4"}, {"versionId": 4}):
        sent = [observation(id=f"o{number}", meta=meta) for number, meta in enumerate([*metas, unreadable])]
        found = decode_key("vitals", bundle(*sent), PATIENT).resources
        each = {f"Observation/{one.id}": version_of(one) for one in found}
        assert versions(found) == {reference: version for reference, version in each.items() if version}
        assert len(versions(found)) == (3 if unreadable["versionId"] == "4" else 2)
