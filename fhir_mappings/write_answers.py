"""What an EHR answers to a write: under which id it keeps a resource, and whether it has one already."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fhir_mappings.attestation_drafts import IDENTIFIER, WITHDRAWN
from fhir_mappings.attestations import SYSTEM
from fhir_mappings.envelopes import look
from fhir_mappings.subjects import PATIENT_REFERENCE

ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
LOCATION = re.compile(r"(?:\A|/)Observation/([A-Za-z0-9.\-]{1,64})(?:/_history/[^/?#]*)?\Z")
OBSERVATION = "Observation"


def kept_as(location: str, body: bytes) -> str:
    """The id of the Observation that was written, by the Location of the answer, else by its body; empty if unsaid."""
    found = LOCATION.search(location)
    return found[1] if found else _identity(read_json(body))


def found_as(body: bytes, statement: str, patient: str) -> str:
    """The id of this patient's Observation that bears the statement's identifier, in a searchset; empty if none does.

    A server that ignores the search parameter sends others too: they are left out.
    """
    entries = read_json(body).get("entry") if look(body).resource_type == "Bundle" else None
    resources = [_dict(_dict(each).get("resource")) for each in entries] if isinstance(entries, list) else []
    return next((_identity(each) for each in resources if _is_it(each, statement) and is_of(each, patient)), "")


def is_of(observation: dict[str, Any], patient: str) -> bool:
    """Whether an Observation names this patient."""
    found = PATIENT_REFERENCE.search(str(_dict(observation.get("subject")).get("reference", "")))
    return found is not None and found[1] == patient


def is_statement(observation: dict[str, Any], reference: str, patient: str) -> bool:
    """Whether an Observation is the statement meant: this reference, this patient, our codes, not withdrawn."""
    meant = f"{OBSERVATION}/{_identity(observation)}" == reference and is_of(observation, patient)
    return bool(code_of(observation)) and meant and observation.get("status") != WITHDRAWN


def code_of(observation: dict[str, Any]) -> str:
    """Which statement of the contract an Observation is; empty if none."""
    codings = _dict(observation.get("code")).get("coding")
    found = [_dict(each) for each in codings] if isinstance(codings, list) else []
    return next((str(each.get("code", "")) for each in found if each.get("system") == SYSTEM), "")


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        return _dict(msgspec.json.decode(body))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return {}


def version_of(observation: dict[str, Any]) -> str:
    """The version of a resource as the EHR counts it; empty if it does not."""
    return str(_dict(observation.get("meta")).get("versionId", ""))


def _is_it(resource: dict[str, Any], statement: str) -> bool:
    wanted = {"system": IDENTIFIER, "value": statement}
    identifiers = resource.get("identifier")
    return isinstance(identifiers, list) and any(wanted.items() <= _dict(each).items() for each in identifiers)


def _identity(resource: dict[str, Any]) -> str:
    id = resource.get("id")
    good = resource.get("resourceType") == OBSERVATION and isinstance(id, str) and ID.fullmatch(id)
    return str(id) if good else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
