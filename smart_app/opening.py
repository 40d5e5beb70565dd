"""The door of every page: launch id in the address and cookie of the browser must belong together, and be in time."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import g, request

from ehr_access.registry import TrustedEhr
from smart_app.browser import digest, handle_of
from smart_app.errors import FormError, PageGoneError
from smart_app.launch_store import TOUCH_SECONDS, Launch, Row, launch_of
from smart_app.ports import SmartPorts

ID_LENGTH = 43
CLOSED = "There is no open page of this browser at this address."


@dataclass(frozen=True, slots=True)
class Opened:
    """A launch that this browser may see, its EHR, and the token that its forms carry."""

    launch: Launch
    ehr: TrustedEhr
    csrf: str = field(repr=False)


def opened(launch_id: str, ports: SmartPorts) -> Opened:
    """The launch of this id; raises PageGoneError, the same for a foreign, an expired and an unknown one."""
    handle = handle_of(ports.cookie)
    row = ports.rows.find(launch_id) if handle and len(launch_id) == ID_LENGTH else None
    if row is None or not hmac.compare_digest(digest(handle), row.browser):
        raise PageGoneError(CLOSED)
    now = int(ports.now().timestamp())
    if not _is_in_time(row, now, ports):
        ports.rows.remove(launch_id)
        raise PageGoneError(CLOSED)
    if now - row.last_used >= TOUCH_SECONDS:
        ports.rows.touch(launch_id, now)
    launch, csrf = launch_of(launch_id, row, ports.now())
    ehr = ports.ehrs.find(launch.ehr)
    if ehr is None:
        raise PageGoneError(CLOSED)
    g.ehr = ehr.name
    return Opened(launch, ehr, csrf)


def _is_in_time(row: Row, now: int, ports: SmartPorts) -> bool:
    return now - row.last_used < ports.limits.idle and now - row.created < ports.limits.absolute


def check_csrf(seen: Opened, form: Mapping[str, str]) -> None:
    """Raise FormError unless the form came from this launch's own page."""
    sent_from = request.headers.get("Sec-Fetch-Site", "same-origin")
    proven = hmac.compare_digest(form.get("csrf", "").encode(), seen.csrf.encode())
    if not proven or sent_from not in {"same-origin", "none"}:
        raise FormError("The form's token is not that of this page.", seen.launch.ehr)
