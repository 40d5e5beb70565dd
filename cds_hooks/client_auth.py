"""Who is calling: the JWT of a call, checked in a fixed order, or refused without a word to the caller.

Order: form, header, issuer and tenant, audience, times, `jku`, key, signature, first use. Nothing is fetched for a
token before its issuer, audience and times are in order, and only from where that issuer's keys are registered.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cds_hooks.call_token import CallToken, Claims, Lifetimes, check_times, from_base64, read_token
from cds_hooks.errors import UnknownCallerError

Key = ECKey | RSAKey
SEPARATOR = "#"


class Client(Protocol):
    """A registered EHR as the hook endpoints see it; `name` is the site's own word for it."""

    @property
    def name(self) -> str: ...

    @property
    def iss(self) -> str: ...

    @property
    def tenant(self) -> str: ...

    @property
    def audiences(self) -> Set[str]:
        """Audiences accepted beside the address called."""
        ...

    @property
    def algorithms(self) -> Set[str]: ...

    @property
    def jku(self) -> str: ...

    @property
    def hooks(self) -> Set[str]: ...


def identity(client: Client) -> str:
    """What stands for the caller in ids and records: its issuer, with the tenant where an issuer has several."""
    return f"{client.iss}{SEPARATOR}{client.tenant}" if client.tenant else client.iss


@dataclass(frozen=True, slots=True)
class ClientAuth:
    """How callers are recognised. `unsigned` is the EHR that a call without a token counts as: the demo's only."""

    base_url: str
    find_client: Callable[[str, str], Client | None]
    find_key: Callable[[Client, str], Key | None]
    first_use: Callable[[str, str, datetime, datetime], bool]
    lifetimes: Lifetimes = Lifetimes()  # noqa: RUF009  frozen
    unsigned: Client | None = None

    def identify(self, authorization: str, path: str, now: datetime) -> Client:
        """The EHR that sent this Authorization header to this path; raises UnknownCallerError, TokenMemoryError."""
        if not authorization and self.unsigned:
            return self.unsigned
        token = read_token(authorization)
        claims = token.claims
        client = self.find_client(claims.iss, claims.tenant)
        if client is None:
            raise UnknownCallerError("issuer", claims.iss)
        self._check(token, client, f"{self.base_url}{path}", now)
        expires = claims.exp + self.lifetimes.skew_seconds + 1
        if not self.first_use(identity(client), claims.jti, datetime.fromtimestamp(expires, UTC), now):
            raise UnknownCallerError("replayed", claims.iss)
        return client

    def _check(self, token: CallToken, client: Client, address: str, now: datetime) -> None:
        """Raise UnknownCallerError for the first thing that is wrong."""
        iss = token.claims.iss
        if not _meant_for(token.claims, {address} | client.audiences):
            raise UnknownCallerError("audience", iss)
        check_times(token.claims, self.lifetimes, now)
        if token.header.alg not in client.algorithms:
            raise UnknownCallerError("algorithm", iss)
        if token.header.jku is not None and token.header.jku != client.jku:
            raise UnknownCallerError("jku", iss)
        key = self.find_key(client, token.header.kid)
        if key is None:
            raise UnknownCallerError("key", iss)
        if not _is_signed(token, key):
            raise UnknownCallerError("signature", iss)


def _meant_for(claims: Claims, accepted: Set[str]) -> bool:
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    return not accepted.isdisjoint(named)


def _is_signed(token: CallToken, key: Key) -> bool:
    """By the library's algorithm; header and claims are read already, so it need not read them too."""
    signed, _, signature = token.text.rpartition(".")
    try:
        algorithm = jws.JWSRegistry(algorithms=[token.header.alg]).get_alg(token.header.alg)
        algorithm.check_key(key)
        return algorithm.verify(signed.encode(), from_base64(signature), key)
    except (JoseError, ValueError):
        return False
