"""Wiring of the callers' check: registered EHRs, their keys, and the memory of tokens used before."""

from __future__ import annotations

from datetime import datetime

from cds_hooks.client_auth import Client, ClientAuth
from cds_hooks.errors import TokenMemoryError
from ehr_access.key_store import KeyStore
from ehr_access.public_keys import Key
from ehr_access.registry import Registry, TrustedEhr
from rpild_server.settings import Settings
from rpild_server.storage.errors import StorageError
from rpild_server.storing import Store


def client_auth(settings: Settings, registry: Registry, store: Store | None, unsigned: str) -> ClientAuth:
    """How callers are recognised; `unsigned` names the EHR that calls without a token count as (empty: none may)."""
    keys = KeyStore(settings.key_times())

    def find_key(client: Client, kid: str) -> Key | None:
        ehr = registry.find(client.name)
        return keys.find(ehr, kid) if ehr else None

    return ClientAuth(
        base_url=(settings.public_base_url or "").rstrip("/"),
        find_client=registry.find_by_issuer,
        find_key=find_key,
        first_use=TokenMemory(store).first_use,
        lifetimes=settings.lifetimes(),
        unsigned=(registry.find(unsigned) or TrustedEhr(unsigned)) if unsigned else None,
    )


class TokenMemory:
    """Whether a token is new, as the storage of all processes knows it; what cannot be looked up is not accepted."""

    def __init__(self, store: Store | None) -> None:
        self._store = store

    def first_use(self, iss: str, jti: str, expires: datetime, now: datetime) -> bool:
        """True once for each token id of an issuer; raises TokenMemoryError."""
        if self._store is None:
            raise TokenMemoryError("This process keeps no memory of used tokens.")
        try:
            return self._store().tokens.first_use(iss, jti, expires, now)
        except StorageError as problem:
            raise TokenMemoryError(f"Used tokens cannot be looked up ({problem.code}).") from None
