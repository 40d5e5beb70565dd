"""From a card to the page: a signed reference to the hook call in the link, verified again at the launch.

The reference names the call, the patient's pseudonym and an end; no value of the chart and no verdict. The page looks
the call up in the records and assesses the chart as it is now.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from cds_hooks.cards import AppLink
from cds_hooks.hook_request import HookRequest
from ehr_access.registry import Registry
from rpild_server.storage.crypt import Keyring
from rpild_server.storing import Store

VALID = timedelta(hours=4)
LONGEST = 1000
PURPOSE = "rpild app context 1"


class Reference(msgspec.Struct, frozen=True):
    """What is signed: the hook call, the patient's pseudonym, the end (seconds since 1970), the id of the key."""

    call: str
    patient: str
    end: int
    key: str
    form: int = 1


def sign(keyring: Keyring, call: str, patient: str, now: datetime) -> str:
    """The text of a link's appContext: the same for the same call and time."""
    reference = Reference(call, patient, int((now + VALID).timestamp()), keyring.current)
    body = base64.urlsafe_b64encode(msgspec.json.encode(reference)).decode().rstrip("=")
    return f"{body}.{keyring.sign(f'{PURPOSE}|{body}')}"


def verify(keyring: Keyring, text: str, now: datetime) -> Reference | None:
    """What a launch brought back; None if it is not ours, was changed, is of another form or too old."""
    body, _, mac = text.partition(".")
    if len(text) > LONGEST or not text.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        reference = msgspec.json.decode(raw, type=Reference)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    signed = keyring.signed(reference.key, f"{PURPOSE}|{body}", mac)
    return reference if signed and reference.form == 1 and now.timestamp() < reference.end else None


def app_links(store: Store, registry: Registry, base_url: str) -> Callable[[HookRequest, datetime], AppLink | None]:
    """The link of a call's cards; none for an EHR that launches no app, or while the keys cannot be had."""

    def link(request: HookRequest, now: datetime) -> AppLink | None:
        ehr = registry.find(request.ehr)
        if ehr is None or ehr.smart is None:
            return None
        keyring = store().keyring
        patient = keyring.pseudonym(request.iss, request.patient_id)
        return AppLink(f"{base_url}/smart/launch", sign(keyring, request.hook_instance, patient, now))

    return link
