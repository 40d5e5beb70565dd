"""Operating settings: from RPILD_ environment variables, a TOML file, or the defaults of a new production site."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cds_hooks.ports import HookSettings
from ehr_access.budget import Limits
from ehr_access.registry import Registry, TrustedEhr

MIB = 1024 * 1024
PREFIX = "RPILD_"
HttpAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]


class SettingsError(Exception):
    """Settings that cannot be used; the text names the source, the key and the remedy."""


class EhrSettings(BaseModel):
    """One trusted EHR: a name, the exact FHIR base addresses it may name, and the issuer of its calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1)
    fhir_bases: tuple[HttpAddress, ...] = Field(min_length=1)
    iss: str = ""


class Settings(BaseSettings):
    """All operating settings. Clinical numbers are not here: they are signed parameters of rpild_rules."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    silent_mode: bool = Field(True, description="Evaluate every call but send no card; on for a new site.")
    expose_assessment: bool = Field(False, description="Return the assessment as extension org.rpild.assessment.")
    max_cards: int = Field(3, ge=1, le=10, description="Most cards of one answer.")
    site_timezone: str = Field("UTC", description="IANA name of the zone whose calendar days count.")
    silent_roles: frozenset[str] = Field(frozenset(), description="Role codes of users who get no card.")
    lab_offers: frozenset[str] = Field(
        frozenset(), description="Work-up items the laboratory offers beyond the usual, such as kl6."
    )
    cors_origins: frozenset[Origin] = Field(frozenset(), description="Browser origins that may call the services.")
    max_body_bytes: int = Field(8 * MIB, ge=1, le=32 * MIB, description="Largest request body in bytes.")
    read_seconds: float = Field(
        2.6, gt=0, le=3.0, description="Seconds that all FHIR reads of one call may take together."
    )
    ehrs: tuple[EhrSettings, ...] = Field((), description="The EHRs whose FHIR servers may be read.")

    @field_validator("site_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not an IANA time zone; write for example Europe/Berlin") from None
        return name

    def for_hooks(self) -> HookSettings:
        """The part that the hook endpoints see."""
        return HookSettings(
            expose_assessment=self.expose_assessment,
            silent_mode=self.silent_mode,
            max_cards=self.max_cards,
            zone=ZoneInfo(self.site_timezone),
            silent_roles=self.silent_roles,
            lab_offers=self.lab_offers,
            cors_origins=self.cors_origins,
            max_body_bytes=self.max_body_bytes,
        )

    def registry(self) -> Registry:
        """The trusted EHRs."""
        return Registry(TrustedEhr(each.name, each.fhir_bases, each.iss) for each in self.ehrs)

    def limits(self) -> Limits:
        """The caps of one call's reads."""
        return Limits(seconds=self.read_seconds)


def load_settings(path: Path | None = None, **given: Any) -> Settings:
    """Settings from `given`, else the environment, else the file; raises SettingsError: source, key, remedy."""
    content = {key: value for key, value in (_read(path) if path else {}).items() if _variable(key) not in os.environ}
    try:
        return Settings(**(content | given))
    except ValidationError as problem:
        raise SettingsError(_explain(problem, path)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(f"{path}: {problem}. Give a readable TOML file.") from None


def _explain(problem: ValidationError, path: Path | None) -> str:
    """One line per fault; the offending value is not repeated, it may be a secret."""
    rows = []
    for fault in problem.errors(include_input=False, include_url=False):
        key = ".".join(map(str, fault["loc"]))
        source = _source(str(fault["loc"][0]), path)
        remedy = (
            f"known settings: {', '.join(Settings.model_fields)}"
            if fault["type"] == "extra_forbidden"
            else "correct this value"
        )
        rows.append(f"{source}: {key}: {fault['msg']}; {remedy}.")
    return "\n".join(rows)


def _source(key: str, path: Path | None) -> str:
    return f"environment {_variable(key)}" if _variable(key) in os.environ else str(path or "settings")


def _variable(key: str) -> str:
    return f"{PREFIX}{key.upper()}"
