"""The end of a launch: forgotten here first, then the EHR is told that its tokens are not used any more."""

from __future__ import annotations

from ehr_access.discovery import DiscoveryError
from ehr_access.oauth import TokenFailedError
from smart_app.launch_store import read_tokens
from smart_app.opening import Opened
from smart_app.ports import SmartPorts


def close(seen: Opened, ports: SmartPorts) -> None:
    """Forget a launch and revoke its tokens, the refresh token first; an EHR that does not answer changes nothing."""
    row = ports.rows.find(seen.launch.id)
    ports.rows.remove(seen.launch.id)
    ports.audit("logout", seen.ehr.name, user=seen.launch.user or "unknown")
    if row is None:
        return
    tokens = read_tokens(row)
    try:
        oauth = ports.ehrs.oauth(seen.ehr, seen.launch.server)
        oauth.revoke(tokens.refresh, "refresh_token")
        oauth.revoke(tokens.access, "access_token")
    except (DiscoveryError, TokenFailedError):
        ports.report("not-revoked", ehr=seen.ehr.name)
