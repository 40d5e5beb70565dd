"""What follows from the searches of all patients: refused, mis-spelt, filters not heeded, pages, speed, prefetch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from statistics import median

from ehr_access.budget import Limits
from fhir_mappings.queries import ELEMENTS, KEYS, QUERIES, REQUIRED_KEYS
from rpild_server.check_ehr.documents import Json, object_of, objects, resources_of, text
from rpild_server.check_ehr.findings import Finding, Level, good
from rpild_server.check_ehr.searching import FORMS, Searched
from rpild_server.counted import counted

PART, SPEED = "searches", "speed"
FORBIDDEN = (401, 403)
PREFETCHED = "Let the EHR send this key as prefetch, or ask its vendor."
SLOW = "Let the EHR send it as prefetch, or raise the site's setting read_seconds (at most 3.0)."
NO_END = "Claims that something is absent stay unknown then. Ask the vendor about the links of its pages."


def by_key(found: Iterable[Searched]) -> dict[str, list[Searched]]:
    """The searches by key, in the order of the keys."""
    grouped: dict[str, list[Searched]] = defaultdict(list)
    for each in found:
        grouped[each.key].append(each)
    return {key: grouped[key] for key in KEYS if key in grouped}


def judge_searches(found: list[Searched]) -> Iterator[Finding]:
    """All findings about searches."""
    keys = by_key(found)
    refused = {key: rows for key, rows in keys.items() if not all(each.accepted for each in rows)}
    yield good(PART, f"{len(keys) - len(refused)} of {len(keys)} are accepted for every patient")
    yield from _form(found)
    for key, rows in refused.items():
        yield _refused(key, next(each for each in rows if not each.accepted))
    for key, rows in keys.items():
        yield from _heeded(key, [each for each in rows if each.bodies])
    yield from _pages(found)
    yield from _speed(keys)


def _form(found: list[Searched]) -> Iterator[Finding]:
    plain = [each for each in found if each.accepted and each.patient_form == FORMS[1]]
    if plain:
        yield Finding(
            "warn", PART, "patient=Patient/ID is refused, patient=ID is taken",
            "The setting spells searches that way.", 'patient_form = "id"',
        )  # fmt: skip


def _refused(key: str, row: Searched) -> Finding:
    kind = QUERIES[key].kind
    level: Level = "fault" if key in REQUIRED_KEYS else "warn"
    unknown = _carried(key)
    if row.left_out:
        told = f"{key}: {kind} is not searched with {row.left_out}; without it, it is"
        return Finding(level, PART, told, f"{PREFETCHED} Until then {unknown}.")
    told = f"{key}: {kind} is refused ({row.told})"
    if row.status in FORBIDDEN:
        return Finding(level, PART, told, f"A right to read {kind} is missing. Until it is granted {unknown}.")
    return Finding(level, PART, told, f"{PREFETCHED} Until then {unknown}.")


def _carried(key: str) -> str:
    titles = [ELEMENTS[each]["title"] for each in (*QUERIES[key].elements, *QUERIES[key].aids)]
    return f"these stay unknown unless another search brings them: {'; '.join(titles)}"


def _heeded(key: str, rows: list[Searched]) -> Iterator[Finding]:
    """Whether code lists and categories narrow the answer, as far as the answers show it."""
    parameters = dict(QUERIES[key].parameters)
    found = [each for row in rows for body in row.bodies for each in resources_of(object_of(body))]
    if "code" in parameters and not _all_coded(found, parameters["code"]):
        told = f"{key}: the list of codes is not heeded; other results come too"
        yield Finding("warn", PART, told, "Harmless but slow: the plug-in sorts them out itself.")
    if "_sort" in parameters and not all(_sorted(row) for row in rows):
        told = f"{key}: _sort={parameters['_sort']} is not heeded"
        yield Finding("warn", PART, told, "Harmless while all pages are read. Ask the vendor.")


def _all_coded(found: list[Json], codes: str) -> bool:
    wanted = {each.rpartition("|")[2] for each in codes.split(",")}
    return all(any(code in wanted for code in _codes(each)) for each in found)


def _codes(resource: Json) -> Iterator[str]:
    parts = [resource, *objects(resource.get("component"))]
    for concept in objects([part.get("code") for part in parts]):
        yield from (text(each.get("code")) for each in objects(concept.get("coding")))


def _sorted(row: Searched) -> bool:
    """Whether the days of the resources fall; what has no plain day does not count."""
    days = [day for body in row.bodies for each in resources_of(object_of(body)) if (day := _day(each))]
    return all(earlier >= later for earlier, later in pairwise(days))


def _day(resource: Json) -> str:
    """The day of an Observation, as written; others are sorted by more than one field."""
    return text(resource.get("effectiveDateTime"))[:10] if resource.get("resourceType") == "Observation" else ""


def _pages(found: list[Searched]) -> Iterator[Finding]:
    several = [each for each in found if each.pages > 1]
    cut = sorted({each.key for each in found if each.bodies and not each.complete})
    if several:
        most = max(each.pages for each in several)
        yield good(PART, f"{counted(len(several), 'answer')} with several pages, at most {most}")
    if cut:
        yield Finding("fault", PART, f"pages cannot be followed to the end: {', '.join(cut)}", NO_END)
    bundles = [each for each in found if each.bodies and not QUERIES[each.key].is_read]
    if bundles:
        total = sum(each.has_total for each in bundles)
        yield good(PART, f"{total} of {len(bundles)} answers tell their total (not needed)")


def _speed(keys: Mapping[str, list[Searched]]) -> Iterator[Finding]:
    times = [each.seconds for rows in keys.values() for each in rows if each.bodies]
    if not times:
        return
    yield good(SPEED, f"a search takes {median(times) * 1000:.0f} ms (median), {max(times) * 1000:.0f} ms at most")
    for key, rows in keys.items():
        slowest = max((each.seconds for each in rows if each.bodies), default=0.0)
        if slowest > Limits().seconds:
            told = f"{key}: {slowest:.1f} s, longer than all reads of a call may take ({Limits().seconds} s)"
            yield Finding("warn", SPEED, told, SLOW)
