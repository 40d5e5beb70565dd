"""The demo EHR on a real port, and an app that talks to it as a SMART app does."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from ehr_sandbox.authorization.clients import SERVICE, Client
from ehr_sandbox.authorization.launching import Launcher

Json = dict[str, Any]
REDIRECT = "http://127.0.0.1:1/smart/callback/demo"
LAUNCH = "http://127.0.0.1:1/smart/launch"
KEY = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"}, auto_kid=True)
OTHER_KEY = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"}, auto_kid=True)
RSA = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS384"}, auto_kid=True)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECRET = "not-a-real-secret"
SCOPE = "openid fhirUser launch online_access patient/*.rs patient/Observation.cruds patient/ServiceRequest.c"
CLIENTS = (
    Client("app", "App", LAUNCH, (REDIRECT,), jwks={"keys": [KEY.as_dict(private=False), RSA.as_dict(private=False)]}),
    Client("basic", "Basic", LAUNCH, (REDIRECT,), secret=SECRET, signed_with="RS256"),
    Client("public", "Public", LAUNCH, (REDIRECT,)),
    Client("backend", "Backend", jwks={"keys": [KEY.as_dict(private=False)]}, grants=SERVICE),
)


def assertion(client_id: str, url: str, key: Any = KEY, head: Json | None = None, **claims: Any) -> str:
    """A signed client assertion; claims given as None are left out."""
    now = int(time.time())
    body = {"iss": client_id, "sub": client_id, "aud": url, "iat": now, "exp": now + 240, "jti": str(uuid.uuid4())}
    body = {name: value for name, value in (body | claims).items() if value is not None}
    algorithm = "RS384" if isinstance(key, RSAKey) else "ES384"
    header = {"alg": algorithm, "typ": "JWT", "kid": key.kid} | (head or {})
    header = {name: value for name, value in header.items() if value is not None}
    return jwt.encode(header, body, key, algorithms=[algorithm])


@dataclass
class App:
    """One registered app and its habits; each call is one HTTP request."""

    base: str
    launcher: Launcher
    client_id: str = "app"
    verifier: str = field(default_factory=lambda: generate_token(48))

    def launch_token(self, patient: str = "classic", **more: Any) -> str:
        address = self.launcher.launch_url(patient, client_id=self.client_id, **more)
        return parse_qs(urlsplit(address).query)["launch"][0]

    def request(self, **changes: Any) -> Json:
        """The parameters of an authorization request; those given as None are left out."""
        wanted: Json = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": "state-1",
            "aud": f"{self.base}/fhir",
            "nonce": generate_token(16),
            "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        if "launch" not in changes:
            wanted["launch"] = self.launch_token()
        return {name: value for name, value in (wanted | changes).items() if value is not None}

    def authorize(self, method: str = "GET", **changes: Any) -> requests.Response:
        place = "params" if method == "GET" else "data"
        return requests.request(
            method, f"{self.base}/auth/authorize", **{place: self.request(**changes)}, allow_redirects=False, timeout=5
        )

    def code(self, **changes: Any) -> str:
        return answer_of(self.authorize(**changes))["code"]

    def post(self, endpoint: str = "token", **form: Any) -> requests.Response:
        """A POST to an endpoint with this client's authentication."""
        more: Json = {}
        if self.client_id == "basic":
            more["auth"] = (self.client_id, SECRET)
        elif self.client_id == "public":
            form.setdefault("client_id", self.client_id)
        else:
            form.setdefault("client_assertion_type", ASSERTION)
            form.setdefault("client_assertion", assertion(self.client_id, f"{self.base}/auth/token"))
        return requests.post(f"{self.base}/auth/{endpoint}", data=form, timeout=5, **more)

    def redeem(self, code: str, /, **changes: Any) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        form["code_verifier"] = self.verifier
        return self.post(**{name: value for name, value in (form | changes).items() if value is not None})

    def tokens(self, **changes: Any) -> Json:
        """A whole launch from the chart: launch token, code, tokens."""
        answer = self.redeem(self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, token: str, **more: Any) -> requests.Response:
        return self.post(grant_type="refresh_token", refresh_token=token, **more)

    def fhir(self, path: str, token: str | None, method: str = "GET", **more: Any) -> requests.Response:
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.request(method, f"{self.base}/fhir/{path}", headers=headers, timeout=5, **more)


def answer_of(response: requests.Response) -> dict[str, str]:
    """The parameters that an authorization response brings to the app's redirect address."""
    assert response.status_code == 302, response.text
    address = response.headers["Location"]
    assert address.startswith(REDIRECT + "?")
    found = parse_qs(urlsplit(address).query)
    assert all(len(values) == 1 for values in found.values()), "each parameter once"
    return {name: values[0] for name, values in found.items()}
