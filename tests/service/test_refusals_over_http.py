"""What must be refused over real HTTP: every coded error is reachable, and its answer is an OperationOutcome."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from cds_hooks import errors
from rpild_rules import recommend
from tests.service.calls import (
    INSTANCE,
    bundle,
    condition,
    draft,
    healthy,
    hook_body,
    observation,
    patient,
    rapid_disease,
    sent,
)
from tests.service.conftest import BROWSER, Site, serving, test_settings
from tests.service.hostile_server import Behaviour
from tests.service.test_hook_request import CASES

Sender = Callable[[Site], requests.Response]
VIEW, SIGN = "rpild-patient-view", "rpild-order-sign"
ENTRY = {"card": INSTANCE, "outcome": "accepted", "outcomeTimestamp": "2026-11-22T09:31:00Z"}


def coded(answer: requests.Response) -> str:
    """The code of a refusal whose form is checked on the way."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert len(answer.headers["X-Correlation-Id"]) == 36
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    assert issue["severity"] == "error"
    assert issue["details"]["text"]
    assert issue["diagnostics"]
    assert "Traceback" not in answer.text
    (coding,) = issue["details"]["coding"]
    assert coding["system"] == "urn:rpild:error"
    return str(coding["code"])


def other_patient(site: Site) -> requests.Response:
    return site.post(hook_body(prefetch=healthy(site.templates()) | {"patient": patient("p2")}))


def plain(site: Site, path: str, method: str = "GET", **options: Any) -> requests.Response:
    return requests.request(method, f"{site.url}{path}", timeout=20, **options)


def feedback(site: Site, body: Any, service: str = VIEW) -> requests.Response:
    return site.post(body, f"{service}/feedback")


REFUSALS: dict[str, tuple[Sender, int]] = {
    "RPILD-BODY": (lambda site: site.post(b"{"), 400),
    "RPILD-DUPLICATE-KEY": (lambda site: site.post(b'{"hook":"a","hook":"b","hookInstance":"c","context":{}}'), 400),
    "RPILD-ENVELOPE": (lambda site: site.post(b"{}"), 400),
    "RPILD-WRONG-HOOK": (lambda site: site.post(hook_body("order-sign")), 400),
    "RPILD-CONTEXT": (lambda site: site.post(hook_body(context={"patientId": "../x"})), 400),
    "RPILD-NO-DRAFT-ORDERS": (lambda site: site.post(hook_body("order-sign"), SIGN), 400),
    "RPILD-AUTHORIZATION": (lambda site: site.post(hook_body(fhirAuthorization={})), 400),
    "RPILD-OTHER-PATIENT": (other_patient, 400),
    "RPILD-FEEDBACK": (lambda site: feedback(site, b"{}"), 400),
    "RPILD-UNKNOWN-PATH": (lambda site: plain(site, "/cds-services/a/b/c"), 404),
    "RPILD-UNKNOWN-SERVICE": (lambda site: site.post(hook_body(), "rpild-other"), 404),
    "RPILD-METHOD": (lambda site: plain(site, "/cds-services", "DELETE"), 405),
    "RPILD-REQUIRED-DATA": (lambda site: site.post(hook_body()), 412),
    "RPILD-TOO-LARGE": (lambda site: site.post(b" " * (9 * 1024 * 1024)), 413),
    "RPILD-MEDIA-TYPE": (lambda site: site.post(hook_body(), headers={"Content-Type": "text/plain"}), 415),
    "RPILD-COMPRESSED": (
        lambda site: site.post(gzip.compress(sent(hook_body())), headers={"Content-Encoding": "gzip"}),
        415,
    ),
}


@pytest.mark.verifies("CH-18", "CH-20", "CH-42.2", "A-11", "A-15", "H8")
@pytest.mark.parametrize(("code", "refusal"), REFUSALS.items(), ids=REFUSALS)
def test_every_code_is_reached_with_its_status(site: Site, code: str, refusal: tuple[Sender, int]) -> None:
    send, status = refusal
    answer = send(site)
    assert (answer.status_code, coded(answer)) == (status, code)


def test_no_code_is_left_out() -> None:
    elsewhere = {
        "RPILD-SLOW-BODY",
        "RPILD-INTERNAL",
        "RPILD-CALLER",
        "RPILD-HOOK-OFF",
        "RPILD-TOKEN-MEMORY",
        "RPILD-NOT-RECORDED",
        "RPILD-TOO-SLOW",
        "RPILD-HTTP",
        "RPILD-HEADERS",
    }
    assert {each.code for each in errors.leaves()} - set(REFUSALS) == elsewhere


@pytest.mark.verifies("CH-42.1")
def test_a_fault_is_a_coded_500_and_tells_no_value(
    quiet_fhir: Behaviour, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("canary value of a patient")

    monkeypatch.setattr(recommend, "_speaks", broken)
    with serving(test_settings(quiet_fhir), quiet_fhir) as faulty:
        answer = faulty.post(hook_body(prefetch=rapid_disease(faulty.templates())))
    assert (answer.status_code, coded(answer)) == (500, "RPILD-INTERNAL")
    printed = "".join(capfd.readouterr())
    assert "canary" not in answer.text + printed
    assert "RuntimeError at test_refusals_over_http.py" in printed


@pytest.mark.verifies("CH-17", "A-12", "A-13", "A-14", "H2", "H3", "H4", "H5", "H7", "H9", "H10")
@pytest.mark.parametrize(("body", "code"), CASES.values(), ids=CASES)
def test_malformed_bodies_are_refused_over_http(site: Site, body: bytes, code: str) -> None:
    answer = site.post(body)
    assert (answer.status_code, coded(answer)) == (400, code)


FOREIGN = observation("foreign", {"text": "Potassium"}, {}, "2026-11-20", subject="p2")
OTHERS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "patient": lambda keys: hook_body(prefetch=healthy(keys) | {"patient": patient("p2")}),
    "condition": lambda keys: hook_body(
        prefetch=healthy(keys) | {"conditions": bundle(condition("1", "x", "2020", "c", "p2"))}
    ),
    "observation at the gate": lambda keys: hook_body(prefetch=healthy(keys) | {"laboratory": bundle(FOREIGN)}),
    "observation behind the gate": lambda keys: hook_body(prefetch=rapid_disease(keys) | {"vitals": bundle(FOREIGN)}),
    "absolute reference": lambda keys: hook_body(
        prefetch=healthy(keys)
        | {"laboratory": bundle(FOREIGN | {"subject": {"reference": "https://ehr.example/fhir/Patient/p2"}})}
    ),
    "draft order": lambda keys: hook_body(
        "order-sign",
        rapid_disease(keys),
        {"draftOrders": bundle(draft() | {"subject": {"reference": "Patient/p2"}})},
    ),
    "the same id at another server": lambda keys: hook_body(
        prefetch=rapid_disease(keys)
        | {"vitals": bundle(FOREIGN | {"subject": {"reference": "https://ehr.elsewhere.example/fhir/Patient/p1"}})}
    ),
}


@pytest.mark.verifies("CH-26.9", "A-16", "H11")
@pytest.mark.parametrize("build", OTHERS.values(), ids=OTHERS)
def test_a_resource_of_another_patient_stops_the_call(site: Site, build: Callable[..., dict[str, Any]]) -> None:
    body = build(site.templates())
    answer = site.post(body, SIGN if body["hook"] == "order-sign" else VIEW)
    assert (answer.status_code, coded(answer)) == (400, "RPILD-OTHER-PATIENT")
    assert "p2" not in answer.text


@pytest.mark.verifies("A-11", "H6")
def test_a_chunked_body_without_length_is_read_and_capped(site: Site) -> None:
    body = sent(hook_body(prefetch=healthy(site.templates())))
    url, headers = f"{site.url}/cds-services/{VIEW}", {"Content-Type": "application/json"}
    assert requests.post(url, data=iter([body[:50], body[50:]]), headers=headers, timeout=20).status_code == 200
    endless = requests.post(url, data=(b" " * 1024 * 1024 for _ in range(10)), headers=headers, timeout=20)
    assert (endless.status_code, coded(endless)) == (413, "RPILD-TOO-LARGE")


def test_the_limit_is_that_of_the_settings(quiet_fhir: Behaviour) -> None:
    body = sent(hook_body())
    with serving(test_settings(quiet_fhir, max_body_bytes=len(body)), quiet_fhir) as narrow:
        assert narrow.post(body).status_code == 412
        assert narrow.post(body + b" ").status_code == 413


@pytest.mark.verifies("H8")
def test_a_wrong_method_names_the_right_ones(site: Site) -> None:
    answer = plain(site, f"/cds-services/{VIEW}")
    assert coded(answer) == "RPILD-METHOD"
    assert answer.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.verifies("A-15")
@pytest.mark.parametrize(
    "path",
    ["/cds-services/", "//cds-services", "/cds-services/%2e%2e", "/cds-services/x%00", "/cds-services/x/feedback"],
)
def test_odd_paths_are_not_found(site: Site, path: str) -> None:
    answer = plain(site, path, "POST", data=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code in (404, 405)
    assert coded(answer).startswith("RPILD-")


@pytest.mark.verifies("A-22")
def test_a_spoofed_host_changes_nothing(site: Site) -> None:
    body = hook_body(prefetch=rapid_disease(site.templates()), hookInstance="00000000-0000-4000-8000-000000000001")
    known = site.post(body).content
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert site.post(body, headers=headers).content == known
    assert b"evil.example" not in known


def test_garbage_on_the_wire_leaves_the_service_alive(site: Site) -> None:
    host, port = site.url.removeprefix("http://").split(":")
    for garbage in (b"\x00\xff\x00\r\n\r\n", b"POST /cds-services HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=5) as wire:
            wire.sendall(garbage)
            wire.recv(100)
    assert plain(site, "/livez").status_code == 200


@pytest.mark.verifies("CH-44", "CH-47", "CH-48")
def test_feedback_is_acknowledged_whatever_the_card(site: Site) -> None:
    overridden = ENTRY | {"outcome": "overridden", "overrideReason": {"reason": {"code": "x"}, "userComment": "<b>"}}
    accepted = ENTRY | {"acceptedSuggestions": [{"id": INSTANCE}], "card": "not-a-uuid", "extension": {"x": 1}}
    bare = ENTRY | {"outcome": "overridden", "overrideReasons": [{"code": "vendor spelling"}]}
    lists: list[list[Any]] = [[overridden, accepted, overridden], [bare], [], [bare, ENTRY, 5, {}]]
    for body in ({"feedback": each} for each in lists):
        answer = feedback(site, body)
        assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.verifies("CH-45", "CH-49.1", "A-20", "H20")
@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"{", "RPILD-BODY", 400),
        (b'"\xff"', "RPILD-BODY", 400),
        ({"feedback": {}}, "RPILD-FEEDBACK", 400),
        ({"feedback": [ENTRY]}, "RPILD-FEEDBACK", 400),
        ({"feedback": [ENTRY | {"outcome": "canary"}]}, "RPILD-FEEDBACK", 400),
        ({"feedback": [{"card": "x"}]}, "RPILD-FEEDBACK", 400),
        ({"feedback": [], "x": "y" * 300_000}, "RPILD-TOO-LARGE", 413),
    ],
)
def test_malformed_feedback_is_refused(site: Site, body: Any, code: str, status: int) -> None:
    answer = feedback(site, body)
    assert (answer.status_code, coded(answer)) == (status, code)
    assert "canary" not in answer.text


@pytest.mark.verifies("CH-59", "A-21")
def test_a_configured_origin_may_call_and_no_other(site: Site) -> None:
    preflight = plain(site, f"/cds-services/{VIEW}", "OPTIONS", headers={"Origin": BROWSER})
    assert preflight.headers["Access-Control-Allow-Origin"] == BROWSER
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    for answer in (
        plain(site, "/cds-services", headers={"Origin": BROWSER}),
        plain(site, "/cds-services/x/y/z", headers={"Origin": BROWSER}),
        site.post(b"{", headers={"Origin": BROWSER}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == BROWSER
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in ("null", "http://evil.example", BROWSER + ".evil.example", BROWSER.upper()):
        assert "Access-Control-Allow-Origin" not in plain(site, "/cds-services", headers={"Origin": origin}).headers
    assert "Access-Control-Allow-Origin" not in plain(site, "/livez", headers={"Origin": BROWSER}).headers


@pytest.mark.verifies("CH-59")
def test_cross_origin_calls_are_off_by_default(quiet_fhir: Behaviour) -> None:
    with serving(test_settings(quiet_fhir, cors_origins=frozenset()), quiet_fhir) as closed:
        answer = plain(closed, "/cds-services", headers={"Origin": BROWSER})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Vary" not in answer.headers


def test_no_answer_names_the_server_software(site: Site) -> None:
    assert "Server" not in plain(site, "/cds-services").headers


@pytest.mark.verifies("CH-21.2", "A-10")
def test_the_log_holds_no_value_of_the_call(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    prefetch = json.loads(json.dumps(rapid_disease(site.templates())).replace("p1", "canary-id"))
    prefetch["patient"]["name"] = [{"family": "Canaryname"}]
    body = hook_body(prefetch=prefetch, context={"patientId": "canary-id"}, **site.grant(access_token="canary-token"))
    assert site.post(body).status_code == 200
    site.post(body | {"hook": "canary-hook"})
    site.post(body | {"prefetch": {}})
    assert "canary" not in "".join(capfd.readouterr()).lower()
