"""The record of one trusted EHR in the configuration: how its calls are signed, what may be read, what it may call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ehr_access.registry import ALGORITHMS, HOOKS, VENDORS, Algorithm, Hook, KeyPlace, TrustedEhr, Vendor

HttpAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]
PATIENT_FORMS = {"reference": "Patient/{}", "id": "{}"}
# Operating settings of the site that an EHR may have for itself.
OWN = ("silent_mode", "expose_assessment", "max_cards", "site_timezone", "silent_roles", "lab_offers", "site_mapping",
    "pathway_flag_codes", "lean",
)  # fmt: skip


class EhrSettings(BaseModel):
    """One trusted EHR. Everything is compared exactly; nothing is guessed from what a call says about itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="The site's word for it, in logs and records; never changed.")
    vendor: Literal["generic", "epic", "oracle"] = Field("generic", description="Product; sets how searches are spelt.")
    iss: str = Field("", description="Issuer of its tokens. Without one, no call of this EHR is accepted.")
    tenant: str = Field("", description="Tenant that its tokens name, where an issuer serves several.")
    audiences: frozenset[str] = Field(
        frozenset(), description="Audiences accepted beside the exact address called, as typed in at the EHR."
    )
    algorithms: frozenset[Algorithm] = Field(ALGORITHMS, description="Accepted signature algorithms.")
    jwks_file: Path | None = Field(None, description="File with its public keys, relative to the configuration.")
    jwks_url: HttpAddress | None = Field(None, description="Address of its public keys, instead of a file.")
    jku: str = Field("", description="The only `jku` that its tokens may name; by default `jwks_url`.")
    fhir_bases: tuple[HttpAddress, ...] = Field((), description="Exact FHIR base addresses that its calls may name.")
    patient_form: Literal["reference", "id"] | None = Field(
        None, description="`patient=Patient/1` or `patient=1` in searches; by default what the vendor takes."
    )
    dates_in_prefetch: bool = Field(False, description="It can fill `{{today() - N days}}` in prefetch templates.")
    hooks: frozenset[Hook] = Field(HOOKS, description="Hooks switched on for it.")
    origins: frozenset[Origin] = Field(frozenset(), description="Browser origins of this EHR that may call.")

    silent_mode: bool | None = Field(None, description="As the setting of the site, for this EHR alone.")
    expose_assessment: bool | None = Field(None, description="As the setting of the site, for this EHR alone.")
    max_cards: int | None = Field(None, ge=1, le=10, description="As the setting of the site, for this EHR alone.")
    site_timezone: str | None = Field(None, description="As the setting of the site, for this EHR alone.")
    silent_roles: frozenset[str] | None = Field(None, description="As the setting of the site, for this EHR alone.")
    lab_offers: frozenset[str] | None = Field(None, description="As the setting of the site, for this EHR alone.")
    pathway_flag_codes: frozenset[str] | None = Field(
        None, description="As the setting of the site, for this EHR alone."
    )
    lean: bool | None = Field(None, description="As the setting of the site, for this EHR alone.")
    site_mapping: Path | None = Field(None, description="As the setting of the site, for this EHR alone.")

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        places = [each for each in (self.jwks_file, self.jwks_url) if each]
        if self.iss and len(places) != 1:
            raise ValueError("an iss needs its keys: write either jwks_file or jwks_url")
        if places and not self.iss:
            raise ValueError("keys need an iss whose tokens they verify")
        return self

    @property
    def product(self) -> Vendor:
        """What is particular to this EHR's product, or as the site wrote it."""
        return Vendor(PATIENT_FORMS[self.patient_form]) if self.patient_form else VENDORS[self.vendor]

    def trusted(self) -> TrustedEhr:
        """The record for the rooms that use it."""
        return TrustedEhr(
            name=self.name,
            fhir_bases=self.fhir_bases,
            iss=self.iss,
            tenant=self.tenant,
            audiences=self.audiences,
            algorithms=self.algorithms,
            jku=self.jku or self.jwks_url or "",
            keys=KeyPlace(self.jwks_file, self.jwks_url or "") if self.iss else None,
            hooks=self.hooks,
            vendor=self.product,
        )

    def addresses(self) -> tuple[str, ...]:
        """Every address of the record that is called."""
        return (*self.fhir_bases, *([self.jwks_url] if self.jwks_url else []))
