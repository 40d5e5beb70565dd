"""Apps and services that may ask this EHR for access, as its administrator registered them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import ClientMixin

from ehr_sandbox.authorization.scopes import granted
from ehr_sandbox.fhir_json import Json

APP = frozenset({"authorization_code", "refresh_token"})
SERVICE = frozenset({"client_credentials"})


@dataclass(frozen=True)
class Client(ClientMixin):
    """One registration. A key address or keys mean private_key_jwt, a secret means HTTP Basic, neither a public app.

    `grants` is APP for an app that people launch, SERVICE for a backend service; `signed_with` is the algorithm of the
    id_tokens that it is given, ES384 or RS256.
    """

    client_id: str
    name: str = ""
    launch_url: str = ""
    redirect_uris: tuple[str, ...] = ()
    jwks_url: str = ""
    jwks: Json | None = None
    secret: str = field(default="", repr=False)
    grants: frozenset[str] = APP
    signed_with: str = "ES384"

    @property
    def auth_method(self) -> str:
        """How this client proves itself at the token endpoint."""
        if self.jwks_url or self.jwks:
            return "private_key_jwt"
        return "client_secret_basic" if self.secret else "none"

    @property
    def contexts(self) -> frozenset[str]:
        """Whose data this client may ask for; `launch` stands for the words that belong to people."""
        return frozenset({"system"}) if self.grants == SERVICE else frozenset({"patient", "user", "launch"})

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the address must stand in every request."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What is granted of a scope string; None (and so invalid_scope) if nothing is left of it."""
        return granted(scope or "", self.contexts) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants
