"""One round against a FHIR server: every search, every hook with the server's data both ways, each as a row."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from fhir_mappings.queries import searches
from rpild_server.assessing import assess_file
from tests.cli.serving import ISS, Served

Json = dict[str, Any]
ASSESSMENT = "org.rpild.assessment"
SERVICES = {"patient-view": "rpild-patient-view", "order-sign": "rpild-order-sign"}
PATIENCE = 60
TRIES = 4


@dataclass(frozen=True)
class Row:
    """What was tried, for whom, whether it held, how long it took, and what was seen."""

    check: str
    patient: str
    good: bool
    milliseconds: float
    seen: str


def timed(check: str, patient: str, attempt: Callable[[], str]) -> Row:
    """A row from an attempt: back with what was seen, or an AssertionError or a failed call."""
    begun = time.perf_counter()
    try:
        good, seen = True, attempt()
    except (AssertionError, requests.RequestException) as problem:
        good, seen = False, str(problem).splitlines()[0][:160]
    return Row(check, patient, good, (time.perf_counter() - begun) * 1000, seen)


def searched(base: str, patient: str, pages: dict[str, Json]) -> Iterator[Row]:
    """Every read and search that the plug-in makes; the first pages go into `pages`, as an EHR would prefetch them."""
    for key, relative in searches(patient, datetime.now(UTC)).items():
        yield timed(f"search {key}", patient, lambda key=key, link=relative: _count(f"{base}/{link}", key, pages))


def _count(address: str, key: str, pages: dict[str, Json]) -> str:
    answer = requests.get(address, headers={"Accept": "application/fhir+json"}, timeout=PATIENCE)
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text[:120]}"
    body = pages[key] = answer.json()
    assert body["resourceType"] in ("Bundle", "Patient"), body["resourceType"]
    count = len(body.get("entry", [])) if body["resourceType"] == "Bundle" else 1
    further = any(each["relation"] == "next" for each in body.get("link", []))
    return f"{count} resources{', more pages' if further else ''}"


@dataclass(frozen=True)
class Charted:
    """One patient: the chart that we wrote, empty if we found the patient there, and what a prefetch of it holds."""

    patient: str
    chart: list[Json]
    pages: dict[str, Json]


def hooked(stack: Served, base: str, charted: Charted, folder: Path) -> Iterator[Row]:
    """Both hooks: read by the plug-in, given as prefetch, and the same chart read from a file, with equal results."""
    patient = charted.patient
    expected = _from_file(charted.chart, patient, folder) if charted.chart else {}
    for hook in SERVICES:
        answers: dict[str, Json] = {}

        def ask(way: str, hook: str = hook, answers: dict[str, Json] = answers) -> str:
            prefetch = charted.pages if way == "prefetch" else None
            answers[way] = _in_time(lambda: _call(stack, hook, base, patient, prefetch))
            cards = [each["source"]["topic"]["code"] for each in answers[way]["cards"]]
            told = _told(answers[way])
            assert told == _told(answers.get("fetch", answers[way])), "the two ways differ"
            assert not expected or told == _without_time(expected), "the chart in a file gives another result"
            return ", ".join(cards) or "no card"

        yield timed(f"{hook}, read by us", patient, lambda: ask("fetch"))
        yield timed(f"{hook}, prefetched", patient, lambda: ask("prefetch"))


def _in_time(call: Callable[[], Json]) -> Json:
    """An answer for which all reads came in time: a slow server's late ones are rightly unknown, and asked again."""
    for _ in range(TRIES):
        answer = call()
        if not any(each["reason"] == "fetch-failed" for each in answer["extension"][ASSESSMENT]["missing"]):
            return answer
    raise AssertionError(f"in {TRIES} calls some read did not come in time (fetch-failed); is the server this slow?")


def _from_file(chart: list[Json], patient: str, folder: Path) -> Json:
    file = folder / f"{patient}.json"
    entries = [{"resource": each} for each in chart]
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return assess_file(file, patient, datetime.now(UTC), None).contract


def _told(answer: Json) -> Json:
    return _without_time(answer["extension"][ASSESSMENT])


def _without_time(assessment: Json) -> Json:
    """What must be equal: the statuses. Words hold ages, which move between two calls; cards depend on the hook."""
    return {name: assessment[name] for name in ("context", "stage", "definitions", "criteria", "flags")}


def _call(stack: Served, hook: str, base: str, patient: str, prefetch: Json | None) -> Json:
    service = f"{stack.url}/cds-services/{SERVICES[hook]}"
    body: Json = {
        "hook": hook,
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": "open-server", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs",
            "subject": "it",
        },
        "context": {"userId": f"Practitioner/{uuid.uuid4()}", "patientId": patient} | _drafts(hook, patient),
    }  # fmt: skip
    body |= {"prefetch": prefetch} if prefetch else {}
    answer = requests.post(service, json=body, headers=_signed(stack.jwk, service), timeout=PATIENCE)
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text[:160]}"
    found: Json = answer.json()
    return found


def _signed(jwk: Path, audience: str) -> dict[str, str]:
    """The EHR's token for one call."""
    key, now = ECKey.import_key(json.loads(jwk.read_text())), int(time.time())
    claims = {"iss": ISS, "aud": audience, "iat": now, "exp": now + 120, "jti": str(uuid.uuid4())}
    header = {"alg": "ES384", "kid": key.kid, "typ": "JWT"}
    return {"Authorization": f"Bearer {jwt.encode(header, claims, key, algorithms=['ES384'])}"}


def _drafts(hook: str, patient: str) -> Json:
    drug = {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6851"}],
        "text": "methotrexate",
    }
    draft = {"resourceType": "MedicationRequest", "id": "draft-1", "status": "draft", "intent": "order",
        "medicationCodeableConcept": drug, "subject": {"reference": f"Patient/{patient}"}}  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    return {"draftOrders": bundle} if hook == "order-sign" else {}
