"""The settings as they are written: what `rpild serve` refuses, what is for trying only, what is off or not set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ehr_access.registry import HOOKS
from rpild_server.counted import counted
from rpild_server.diagnosis import Row, ok
from rpild_server.ehr_settings import EhrSettings
from rpild_server.example_hosts import REMEDY, example_keys
from rpild_server.settings import Settings
from rpild_server.site_rules import serve_faults

# What a site may leave out: the setting, and what its absence means.
OPTIONAL = {
    "site_file": "every number is the program's own",
    "site_mapping": "no local codes are read",
    "admin_password_hash": "/admin is closed",
    "otlp_endpoint": "no traces",
}
# What is on unless a site turns it off: the setting, what is then missing, what for.
OFF = {
    "canary_minutes": ("no synthetic patient is sent", "Give minutes: a service that fails in silence looks healthy."),
    "metrics": ("/metrics is not served", "Turn it on: without it no alarm tells of silence."),
    "alert_memory": ("cards are repeated at each call", "Turn it on: what is repeated is soon overlooked."),
}


def look_at_settings(settings: Settings, config: Path) -> Iterator[Row]:
    """Faults first."""
    faults = list(serve_faults(settings))
    yield from (Row("fault", "settings", each, "`rpild serve` refuses to start until it is mended.") for each in faults)
    if not faults:
        yield ok("settings", f"{config}: {counted(len(settings.ehrs), 'trusted EHR')}")
    if keys := example_keys(settings):
        yield Row("warn", "settings", f"{config}: {', '.join(keys)} still name hosts of the example", REMEDY)
    if settings.allow_http_loopback or settings.accept_test_issuers:
        remedy = "Remove allow_http_loopback and accept_test_issuers before real data arrive."
        yield Row("warn", "settings", "what is meant for trying is switched on", remedy)
    if silent := settings.silent_ehrs():
        text = f"calls of {', '.join(silent)} are recorded, no card is shown"
        yield Row("warn", "silent mode", text, "silent_mode = false shows them.")
    yield from _off(settings)


def _off(settings: Settings) -> Iterator[Row]:
    for name, (text, remedy) in OFF.items():
        if not getattr(settings, name):
            yield Row("warn", "settings", f"{name} is off: {text}", remedy)
    records = (settings, *settings.ehrs)
    absent = [
        f"{name} ({text})" for name, text in OPTIONAL.items() if not any(getattr(each, name, None) for each in records)
    ]
    if absent:
        yield ok("not set", ", ".join(absent))
    for ehr in settings.ehrs:
        yield from _off_for(ehr)


def _off_for(ehr: EhrSettings) -> Iterator[Row]:
    """What this EHR's users do without."""
    hooks = sorted(HOOKS - ehr.hooks)
    if hooks:
        yield ok(f"{ehr.name}: hooks", f"switched off: {', '.join(hooks)}")
    if not ehr.smart:
        yield ok(f"{ehr.name}: page", "smart is off: cards carry no link, the page cannot be opened from it")
    elif not ehr.origins:
        yield ok(f"{ehr.name}: page", "no origins: the page opens in a tab, nothing may frame it")
    if not ehr.fhir_bases:
        remedy = "Give fhir_bases, or let the EHR fill every prefetch key: what it leaves out stays unknown."
        yield Row("warn", f"{ehr.name}: FHIR", "no fhir_bases: nothing can be read from it", remedy)
