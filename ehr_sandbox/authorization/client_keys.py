"""Public keys of registered clients, read anew from their JWKS address at each use."""

from __future__ import annotations

import json
from typing import Any

import requests
from authlib.oauth2.rfc6749 import InvalidClientError
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ehr_sandbox.authorization.clients import Client

PATIENCE, LARGEST = 3.0, 64 * 1024


class ClientKeys:
    """A demo asks rarely, so nothing is cached and a client's rotated keys count at once."""

    def of(self, client: Client) -> KeySet:
        """The client's key set. Raises InvalidClientError."""
        try:
            found: Any = client.jwks or _fetched(client.jwks_url)
            return KeySet.import_key_set(found)
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError) as problem:
            raise InvalidClientError("The keys of this client could not be read.") from problem


def _fetched(address: str) -> Any:
    with requests.get(address, timeout=PATIENCE, allow_redirects=False, stream=True) as answer:
        if answer.status_code != 200:
            raise ValueError(f"the key address answered {answer.status_code}")
        return json.loads(answer.raw.read(LARGEST, decode_content=True))
