"""What has been given out: an authorization of one launch, its one-time code, and the tokens that come from it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oidc.core import AuthorizationCodeMixin

from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.fhir_json import Json


@dataclass(frozen=True)
class LaunchContext:
    """What an app is told about the place it was opened in: ids of this EHR, and what a card handed over."""

    user: str
    patient: str = ""
    encounter: str = ""
    need_patient_banner: bool = True
    fhir_context: tuple[Json, ...] = ()
    intent: str = ""
    app_context: str = ""

    def as_token_fields(self) -> Json:
        """The SMART launch context of a token response; what is empty is left out."""
        fields: Json = {"patient": self.patient, "encounter": self.encounter, "intent": self.intent}
        fields |= {"appContext": self.app_context, "fhirContext": list(self.fhir_context)}
        present = {name: value for name, value in fields.items() if value}
        return present | ({"need_patient_banner": self.need_patient_banner} if self.patient else {})


@dataclass
class Authorization:
    """One consent, the family of everything issued from it: revoked once, dead in all its parts."""

    client_id: str
    scope: str
    context: LaunchContext
    ends: float
    revoked: bool = False


@dataclass
class Code(AuthorizationCodeMixin):
    """A one-time code and what the token request must match."""

    authorization: Authorization
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    nonce: str
    ends: float
    used: bool = False
    issued: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.authorization.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(self.issued)

    def get_acr(self) -> None:
        """No authentication context class: everybody is signed in already."""

    def get_amr(self) -> None:
        """No authentication methods, for the same reason."""


@dataclass
class Token(TokenMixin):
    """An access or refresh token; a refresh token always carries the whole scope of its authorization."""

    value: str
    kind: str
    authorization: Authorization
    scope: str
    issued: float
    ends: float
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        return self.authorization.client_id == client.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return int(self.ends - self.issued)

    def is_expired(self) -> bool:
        return time.time() >= self.ends

    def is_revoked(self) -> bool:
        return self.revoked or self.authorization.revoked

    @property
    def alive(self) -> bool:
        return not (self.is_expired() or self.is_revoked())
