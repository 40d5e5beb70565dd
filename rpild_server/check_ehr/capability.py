"""What the EHR's CapabilityStatement says about the reads and searches of the plug-in, and about writing."""

from __future__ import annotations

from collections.abc import Iterator

from ehr_access.measured import Examiner
from fhir_mappings.queries import ALSO_READ, KEYS, QUERIES
from rpild_server.check_ehr.documents import Json, object_of, objects, text
from rpild_server.check_ehr.findings import Finding, good

PART = "capability statement"
WRITING = "writing"
R4 = "4.0"
NOT_READ = "Its address is <FHIR base>/metadata. Is this the base address of a FHIR R4 server?"
RESULTS = frozenset({"_sort", "_count", "_summary", "_include"})  # seldom listed, though understood
KEEP_HERE = "Attestations are then kept by the plug-in itself and shown on its page and cards; nothing is lost."


def look_at_capability(examiner: Examiner) -> Iterator[Finding]:
    """Version, resource types, search parameters, writing."""
    seen = examiner.get("metadata")
    statement = object_of(seen.body)
    if not seen.good or statement.get("resourceType") != "CapabilityStatement":
        yield Finding("fault", PART, f"not readable ({seen.told})", NOT_READ)
        return
    yield _version(statement)
    offered = _offered(statement)
    yield from _types(offered)
    yield _writing(offered)


def _version(statement: Json) -> Finding:
    software = statement.get("software")
    name = text(software.get("name")) if isinstance(software, dict) else ""
    version = text(statement.get("fhirVersion"))
    told = f"{name or 'a server without a name'}, FHIR {version or 'of no version'}"
    if version.startswith(R4):
        return good(PART, told)
    return Finding("fault", PART, told, "The plug-in reads FHIR R4 (4.0.x). Ask for the R4 base address.")


def _offered(statement: Json) -> dict[str, Json]:
    """The resource types of the first server description, by name."""
    servers = (rest for rest in objects(statement.get("rest")) if rest.get("mode") == "server")
    return {text(each.get("type")): each for rest in servers for each in objects(rest.get("resource"))}


def _types(offered: dict[str, Json]) -> Iterator[Finding]:
    wanted = dict.fromkeys((*(QUERIES[key].kind for key in KEYS), *ALSO_READ))
    missing = [kind for kind in wanted if kind not in offered]
    yield good(PART, f"{len(wanted) - len(missing)} of the {len(wanted)} resource types that are read are offered")
    for kind in missing:
        yield Finding("warn", PART, f"{kind} is not offered", _without(kind))
    for kind, parameters in _not_listed(offered).items():
        told = f"{kind}: the search parameters {', '.join(parameters)} are not listed"
        yield Finding("warn", PART, told, "The searches below show whether they are understood nevertheless.")


def _without(kind: str) -> str:
    elements = sorted({each for query in QUERIES.values() if query.kind == kind for each in query.elements})
    return (
        f"What it carries ({', '.join(elements) or 'drugs by reference'}) stays unknown unless another type carries it."
    )


def _not_listed(offered: dict[str, Json]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for query in QUERIES.values():
        if query.kind not in offered or query.is_read:
            continue
        listed = {text(each.get("name")) for each in objects(offered[query.kind].get("searchParam"))}
        asked = {"patient", query.date, *(name for name, _ in query.parameters)} - RESULTS - {""}
        found.setdefault(query.kind, set()).update(asked - listed)
    return {kind: sorted(names) for kind, names in found.items() if names}


def _writing(offered: dict[str, Json]) -> Finding:
    """Nothing is written to find out; what the server declares has to do."""
    observation = offered.get("Observation", {})
    acts = {text(each.get("code")) for each in objects(observation.get("interaction"))}
    lacking = [act for act in ("create", "update") if act not in acts]
    if lacking:
        told = f"Observation: {' and '.join(lacking)} not offered, so attestations cannot be written into the chart"
        return Finding("warn", WRITING, told, KEEP_HERE, "write_attestations = false")
    if observation.get("conditionalCreate") is True:
        return good(WRITING, "Observations can be created (conditionally) and updated")
    told = "Observations can be created, but conditional create is not declared"
    return Finding("warn", WRITING, told, "An attestation could be written twice if an answer is lost. Ask the vendor.")
