"""What a token reaches: its scopes of both versions, narrowed by category, and one patient's chart only."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App, Json

LOINC_FERRITIN = "http://loinc.org|2276-4"


def token(app: App, scope: str) -> str:
    return str(app.tokens(scope=f"launch {scope}")["access_token"])


def found(answer: requests.Response) -> list[Json]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", [])]


@pytest.mark.parametrize("value", [None, "", "invented", "x y"])
def test_no_token_no_chart(app: App, value: str | None) -> None:
    answer = app.fhir("Patient/classic", value)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_token_stands_in_the_header_only(app: App) -> None:
    value = token(app, "patient/*.rs")
    assert requests.get(f"{app.base}/fhir/Patient/classic?access_token={value}", timeout=5).status_code == 401
    headers = {"Authorization": f"Basic {value}"}
    assert requests.get(f"{app.base}/fhir/Patient/classic", headers=headers, timeout=5).status_code == 401


@pytest.mark.parametrize("path", ["metadata", ".well-known/smart-configuration"])
def test_what_describes_the_server_is_open(app: App, path: str) -> None:
    assert app.fhir(path, None).status_code == 200


def test_the_capability_statement_tells_of_smart_and_of_writing(app: App) -> None:
    rest = app.fhir("metadata", None).json()["rest"][0]
    (extension,) = rest["security"]["extension"]
    addresses = {each["url"]: each["valueUri"] for each in extension["extension"]}
    assert addresses["authorize"] == f"{app.base}/auth/authorize"
    written = [each["type"] for each in rest["resource"] if {"code": "create"} in each["interaction"]]
    assert written == ["Observation", "ServiceRequest"]
    still_open = requests.get(f"{app.base}/open/fhir/metadata", timeout=5).json()["rest"][0]
    assert "security" not in still_open


READS = ("Patient/classic", "Observation?patient=classic", "Condition?patient=classic")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("patient/*.rs", (200, 200, 200)),
        ("patient/*.read", (200, 200, 200)),
        ("patient/*.*", (200, 200, 200)),
        ("patient/Patient.r", (200, 403, 403)),
        ("patient/Patient.read patient/Observation.read", (200, 200, 403)),
        ("patient/Observation.s", (403, 200, 403)),
        ("patient/Observation.r", (403, 403, 403)),
        ("patient/Observation.cud", (403, 403, 403)),
        ("patient/Observation.write", (403, 403, 403)),
        ("user/*.rs", (200, 200, 200)),
        ("user/Condition.read", (403, 403, 200)),
        ("openid fhirUser", (403, 403, 403)),
    ],
)
def test_scopes_of_both_versions(app: App, scope: str, expected: tuple[int, ...]) -> None:
    value = token(app, scope)
    answers = [app.fhir(path, value) for path in READS]
    assert tuple(each.status_code for each in answers) == expected
    refusals = [each.json()["issue"][0]["code"] for each in answers if each.status_code == 403]
    assert set(refusals) <= {"forbidden"}


def test_other_patients_are_neither_read_nor_found(app: App) -> None:
    value = token(app, "patient/*.rs")
    for path in ("Patient/suh-a1", "Patient/suh-a1/$everything", "Patient/nobody"):
        assert app.fhir(path, value).status_code == 404
    assert found(app.fhir("Observation?patient=suh-a1", value)) == []
    assert found(app.fhir("Patient", value)) == found(app.fhir("Patient?_id=classic", value))
    everybody = found(app.fhir("Observation?_count=200", value))
    assert {each["subject"]["reference"] for each in everybody} == {"Patient/classic"}
    foreign = requests.get(f"{app.base}/open/fhir/Observation?patient=suh-a1&_count=1", timeout=5)
    assert app.fhir(f"Observation/{found(foreign)[0]['id']}", value).status_code == 404


def test_a_search_by_form_holds_the_same_limits(app: App) -> None:
    value = token(app, "patient/Observation.rs")
    posted = app.fhir("Observation/_search", value, "POST", data={"patient": "suh-a1"})
    assert found(posted) == []
    assert app.fhir("Condition/_search", value, "POST", data={"patient": "classic"}).status_code == 403


def test_pages_keep_the_limits(app: App) -> None:
    value = token(app, "patient/Observation.rs")
    page = app.fhir("Observation?_count=3", value).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert following.startswith(f"{app.base}/fhir/Observation?")
    assert requests.get(following, timeout=5).status_code == 401
    second = app.fhir(following.removeprefix(f"{app.base}/fhir/"), value)
    assert {each["subject"]["reference"] for each in found(second)} == {"Patient/classic"}


def test_users_scopes_reach_every_patient(app: App) -> None:
    value = token(app, "user/Patient.rs")
    assert app.fhir("Patient/suh-a1", value).status_code == 200
    assert len(found(app.fhir("Patient", value))) > 10


def test_a_granular_scope_reaches_its_category_only(app: App) -> None:
    every = found(app.fhir("Observation?patient=classic&_count=200", token(app, "patient/Observation.rs")))
    categories = {_category(each) for each in every}
    assert len(categories) > 1
    value = token(app, "patient/Observation.rs?category=laboratory")
    assert {_category(each) for each in found(app.fhir("Observation?patient=classic&_count=200", value))} == {
        "laboratory"
    }
    other = next(each for each in every if _category(each) != "laboratory")
    assert app.fhir(f"Observation/{other['id']}", value).status_code == 404


def _category(resource: Json) -> str:
    return str(resource["category"][0]["coding"][0]["code"])


def test_a_granular_scope_with_a_system(app: App) -> None:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    tokens = app.tokens(scope=f"launch patient/Observation.rs?category={system}|laboratory")
    assert tokens["scope"].endswith(f"?category={system}|laboratory")
    answer = found(app.fhir(f"Observation?patient=classic&code={LOINC_FERRITIN}", tokens["access_token"]))
    assert answer


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.sr",
        "patient/Observation.dus",
        "patient/Observation.",
        "patient/Observation.rs?colour=red",
        "patient/*.rs?category=laboratory",
        "patient/Basket.rs",
        "Patient/Observation.rs",
        "system/Observation.rs",
        "launch/basket",
    ],
)
def test_scopes_that_are_not_offered_are_left_out(app: App, scope: str) -> None:
    assert app.tokens(scope=f"launch {scope} patient/Patient.r")["scope"] == "launch patient/Patient.r"


def test_the_user_may_be_read_but_no_other_practitioner(app: App) -> None:
    launch = app.launch_token(user="dr-demo-0123456789ab")
    tokens = app.tokens(launch=launch, scope="launch openid fhirUser patient/Patient.r")
    own = app.fhir("Practitioner/dr-demo-0123456789ab", tokens["access_token"])
    assert own.json()["id"] == "dr-demo-0123456789ab"
    assert app.fhir("Practitioner/dr-demo", tokens["access_token"]).status_code == 404
    assert found(app.fhir("Practitioner", tokens["access_token"])) == []


@pytest.mark.parametrize("client", ["app", "basic", "public"])
def test_two_launches_at_once_keep_their_patients(apps: Apps, client: str) -> None:
    app = apps(client)
    codes = {each: app.code(launch=app.launch_token(each)) for each in ("classic", "suh-a1")}
    for patient, code in reversed(codes.items()):
        tokens = app.redeem(code).json()
        assert tokens["patient"] == patient
        assert [each["id"] for each in found(app.fhir("Patient", tokens["access_token"]))] == [patient]


def test_the_open_base_is_for_reading_only(app: App) -> None:
    open_base = f"{app.base}/open/fhir"
    page = requests.get(f"{open_base}/Observation?patient=classic&_count=1", timeout=5).json()
    assert page["entry"][0]["fullUrl"].startswith(f"{open_base}/Observation/")
    body = {"resourceType": "Observation"}
    assert requests.post(f"{open_base}/Observation", json=body, timeout=5).status_code == 405
    assert requests.put(f"{open_base}/Observation/x", json=body, timeout=5).status_code == 405
