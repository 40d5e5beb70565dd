"""FHIR search semantics of the demo EHR, one row per rule."""

from __future__ import annotations

from typing import Any

import pytest

from ehr_sandbox.search import SearchError, search
from ehr_sandbox.search_dates import date_test, interval

Json = dict[str, Any]
LOINC = "http://loinc.org"


def observation(identity: str, **more: Any) -> Json:
    body: Json = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "subject": {"reference": "Patient/p1"},
    }
    return body | {"meta": {"lastUpdated": "2026-11-20T08:00:00Z"}} | more


def code(*pairs: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": value} for system, value in pairs], "text": "some test"}


CHART = [
    observation("day", effectiveDateTime="2026-11-10", code=code((LOINC, "2276-4"))),
    observation("noon", effectiveDateTime="2026-11-10T12:00:00Z", code=code((LOINC, "2532-0"), ("urn:local", "LDH"))),
    observation("tokyo", effectiveDateTime="2026-11-11T08:00:00+09:00", code=code(("urn:local", "2276-4"))),
    observation("month", effectiveDateTime="2026-10", code=code(("", "2276-4"))),
    observation("span", effectivePeriod={"start": "2026-11-08", "end": "2026-11-12"}, status="amended"),
    observation("open", effectivePeriod={"start": "2026-11-08"}, category=[code(("urn:cat", "laboratory"))]),
    observation("undated", code={"text": "no coding"}, component=[{"code": code((LOINC, "3150-0"))}]),
    observation("other", effectiveDateTime="2026-11-10", subject={"reference": "https://ehr.example/fhir/Patient/p2"}),
]

ROWS = [
    # references: bare id, typed id, absolute address; a group is not a patient
    ("patient=p2", "other"),
    ("patient=Patient/p2", "other"),
    ("subject=Patient/p2", "other"),
    ("subject=p2", "other"),
    ("patient=https://ehr.example/fhir/Patient/p2", "other"),
    ("patient=nobody", ""),
    ("subject=Group/p2", ""),
    ("patient=p1,p2&_id=other,day", "day other"),
    # tokens
    (f"code={LOINC}|2276-4", "day"),
    ("code=2276-4", "day tokyo month"),
    ("code=|2276-4", "month"),
    (f"code={LOINC}|2276-4,{LOINC}|2532-0", "day noon"),
    (f"code={LOINC}|", "day noon"),
    ("code=urn:local|LDH", "noon"),
    ("code=3150-0", ""),
    ("combo-code=3150-0", "undated"),
    ("category=laboratory", "open"),
    ("category=urn:cat|laboratory", "open"),
    ("status=amended", "span"),
    ("status:not=final", "span"),
    ("status=final&code=2532-0", "noon"),
    # dates: an interval meets an interval
    ("date=2026-11-10", "day noon tokyo other"),
    ("date=eq2026-11-10T12:00:00Z", "noon"),
    ("date=2026-11-11T08:00:00%2B09:00", "tokyo"),
    ("date=2026-11", "day noon tokyo span other"),
    ("date=2026", "day noon tokyo month span other"),
    ("date=2026-11-09", ""),
    ("date=ne2026", "open"),
    ("date=gt2026-11-10", "span open"),
    ("date=ge2026-11-10", "day noon tokyo span open other"),
    ("date=ge2026-11-10T12:00:00Z", "day noon tokyo span open other"),
    ("date=lt2026-11-10", "month span open"),
    ("date=le2026-10-15", "month"),
    ("date=sa2026-11-07", "day noon tokyo span open other"),
    ("date=sa2026-11-10", ""),
    ("date=eb2026-11-01", "month"),
    ("date=ge2026-11-10&date=le2026-11-10", "day noon tokyo span open other"),
    ("date=2026-10,2026-11-10", "day noon tokyo month other"),
    ("_lastUpdated=ge2026-11-20", "day noon tokyo month span open undated other"),
    ("_lastUpdated=gt2026-11-20T08:00:00Z", ""),
    # sorting: by time both ways, undated last either way, then by id
    ("_sort=date&status=final", "month open day other noon tokyo undated"),
    ("_sort=-date&status=final", "tokyo noon day other open month undated"),
    ("_sort=_id&code=2276-4", "day month tokyo"),
    ("_sort=-_id&code=2276-4", "tokyo month day"),
    ("_sort=_lastUpdated,-_id&code=2276-4", "tokyo month day"),
    # an empty value asks nothing
    ("status=&_id=day", "day"),
    ("_format=json&_pretty=true&_total=accurate&_id=day", "day"),
]


def pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value.replace("%2B", " ")) for name, _, value in (part.partition("=") for part in query.split("&"))]


@pytest.mark.parametrize(("query", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_search_gives_exactly(query: str, expected: str) -> None:
    assert [hit["id"] for hit in search(CHART, "Observation", pairs(query))] == expected.split()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colour=red", "cannot be searched by colour"),
        ("_include=Observation:subject", "cannot be searched by _include"),
        ("code:in=http://example.org/vs", "cannot be searched by code:in"),
        ("date:not=2026", "cannot be searched by date:not"),
        ("date=yesterday", "'yesterday' is not a date"),
        ("date=ap2026", "'ap2026' is not a date"),
        ("date=2026-13-99", "date: "),
        ("_sort=value", "cannot be sorted by value"),
    ],
)
def test_a_search_that_is_not_offered_says_so(query: str, words: str) -> None:
    with pytest.raises(SearchError, match=words):
        search(CHART, "Observation", pairs(query))


def test_an_escaped_comma_belongs_to_the_value() -> None:
    odd = observation("odd", code=code(("urn:local", "a,b")))
    assert search([odd], "Observation", [("code", r"urn:local|a\,b")]) == [odd]


def test_a_boolean_is_a_token() -> None:
    person = {"resourceType": "Patient", "id": "p", "active": True, "identifier": [{"system": "urn:mrn", "value": "7"}]}
    assert search([person], "Patient", [("active", "true"), ("identifier", "urn:mrn|7")]) == [person]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2026-12-31T23:59:59.999999+00:00"),
        ("2024-02", "2024-02-01T00:00:00+00:00", "2024-02-29T23:59:59.999999+00:00"),
        ("2026-11-10", "2026-11-10T00:00:00+00:00", "2026-11-10T23:59:59.999999+00:00"),
        ("2026-11-10T09:30", "2026-11-10T09:30:00+00:00", "2026-11-10T09:30:59.999999+00:00"),
        ("2026-11-10T09:30:05+09:00", "2026-11-10T00:30:05+00:00", "2026-11-10T00:30:05.999999+00:00"),
        ("2026-11-10T09:30:05.250Z", "2026-11-10T09:30:05.250000+00:00", "2026-11-10T09:30:05.250000+00:00"),
    ],
)
def test_a_date_is_an_interval(text: str, first: str, last: str) -> None:
    start, end = interval(text)
    assert (start.isoformat(), end.isoformat()) == (first, last)


def test_an_element_that_is_no_date_matches_no_date() -> None:
    assert date_test("ge1900")(7) is False
    with pytest.raises(ValueError, match="not a FHIR date"):
        interval("10 Nov 2026")
