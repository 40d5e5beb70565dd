"""The chart page over HTTP without JavaScript: hooks are called, cards appear, answers go back to the service."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from ehr_sandbox.app import create_sandbox
from ehr_sandbox.charting import load_patients
from ehr_sandbox.order_pad import catalogue, draft
from tests.sandbox.fake_service import BASE, CARD, NOW, FakeService

Form = dict[str, Any]
PATIENTS = [patient.id for patient in load_patients()]
SUGGESTION = "0d0e46f2-50ba-55a5-8c1c-1f5f7ad4f001"


def shown(ehr: FlaskClient, path: str, status: int = 200) -> str:
    answer = ehr.get(path)
    assert answer.status_code == status
    return html.unescape(answer.get_data(as_text=True))


def press(ehr: FlaskClient, form: Form, patient: str = "classic", status: int = 200) -> str:
    answer = ehr.post(f"/patients/{patient}", data=form)
    assert answer.status_code == status
    return html.unescape(answer.get_data(as_text=True))


def exchange_in(page: str) -> str:
    found = re.search(r'name="exchange" value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_list_names_every_patient_by_its_lesson(ehr: FlaskClient) -> None:
    page = shown(ehr, "/")
    for patient in load_patients():
        assert patient.lesson in page
        assert f'href="/patients/{patient.id}"' in page
        assert set(patient.worth_trying) <= set(catalogue())
    assert "Synthetic data, not for care" in page


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_chart_opens(ehr: FlaskClient, service: FakeService, patient: str) -> None:
    page = shown(ehr, f"/patients/{patient}?hook=patient-view")
    assert CARD["summary"] in page
    call = service.calls[0]
    assert (call["hook"], call["context"]["patientId"]) == ("patient-view", patient)
    assert call["context"]["userId"].startswith("Practitioner/dr-demo-")
    assert call["prefetch"]["user"]["id"] == call["context"]["userId"].removeprefix("Practitioner/")
    assert set(call["prefetch"]) == {"patient", "user", "labs"}
    assert call["fhirServer"] == f"{BASE}/fhir"
    assert "draftOrders" not in call["context"]


def test_an_open_encounter_is_part_of_the_context(ehr: FlaskClient, service: FakeService) -> None:
    shown(ehr, "/patients/classic?hook=patient-view")
    shown(ehr, "/patients/workup-only?hook=patient-view")
    assert [call["context"].get("encounterId") for call in service.calls] == ["classic-encounters-0", None]


def test_a_fresh_chart_calls_nothing_by_itself_but_tells_browsers_without_script_where_to_go(
    ehr: FlaskClient, service: FakeService
) -> None:
    page = shown(ehr, "/patients/classic?order=ferritin")
    assert (
        '<noscript><meta http-equiv="refresh" content="0; url=/patients/classic?hook=patient-view&order=ferritin">'
        in page
    )
    assert not service.calls
    assert "noscript" not in shown(ehr, "/patients/classic?hook=patient-view")


def test_the_chart_shows_values_trends_and_what_was_recorded(ehr: FlaskClient) -> None:
    page = shown(ehr, "/patients/classic")
    for words in (
        "MORLAND, Aiko",
        "1680 ng/mL",
        "Ferritin: rising from 412 to 1680, 5 values",
        "2.60 L",
        "Dermatomyositis",
    ):
        assert words in page
    assert "10.65 (no unit)" in shown(ehr, "/patients/local-l1")
    assert "New or worse infiltrates on CT: yes" in shown(ehr, "/patients/kurasawa-k1")
    assert "Invasive mechanical ventilation" in shown(ehr, "/patients/ecmo-candidate")
    assert "No open encounter" in shown(ehr, "/patients/workup-only")


def test_signing_sends_the_ticked_orders_as_drafts(ehr: FlaskClient, service: FakeService) -> None:
    page = press(ehr, {"order": ["methotrexate", "ferritin"], "do": "order-sign"})
    assert CARD["summary"] in page
    assert "Sign was pressed for 2 orders" in page
    drafts = [entry["resource"] for entry in service.calls[0]["context"]["draftOrders"]["entry"]]
    assert [each["resourceType"] for each in drafts] == ["MedicationRequest", "ServiceRequest"]
    assert {each["status"] for each in drafts} == {"draft"}
    assert drafts[0]["dosageInstruction"][0]["timing"]["repeat"]["period"] == 7
    assert "selections" not in service.calls[0]["context"]


def test_selecting_names_the_drafts_selected(ehr: FlaskClient, service: FakeService) -> None:
    press(ehr, {"order": ["methotrexate"], "do": "order-select"})
    assert service.calls[0]["context"]["selections"] == ["MedicationRequest/draft-methotrexate"]
    press(ehr, {"do": "order-select"})
    assert len(service.calls) == 1


def test_signing_nothing_calls_nothing(ehr: FlaskClient, service: FakeService) -> None:
    assert "tick at least one order" in press(ehr, {"do": "order-sign"})
    assert not service.calls


def test_a_card_shows_severity_source_and_safe_detail(ehr: FlaskClient) -> None:
    raw = ehr.get("/patients/classic?hook=patient-view").get_data(as_text=True)
    assert 'class="card critical"' in raw
    assert "Critical" in raw
    assert "<strong>FVC</strong>" in raw
    assert "&lt;b&gt;bold&lt;/b&gt;" in raw
    assert "Source: RP-ILD decision support" in raw


def test_cards_stand_by_severity_and_a_topic_is_shown_once(ehr: FlaskClient, service: FakeService) -> None:
    info = CARD | {
        "uuid": "i",
        "indicator": "info",
        "summary": "Info card",
        "source": {"label": "s", "topic": {"display": "Other"}},
    }
    odd = CARD | {"uuid": "o", "indicator": "shout", "summary": "Odd card", "source": {"label": "s"}}
    service.cards = [info, odd, CARD]
    opened = press(ehr, {"do": "patient-view"})
    assert opened.index(CARD["summary"]) < opened.index("Info card") < opened.index("Odd card")
    signed = press(ehr, {"do": "order-sign", "order": "ferritin", "exchange": exchange_in(opened)})
    assert signed.count(CARD["summary"]) == 1
    assert "Orders signed" in signed
    assert "Chart opened" in signed


def test_no_cards_means_no_recommendations(ehr: FlaskClient, service: FakeService) -> None:
    service.cards = []
    page = press(ehr, {"do": "order-sign", "order": "ankle-xray"})
    assert "No card from this check. Silence is no all-clear." in page


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            412,
            {"issue": [{"details": {"text": "Condition could not be read"}, "diagnostics": "Grant the scope."}]},
            "The service answered 412: Condition could not be read — Grant the scope.",
        ),
        (500, {"oops": 1}, "The service answered 500: INTERNAL SERVER ERROR"),
        (422, ["a list"], "The service answered 422"),
        (200, "<html>", "The service answered 200 with something that is not a JSON object"),
        (200, {"cardz": []}, "The service answered 200 without a list of cards"),
    ],
)
def test_a_failing_service_is_never_shown_as_no_recommendations(
    ehr: FlaskClient, service: FakeService, status: int, body: Any, words: str
) -> None:
    service.status, service.body = status, body
    page = press(ehr, {"do": "patient-view"})
    assert words in page
    assert "No decision support" in page
    assert "card from this check" not in page


def test_a_service_that_is_down_is_said_and_the_chart_still_opens() -> None:
    ehr = create_sandbox("http://127.0.0.1:9", BASE, now=lambda: NOW).test_client()
    page = shown(ehr, "/patients/classic?hook=patient-view")
    assert "The service at http://127.0.0.1:9 cannot be reached: is it running?<" in page
    assert "MORLAND, Aiko" in page


def test_a_suggestion_goes_on_the_pad_and_is_signed_with_the_rest(ehr: FlaskClient, service: FakeService) -> None:
    opened = press(ehr, {"do": "patient-view"})
    name = exchange_in(opened)
    added = press(ehr, {"exchange": name, "order": "prednisone", "do": f"accept:{name}:{CARD['uuid']}:{SUGGESTION}"})
    assert "Added to the order pad; not signed yet." in added
    assert "On the pad" in added
    assert service.feedback[0]["acceptedSuggestions"] == [{"id": SUGGESTION}]
    text = re.search(r'name="draft" value="(\{.*?\})" checked', added)
    assert text
    press(ehr, {"order": "prednisone", "draft": text[1], "do": "order-sign"})
    names = [entry["resource"]["id"] for entry in service.calls[-1]["context"]["draftOrders"]["entry"]]
    assert names == ["draft-prednisone", "draft-suggested-1"]


def test_a_suggested_order_is_placed_and_stands_in_the_record(ehr: FlaskClient) -> None:
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    added = press(ehr, {"exchange": name, "do": f"accept:{name}:{CARD['uuid']}:{SUGGESTION}"})
    text = re.search(r'name="draft" value="(\{.*?\})" checked', added)
    assert text
    shapeless = text[1].replace('"code": {', '"code": "x", "other": {')
    assert "has not the shape of one" in press(ehr, {"draft": shapeless, "do": "place"}, status=400)
    drug = text[1].replace("ServiceRequest", "MedicationRequest")
    placed = press(ehr, {"draft": [text[1], drug], "do": "place"})
    assert "1 suggested order was placed." in placed
    assert placed.count('name="draft"') == 1, "drugs are not placed by this button"
    assert "2 suggested orders were placed." in press(ehr, {"draft": [text[1], text[1]], "do": "place"})
    bundle = ehr.get("/open/fhir/ServiceRequest?patient=classic&_sort=-authored&_count=1").get_json()
    order = bundle["entry"][0]["resource"]
    assert (order["status"], order["intent"], order["authoredOn"]) == ("active", "order", "2026-11-24T09:30:00Z")
    assert order["code"]["text"] in shown(ehr, "/patients/classic").split("Open orders")[1]


def test_a_suggestion_for_another_patient_is_not_added(ehr: FlaskClient, service: FakeService) -> None:
    service.suggest_for = "local-l1"
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    page = press(ehr, {"exchange": name, "do": f"accept:{name}:{CARD['uuid']}:{SUGGESTION}"})
    assert "Not added: a card suggested an order for another patient" in page
    assert 'name="draft"' not in page
    assert not service.feedback


def test_setting_a_card_aside_sends_the_reason(ehr: FlaskClient, service: FakeService) -> None:
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    wish = f"override:{name}:{CARD['uuid']}"
    assert "Choose a reason" in press(ehr, {"exchange": name, "do": wish})
    page = press(
        ehr,
        {
            "exchange": name,
            "do": wish,
            f"reason-{CARD['uuid']}": "awaitingResults",
            f"comment-{CARD['uuid']}": "panel sent",
        },
    )
    assert "Set aside: Awaiting results" in page
    assert service.feedback == [
        {
            "card": CARD["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": "2026-11-24T09:30:00Z",
            "overrideReason": {"reason": CARD["overrideReasons"][0], "userComment": "panel sent"},
        }
    ]


def test_a_comment_alone_is_reason_enough(ehr: FlaskClient, service: FakeService) -> None:
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    page = press(
        ehr, {"exchange": name, "do": f"override:{name}:{CARD['uuid']}", f"comment-{CARD['uuid']}": "discussed"}
    )
    assert "Set aside: other reason" in page
    assert service.feedback[0]["overrideReason"] == {"userComment": "discussed"}


def test_feedback_that_fails_is_said(ehr: FlaskClient, service: FakeService) -> None:
    service.feedback_status = 500
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    page = press(ehr, {"exchange": name, "do": f"override:{name}:{CARD['uuid']}", f"comment-{CARD['uuid']}": "x"})
    assert "Feedback was not delivered: the service answered 500" in page


@pytest.mark.parametrize("wish", ["accept:x:y:z", "override:x:y"])
def test_a_forgotten_card_is_said(ehr: FlaskClient, wish: str) -> None:
    assert "no longer in memory" in press(ehr, {"exchange": "x", "do": wish})


def test_an_exchange_of_another_patient_is_not_shown(ehr: FlaskClient) -> None:
    name = exchange_in(press(ehr, {"do": "patient-view"}))
    page = press(ehr, {"exchange": name, "do": "order-sign"}, patient="local-l1")
    assert CARD["summary"] not in page


def test_absolute_links_of_a_card_are_shown_and_others_are_not(ehr: FlaskClient, service: FakeService) -> None:
    links = [
        {"label": "Guideline", "url": "https://example.org/g", "type": "absolute"},
        {"label": "App", "url": "https://example.org/launch", "type": "smart"},
        {"label": "Trap", "url": "javascript:alert(1)", "type": "absolute"},
    ]
    service.cards = [CARD | {"links": links}]
    page = shown(ehr, "/patients/classic?hook=patient-view")
    assert 'href="https://example.org/g"' in page
    assert "Trap" not in page
    assert "https://example.org/launch" not in page


def test_deep_links_lead_to_the_signed_order(ehr: FlaskClient, service: FakeService) -> None:
    answer = ehr.get("/?patient=classic&order=methotrexate,ferritin&hook=order-sign")
    assert answer.status_code == 302
    page = shown(ehr, answer.headers["Location"])
    assert CARD["summary"] in page
    assert len(service.calls[0]["context"]["draftOrders"]["entry"]) == 2
    assert ehr.get("/?patient=classic").headers["Location"] == "/patients/classic"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/patients/nobody", 404, "There is no patient 'nobody'"),
        ("/patients/classic?order=elixir", 400, "There is no order 'elixir' on the pad"),
        ("/patients/classic?hook=order-dispatch", 400, "knows no action 'order-dispatch'"),
        ("/nowhere", 404, "Not Found"),
    ],
)
def test_wrong_addresses_get_a_page_that_helps(ehr: FlaskClient, path: str, status: int, words: str) -> None:
    page = shown(ehr, path, status)
    assert words in page
    assert "Back to the patient list" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no json", "could not be read back"),
        ('["list"]', "not an order"),
        ('{"resourceType": "Patient"}', "not an order"),
        (json.dumps(draft("ferritin", "local-l1", "2026-11-24T09:30:00Z")), "another patient"),
    ],
)
def test_a_draft_that_was_tampered_with_is_refused(ehr: FlaskClient, text: str, words: str) -> None:
    assert words in press(ehr, {"draft": text, "do": "order-sign"}, status=400)


def test_another_site_cannot_press_buttons(ehr: FlaskClient, service: FakeService) -> None:
    answer = ehr.post("/patients/classic", data={"do": "patient-view"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 400
    assert not service.calls


def test_pages_forbid_inline_code_and_hold_none(ehr: FlaskClient) -> None:
    answer = ehr.get("/patients/classic?hook=patient-view")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert ehr.get(path).status_code == 200
