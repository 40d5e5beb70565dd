"""An EHR that answers as a test writes it: configuration, tokens, identity, FHIR; it keeps what it was asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from rpild_server import loopback

Json = dict[str, Any]
PATIENT = "p1"
PROFILE = {"ES256": "P-256", "ES384": "P-384"}


@dataclass
class ScriptedEhr:
    """`asked` are forms of token requests with their headers, `read` paths of FHIR reads with their tokens.

    `token` makes the token answer, or a whole Response; `accepted` are tokens that the
    FHIR side takes (None: all); `refused` are resource types answered with 403.
    """

    base: str = ""
    configuration: Json = field(default_factory=dict)
    missing: bool = False
    raw_configuration: bytes | None = None
    token: Callable[[], Json | Response] = dict
    asked: list[tuple[Json, Json]] = field(default_factory=list)
    revoked: list[Json] = field(default_factory=list)
    read: list[tuple[str, str]] = field(default_factory=list)
    discovered: int = 0
    keys_fetched: int = 0
    accepted: set[str] | None = None
    refused: set[str] = field(default_factory=set)
    patient: Json = field(default_factory=dict)
    resources: dict[str, list[Json]] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, Response] = field(default_factory=dict)
    pause: float = 0.0

    @property
    def fhir(self) -> str:
        return f"{self.base}/fhir"

    def grant(self, **changed: Any) -> Json:
        """A good token answer."""
        given = {
            "access_token": "access-0",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "launch patient/*.rs",
            "patient": PATIENT,
            "refresh_token": "refresh-0",
        }
        return {name: value for name, value in (given | changed).items() if value is not None}

    def identity(self, nonce: str, client: str = "rpild", alg: str = "ES384", **changed: Any) -> str:
        """An id_token; `kid`, `key` and claims as the test wants them."""
        header = {"alg": alg, "kid": changed.pop("kid", alg)}
        key = changed.pop("key", None) or self.key(alg)
        now = int(time.time())
        claims = {
            "iss": self.base, "sub": "u1", "aud": client, "iat": now, "exp": now + 300, "nonce": nonce,
            "fhirUser": f"{self.fhir}/Practitioner/d1",
        }  # fmt: skip
        kept = {name: value for name, value in (claims | changed).items() if value is not None}
        header = {name: value for name, value in header.items() if value is not None}
        return jwt.encode(header, kept, key, algorithms=[alg])

    def key(self, alg: str) -> Any:
        if alg not in self.keys:
            made = ECKey.generate_key(PROFILE[alg]) if alg in PROFILE else RSAKey.generate_key(2048)
            self.keys[alg] = made
        return self.keys[alg]


def _configuration(ehr: ScriptedEhr) -> Json:
    given = {
        "issuer": ehr.base,
        "authorization_endpoint": f"{ehr.base}/authorize",
        "token_endpoint": f"{ehr.base}/token",
        "revocation_endpoint": f"{ehr.base}/revoke",
        "jwks_uri": f"{ehr.base}/jwks",
        "capabilities": ["launch-ehr", "permission-v2", "sso-openid-connect"],
        "code_challenge_methods_supported": ["S256"],
    }
    return {name: value for name, value in (given | ehr.configuration).items() if value is not None}


def _app(ehr: ScriptedEhr) -> Flask:
    app = Flask("scripted")

    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Any:
        ehr.discovered += 1
        if ehr.missing:
            return Response("nothing here", 404)
        if ehr.raw_configuration is not None:
            return Response(ehr.raw_configuration, content_type="application/json")
        return jsonify(_configuration(ehr))

    @app.post("/token")
    @app.post("/token2")
    def token() -> Any:
        ehr.asked.append((request.form.to_dict(), dict(request.headers)))
        time.sleep(ehr.pause)
        return ehr.token()

    @app.post("/revoke")
    def revoke() -> Any:
        ehr.revoked.append(request.form.to_dict())
        return {}

    @app.get("/jwks")
    def jwks() -> Any:
        ehr.keys_fetched += 1
        return {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in ehr.keys.items()]}

    @app.get("/other/<name>")
    def document(name: str) -> Any:
        ehr.read.append((f"/other/{name}", request.headers.get("Authorization", "")))
        return ehr.documents[name]

    @app.get("/fhir/<kind>")
    @app.get("/fhir/<kind>/<id>")
    def read(kind: str, id: str = "") -> Any:
        return _read(ehr, kind, id)

    return app


def _read(ehr: ScriptedEhr, kind: str, id: str) -> Any:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    ehr.read.append((request.full_path, bearer))
    if ehr.accepted is not None and bearer not in ehr.accepted:
        return Response(status=401)
    if kind in ehr.refused:
        return Response(status=403)
    if kind == "Patient":
        person = {"resourceType": "Patient", "id": id, "birthDate": "1970-01-01", "name": [{"text": "Test Person"}]}
        return person | ehr.patient
    entries = [{"resource": each, "search": {"mode": "match"}} for each in ehr.resources.get(kind, [])]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} if entries else {
        "resourceType": "Bundle", "type": "searchset",
    }  # fmt: skip


@contextmanager
def scripted_ehr() -> Iterator[ScriptedEhr]:
    """A scripted EHR on a free port, with a good token answer to begin with."""
    ehr = ScriptedEhr()
    ehr.token = lambda: ehr.grant()
    with loopback.serving(_app(ehr)) as port:
        ehr.base = f"http://127.0.0.1:{port}"
        yield ehr
