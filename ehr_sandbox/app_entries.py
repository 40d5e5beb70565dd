"""What apps wrote into the record, in words for the chart page; R4 allows much, so nothing is taken for granted."""

from __future__ import annotations

from typing import Any

from ehr_sandbox.fhir_json import Json, as_list
from ehr_sandbox.records import WRITTEN

Entry = tuple[str, str]


def is_written(resource: Json) -> bool:
    """Whether an app wrote it, not this EHR."""
    return bool(resource.get("meta", {}).get("source") == WRITTEN)


def app_entries(resources: list[Json]) -> tuple[Entry, ...]:
    """(words, when written) of each, the latest first."""
    mine = sorted(filter(is_written, resources), key=lambda each: str(each["meta"]["lastUpdated"]), reverse=True)
    return tuple((_told(each), str(each["meta"]["lastUpdated"])) for each in mine)


def _told(resource: Json) -> str:
    values = [_words(value) for name, value in resource.items() if name.startswith("value")]
    name = ": ".join([_words(resource["code"]), *filter(None, values)])
    status = str(resource["status"])
    return name if status in ("final", "active") else f"{name} ({status})"


def _words(value: Any) -> str:
    """A value of any type, briefly."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, dict):
        return str(value)
    if "value" in value:
        return f"{value.get('comparator', '')}{value['value']} {value.get('unit', '')}".strip()
    if "start" in value or "end" in value:
        return f"{value.get('start', '')} – {value.get('end', '')}"
    coding = next((each for each in as_list(value.get("coding")) if isinstance(each, dict)), {})
    return str(value.get("text") or coding.get("display") or coding.get("code") or "entry")
