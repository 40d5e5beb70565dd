"""Access for one CDS Hooks call: a real token for this patient, good for five minutes."""

from __future__ import annotations

from ehr_sandbox.authorization.grants_given import LaunchContext
from ehr_sandbox.authorization.token_store import TokenStore
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.hook_calls import CallAccess

SCOPE = "patient/*.read"
CLIENT = "cds-service"


def call_access(store: TokenStore) -> CallAccess:
    """What makes `fhirAuthorization` for a patient and a user."""

    def access(patient: str, user: str) -> Json:
        token = store.access_for_call(CLIENT, SCOPE, LaunchContext(user, patient))
        return {
            "access_token": token.value,
            "token_type": "Bearer",
            "expires_in": token.get_expires_in(),
            "scope": token.scope,
            "subject": CLIENT,
            "patient": patient,
        }

    return access
