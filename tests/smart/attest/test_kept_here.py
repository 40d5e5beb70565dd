"""An EHR that only lets us read: statements are kept here, sealed and audited; who is no clinician states nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from sqlalchemy import select, text

from rpild_rules.knowledge import load_knowledge
from rpild_server.storage.tables import attestations
from tests.smart.launch.browsing import Browser
from tests.smart.launch.conftest import PlugIn, plug_in

SCOPE = "launch openid fhirUser patient/*.rs"
MDA5 = {
    "resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M33.13"}]},
    "verificationStatus": {"coding": [{"code": "confirmed"}]}, "onsetDateTime": "2026-01-01",
}  # fmt: skip
ILD = MDA5 | {
    "id": "c2", "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J84.9"}]},
}  # fmt: skip

HYPERTENSION = MDA5 | {
    "id": "c3", "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[PlugIn]:
    with plug_in(
        load_knowledge(), {"north": {"iss": "https://north.example", "jwks_url": "http://127.0.0.1:1/k"}}
    ) as it:
        it.ehrs["north"].resources["Condition"] = [MDA5, ILD]
        yield it


def opened(site: PlugIn, scope: str = SCOPE, **claims: str | None) -> tuple[Browser, str, str]:
    """A page of a user; its path and text."""
    browser, ehr = site.browser(), site.ehrs["north"]
    sent = site.launch(browser)
    token = ehr.identity(sent["nonce"], **claims)
    ehr.token = lambda: ehr.grant(scope=scope, id_token=token)
    path = site.called_back(browser, state=sent["state"], code="c").headers["Location"]
    return browser, path, browser.get(path).text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found
    return found[1]


def send(site: PlugIn, value: str = "2026-11", **claims: str | None) -> tuple[Browser, str, str, int]:
    browser, path, page = opened(site, **claims)
    form = {"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "code": "respiratory-onset", "value": value}
    answer = browser.post(f"{path}attest", form)
    return browser, path, answer.text, answer.status_code


def test_it_is_kept_sealed_and_audited_by_pseudonyms(site: PlugIn) -> None:
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        browser, path, _, status = send(site, "2017-03")
    assert status == 303
    assert "2017-03" in browser.get(path).text
    with site.store().engine.connect() as connection:
        row = connection.execute(select(attestations)).mappings().one()
    assert (row["code"], row["place"], row["status"]) == ("respiratory-onset", "own", "final")
    told = [what for kind, what in site.audited() if kind == "attestation"]
    assert len(told) == 1
    for hidden_word in ("2017-03", "Patient/p1", '"p1"', "Practitioner/d1"):  # a bare p1 may stand in sealed bytes
        assert hidden_word not in str(dict(row)) + told[0]
    assert "p1" not in row.values()
    assert "2017-03" not in out.getvalue()


def test_another_user_sees_it_and_may_withdraw_it(site: PlugIn) -> None:
    send(site, "2016-02")
    browser, path, page = opened(site, fhirUser=f"{site.ehrs['north'].fhir}/Practitioner/d2")
    block = page.split('id="attest-respiratory-onset"')[1].split("</details>")[0]
    assert "2016-02. Practitioner/d1" in block
    reference = hidden(block, "statement")
    answer = browser.post(f"{path}correct", {"csrf": hidden(page, "csrf"), "statement": reference})
    assert answer.headers["Location"].endswith("?done=withdrawn#attest-done")
    assert "entered in error: Practitioner/d2" in browser.get(path).text


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r", None])
def test_who_is_no_clinician_states_nothing(site: PlugIn, user: str | None) -> None:
    browser, path, page = opened(site, fhirUser=user and f"{site.ehrs['north'].fhir}/{user}")
    if user is None:  # for others the gate is closed, and the page has no forms at all
        assert "did not name a signed-in clinician" in page
    assert 'name="key"' not in page
    form = {"csrf": hidden(page, "csrf"), "key": "k" * 20, "code": "respiratory-onset", "value": "2015"}
    for act in ("attest", "keep", "correct"):
        assert browser.post(f"{path}{act}", form).status_code == 400


@pytest.mark.parametrize(
    ("scope", "to_ehr"),
    [
        ("patient/Observation.cu", True),
        ("patient/Observation.write", True),
        ("user/Observation.c", True),
        ("patient/Observation.c?category=http://terminology.hl7.org/CodeSystem/observation-category|survey", True),
        ("patient/Observation.c?category=laboratory", False),
        ("patient/Observation.u", False),
        ("system/Observation.c", False),
        ("patient/Observation.read", False),
    ],
)
def test_the_scopes_decide_where_it_goes(site: PlugIn, scope: str, to_ehr: bool) -> None:
    _, _, page = opened(site, f"{SCOPE} {scope}")
    assert ("Statements are written to the EHR" in page) is to_ehr
    assert ("Statements are kept by this service" in page) is not to_ehr


@pytest.mark.verifies("L8")
def test_a_session_that_has_ended_loses_no_statement(site: PlugIn) -> None:
    browser, path, page = opened(site, f"{SCOPE} patient/Observation.c")
    ehr = site.ehrs["north"]
    ehr.accepted = set()
    ehr.token = lambda: {"error": "invalid_grant"}
    try:
        form = {"csrf": hidden(page, "csrf"), "key": hidden(page, "key")}
        answer = browser.post(f"{path}attest", form | {"code": "infection-reviewed", "value": "yes"})
        assert answer.headers["Location"].rpartition("?")[2] in ("done=unheard#attest-done", "done=refused#attest-done")
        assert browser.get(path).status_code == 401
    finally:
        ehr.accepted = None
    _, _, page = opened(site)
    assert "Not saved yet: Infection reviewed" in page
    assert ('value="own"' in page, 'value="again"' in page) == (True, False)
    _, _, other = opened(site, fhirUser=f"{ehr.fhir}/Practitioner/d2")
    assert "Only Practitioner/d1 can decide about it." in other


def test_a_store_that_fails_gives_back_what_was_entered() -> None:
    with plug_in(load_knowledge()) as site:
        site.ehrs["north"].resources["Condition"] = [MDA5, ILD]
        browser, path, page = opened(site)
        with site.store().engine.begin() as connection:
            connection.execute(text("DROP TABLE attestations"))
        form = {"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "code": "respiratory-onset"}
        answer = browser.post(f"{path}attest", form | {"value": "2014-<b>"})
        assert (answer.status_code, "RPILD-PAGE-STORE" in answer.text) == (503, True)
        again = browser.post(f"{path}attest", form | {"value": "2014-05"})
        assert "<li>2014-05</li>" in again.text
        assert 'name="value" value="2014-05"' in again.text
        assert f'action="{path}attest"' in again.text


def test_a_memory_that_fails_costs_the_comparison_only() -> None:
    with plug_in(load_knowledge()) as site:
        site.ehrs["north"].resources["Condition"] = [MDA5, ILD]
        with site.store().memory_engine.begin() as connection:
            connection.execute(text("DROP TABLE last_views"))
        browser, path, page = opened(site)
        assert 'id="attest-causes-excluded"' in page
        assert browser.get(path).status_code == 200


def test_what_a_clinician_knows_of_the_lungs_opens_the_gate() -> None:
    with plug_in(load_knowledge()) as site:
        site.ehrs["north"].resources["Condition"] = [HYPERTENSION]
        browser, path, page = opened(site)
        assert "attest-bilateral-infiltrates" in page
        assert 'id="criteria"' not in page
        day = site.clock().date().isoformat()
        for code, value in (("respiratory-onset", day), ("bilateral-infiltrates", "yes")):
            form = {"csrf": hidden(page, "csrf"), "key": hidden(page, "key"), "code": code, "value": value}
            assert browser.post(f"{path}attest", form).status_code == 303
        assert 'id="criteria"' in browser.get(path).text
