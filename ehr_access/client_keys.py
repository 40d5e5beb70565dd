"""Our own keys: those that sign our assertions, and the public set that EHRs fetch; old and next ones beside them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ehr_access.public_keys import CURVE, SHORTEST_RSA, Key, KeysError

REMEDY = "Make one with `rpild client-key`."


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One private key: its id, the algorithm that it signs with, and the key, which is never printed."""

    id: str
    algorithm: str
    key: Key = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """All our keys, in the order of the file: the first of an algorithm signs, unless a registration names another."""

    keys: tuple[ClientKey, ...] = ()

    def signing(self, algorithm: str, id: str = "") -> ClientKey | None:
        """The key that signs with an algorithm, by its id where one is given."""
        return next((each for each in self.keys if each.algorithm == algorithm and id in ("", each.id)), None)

    def public(self) -> dict[str, Any]:
        """The JWKS to publish: every key, without its private parts."""
        return {"keys": [_public(each) for each in self.keys]}


def _public(key: ClientKey) -> dict[str, Any]:
    about = {"kid": key.id, "alg": key.algorithm, "use": "sig", "key_ops": ["verify"]}
    return {**key.key.as_dict(private=False), **about}


def make_client_key(id: str, algorithm: str) -> ClientKey:
    """A fresh key for ES384 or RS384."""
    key: Key = ECKey.generate_key(CURVE) if algorithm == "ES384" else RSAKey.generate_key(SHORTEST_RSA + 1024)
    return ClientKey(id, algorithm, key)


def write_client_keys(keys: ClientKeys) -> bytes:
    """The text of a key file: a private JWKS."""
    rows = [{**each.key.as_dict(private=True), "kid": each.id, "alg": each.algorithm} for each in keys.keys]
    return orjson.dumps({"keys": rows}, option=orjson.OPT_INDENT_2) + b"\n"


def load_client_keys(path: Path) -> ClientKeys:
    """The keys of a file that only its owner may read; raises KeysError, which never repeats a key."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as problem:
        raise KeysError(f"{path}: cannot be read ({problem.strerror}). {REMEDY}") from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysError(f"{path}: others than its owner may read or write it. Run: chmod 600 {path}")
    try:
        rows = orjson.loads(content)["keys"]
        keys = tuple(_key(row) for row in rows)
    except (JoseError, ValueError, TypeError, KeyError):
        form = 'a JSON object {"keys": [...]} of private JWKs, each with kid and alg (ES384 with P-384, or RS384)'
        raise KeysError(f"{path}: is not {form}. {REMEDY}") from None
    if len({each.id for each in keys}) != len(keys):
        raise KeysError(f"{path}: one kid stands for two keys. Give each key its own.")
    return ClientKeys(keys)


def _key(row: dict[str, Any]) -> ClientKey:
    """One row; raises ValueError or what the library raises."""
    algorithm, id = row["alg"], row["kid"]
    key: Key = ECKey.import_key(row) if algorithm == "ES384" else RSAKey.import_key(row)
    fits = row.get("crv") == CURVE if algorithm == "ES384" else algorithm == "RS384" and _bits(key) >= SHORTEST_RSA
    if not fits or not key.is_private or not isinstance(id, str) or not id:
        raise ValueError("not a key for our algorithms")
    return ClientKey(id, algorithm, key)


def _bits(key: Key) -> int:
    return int(key.raw_value.key_size)
