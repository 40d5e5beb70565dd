"""Writing to the EHR with the token of a launch, as far as its scopes allow."""

from __future__ import annotations

from dataclasses import dataclass, field

from ehr_access.fhir_writer import EhrWriter, FhirWrites
from ehr_access.scopes import Granted
from fhir_mappings.attestation_drafts import PARTS
from smart_app.opening import Opened
from smart_app.patient_chart import token_keeper
from smart_app.ports import SmartPorts

OBSERVATION, CREATE, UPDATE = "Observation", "c", "u"
WRITTEN_AS = {"category": f"{PARTS['category']['system']}|{PARTS['category']['code']}"}


@dataclass(frozen=True, slots=True)
class _Permission:
    """The token for one act, as the writer takes it."""

    server: str
    expires_in: float
    token: str = field(repr=False)


def may_create(granted: Granted) -> bool:
    """Whether new statements may be written."""
    return granted.allows(OBSERVATION, CREATE, WRITTEN_AS)


def may_change(granted: Granted) -> bool:
    """Whether a statement that the EHR keeps may be changed."""
    return granted.allows(OBSERVATION, UPDATE, WRITTEN_AS)


def open_writes(seen: Opened, ports: SmartPorts, writer: EhrWriter) -> FhirWrites | None:
    """How to write for this launch; None when its session with the EHR has ended."""
    keeper = token_keeper(seen, ports)
    tokens = keeper.usable()
    if tokens is None:
        return None
    permission = _Permission(seen.launch.server, tokens.expires - ports.now().timestamp(), tokens.access)
    return writer.open(permission, seen.launch.ehr, keeper.renew)
