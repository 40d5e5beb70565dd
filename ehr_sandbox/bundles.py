"""Search results as Bundles, page by page, and whole charts as Bundles."""

from __future__ import annotations

from urllib.parse import urlencode

from ehr_sandbox.fhir_json import Json
from ehr_sandbox.search import Pairs, SearchError

PAGE, LARGEST = 50, 200


def searchset(hits: list[Json], kind: str, query: Pairs, base: str) -> Json:
    """One page: `total`, a `self` link, a `next` link while there is more, and the entries.

    `_count=0` gives the total only. Raises SearchError if a paging parameter is no whole number.
    """
    start, size = _whole(query, "_offset", 0), min(_whole(query, "_count", PAGE), LARGEST)
    links = [{"relation": "self", "url": _address(base, kind, query)}]
    if size and start + size < len(hits):
        rest = [(name, value) for name, value in query if name != "_offset"]
        links.append({"relation": "next", "url": _address(base, kind, [*rest, ("_offset", str(start + size))])})
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(hits), "link": links}
    page = hits[start : start + size]
    return bundle | ({"entry": [_entry(base, hit) | {"search": {"mode": "match"}} for hit in page]} if page else {})


def collection(resources: list[Json], base: str) -> Json:
    """A whole chart."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(base, each) for each in resources]}


def _entry(base: str, resource: Json) -> Json:
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def _address(base: str, kind: str, query: Pairs) -> str:
    return f"{base}/{kind}" + (f"?{urlencode(query)}" if query else "")


def _whole(query: Pairs, name: str, default: int) -> int:
    text = next((value for key, value in query if key == name and value), str(default))
    if not text.isascii() or not text.isdigit():
        raise SearchError(f"{name} must be a whole number, not {text!r}", "value")
    return int(text)
