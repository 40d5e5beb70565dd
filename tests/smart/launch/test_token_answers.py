"""What the token endpoint may say: what opens a page, what stops the launch, how we authenticate there."""

from __future__ import annotations

import base64
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from rpild_rules.knowledge import Knowledge
from tests.smart.launch.conftest import PlugIn, plug_in
from tests.smart.launch.scripted_ehr import PATIENT
from tests.smart.launch.test_launch import code_of


def finished(site: PlugIn, answer: Any) -> tuple[int, str]:
    """Status and code (or the page's path) of a launch whose token request is answered so."""
    site.ehrs["north"].token = lambda: answer
    browser = site.browser()
    given = site.called_back(browser, state=site.launch(browser)["state"], code="c")
    return given.status_code, given.headers["Location"] if given.status_code == 303 else code_of(given.text)


def assertion_of(site: PlugIn, form: dict[str, Any]) -> dict[str, Any]:
    """The claims of a client assertion, checked with the keys that the plug-in publishes."""
    published = KeySet.import_key_set(site.browser().get("/smart/jwks.json").json())
    return dict(jwt.decode(form["client_assertion"], published, algorithms=["ES384", "RS384"]).claims)


@pytest.mark.verifies("APP-34", "APP-40", "L6")
@pytest.mark.parametrize(
    "changed",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": ["a"]},
        {"access_token": "a\r\nX: y"},
        {"token_type": None},
        {"token_type": "mac"},
        {"token_type": 1},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": "soon"},
        {"expires_in": True},
        {"scope": ["patient/*.rs"]},
        {"patient": ["p1", "p2"]},
        {"patient": "../p1"},
        {"patient": "Group/p1"},
        {"patient": {"reference": "Patient/p1"}},
        {"encounter": 7},
    ],
)
def test_a_token_answer_that_is_not_certain_stops_the_launch(site: PlugIn, changed: dict[str, Any]) -> None:
    status, code = finished(site, site.ehrs["north"].grant(**changed))
    assert (status, code) == (502, "RPILD-EHR-TOKEN")


@pytest.mark.verifies("APP-35", "APP-40", "APP-42", "I-193", "L6")
@pytest.mark.parametrize(
    "changed",
    [
        {"token_type": "bearer"},
        {"expires_in": None},
        {"expires_in": "3600"},
        {"expires_in": 9e9},
        {"patient": f"Patient/{PATIENT}"},
        {"encounter": None},
        {"encounter": "e1"},
        {"need_patient_banner": False},
        {"intent": "unheard-of"},
        {"fhirContext": ["ImagingStudy/1", {"reference": "ImagingStudy/2"}, 5]},
        {"tenant": "t", "unknown": {"x": 1}},
        {"refresh_token": None},
    ],
)
def test_a_token_answer_in_another_spelling_opens_the_page(site: PlugIn, changed: dict[str, Any]) -> None:
    status, place = finished(site, site.ehrs["north"].grant(**changed))
    assert (status, place[:5]) == (303, "/app/")
    assert "Test Person" in _page(site, changed)


def _page(site: PlugIn, changed: dict[str, Any]) -> str:
    browser = site.browser()
    return browser.get(site.page(browser)).text


@pytest.mark.verifies("APP-37", "L6")
def test_a_launch_without_a_patient_stops(site: PlugIn) -> None:
    assert finished(site, site.ehrs["north"].grant(patient=None)) == (502, "RPILD-NO-PATIENT")
    assert finished(site, site.ehrs["north"].grant(patient="")) == (502, "RPILD-NO-PATIENT")


@pytest.mark.verifies("APP-38", "L6")
@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>gateway</html>", 200, content_type="text/html"),
        Response("<html>gateway</html>", 502, content_type="text/html"),
        Response('{"error":"invalid_grant"}', 400, content_type="application/json"),
        Response('{"error":"invalid_client"}', 200, content_type="application/json"),
        Response('{"error":{"a":"<script>"}}', 400, content_type="application/json"),
        Response("{}", 400, content_type="application/json"),
        Response("{}", 200, content_type="application/json"),
        Response("[]", 200, content_type="application/json"),
        Response("nul", 200, content_type="application/json"),
        Response("", 401),
        Response("", 500),
        Response(status=302, headers={"Location": "/token2"}),
        Response(status=307, headers={"Location": "/token2"}),
        Response("x" * 300_000, 200, content_type="application/json"),
    ],
)
def test_what_is_no_token_answer_is_a_clear_page(site: PlugIn, answer: Response) -> None:
    assert finished(site, answer) == (502, "RPILD-EHR-TOKEN")
    assert len(site.ehrs["north"].asked) == 1


@pytest.mark.verifies("APP-38")
def test_a_silent_token_endpoint_is_left_in_time(site: PlugIn) -> None:
    site.ehrs["north"].pause = 7
    begun = time.monotonic()
    assert finished(site, site.ehrs["north"].grant()) == (502, "RPILD-EHR-TOKEN")
    assert time.monotonic() - begun < 6.5


@pytest.mark.verifies("I-308", "I-319", "APP-49", "APP-51")
@pytest.mark.parametrize(("record", "kid"), [({}, "k1"), ({"client_algorithm": "RS384", "client_key_id": "k2"}, "k2")])
def test_assertions_are_fresh_short_and_signed_by_a_published_key(
    knowledge: Knowledge, record: dict[str, Any], kid: str
) -> None:
    with plug_in(knowledge, {"north": record}) as site:
        finished(site, site.ehrs["north"].grant())
        finished(site, site.ehrs["north"].grant())
        ehr, seen = site.ehrs["north"], []
        for form, headers in ehr.asked:
            assert "Authorization" not in headers
            assert "client_id" not in form
            assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            header = jws.extract_compact(form["client_assertion"].encode()).headers()
            assert header == {"alg": "ES384" if kid == "k1" else "RS384", "kid": kid, "typ": "JWT"}
            claims = assertion_of(site, form)
            assert claims["iss"] == claims["sub"] == "rpild"
            assert claims["aud"] == f"{ehr.base}/token"
            assert 0 < claims["exp"] - time.time() <= 300
            seen.append(claims["jti"])
        assert len(set(seen)) == 2


@pytest.mark.verifies("I-301", "I-303", "I-313", "APP-51")
def test_the_published_keys_hold_no_private_part(site: PlugIn) -> None:
    answer = site.browser().get("/smart/jwks.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert "max-age" in answer.headers["Cache-Control"]
    rows = answer.json()["keys"]
    assert [(row["kid"], row["kty"], row["alg"], row["use"]) for row in rows] == [
        ("k1", "EC", "ES384", "sig"), ("k2", "RSA", "RS384", "sig"),
    ]  # fmt: skip
    assert {"crv", "x", "y"} <= set(rows[0])
    assert {"n", "e"} <= set(rows[1])
    assert not [row for row in rows if set(row) & {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}]


@pytest.mark.verifies("I-71")
def test_a_public_client_names_itself_in_the_body(knowledge: Knowledge) -> None:
    with plug_in(knowledge, {"north": {"client_auth": "none"}}) as site:
        assert finished(site, site.ehrs["north"].grant())[0] == 303
        form, headers = site.ehrs["north"].asked[0]
        assert form["client_id"] == "rpild"
        assert "client_assertion" not in form
        assert "Authorization" not in headers


@pytest.mark.verifies("I-345", "I-71", "I-10")
def test_a_secret_travels_by_http_basic(knowledge: Knowledge, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret+/=\n")
    secret.chmod(stat.S_IRUSR)
    record = {"client_auth": "client_secret_basic", "client_secret_file": secret}
    with plug_in(knowledge, {"north": record}) as site:
        assert finished(site, site.ehrs["north"].grant())[0] == 303
        form, headers = site.ehrs["north"].asked[0]
        assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"rpild:s3cret+/="
        assert "client_id" not in form
        assert "s3cret" not in str(form)
