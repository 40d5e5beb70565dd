"""The begin of a launch: which EHR, what to ask for, and the address that the user is sent to."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from ehr_access.apps import registration
from ehr_access.discovery import DiscoveryError, Metadata
from ehr_access.registry import TrustedEhr
from ehr_access.smart_client import SmartClient
from fhir_mappings.queries import scopes
from smart_app.errors import DiscoveryFailedError, LaunchRequestError, UnknownEhrError
from smart_app.launch_store import Pending, begin, new_id
from smart_app.ports import SmartPorts

LONGEST = 4096
VERIFIER_BYTES = 64  # 86 signs of the 43 to 128 that PKCE allows
LONGEST_ADDRESS = 2000
POST = "authorize-post"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the user goes: by GET, or with `post` as a form."""

    address: str
    post: bool = False


def only(values: Sequence[str], name: str, longest: int = LONGEST) -> str:
    """The one value of a parameter, empty if it is not there; raises LaunchRequestError."""
    if len(values) > 1:
        raise LaunchRequestError(f"The parameter {name} stands there {len(values)} times.")
    value = values[0] if values else ""
    if len(value) > longest or not value.isprintable():
        raise LaunchRequestError(f"The parameter {name} is too long, or holds control characters.")
    return value


def begin_from_ehr(iss: str, launch: str, browser: str, ports: SmartPorts) -> tuple[TrustedEhr, Departure]:
    """A launch from a chart. Nothing is asked of an address that is not registered."""
    if not iss or not launch:
        raise LaunchRequestError(f"The parameter {'launch' if iss else 'iss'} is missing.")
    found = ports.ehrs.registry.find_launch(iss)
    if found is None:
        raise UnknownEhrError("The launch names a FHIR server that is not registered here.", iss)
    ehr, base = found
    return ehr, _depart(ehr, base, browser, ports, "ehr", aud=iss, launch=launch)


def begin_alone(name: str, browser: str, ports: SmartPorts) -> tuple[TrustedEhr, Departure]:
    """A launch without a chart: the EHR is chosen by name, and lets the user choose the patient."""
    ehr = ports.ehrs.find(name)
    if ehr is None:
        raise UnknownEhrError("There is no EHR of this name.")
    base = ehr.fhir_bases[0]
    return ehr, _depart(ehr, base, browser, ports, "standalone", aud=base)


def _depart(
    ehr: TrustedEhr,
    base: str,
    browser: str,
    ports: SmartPorts,
    kind: Literal["ehr", "standalone"],
    **further: str,
) -> Departure:
    try:
        known, oauth = ports.ehrs.metadata(ehr, base), ports.ehrs.oauth(ehr, base)
    except DiscoveryError as problem:
        raise DiscoveryFailedError(f"The SMART configuration: {problem.fault}.", ehr.name) from None
    state, verifier, nonce = new_id(), secrets.token_urlsafe(VERIFIER_BYTES), new_id()
    scope, redirect_uri = asked_scope(registration(ehr), known, kind), callback_of(ehr, ports)
    pending = Pending(ehr.name, base, redirect_uri, verifier, nonce, scope, known.issuer, known.names_issuer, kind)
    begin(ports.rows, state, browser, pending, ports.now())
    address = oauth.authorization_url(redirect_uri, scope, state, verifier, nonce=nonce, **further)
    return Departure(address, len(address) > LONGEST_ADDRESS and POST in known.capabilities)


def callback_of(ehr: TrustedEhr, ports: SmartPorts) -> str:
    """The redirect URI registered at an EHR: one for each, so that answers cannot be mixed up."""
    if registration(ehr).sends_iss:
        return f"{ports.base_url}/smart/callback"
    return f"{ports.base_url}/smart/callback/{quote(ehr.name, safe='')}"


def asked_scope(client: SmartClient, known: Metadata, kind: str) -> str:
    """The least that the page needs, in the spelling that the EHR knows."""
    version = client.scope_version or (1 if _knows_first_only(known) else 2)
    writing = ("patient/Observation.write" if version == 1 else "patient/Observation.cu",)
    words = (
        "openid",
        "fhirUser",
        "launch" if kind == "ehr" else "launch/patient",
        *((client.access,) if client.access else ()),
        *scopes(version),
        *(writing if client.write_attestations else ()),
        *client.extra_scopes,
    )
    return " ".join(dict.fromkeys(words))


def _knows_first_only(known: Metadata) -> bool:
    return "permission-v1" in known.capabilities and "permission-v2" not in known.capabilities
