"""Operating settings: from RPILD_ environment variables, a TOML file, or the defaults of a new production site."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cds_hooks.call_token import Lifetimes
from cds_hooks.ports import HookSettings
from ehr_access.budget import Limits
from ehr_access.key_store import KeyTimes
from ehr_access.registry import Registry
from fhir_mappings.site_mapping import NO_MAPPING, load_site_mapping
from rpild_server.ehr_settings import OWN, EhrSettings, HttpAddress, Origin
from rpild_server.passwords import parts_of
from rpild_server.settings_faults import PREFIX, explain, strange_variables, variable_of
from rpild_server.site_rules import site_faults
from rpild_server.storage.place import Place

MIB = 1024 * 1024
FILES = (
    "data_folder",
    "secrets_file",
    "site_file",
    "site_mapping",
    "jwks_file",
    "client_secret_file",
    "client_keys_file",
)


class SettingsError(Exception):
    """Settings that cannot be used; the text names the source, the key and the remedy."""


class Settings(BaseSettings):
    """All operating settings. Clinical numbers are not here: they are signed parameters of rpild_rules."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    silent_mode: bool = Field(True, description="Evaluate every call but send no card; the demo turns it off.")
    expose_assessment: bool = Field(False, description="Return the assessment too, as an extension; on in the demo.")
    max_cards: int = Field(3, ge=1, le=10, description="Most cards of one answer.")
    site_timezone: str = Field("UTC", description="IANA name of the zone whose calendar days count.")
    silent_roles: frozenset[str] = Field(frozenset(), description="Role codes of users who get no card.")
    lab_offers: frozenset[str] = Field(
        frozenset(), description="Work-up items that the laboratory offers beyond the usual, such as kl6."
    )
    pathway_flag_codes: frozenset[str] = Field(
        frozenset(), description="Flags or CarePlans (`code`, `system|code`) of patients whose team is on the pathway."
    )
    alert_memory: bool = Field(True, description="Do not repeat a card before something is worse or its time is over.")
    metrics: bool = Field(True, description="Serve `/metrics` for Prometheus; let no proxy pass it on.")
    otlp_endpoint: HttpAddress | None = Field(
        None, description="Receiver of OpenTelemetry traces (OTLP over HTTP); needs `pip install 'rpild[otel]'`."
    )
    canary_minutes: float = Field(
        5, ge=0, le=60, description="Minutes between two synthetic patients sent through the whole path; 0 for none."
    )
    lean: bool = Field(False, description="Announce only the prefetch keys of the gate; who passes it is read by us.")
    cors_origins: frozenset[Origin] = Field(frozenset(), description="Browser origins that may call the services.")
    max_body_bytes: int = Field(8 * MIB, ge=1, le=32 * MIB, description="Largest request body in bytes.")
    read_seconds: float = Field(
        2.6, gt=0, le=3.0, description="Seconds that all FHIR reads of one call may take together."
    )
    ehrs: tuple[EhrSettings, ...] = Field((), description="The EHRs whose calls are accepted: one record for each.")
    public_base_url: HttpAddress | None = Field(
        None, description="The service's address as EHRs spell it; the audience of their tokens."
    )
    site_mapping: Path | None = Field(
        None, description="Local codes, texts and units (TOML, or a FHIR ConceptMap); see `rpild map`."
    )
    site_file: Path | None = Field(None, description="This site's parameter overrides (TOML).")
    host: str = Field("127.0.0.1", description="Address to listen at, behind the TLS proxy.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen at.")
    workers: int | None = Field(None, ge=1, le=64, description="Processes; by default one per core.")
    threads: int = Field(4, ge=1, le=64, description="Threads of a process.")
    data_folder: Path | None = Field(None, description="Folder of the SQLite files.")
    database_url: SecretStr | None = Field(None, description="PostgreSQL address, instead of a folder.")
    hosts: int = Field(1, ge=1, description="Machines that share the database; more than one needs PostgreSQL.")
    secrets_file: Path | None = Field(None, description="File with the keys of records and pseudonyms.")
    client_keys_file: Path | None = Field(
        None, description="File with the keys that sign for the SMART app; see `rpild client-key`."
    )
    session_idle_minutes: int = Field(30, ge=1, le=720, description="Minutes after which an unused page is closed.")
    session_hours: int = Field(12, ge=1, le=24, description="Hours after which every page is closed.")
    retention_days: int = Field(2190, ge=1, description="Days after which the content of records is removed.")
    admin_password_hash: SecretStr | None = Field(
        None, description="Opens `/admin` to the password whose hash this is; see `rpild admin-password`."
    )
    token_lifetime_seconds: int = Field(1200, ge=60, le=3600, description="Longest life of a call's token.")
    token_age_seconds: int = Field(900, ge=60, le=3600, description="Oldest token that is accepted.")
    clock_skew_seconds: int = Field(60, ge=0, le=300, description="How far an EHR's clock may differ.")
    keys_interval_seconds: int = Field(
        300,
        ge=10,
        description="Shortest time in seconds between two fetches of an EHR's keys, made when a call needs one.",
    )
    keys_max_age_seconds: int = Field(
        86400,
        ge=600,
        description="Seconds that fetched keys are used if no later fetch succeeds; see *Keys of an EHR*.",
    )
    allow_http_loopback: bool = Field(False, description="Accept http addresses on this machine; for trying only.")
    accept_test_issuers: bool = Field(
        False, description="Accept issuers whose private key is public; for trying only, never with real data."
    )

    @field_validator("admin_password_hash")
    @classmethod
    def _known_hash(cls, stored: SecretStr | None) -> SecretStr | None:
        if stored is not None and parts_of(stored.get_secret_value()) is None:
            raise ValueError("not a password hash; make one with `rpild admin-password`")
        return stored

    @field_validator("site_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not an IANA time zone; write for example Europe/Berlin") from None
        return name

    def for_hooks(self, ehr: EhrSettings | None = None) -> HookSettings:
        """The part that the hook endpoints see: the site's, or those of one EHR where it has its own.

        Raises SiteMappingError for a mapping file that cannot be used: the service does not start with it.
        """
        own = {name: getattr(self, name) for name in OWN} | _given(ehr)
        mapping: Path | None = own.pop("site_mapping")
        return HookSettings(
            site=load_site_mapping(mapping) if mapping else NO_MAPPING,
            zone=ZoneInfo(own.pop("site_timezone")),
            cors_origins=self.cors_origins.union(*(each.origins for each in self.ehrs)),
            max_body_bytes=self.max_body_bytes,
            patient_form=ehr.product.patient_form if ehr else "Patient/{}",
            fhir_bases=ehr.fhir_bases if ehr else (),
            prefetch_profile=_profile(own.pop("lean"), ehr is not None and ehr.dates_in_prefetch),
            **own,
        )

    def silent_ehrs(self) -> list[str]:
        """The names of the EHRs that are shown no card."""
        return [each.name for each in self.ehrs if _given(each).get("silent_mode", self.silent_mode)]

    def registry(self) -> Registry:
        """The trusted EHRs."""
        return Registry(each.trusted() for each in self.ehrs)

    def lifetimes(self) -> Lifetimes:
        """How long a call's token may live."""
        return Lifetimes(self.token_lifetime_seconds, self.token_age_seconds, self.clock_skew_seconds)

    def key_times(self) -> KeyTimes:
        """How often the keys of EHRs are fetched."""
        return KeyTimes(interval=self.keys_interval_seconds, oldest=self.keys_max_age_seconds)

    def place(self) -> Place | None:
        """Where the data lie; None if neither a folder nor a database is given."""
        url = self.database_url.get_secret_value() if self.database_url else ""
        folder = None if url else self.data_folder
        return Place(folder, url, self.hosts) if url or folder else None

    def limits(self) -> Limits:
        """The caps of one call's reads."""
        return Limits(seconds=self.read_seconds)


def load_settings(path: Path | None = None, **given: Any) -> Settings:
    """Settings from `given`, else the environment, else the file; raises SettingsError: source, key, remedy."""
    content = {key: value for key, value in (_read(path) if path else {}).items() if variable_of(key) not in os.environ}
    try:
        settings = Settings(**(content | given))
    except ValidationError as problem:
        raise SettingsError(explain(problem, path, Settings.model_fields)) from None
    faults = [f"{path or 'settings'}: {each}" for each in site_faults(settings)]
    faults += strange_variables(Settings.model_fields)
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def records_of(path: Path | None) -> tuple[dict[str, Any], ...]:
    """The EHR records of a settings file as they stand there; raises SettingsError if it cannot be read."""
    return tuple(_read(path).get("ehrs", ())) if path else ()


def _profile(lean: bool, dated: bool) -> str:
    """Which prefetch templates are announced."""
    if lean:
        return "lean-dated" if dated else "lean"
    return "dated" if dated else "generic"


def _given(ehr: EhrSettings | None) -> dict[str, Any]:
    """The operating settings that an EHR has for itself."""
    return {name: value for name in OWN if ehr and (value := getattr(ehr, name)) is not None}


def _read(path: Path) -> dict[str, Any]:
    try:
        return _beside(path, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(f"{path}: {problem}. Give a readable TOML file.") from None


def _beside(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The content with its files seen from the folder that the configuration lies in."""
    rows = [content, *(each for each in content.get("ehrs", ()) if isinstance(each, dict))]
    for row in rows:
        row |= {name: path.parent / row[name] for name in FILES if isinstance(row.get(name), str)}
    return content
