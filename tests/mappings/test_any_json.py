"""Whatever the JSON holds, a chart is read, or a coded error is raised: nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_mappings.chart import Chart, read_chart
from fhir_mappings.mixed import answers_for, read_bundle
from fhir_mappings.queries import KEYS
from fhir_mappings.reads import OtherPatientError, UnreadableFileError
from tests.mappings.charts import LOINC, PATIENT, Json, answers, code, context, observation, quantity, resource
from tests.mappings.test_chart import CROWD

SEEDS: list[Json] = [
    *CROWD,
    observation(
        "range",
        code(LOINC, "82424-3"),
        valueQuantity=quantity(30, "U/mL"),
        referenceRange=[{"high": quantity(20, "U/mL")}],
        interpretation=[{"text": "H"}],
    ),
    observation(
        "att",
        code("urn:rpild:attestation", "hrct-increase-percent"),
        valueQuantity=quantity(21, "%"),
        performer=[{"reference": "Practitioner/d"}],
    ),
    resource(
        "MedicationAdministration",
        "ma",
        dosage={"dose": quantity(1, "g")},
        medicationReference={"reference": "#d"},
        contained=[{"id": "d", "code": {"text": "tacrolimus"}}],
    ),
    resource("ImagingStudy", "i", description="HRCT", series=[{"description": "lung"}]),
    resource("DeviceUseStatement", "d", device={"display": "BiPAP"}, timingPeriod={"start": "2026"}),
    resource("CarePlan", "cp", status="active", title="DNI", activity=[{"detail": {"code": {"text": "x"}}}]),
]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            "2026-11-21",
            "Patient/p2",
            "Patient/p1",
            "#d",
            "http://loinc.org",
            "2276-4",
            "final",
            "9999-12-31",
            "0001-01-01",
            ">",
            "mm[Hg]",
        ]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["coding", "text", "value", "reference", "start", "code"]), st.text(max_size=5), max_size=2
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, member in inner for place in places(member, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else in one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def mutants(draw: st.DrawFn) -> Json:
    """A resource with one to three places changed."""
    made: Any = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(made)[1:] or [()]))
        made = changed(made, path, draw(ODD)) if path else made
    return dict(made)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(mutants(), min_size=1, max_size=3))
def test_changed_resources(resources: list[Json]) -> None:
    raw = json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}).encode()
    for key in KEYS:
        try:
            assert isinstance(read_chart({key: raw}, context(draft_orders=raw)), Chart)
        except OtherPatientError:
            assert b"Patient" in raw


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.recursive(
        ODD,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["resourceType", "entry", "resource", "link", "id"]), inner, max_size=4)
        ),
    )
)
def test_any_body(body: Any) -> None:
    raw = json.dumps(body).encode()
    for key in ("patient", "laboratory", "medications", "serviceRequests"):
        assert isinstance(read_chart({key: raw}, context()), Chart)
    with suppress(UnreadableFileError):
        assert set(answers_for(read_bundle(raw), PATIENT)) > set(KEYS)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60))
def test_any_bytes(raw: bytes) -> None:
    assert isinstance(read_chart({"conditions": raw, "patient": raw}, context()), Chart)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.permutations(SEEDS))
def test_any_order(resources: list[Json]) -> None:
    assert read_chart(answers(*resources), context()).facts == read_chart(answers(*SEEDS), context()).facts
