"""What a configuration must obey where the page can be launched: our address, who is who, secrets and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ehr_access.client_keys import ClientKeys, load_client_keys
from ehr_access.public_keys import KeysError
from ehr_access.smart_client import plain_base

if TYPE_CHECKING:
    from rpild_server.ehr_settings import EhrSettings
    from rpild_server.settings import Settings

Apps = list[tuple[int, "EhrSettings"]]


def app_faults(settings: Settings) -> Iterator[str]:
    """What is wrong with the registrations of the page: key, fault, remedy."""
    apps = _apps(settings)
    if apps and settings.public_base_url is None:
        yield "public_base_url: missing; an EHR with smart = true has to find the page under it."
    owners: dict[str | None, str] = {}
    for place, name, base in ((place, each.name, base) for place, each in apps for base in each.fhir_bases):
        first = owners.setdefault(plain_base(base), name)
        if first != name:
            yield f"ehrs.{place}.fhir_bases: {base} belongs to {first} already; a launch must name one EHR."
        if plain_base(base) is None:
            yield f"ehrs.{place}.fhir_bases: {base} is no address that a launch can name; mend its spelling."
    for place, ehr in apps:
        yield from _secret_faults(place, ehr)


def _secret_faults(place: int, ehr: EhrSettings) -> Iterator[str]:
    try:
        ehr.client()
    except ValueError as problem:
        yield f"ehrs.{place}.client_secret_file: {problem}."


def app_serve_faults(settings: Settings) -> Iterator[str]:
    """What is missing for launches with real data."""
    proving = [(place, ehr) for place, ehr in _apps(settings) if ehr.client_auth == "private_key_jwt"]
    if not proving:
        return
    if settings.client_keys_file is None:
        yield "client_keys_file: missing; client_auth = private_key_jwt needs it. Make it with `rpild client-key`."
        return
    try:
        keys = load_client_keys(settings.client_keys_file)
    except KeysError as problem:
        yield f"client_keys_file: {problem}"
        return
    yield from _key_faults(proving, keys)


def _key_faults(proving: Apps, keys: ClientKeys) -> Iterator[str]:
    for place, ehr in proving:
        if keys.signing(ehr.client_algorithm, ehr.client_key_id) is None:
            wanted = f"{ehr.client_algorithm} key {ehr.client_key_id}".strip()
            remedy = f"Add one with `rpild client-key --algorithm {ehr.client_algorithm}`, or correct client_key_id."
            yield f"ehrs.{place}.client_key_id: there is no {wanted} in client_keys_file. {remedy}"


def _apps(settings: Settings) -> Apps:
    return [(place, ehr) for place, ehr in enumerate(settings.ehrs) if ehr.smart]
