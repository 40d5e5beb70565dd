"""What an authorization request must hold: a lack is told to the app, or on a page where no app can be trusted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from ehr_sandbox.authorization.launching import LaunchError
from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import REDIRECT, App, answer_of

TOLD_TO_THE_APP: list[tuple[str, dict[str, Any], str]] = [
    ("no PKCE", {"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ("no challenge", {"code_challenge": None}, "invalid_request"),
    ("no method, which means plain", {"code_challenge_method": None}, "invalid_request"),
    ("plain PKCE", {"code_challenge_method": "plain"}, "invalid_request"),
    ("a short challenge", {"code_challenge": "short"}, "invalid_request"),
    ("two challenges", {"code_challenge": ["a" * 43, "b" * 43]}, "invalid_request"),
    ("no aud", {"aud": None}, "invalid_request"),
    ("another server as aud", {"aud": "http://elsewhere.invalid/fhir"}, "invalid_request"),
    ("aud with a slash", {"aud": "BASE/fhir/"}, "invalid_request"),
    ("two aud", {"aud": ["BASE/fhir", "BASE/fhir"]}, "invalid_request"),
    ("no launch for the scope launch", {"launch": None}, "invalid_request"),
    ("an invented launch", {"launch": "invented"}, "invalid_request"),
    ("a launch without the scope", {"scope": "openid patient/*.rs"}, "invalid_request"),
    ("no scope", {"scope": None}, "invalid_scope"),
    ("nothing that is offered", {"scope": "email system/*.rs patient/*.dus"}, "invalid_scope"),
    ("patient scopes without a patient", {"scope": "patient/*.rs", "launch": None}, "invalid_scope"),
    ("an endless parameter", {"nonce": "n" * 5000}, "invalid_request"),
]
SHOWN_ON_A_PAGE: list[tuple[str, dict[str, Any]]] = [
    ("no client", {"client_id": None}),
    ("an unknown client", {"client_id": "stranger"}),
    ("no redirect", {"redirect_uri": None}),
    ("a longer redirect", {"redirect_uri": REDIRECT + "/more"}),
    ("a redirect with a query", {"redirect_uri": REDIRECT + "?next=1"}),
    ("a redirect in other letters", {"redirect_uri": REDIRECT.upper()}),
    ("a foreign redirect", {"redirect_uri": "http://elsewhere.invalid/callback"}),
    ("a redirect that no error text may hold", {"redirect_uri": 'http://é.invalid/"<script>'}),
]


def placed(app: App, changes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.replace("BASE", app.base) if isinstance(value, str) else value for name, value in changes.items()
    }


@pytest.mark.parametrize("client", ["app", "basic", "public"])
@pytest.mark.parametrize(
    ("changes", "error"), [each[1:] for each in TOLD_TO_THE_APP], ids=[each[0] for each in TOLD_TO_THE_APP]
)
def test_a_lack_is_told_to_the_app(apps: Apps, client: str, changes: dict[str, Any], error: str) -> None:
    app = apps(client)
    answer = answer_of(app.authorize(**placed(app, changes)))
    assert answer["error"] == error
    assert (answer["state"], answer["iss"]) == ("state-1", app.base)
    assert "code" not in answer


def test_state_is_needed(app: App) -> None:
    answer = answer_of(app.authorize(state=None))
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


@pytest.mark.parametrize("changes", [each[1] for each in SHOWN_ON_A_PAGE], ids=[each[0] for each in SHOWN_ON_A_PAGE])
def test_nobody_is_sent_to_an_address_that_is_not_registered(app: App, changes: dict[str, Any]) -> None:
    answer = app.authorize(**changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "This app cannot be opened" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("response_type", [None, "token", "code token", "id_token", 'é"\n'])
def test_only_codes_are_given(app: App, response_type: str | None) -> None:
    answer = app.authorize(response_type=response_type)
    assert answer.status_code in (302, 400)
    assert "access_token" not in answer.headers.get("Location", "")
    assert "code=" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("state", ["é ü", "a&b=c", 'quote"', "line\r\nSet-Cookie: a=b", "\x00", "%2e%2e"])
def test_state_comes_back_as_it_was(app: App, state: str) -> None:
    assert answer_of(app.authorize(state=state))["state"] == state
    assert answer_of(app.authorize(state=state, aud="wrong"))["state"] == state


def test_a_launch_is_good_once(app: App) -> None:
    launch = app.launch_token()
    assert "code" in answer_of(app.authorize(launch=launch))
    assert answer_of(app.authorize(launch=launch))["error"] == "invalid_request"


def test_of_many_requests_with_one_launch_one_gets_a_code(app: App) -> None:
    launch = app.launch_token()
    with ThreadPoolExecutor(8) as pool:
        answers = [answer_of(each) for each in pool.map(lambda _: app.authorize(launch=launch), range(8))]
    assert ["code" in each for each in answers].count(True) == 1
    assert {(each["state"], each["iss"]) for each in answers} == {("state-1", app.base)}


def test_a_launch_that_another_request_has_just_used(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    launches = app.launcher.server.launches
    monkeypatch.setattr(launches, "look", launches.take)
    answer = answer_of(app.authorize())
    assert (answer["error"], answer["iss"]) == ("invalid_request", app.base)


def test_only_registered_apps_of_this_ehr_are_opened(app: App) -> None:
    for client in ("stranger", "backend"):
        with pytest.raises(LaunchError, match="no such app"):
            app.launcher.launch_url("classic", client_id=client)


def test_a_cards_link_opens_a_registered_app_only(app: App) -> None:
    assert app.launcher.client_at("http://127.0.0.1:1/smart/launch") == "app"
    for link in ("http://127.0.0.1:1/smart/launch/", "http://elsewhere.invalid/", ""):
        with pytest.raises(LaunchError, match="no app of this EHR"):
            app.launcher.client_at(link)


def test_a_launch_belongs_to_its_app(apps: Apps) -> None:
    launch = apps("basic").launch_token()
    assert answer_of(apps("app").authorize(launch=launch))["error"] == "invalid_request"
    assert "code" in answer_of(apps("basic").authorize(launch=launch)), "a stranger's try does not use it up"


def test_a_refused_request_does_not_use_the_launch_up(app: App) -> None:
    launch = app.launch_token()
    assert "error" in answer_of(app.authorize(launch=launch, aud="wrong"))
    assert "code" in answer_of(app.authorize(launch=launch))


def test_a_nonce_is_good_once(app: App) -> None:
    app.code(nonce="same")
    assert answer_of(app.authorize(nonce="same"))["error"] == "invalid_request"


def test_answers_may_be_framed_by_this_ehr_only(app: App) -> None:
    answer = requests.get(f"{app.base}/auth/authorize", timeout=5)
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
