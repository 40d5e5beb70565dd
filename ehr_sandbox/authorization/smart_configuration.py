"""What this EHR says of its authorization server: SMART's configuration and OpenID's discovery document."""

from __future__ import annotations

from ehr_sandbox.authorization.client_assertion import ALGORITHMS
from ehr_sandbox.authorization.code_grant import AUTH_METHODS
from ehr_sandbox.authorization.scopes import SUPPORTED
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.signing import KEYS_PATH

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-online",
    "permission-offline",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)


def smart_configuration(base: str, id_token_algorithms: list[str]) -> Json:
    """The document at /fhir/.well-known/smart-configuration, all addresses absolute; `base` is this EHR's address."""
    return {
        "issuer": base,
        "jwks_uri": base + KEYS_PATH,
        "authorization_endpoint": f"{base}/auth/authorize",
        "token_endpoint": f"{base}/auth/token",
        "introspection_endpoint": f"{base}/auth/introspect",
        "revocation_endpoint": f"{base}/auth/revoke",
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "scopes_supported": list(SUPPORTED),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "id_token_signing_alg_values_supported": id_token_algorithms,
        "subject_types_supported": ["public"],
        "authorization_response_iss_parameter_supported": True,
        "capabilities": list(CAPABILITIES),
    }
