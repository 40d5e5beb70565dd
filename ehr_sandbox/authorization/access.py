"""What a bearer token allows at the FHIR server: by scope, by patient, by the query of a granular scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ehr_sandbox.authorization.grants_given import Token
from ehr_sandbox.authorization.scopes import Scope, read_scopes
from ehr_sandbox.authorization.token_store import TokenStore
from ehr_sandbox.fhir_json import Json, patient_of


class TokenNeededError(Exception):
    """No token, or none that is good: 401. `challenge` is the WWW-Authenticate header."""

    def __init__(self, text: str, challenge: str = "Bearer") -> None:
        super().__init__(text)
        self.challenge = challenge


class ForbiddenError(Exception):
    """A good token that does not reach this far: 403."""


@dataclass(frozen=True)
class Access:
    """The scopes of one request, and the patient and user that they are about."""

    scopes: tuple[Scope, ...]
    patient: str = ""
    user: str = ""

    def demand(self, kind: str, letter: str) -> None:
        """Raises ForbiddenError if no scope allows this letter of `cruds` on this type."""
        if not self._covering(kind, letter) and not (kind == "Practitioner" and self.user):
            raise ForbiddenError(f"the token's scopes do not allow this on {kind}")

    def reaches(self, resource: Json, letter: str) -> bool:
        """Whether this act is allowed on this very resource."""
        kind = str(resource["resourceType"])
        if kind == "Practitioner" and letter == "r" and self.user == resource["id"]:
            return True
        return any(self._lies_within(scope, kind, resource) for scope in self._covering(kind, letter))

    def _covering(self, kind: str, letter: str) -> list[Scope]:
        return [scope for scope in self.scopes if scope.covers(kind, letter)]

    def _lies_within(self, scope: Scope, kind: str, resource: Json) -> bool:
        owner = patient_of(resource)
        about = scope.context != "patient" or not owner or owner == self.patient
        return about and scope.holds(kind, resource)


Gate = Callable[[str | None], Access]


def open_gate(_: str | None) -> Access:
    """Everybody reads everything: synthetic data on loopback."""
    return Access((Scope("system", "*", frozenset("rs")),))


def token_gate(store: TokenStore) -> Gate:
    """Only who brings a living access token, in the Authorization header, comes in."""

    def enter(header: str | None) -> Access:
        word, _, value = (header or "").partition(" ")
        if word.lower() != "bearer" or not value.strip():
            raise TokenNeededError("this FHIR server needs a bearer token in the Authorization header")
        token = store.find(value.strip(), "access_token")
        if token is None or not token.alive:
            raise TokenNeededError("the token is unknown, expired or revoked", 'Bearer error="invalid_token"')
        return _access_of(token)

    return enter


def _access_of(token: Token) -> Access:
    context, words = token.authorization.context, token.scope.split()
    return Access(read_scopes(token.scope), context.patient, context.user if "fhirUser" in words else "")
