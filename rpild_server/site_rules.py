"""What a configuration must obey beyond the form of each value; and what `rpild serve` demands before it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ehr_access.key_store import load_keys
from ehr_access.public_keys import KeysError
from ehr_access.registry import KeyPlace
from rpild_server.smart_rules import app_faults, app_serve_faults
from rpild_server.storage.errors import BadSecretsError
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.tracing import INSTALL, is_installed

if TYPE_CHECKING:
    from rpild_server.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OWN_CALLER, OWN_ISSUER = "canary", "urn:rpild:canary"
# Issuers whose private key anybody can read.
TEST_ISSUERS = frozenset({"https://sandbox.cds-hooks.org"})


def site_faults(settings: Settings) -> Iterator[str]:
    """What is wrong with the settings as a whole: key, fault, remedy."""
    yield from _twice("name", [each.name for each in settings.ehrs])
    yield from _twice("iss and tenant", [(each.iss, each.tenant) for each in settings.ehrs if each.iss])
    for key, address in _addresses(settings):
        if urlsplit(address).scheme == "http" and not (settings.allow_http_loopback and _is_loopback(address)):
            yield f"{key}: plain http; write https (allow_http_loopback = true permits this machine only, for trying)."
    for place, ehr in enumerate(settings.ehrs):
        if ehr.name == OWN_CALLER:
            yield f"ehrs.{place}.name: {OWN_CALLER} is the name of the service's own test calls; choose another."
        if ehr.iss in TEST_ISSUERS and not settings.accept_test_issuers:
            remedy = "remove it (accept_test_issuers = true permits it, for trying)"
            yield f"ehrs.{place}.iss: anybody can sign as this issuer; {remedy}."
    yield from app_faults(settings)


def serve_faults(settings: Settings) -> Iterator[str]:
    """What is missing for calls with real data."""
    if not any(each.iss for each in settings.ehrs):
        yield "ehrs: no EHR with an iss; add one with [[ehrs]], since nothing else may call."
    if settings.public_base_url is None:
        yield "public_base_url: missing; write the https address under which EHRs call this service."
    if settings.place() is None:
        yield "data_folder: missing; name a folder for the data, or database_url."
    yield from _secrets_faults(settings)
    yield from app_serve_faults(settings)
    if settings.otlp_endpoint and not is_installed():
        yield f"otlp_endpoint: OpenTelemetry is not installed; get it with {INSTALL}, or remove the setting."
    for place, ehr in enumerate(settings.ehrs):
        if ehr.jwks_file:
            yield from _key_faults(f"ehrs.{place}.jwks_file", KeyPlace(ehr.jwks_file))


def _twice(what: str, values: list[str] | list[tuple[str, str]]) -> Iterator[str]:
    if any(count > 1 for count in Counter[object](values).values()):
        yield f"ehrs: two records have the same {what}; each needs its own."


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "public_base_url", settings.public_base_url or ""
    for place, ehr in enumerate(settings.ehrs):
        yield from ((f"ehrs.{place}: {address}", address) for address in ehr.addresses())


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).netloc.rpartition(":")[0] if urlsplit(address).port else urlsplit(address).netloc
    return host in LOOPBACK


def _secrets_faults(settings: Settings) -> Iterator[str]:
    if settings.secrets_file is None:
        yield "secrets_file: missing; name the file with the keys of the records."
        return
    try:
        load_secrets(settings.secrets_file)
    except BadSecretsError as problem:
        yield f"secrets_file: {problem}"


def _key_faults(key: str, place: KeyPlace) -> Iterator[str]:
    try:
        load_keys(place)
    except KeysError as problem:
        yield f"{key}: {problem} Give a JWKS file with the EHR's public keys."
