"""The record of one trusted EHR in the configuration: how its calls are signed, what may be read, what it may call."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ehr_access.registry import ALGORITHMS, HOOKS, VENDORS, Algorithm, Hook, KeyPlace, TrustedEhr, Vendor
from ehr_access.smart_client import Access, ClientAuth, SmartClient
from rpild_server.client_secret import read_client_secret

HttpAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]
PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")
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
    origins: frozenset[Origin] = Field(
        frozenset(), description="Browser origins of this EHR that may call and may frame the page."
    )

    smart: bool = Field(False, description="The page can be launched from this EHR, and cards link to it.")
    title: str = Field("", description="What users call this EHR; by default `name`.")
    client_id: str = Field("", description="Our id as a SMART app, as the EHR gave it.")
    client_auth: ClientAuth = Field("private_key_jwt", description="How we prove who we are at its token endpoint.")
    client_secret_file: Path | None = Field(
        None, description="File with nothing but the secret of `client_secret_basic`, readable by its owner only."
    )
    client_algorithm: Algorithm = Field("ES384", description="What signs our assertions (`private_key_jwt`).")
    client_key_id: str = Field("", description="Which of our keys signs; by default the first of that algorithm.")
    access: Access = Field("online_access", description="Kind of refresh token asked for; empty for none.")
    scope_version: Literal[0, 1, 2] = Field(0, description="Spelling of scopes; 0 follows what the EHR announces.")
    extra_scopes: tuple[str, ...] = Field((), description="Further scopes to ask for.")
    write_attestations: bool = Field(True, description="Ask for the right to write attestations into the chart.")
    endpoint_hosts: frozenset[str] = Field(
        frozenset(), description="Hosts (`host` or `host:port`) of its OAuth endpoints beside those of `fhir_bases`."
    )
    refuse_without_s256: bool = Field(False, description="Refuse it unless it announces PKCE with S256.")
    capability_fallback: bool = Field(
        False, description="Where it has no smart-configuration, look into its CapabilityStatement."
    )
    sends_iss: bool = Field(False, description="Its callbacks always name their issuer; opens `/smart/callback` to it.")
    refresh_with_scope: bool = Field(False, description="Repeat the granted scopes when a token is renewed.")
    style_allowed: bool = Field(True, description="Take its colours and fonts (`smart_style_url`) where they are safe.")
    resource_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+/\S*\{reference\}\S*)?$",
        description="Address that shows one entry of its record; `{reference}` stands for type and id.",
    )
    backend_services: bool = Field(
        False, description="Read with a token of our own when a call brings none (`system/` scopes)."
    )
    discovery_seconds: int = Field(3600, ge=60, description="Seconds that its SMART configuration is used.")

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

    @model_validator(mode="after")
    def _has_a_client(self) -> Self:
        if self.smart and not PLAIN_NAME.fullmatch(self.name):
            raise ValueError("with smart = true the name stands in addresses: use letters, digits and ._-")
        if self.smart and not (self.client_id and self.fhir_bases):
            raise ValueError("smart = true needs client_id and fhir_bases")
        return self

    @model_validator(mode="after")
    def _has_its_secret(self) -> Self:
        basic = self.client_auth == "client_secret_basic"
        if self.smart and basic and not self.client_secret_file:
            raise ValueError(
                "client_secret_file: missing; client_auth = 'client_secret_basic' needs a file with the secret alone"
            )
        if self.smart and self.client_secret_file and not basic:
            raise ValueError("client_secret_file: remove it, or write client_auth = 'client_secret_basic' too")
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
            smart=self.client() if self.smart else None,
            origins=self.origins,
        )

    def client(self) -> SmartClient:
        """Our registration as an app; raises OSError and ValueError for a secret that cannot be used."""
        return SmartClient(
            client_id=self.client_id,
            auth=self.client_auth,
            secret=read_client_secret(self.client_secret_file) if self.client_secret_file else "",
            algorithm=self.client_algorithm,
            key_id=self.client_key_id,
            title=self.title or self.name,
            access=self.access,
            scope_version=self.scope_version,
            extra_scopes=self.extra_scopes,
            write_attestations=self.write_attestations,
            hosts=frozenset(each.lower() for each in self.endpoint_hosts),
            refuse_without_s256=self.refuse_without_s256,
            capability_fallback=self.capability_fallback,
            sends_iss=self.sends_iss,
            refresh_with_scope=self.refresh_with_scope,
            style_allowed=self.style_allowed,
            backend_services=self.backend_services,
            discovery_seconds=self.discovery_seconds,
        )

    def addresses(self) -> tuple[str, ...]:
        """Every address of the record that is called."""
        return (*self.fhir_bases, *([self.jwks_url] if self.jwks_url else []))
