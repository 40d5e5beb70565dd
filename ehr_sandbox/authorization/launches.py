"""One-time launch tokens: the opaque `launch` parameter by which an app learns where in the EHR it was opened."""

from __future__ import annotations

import secrets
import time
from threading import Lock
from urllib.parse import urlencode

from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.grants_given import LaunchContext

LIFETIME_SECONDS = 300


class Launches:
    """Launch tokens that wait to be used, each for one client, once, for five minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, tuple[str, LaunchContext, float]] = {}

    def issue(self, client_id: str, context: LaunchContext) -> str:
        """A new launch token for this client."""
        token, now = secrets.token_urlsafe(24), time.time()
        with self._lock:
            self._waiting = {name: each for name, each in self._waiting.items() if each[2] > now}
            self._waiting[token] = (client_id, context, now + LIFETIME_SECONDS)
        return token

    def look(self, token: str, client_id: str) -> LaunchContext | None:
        """The context of a launch token of this client that is still good, without using it up."""
        with self._lock:
            return self._of(self._waiting.get(token), client_id)

    def take(self, token: str, client_id: str) -> LaunchContext | None:
        """The same, and the token is used up."""
        with self._lock:
            found = self._of(self._waiting.get(token), client_id)
            if found:
                del self._waiting[token]
            return found

    @staticmethod
    def _of(waiting: tuple[str, LaunchContext, float] | None, client_id: str) -> LaunchContext | None:
        if waiting is None or waiting[0] != client_id or waiting[2] <= time.time():
            return None
        return waiting[1]


def launch_address(client: Client, launch: str, iss: str) -> str:
    """The app's launch address with `iss` and `launch`."""
    joint = "&" if "?" in client.launch_url else "?"
    return f"{client.launch_url}{joint}{urlencode({'iss': iss, 'launch': launch})}"
