"""This EHR's own keys: they sign every call to a CDS service and every id_token; their public parts can be read."""

from __future__ import annotations

import time
import uuid
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

KEYS_PATH = "/.well-known/jwks.json"
ALGORITHM = "ES384"
LIFETIME_SECONDS = 300


class Signer:
    """A P-384 key, and an RSA key if wanted, made at the start and kept in memory; `issuer` is this EHR's address."""

    def __init__(self, issuer: str, rsa: bool = False) -> None:
        self.issuer, self._rsa = issuer, rsa
        self.rotate()

    def rotate(self) -> None:
        """New keys under new ids; what the old ones signed cannot be checked any more."""
        elliptic = ECKey.generate_key("P-384", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        keys: dict[str, ECKey | RSAKey] = {ALGORITHM: elliptic}
        if self._rsa:
            keys["RS256"] = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self._keys = keys

    @property
    def algorithms(self) -> list[str]:
        """What this EHR can sign with."""
        return list(self._keys)

    def key_for(self, algorithm: str) -> ECKey | RSAKey:
        """The private key of an algorithm."""
        return self._keys[algorithm]

    def keys(self) -> dict[str, Any]:
        """The public parts as a JWKS."""
        return {"keys": [key.as_dict(private=False) for key in self._keys.values()]}

    def header(self, url: str) -> dict[str, str]:
        """The Authorization header for one call of exactly this address."""
        now, key = int(time.time()), self._keys[ALGORITHM]
        head = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid, "jku": self.issuer + KEYS_PATH}
        claims = {"iss": self.issuer, "aud": url, "iat": now, "exp": now + LIFETIME_SECONDS, "jti": str(uuid.uuid4())}
        return {"Authorization": f"Bearer {jwt.encode(head, claims, key, algorithms=[ALGORITHM])}"}
