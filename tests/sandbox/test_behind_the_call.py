"""What the chart lays open: one call in full with its tokens masked, and what was read with which token."""

from __future__ import annotations

import html
import json
import re

from flask.testing import FlaskClient

from ehr_sandbox.access_log import KEPT, AccessLog, FhirCall, mark_of
from ehr_sandbox.call_view import call_view, masked
from ehr_sandbox.exchanges import Exchange
from tests.sandbox.fake_service import CARD, FakeService


def opened(ehr: FlaskClient, patient: str = "classic") -> str:
    """The address behind the call that opening a chart made."""
    page = ehr.get(f"/patients/{patient}?hook=patient-view").get_data(as_text=True)
    found = re.search(r'href="(/exchanges/[^"]+)"', page)
    assert found
    return found[1]


def text(ehr: FlaskClient, path: str, status: int = 200) -> str:
    answer = ehr.get(path)
    assert answer.status_code == status
    return html.unescape(answer.get_data(as_text=True))


def call_of(mark: str, patient: str = "classic", path: str = "/fhir/Observation") -> FhirCall:
    return FhirCall("2026-11-24T09:30:00Z", "GET", path, 200, 4, 900, mark, patient)


def test_a_call_in_full_without_its_token(ehr: FlaskClient, service: FakeService) -> None:
    page = text(ehr, opened(ehr))
    sent = service.calls[0]
    token = sent["fhirAuthorization"]["access_token"]
    assert sent["hookInstance"] in page
    assert CARD["summary"] in page
    assert f"(masked, {len(token)} characters)" in page
    assert token not in page
    for key in sent["prefetch"]:
        assert f"Prefetch: {key}" in page
    assert "This EHR fills the prefetch" in page


def test_requests_with_the_token_of_a_call_are_told_with_it(ehr: FlaskClient, service: FakeService) -> None:
    address = opened(ehr)
    token = service.calls[0]["fhirAuthorization"]["access_token"]
    assert "FHIR requests, summed up" not in text(ehr, address)
    found = ehr.get("/fhir/Observation?code=a%7Cb&_count=1", headers={"Authorization": f"Bearer {token}"})
    refused = ehr.get("/fhir/Patient/rheumatoid-knee", headers={"Authorization": f"Bearer {token}"})
    assert (found.status_code, refused.status_code) == (200, 404)
    page = text(ehr, address)
    assert "GET /fhir/Observation?code=a|b&_count=1" in page
    assert "of which 2 FHIR requests, summed up" in page
    about = text(ehr, "/patients/classic/calls")
    assert about.index("GET /fhir/Patient/rheumatoid-knee") < about.index("GET /fhir/Observation")
    assert token not in about
    assert "GET /fhir" not in text(ehr, "/patients/improving/calls")


def test_the_open_base_is_not_logged(ehr: FlaskClient) -> None:
    assert ehr.get("/open/fhir/Patient/classic").status_code == 200
    assert "/open/fhir/Patient" not in text(ehr, "/patients/classic/calls")


def test_a_forgotten_call_and_an_unknown_patient_are_said(ehr: FlaskClient) -> None:
    assert "no longer in memory" in text(ehr, "/exchanges/none", 404)
    assert "There is no patient 'nobody'" in text(ehr, "/patients/nobody/calls", 404)


def test_a_call_that_failed_shows_what_was_wrong() -> None:
    failed = Exchange("order-sign", "", {}, 0, {}, "the service cannot be reached")
    view = call_view(failed, AccessLog())
    assert (view.problem, view.reads) == ("the service cannot be reached", ())
    assert [block.name for block in view.blocks] == ["Response"]


def test_the_log_keeps_the_latest_and_no_token() -> None:
    log = AccessLog()
    for number in range(KEPT + 1):
        log.note(call_of(mark_of(f"token {number}")))
    assert log.with_mark(mark_of("token 0")) == ()
    assert len(log.with_mark(mark_of("token 1"))) == 1
    log.note(call_of(""))
    assert log.with_mark(mark_of("")) == ()
    assert "token" not in json.dumps([call.mark for call in log.about("classic")])


def test_masking_reaches_every_depth() -> None:
    assert masked({"a": [{"access_token": "abc", "scope": "x"}]}) == {
        "a": [{"access_token": "(masked, 3 characters)", "scope": "x"}]
    }
