"""A small SMART front for an open FHIR server, for want of a launcher: discovery, codes, tokens, and FHIR passed on.

It believes everybody: what an EHR must refuse is tested with the demo EHR. Here the data behind it matter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey

from rpild_server import loopback
from tests.conftest import free_port

Json = dict[str, Any]
ALGORITHM = "ES384"
PATIENCE = 60


@contextmanager
def fronted(base: str) -> Iterator[str]:
    """Its address while the block runs; FHIR is below `/fhir`, for pages of every origin."""
    port = free_port()
    front = f"http://127.0.0.1:{port}"
    with loopback.serving(_app(front, base), port):
        yield front


def launcher_of(front: str) -> str:
    """The address that opens apps."""
    return f"{front}/launcher?launch_uri={{launch_uri}}&patient={{patient}}"


def _app(front: str, base: str) -> Flask:
    app, key, asked = Flask("front"), ECKey.generate_key("P-384", {"kid": "front"}), dict[str, str]()

    @app.get("/launcher")
    def launcher() -> Any:
        told = urlencode({"iss": f"{front}/fhir", "launch": request.args["patient"]})
        return redirect(f"{request.args['launch_uri']}?{told}")

    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Json:
        return {
            "issuer": front, "jwks_uri": f"{front}/jwks", "authorization_endpoint": f"{front}/authorize",
            "token_endpoint": f"{front}/token", "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "client-public", "sso-openid-connect", "permission-v2"],
        }  # fmt: skip

    @app.get("/jwks")
    def jwks() -> Json:
        return {"keys": [key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize() -> Any:
        code = request.args["launch"]
        asked[code] = request.args["nonce"]
        told = urlencode({"code": code, "state": request.args["state"], "iss": front})
        return redirect(f"{request.args['redirect_uri']}?{told}")

    @app.post("/token")
    def token() -> Json:
        code, now = request.form["code"], int(time.time())
        claims = {"iss": front, "sub": "u1", "aud": "rpild", "iat": now, "exp": now + 300, "nonce": asked[code]}
        claims["fhirUser"] = f"{front}/fhir/Practitioner/u1"
        return {
            "access_token": "open-server", "token_type": "Bearer", "expires_in": 300, "patient": code,
            "scope": "launch openid fhirUser patient/*.rs",
            "id_token": jwt.encode({"alg": ALGORITHM, "kid": "front"}, claims, key, algorithms=[ALGORITHM]),
        }  # fmt: skip

    @app.get("/fhir/<path:path>")
    def read(path: str) -> Response:
        query = request.query_string.decode()
        headers = {"Accept": "application/fhir+json"}
        answer = requests.get(f"{base}/{path}?{query}", headers=headers, timeout=PATIENCE)
        # Links to further pages must lead through here, since the plug-in reads nowhere else.
        text = answer.text.replace(base, f"{front}/fhir")
        passed = Response(text, answer.status_code, content_type=headers["Accept"])
        passed.headers["Access-Control-Allow-Origin"] = "*"
        return passed

    return app
