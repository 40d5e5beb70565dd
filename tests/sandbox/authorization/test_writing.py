"""Writing for the launch's patient: attestations and suggested orders, once each, and corrections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App, Json

SYSTEM = "urn:example:written"


def observation(patient: str = "missing-gas", **more: Any) -> Json:
    body: Json = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "survey"}]}],
        "code": {"coding": [{"system": "urn:example:code", "code": "statement"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-11-24T09:00:00Z",
        "valueBoolean": True,
    }
    return {name: value for name, value in (body | more).items() if value is not None}


@pytest.fixture
def token(app: App) -> str:
    launch = app.launch_token("missing-gas")
    return str(app.tokens(launch=launch)["access_token"])


def post(app: App, token: str | None, body: Any, kind: str = "Observation", **headers: str) -> requests.Response:
    return app.fhir(kind, token, "POST", json=body, headers=headers)


def condition(value: str) -> dict[str, str]:
    return {"If-None-Exist": f"identifier={SYSTEM}|{value}"}


def test_what_is_written_stands_in_the_chart(app: App, token: str) -> None:
    answer = post(app, token, observation())
    assert answer.status_code == 201
    identity = answer.json()["id"]
    assert answer.headers["Location"] == f"{app.base}/fhir/Observation/{identity}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert app.fhir(f"Observation/{identity}", token).json()["valueBoolean"] is True
    hits = app.fhir("Observation?code=urn:example:code|statement&patient=missing-gas", token).json()["entry"]
    assert identity in [each["resource"]["id"] for each in hits]
    chart = requests.get(f"{app.base}/open/fhir/Patient/missing-gas/$everything", timeout=5).json()["entry"]
    assert identity in [each["resource"]["id"] for each in chart]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueBoolean": False}, "A statement: no"),
        ({"valueBoolean": None, "valueQuantity": {"value": 21, "unit": "%"}}, "A statement: 21 %"),
        ({"valueBoolean": None, "valuePeriod": {"start": "2026-11-01"}}, "A statement: 2026-11-01 –"),
        ({"valueBoolean": None, "valueCodeableConcept": {"coding": [{"code": "yes"}]}}, "A statement: yes"),
        ({"valueBoolean": None, "valueString": "<b>bold</b>"}, "A statement: &lt;b&gt;bold&lt;/b&gt;"),
        ({"valueBoolean": None, "status": "entered-in-error"}, "A statement (entered-in-error)"),
        ({"valueBoolean": None, "code": {"extension": []}}, "entry"),
    ],
)
def test_the_chart_page_shows_what_an_app_wrote(app: App, token: str, value: Json, words: str) -> None:
    assert post(app, token, observation(**({"code": {"text": "A statement"}} | value))).status_code == 201
    page = requests.get(f"{app.base}/patients/missing-gas", timeout=5)
    assert page.status_code == 200
    assert words in page.text.split("Written by apps")[1]


def test_an_order_that_was_suggested(app: App, token: str) -> None:
    order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "Ferritin"}}
    answer = post(app, token, order | {"subject": {"reference": "Patient/missing-gas"}}, "ServiceRequest")
    assert answer.status_code == 201
    assert app.fhir("ServiceRequest/" + answer.json()["id"], token).json()["code"]["text"] == "Ferritin"


def test_the_same_thing_twice_is_kept_once(app: App, token: str) -> None:
    body = observation(identifier=[{"system": SYSTEM, "value": "one"}])
    first, second = (post(app, token, body, **condition("one")) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_the_same_thing_at_once_is_kept_once(app: App, token: str) -> None:
    body = observation(identifier=[{"system": SYSTEM, "value": "many"}])
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(app, token, body, **condition("many")), range(6)))
    assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
    assert len({each.json()["id"] for each in answers}) == 1


def test_a_condition_that_finds_two_is_refused(app: App, token: str) -> None:
    body = observation(identifier=[{"system": SYSTEM, "value": "two"}])
    assert [post(app, token, body).status_code for _ in range(2)] == [201, 201]
    assert post(app, token, body, **condition("two")).status_code == 412


def test_a_condition_looks_at_this_patient_only(app: App, token: str) -> None:
    body = observation(identifier=[{"system": SYSTEM, "value": "shared"}])
    assert post(app, token, body).status_code == 201
    other = app.tokens(launch=app.launch_token("classic"))["access_token"]
    theirs = observation("classic", identifier=[{"system": SYSTEM, "value": "shared"}])
    assert post(app, other, theirs, **condition("shared")).status_code == 201


def test_a_correction_is_a_new_version(app: App, token: str) -> None:
    kept = post(app, token, observation()).json()
    path = f"Observation/{kept['id']}"
    wrong = kept | {"status": "entered-in-error"}
    answer = app.fhir(path, token, "PUT", json=wrong, headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert app.fhir(path, token).json()["status"] == "entered-in-error"
    assert app.fhir(path, token, "PUT", json=wrong, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert app.fhir(path, token, "PUT", json=wrong, headers={"If-Match": "nonsense"}).status_code == 412
    assert app.fhir(path, token, "PUT", json=wrong).headers["ETag"] == 'W/"3"'


def test_what_is_not_here_or_another_patients_is_not_replaced(app: App, token: str) -> None:
    invented = observation(id="invented")
    assert app.fhir("Observation/invented", token, "PUT", json=invented).status_code == 404
    assert app.fhir("Observation/other", token, "PUT", json=invented).status_code == 400
    foreign = requests.get(f"{app.base}/open/fhir/Observation?patient=classic&_count=1", timeout=5).json()
    theirs = foreign["entry"][0]["resource"]
    path = f"Observation/{theirs['id']}"
    assert app.fhir(path, token, "PUT", json=theirs).status_code == 403
    moved = observation(id=theirs["id"])
    assert app.fhir(path, token, "PUT", json=moved).status_code == 404, "it cannot be taken over either"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (observation("classic"), 403),
        (observation(subject={"reference": "http://elsewhere.invalid/fhir/Patient/missing-gas"}), 422),
        (observation(subject={"reference": "Group/missing-gas"}), 422),
        (observation(subject={"reference": ["Patient/missing-gas"]}), 422),
        (observation("nobody"), 403),
        (observation(code="statement"), 422),
        (observation(code={"coding": "statement"}), 422),
        (observation(category=[{"coding": ["survey"]}]), 422),
        (observation(effectiveDateTime="yesterday"), 422),
        (observation(effectiveDateTime=None, effectivePeriod={"start": 3}), 422),
        (observation(encounter="Encounter/1"), 422),
        (observation(subject=None), 422),
        (observation(subject="Patient/missing-gas"), 422),
        (observation(subject={"display": "somebody"}), 422),
        (observation(status=None), 422),
        (observation(status="done"), 422),
        (observation(status=["final"]), 422),
        (observation(code=None), 422),
        (observation(resourceType="Condition"), 400),
        ([], 400),
        ("text", 400),
        (observation(note=[{"text": "x" * 70_000}]), 413),
    ],
)
def test_what_cannot_be_written(app: App, token: str, body: Any, status: int) -> None:
    answer = post(app, token, body)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(("data", "status"), [(b"{", 400), (b"\xff", 400), (b"[" * 60_000, 400)])
def test_what_is_not_json(app: App, token: str, data: bytes, status: int) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    assert app.fhir("Observation", token, "POST", data=data, headers=headers).status_code == status


def test_other_formats_are_not_taken(app: App, token: str) -> None:
    headers = {"Content-Type": "application/fhir+xml"}
    assert app.fhir("Observation", token, "POST", data=b"<Observation/>", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("scope", "create", "update"),
    [
        ("patient/*.rs", 403, 403),
        ("patient/Observation.read", 403, 403),
        ("patient/Observation.c", 201, 403),
        ("patient/Observation.cu patient/Observation.rs", 201, 200),
        ("patient/Observation.write", 201, 200),
        ("patient/*.*", 201, 200),
        ("patient/ServiceRequest.c", 403, 403),
        ("patient/Observation.cu?category=laboratory", 403, 403),
    ],
)
def test_writing_needs_its_own_scope(app: App, token: str, scope: str, create: int, update: int) -> None:
    mine = app.tokens(launch=app.launch_token("missing-gas"), scope=f"launch {scope}")["access_token"]
    kept = post(app, token, observation()).json()
    assert post(app, mine, observation()).status_code == create
    assert app.fhir(f"Observation/{kept['id']}", mine, "PUT", json=kept).status_code == update


def test_no_token_no_writing(app: App) -> None:
    assert post(app, None, observation()).status_code == 401
    assert app.fhir("Observation/x", None, "PUT", json=observation(id="x")).status_code == 401


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_nothing_else_changes_the_record(apps: Apps, token: str, method: str) -> None:
    app = apps("app")
    assert app.fhir("Observation/x", token, method).status_code == 405
    assert app.fhir("Condition", token, "POST", json={"resourceType": "Condition"}).status_code == 405
