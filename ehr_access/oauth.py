"""The app's side of OAuth 2.0 at one EHR: the address to send the user to, and every request to the token endpoint.

One session per request, fed with known settings only; assertions are fresh each time; nothing is followed or repeated.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7523.assertion import private_key_jwt_sign
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from ehr_access.budget import Deadline
from ehr_access.client_keys import ClientKey, ClientKeys
from ehr_access.discovery import S256, Metadata
from ehr_access.documents import MOST_BYTES
from ehr_access.smart_client import SmartClient
from ehr_access.token_answer import Grant, read_token_answer
from ehr_access.transport import read_capped

ASSERTION_SECONDS = 240  # at most 300 are allowed; the rest is for clocks that differ
TOKEN_SECONDS = 5.0
REVOKE_SECONDS = 2.0
NOT_FOUND, REFUSALS = 404, frozenset({400, 401})


class TokenFailedError(Exception):
    """The token endpoint gave no usable answer; `vanished` if there is nothing at its address any more."""

    def __init__(self, fault: str, vanished: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.vanished = vanished


class TokenRefusedError(Exception):
    """The token endpoint refused; `error` is its OAuth error code, cut to known characters."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class _Assertion(PrivateKeyJWT):  # type: ignore[misc]
    """Client assertions for SMART: a short life, kid and typ in the header, and a new jti for each."""

    def __init__(self, key: ClientKey, token_endpoint: str) -> None:
        super().__init__(token_endpoint, alg=key.algorithm)
        self._key = key

    def sign(self, auth: Any, token_endpoint: str) -> str:
        return str(
            private_key_jwt_sign(
                self._key.key,
                client_id=auth.client_id,
                token_endpoint=token_endpoint,
                alg=self.alg,
                header={"kid": self._key.id, "typ": "JWT"},
                claims={"jti": secrets.token_urlsafe(32)},
                expires_in=ASSERTION_SECONDS,
            )
        )


class _CappedAdapter(HTTPAdapter):
    """Reads a whole answer, but no more and no longer than allowed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(max_retries=0)
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        deadline = Deadline(self._seconds)
        named |= {"timeout": self._seconds, "stream": True, "proxies": {}}
        answer = super().send(request, *args, **named)
        body = read_capped(answer, MOST_BYTES, deadline)
        if body is None:
            raise requests.Timeout("too large or too slow")
        answer._content, answer._content_consumed = body, True  # type: ignore[attr-defined]  # noqa: SLF001
        return answer


class _Session(OAuth2Session):  # type: ignore[misc]
    """One request's session: no proxy, netrc, redirect or cookie; answers are read by us."""

    def __init__(self, client: SmartClient, seconds: float, **known: Any) -> None:
        super().__init__(
            client_id=client.client_id,
            client_secret=client.secret or None,
            token_endpoint_auth_method=client.auth,
            revocation_endpoint_auth_method=client.auth,
            code_challenge_method=S256,
            default_timeout=seconds,
            **known,
        )
        self.trust_env = False
        self.mount("http://", _CappedAdapter(seconds))
        self.mount("https://", _CappedAdapter(seconds))

    def request(self, method: str, url: str, *args: Any, **named: Any) -> requests.Response:
        answer: requests.Response = super().request(method, url, *args, **(named | {"allow_redirects": False}))
        return answer

    def parse_response_token(self, resp: requests.Response) -> dict[str, Any]:
        """The JSON object of a good answer; raises TokenFailedError, TokenRefusedError."""
        body = _object(resp)
        self.token_auth.token = body
        return body


def _object(answer: requests.Response) -> dict[str, Any]:
    if answer.status_code == NOT_FOUND:
        raise TokenFailedError("answers with status 404", vanished=True)
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and "error" in body:  # whatever the status
        raise TokenRefusedError(_code(body["error"]))
    if answer.status_code in REFUSALS:
        raise TokenRefusedError("")
    if answer.status_code != requests.codes.ok:
        raise TokenFailedError(f"answers with status {answer.status_code}")
    if not isinstance(body, dict):
        raise TokenFailedError("answers with something else than a JSON object")
    return body


def _code(error: object) -> str:
    return "".join(each for each in str(error) if each.isascii() and (each.isalnum() or each == "_"))[:40]


class OAuthClient:
    """Our registration at one EHR, as it stands in that EHR's configuration now."""

    def __init__(self, client: SmartClient, metadata: Metadata, keys: ClientKeys) -> None:
        self._client = client
        self._metadata = metadata
        self._keys = keys

    def authorization_url(self, redirect_uri: str, scope: str, state: str, verifier: str, **further: str) -> str:
        """Where the user is sent: code flow, PKCE by S256; `further` holds aud, nonce and, from the EHR, launch."""
        with self._session(redirect_uri=redirect_uri, scope=scope) as session:
            url, _ = session.create_authorization_url(
                self._metadata.authorization_endpoint, state=state, code_verifier=verifier, **further
            )
        return str(url)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Grant:
        """The token for a code, asked for once. Raises TokenFailedError, TokenRefusedError, TokenAnswerError."""
        given = {"code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        return self._granted(lambda session, url: session.fetch_token(url, grant_type="authorization_code", **given))

    def refresh(self, refresh_token: str, scope: str = "") -> Grant:
        """A new token; where the EHR sends no new refresh token, the old one stays. Raises as `exchange`."""
        given = {"scope": scope} if scope else {}
        return self._granted(lambda session, url: session.refresh_token(url, refresh_token, **given))

    def for_service(self, scope: str) -> Grant:
        """A token of our own, without a user (Backend Services). Raises as `exchange`."""
        return self._granted(
            lambda session, url: session.fetch_token(url, grant_type="client_credentials", scope=scope)
        )

    def revoke(self, token: str, hint: str) -> bool:
        """Tell the EHR that a token is not used any more; whether it agreed."""
        url = self._metadata.revocation_endpoint
        if not url or not token:
            return False
        try:
            with self._session(REVOKE_SECONDS) as session:
                return bool(session.revoke_token(url, token, hint).ok)
        except (requests.RequestException, HTTPError, OSError, ValueError):
            return False

    def _granted(self, ask: Callable[[_Session, str], Mapping[str, Any]]) -> Grant:
        try:
            with self._session() as session:
                return read_token_answer(ask(session, self._metadata.token_endpoint))
        except (requests.RequestException, HTTPError, OSError, ValueError) as problem:
            raise TokenFailedError(f"cannot be reached ({type(problem).__name__})") from None

    def _session(self, seconds: float = TOKEN_SECONDS, **known: Any) -> _Session:
        session = _Session(self._client, seconds, **known)
        if self._client.auth == "private_key_jwt":
            session.register_client_auth_method(self._assertion())
        return session

    def _assertion(self) -> _Assertion:
        key = self._keys.signing(self._client.algorithm, self._client.key_id)
        if key is None:
            raise TokenFailedError(f"has no key of ours for {self._client.algorithm}")
        return _Assertion(key, self._metadata.token_endpoint)
