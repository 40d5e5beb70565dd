"""Public keys from a JWKS: those that can verify an ES384 or RS384 signature, by their id."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

Key = ECKey | RSAKey
CURVE = "P-384"
SHORTEST_RSA = 2048
MOST_KEYS = 50
PRIVATE = ("d", "k")


class KeysError(Exception):
    """A JWKS that cannot be used; the text says why, and never repeats a key."""


def read_keys(content: bytes) -> dict[str, Key]:
    """Usable keys by kid; others (another kind, another use) are skipped. Raises KeysError when none is left.

    A private key, or one id for two keys, spoils the whole set.
    """
    rows = _rows(content)
    if any(name in row for row in rows for name in PRIVATE):
        raise KeysError("holds a private key; publish the public part only, and replace the key")
    usable = list(_usable(rows))
    found = dict(usable)
    if len(found) != len(usable):
        raise KeysError("names one kid for two keys")
    if not found:
        raise KeysError(f"holds no key with a kid for ES384 ({CURVE}) or RS384 (RSA of {SHORTEST_RSA} bits or more)")
    return found


def _rows(content: bytes) -> list[Mapping[str, Any]]:
    try:
        rows = orjson.loads(content)["keys"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        raise KeysError("is not a JSON object with a list of keys") from None
    if not isinstance(rows, list) or len(rows) > MOST_KEYS or not all(isinstance(each, dict) for each in rows):
        raise KeysError(f"is not a JSON object with a list of at most {MOST_KEYS} keys")
    return rows


def _usable(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, Key]]:
    for row in rows:
        kid, key = row.get("kid"), _key(row)
        if isinstance(kid, str) and kid and key is not None:
            yield kid, key


def _key(row: Mapping[str, Any]) -> Key | None:
    """The key if it is one for our algorithms and made for signatures."""
    if row.get("use", "sig") != "sig":
        return None
    try:
        if row.get("kty") == "EC" and row.get("crv") == CURVE and row.get("alg", "ES384") == "ES384":
            return ECKey.import_key(dict(row))
        if row.get("kty") == "RSA" and row.get("alg", "RS384") == "RS384" and is_long_enough(row["n"]):
            return RSAKey.import_key(dict(row))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None


def is_long_enough(modulus: str) -> bool:
    """Whether an RSA key of this modulus (base64url) may be used; raises ValueError, TypeError for what is none."""
    return int.from_bytes(urlsafe_b64decode(modulus + "==")).bit_length() >= SHORTEST_RSA
