"""What the EHR's SMART configuration allows the page and the plug-in, and the settings that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import orjson

from ehr_access.discovery import ENDPOINTS, OK, PLACE, REQUIRED, S256, uris_of
from ehr_access.documents import DocumentError, get_document
from ehr_access.scopes import Granted, read_granted
from fhir_mappings.queries import ALSO_READ, QUERIES
from rpild_server.check_ehr.documents import Json, object_of, text, texts
from rpild_server.check_ehr.findings import Finding, good

PART = "SMART"
NEEDED = {
    "launch-ehr": "the page cannot be launched from the chart",
    "sso-openid-connect": "no user is named, and statements need one",
    "context-ehr-patient": "a launch does not say whose chart is open",
}
AUTHS = ("private_key_jwt", "client_secret_basic", "none")
ALGORITHMS = ("ES384", "RS384")
OPEN = "Fine for an open test server. The page and Backend Services need one."
FALLBACK = "Older than SMART 1.1; with this setting its CapabilityStatement is used."


def configuration_hosts(base: str) -> frozenset[str]:
    """The hosts that the configuration at a base names for its endpoints."""
    document = _document(base, PLACE)
    return frozenset(_host(document, name) for name in ENDPOINTS) - {""}


def look_at_smart(base: str) -> Iterator[Finding]:
    """Endpoints, PKCE, capabilities, how clients prove themselves, scopes, issuer."""
    document = _document(base, PLACE)
    if document:
        yield from _looked_at(document, base)
        return
    told = f"there is no readable {PLACE}"
    if _endpoints_of_statement(base):
        yield Finding("warn", PART, told, FALLBACK, "capability_fallback = true")
    else:
        yield Finding("warn", PART, told, OPEN)


def _document(base: str, place: str) -> Json:
    try:
        seen = get_document(f"{base}/{place}", "application/json")
    except DocumentError:
        return {}
    return object_of(seen.body) if seen.status == OK else {}


def _endpoints_of_statement(base: str) -> bool:
    found = object_of(uris_of(orjson.dumps(_document(base, "metadata"))))
    return all(found.get(each) for each in REQUIRED)


def _looked_at(document: Json, base: str) -> Iterator[Finding]:
    yield from _places(document, base)
    yield _challenge(document)
    yield from _capabilities(document)
    yield from _proofs(document)
    yield from _scopes(document)
    yield from _identity(document)


def _places(document: Json, base: str) -> Iterator[Finding]:
    missing = [each for each in REQUIRED if not text(document.get(each))]
    if missing:
        yield Finding("fault", PART, f"{' and '.join(missing)} missing", "Nobody can sign in. Tell the vendor.")
    else:
        yield good(PART, f"signs in at {_host(document, 'authorization_endpoint')}")
    others = sorted({_host(document, name) for name in ENDPOINTS} - {"", urlsplit(base).netloc.lower()})
    if others:
        setting = f"endpoint_hosts = {orjson.dumps(others).decode()}"
        told = f"its endpoints lie on {', '.join(others)}"
        yield Finding("warn", PART, told, "Another host than the FHIR base must be registered.", setting)


def _host(document: Json, name: str) -> str:
    try:
        return urlsplit(text(document.get(name))).netloc.lower()
    except ValueError:
        return ""


def _challenge(document: Json) -> Finding:
    if S256 in texts(document.get("code_challenge_methods_supported")):
        return good(PART, "PKCE with S256", "refuse_without_s256 = true")
    return Finding("warn", PART, "PKCE with S256 is not announced", "It is sent nevertheless. Ask the vendor.")


def _capabilities(document: Json) -> Iterator[Finding]:
    known = texts(document.get("capabilities"))
    for name in sorted(NEEDED.keys() - known):
        yield Finding("warn", PART, f"{name} is not announced", f"If that is so, {NEEDED[name]}. Ask the vendor.")
    if "permission-v1" in known and "permission-v2" not in known:
        yield good(PART, "knows scopes of version 1 only", "scope_version = 1")
    elif "permission-v2" in known:
        yield good(PART, "knows scopes of version 2")
    if document.get("authorization_response_iss_parameter_supported") is True:
        yield good(PART, "its callbacks name their issuer")


def _proofs(document: Json) -> Iterator[Finding]:
    methods = texts(document.get("token_endpoint_auth_methods_supported"))
    chosen = next((each for each in AUTHS if each in methods), "")
    if chosen:
        yield good(PART, f"clients prove themselves by {chosen}", f'client_auth = "{chosen}"')
    elif methods:
        told = f"of its ways for clients to prove themselves ({', '.join(sorted(methods))}) none is known here"
        yield Finding("fault", PART, told, f"Ask for one of {', '.join(AUTHS)}.")
    algorithms = texts(document.get("token_endpoint_auth_signing_alg_values_supported"))
    if chosen == AUTHS[0] and algorithms:
        yield _algorithm(algorithms)


def _algorithm(offered: frozenset[str]) -> Finding:
    chosen = next((each for each in ALGORITHMS if each in offered), "")
    if chosen:
        return good(PART, f"assertions signed with {chosen} are taken", f'client_algorithm = "{chosen}"')
    told = f"assertions signed with {', '.join(sorted(offered))} only"
    return Finding("fault", PART, told, f"SMART asks for {' or '.join(ALGORITHMS)}. Ask the vendor.")


def _scopes(document: Json) -> Iterator[Finding]:
    listed = texts(document.get("scopes_supported"))
    if not listed:
        yield good(PART, "does not list its scopes")
        return
    granted = read_granted(" ".join(sorted(listed)))
    kinds = dict.fromkeys((*(query.kind for query in QUERIES.values()), *ALSO_READ))
    missing = [kind for kind in kinds if not granted.allows(kind, "rs")]
    if missing:
        told = f"no scope to read {', '.join(missing)} is listed"
        yield Finding("warn", PART, told, "What they carry stays unknown. Ask which scopes can be granted.")
    else:
        yield good(PART, "scopes to read everything needed are listed")
    yield _write_scope(granted)


def _write_scope(granted: Granted) -> Finding:
    if granted.allows("Observation", "cu"):
        return good("writing", "a scope to write Observations is listed")
    told = "no scope to write Observations is listed"
    return Finding("warn", "writing", told, "Attestations are then kept here.", "write_attestations = false")


def _identity(document: Json) -> Iterator[Finding]:
    lacking = [name for name in ("issuer", "jwks_uri") if not text(document.get(name))]
    if lacking:
        told = f"{' and '.join(lacking)} missing"
        yield Finding("warn", PART, told, "The user's id_token cannot be checked, so nobody can sign statements.")
