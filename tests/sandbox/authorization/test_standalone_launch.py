"""A launch that starts in the app: the user is asked, chooses a patient, and the answer cannot be forged."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import requests

from tests.sandbox.authorization.site import App, answer_of

SCOPE = "openid fhirUser launch/patient patient/*.rs"


def asked(app: App, **changes: Any) -> requests.Response:
    page = app.authorize(launch=None, scope=changes.pop("scope", SCOPE), **changes)
    assert page.status_code == 200, page.text
    return page


def answered(
    app: App, page: requests.Response, headers: dict[str, str] | None = None, **fields: str
) -> requests.Response:
    """Press a button of the consent page."""
    found = re.search(r'<form method="post" action="([^"]+)"', page.text)
    ticket = re.search(r'name="consent" value="([^"]+)"', page.text)
    assert found
    assert ticket
    form = {"consent": ticket[1], "patient": "classic", "decision": "allow"} | fields
    return requests.post(app.base + unescape(found[1]), form, headers=headers, allow_redirects=False, timeout=5)


def test_the_user_is_asked_and_chooses_the_patient(app: App) -> None:
    page = asked(app)
    assert "App" in page.text
    assert page.text.count("<option") >= 10
    answer = answer_of(answered(app, page, patient="suh-a1"))
    assert (answer["state"], answer["iss"]) == ("state-1", app.base)
    tokens = app.redeem(answer["code"]).json()
    assert tokens["patient"] == "suh-a1"
    assert "encounter" not in tokens
    assert app.fhir("Patient/classic", tokens["access_token"]).status_code == 404


def test_the_form_may_lead_back_to_the_app_and_nothing_frames_it(app: App) -> None:
    policy = asked(app).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:1" in policy
    assert "frame-ancestors 'none'" in policy


def test_encounter_and_no_patient_at_all(app: App) -> None:
    with_visit = answer_of(answered(app, asked(app, scope="launch/patient launch/encounter patient/*.rs")))
    assert app.redeem(with_visit["code"]).json()["encounter"]
    page = asked(app, scope="openid fhirUser user/Patient.rs")
    assert "<option" not in page.text
    tokens = app.redeem(answer_of(answered(app, page))["code"]).json()
    assert "patient" not in tokens
    assert app.fhir("Patient/suh-a1", tokens["access_token"]).status_code == 200


def test_no_is_told_to_the_app(app: App) -> None:
    answer = answer_of(answered(app, asked(app), decision="deny"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "state-1", app.base)


def test_who_may_not_ask_is_told_so(app: App) -> None:
    answer = answer_of(app.authorize(launch=None, scope=SCOPE, prompt="none"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("consent_required", "state-1", app.base)
    assert "code" in answer_of(app.authorize(prompt="none")), "a launch from the chart asks nothing"


def test_an_answer_is_good_once(app: App) -> None:
    page = asked(app, scope="launch/patient patient/*.rs")
    assert "code" in answer_of(answered(app, page))
    assert answered(app, page).status_code == 400


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({}, {"consent": "invented"}),
        ({}, {"patient": "nobody"}),
        ({}, {"patient": ""}),
    ],
)
def test_a_forged_answer_gives_nothing(app: App, headers: dict[str, str], fields: dict[str, str]) -> None:
    answer = answered(app, asked(app), headers, **fields)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_ticket_is_for_its_own_request(app: App) -> None:
    mine, other = asked(app), asked(app, state="another")
    ticket = re.search(r'name="consent" value="([^"]+)"', other.text)
    assert ticket
    assert answered(app, mine, consent=ticket[1]).status_code == 400


def test_a_request_by_post_is_asked_too(app: App) -> None:
    page = app.authorize("POST", launch=None, scope=SCOPE)
    assert "code" in answer_of(answered(app, page))
