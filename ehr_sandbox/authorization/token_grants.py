"""Refresh with rotation, client credentials for backend services, and the launch context in token responses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant, RefreshTokenGrant

from ehr_sandbox.authorization.code_grant import AUTH_METHODS
from ehr_sandbox.authorization.grants_given import LaunchContext, Token
from ehr_sandbox.fhir_json import Json

TENANT = "demo-hospital"


class RotatingRefreshGrant(RefreshTokenGrant):
    """Each refresh token once; a second use revokes the family. New scopes are never added."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        """A living token of this client; a used one counts as stolen."""
        store = self.server.store
        if self.server.faults.get("no-refresh") is not None:
            return None
        token: Token | None = store.find(refresh_token, "refresh_token")
        if token is None or not token.check_client(self.request.client):
            return None
        if token.is_revoked():
            store.rotate(token)
        return token if token.alive else None

    def create_token_response(self) -> Any:
        """Use the old token up before anything new is made, so that of two at once only one gets through."""
        if not self.server.store.rotate(self.request.refresh_token):
            raise InvalidGrantError("The refresh token was used before.")
        return super().create_token_response()

    def authenticate_user(self, refresh_token: Token) -> LaunchContext:
        return refresh_token.authorization.context

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Nothing left to do: it was used up first."""


class ServiceGrant(ClientCredentialsGrant):
    """SMART Backend Services: signed assertion, scopes of the system, five minutes, no refresh."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)

    def validate_requested_scope(self) -> None:
        if not self.request.payload.scope:
            raise InvalidScopeError("scope is required.")


def add_context(grant: Any) -> None:
    """An extension of a grant: SMART's launch context beside the token."""
    grant.register_hook("after_create_token_response", _put_context)


def _put_context(grant: Any, response: tuple[int, Json, Any]) -> None:
    context: LaunchContext = grant.request.user
    if grant.server.faults.get("no-patient") is not None:
        context = replace(context, patient="")
    style = f"{grant.server.site.base}/static/smart-style.json"
    response[1].update(context.as_token_fields() | {"smart_style_url": style, "tenant": TENANT})
