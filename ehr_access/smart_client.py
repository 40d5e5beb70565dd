"""How this program is registered as a SMART app at one EHR, and how the EHR's address is recognised in a launch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

ClientAuth = Literal["none", "client_secret_basic", "private_key_jwt"]
Access = Literal["online_access", "offline_access", ""]
Style = Literal["", "smart"]
DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_ISS = 1000


@dataclass(frozen=True, slots=True)
class SmartClient:
    """One registration. `secret` belongs to `client_secret_basic`, `key_id` and `algorithm` to `private_key_jwt`.

    `scope_version` 0 follows what the EHR announces. `hosts` are hosts of endpoints beside those of the FHIR bases.
    `discovery_seconds` is how long its configuration document is used.
    """

    client_id: str
    auth: ClientAuth = "private_key_jwt"
    secret: str = field(default="", repr=False)
    algorithm: Literal["ES384", "RS384"] = "ES384"
    key_id: str = ""
    title: str = ""
    access: Access = "online_access"
    scope_version: Literal[0, 1, 2] = 0
    extra_scopes: tuple[str, ...] = ()
    write_attestations: bool = True
    hosts: frozenset[str] = frozenset()
    refuse_without_s256: bool = False
    capability_fallback: bool = False
    sends_iss: bool = False
    refresh_with_scope: bool = False
    style_allowed: bool = True
    backend_services: bool = False
    discovery_seconds: int = 3600


def plain_base(address: str) -> str | None:
    """An address as it is compared: scheme and host in lower case, no default port, one closing slash ignored.

    None for what no FHIR base can be: user part, query, fragment, another scheme, a malformed port, odd characters.
    """
    if len(address) > LONGEST_ISS or not address.isascii() or not address.isprintable() or set(address) & set(' \\"<>'):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname or set(address) & set("@?#"):
        return None
    shown = "" if port in (None, DEFAULT_PORTS[parts.scheme.lower()]) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme.lower()}://{host}{shown}{parts.path.removesuffix('/')}"
