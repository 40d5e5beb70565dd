"""Keys and tokens for tests: an EHR that signs well, and everything that an attacker or a careless one may send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.service.conftest import EVALUATED

ISS = "https://ehr.example"
BASE = "https://rpild.example"  # what EHRs call us; not where the test's server listens
NOW = int(EVALUATED.timestamp())
VIEW = "/cds-services/rpild-patient-view"
Json = dict[str, Any]


@cache
def key(name: str = "first", kind: str = "EC") -> ECKey | RSAKey:
    """A key pair of its own for each name, made once."""
    parameters = {"kid": name}
    if kind == "EC":
        return ECKey.generate_key("P-384", parameters)
    return RSAKey.generate_key(2048, parameters)


def jwks(*keys: ECKey | RSAKey) -> Json:
    return {"keys": [each.as_dict(private=False) for each in keys]}


def write_jwks(path: Path, *keys: ECKey | RSAKey) -> Path:
    path.write_text(json.dumps(jwks(*keys)))
    return path


def claims(path: str = VIEW, **changed: Any) -> Json:
    """Good claims for one call of this path; a value of None leaves a claim out."""
    whole = {"iss": ISS, "aud": BASE + path, "iat": NOW, "exp": NOW + 300, "jti": str(uuid.uuid4())} | changed
    return {name: value for name, value in whole.items() if value is not None}


def token(
    of: Json | None = None, signer: ECKey | RSAKey | None = None, payload: bytes | None = None, **head: Any
) -> str:
    """A token signed by `signer`; a header value of None leaves it out."""
    by = signer or key()
    algorithm = "ES384" if isinstance(by, ECKey) else "RS384"
    header = {"alg": algorithm, "typ": "JWT", "kid": by.kid} | head
    header = {name: value for name, value in header.items() if value is not None}
    body = payload if payload is not None else json.dumps(claims() if of is None else of).encode()
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 20_000
    signed = jws.serialize_compact({"alg": algorithm}, body, by, algorithms=[algorithm], registry=registry)
    if header == {"alg": algorithm}:
        return signed
    return _resigned(header, body, by)


def _resigned(header: Json, body: bytes, by: ECKey | RSAKey) -> str:
    """The same with a header that the library would not write: signed over what is really sent."""
    algorithm = jws.JWSRegistry.algorithms["ES384" if isinstance(by, ECKey) else "RS384"]
    start = b".".join((segment(header), encoded(body)))
    return b".".join((start, encoded(algorithm.sign(start, by)))).decode()


def encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def segment(content: Json) -> bytes:
    return encoded(json.dumps(content).encode())


def unsigned(algorithm: str = "none") -> str:
    """A token without a signature."""
    return (segment({"alg": algorithm, "typ": "JWT", "kid": "first"}) + b"." + segment(claims()) + b".").decode()


def confused() -> str:
    """A token signed symmetrically with the text of the public key."""
    public = key("rsa", "RSA").as_pem(private=False)
    start = segment({"alg": "HS256", "typ": "JWT", "kid": "rsa"}) + b"." + segment(claims())
    return (start + b"." + encoded(hmac.new(public, start, hashlib.sha256).digest())).decode()


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@dataclass(frozen=True)
class Refused:
    """One row of the attack table: the token, and what our own log says about it."""

    make: Any
    why: str
