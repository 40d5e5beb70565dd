"""Links of cards that open an app."""

from __future__ import annotations

from ehr_sandbox.fhir_json import Json, as_list

SMART = "smart"


def smart_link(card: Json) -> Json:
    """A card's link of type smart; empty where it has none."""
    return next((dict(each) for each in as_list(card.get("links")) if each.get("type") == SMART), {})
