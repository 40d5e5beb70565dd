"""Refresh tokens: used once, replaced each time, never for more scopes; a second use ends the family."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from ehr_sandbox.authorization.token_store import FAMILY_SECONDS
from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App


@pytest.mark.parametrize("client", ["app", "basic", "public"])
def test_a_refresh_brings_new_tokens_for_the_same_launch(apps: Apps, client: str) -> None:
    app = apps(client)
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["scope"], second["patient"]) == (first["scope"], "classic")
    assert "id_token" not in second
    assert app.fhir("Patient/classic", second["access_token"]).status_code == 200


def test_a_second_use_ends_the_family(app: App) -> None:
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).json()
    reuse = app.refresh(first["refresh_token"])
    assert (reuse.status_code, reuse.json()["error"]) == (400, "invalid_grant")
    assert app.fhir("Patient/classic", second["access_token"]).status_code == 401
    assert app.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_of_many_at_once_one_gets_through_and_the_family_ends(app: App) -> None:
    token = app.tokens()["refresh_token"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: app.refresh(token), range(6)))
    won = [each.json() for each in answers if each.ok]
    assert len(won) == 1
    assert app.fhir("Patient/classic", won[0]["access_token"]).status_code == 401


def test_a_token_that_another_request_has_just_used(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = app.tokens()["refresh_token"]
    monkeypatch.setattr(app.launcher.server.store, "rotate", lambda _: False)
    assert app.refresh(token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("more", ["patient/*.cruds", "user/Patient.rs", "offline_access", "invented"])
def test_scopes_never_grow(app: App, more: str) -> None:
    first = app.tokens(scope="launch online_access patient/Patient.rs")
    refused = app.refresh(first["refresh_token"], scope=f"{first['scope']} {more}")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert app.refresh(first["refresh_token"]).status_code == 200, "a refused wish does not use the token up"


def test_scopes_may_shrink_and_come_back(app: App) -> None:
    first = app.tokens(scope="launch online_access patient/Patient.rs patient/Observation.rs")
    second = app.refresh(first["refresh_token"], scope="patient/Patient.rs").json()
    assert second["scope"] == "patient/Patient.rs"
    assert app.fhir("Observation?patient=classic", second["access_token"]).status_code == 403
    assert app.refresh(second["refresh_token"]).json()["scope"] == first["scope"]


def test_a_refresh_token_is_its_own_clients(apps: Apps) -> None:
    app = apps("app")
    token = app.tokens()["refresh_token"]
    assert apps("public").refresh(token).json()["error"] == "invalid_grant"
    assert app.refresh(token).status_code == 200, "a stranger's try ends nothing"


@pytest.mark.parametrize("token", ["invented", "", None])
def test_an_unknown_token_is_refused(app: App, token: str | None) -> None:
    form = {} if token is None else {"refresh_token": token}
    assert app.post(grant_type="refresh_token", **form).json()["error"] in ("invalid_grant", "invalid_request")


def test_an_access_token_does_not_refresh_nor_a_refresh_token_read(app: App) -> None:
    tokens = app.tokens()
    assert app.refresh(tokens["access_token"]).json()["error"] == "invalid_grant"
    assert app.fhir("Patient/classic", tokens["refresh_token"]).status_code == 401


def test_a_family_ends_in_the_evening_however_often_it_was_renewed(app: App) -> None:
    token = app.tokens()["refresh_token"]
    with time_machine.travel(time.time() + FAMILY_SECONDS - 60):
        renewed = app.refresh(token).json()
        assert renewed["refresh_token"]
    with time_machine.travel(time.time() + FAMILY_SECONDS + 1):
        assert app.refresh(renewed["refresh_token"]).json()["error"] == "invalid_grant"
        assert app.fhir("Patient/classic", renewed["access_token"]).status_code == 401
