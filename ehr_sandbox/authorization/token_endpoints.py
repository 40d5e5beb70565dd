"""Introspection and revocation, for authenticated clients and their own tokens."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.code_grant import AUTH_METHODS
from ehr_sandbox.authorization.grants_given import Token
from ehr_sandbox.fhir_json import Json


class Introspection(IntrospectionEndpoint):
    """RFC 7662: what a token is good for, told to the client that it was issued to."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "private_key_jwt")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        found: Token | None = self.server.store.find(token_string)
        return found

    def check_permission(self, token: Token, client: Client, request: OAuth2Request) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: Token) -> Json:
        authorization, site = token.authorization, self.server.site
        told: Json = {
            "active": True,
            "client_id": authorization.client_id,
            "scope": token.scope,
            "iat": int(token.issued),
            "exp": int(token.ends),
            "iss": site.base,
        }
        user = authorization.context.user
        named = {"sub": user, "fhirUser": f"{site.fhir}/Practitioner/{user}"} if user else {}
        return told | named | authorization.context.as_token_fields()


class Revocation(RevocationEndpoint):
    """RFC 7009: an access token alone, or with a refresh token everything from the same consent."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        found: Token | None = self.server.store.find(token_string)
        return found

    def revoke_token(self, token: Token, request: Any) -> None:
        self.server.store.revoke(token)
