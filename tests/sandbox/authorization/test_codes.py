"""Codes: once, for their own client, with the verifier and the redirect of the request, for a minute."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import time_machine
from authlib.common.security import generate_token

from ehr_sandbox.authorization.token_store import ACCESS_SECONDS, CODE_SECONDS
from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App


def test_a_replayed_code_ends_what_the_first_use_brought(app: App) -> None:
    code = app.code()
    tokens = app.redeem(code).json()
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 200
    replay = app.redeem(code)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_of_many_at_once_one_gets_through(app: App) -> None:
    code = app.code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.redeem(code), range(8)))
    assert Counter(each.status_code for each in answers) == {200: 1, 400: 7}
    won = next(each.json() for each in answers if each.ok)
    assert app.fhir("Patient/classic", won["access_token"]).status_code == 401, "a replay ended the family"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": generate_token(48)}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1/smart/callback"}, "invalid_grant"),
        ({"code": "invented"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
@pytest.mark.parametrize("client", ["app", "public"])
def test_a_code_needs_all_that_belongs_to_it(apps: Apps, client: str, changes: dict[str, str], error: str) -> None:
    app = apps(client)
    refused = app.redeem(app.code(), **changes)
    expected = {error, "invalid_client"} if client == "public" else {error}
    assert refused.status_code in (400, 401)
    assert refused.json()["error"] in expected
    assert "access_token" not in refused.text


def test_a_wrong_verifier_uses_the_code_up(app: App) -> None:
    code = app.code()
    assert not app.redeem(code, code_verifier=generate_token(48)).ok
    assert not app.redeem(code).ok


def test_a_code_is_its_own_clients(apps: Apps) -> None:
    app, other = apps("app"), apps("basic")
    code = app.code()
    other.verifier = app.verifier
    assert other.redeem(code).json()["error"] == "invalid_grant"
    assert app.redeem(code).status_code == 200, "a stranger's try does not use it up"


def test_a_code_ends_after_a_minute(app: App) -> None:
    code = app.code()
    with time_machine.travel(_in(CODE_SECONDS + 1)):
        assert app.redeem(code).json()["error"] == "invalid_grant"


def test_an_access_token_ends(app: App) -> None:
    token = app.tokens()["access_token"]
    assert app.fhir("Patient/classic", token).status_code == 200
    with time_machine.travel(_in(ACCESS_SECONDS + 1)):
        answer = app.fhir("Patient/classic", token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_no_refresh_token_unless_it_was_asked_for(app: App) -> None:
    assert "refresh_token" not in app.tokens(scope="launch patient/*.rs")
    assert "id_token" not in app.tokens(scope="launch patient/*.rs")


def test_parameters_stand_once_and_in_the_body(app: App) -> None:
    code, url = app.code(), f"{app.base}/auth/token"
    twice = requests.post(url, data={"code": [code, code], "grant_type": "authorization_code"}, timeout=5)
    outside = requests.post(f"{url}?code={code}", data={"grant_type": "authorization_code"}, timeout=5)
    assert [each.json()["error"] for each in (twice, outside)] == ["invalid_request"] * 2
    assert requests.get(url, timeout=5).status_code == 405
    assert app.redeem(code).headers["Cache-Control"] == "no-store"


def _in(seconds: int) -> float:
    return time.time() + seconds
