"""This EHR's own key: it signs every call to a CDS service, and its public part is there for the service to read."""

from __future__ import annotations

import time
import uuid
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

KEYS_PATH = "/.well-known/jwks.json"
ALGORITHM = "ES384"
LIFETIME_SECONDS = 300


class Signer:
    """A P-384 key made at the start and kept in memory; `issuer` is this EHR's address."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._key = ECKey.generate_key("P-384", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def keys(self) -> dict[str, Any]:
        """The public part as a JWKS."""
        return {"keys": [self._key.as_dict(private=False)]}

    def header(self, url: str) -> dict[str, str]:
        """The Authorization header for one call of exactly this address."""
        now = int(time.time())
        head = {"alg": ALGORITHM, "typ": "JWT", "kid": self._key.kid, "jku": self.issuer + KEYS_PATH}
        claims = {"iss": self.issuer, "aud": url, "iat": now, "exp": now + LIFETIME_SECONDS, "jti": str(uuid.uuid4())}
        return {"Authorization": f"Bearer {jwt.encode(head, claims, self._key, algorithms=[ALGORITHM])}"}
