"""The EHRs that are trusted: who they are and which FHIR addresses may be read on their behalf."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrustedEhr:
    """One registered EHR. `fhir_bases` are exact base addresses; `iss` is the issuer of its calls."""

    name: str
    fhir_bases: tuple[str, ...]
    iss: str = ""


class Registry:
    """All trusted EHRs; an address is looked up exactly, never by resemblance."""

    def __init__(self, ehrs: Iterable[TrustedEhr]) -> None:
        self._by_base = {_plain(base): ehr for ehr in ehrs for base in ehr.fhir_bases}

    def find_by_base(self, fhir_server: str) -> TrustedEhr | None:
        """The EHR that registered this FHIR base; a closing slash makes no difference, anything else does."""
        return self._by_base.get(_plain(fhir_server))


def _plain(base: str) -> str:
    return base.removesuffix("/")
