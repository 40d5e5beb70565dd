"""What the EHR sends, leaves out, refuses or pages, key by key: the decision table of CDS Hooks over real HTTP."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.service.calls import bundle, draft, healthy, hook_body, patient, rapid_disease
from tests.service.conftest import Site, serving, test_settings
from tests.service.hostile_server import Act, Behaviour, give, silent, status
from tests.service.test_answers_over_http import topics
from tests.service.test_refusals_over_http import SIGN, coded

ASSESSMENT = "org.rpild.assessment"
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
FORBIDDEN = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
WARNING = {"resource": OUTCOME, "search": {"mode": "outcome"}}


def serve_chart(fhir: Behaviour, prefetch: dict[str, Any]) -> None:
    """Let the FHIR server answer every search with what the prefetch would hold, by resource type and code."""
    resources = [entry["resource"] for page in prefetch.values() for entry in page.get("entry", [])] + [patient()]
    chart = {(each["resourceType"], each["id"]): each for each in resources}

    class Acts(dict[str, Act]):
        def get(self, path: str, _default: Act | None = None) -> Act | None:  # type: ignore[override]
            return dict.get(self, path) or answer_to(path)

    def answer_to(path: str) -> Act | None:
        address = urlsplit(path)
        kind, _, identity = address.path.partition("/")
        own = dict.get(fhir.acts, kind)
        if own:
            return own
        if identity:
            return give(chart[kind, identity]) if (kind, identity) in chart else None
        codes = [each.rpartition("|")[2] for each in parse_qs(address.query).get("code", [""])[0].split(",")]
        return give(bundle(*(each for each in chart.values() if each["resourceType"] == kind and matches(each, codes))))

    fhir.acts = Acts(fhir.acts)


def matches(resource: dict[str, Any], codes: list[str]) -> bool:
    return codes == [""] or any(coding["code"] in codes for coding in resource["code"]["coding"])


def fvc(answer: dict[str, Any]) -> str:
    return str(answer["extension"][ASSESSMENT]["criteria"]["fvcDecline"])


def reasons(answer: dict[str, Any], criterion: str) -> set[str]:
    return {each["reason"] for each in answer["extension"][ASSESSMENT]["missing"] if each["criterion"] == criterion}


def without(keys: dict[str, str], *names: str) -> dict[str, Any]:
    return {key: value for key, value in rapid_disease(keys).items() if key not in names}


@pytest.mark.verifies("CH-26.2", "CH-26.3", "CH-26.5", "CH-26.6", "H12")
@pytest.mark.parametrize(
    ("sent_value", "reason", "refetched"),
    [
        (None, "no-data", False),
        (bundle(), "no-data", False),
        (bundle() | {"entry": [WARNING]}, "no-data", False),
        (OUTCOME, "fetch-failed", False),
        (FORBIDDEN, "not-permitted", False),
    ],
    ids=["null", "empty", "warning", "outcome", "forbidden"],
)
def test_what_was_sent_is_not_read_again(reading_site: Site, sent_value: Any, reason: str, refetched: bool) -> None:
    keys = reading_site.templates()
    serve_chart(reading_site.fhir, rapid_disease(keys))
    body = hook_body(prefetch=rapid_disease(keys) | {"lungFunction": sent_value}, **reading_site.grant())
    answer = reading_site.answer(body)
    assert (fvc(answer), reasons(answer, "fvcDecline")) == ("unknown", {reason})
    assert bool(reading_site.fhir.seen) is refetched


@pytest.mark.verifies("CH-26.9")
@pytest.mark.parametrize("sent_value", [{}, patient(), [], "x", 1, True], ids=str)
def test_what_is_no_answer_counts_as_absent_and_is_read(reading_site: Site, sent_value: Any) -> None:
    keys = reading_site.templates()
    serve_chart(reading_site.fhir, rapid_disease(keys))
    body = hook_body(prefetch=rapid_disease(keys) | {"lungFunction": sent_value}, **reading_site.grant())
    assert fvc(reading_site.answer(body)) == "met"
    assert len(reading_site.fhir.seen) == 1


@pytest.mark.verifies("CH-26", "CH-26.4")
def test_an_absent_key_is_read_with_the_token(reading_site: Site) -> None:
    keys = reading_site.templates()
    serve_chart(reading_site.fhir, rapid_disease(keys))
    answer = reading_site.answer(hook_body(prefetch=without(keys, "lungFunction"), **reading_site.grant()))
    assert (fvc(answer), topics(answer)) == ("met", ["combinationTherapy"])
    ((path, headers),) = reading_site.fhir.seen
    assert path.startswith("/fhir/Observation?patient=Patient%2Fp1&date=ge")
    assert headers["Authorization"] == "Bearer canary"


@pytest.mark.verifies("H12")
def test_an_absent_key_without_access_is_unknown_not_absent(site: Site) -> None:
    answer = site.answer(hook_body(prefetch=without(site.templates(), "lungFunction")))
    assert (fvc(answer), reasons(answer, "fvcDecline")) == ("unknown", {"fetch-failed"})


@pytest.mark.verifies("CH-26.8", "CH-28")
def test_prefetch_fetch_and_mixed_give_the_same_cards(reading_site: Site) -> None:
    keys = reading_site.templates()
    whole = rapid_disease(keys)
    serve_chart(reading_site.fhir, whole)
    bodies = (
        hook_body(prefetch=whole),
        hook_body(**reading_site.grant()),
        hook_body(prefetch={}, **reading_site.grant()),
        hook_body(prefetch={key: whole[key] for key in sorted(whole)[::2]}, **reading_site.grant()),
    )
    first, *others = (reading_site.answer(body) for body in bodies)
    assert topics(first) == ["combinationTherapy"]
    assert all(each == first for each in others)


@pytest.mark.verifies("CH-26.7", "H13")
def test_a_next_link_is_followed(reading_site: Site) -> None:
    keys = reading_site.templates()
    whole = rapid_disease(keys)
    first, second = whole["lungFunction"]["entry"]
    fhir = reading_site.fhir
    fhir.acts["Observation?page=2"] = give(bundle(second["resource"]))
    page = bundle(first["resource"], following=f"{fhir.base}/Observation?page=2")
    answer = reading_site.answer(hook_body(prefetch=whole | {"lungFunction": page}, **reading_site.grant()))
    assert fvc(answer) == "met"
    assert fhir.paths() == ["/fhir/Observation?page=2"]


@pytest.mark.verifies("H13")
@pytest.mark.parametrize("following", ["http://127.0.0.1:1/fhir/Observation?page=2", "{base}/Observation?lost"])
def test_a_next_link_that_gives_nothing_leaves_the_search_partial(reading_site: Site, following: str) -> None:
    whole = rapid_disease(reading_site.templates())
    page = bundle(following=following.replace("{base}", reading_site.fhir.base))
    answer = reading_site.answer(hook_body(prefetch=whole | {"lungFunction": page}, **reading_site.grant()))
    assert (fvc(answer), reasons(answer, "fvcDecline")) == ("unknown", {"fetch-failed"})


@pytest.mark.verifies("CH-26.7")
def test_a_next_link_without_a_token_leaves_the_search_partial(site: Site) -> None:
    whole = rapid_disease(site.templates())
    page = bundle(following=f"{site.fhir.base}/Observation?page=2")
    answer = site.answer(hook_body(prefetch=whole | {"lungFunction": page}))
    assert (fvc(answer), reasons(answer, "fvcDecline")) == ("unknown", {"fetch-failed"})


@pytest.mark.verifies("CH-27.1", "CH-27.2", "H15")
@pytest.mark.parametrize("key", ["patient", "conditions"])
@pytest.mark.parametrize(
    "sent_value", ["absent", OUTCOME, FORBIDDEN, {}], ids=["absent", "outcome", "forbidden", "empty"]
)
def test_required_data_that_cannot_be_had_is_a_412_naming_the_key(site: Site, key: str, sent_value: Any) -> None:
    prefetch = without(site.templates(), key) | ({} if sent_value == "absent" else {key: sent_value})
    answer = site.post(hook_body(prefetch=prefetch))
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert key in answer.json()["issue"][0]["details"]["text"]


def test_a_null_patient_is_a_412_and_null_conditions_are_none(site: Site) -> None:
    whole = rapid_disease(site.templates())
    assert site.post(hook_body(prefetch=whole | {"patient": None})).status_code == 412
    answer = site.answer(hook_body(prefetch=whole | {"conditions": None}))
    assert answer["extension"][ASSESSMENT]["context"] == "confirmed"


def test_a_patient_without_id_is_no_patient(site: Site, reading_site: Site) -> None:
    whole = rapid_disease(site.templates())
    nobody = {name: value for name, value in whole["patient"].items() if name != "id"}
    answer = site.post(hook_body(prefetch=whole | {"patient": nobody}))
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert "patient (without id)" in answer.json()["issue"][0]["details"]["text"]
    serve_chart(reading_site.fhir, whole)
    found = reading_site.answer(hook_body(prefetch=whole | {"patient": nobody}, **reading_site.grant()))
    assert found["extension"][ASSESSMENT]["context"] == "confirmed"
    reading_site.fhir.acts["Patient"] = give(nobody)
    answer = reading_site.post(hook_body(**reading_site.grant()))
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")


@pytest.mark.verifies("CH-29.2")
@pytest.mark.parametrize("act", [status(403), status(401), status(500), status(404), give(OUTCOME), silent(4)])
def test_required_data_that_the_server_refuses_is_a_412(reading_site: Site, act: Act) -> None:
    reading_site.fhir.acts["Condition"] = act
    serve_chart(reading_site.fhir, rapid_disease(reading_site.templates()))
    began = time.monotonic()
    answer = reading_site.post(hook_body(**reading_site.grant()))
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert time.monotonic() - began < 3


@pytest.mark.verifies("CH-29.2", "F7")
def test_one_failing_search_leaves_the_others(reading_site: Site) -> None:
    keys = reading_site.templates()
    reading_site.fhir.acts["Encounter"] = status(500)
    serve_chart(reading_site.fhir, rapid_disease(keys))
    answer = reading_site.answer(hook_body(**reading_site.grant()))
    assert topics(answer) == ["combinationTherapy"]
    assert answer["extension"][ASSESSMENT]["criteria"]["dyspnoeaNeedingCare"] == "unknown"


def test_a_search_that_hangs_at_the_gate_leaves_time_for_the_rest(reading_site: Site) -> None:
    reading_site.fhir.acts["Flag"] = silent(5)
    serve_chart(reading_site.fhir, rapid_disease(reading_site.templates()))
    began = time.monotonic()
    answer = reading_site.answer(hook_body(**reading_site.grant()))
    assert time.monotonic() - began < 3
    assert topics(answer) == ["combinationTherapy"]


@pytest.mark.verifies("CH-29.1", "CH-30", "A-8")
@pytest.mark.parametrize(
    "changed",
    [
        {"fhirServer": "http://169.254.169.254/latest"},
        {"fhirServer": "http://127.1/fhir"},
        {"fhirServer": "file:///etc/passwd"},
        {"expires_in": 0},
    ],
)
def test_a_server_that_is_not_trusted_is_never_called(reading_site: Site, changed: dict[str, Any]) -> None:
    grant = reading_site.grant(**{key: value for key, value in changed.items() if key != "fhirServer"})
    body = hook_body(**(grant | {key: value for key, value in changed.items() if key == "fhirServer"}))
    answer = reading_site.post(body)
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert reading_site.fhir.seen == []


def test_an_irrelevant_patient_costs_the_gates_searches_only(reading_site: Site) -> None:
    serve_chart(reading_site.fhir, healthy(reading_site.templates()))
    answer = reading_site.answer(hook_body(**reading_site.grant()))
    assert answer["extension"][ASSESSMENT]["context"] == "outOfScope"
    kinds = {urlsplit(path).path for path in reading_site.fhir.paths()}
    assert kinds.isdisjoint({"/fhir/Encounter", "/fhir/MedicationRequest", "/fhir/ImagingStudy", "/fhir/Specimen"})


def test_a_skin_sign_makes_the_gate_ask_for_oxygen(reading_site: Site) -> None:
    prefetch = healthy(reading_site.templates())
    sign = prefetch["conditions"]["entry"][0]["resource"] | {"id": "skin", "code": {"text": "Gottron papules"}}
    icd = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "L94.4"}
    sign["code"] = {"coding": [icd], "text": "Gottron papules"}
    prefetch["conditions"]["entry"].append({"resource": sign})
    serve_chart(reading_site.fhir, prefetch)
    answer = reading_site.answer(hook_body(**reading_site.grant()))
    assert answer["extension"][ASSESSMENT]["context"] == "outOfScope"
    asked = [path for path in reading_site.fhir.paths() if path.startswith("/fhir/DeviceUseStatement")]
    assert len(asked) == 1


def test_a_drug_by_reference_is_read_by_id(reading_site: Site) -> None:
    keys = reading_site.templates(SIGN)
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6851", "display": "methotrexate"}
    medication = {"resourceType": "Medication", "id": "mtx", "code": {"coding": [coding]}}
    reading_site.fhir.acts["Medication/mtx"] = give(medication)
    order = draft(intent="order", medicationReference={"reference": "Medication/mtx"})
    body = hook_body("order-sign", rapid_disease(keys), {"draftOrders": bundle(order)})
    unresolved = reading_site.answer(body, SIGN)
    assert topics(unresolved) == []
    assert "avoidForInduction" in topics(reading_site.answer(body | reading_site.grant(), SIGN))
    reading_site.fhir.acts["Medication/mtx"] = status(404)
    assert topics(reading_site.answer(body | reading_site.grant(scope="other"), SIGN)) == []


@pytest.mark.verifies("F6")
def test_a_foreign_resource_from_the_server_stops_the_call(reading_site: Site) -> None:
    prefetch = rapid_disease(reading_site.templates())
    foreign = json.loads(json.dumps(prefetch["lungFunction"]).replace("Patient/p1", "Patient/p2").replace("fvc-", "x-"))
    reading_site.fhir.acts["Encounter"] = give(foreign)
    serve_chart(reading_site.fhir, prefetch)
    answer = reading_site.post(hook_body(**reading_site.grant()))
    assert (answer.status_code, coded(answer)) == (400, "RPILD-OTHER-PATIENT")


@pytest.mark.verifies("A-19")
def test_a_budget_is_kept_when_every_search_hangs(fhir: Behaviour) -> None:
    class Hanging(dict[str, Act]):
        def get(self, _path: str, _default: Act | None = None) -> Act | None:  # type: ignore[override]
            return silent(6)

    fhir.acts = Hanging()
    with serving(test_settings(fhir, read_seconds=1.0), fhir) as slow:
        began = time.monotonic()
        assert slow.post(hook_body(**slow.grant())).status_code == 412
        assert time.monotonic() - began < 2


ROLE = {"resourceType": "PractitionerRole", "id": "r1", "code": [{"coding": [{"code": "student"}, {"system": "x"}]}]}


@pytest.mark.parametrize(
    ("act", "user", "spoken"),
    [
        (give(ROLE), "PractitionerRole/r1", False),
        (give(ROLE | {"code": [{"coding": [{"code": "doctor"}]}]}), "PractitionerRole/r1", True),
        (give(ROLE | {"resourceType": "Practitioner"}), "PractitionerRole/r1", True),
        (give(ROLE | {"code": 1}), "PractitionerRole/r1", True),
        (status(403), "PractitionerRole/r1", True),
        (give(ROLE), "Practitioner/dr1", True),
    ],
)
def test_a_silent_role_gets_no_card(fhir: Behaviour, act: Act, user: str, spoken: bool) -> None:
    fhir.acts["PractitionerRole/r1"] = act
    with serving(test_settings(fhir, silent_roles=frozenset({"student"})), fhir) as site:
        prefetch = rapid_disease(site.templates())
        answer = site.answer(hook_body(prefetch=prefetch, context={"userId": user}, **site.grant()))
        without_access = site.answer(hook_body(prefetch=prefetch, context={"userId": user}))
    assert bool(answer["cards"]) is spoken
    assert answer["extension"][ASSESSMENT]["definitions"]["fourConditions"] == "met"
    assert without_access["cards"]
