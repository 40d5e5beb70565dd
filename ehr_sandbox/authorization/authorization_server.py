"""Authlib's authorization server with this EHR's clients, tokens and rules put in."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Response

from ehr_sandbox.authorization.client_assertion import StrictAssertion
from ehr_sandbox.authorization.client_keys import ClientKeys
from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.code_grant import RequestChecks, StrictChallenge, StrictCodeGrant
from ehr_sandbox.authorization.grants_given import Authorization, LaunchContext, Token
from ehr_sandbox.authorization.identity_token import IdentityToken
from ehr_sandbox.authorization.launches import Launches
from ehr_sandbox.authorization.scopes import LASTING
from ehr_sandbox.authorization.token_endpoints import Introspection, Revocation
from ehr_sandbox.authorization.token_grants import RotatingRefreshGrant, ServiceGrant, add_context
from ehr_sandbox.authorization.token_store import ACCESS_SECONDS, FAMILY_SECONDS, SERVICE_SECONDS, TokenStore
from ehr_sandbox.faults import Faults
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.signing import Signer


@dataclass(frozen=True)
class Site:
    """This EHR's own addresses."""

    base: str

    @property
    def fhir(self) -> str:
        return f"{self.base}/fhir"

    @property
    def open(self) -> str:
        return f"{self.base}/open/fhir"

    @property
    def token(self) -> str:
        return f"{self.base}/auth/token"


class SmartServer(AuthorizationServer):
    """The strict authorization server; grants reach stores, keys and addresses through it."""

    def __init__(self, site: Site, clients: tuple[Client, ...], signer: Signer) -> None:
        logging.getLogger("authlib").setLevel(logging.INFO)  # below that Authlib writes whole tokens
        self.clients = {client.client_id: client for client in clients}
        super().__init__(query_client=self.clients.get, save_token=self._keep)
        self.site, self.signer = site, signer
        self.faults = Faults()
        self.store, self.launches, self.client_keys = TokenStore(), Launches(), ClientKeys()
        self.issuer = Issuer(site.base, self.faults)
        self.register_extension(lambda server: self.issuer(server))
        self.register_token_generator("default", SmartTokens(_fresh_value, _fresh_value, _lifetime))
        self.register_client_auth_method(StrictAssertion.CLIENT_AUTH_METHOD, StrictAssertion(self))
        checks = [StrictChallenge(), RequestChecks(), IdentityToken(self), add_context]
        self.register_grant(StrictCodeGrant, checks)
        self.register_grant(RotatingRefreshGrant, [add_context])
        self.register_grant(ServiceGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def authenticate_client(self, request: OAuth2Request, methods: Any, endpoint: str = "token") -> Client:
        """One way of proving itself at a time, and nobody under another's name."""
        form = request.form
        ways = ["Authorization" in request.headers, "client_assertion" in form, "client_secret" in form]
        if sum(ways) > 1 or "client_secret" in form:
            raise InvalidRequestError("Prove yourself in one way: HTTP Basic or client_assertion.")
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except ValueError as problem:  # Authlib: a Basic header whose bytes are no text
            raise InvalidClientError("The proof cannot be read.", status_code=401) from problem
        if form.get("client_id", client.client_id) != client.client_id or (any(ways) and client.auth_method == "none"):
            raise InvalidClientError("The proof given is not this client's.")
        return client

    def refuse(self, error: OAuth2Error) -> Response:
        """An error as OAuth writes it."""
        response: Response = self.handle_error_response(None, error)
        return response

    def send_back(self, error: OAuth2Error) -> Response:
        """The redirect that tells an app of an error, with the issuer as in every other answer."""
        response = self.refuse(error)
        self.issuer.add_issuer_parameter(self, response)
        return response

    def _keep(self, token: Json, request: OAuth2Request) -> None:
        """Remember what Authlib has made, each token with the authorization it belongs to."""
        source, now = request.authorization_code or request.refresh_token, time.time()
        own = Authorization(request.client.client_id, token["scope"], LaunchContext(""), now + SERVICE_SECONDS)
        family = source.authorization if source else own
        ends = now if self.faults.get("expired-token") is not None else min(now + token["expires_in"], family.ends)
        self.store.keep_token(Token(token["access_token"], "access_token", family, token["scope"], now, ends))
        if "refresh_token" in token:
            self.store.keep_token(
                Token(token["refresh_token"], "refresh_token", family, family.scope, now, family.ends)
            )

    def new_authorization(self, client: Client, scope: str, context: LaunchContext) -> Authorization:
        """What a user, or the launch that the user made, allows an app."""
        withheld = self.faults.get("missing-scopes")
        if withheld is not None:
            scope = " ".join(each for each in scope.split() if not each.startswith(withheld))
        return Authorization(client.client_id, scope, context, time.time() + FAMILY_SECONDS)


class Issuer(IssuerParameter):
    """RFC 9207: `iss` in every authorization response."""

    def __init__(self, base: str, faults: Faults) -> None:
        self._base, self._faults = base, faults

    def get_issuer(self) -> str:
        return self._faults.get("wrong-iss") or self._base


class SmartTokens(BearerTokenGenerator):
    """A refresh token only for who asked for online or offline access."""

    def generate(self, grant_type: str, client: Client, *args: Any, **more: Any) -> Json:
        lasting = grant_type == "refresh_token" or bool(LASTING & set((more.get("scope") or "").split()))
        more["include_refresh_token"] = more.get("include_refresh_token", True) and lasting
        made: Json = super().generate(grant_type, client, *args, **more)
        return made

    def __call__(self, grant_type: str, client: Client, **more: Any) -> Json:
        return self.generate(grant_type, client, **more)


def _fresh_value(**_: Any) -> str:
    return secrets.token_urlsafe(32)


def _lifetime(_: Client, grant_type: str) -> int:
    return SERVICE_SECONDS if grant_type == ServiceGrant.GRANT_TYPE else ACCESS_SECONDS
