"""From a card to the page: a signed reference, and what the page says where the card does not fit any more."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from sqlalchemy.exc import OperationalError

from rpild_server.hand_over import VALID, sign, verify
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.tables import decision_records
from rpild_server.storage.times import stamp
from rpild_server.version import APP_VERSION
from tests.smart.launch.conftest import DemoSite, PlugIn
from tests.storage.making import SECRETS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYS = Keyring(SECRETS)
DIFFERS = "has changed since the card"


METHOTREXATE = {
    "draftOrders": {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {
                "resourceType": "MedicationRequest", "id": "d1", "status": "draft", "intent": "order",
                "subject": {"reference": "Patient/dirty-chart"},
                "medicationCodeableConcept": {"text": "methotrexate 15 mg"},
                "dosageInstruction": [{"route": {"text": "oral"}}],
            }},
            {"resource": {
                "resourceType": "ServiceRequest", "id": "d2", "status": "draft", "intent": "order",
                "subject": {"reference": "Patient/dirty-chart"},
                "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}], "text": "Ferritin"},
            }},
        ],
    }
}  # fmt: skip


def called(
    demo: DemoSite,
    patient: str = "classic",
    hook: str = "patient-view",
    more: dict[str, Any] | None = None,
    prefetch: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The cards of a call as the demo EHR makes it when a chart is opened, or orders are signed."""
    access = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs"}
    body = {
        "hook": hook, "hookInstance": str(uuid.uuid4()), "fhirServer": f"{demo.ehr}/open/fhir",
        "prefetch": prefetch or {},
        "fhirAuthorization": access | {"subject": "rpild"},
        "context": {"userId": f"Practitioner/{uuid.uuid4()}", "patientId": patient} | (more or {}),
    }  # fmt: skip
    answer = requests.post(f"{demo.url}/cds-services/rpild-{hook}", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def context_of(answer: dict[str, Any]) -> str:
    return str(answer["cards"][0]["links"][0]["appContext"])


@pytest.mark.verifies("CH-41", "APP-78", "APP-79")
def test_every_card_links_to_the_page_with_a_reference_that_tells_nothing(demo_site: DemoSite) -> None:
    answer = called(demo_site)
    assert answer["cards"]
    for card in answer["cards"]:
        (link,) = card["links"]
        assert set(link) == {"label", "url", "type", "appContext"}
        assert (link["url"], link["type"]) == (f"{demo_site.url}/smart/launch", "smart")
        told = base64.urlsafe_b64decode(link["appContext"].split(".")[0] + "==").decode()
        assert set(json.loads(told)) == {"call", "patient", "end", "key", "form"}
        assert "classic" not in told
        assert len(link["appContext"]) < 500


@pytest.mark.verifies("APP-79", "APP-80")
def test_the_page_behind_a_card_that_holds_says_nothing_of_it(demo_site: DemoSite) -> None:
    _, page = demo_site.open(demo_site.browser(), "classic", f"?appContext={context_of(called(demo_site))}")
    assert page.status_code == 200
    assert DIFFERS not in page.text
    assert "card that you followed" not in page.text


@pytest.mark.verifies("APP-80")
def test_a_reference_to_another_patient_is_left_aside_and_told(demo_site: DemoSite) -> None:
    context = context_of(called(demo_site))
    _, page = demo_site.open(demo_site.browser(), "improving", f"?appContext={context}")
    assert page.status_code == 200
    assert "belongs to another patient" in page.text


@pytest.mark.verifies("APP-78", "APP-80")
@pytest.mark.parametrize("context", ["x", "{}", "a.b", "é", "%3Cscript%3Ealert(1)%3C/script%3E", "x" * 1500])
def test_what_is_no_reference_of_ours_is_told_and_harmless(demo_site: DemoSite, context: str) -> None:
    _, page = demo_site.open(demo_site.browser(), "classic", f"?appContext={context}")
    assert page.status_code == 200
    assert "too old, or was changed" in page.text
    assert "<script>alert" not in page.text


@pytest.mark.verifies("APP-79")
def test_the_page_says_when_its_result_differs_from_the_cards(demo_site: DemoSite) -> None:
    nothing = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    context = context_of(called(demo_site, prefetch={"antibodies": nothing, "laboratory": nothing}))
    _, page = demo_site.open(demo_site.browser(), "classic", f"?appContext={context}")
    assert f"{DIFFERS} was shown. No longer found: RP-ILD with the anti-MDA5 result open" in page.text
    assert f"{DIFFERS} was shown. New: Combination therapy" in page.text


@pytest.mark.verifies("APP-79")
def test_what_only_one_hook_says_is_no_difference(demo_site: DemoSite) -> None:
    """Cards on the order being signed are not on the page; the card on unusable data comes when a chart is opened."""
    answer = called(demo_site, "dirty-chart", "order-sign", METHOTREXATE)
    assert "avoidForInduction" in {card["source"]["topic"]["code"] for card in answer["cards"]}
    _, page = demo_site.open(demo_site.browser(), "dirty-chart", f"?appContext={context_of(answer)}")
    assert page.status_code == 200
    assert DIFFERS not in page.text
    assert "Being signed when the card came, and not in the chart read at" in page.text
    assert "methotrexate 15 mg; Ferritin" in page.text


@pytest.mark.verifies("APP-79")
@pytest.mark.parametrize("version", ["0", APP_VERSION])
def test_a_call_without_its_content_or_of_another_version_is_not_on_record(site: PlugIn, version: str) -> None:
    storage, call = site.store(), str(uuid.uuid4())
    empty = {"payload": None, "response": None, "erased": None}
    row = {each.name: "" for each in decision_records.columns} | empty
    row |= {"id": call, "call_key": call, "hook_instance": call, "app_version": version, "timings": "{}"}
    patient = storage.keyring.pseudonym("ehr:north", "p1")
    row |= {"patient": patient, "created": stamp(site.clock())}
    with storage.engine.begin() as connection:
        connection.execute(decision_records.insert(), row)
    context = sign(storage.keyring, call, patient, site.clock())
    site.ehrs["north"].token = lambda: site.ehrs["north"].grant(appContext=context)
    browser = site.browser()
    assert "not on record any more" in browser.get(site.page(browser)).text


@pytest.mark.verifies("APP-79")
def test_a_reference_ends(site: PlugIn) -> None:
    storage, ehr = site.store(), site.ehrs["north"]
    context = sign(storage.keyring, "call", storage.keyring.pseudonym("ehr:north", "p1"), site.clock())
    ehr.token = lambda: ehr.grant(appContext=context)
    site.clock.ahead = VALID + timedelta(minutes=1)
    browser = site.browser()
    assert "too old, or was changed" in browser.get(site.page(browser)).text


@pytest.mark.verifies("APP-79")
def test_a_card_that_is_not_on_record_is_told(site: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, ehr = site.store(), site.ehrs["north"]
    context = sign(storage.keyring, str(uuid.uuid4()), storage.keyring.pseudonym("ehr:north", "p1"), site.clock())
    ehr.token = lambda: ehr.grant(appContext=context)
    browser = site.browser()
    path = site.page(browser)
    assert "not on record any more" in browser.get(path).text

    def failing(*_given: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("rpild_server.handed_over.select", failing)
    assert "not on record any more" in browser.get(path).text


@pytest.mark.verifies("APP-79")
def test_a_reference_is_the_same_for_the_same_call_and_ends() -> None:
    made = sign(KEYS, "call", "patient", NOW)
    assert made == sign(KEYS, "call", "patient", NOW)
    found = verify(KEYS, made, NOW)
    assert found
    assert (found.call, found.patient) == ("call", "patient")
    assert verify(KEYS, made, NOW + VALID) is None


@pytest.mark.verifies("APP-78", "APP-79")
def test_a_changed_reference_is_none() -> None:
    body, _, mac = sign(KEYS, "call", "patient", NOW).partition(".")
    raw = base64.urlsafe_b64decode(body + "==")

    def packed(changed: bytes) -> str:
        return f"{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{mac}"

    for text in (
        body, f"{body}.", f"{body}.{'0' * 64}", f"{body[:-2]}.{mac}", packed(raw.replace(b"call", b"Call")),
        packed(b"{}"), packed(b"[]"), packed(raw + b" "), f"{body}.{mac}" + "x" * 2000, "", ".", f"é.{mac}", "====.x",
    ):  # fmt: skip
        assert verify(KEYS, text, NOW) is None, text
    other = Keyring(type(SECRETS)("other", {"other": b"k" * 32}, SECRETS.pseudonym))
    assert verify(other, f"{body}.{mac}", NOW) is None
