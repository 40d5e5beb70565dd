"""Who the user is: id_tokens that prove it, and all those that do not."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.smart.launch.conftest import PlugIn
from tests.smart.launch.test_launch import code_of

OPENID = "launch openid fhirUser patient/*.rs"


def finished(site: PlugIn, **changed: Any) -> tuple[int, str]:
    """A launch whose id_token is changed so; `token` replaces it, a function of the nonce."""
    browser, ehr = site.browser(), site.ehrs["north"]
    sent = site.launch(browser)
    made = changed.pop("token", None)
    token = made(sent["nonce"]) if made else ehr.identity(changed.pop("nonce", sent["nonce"]), **changed)
    ehr.token = lambda: ehr.grant(scope=OPENID, id_token=token)
    answer = site.called_back(browser, state=sent["state"], code="c")
    return answer.status_code, answer.headers["Location"] if answer.status_code == 303 else code_of(answer.text)


def confused(claims: dict[str, Any], public: bytes) -> str:
    """A token whose HMAC uses the public key as its secret."""
    parts = [json.dumps(each).encode() for each in ({"alg": "HS256", "kid": "RS256"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    mac = base64.urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")
    return f"{signed.decode()}.{mac.decode()}"


def users(site: PlugIn) -> str:
    return [what for kind, what in site.audited() if kind == "launch"][-1]


@pytest.mark.verifies("I-201")
@pytest.mark.parametrize("alg", ["RS256", "RS384", "ES256", "ES384"])
def test_a_good_token_of_each_algorithm_tells_the_user(site: PlugIn, alg: str) -> None:
    assert finished(site, alg=alg)[0] == 303
    assert "Practitioner/d1" in users(site)


@pytest.mark.verifies("I-201", "L7")
@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"iss": ["{base}"]},
        {"sub": None},
        {"sub": ""},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another", "third"]},
        {"aud": ["rpild", "another"]},
        {"aud": ["rpild", "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"iat": int(time.time()) - 90_000},
        {"nonce": "another"},
        {"nonce": None},
        {"kid": "unknown"},
        {"key": ECKey.generate_key("P-384")},
    ],
)
def test_a_wrong_token_stops_the_launch(site: PlugIn, changed: dict[str, Any]) -> None:
    site.ehrs["north"].key("ES384")
    assert finished(site, **changed) == (502, "RPILD-EHR-IDENTITY")
    assert any("RPILD-EHR-IDENTITY" in what for _, what in site.audited())


@pytest.mark.verifies("I-201", "L7")
@pytest.mark.parametrize("form", ["none", "hs256", "hs256-with-public-key", "crit", "garbage", "not-claims", "es512"])
def test_a_token_without_a_signature_that_counts_stops_the_launch(site: PlugIn, form: str) -> None:
    ehr = site.ehrs["north"]
    public = ehr.key("RS256").as_pem(private=False)

    def made(nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": ehr.base, "sub": "u", "aud": "rpild", "iat": now, "exp": now + 300, "nonce": nonce}
        if form == "none":
            return ".".join([*ehr.identity(nonce).split(".")[:1], *ehr.identity(nonce).split(".")[1:2], ""])
        if form == "hs256":
            return jwt.encode({"alg": "HS256", "kid": "RS256"}, claims, OctKey.import_key("s" * 32))
        if form == "hs256-with-public-key":
            return confused(claims, public)
        if form == "es512":
            return jwt.encode({"alg": "ES512"}, claims, ECKey.generate_key("P-521"), algorithms=["ES512"])
        if form == "crit":
            header = {"alg": "ES384", "kid": "ES384", "crit": ["b64"], "b64": True}
            return jwt.encode(header, claims, ehr.key("ES384"), algorithms=["ES384"])
        return "a.b.c" if form == "garbage" else jwt.encode({"alg": "RS256", "kid": "RS256"}, {}, ehr.key("RS256"))

    assert finished(site, token=made) == (502, "RPILD-EHR-IDENTITY")


@pytest.mark.verifies("I-201")
def test_without_a_key_id_the_key_must_be_the_only_one(site: PlugIn) -> None:
    assert finished(site, kid=None)[0] == 303
    site.ehrs["south"].keys = {"a": ECKey.generate_key("P-384"), "b": ECKey.generate_key("P-384")}
    browser, ehr = site.browser(), site.ehrs["south"]
    sent = site.launch(browser, "south")
    token = ehr.identity(sent["nonce"], kid=None, key=ehr.keys["a"])
    ehr.token = lambda: ehr.grant(scope=OPENID, id_token=token)
    answer = site.called_back(browser, "south", state=sent["state"], code="c")
    assert code_of(answer.text) == "RPILD-EHR-IDENTITY"


@pytest.mark.verifies("APP-54")
def test_unknown_keys_are_fetched_seldom(site: PlugIn) -> None:
    assert finished(site)[0] == 303
    fetched = site.ehrs["north"].keys_fetched
    for _ in range(5):
        assert finished(site, kid="unknown")[0] == 502
    assert (fetched, site.ehrs["north"].keys_fetched) == (1, 2)


@pytest.mark.verifies("I-201")
def test_short_rsa_keys_do_not_count(site: PlugIn) -> None:
    with pytest.warns(match="2048"):
        site.ehrs["north"].keys["RS256"] = RSAKey.generate_key(1024)
    assert finished(site, alg="RS256") == (502, "RPILD-EHR-IDENTITY")


@pytest.mark.verifies("APP-56")
def test_openid_without_an_identity_is_an_error(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(scope=OPENID)
    answer = site.called_back(browser, state=site.launch(browser)["state"], code="c")
    assert code_of(answer.text) == "RPILD-EHR-IDENTITY"


@pytest.mark.verifies("I-201")
def test_an_identity_without_keys_or_issuer_is_an_error(site: PlugIn) -> None:
    for missing in ("jwks_uri", "issuer"):
        ehr = site.ehrs["south"]
        ehr.configuration = {missing: None}
        browser = site.browser()
        sent = site.launch(browser, "south")
        answered = ehr.grant(scope=OPENID, id_token=ehr.identity(sent["nonce"]))
        ehr.token = lambda answered=answered: answered
        answer = site.called_back(browser, "south", state=sent["state"], code="c")
        assert code_of(answer.text) == "RPILD-EHR-IDENTITY"


@pytest.mark.verifies("APP-57", "L7")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("{fhir}/Practitioner/d1", "Practitioner/d1"),
        ("Practitioner/d1", "Practitioner/d1"),
        ("PractitionerRole/d-2.x", "PractitionerRole/d-2.x"),
        ("https://other.example/fhir/Practitioner/d1", "unknown"),
        ("Group/d1", "unknown"),
        ("Practitioner/", "unknown"),
        ("Practitioner/../Patient/1", "unknown"),
        (7, "unknown"),
        (None, "unknown"),
    ],
)
def test_a_user_counts_only_at_this_ehr(site: PlugIn, sent: Any, shown: str) -> None:
    told = sent.format(fhir=site.ehrs["north"].fhir) if isinstance(sent, str) else sent
    assert finished(site, fhirUser=told)[0] == 303
    assert f'"user":"{shown}"' in users(site).replace(" ", "")
    assert not [path for path, _ in site.ehrs["north"].read if "Practitioner" in path]


@pytest.mark.verifies("APP-56", "L6")
def test_scopes_that_are_not_told_are_those_that_were_asked_for(site: PlugIn) -> None:
    """RFC 6749: openid then counts as granted too, so an identity must come."""
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(scope=None)
    answer = site.called_back(browser, state=site.launch(browser)["state"], code="c")
    assert code_of(answer.text) == "RPILD-EHR-IDENTITY"
    sent = site.launch(browser)
    ehr.token = lambda: ehr.grant(scope=None, id_token=ehr.identity(sent["nonce"]))
    opened = site.called_back(browser, state=sent["state"], code="c")
    assert browser.get(opened.headers["Location"]).status_code == 200
    assert any(path.startswith("/fhir/Condition") for path, _ in ehr.read)
