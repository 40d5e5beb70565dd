"""Ways into the demo by address: the app's tab, faults, the tour, and results that arrive."""

from __future__ import annotations

import html
import json

import pytest
from flask.testing import FlaskClient

from ehr_sandbox.app import create_sandbox
from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.faults import known_faults
from ehr_sandbox.tour import steps
from tests.sandbox.fake_service import BASE, CARD, NOW, FakeService

HTML = {"Accept": "text/html"}
LAUNCH = "http://127.0.0.1:9/smart/launch"
APP = Client(
    "rpild", "App", launch_url=LAUNCH, redirect_uris=("http://127.0.0.1:9/back",), jwks_url="http://127.0.0.1:9/k"
)


@pytest.fixture
def ehr(service: FakeService) -> FlaskClient:
    """A demo EHR with one app."""
    return create_sandbox(service.url, BASE, now=lambda: NOW, clients=(APP,)).test_client()


def text(ehr: FlaskClient, path: str, status: int = 200) -> str:
    answer = ehr.get(path, headers=HTML)
    assert answer.status_code == status
    return html.unescape(answer.get_data(as_text=True))


def on(ehr: FlaskClient) -> dict[str, str]:
    return {name: each["now"] for name, each in ehr.get("/faults").get_json().items() if each["on"]}


def test_the_app_opens_in_a_sandboxed_frame_for_this_patient(ehr: FlaskClient) -> None:
    answer = ehr.get("/patients/classic/app")
    page = html.unescape(answer.get_data(as_text=True))
    assert f'src="{LAUNCH}?iss=' in page
    assert "launch=" in page
    assert "allow-top-navigation" not in page
    assert "frame-src 'self' 127.0.0.1:9" in answer.headers["Content-Security-Policy"]


def test_a_card_opens_the_app_that_it_links_to(ehr: FlaskClient, service: FakeService) -> None:
    link = {"label": "Whole assessment", "url": LAUNCH, "type": "smart", "appContext": "hand-over-7f"}
    service.cards = [CARD | {"links": [link]}]
    page = text(ehr, "/patients/classic?hook=patient-view")
    assert "Whole assessment" in page
    exchange = page.split('name="exchange" value="')[1].split('"')[0]
    opened = text(ehr, f"/patients/classic/app?exchange={exchange}&card={CARD['uuid']}")
    assert f'src="{LAUNCH}?iss=' in opened
    launches = ehr.application.extensions["launcher"].server.launches
    assert "hand-over-7f" in repr(vars(launches))


def test_a_card_without_such_a_link_or_with_a_foreign_one_opens_nothing(ehr: FlaskClient, service: FakeService) -> None:
    assert "no longer in memory" in text(ehr, "/patients/classic/app?exchange=gone&card=x", 400)
    foreign = {"label": "L", "url": "https://elsewhere.invalid/launch", "type": "smart"}
    service.cards = [CARD | {"links": [foreign]}]
    exchange = text(ehr, "/patients/classic?hook=patient-view").split('name="exchange" value="')[1].split('"')[0]
    assert "leads to no app" in text(ehr, f"/patients/classic/app?exchange={exchange}&card={CARD['uuid']}", 404)
    assert "no patient 'nobody'" in text(ehr, "/patients/nobody/app", 404)


def test_the_tab_of_the_app_by_address(ehr: FlaskClient) -> None:
    answer = ehr.get("/patients/classic?tab=app&intent=review")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/patients/classic/app?intent=review")


def test_a_fault_by_address_is_switched_on_once(ehr: FlaskClient) -> None:
    answer = ehr.get("/patients/classic?tab=app&fault=slow=2,html=Observation")
    assert answer.headers["Location"] == "/patients/classic?tab=app"
    assert on(ehr) == {"slow": "2", "html": "Observation"}
    assert "Faults are on:" in text(ehr, "/")
    assert ehr.get("/patients/classic?fault=denied").headers["Location"] == "/patients/classic"
    assert "There is no fault 'invented'" in text(ehr, "/patients/classic?fault=invented", 400)


def test_a_link_on_another_site_switches_nothing_on(ehr: FlaskClient) -> None:
    answer = ehr.get("/patients/classic?fault=slow", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Location"] == "/faults"
    assert on(ehr) == {}


def test_the_page_of_faults_switches_by_forms(ehr: FlaskClient) -> None:
    page = text(ehr, "/faults")
    for name, fault in known_faults().items():
        assert fault["text"] in page
        assert f"<code>{name}</code>" in page
    answer = ehr.post("/faults", data={"slow": "2"}, headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/faults")
    assert "On: <code>2</code>" in text(ehr, "/faults")
    ehr.post("/faults", data={"all-off": "1"}, headers=HTML)
    assert on(ehr) == {}


def test_programs_still_get_json(ehr: FlaskClient) -> None:
    assert list(json.loads(ehr.get("/faults").get_data())) == list(known_faults())
    assert ehr.post("/faults", data={"denied": ""}).get_json()["denied"]["on"]


def test_every_step_of_the_tour_is_a_page_and_leads_on(ehr: FlaskClient) -> None:
    assert len(steps()) == 5
    overview = text(ehr, "/tour")
    for step in steps():
        assert step.address in overview
        page = text(ehr, step.address)
        assert f"{step.number} of 5: {step.title}." in page
        assert f'href="{step.next}"' in page
        assert "of 5:" not in text(ehr, step.end)


def test_results_arrive_when_asked_for(ehr: FlaskClient) -> None:
    before = text(ehr, "/patients/one-statement")
    assert "Let new results arrive" in before
    assert "2140 ng/mL" not in before
    page = html.unescape(ehr.post("/patients/one-statement", data={"do": "new-results"}).get_data(as_text=True))
    assert "New results: Ferritin, LDH" in page
    assert "2140 ng/mL" in page
    assert "Written by apps" not in page
    assert "Let new results arrive" not in text(ehr, "/patients/classic")
    said = ehr.post("/patients/classic", data={"do": "new-results"}).get_data(as_text=True)
    assert "No result is on its way." in said
