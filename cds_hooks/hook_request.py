"""The guard of the body: bytes in, a checked HookRequest out, or a coded error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from cds_hooks.errors import (
    AnotherPatientError,
    BadAuthorizationError,
    BadContextError,
    BadEnvelopeError,
    DuplicateKeyError,
    NoDraftOrdersError,
    UnreadableBodyError,
    WrongHookError,
)
from cds_hooks.hook_error import HookError

NULL = b"null"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# FHIR allows 64 characters without underscore; real servers send longer ones and underscores.
IDENTITY = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,255}")
REFERENCE = re.compile(r"[A-Z][A-Za-z]+/(?!\.+$)[A-Za-z0-9._-]{1,255}")
# The next key of an object, up to its value; only for text that is known to be JSON.
MEMBER = re.compile(r'[ \t\r\n]*,?[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r\n]*:[ \t\r\n]*')
ORDER_HOOKS = frozenset({"order-sign", "order-select"})


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """Where the EHR lets us read, for how many seconds, and with which token (never printed, never stored)."""

    server: str
    expires_in: float
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One checked call. `prefetch` holds the raw JSON of each key; `iss` and `ehr` tell who sent it.

    `iss` is the issuer of its token (with the tenant, if any), `ehr` the site's name for that EHR; `fhir_server` is
    what the body names, with or without access to it.
    """

    service: str
    hook: str
    hook_instance: str
    user_id: str
    patient_id: str
    encounter_id: str
    draft_orders: bytes | None
    selections: tuple[str, ...] | None
    prefetch: Mapping[str, bytes]
    access: FhirAccess | None
    fhir_server: str = ""
    iss: str = ""
    ehr: str = ""


class _Envelope(msgspec.Struct, rename="camel"):
    hook: str
    hook_instance: str
    context: Raw
    prefetch: dict[str, Raw] | None = None
    fhir_server: str | None = None
    fhir_authorization: Raw = Raw(NULL)


class _Context(msgspec.Struct, rename="camel"):
    user_id: str
    patient_id: str
    encounter_id: str | None = None
    draft_orders: Raw = Raw(NULL)
    selections: list[str] | None = None


class _Drafts(msgspec.Struct, rename="camel"):
    resource_type: str = "Bundle"
    entry: list[Raw] = []


class _Authorization(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float
    scope: str
    subject: str = ""
    patient: str | None = None


def read_request(body: bytes, service: str, hook: str) -> HookRequest:
    """The call of `service`, which is offered for `hook`; raises a RequestError that names the field.

    The error holds the patient's id if that was read.
    """
    envelope = _decode_envelope(body)
    if envelope.hook != hook:
        raise WrongHookError(f"The service {service} is offered for {hook}, the request names another hook.")
    if not UUID.fullmatch(envelope.hook_instance):
        raise BadEnvelopeError("hookInstance is not a UUID.")
    context = _decode_context(envelope.context)
    patient_id = context.patient_id.removeprefix("Patient/")
    _check_context(context, patient_id)
    with _about(patient_id):
        return HookRequest(
            service=service,
            hook=hook,
            hook_instance=envelope.hook_instance.lower(),
            user_id=context.user_id,
            patient_id=patient_id,
            encounter_id=context.encounter_id or "",
            draft_orders=_drafts(context, hook),
            selections=_selections(context, hook),
            prefetch={key: bytes(value) for key, value in (envelope.prefetch or {}).items()},
            access=_access(envelope, patient_id),
            fhir_server=envelope.fhir_server or "",
        )


@contextmanager
def _about(patient_id: str) -> Iterator[None]:
    """A refusal within this block is one of a call about this patient."""
    try:
        yield
    except HookError as error:
        error.patient_id = patient_id
        raise


def _decode_envelope(body: bytes) -> _Envelope:
    """The envelope, with `context` and the prefetch values still raw; all else has also passed the strict reading."""
    try:
        text = str(body, "utf-8").removeprefix("\ufeff")
        envelope = msgspec.json.decode(text, type=_Envelope)
        _read_strictly(text, envelope.prefetch or {})
    except DuplicateKeyError:
        raise
    except msgspec.ValidationError as problem:
        raise BadEnvelopeError(f"The request does not fit the hook envelope: {problem}.") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError) as problem:
        raise UnreadableBodyError(f"The body cannot be read as JSON ({_where(problem)}).") from None
    return envelope


def _where(problem: Exception) -> str:
    """What broke the reading and at which byte, without a word of the body."""
    if isinstance(problem, UnicodeDecodeError):
        return f"byte {problem.start} is not UTF-8"
    return str(problem) if isinstance(problem, msgspec.DecodeError) else type(problem).__name__


def _read_strictly(text: str, prefetch: Mapping[str, Raw]) -> None:
    """Parse all but the values of `prefetch` once more: refuse duplicate keys, unbounded numbers, lone surrogates.

    msgspec lets the last of two equal keys win silently; the values of `prefetch` are the large part, and are skipped.
    """
    known = {"prefetch": {key: str(value, "utf-8") for key, value in prefetch.items()}}
    fields, _ = _read_object(text, text.index("{"), known)
    json.dumps(fields, ensure_ascii=False).encode()


def _read_object(text: str, place: int, known: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The object that begins at `place`, and where it ends. `known` holds the text of values to skip, by key."""
    pairs: list[tuple[str, Any]] = []
    place += 1
    while member := MEMBER.match(text, place):
        key = json.loads(member[1]) if "\\" in member[1] else member[1][1:-1]
        value, place = _read_value(text, member.end(), known.get(key))
        pairs.append((key, value))
    return _unique(pairs), text.index("}", place) + 1


def _read_value(text: str, place: int, known: Any) -> tuple[Any, int]:
    if isinstance(known, str) and text.startswith(known, place):
        return None, place + len(known)
    if isinstance(known, dict) and text[place] == "{":
        return _read_object(text, place, known)
    value: tuple[Any, int] = _SCANNER.raw_decode(text, place)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise DuplicateKeyError("A key stands twice in one object of the request.")
    return result


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number beyond the range of a double")
    return number


_SCANNER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite)


def _decode_context(raw: Raw) -> _Context:
    try:
        return msgspec.json.decode(raw, type=_Context)
    except msgspec.MsgspecError as problem:
        raise BadContextError(f"The context does not fit the hook: {problem}.") from None


def _check_context(context: _Context, patient_id: str) -> None:
    if not IDENTITY.fullmatch(patient_id):
        raise BadContextError("context.patientId is not a FHIR id.")
    if not REFERENCE.fullmatch(context.user_id):
        raise BadContextError("context.userId is not of the form Type/id.")
    if context.encounter_id and not IDENTITY.fullmatch(context.encounter_id.removeprefix("Encounter/")):
        raise BadContextError("context.encounterId is not a FHIR id.")


def _drafts(context: _Context, hook: str) -> bytes | None:
    if hook not in ORDER_HOOKS:
        return None
    raw = bytes(context.draft_orders)
    if raw == NULL:
        raise NoDraftOrdersError("context.draftOrders is missing.")
    try:
        kind = msgspec.json.decode(raw, type=_Drafts).resource_type
    except msgspec.MsgspecError:
        raise BadContextError("context.draftOrders is not a Bundle.") from None
    if kind != "Bundle":
        raise BadContextError("context.draftOrders is not a Bundle.")
    return raw


def _selections(context: _Context, hook: str) -> tuple[str, ...] | None:
    if hook != "order-select":
        return None
    if context.selections is None:
        raise BadContextError("context.selections is missing.")
    return tuple(context.selections)


def _access(envelope: _Envelope, patient_id: str) -> FhirAccess | None:
    """What the EHR lets us read: server and token, both or nothing (a server alone gives no access)."""
    if bytes(envelope.fhir_authorization) == NULL:
        return None
    grant = _authorization(envelope.fhir_authorization)
    if not envelope.fhir_server:
        raise BadAuthorizationError("fhirAuthorization stands without fhirServer.")
    if grant.patient and grant.patient.removeprefix("Patient/") != patient_id:
        raise AnotherPatientError("fhirAuthorization.patient is not the patient of the context.")
    return FhirAccess(envelope.fhir_server, grant.expires_in, grant.access_token)


def _authorization(raw: Raw) -> _Authorization:
    try:
        grant = msgspec.json.decode(raw, type=_Authorization)
    except msgspec.MsgspecError as problem:
        raise BadAuthorizationError(f"fhirAuthorization is malformed: {problem}.") from None
    if grant.token_type.lower() != "bearer" or not re.fullmatch(r"[\x21-\x7e]+", grant.access_token):
        raise BadAuthorizationError("fhirAuthorization does not hold a bearer token.")
    return grant
