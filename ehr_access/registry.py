"""The EHRs that are trusted: who they are, how their calls are signed, which FHIR addresses may be read for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ehr_access.smart_client import SmartClient, plain_base

Algorithm = Literal["ES384", "RS384"]
Hook = Literal["patient-view", "order-select", "order-sign"]
ALGORITHMS: frozenset[Algorithm] = frozenset({"ES384", "RS384"})
HOOKS: frozenset[Hook] = frozenset({"patient-view", "order-select", "order-sign"})


@dataclass(frozen=True, slots=True)
class Vendor:
    """What differs between EHR products: how a search names the patient."""

    patient_form: str


VENDORS = {"generic": Vendor("Patient/{}"), "epic": Vendor("{}"), "oracle": Vendor("{}")}


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where an EHR's public keys lie: a JWKS file, or the address of one."""

    file: Path | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class TrustedEhr:
    """One registered EHR.

    `fhir_bases` are exact base addresses. `iss` and `tenant` are what its tokens say; `audiences` are accepted beside
    the address called; `jku` is the only one that a token may name. `hooks` are those switched on.
    `smart` is our registration as an app, None where there is none; `origins` are pages of the EHR that may frame it.
    """

    name: str
    fhir_bases: tuple[str, ...] = ()
    iss: str = ""
    tenant: str = ""
    audiences: frozenset[str] = frozenset()
    algorithms: frozenset[str] = ALGORITHMS
    jku: str = ""
    keys: KeyPlace | None = None
    hooks: frozenset[str] = HOOKS
    vendor: Vendor = VENDORS["generic"]
    smart: SmartClient | None = None
    origins: frozenset[str] = frozenset()

    def trusts(self, fhir_server: str) -> bool:
        """Whether this FHIR base is one of its own; a closing slash makes no difference, anything else does."""
        return _plain(fhir_server) in map(_plain, self.fhir_bases)


class Registry:
    """All trusted EHRs; everything is looked up exactly, never by resemblance."""

    def __init__(self, ehrs: Iterable[TrustedEhr]) -> None:
        self.ehrs = tuple(ehrs)
        self._by_name = {each.name: each for each in self.ehrs}
        self._by_issuer = {(each.iss, each.tenant): each for each in self.ehrs if each.iss}
        apps = [each for each in self.ehrs if each.smart]
        self._by_base = {plain_base(base): (each, base) for each in reversed(apps) for base in each.fhir_bases}

    def find(self, name: str) -> TrustedEhr | None:
        """The EHR of this name."""
        return self._by_name.get(name)

    def find_by_issuer(self, iss: str, tenant: str) -> TrustedEhr | None:
        """The EHR whose tokens bear exactly this issuer and tenant (empty where it has none)."""
        return self._by_issuer.get((iss, tenant))

    def foreign_server(self, name: str, fhir_server: str) -> str:
        """Empty if the FHIR server is one of this EHR's own; else scheme, host and port, or `malformed`."""
        ehr = self._by_name.get(name)
        if ehr and ehr.trusts(fhir_server):
            return ""
        return "/".join((plain_base(fhir_server) or "malformed").split("/")[:3])

    def find_launch(self, iss: str) -> tuple[TrustedEhr, str] | None:
        """The EHR that a launch names by its FHIR base, and that base as registered; only one with an app counts."""
        wanted = plain_base(iss)
        return self._by_base.get(wanted) if wanted else None


def _plain(base: str) -> str:
    return base.removesuffix("/")
