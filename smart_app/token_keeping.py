"""The tokens of one open launch: renewed in time or after a 401, by one thread of one process, never twice the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ehr_access.discovery import DiscoveryError
from ehr_access.oauth import TokenFailedError, TokenRefusedError
from ehr_access.token_answer import Grant, TokenAnswerError
from smart_app.launch_store import Row, Rows, Tokens, read_tokens

EARLY_SECONDS = 30
LEASE_SECONDS = 15
WAIT_SECONDS = 8.0
PAUSE_SECONDS = 0.05
Refresh = Callable[[str, str], Grant]
"""A new grant for a refresh token and the scopes granted so far."""


@dataclass(slots=True)
class TokenKeeper:
    """What reads of one page go through. `ended` tells why the EHR gives no token any more, empty while it does;
    `refused` that it has not accepted one of ours.

    Of all threads and processes that want a new token at the same time one asks for it; the others wait for it.
    """

    id: str
    patient: str
    rows: Rows
    refresh: Refresh
    now: Callable[[], datetime]
    ended: str = ""
    refused: bool = False
    _pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def usable(self) -> Tokens | None:
        """Tokens that are good for a while; None when there are none any more."""
        row = self._row()
        if row is None:
            return None
        tokens = read_tokens(row)
        left = tokens.expires - self.now().timestamp()
        if left > EARLY_SECONDS or (left > 0 and not tokens.refresh):
            return tokens
        self.renew(tokens.access)
        row = self.rows.find(self.id)
        fresh = read_tokens(row) if row else tokens
        if fresh.expires > self.now().timestamp():  # where renewing failed, the old token may have seconds left
            return fresh
        self.ended = self.ended or "The token has run out."
        return None

    def after_refusal(self, stale: str) -> str | None:
        """Another access token than this one, which the EHR does not accept; None if there is none."""
        self.refused = True
        return self.renew(stale)

    def renew(self, stale: str) -> str | None:
        """Another access token than this one; None if there is none."""
        give_up = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up:
            row = self._row()
            if row is None:
                return None
            tokens = read_tokens(row)
            if tokens.access != stale:
                return tokens.access
            if not tokens.refresh:
                self.ended = "The EHR gave no refresh token."
                return None
            if self._leased(row):
                return self._ask(row, tokens)
            self._pause(PAUSE_SECONDS)
        return None

    def _row(self) -> Row | None:
        """The launch as it is stored now; None where it is over."""
        row = None if self.ended else self.rows.find(self.id)
        if row is None:
            self.ended = self.ended or "The page was closed."
        return row

    def _leased(self, row: Row) -> bool:
        now = int(self.now().timestamp())
        return self.rows.lease(self.id, row.version, now, now + LEASE_SECONDS)

    def _ask(self, row: Row, tokens: Tokens) -> str | None:
        """One request; a refusal ends the session, a server that cannot be reached does not."""
        try:
            grant = self.refresh(tokens.refresh, tokens.scope)
        except (TokenRefusedError, TokenAnswerError):
            self.rows.renew(self.id, row.version, _packed(Tokens(tokens.access, "", tokens.expires, tokens.scope)))
            self.ended = "The EHR refused to renew the token."
            return None
        except (TokenFailedError, DiscoveryError):
            self.rows.release(self.id, row.version)
            return None
        if grant.patient not in ("", self.patient):
            self.rows.remove(self.id)
            self.ended = "The renewed token is for another patient."
            return None
        fresh = Tokens(
            access=grant.access_token,
            refresh=grant.refresh_token or tokens.refresh,
            expires=self.now().timestamp() + grant.expires_in,
            scope=tokens.scope if grant.scope is None else grant.scope,
        )
        self.rows.renew(self.id, row.version, _packed(fresh))
        return fresh.access


def _packed(tokens: Tokens) -> bytes:
    return msgspec.json.encode(tokens)
