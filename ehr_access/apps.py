"""The EHRs that the page can be launched from: their configuration, our registration and their token endpoint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from ehr_access.client_keys import ClientKeys
from ehr_access.discovery import Discovery, Metadata, hosts_of
from ehr_access.identity_token import Expected, Identified, IdentityTokenError, IssuerKeys, read_identity_token
from ehr_access.oauth import OAuthClient, TokenFailedError
from ehr_access.registry import Registry, TrustedEhr
from ehr_access.smart_client import SmartClient
from ehr_access.style_document import NO_STYLE, Style, StyleDocuments

Outcome = TypeVar("Outcome")


class SmartEhrs:
    """What the app does with EHRs, one object per process; nothing in it belongs to one launch."""

    def __init__(
        self,
        registry: Registry,
        keys: ClientKeys,
        discovery: Discovery | None = None,
        issuer_keys: IssuerKeys | None = None,
    ) -> None:
        self.registry = registry
        self.keys = keys
        self._discovery = discovery or Discovery()
        self._issuer_keys = issuer_keys or IssuerKeys()
        self._styles = StyleDocuments()

    def find(self, name: str) -> TrustedEhr | None:
        """An EHR that the page can be launched from, by its name."""
        ehr = self.registry.find(name)
        return ehr if ehr and ehr.smart else None

    def metadata(self, ehr: TrustedEhr, base: str) -> Metadata:
        """Its configuration; raises DiscoveryError."""
        return self._discovery.find(base, registration(ehr), ehr.fhir_bases)

    def oauth(self, ehr: TrustedEhr, base: str) -> OAuthClient:
        """Requests to it; raises DiscoveryError."""
        return OAuthClient(registration(ehr), self.metadata(ehr, base), self.keys)

    def with_token_endpoint(self, ehr: TrustedEhr, base: str, ask: Callable[[OAuthClient], Outcome]) -> Outcome:
        """What `ask` gets; once more with a fresh configuration if the token endpoint has vanished from its place."""
        try:
            return ask(self.oauth(ehr, base))
        except TokenFailedError as problem:
            if not problem.vanished:
                raise
            before = self.metadata(ehr, base).token_endpoint
            again = self._discovery.find_again(base, registration(ehr), ehr.fhir_bases)
            if again.token_endpoint == before:
                raise
            return ask(OAuthClient(registration(ehr), again, self.keys))

    def style(self, ehr: TrustedEhr, base: str, url: str) -> Style:
        """The EHR's style document, from its own hosts only; empty if there is none or a registration forbids it."""
        if not url or not registration(ehr).style_allowed:
            return NO_STYLE
        return self._styles.find(url, hosts_of(ehr.fhir_bases, registration(ehr)), base.startswith("https:"))

    def identify(self, ehr: TrustedEhr, base: str, token: str, nonce: str, now: datetime) -> Identified:
        """The user that an id_token names; raises IdentityTokenError, DiscoveryError."""
        known = self.metadata(ehr, base)
        if not known.jwks_uri or not known.issuer:
            raise IdentityTokenError("the EHR's configuration names no issuer or no keys")
        expected = Expected(known.issuer, registration(ehr).client_id, nonce, base)
        return read_identity_token(
            token, expected, lambda algorithm, kid: self._issuer_keys.find(known.jwks_uri, algorithm, kid), now
        )


def registration(ehr: TrustedEhr) -> SmartClient:
    """Our registration at an EHR that has one; others never come here."""
    if ehr.smart is None:
        raise AssertionError(f"{ehr.name} has no app")
    return ehr.smart
