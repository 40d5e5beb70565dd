"""An EHR's SMART configuration: read into known keys only, kept for a while, and not asked for again and again.

Nothing of the document but these keys is used: what a server adds cannot switch PKCE off or replace our own settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson

from ehr_access.documents import Document, DocumentError, get_document
from ehr_access.smart_client import SmartClient

OK, NOT_FOUND = 200, 404
SECONDS = 3.0
PLACE = ".well-known/smart-configuration"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
REQUIRED = ("authorization_endpoint", "token_endpoint")
ENDPOINTS = (*REQUIRED, "revocation_endpoint", "introspection_endpoint", "jwks_uri")
S256 = "S256"
LONGEST = 2000


class DiscoveryError(Exception):
    """The configuration cannot be used; `fault` says what is wrong with it, in words for the one who runs the EHR."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the app uses of an EHR's configuration; endpoints are absolute, an empty text means there is none."""

    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    jwks_uri: str = ""
    issuer: str = ""
    capabilities: frozenset[str] = frozenset()
    challenge_methods: frozenset[str] = frozenset()
    names_issuer: bool = False


def read_metadata(body: bytes, base: str, client: SmartClient, hosts: frozenset[str]) -> Metadata:
    """The document at a FHIR base (without closing slash); raises DiscoveryError.

    `hosts` (`host` or `host:port`) are where endpoints may lie; plain http only below a base that is so itself.
    """
    content = _object(body)
    endpoints = {name: _endpoint(name, content.get(name), base, hosts) for name in ENDPOINTS}
    missing = [name for name in REQUIRED if not endpoints[name]]
    if missing:
        raise DiscoveryError(f"{missing[0]} is missing")
    methods = _texts(content.get("code_challenge_methods_supported"))
    if client.refuse_without_s256 and S256 not in methods:
        raise DiscoveryError("code_challenge_methods_supported does not list S256, which this site demands")
    return Metadata(
        **endpoints,
        issuer=_text(content.get("issuer")),
        capabilities=_texts(content.get("capabilities")),
        challenge_methods=methods,
        names_issuer=content.get("authorization_response_iss_parameter_supported") is True,
    )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise DiscoveryError("the answer is not JSON") from None
    if not isinstance(content, dict):
        raise DiscoveryError("the answer is not a JSON object")
    return content


def _endpoint(name: str, value: object, base: str, hosts: frozenset[str]) -> str:
    """The absolute address; empty if there is none. Relative ones count from the FHIR base."""
    text = _text(value)
    if not text:
        return ""
    try:
        address = urljoin(f"{base}/", text)
        parts = urlsplit(address)
    except ValueError:
        raise DiscoveryError(f"{name} is not an address") from None
    if parts.scheme not in {"https", urlsplit(base).scheme} or "@" in parts.netloc or parts.fragment:
        raise DiscoveryError(f"{name} is not an https address without user and fragment")
    if parts.netloc.lower() not in hosts:
        raise DiscoveryError(f"{name} lies on another host than those registered for this EHR")
    return address


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST and value.isprintable() else ""


def _texts(value: object) -> frozenset[str]:
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()


def uris_of(body: bytes) -> bytes:
    """The endpoints of a CapabilityStatement's oauth-uris extension, as a configuration document."""
    rows = [each for each in _extensions(_object(body)) if isinstance(each, dict)]
    found = {f"{each.get('url')}_endpoint": each.get("valueUri") for each in rows}
    renamed = {"authorize_endpoint": "authorization_endpoint", "revoke_endpoint": "revocation_endpoint"}
    return orjson.dumps({renamed.get(name, name): value for name, value in found.items()})


def _extensions(statement: Mapping[str, Any]) -> list[Any]:
    try:
        outer = [one for rest in statement["rest"] for one in rest["security"]["extension"]]
        return [row for one in outer if one["url"] == OAUTH_URIS for row in one["extension"]]
    except (TypeError, KeyError):
        return []


@dataclass(slots=True)
class _Kept:
    """The outcome of the last try, good or bad, and until when it is used (monotonic)."""

    until: float = float("-inf")
    metadata: Metadata | None = None
    fault: str = ""
    tried: float = float("-inf")
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class DiscoveryTimes:
    """Seconds: how long a failure is remembered, and how soon a document may be fetched again on suspicion."""

    failed: float = 10
    again: float = 30


class Discovery:
    """The configurations of all EHRs as this process knows them."""

    def __init__(self, times: DiscoveryTimes | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._times = times or DiscoveryTimes()
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def find(self, base: str, client: SmartClient, bases: tuple[str, ...]) -> Metadata:
        """The configuration at a FHIR base, of which `bases` are all registered; raises DiscoveryError."""
        kept = self._of(base)
        with kept.lock:
            if self._clock() >= kept.until:
                self._renew(kept, base, client, bases)
            if kept.metadata is None:
                raise DiscoveryError(kept.fault)
            return kept.metadata

    def find_again(self, base: str, client: SmartClient, bases: tuple[str, ...]) -> Metadata:
        """The same, fetched anew because an endpoint has vanished; at most now and then."""
        kept = self._of(base)
        with kept.lock:
            if self._clock() - kept.tried >= self._times.again:
                kept.until = float("-inf")
        return self.find(base, client, bases)

    def _of(self, base: str) -> _Kept:
        with self._lock:
            return self._kept.setdefault(base, _Kept())

    def _renew(self, kept: _Kept, base: str, client: SmartClient, bases: tuple[str, ...]) -> None:
        kept.tried = self._clock()
        try:
            kept.metadata, kept.fault = _fetch(base.removesuffix("/"), client, hosts_of(bases, client)), ""
        except DiscoveryError as problem:
            kept.metadata, kept.fault = None, problem.fault
        kept.until = self._clock() + (client.discovery_seconds if kept.metadata else self._times.failed)


def hosts_of(bases: tuple[str, ...], client: SmartClient) -> frozenset[str]:
    """Where endpoints may lie."""
    return frozenset(urlsplit(each).netloc.lower() for each in bases) | client.hosts


def _fetch(base: str, client: SmartClient, hosts: frozenset[str]) -> Metadata:
    answer = _get(f"{base}/{PLACE}", "application/json")
    if answer.status == NOT_FOUND and client.capability_fallback:
        statement = _get(f"{base}/metadata", "application/fhir+json")
        return read_metadata(uris_of(_good(statement, "metadata")), base, client, hosts)
    return read_metadata(_good(answer, PLACE), base, client, hosts)


def _get(url: str, accept: str) -> Document:
    try:
        return get_document(url, accept, SECONDS)
    except DocumentError as problem:
        raise DiscoveryError(f"it {problem}") from None


def _good(answer: Document, place: str) -> bytes:
    if answer.status != OK:
        raise DiscoveryError(f"{place} answers with status {answer.status}")
    return answer.body
