"""The authorization code grant as SMART wants it: S256 for everybody, `aud`, `state`, launch, one-time codes."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.grants_given import Code, LaunchContext
from ehr_sandbox.authorization.token_store import CODE_SECONDS

AUTH_METHODS = ("none", "client_secret_basic", "private_key_jwt")
ONCE = ("aud", "launch", "nonce", "code_challenge", "code_challenge_method")
TOO_LONG = 2048


class StrictCodeGrant(AuthorizationCodeGrant):
    """A code binds the context of one launch; the launch token is used up when the code is made."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Client) -> str:
        """The exact registered address, or a refusal that does not repeat what was sent."""
        address = request.payload.redirect_uri
        if not address or not client.check_redirect_uri(address):
            raise InvalidRequestError("redirect_uri is missing or is not registered for this client.")
        return str(address)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        data, client = request.payload.data, request.client
        context: LaunchContext | None = request.user
        if data.get("launch"):
            context = self.server.launches.take(data["launch"], client.client_id)
        if context is None:
            raise InvalidRequestError("The launch was used before.", redirect_uri=data["redirect_uri"])
        authorization = self.server.new_authorization(client, request.scope, context)
        proof = data["code_challenge"], data["code_challenge_method"], data.get("nonce", "")
        self.server.store.first_time("nonce", client.client_id, proof[2], authorization.ends)
        self.server.store.keep_code(code, Code(authorization, data["redirect_uri"], *proof, time.time() + CODE_SECONDS))

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.store.redeem(code, client.client_id)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing to do: the code was used up, in one atomic step, when it was looked up."""

    def authenticate_user(self, authorization_code: Code) -> LaunchContext:
        return authorization_code.authorization.context


class StrictChallenge(CodeChallenge):
    """PKCE for every client and with S256 only; Authlib's own would let a request without it pass."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: StrictCodeGrant, redirect_uri: Any) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: send code_challenge and code_challenge_method S256.")
        super().validate_code_challenge(grant, redirect_uri)


class RequestChecks:
    """What SMART asks of an authorization request beyond OAuth."""

    def __call__(self, grant: StrictCodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: StrictCodeGrant, _: Any) -> None:
        payload = grant.request.payload
        if any(len(payload.datalist.get(name, [])) > 1 for name in ONCE):
            raise InvalidRequestError("A parameter stands in the request more than once.")
        if any(len(value) > TOO_LONG for value in payload.data.values()):
            raise InvalidRequestError("A parameter is too long.")
        if not payload.state:
            raise InvalidRequestError("state is required.")
        if payload.data.get("aud") != grant.server.site.fhir:
            raise InvalidRequestError("aud must be the FHIR base address of this EHR, exactly.")
        self._check_launch(grant, payload.data.get("launch"), grant.request.scope.split())

    @staticmethod
    def _check_launch(grant: StrictCodeGrant, launch: str | None, scopes: list[str]) -> None:
        if bool(launch) != ("launch" in scopes):
            raise InvalidRequestError("The parameter launch and the scope launch go together.")
        if launch and not grant.server.launches.look(launch, grant.request.client.client_id):
            raise InvalidRequestError("The launch is unknown, used, too old, or another client's.")
        about_patient = any(each.startswith("patient/") for each in scopes)
        if about_patient and not launch and "launch/patient" not in scopes:
            raise InvalidScopeError("Scopes of a patient need the scope launch or launch/patient.")
