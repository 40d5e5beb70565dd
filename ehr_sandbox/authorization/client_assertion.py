"""private_key_jwt as SMART defines it: ES384 or RS384, five minutes at most, each assertion once."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ehr_sandbox.authorization.clients import Client

ALGORITHMS = ["ES384", "RS384"]
LONGEST_SECONDS = 300


class StrictAssertion(JWTBearerClientAssertion):
    """Authlib's check with SMART's algorithms, header and life; its own decode refuses ES384 and RS384."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, server: Any) -> None:
        super().__init__(leeway=0)
        self._server = server

    def get_audiences(self) -> list[str]:
        return [self._server.site.token]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        found: KeySet = self._server.client_keys.of(client)
        return found

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> jwt.Claims:
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS)
        except (JoseError, ValueError) as problem:
            raise InvalidClientError("The assertion is not signed with a key of this client.") from problem
        if token.header.get("typ") != "JWT" or not token.header.get("kid"):
            raise InvalidClientError("The assertion's header needs typ JWT and a kid.")
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: jwt.Claims) -> None:
        """Life first: a jti is remembered only for an assertion that is good in all else."""
        ends = claims.get("exp")
        if isinstance(ends, int | float) and ends - time.time() > LONGEST_SECONDS:
            raise InvalidClientError("The assertion lives longer than 300 seconds.")
        super().verify_claims(claims)

    def validate_jti(self, claims: jwt.Claims, jti: str) -> bool:
        new: bool = self._server.store.first_time("jti", claims["sub"], jti, claims["exp"] + 1)
        return new
