"""Reading for a hook call: with the token that it brings, else with one of our own where the EHR gives us such."""

from __future__ import annotations

from functools import partial

from cds_hooks.hook_request import FhirAccess
from cds_hooks.ports import CompletePrefetch, Fetch
from ehr_access.apps import SmartEhrs
from ehr_access.client_keys import ClientKeys, load_client_keys
from ehr_access.fhir_client import EhrReader
from ehr_access.service_tokens import ServiceTokens
from fhir_mappings.queries import scopes
from rpild_server.logs import report
from rpild_server.settings import Settings


def own_keys(settings: Settings) -> ClientKeys:
    """Our keys from their file; raises KeysError."""
    return load_client_keys(settings.client_keys_file) if settings.client_keys_file else ClientKeys()


def own_reading(reader: EhrReader, ehrs: SmartEhrs) -> CompletePrefetch:
    """How calls of any EHR are read; a call's own token always comes first."""
    tokens = ServiceTokens(ehrs, " ".join(scopes(2, "system")), report)

    def reading(access: FhirAccess | None, ehr: str) -> Fetch | None:
        if access is not None:
            return reader.open(access, ehr)
        own = tokens.access(ehr)
        return reader.open(own, ehr, partial(tokens.renew, ehr)) if own else None

    return reading
