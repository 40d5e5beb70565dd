"""One hook request, filled as an EHR fills it: from the templates that the service itself publishes."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson

from benchmarks.charts import PATIENT, Json, prescription

MARK = "00000000-0000-4000-8000-000000000000"
HEADERS = {"Content-Type": "application/json"}


class Message(NamedTuple):
    """One call as it is sent."""

    body: bytes
    headers: dict[str, str]


def codes_of(resource: Json, field: str) -> set[str]:
    """`system|code` and bare codes of a CodeableConcept or a list of them."""
    concepts = resource.get(field, [])
    concepts = concepts if isinstance(concepts, list) else [concepts]
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    return {text for coding in codings for text in (coding["code"], f"{coding.get('system', '')}|{coding['code']}")}


def matches(resource: Json, kind: str, wanted: dict[str, str]) -> bool:
    """Whether a search for this type with these parameters finds the resource."""
    if resource["resourceType"] != kind:
        return False
    tokens = [name for name in ("code", "category") if name in wanted]
    return all(codes_of(resource, name) & set(wanted[name].split(",")) for name in tokens)


def bundle(found: list[Json]) -> Json:
    """A complete answer to a search."""
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{each['resourceType']}/{each['id']}", "resource": each} for each in found
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}


def answer(template: str, chart: list[Json]) -> Json:
    """What an EHR puts under a prefetch key."""
    parts = urlsplit(template)
    kind, _, one = parts.path.partition("/")
    wanted = dict(parse_qsl(parts.query))
    found = [each for each in chart if matches(each, kind, wanted)]
    return found[0] if one else bundle(found)


class HookBody:
    """The bytes of one order-sign call; each copy gets a hook instance of its own, as real calls have, and a user of
    its own, to whom no card was shown yet.
    """

    def __init__(self, templates: dict[str, str], chart: list[Json], drug: tuple[str, str], when: str) -> None:
        request: dict[str, Any] = {
            "hook": "order-sign",
            "hookInstance": MARK,
            "context": {
                "userId": f"Practitioner/{MARK}",
                "patientId": PATIENT,
                "draftOrders": bundle([prescription("draft-1", *drug, when, "draft")]),
            },
            "prefetch": {key: answer(template, chart) for key, template in templates.items()},
        }
        self.parts = orjson.dumps(request).split(MARK.encode())
        self.size = len(self.fresh().body)

    def fresh(self) -> Message:
        """The next call."""
        return Message(str(uuid.uuid4()).encode().join(self.parts), HEADERS)
