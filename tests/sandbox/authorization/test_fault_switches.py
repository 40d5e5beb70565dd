"""Everything that this EHR can be told to do wrong, as an app meets it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ehr_sandbox.faults import HEADER, known_faults
from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App, Json, answer_of


@pytest.fixture(autouse=True)
def all_well(app: App) -> Iterator[None]:
    yield
    assert not any(each["on"] for each in requests.delete(f"{app.base}/faults", timeout=5).json().values())


def switch(app: App, **faults: object) -> Json:
    wanted = {name.replace("_", "-"): value for name, value in faults.items()}
    answer = requests.post(f"{app.base}/faults", json=wanted, timeout=5)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
def token(app: App) -> str:
    return str(app.tokens()["access_token"])


def test_switches_tell_what_they_do_and_whether_they_are_on(app: App) -> None:
    told = requests.get(f"{app.base}/faults", timeout=5).json()
    assert list(told) == list(known_faults())
    assert all(each["text"] and each["where"] and not each["on"] for each in told.values())
    on = switch(app, slow="2", error=True)
    assert (on["slow"]["on"], on["slow"]["now"], on["error"]["now"]) == (True, "2", "")
    assert switch(app, slow="off")["slow"]["on"] is False
    form = requests.post(f"{app.base}/faults", {"html": "Patient"}, timeout=5).json()
    assert form["html"]["now"] == "Patient"


@pytest.mark.parametrize(
    "body", [{"invented": "1"}, [], "text", {"slow": "soon"}, {"token-answer": "[]"}, {"token-answer": "{"}]
)
def test_an_unknown_switch_is_refused(app: App, body: object) -> None:
    assert requests.post(f"{app.base}/faults", json=body, timeout=5).status_code == 400


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_site_switches_nothing(app: App, method: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = requests.request(method, f"{app.base}/faults", data={"error": ""}, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert not requests.get(f"{app.base}/faults", timeout=5).json()["error"]["on"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("unauthorized", 401), ("forbidden", 403), ("error", 500), ("outcome", 200), ("too-many", 429)],
)
def test_answers_in_place_of_data(app: App, token: str, fault: str, status: int) -> None:
    switch(app, **{fault: ""})
    for path in ("Patient/classic", "Observation?patient=classic", "Patient/classic/$everything"):
        answer = app.fhir(path, token)
        assert answer.status_code == status
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert ("Retry-After" in answer.headers) == (status == 429)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert requests.get(f"{app.base}/open/fhir/Patient/classic", timeout=5).json()["id"] == "classic"


def test_a_fault_may_hit_one_type_only(app: App, token: str) -> None:
    switch(app, forbidden="Condition")
    assert app.fhir("Condition?patient=classic", token).status_code == 403
    assert app.fhir("Patient/classic", token).status_code == 200


def test_a_request_may_ask_for_its_own_fault(app: App, token: str) -> None:
    ill = app.fhir("Patient/classic", token, headers={HEADER: "error, too-many=7"})
    assert (ill.status_code, ill.headers["Retry-After"]) == (429, "7")
    assert app.fhir("Patient/classic", token).status_code == 200
    assert app.fhir("Patient/classic", token, headers={HEADER: "invented"}).status_code == 400
    assert (
        requests.get(f"{app.base}/.well-known/openid-configuration", headers={HEADER: "x"}, timeout=5).status_code
        == 400
    )


def test_late_and_not_json(app: App, token: str) -> None:
    started = time.monotonic()
    answer = app.fhir("Patient/classic", token, headers={HEADER: "slow=0.3, html"})
    assert time.monotonic() - started >= 0.3
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_second_page_breaks(app: App, token: str) -> None:
    switch(app, broken_page="")
    page = app.fhir("Observation?patient=classic&_count=50", token).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert app.fhir(following.removeprefix(f"{app.base}/fhir/"), token).status_code == 500


def test_the_next_page_is_elsewhere(app: App, token: str) -> None:
    switch(app, foreign_next="")
    links = app.fhir("Condition?patient=classic", token).json()["link"]
    assert [link["url"] for link in links if link["relation"] == "next"] == [
        "http://elsewhere.invalid/fhir/Condition?page=2"
    ]


def test_somebody_else_is_in_the_answer(app: App, token: str) -> None:
    switch(app, wrong_patient="Observation")
    entries = app.fhir("Observation?patient=classic&_count=5", token).json()["entry"]
    assert {each["resource"]["subject"]["reference"] for each in entries} > {"Patient/classic"}
    entries = app.fhir("Condition?patient=classic", token).json()["entry"]
    assert {each["resource"]["subject"]["reference"] for each in entries} == {"Patient/classic"}


def test_nothing_can_be_written(app: App, token: str) -> None:
    switch(app, no_writing="503")
    assert app.fhir("Observation", token, "POST", json={}).status_code == 503


def test_tokens_that_are_not_what_they_say(app: App) -> None:
    switch(app, expired_token="", no_id_token="", no_patient="", missing_scopes="patient/Observation")
    tokens = app.tokens()
    assert tokens["expires_in"] == 900
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 401
    assert "id_token" not in tokens
    assert "patient" not in tokens
    assert "patient/Observation" not in tokens["scope"]
    assert "patient/*.rs" in tokens["scope"]


@pytest.mark.parametrize("claim", ["nonce", "aud", "iss", "sub", "exp"])
def test_an_id_token_with_a_wrong_claim(app: App, claim: str) -> None:
    switch(app, bad_id_token=claim)
    keys = KeySet.import_key_set(requests.get(f"{app.base}/.well-known/jwks.json", timeout=5).json())
    claims = jwt.decode(app.tokens(nonce=f"right-{claim}")["id_token"], keys, algorithms=["ES384"]).claims
    right = {"nonce": f"right-{claim}", "aud": "app", "iss": app.base, "sub": "dr-demo"}
    assert {name: claims[name] == value for name, value in right.items()} == {name: name != claim for name in right}
    assert (claims["exp"] > time.time()) == (claim != "exp")


@pytest.mark.parametrize("client", ["app", "basic"])
def test_an_id_token_signed_by_somebody_else(apps: Apps, client: str) -> None:
    app = apps(client)
    switch(app, bad_id_token="signature")
    keys = KeySet.import_key_set(requests.get(f"{app.base}/.well-known/jwks.json", timeout=5).json())
    with pytest.raises(JoseError):
        jwt.decode(app.tokens()["id_token"], keys, algorithms=["ES384", "RS256"])


def test_a_token_answer_with_other_fields(app: App) -> None:
    switch(app, token_answer='{"token_type": "mac", "expires_in": null, "scope": "patient/*.cruds"}')
    tokens = app.tokens()
    assert (tokens["token_type"], tokens["scope"]) == ("mac", "patient/*.cruds")
    assert "expires_in" not in tokens
    assert app.refresh("invented").json()["error"] == "invalid_grant"


def test_the_token_endpoint_fails(app: App) -> None:
    code = app.code()
    switch(app, token_html="")
    assert app.redeem(code).headers["Content-Type"].startswith("text/html")
    switch(app, token_html=None, token_error="503")
    assert app.redeem(code).status_code == 503
    switch(app, token_error=None)
    assert app.redeem(code).status_code == 200, "the code was not used up"


def test_refreshing_is_refused(app: App) -> None:
    refresh = app.tokens()["refresh_token"]
    switch(app, no_refresh="")
    assert app.refresh(refresh).json()["error"] == "invalid_grant"


def test_answers_to_the_app_that_are_wrong(app: App) -> None:
    switch(app, wrong_iss="")
    assert answer_of(app.authorize())["iss"] == "http://elsewhere.invalid"
    switch(app, wrong_iss="off", denied="")
    assert answer_of(app.authorize())["error"] == "access_denied"


def test_discovery_is_gone_or_silent(app: App) -> None:
    path = ".well-known/smart-configuration"
    switch(app, no_s256="")
    assert "code_challenge_methods_supported" not in app.fhir(path, None).json()
    switch(app, no_configuration="")
    assert app.fhir(path, None).status_code == 404


def test_rotated_keys_no_longer_check_what_was_signed(app: App) -> None:
    address = f"{app.base}/.well-known/jwks.json"
    old = app.tokens()["id_token"]
    before = requests.get(address, timeout=5).json()["keys"]
    switch(app, rotate_keys="")
    after = requests.get(address, timeout=5).json()
    assert {each["kid"] for each in before}.isdisjoint(each["kid"] for each in after["keys"])
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(old, KeySet.import_key_set(after), algorithms=["ES384"])
    assert jwt.decode(app.tokens()["id_token"], KeySet.import_key_set(after), algorithms=["ES384"]).claims["sub"]
