"""What a page may read: only what was granted, only of its patient, and what it says where that is not all."""

from __future__ import annotations

from typing import Any

import pytest

from ehr_access.scopes import read_granted
from fhir_mappings.queries import KEYS
from smart_app.patient_chart import may_read
from tests.smart.launch.browsing import Browser
from tests.smart.launch.conftest import DemoSite, PlugIn
from tests.smart.launch.test_launch import code_of

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
MDA5 = {
    "resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "82444-1"}]}, "effectiveDateTime": "2026-11-01",
}  # fmt: skip


def shown(site: PlugIn, scope: str, **script: Any) -> tuple[int, str, Browser]:
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(scope=scope)
    for name, value in script.items():
        setattr(ehr, name, value)
    answer = browser.get(site.page(browser))
    return answer.status_code, answer.text, browser


@pytest.mark.verifies("I-147", "APP-67", "L6")
def test_what_was_not_granted_is_not_asked_for_and_named(site: PlugIn) -> None:
    granted = "patient/Patient.rs patient/Condition.rs patient/Observation.rs?category=laboratory"
    status, page, _ = shown(site, f"launch {granted}")
    assert status == 200
    kinds = {where.split("?")[0].removeprefix("/fhir/") for where, _ in site.ehrs["north"].read}
    assert kinds == {"Patient/p1", "Condition", "Observation"}
    searched = [where for where, _ in site.ehrs["north"].read if "/Observation" in where]
    assert all("category=laboratory" in where for where in searched)
    assert "orders" in page
    assert "not permitted" in page.lower() or "no permission" in page.lower()


@pytest.mark.verifies("APP-67", "APP-62")
def test_what_the_server_refuses_is_named_and_nothing_is_renewed(site: PlugIn) -> None:
    status, page, _ = shown(site, "launch patient/*.rs", refused={"DiagnosticReport"})
    assert status == 200
    assert "chest imaging" in page
    assert len(site.ehrs["north"].asked) == 1


@pytest.mark.verifies("APP-37")
@pytest.mark.parametrize("scope", ["", "patient/Patient.rs", "patient/Condition.rs", "system/*.rs"])
def test_without_patient_and_problems_nothing_is_shown(site: PlugIn, scope: str) -> None:
    status, page, _ = shown(site, f"launch {scope}")
    assert (status, code_of(page)) == (412, "RPILD-PAGE-DATA")
    assert "not-permitted" in page


@pytest.mark.verifies("APP-66", "APP-37")
def test_a_resource_of_another_patient_stops_the_page(site: PlugIn) -> None:
    other = MDA5 | {"subject": {"reference": "Patient/somebody"}}
    status, page, _ = shown(site, "launch patient/*.rs", resources={"Observation": [other]})
    assert (status, code_of(page)) == (409, "RPILD-PAGE-PATIENT")
    assert "Test Person" not in page
    assert "somebody" not in page
    assert any("RPILD-PAGE-PATIENT" in what for _, what in site.audited())


@pytest.mark.verifies("APP-37")
def test_another_patient_resource_stops_the_page(site: PlugIn) -> None:
    status, page, _ = shown(site, "launch patient/*.rs", patient={"id": "p2"})
    assert (status, code_of(page)) == (409, "RPILD-PAGE-PATIENT")


@pytest.mark.verifies("I-97")
def test_a_page_link_to_elsewhere_gets_no_token(site: PlugIn) -> None:
    south = site.ehrs["south"]
    link = [{"relation": "next", "url": f"{south.base}/fhir/Observation?page=2"}]
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.resources = {"Condition": [{"resourceType": "Bundle", "link": link}]}
    browser.get(site.page(browser))
    assert south.read == []


@pytest.mark.verifies("APP-85", "APP-86", "I-147")
@pytest.mark.parametrize(
    ("granted", "keys"),
    [
        ("patient/*.rs", set(KEYS)),
        ("patient/*.read", set(KEYS)),
        ("user/*.cruds", set(KEYS)),
        ("patient/*.r patient/*.s", set(KEYS)),
        ("patient/*.r", {"patient"}),
        ("system/*.rs", set()),
        ("patient/Condition.rs", {"conditions"}),
        ("patient/Observation.rs?category=laboratory", {"laboratory"}),
        (f"patient/Observation.rs?category={CATEGORY}|laboratory", {"laboratory"}),
        ("patient/Observation.rs?category=vital-signs", set()),
        ("patient/Observation.s", {k for k in KEYS if k in {
            "antibodies", "laboratory", "gases", "oxygen", "vitals", "lungFunction", "attestations", "pregnancy"}}),
    ],
)  # fmt: skip
def test_each_grant_covers_exactly_its_searches(granted: str, keys: set[str]) -> None:
    assert {key for key in KEYS if may_read(read_granted(granted), key)} == keys


@pytest.mark.verifies("APP-42")
def test_the_identity_stands_on_every_page(demo_site: DemoSite) -> None:
    _, answer = demo_site.open(demo_site.browser(), "no-lung-signs")
    assert answer.status_code == 200
    assert "DEMO-" in answer.text
    assert "chart read" in answer.text.lower() or "as of" in answer.text.lower()
