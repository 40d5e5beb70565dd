"""The id_token: who is signed in, for this client and this nonce, signed with this EHR's own key."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oidc.core.grants import OpenIDCode

from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.grants_given import LaunchContext
from ehr_sandbox.fhir_json import Json

LIFETIME_SECONDS = 300


class IdentityToken(OpenIDCode):
    """OpenID Connect's code flow with SMART's fhirUser."""

    def __init__(self, server: Any) -> None:
        super().__init__(require_nonce=False)
        self._server = server

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return bool(self._server.store.is_known("nonce", request.payload.client_id, nonce))

    def resolve_client_private_key(self, client: Client) -> Any:
        right = self._server.signer.key_for(client.signed_with)
        if self._server.faults.get("bad-id-token") != "signature":
            return right
        return type(right).generate_key(right.curve_name if right.key_type == "EC" else 2048, {"kid": right.kid})

    def process_token(self, grant: Any, response: Any) -> Any:
        if self._server.faults.get("no-id-token") is None:
            super().process_token(grant, response)

    def get_client_algorithm(self, client: Client) -> str:
        return client.signed_with

    def get_encode_header(self, client: Client) -> Json:
        algorithm = client.signed_with
        return {"alg": algorithm, "typ": "JWT", "kid": self._server.signer.key_for(algorithm).kid}

    def get_client_claims(self, client: Client) -> Json:
        return {
            "iss": self._server.site.base,
            "aud": client.client_id,
            "exp": int(time.time()) + LIFETIME_SECONDS,
        }

    def generate_user_info(self, user: LaunchContext, scope: str) -> Json:
        """`sub`; with `fhirUser` the user's FHIR resource and, as many EHRs do, the name."""
        words = scope.split()
        named = {"fhirUser": f"{self._server.site.fhir}/Practitioner/{user.user}"} if "fhirUser" in words else {}
        named |= {"name": "Dr Robin Demo"} if {"profile", "fhirUser"} & set(words) else {}
        return {"sub": user.user} | named | self._spoilt()

    def _spoilt(self) -> Json:
        """The claim that a fault makes wrong; these claims are put in last."""
        name = self._server.faults.get("bad-id-token")
        return (
            {}
            if name in (None, "signature")
            else {name: int(time.time()) - 3600 if name == "exp" else "http://elsewhere.invalid"}
        )
