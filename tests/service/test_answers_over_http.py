"""The services over real HTTP: discovery, cards, conformance of every answer, determinism."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.service.calls import (
    bundle,
    card_faults,
    concept,
    draft,
    empty_leaves,
    fresh,
    healthy,
    hook_body,
    observation,
    patient,
    quantity,
    rapid_disease,
    sent,
)
from tests.service.conftest import Site, serving, test_settings
from tests.service.hostile_server import Behaviour

ASSESSMENT = "org.rpild.assessment"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
METHOTREXATE = draft(intent="order", medicationCodeableConcept=concept(RXNORM, "6851", "methotrexate"))
ANKLE = draft("ServiceRequest", intent="order", code={"text": "X-ray of the ankle"})


def topics(answer: dict[str, object]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer["cards"]]  # type: ignore[attr-defined]


def signing(*orders: dict[str, object], **context: object) -> dict[str, object]:
    return {"draftOrders": bundle(*orders), **context}


def test_discovery_announces_three_services(site: Site) -> None:
    answer = requests.get(f"{site.url}/cds-services", timeout=20)
    services = answer.json()["services"]
    assert answer.headers["Content-Type"] == "application/json"
    assert {each["id"]: each["hook"] for each in services} == {
        "rpild-order-sign": "order-sign",
        "rpild-order-select": "order-select",
        "rpild-patient-view": "patient-view",
    }
    assert all(each["description"] and each["title"] and each["prefetch"]["patient"] for each in services)
    assert list(empty_leaves(services)) == []


@pytest.mark.verifies("CH-26.1")
def test_met_criteria_give_the_card_and_the_assessment(site: Site) -> None:
    answer = site.answer(hook_body(prefetch=rapid_disease(site.templates())))
    assert topics(answer) == ["combinationTherapy"]
    assessment = answer["extension"][ASSESSMENT]
    assert assessment["definitions"]["fourConditions"] == "met"
    assert assessment["criteria"]["fvcDecline"] == "met"
    assert assessment["cards"] == topics(answer)
    assert assessment["evaluatedAt"] == "2026-11-22T09:30:00Z"


def test_every_card_is_conformant_and_nothing_is_empty(site: Site) -> None:
    answer = site.answer(hook_body(prefetch=rapid_disease(site.templates())))
    assert answer["cards"]
    assert [fault for card in answer["cards"] for fault in card_faults(card)] == []
    assert list(empty_leaves(answer["cards"])) == []
    assert answer.keys() == {"cards", "extension"}


@pytest.mark.verifies("CH-31")
def test_an_irrelevant_patient_gets_an_empty_list_and_is_out_of_scope(site: Site) -> None:
    answer = site.answer(hook_body(prefetch=healthy(site.templates())))
    assert answer["cards"] == []
    assert answer["extension"][ASSESSMENT]["context"] == "outOfScope"


def test_signing_an_order_in_scope_speaks_and_another_stays_silent(site: Site) -> None:
    keys = site.templates("rpild-order-sign")
    spoken = site.answer(hook_body("order-sign", rapid_disease(keys), signing(METHOTREXATE)), "rpild-order-sign")
    assert topics(spoken) == ["combinationTherapy", "avoidForInduction"]
    silent = site.answer(hook_body("order-sign", rapid_disease(keys), signing(ANKLE)), "rpild-order-sign")
    assert silent["cards"] == []
    assert silent["extension"][ASSESSMENT]["definitions"]["fourConditions"] == "met"


def test_signing_nothing_gives_no_card(site: Site) -> None:
    keys = site.templates("rpild-order-sign")
    assert site.answer(hook_body("order-sign", rapid_disease(keys), signing()), "rpild-order-sign")["cards"] == []


def test_selecting_speaks_of_the_selected_order_only(site: Site) -> None:
    keys = site.templates("rpild-order-select")
    context = signing(METHOTREXATE, selections=["MedicationRequest/draft-1"])
    assert topics(site.answer(hook_body("order-select", rapid_disease(keys), context), "rpild-order-select")) == [
        "avoidForInduction"
    ]
    context = signing(METHOTREXATE, selections=[])
    assert site.answer(hook_body("order-select", rapid_disease(keys), context), "rpild-order-select")["cards"] == []


@pytest.mark.verifies("CH-25")
def test_an_unfinished_order_is_no_error(site: Site) -> None:
    keys = site.templates("rpild-order-select")
    unfinished = draft(category={"text": "an object in place of a list"})
    body = hook_body("order-select", rapid_disease(keys), signing(unfinished, selections=["MedicationRequest/draft-1"]))
    body["context"]["draftOrders"].pop("type")
    assert site.answer(body, "rpild-order-select")["cards"] == []


def test_a_suggestion_is_for_this_patient_and_encounter(site: Site) -> None:
    body = hook_body(prefetch=rapid_disease(site.templates()), context={"encounterId": "visit"})
    card = site.answer(body)["cards"][0]
    resources = [each["actions"][0]["resource"] for each in card["suggestions"]]
    assert resources
    assert {each["encounter"]["reference"] for each in resources} == {"Encounter/visit"}


@pytest.mark.verifies("CH-23", "H10")
def test_a_patient_id_with_its_type_is_the_same_patient(site: Site) -> None:
    body = hook_body(prefetch=rapid_disease(site.templates()))
    plain = site.answer(body)
    body["context"]["patientId"] = "Patient/p1"
    assert site.answer(body) == plain


@pytest.mark.verifies("A-17", "H7")
def test_markup_in_the_chart_stays_text(site: Site) -> None:
    prefetch = rapid_disease(site.templates())
    name = "<img src=x onerror=alert(1)> [x](https://evil.example) \u202e"
    prefetch["conditions"]["entry"][2]["resource"]["code"]["text"] = name
    prefetch["conditions"]["entry"][2]["resource"]["code"]["coding"][0]["display"] = name
    card = site.answer(hook_body(prefetch=prefetch))["cards"][0]
    assert "img src" in card["detail"]
    assert "<img" not in card["detail"].replace("\\<img", "")
    assert "](" not in card["detail"]
    assert "\u202e" not in card["detail"]


def test_a_lab_without_a_unit_is_unknown_and_shown(site: Site) -> None:
    prefetch = rapid_disease(site.templates())
    value = {"valueQuantity": {"value": 2000}}
    ferritin = observation("f", concept("http://loinc.org", "2276-4", "Ferritin"), value, "2026-11-21T08:00:00Z")
    prefetch["laboratory"]["entry"].append({"resource": ferritin})
    assessment = site.answer(hook_body(prefetch=prefetch))["extension"][ASSESSMENT]
    assert assessment["flags"]["ferritin828"] == "unknown"
    (missing,) = [each for each in assessment["missing"] if each["criterion"] == "ferritin828"]
    assert missing["reason"] == "unit"
    (finding,) = [each for each in assessment["findings"] if each["id"] == "ferritin828"]
    assert "Observation/f" in str(finding) or "2000" in str(finding)


def test_the_same_call_gives_the_same_bytes(quiet_fhir: Behaviour) -> None:
    settings = test_settings(quiet_fhir)
    answers = []
    for _ in range(2):
        with serving(settings, quiet_fhir) as fresh_site:
            answers.append(fresh_site.post(hook_body(prefetch=rapid_disease(fresh_site.templates()))).content)
    assert answers[0] == answers[1]
    assert len(answers[0]) > 1000


@pytest.fixture
def ticking() -> Iterator[datetime]:
    return (datetime(2026, 11, 22, 9, 30, tzinfo=UTC) + timedelta(seconds=tick) for tick in range(1000))


def test_a_repeated_call_gets_the_stored_bytes_another_body_is_evaluated_anew(
    quiet_fhir: Behaviour, ticking: Iterator[datetime]
) -> None:
    with serving(test_settings(quiet_fhir), quiet_fhir, now=lambda: next(ticking)) as clocked:
        body = hook_body(prefetch=rapid_disease(clocked.templates()))
        first, second = clocked.post(body), clocked.post(body)
        assert first.content == second.content
        other = clocked.post(body | {"extension": {"x": 1}})
        assert other.content != first.content
        assert other.json()["cards"] == first.json()["cards"]
        assert clocked.post(body | {"hookInstance": fresh()}).json()["cards"] != first.json()["cards"]


@pytest.mark.verifies("H17")
def test_twenty_equal_calls_at_once_get_the_same_bytes(quiet_fhir: Behaviour, ticking: Iterator[datetime]) -> None:
    with serving(test_settings(quiet_fhir), quiet_fhir, now=lambda: next(ticking)) as clocked:
        body = sent(hook_body(prefetch=rapid_disease(clocked.templates())))
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: clocked.post(body).content, range(20)))
    assert len(set(answers)) == 1


def test_a_silent_site_evaluates_and_sends_nothing(quiet_fhir: Behaviour) -> None:
    with serving(test_settings(quiet_fhir, silent_mode=True), quiet_fhir) as silent:
        answer = silent.answer(hook_body(prefetch=rapid_disease(silent.templates())))
    assert answer["cards"] == []
    assert answer["extension"][ASSESSMENT]["definitions"]["fourConditions"] == "met"


def test_without_the_setting_the_assessment_stays_inside(quiet_fhir: Behaviour) -> None:
    with serving(test_settings(quiet_fhir, expose_assessment=False), quiet_fhir) as closed:
        assert closed.answer(hook_body(prefetch=healthy(closed.templates()))) == {"cards": []}


@pytest.mark.verifies("A-18")
def test_ten_thousand_entries_are_answered(site: Site) -> None:
    prefetch = rapid_disease(site.templates())
    potassium = concept("http://loinc.org", "2823-3", "Potassium")
    many = [
        observation(f"k{number}", potassium, quantity(4.1, "mmol/L"), "2026-11-20T08:00:00Z")
        for number in range(10_000)
    ]
    prefetch["laboratory"] = bundle(*many)
    assert topics(site.answer(hook_body(prefetch=prefetch))) == ["combinationTherapy"]


def test_a_deceased_patient_gets_nothing(site: Site) -> None:
    prefetch = rapid_disease(site.templates()) | {"patient": patient() | {"deceasedBoolean": True}}
    assert site.answer(hook_body(prefetch=prefetch))["cards"] == []


def test_lives_and_is_ready(quiet_fhir: Behaviour) -> None:
    ready = {"yes": False}
    with serving(test_settings(quiet_fhir), quiet_fhir, ready=lambda: ready["yes"]) as starting:
        assert requests.get(f"{starting.url}/livez", timeout=20).status_code == 200
        assert requests.get(f"{starting.url}/readyz", timeout=20).status_code == 503
        ready["yes"] = True
        assert requests.get(f"{starting.url}/readyz", timeout=20).json() == {"status": "ok"}
