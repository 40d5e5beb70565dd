"""Addresses that only stand for others: hosts that RFC 2606 keeps for documents, as `rpild init` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpild_server.ehr_settings import EhrSettings
    from rpild_server.settings import Settings

HOST = r"(?:(?:[\w-]+\.)+example|(?:[\w-]+\.)*example\.(?:com|net|org))"
ADDRESS = re.compile(rf"(?<![\w.-])(?:https?://)?{HOST}(?![\w.-]*\w)(?::\d+)?(?:/[^\s|,;`*)]*[^\s|,;`*).])?")
MARK = "(TO BE FILLED IN)"
REMEDY = "Write the real ones before an EHR calls, and before a registration sheet is handed over."


def example_keys(settings: Settings) -> tuple[str, ...]:
    """The settings that still name such a host, each once, as faults name them: `ehrs.0.jwks_url`."""
    return tuple(dict.fromkeys(key for key, address in _addresses(settings) if ADDRESS.fullmatch(address)))


def marked(text: str) -> str:
    """The text with a mark behind every such address."""
    return ADDRESS.sub(lambda found: f"{found[0]} {MARK}", text)


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "public_base_url", settings.public_base_url or ""
    for place, ehr in enumerate(settings.ehrs):
        yield from ((f"ehrs.{place}.{key}", each) for key, values in _of_ehr(ehr) for each in values)


def _of_ehr(ehr: EhrSettings) -> Iterator[tuple[str, Iterable[str]]]:
    yield "iss", (ehr.iss,)
    yield "jwks_url", (ehr.jwks_url or "",)
    yield "jku", (ehr.jku,)
    yield "fhir_bases", ehr.fhir_bases
    yield "origins", sorted(ehr.origins)
    yield "endpoint_hosts", sorted(ehr.endpoint_hosts)
