"""EHRs that call as their products do: a hospital's, a conformance kit, the public web client."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import requests

from tests.conformance.logical_model import faults
from tests.service.calls import sent
from tests.service.conftest import Site
from tests.service.tokens import BASE, NOW, bearer, claims, key, token

Json = dict[str, Any]
WEB_CLIENT = "https://sandbox.cds-hooks.org"


@dataclass(frozen=True)
class Signs:
    """How an EHR signs: issuer, kind of key, the `jku` it names, the browser origins it calls from."""

    iss: str
    kind: str = "EC"
    jku: str = ""
    origins: frozenset[str] = frozenset()


SITES = {
    "hospital": Signs("https://ehr.example", "RSA"),
    "kit": Signs("https://kit.example/suite", "EC", "https://kit.example/suite/jwks.json"),
    "web-client": Signs(
        WEB_CLIENT, "EC", f"{WEB_CLIENT}/.well-known/jwks.json", frozenset({WEB_CLIENT, "http://localhost:8080"})
    ),
}


@dataclass(frozen=True)
class Caller:
    """Calls a running service; every answer with content is held to the logical model."""

    site: Site

    def headers(self, path: str, name: str = "hospital") -> dict[str, str]:
        """A fresh token for exactly this address."""
        site, signer = SITES[name], key(name, SITES[name].kind)
        jti = secrets.token_hex(32) if name == "kit" else str(uuid.uuid4())
        given = claims(aud=BASE + path, iss=site.iss, jti=jti, iat=NOW, exp=NOW + 300)
        return bearer(token(given, signer, jku=site.jku or None))

    def discover(self, name: str = "hospital") -> Json:
        path = "/cds-services"
        answer = requests.get(self.site.url + path, headers=self.headers(path, name), timeout=20)
        assert answer.status_code == 200
        assert faults("discovery", answer.json()) == []
        return dict(answer.json())

    def templates(self, service: str) -> dict[str, str]:
        return dict(next(each["prefetch"] for each in self.discover()["services"] if each["id"] == service))

    def send(self, path: str, body: Json, name: str = "hospital", **headers: str) -> requests.Response:
        kept = self.headers(path, name) | {"Content-Type": "application/json"} | headers
        return requests.post(self.site.url + path, data=sent(body), headers=kept, timeout=20)

    def call(self, body: Json, name: str = "hospital", service: str = "") -> Json:
        """A hook call that must be answered with cards (or none)."""
        answer = self.send(f"/cds-services/{service or 'rpild-' + body['hook']}", body, name)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        document = dict(answer.json())
        assert faults("response", document) == []
        return document
