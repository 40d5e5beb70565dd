"""Codes and tokens in memory, each one-time act atomic under one lock; a replay ends the whole family."""

from __future__ import annotations

import secrets
import time
from threading import Lock

from ehr_sandbox.authorization.grants_given import Authorization, Code, LaunchContext, Token

CODE_SECONDS, ACCESS_SECONDS, SERVICE_SECONDS, FAMILY_SECONDS = 60, 900, 300, 12 * 3600
KEPT = 20_000


class TokenStore:
    """Everything that this EHR has given out and may still meet again. Correct under threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Token] = {}
        self._once: dict[tuple[str, str, str], float] = {}

    def keep_code(self, value: str, code: Code) -> None:
        with self._lock:
            self._codes[value] = code
            _drop_oldest(self._codes)

    def redeem(self, value: str, client_id: str) -> Code | None:
        """The code, once and only for its own client. A second attempt revokes what the first one brought."""
        with self._lock:
            code = self._codes.get(value)
            if code is None or code.authorization.client_id != client_id:
                return None
            if code.used:
                code.authorization.revoked = True
                return None
            code.used = True
        return code if time.time() < code.ends else None

    def keep_token(self, token: Token) -> Token:
        with self._lock:
            self._tokens[token.value] = token
            _drop_oldest(self._tokens)
        return token

    def find(self, value: str, kind: str = "") -> Token | None:
        """A token by its value, dead or alive."""
        with self._lock:
            token = self._tokens.get(value)
        return token if token and kind in ("", token.kind) else None

    def rotate(self, token: Token) -> bool:
        """Use a refresh token up. False if it was used before: then the whole family is revoked."""
        with self._lock:
            if token.revoked:
                token.authorization.revoked = True
            first = not token.is_revoked()
            token.revoked = True
        return first

    def revoke(self, token: Token) -> None:
        """An access token alone; with a refresh token everything that came from the same consent."""
        with self._lock:
            token.revoked = True
            token.authorization.revoked = token.authorization.revoked or token.kind == "refresh_token"

    def first_time(self, use: str, owner: str, value: str, until: float) -> bool:
        """Whether this value is new for its owner (a jti, a nonce); it is remembered until the given time."""
        with self._lock:
            now = time.time()
            self._once = {key: end for key, end in self._once.items() if end > now}
            known = (use, owner, value) in self._once
            self._once[(use, owner, value)] = until
        return not known

    def is_known(self, use: str, owner: str, value: str) -> bool:
        """Whether first_time was asked about this value before."""
        with self._lock:
            return (use, owner, value) in self._once

    def access_for_call(self, client_id: str, scope: str, context: LaunchContext) -> Token:
        """A short access token for one CDS Hooks call: this patient, five minutes, never refreshed."""
        now = time.time()
        authorization = Authorization(client_id, scope, context, now + SERVICE_SECONDS)
        value = secrets.token_urlsafe(32)
        return self.keep_token(Token(value, "access_token", authorization, scope, now, authorization.ends))


def _drop_oldest(kept: dict[str, Code] | dict[str, Token]) -> None:
    while len(kept) > KEPT:
        kept.pop(next(iter(kept)))
