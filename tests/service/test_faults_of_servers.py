"""FHIR servers that are down, not to be trusted, or careless with what they were asked, seen from a running service."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.service.calls import bundle, fresh, healthy, hook_body, patient, rapid_disease
from tests.service.conftest import Site, serving, test_settings
from tests.service.hostile_server import Act, Behaviour, give, status
from tests.service.test_answers_over_http import topics
from tests.service.test_prefetch_over_http import ASSESSMENT, fvc, serve_chart
from tests.service.test_refusals_over_http import coded
from tests.service.tls_server import tls_server

Json = dict[str, Any]


def refused(base: str, body: Json | None = None) -> requests.Response:
    """A call that names this server, which is registered, so that it is really tried."""
    server = Behaviour(base=base)
    with serving(test_settings(server), server) as site:
        return site.post(body or hook_body(**site.grant()))


@pytest.mark.verifies("F1")
@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:1/fhir", "https://nowhere.invalid/fhir"], ids=["refused", "no name"]
)
def test_a_server_that_cannot_be_reached_is_a_412_or_unknown(base: str) -> None:
    answer = refused(base)
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    server = Behaviour(base=base)
    with serving(test_settings(server), server) as site:
        whole = rapid_disease(site.templates())
        body = hook_body(prefetch={key: whole[key] for key in whole if key != "lungFunction"}, **site.grant())
        partial = site.answer(body)
    assert fvc(partial) == "unknown"
    assert "fetch-failed" in json.dumps(partial["extension"][ASSESSMENT]["missing"])


@pytest.mark.verifies("F1")
@pytest.mark.parametrize(("host", "days"), [("localhost", 1), ("localhost", -1), ("other.example", 1)])
def test_a_certificate_that_is_not_good_is_not_overlooked(tmp_path: Path, host: str, days: int) -> None:
    with tls_server(tmp_path, host, days) as server:
        answer = refused(server.base)
        assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
        assert server.seen == []


@pytest.fixture
def whole(reading_site: Site) -> Json:
    return rapid_disease(reading_site.templates())


@pytest.mark.verifies("F3", "A-9")
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(reading_site: Site, whole: Json, code: int) -> None:
    other = reading_site.fhir.base.replace("/fhir", "/elsewhere")
    for place in (f"{other}/Encounter", "http://evil.example/fhir/Encounter", "/fhir/other"):
        reading_site.fhir.seen.clear()
        reading_site.fhir.acts.clear()
        reading_site.fhir.acts["Encounter"] = status(code, {"Location": place})
        serve_chart(reading_site.fhir, whole)
        answer = reading_site.answer(hook_body(hookInstance=fresh(), **reading_site.grant()))
        assert answer["extension"][ASSESSMENT]["criteria"]["dyspnoeaNeedingCare"] == "unknown"
        assert not [path for path in reading_site.fhir.paths() if "elsewhere" in path or "other" in path]


@pytest.mark.verifies("F5")
def test_duplicates_and_a_wrong_total_change_nothing(reading_site: Site, whole: Json) -> None:
    expected = reading_site.answer(hook_body(prefetch=whole))
    twice = {
        key: page | {"entry": page.get("entry", []) * 2, "total": 7} for key, page in whole.items() if key != "patient"
    }
    given = reading_site.answer(hook_body(prefetch=whole | twice, hookInstance=fresh()))
    assert given["extension"][ASSESSMENT]["criteria"] == expected["extension"][ASSESSMENT]["criteria"]
    assert topics(given) == topics(expected)


@pytest.mark.verifies("F5")
@pytest.mark.parametrize(
    "act",
    [
        give(b"<Bundle xmlns='http://hl7.org/fhir'/>", headers={"Content-Type": "application/fhir+xml"}),
        give(b"<html>sign in</html>", headers={"Content-Type": "text/html"}),
        give(b""),
        give({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}),
        give({"resourceType": "Parameters"}),
        give(b"null"),
    ],
    ids=["xml", "html", "empty", "outcome", "another type", "null"],
)
def test_an_answer_that_is_no_bundle_leaves_its_group_unknown(reading_site: Site, whole: Json, act: Act) -> None:
    reading_site.fhir.acts["Encounter"] = act
    serve_chart(reading_site.fhir, whole)
    answer = reading_site.answer(hook_body(**reading_site.grant()))
    assert answer["extension"][ASSESSMENT]["criteria"]["dyspnoeaNeedingCare"] == "unknown"
    assert answer["extension"][ASSESSMENT]["criteria"]["fvcDecline"] == "met"
    assert topics(answer) == ["combinationTherapy"]


def careless(fhir: Behaviour, resources: list[Json]) -> None:
    """Let the server return everything it has of a type, whatever it was asked for."""

    class Acts(dict[str, Act]):
        def get(self, path: str, _default: Act | None = None) -> Act | None:  # type: ignore[override]
            kind, _, identity = urlsplit(path).path.partition("/")
            own = [each for each in resources if each["resourceType"] == kind]
            return give(own[0]) if identity and own else give(bundle(*own))

    fhir.acts = Acts()


def resources(whole: Json) -> list[Json]:
    pages = [page for page in whole.values() if page["resourceType"] == "Bundle"]
    found = [entry["resource"] for page in pages for entry in page.get("entry", [])]
    return list({(each["resourceType"], each["id"]): each for each in [*found, patient()]}.values())


@pytest.mark.verifies("F6")
def test_a_server_that_heeds_no_filter_gives_the_same_cards(reading_site: Site, whole: Json) -> None:
    expected = reading_site.answer(hook_body(prefetch=whole))
    careless(reading_site.fhir, resources(whole))
    answer = reading_site.answer(hook_body(hookInstance=fresh(), **reading_site.grant()))
    for part in ("criteria", "definitions", "flags", "context", "stage"):
        assert answer["extension"][ASSESSMENT][part] == expected["extension"][ASSESSMENT][part]
    assert topics(answer) == topics(expected) == ["combinationTherapy"]


@pytest.mark.verifies("F6", "A-16")
def test_rows_of_another_patient_stop_the_call(reading_site: Site, whole: Json) -> None:
    foreign = json.loads(json.dumps(whole["lungFunction"]["entry"][0]["resource"]).replace("Patient/p1", "Patient/p2"))
    careless(reading_site.fhir, [*resources(whole), foreign | {"id": "foreign"}])
    answer = reading_site.post(hook_body(**reading_site.grant()))
    assert (answer.status_code, coded(answer)) == (400, "RPILD-OTHER-PATIENT")


@pytest.mark.verifies("F4")
def test_a_server_that_is_down_costs_no_call_its_time(fhir: Behaviour) -> None:
    class Hanging(dict[str, Act]):
        def get(self, _path: str, _default: Act | None = None) -> Act | None:  # type: ignore[override]
            return lambda _: time.sleep(3)

    fhir.acts = Hanging()
    with serving(test_settings(fhir, read_seconds=0.3), fhir) as site:
        spent = []
        for _ in range(6):
            began = time.monotonic()
            assert site.post(hook_body(hookInstance=fresh(), **site.grant())).status_code == 412
            spent.append(time.monotonic() - began)
    assert min(spent[:3]) > 0.1
    assert max(spent[3:]) < 0.1


@pytest.mark.verifies("H15")
@pytest.mark.parametrize("act", [status(401), status(403)])
def test_a_token_that_may_not_read_is_a_412(reading_site: Site, act: Act) -> None:
    reading_site.fhir.acts["Patient/p1"] = act
    answer = reading_site.post(hook_body(**reading_site.grant()))
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert "not-permitted" in answer.text


@pytest.mark.verifies("H14")
def test_one_bad_entry_among_two_hundred_is_counted_and_the_others_are_used(reading_site: Site) -> None:
    whole = rapid_disease(reading_site.templates())
    good = whole["lungFunction"]["entry"]
    odd: list[Json] = [{"resource": {"resourceType": "Observation", "id": "bad", "code": 7, "status": []}}]
    odd += [{"resource": {"resourceType": "Unheard", "id": "u"}}, {"fullUrl": "urn:uuid:x"}, {"resource": None}]
    odd += [{"resource": good[0]["resource"] | {"id": f"x{number}", "status": "cancelled"}} for number in range(195)]
    answer = reading_site.answer(hook_body(prefetch=whole | {"lungFunction": bundle() | {"entry": [*odd, *good]}}))
    assert fvc(answer) == "met"


@pytest.mark.verifies("A-18")
def test_results_that_name_each_other_in_a_circle_are_read_once(reading_site: Site) -> None:
    whole = rapid_disease(reading_site.templates())
    one, two = (json.loads(json.dumps(whole["antibodies"]["entry"][0]["resource"])) | {"id": name} for name in "ab")
    one["hasMember"], two["hasMember"] = [{"reference": "Observation/b"}], [{"reference": "Observation/a"}]
    one["hasMember"].append({"reference": "Observation/a"})
    circle = bundle(one, two)
    answer = reading_site.answer(hook_body(prefetch=whole | {"antibodies": circle, "laboratory": circle}))
    assert topics(answer) == ["combinationTherapy"]


@pytest.mark.verifies("A-25")
def test_a_card_tells_the_date_of_what_it_rests_on(reading_site: Site) -> None:
    card = reading_site.answer(hook_body(prefetch=rapid_disease(reading_site.templates())))["cards"][0]
    assert "2026-11-21" in card["detail"]
    assert "2026-10-30" in card["detail"]


@pytest.mark.verifies("A-24")
def test_without_a_word_for_it_nobody_may_call_unsigned(fhir: Behaviour) -> None:
    with serving(test_settings(fhir), fhir, unsigned="") as site:
        answer = site.post(hook_body(prefetch=healthy(site.templates())))
    assert (answer.status_code, answer.content) == (401, b"")
