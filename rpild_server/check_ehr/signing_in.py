"""A token of our own for the examination (Backend Services), where a client id and its keys are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ehr_access.client_keys import ClientKeys
from ehr_access.discovery import Discovery, DiscoveryError
from ehr_access.oauth import OAuthClient, TokenFailedError, TokenRefusedError
from ehr_access.scopes import read_scope
from ehr_access.smart_client import SmartClient
from ehr_access.token_answer import Grant, TokenAnswerError
from fhir_mappings.queries import scopes
from rpild_server.check_ehr.findings import Finding, good

PART = "Backend Services"
REFUSED = (
    "Is the client registered for client_credentials, with our keys or their address, and with these scopes? "
    "Does the clock of this machine agree with the EHR's?"
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token, empty where none was to be had, and what was learnt on the way."""

    token: str
    findings: tuple[Finding, ...]


def sign_in(base: str, client: SmartClient, keys: ClientKeys) -> SignedIn:
    """Ask for a token by a signed assertion; scopes of version 1 are tried where those of version 2 are refused."""
    try:
        known = Discovery().find(base, client, (base,))
        grant, version = _granted(OAuthClient(client, known, keys))
    except DiscoveryError as problem:
        return _failed(f"the SMART configuration cannot be used: {problem.fault}")
    except TokenRefusedError as problem:
        return _failed(f"the token endpoint refuses: {problem.error or 'no reason given'}")
    except (TokenFailedError, TokenAnswerError) as problem:
        return _failed(f"the token endpoint: {problem}")
    return SignedIn(grant.access_token, tuple(_judged(grant, version)))


def _failed(told: str) -> SignedIn:
    return SignedIn("", (Finding("fault", PART, told, REFUSED),))


def _granted(oauth: OAuthClient) -> tuple[Grant, int]:
    try:
        return oauth.for_service(" ".join(scopes(2, "system"))), 2
    except TokenRefusedError:
        return oauth.for_service(" ".join(scopes(1, "system"))), 1


def _judged(grant: Grant, version: int) -> Iterator[Finding]:
    yield good(PART, f"a token for {grant.expires_in:.0f} seconds", "backend_services = true")
    if version == 1:
        yield Finding("warn", PART, "only scopes of version 1 are granted", "", "scope_version = 1")
    missing = [] if grant.scope is None else _not_covered(grant.scope)
    if missing:
        told = f"no right to read {', '.join(missing)} was granted"
        yield Finding("warn", PART, told, "Ask for these scopes; without them their data stay unknown (not-permitted).")


def _not_covered(granted: str) -> list[str]:
    """The resource types that no granted `system/` scope covers."""
    mine = [each for each in map(read_scope, granted.split()) if each and each.context == "system"]
    wanted = [each for each in map(read_scope, scopes(2, "system")) if each]
    return [
        each.kind
        for each in wanted
        if not all(any(one.covers(each.kind, right, {}) for one in mine) for right in each.rights)
    ]
