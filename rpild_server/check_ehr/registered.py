"""The examination of an EHR that is registered already: its address, client, spelling and mapping from the settings."""

from __future__ import annotations

from ehr_access.client_keys import ClientKeys
from rpild_server.check_ehr.examination import Asked
from rpild_server.ehr_settings import EhrSettings
from rpild_server.own_reading import own_keys
from rpild_server.settings import Settings, SettingsError


def find_ehr(settings: Settings, name: str | None) -> EhrSettings:
    """The EHR of this name, or the only one; raises SettingsError if there is none, or nothing to read at it."""
    found = [each for each in settings.ehrs if name in (None, each.name)]
    if len(found) != 1:
        known = ", ".join(each.name for each in settings.ehrs) or "none"
        raise SettingsError(f"ehrs: name one of those configured with --ehr (there: {known}).")
    if not found[0].fhir_bases:
        raise SettingsError(f"ehrs: {found[0].name} has no fhir_bases; give the address with --fhir.")
    return found[0]


def ask_registered(settings: Settings, ehr: EhrSettings, token: str, patients: tuple[str, ...], most: int) -> Asked:
    """What is asked of it; signed in by Backend Services where the record says so and no token is given.

    Raises KeysError, SiteMappingError, OSError, ValueError for files that cannot be used.
    """
    base = ehr.fhir_bases[0].rstrip("/")
    signing = ehr.smart and ehr.backend_services and not token
    return Asked(
        base,
        base,
        token=token,
        client=ehr.client() if signing else None,
        keys=own_keys(settings) if signing else ClientKeys(),
        patients=patients,
        most=most,
        patient_form=ehr.product.patient_form,
        site=settings.for_hooks(ehr).site,
    )
