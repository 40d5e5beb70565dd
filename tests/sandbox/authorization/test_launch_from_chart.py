"""The whole way over HTTP: launch token, code, tokens, chart, for each way in which a client proves itself."""

from __future__ import annotations

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import App, answer_of


def test_the_configuration_names_absolute_addresses(app: App) -> None:
    found = requests.get(f"{app.base}/fhir/.well-known/smart-configuration", timeout=5).json()
    assert found["issuer"] == app.base
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert {"launch-ehr", "client-confidential-asymmetric", "sso-openid-connect"} <= set(found["capabilities"])
    addresses = [value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 5
    assert all(each.startswith(f"{app.base}/") for each in addresses)
    assert requests.get(found["jwks_uri"], timeout=5).json()["keys"]


@pytest.mark.parametrize("client", ["app", "basic", "public"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_launch_brings_tokens_and_the_chart(apps: Apps, client: str, method: str) -> None:
    app = apps(client)
    answer = answer_of(app.authorize(method))
    assert (answer["state"], answer["iss"]) == ("state-1", app.base)
    tokens = app.redeem(answer["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["patient"]) == ("Bearer", 900, "classic")
    assert tokens["refresh_token"]
    read = app.fhir("Patient/classic", tokens["access_token"])
    assert (read.status_code, read.json()["id"]) == (200, "classic")


def test_the_launch_context_comes_with_the_token(app: App) -> None:
    launch = app.launch_token("classic", app_context='{"card":"1"}', intent="rpild-trend", banner=False)
    tokens = app.tokens(launch=launch)
    assert tokens["appContext"] == '{"card":"1"}'
    assert tokens["intent"] == "rpild-trend"
    assert tokens["need_patient_banner"] is False
    assert tokens["encounter"]
    assert tokens["fhirContext"][0]["reference"].startswith("ImagingStudy/")
    assert tokens["tenant"]
    assert requests.get(tokens["smart_style_url"], timeout=5).json()["color_text"]


@pytest.mark.parametrize(("client", "algorithm"), [("app", "ES384"), ("basic", "RS256")])
def test_the_id_token_names_the_user(apps: Apps, client: str, algorithm: str) -> None:
    app = apps(client)
    tokens = app.tokens(nonce="a-nonce-" + client)
    keys = KeySet.import_key_set(requests.get(f"{app.base}/.well-known/jwks.json", timeout=5).json())
    token = jwt.decode(tokens["id_token"], keys, algorithms=[algorithm])
    assert (token.claims["iss"], token.claims["aud"]) == (app.base, client)
    assert token.claims["nonce"] == "a-nonce-" + client
    assert token.claims["exp"] - token.claims["iat"] == 300
    user = token.claims["fhirUser"].removeprefix(f"{app.base}/fhir/")
    assert app.fhir(user, tokens["access_token"]).json()["resourceType"] == "Practitioner"


def test_the_chart_page_opens_the_app(app: App) -> None:
    opened = requests.get(f"{app.base}/auth/launch/classic", allow_redirects=False, timeout=5)
    assert opened.status_code == 303
    assert opened.headers["Location"].startswith("http://127.0.0.1:1/smart/launch?iss=http%3A%2F%2Flocalhost")
    assert requests.get(f"{app.base}/auth/launch/nobody", timeout=5).status_code == 404
