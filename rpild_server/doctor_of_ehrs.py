"""Each registered EHR as it is seen from here: keys, FHIR servers, SMART configuration, clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from ehr_access.discovery import Discovery, DiscoveryError
from ehr_access.key_store import load_keys
from ehr_access.public_keys import KeysError
from rpild_server.counted import counted
from rpild_server.diagnosis import Row, ok
from rpild_server.doctor_of_service import certificate_rows
from rpild_server.ehr_settings import EhrSettings
from rpild_server.probe import Seen, look
from rpild_server.settings import Settings

REFUSED = (401, 403)
OK = 200


def look_at_ehr(ehr: EhrSettings, settings: Settings, now: datetime) -> Iterator[Row]:
    """Rows that begin with the EHR's name."""
    yield from _keys(ehr)
    seen = [(base, look(f"{base.rstrip('/')}/metadata")) for base in ehr.fhir_bases]
    for base, found in seen:
        yield _server(ehr.name, base, found)
        yield from certificate_rows(base, f"{ehr.name}: FHIR")
    yield from _clock(ehr.name, [found for _, found in seen], settings, now)
    yield from _smart(ehr)


def _keys(ehr: EhrSettings) -> Iterator[Row]:
    place = ehr.trusted().keys
    if place is None:
        remedy = "Give iss and jwks_url (or jwks_file); without them none of its calls is accepted."
        yield Row("warn", f"{ehr.name}: keys", "none are registered", remedy)
        return
    try:
        found = load_keys(place)
    except KeysError as problem:
        yield Row("fault", f"{ehr.name}: keys", str(problem), "Without keys its calls are refused with 401.")
        return
    yield ok(f"{ehr.name}: keys", f"{len(found)} at {place.file or place.url}")


def _server(name: str, base: str, seen: Seen) -> Row:
    what = f"{name}: FHIR"
    if seen.status == OK or seen.status in REFUSED:
        return ok(what, f"{base} answers")
    text = f"{base}/metadata {f'answers {seen.status}' if seen.status else f'cannot be reached: {seen.fault}'}"
    return Row("fault", what, text, "What is not prefetched stays unknown. Look at address, firewall, certificate.")


def _clock(name: str, seen: list[Seen], settings: Settings, now: datetime) -> Iterator[Row]:
    """A clock that differs makes tokens look old or not yet valid."""
    for each in seen:
        try:
            differs = abs((parsedate_to_datetime(each.date) - now).total_seconds())
        except (ValueError, TypeError):
            continue
        text = f"its clock and this one differ by {counted(round(differs), 'second')}"
        if differs <= settings.clock_skew_seconds:
            yield ok(f"{name}: clock", text)
        else:
            yield Row(
                "fault",
                f"{name}: clock",
                text,
                f"More than clock_skew_seconds ({settings.clock_skew_seconds}). Synchronise.",
            )
        return


def _smart(ehr: EhrSettings) -> Iterator[Row]:
    client = ehr.trusted().smart
    if client is None:
        return
    what = f"{ehr.name}: SMART"
    for base in ehr.fhir_bases[:1]:
        try:
            found = Discovery().find(base, client, ehr.fhir_bases)
        except DiscoveryError as problem:
            yield Row(
                "fault",
                what,
                f"{base}: {problem.fault}",
                "The page cannot be launched from it. See docs/registering.md.",
            )
            continue
        yield ok(what, f"authorizes at {found.authorization_endpoint}")
        if "S256" not in found.challenge_methods:
            yield Row(
                "warn", what, "its configuration does not list S256", "PKCE is sent nevertheless; ask the vendor."
            )
