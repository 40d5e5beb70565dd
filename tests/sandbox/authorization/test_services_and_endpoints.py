"""Backend services with system scopes; introspection and revocation for authenticated clients."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App, assertion


@pytest.fixture
def service(apps: Apps) -> App:
    return apps("backend")


def test_a_service_reads_without_a_user(service: App) -> None:
    answer = service.post(grant_type="client_credentials", scope="system/Patient.rs system/Observation.rs")
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert set(tokens) == {"access_token", "token_type", "expires_in", "scope"}
    assert service.fhir("Patient/suh-a1", tokens["access_token"]).status_code == 200
    assert service.fhir("Condition?patient=classic", tokens["access_token"]).status_code == 403


@pytest.mark.parametrize("scope", ["patient/*.rs", "user/*.rs", "openid", "launch", None, ""])
def test_a_service_gets_scopes_of_the_system_only(service: App, scope: str | None) -> None:
    form = {} if scope is None else {"scope": scope}
    answer = service.post(grant_type="client_credentials", **form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("client", ["basic", "public"])
def test_a_service_must_sign(apps: Apps, client: str) -> None:
    answer = apps(client).post(grant_type="client_credentials", scope="system/*.rs")
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] in ("invalid_client", "unauthorized_client")


def test_a_services_assertion_is_held_to_the_same_rules(service: App) -> None:
    proof = assertion("backend", f"{service.base}/auth/token")
    form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion": proof}
    assert [service.post(**form).status_code for _ in range(2)] == [200, 400]


def test_an_app_is_no_service_and_a_service_no_app(apps: Apps, service: App) -> None:
    assert (
        apps("app").post(grant_type="client_credentials", scope="system/*.rs").json()["error"] == "unauthorized_client"
    )
    assert service.post(grant_type="authorization_code", code="x").json()["error"] == "unauthorized_client"
    assert service.authorize(redirect_uri="http://127.0.0.1:1/", launch=None).status_code == 400


@pytest.mark.parametrize("client", ["app", "basic"])
def test_introspection_tells_a_client_of_its_own_token(apps: Apps, client: str) -> None:
    app = apps(client)
    tokens = app.tokens()
    told = app.post("introspect", token=tokens["access_token"]).json()
    assert told["active"] is True
    assert (told["client_id"], told["patient"], told["scope"]) == (client, "classic", tokens["scope"])
    assert (told["iss"], told["sub"]) == (app.base, "dr-demo")
    assert told["exp"] - told["iat"] == 900


def test_introspection_tells_nothing_else(apps: Apps) -> None:
    app, other = apps("app"), apps("basic")
    value = app.tokens()["access_token"]
    assert other.post("introspect", token=value).json() == {"active": False}
    assert app.post("introspect", token="invented").json() == {"active": False}
    assert app.post("introspect").json()["error"] == "invalid_request"
    public = apps("public")
    assert public.post("introspect", token=public.tokens()["access_token"]).json()["error"] == "invalid_client"
    assert app.post("introspect", token=value, client_assertion="x").json()["error"] == "invalid_client"


Ending = Callable[[App, str], object]


@pytest.mark.parametrize("client", ["app", "basic", "public"])
def test_a_revoked_refresh_token_ends_everything(apps: Apps, client: str) -> None:
    app = apps(client)
    tokens = app.tokens()
    assert app.post("revoke", token=tokens["refresh_token"], token_type_hint="refresh_token").status_code == 200
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_revoked_access_token_ends_alone(app: App) -> None:
    tokens = app.tokens()
    assert app.post("revoke", token=tokens["access_token"]).status_code == 200
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 401
    assert app.post("introspect", token=tokens["access_token"]).json() == {"active": False}
    assert app.refresh(tokens["refresh_token"]).status_code == 200


def test_revoking_is_for_the_owner_and_does_not_tell_what_exists(apps: Apps) -> None:
    app, other = apps("app"), apps("basic")
    tokens = app.tokens()
    assert other.post("revoke", token=tokens["access_token"]).status_code == 400
    assert other.post("revoke", token="invented").status_code == 200
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 200
    assert app.post("revoke", token=tokens["access_token"], client_assertion="x").json()["error"] == "invalid_client"
