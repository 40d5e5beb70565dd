"""The running service as it is seen from here: at its own port, and at the address that EHRs use."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from rpild_server.counted import counted
from rpild_server.diagnosis import Row, ok
from rpild_server.loopback import from_here
from rpild_server.probe import Seen, certificate_days, look
from rpild_server.settings import Settings

SOON_DAYS = 21
OK = 200
CANARY = "rpild_canary_ok{"
NO_CARD = (
    "Look for canary-failed in the log: `why` tells the reason. If a switch was off until just now (`rpild switch`), "
    "wait canary_minutes for the next round."
)


def look_at_service(settings: Settings) -> Iterator[Row]:
    """It may not run yet: then only that is said."""
    own = from_here(settings.host, settings.port)
    ready = look(f"{own}/readyz")
    if ready.status == 0:
        yield Row("warn", "service", f"nothing listens at {own}", "Start it with `rpild serve`.")
    elif ready.status != OK:
        yield Row("fault", "service", f"{own}/readyz answers {ready.status}", "See the log; often the storage.")
    else:
        yield ok("service", f"up at {own}")
        yield from _canary(look(f"{own}/metrics"), settings)
    yield from _public(settings.public_base_url or "")


def _canary(page: Seen, settings: Settings) -> Iterator[Row]:
    if not settings.canary_minutes or not settings.metrics:
        return
    values = [line.rpartition(" ")[2] for line in page.text.splitlines() if line.startswith(CANARY)]
    if not values:
        yield Row(
            "warn", "canary", "the synthetic patient was not sent yet", "Wait for canary_minutes, then look again."
        )
    elif all(float(value) == 1 for value in values):
        yield ok("canary", "the synthetic patient gets its card through the whole path")
    else:
        yield Row("fault", "canary", "the synthetic patient got no card in its last round", NO_CARD)


def _public(address: str) -> Iterator[Row]:
    """What EHRs would meet."""
    if not address:
        return
    seen = look(f"{address.rstrip('/')}/cds-services")
    if seen.status == OK:
        yield ok("public address", f"{address} answers with the services")
    else:
        text = (
            f"{address}/cds-services {f'answers {seen.status}' if seen.status else f'cannot be reached: {seen.fault}'}"
        )
        yield Row("warn", "public address", text, "If EHRs reach it but this machine does not, all is well.")
    yield from certificate_rows(address, "public address")


def certificate_rows(address: str, what: str) -> Iterator[Row]:
    """How long the certificate of an https address still holds."""
    parts = urlsplit(address)
    days = certificate_days(parts.hostname or "", parts.port or 443) if parts.scheme == "https" else None
    if days is not None:
        text = f"the certificate of {parts.hostname} holds {counted(days, 'more day')}"
        yield ok(what, text) if days > SOON_DAYS else Row("warn" if days >= 0 else "fault", what, text, "Renew it.")
