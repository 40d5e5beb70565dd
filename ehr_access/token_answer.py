"""What a token endpoint grants: read strictly where safety hangs on it, leniently elsewhere; the unknown is left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IDENTITY = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,255}")
SHORT_LIFE = 300.0  # seconds, where the EHR tells none
LONGEST_LIFE = 86400.0
LONGEST_TEXT = 2000
LONGEST_TOKEN = 16_384


class TokenAnswerError(Exception):
    """An answer that cannot be used; the text says which field is wrong, never its value."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token with its launch context. `expires_in` in seconds; ids are plain; empty texts are what was not sent."""

    access_token: str = field(repr=False)
    expires_in: float = SHORT_LIFE
    scope: str | None = None
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    patient: str = ""
    encounter: str = ""
    need_banner: bool = True
    intent: str = ""
    style_url: str = ""
    tenant: str = ""
    app_context: str = field(default="", repr=False)


def read_token_answer(body: Mapping[str, Any]) -> Grant:
    """The grant of a token answer; raises TokenAnswerError."""
    token, kind = body.get("access_token"), body.get("token_type")
    if not isinstance(token, str) or not token.strip() or len(token) > LONGEST_TOKEN or not token.isprintable():
        raise TokenAnswerError("access_token is missing or no text")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenAnswerError("token_type is not Bearer")
    return Grant(
        access_token=token,
        expires_in=_life(body.get("expires_in")),
        scope=_scope(body.get("scope")),
        refresh_token=_text(body.get("refresh_token"), LONGEST_TOKEN),
        id_token=_text(body.get("id_token"), LONGEST_TOKEN),
        patient=_identity(body, "patient", "Patient/"),
        encounter=_identity(body, "encounter", "Encounter/"),
        need_banner=body.get("need_patient_banner") is not False,
        intent=_text(body.get("intent")),
        style_url=_text(body.get("smart_style_url")),
        tenant=_text(body.get("tenant")),
        app_context=_text(body.get("appContext")),
    )


def _life(value: object) -> float:
    """Seconds; a short life where none is told, and a refusal of what has run out already."""
    number = float(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if number is None:
        return SHORT_LIFE
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < float("inf"):
        raise TokenAnswerError("expires_in is not a positive number")
    return min(float(number), LONGEST_LIFE)


def _scope(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TokenAnswerError("scope is not a text")
    return value


def _identity(body: Mapping[str, Any], name: str, prefix: str) -> str:
    """An id, also where it is sent as a reference; one of another form stops the launch: it must not be guessed."""
    value = body.get(name)
    if value is None or value == "":
        return ""
    plain = value.removeprefix(prefix) if isinstance(value, str) else ""
    if not IDENTITY.fullmatch(plain):
        raise TokenAnswerError(f"{name} is not one FHIR id")
    return plain


def _text(value: object, longest: int = LONGEST_TEXT) -> str:
    return value if isinstance(value, str) and len(value) <= longest else ""
