"""Which patients are looked at: those named, else the first that the EHR offers. Their ids are never shown."""

from __future__ import annotations

from ehr_access.measured import Examiner
from rpild_server.check_ehr.documents import object_of, resources_of
from rpild_server.check_ehr.findings import Finding, good

PART = "patients"
NAME_THEM = "Many EHRs refuse a search for no one in particular. Name test patients with --patient ID (repeatable)."
SIGN_IN = "It asks for a token: give --token, or --client with --client-keys (Backend Services)."
REMEDIES = {0: "Look at address, firewall and certificate.", 401: SIGN_IN}


def choose_patients(examiner: Examiner, named: tuple[str, ...], most: int) -> tuple[tuple[str, ...], Finding]:
    """Ids, and what is to be said of the choice."""
    if named:
        return named, good(PART, f"{len(named)} as named")
    seen = examiner.get(f"Patient?_count={most}")
    found = [str(each.get("id", "")) for each in resources_of(object_of(seen.body)) if each.get("id")]
    chosen = tuple(dict.fromkeys(found))[:most]
    if chosen:
        return chosen, good(PART, f"the first {len(chosen) if len(chosen) > 1 else 'one'} that the EHR offers")
    told = "the EHR offers none" if seen.good else f"they cannot be searched ({seen.told})"
    return (), Finding("fault", PART, told, REMEDIES.get(seen.status, NAME_THEM))
