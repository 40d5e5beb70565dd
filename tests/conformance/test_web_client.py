"""The official web client's visit, replayed: its drafts, its origin, its tokens (in dev mode only)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from rpild_server.settings import SettingsError, load_settings
from tests.conformance.caller import WEB_CLIENT, Caller
from tests.conformance.logical_model import faults
from tests.service.calls import rapid_disease, sent

EXCHANGE = json.loads(Path(__file__).with_name("web_client_exchange.json").read_text(encoding="utf-8"))
ORIGIN = {"Origin": EXCHANGE["origin"]}
NEEDED = {"Authorization", "Content-Type"}
Json = dict[str, Any]


def filled(step: Json, caller: Caller, answers: list[Json]) -> Json:
    """The body of a step, with a chart that makes cards and the ids of the cards that came."""
    body: Json = json.loads(json.dumps(step["body"]))
    whole = rapid_disease(caller.templates("rpild-order-sign"))
    prefetch = body.get("prefetch", {})
    prefetch |= {name: whole[name] for name, value in prefetch.items() if value == "{{rapid}}"}
    cards = [card for answer in answers for card in answer.get("cards", []) if card.get("suggestions")]
    if cards:
        text = json.dumps(body).replace("{{card}}", cards[0]["uuid"])
        body = json.loads(text.replace("{{suggestion}}", cards[0]["suggestions"][0]["uuid"]))
    return body


def is_allowed(answer: requests.Response) -> bool:
    """What a browser checks before the page may see an answer."""
    return answer.headers.get("Access-Control-Allow-Origin") == EXCHANGE["origin"]


def preflight(url: str) -> None:
    asked = ORIGIN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = requests.options(url, headers=asked, timeout=20)
    assert answer.status_code == 200
    assert is_allowed(answer)
    assert set(answer.headers["Access-Control-Allow-Headers"].split(", ")) >= NEEDED
    assert {"GET", "POST", "OPTIONS"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


def play(step: Json, caller: Caller, answers: list[Json]) -> requests.Response:
    url, headers = caller.site.url + step["path"], caller.headers(step["path"], "web-client") | ORIGIN
    preflight(url)
    if step["method"] == "GET":
        return requests.get(url, headers=headers, timeout=20)
    body = sent(filled(step, caller, answers))
    return requests.post(url, data=body, headers=headers | {"Content-Type": "application/json"}, timeout=20)


@pytest.mark.verifies("CH-59")
def test_a_whole_visit_is_served(caller: Caller) -> None:
    answers: list[Json] = []
    for step in EXCHANGE["steps"]:
        answer = play(step, caller, answers)
        assert (step["name"], answer.status_code) == (step["name"], step["status"])
        assert is_allowed(answer), step["name"]
        answers.append(answer.json())
        if "cards" in answers[-1]:
            assert faults("response", answers[-1]) == []
            assert bool(answers[-1]["cards"]) is step.get("cards", bool(answers[-1]["cards"]))
    topics = [card["source"]["topic"]["code"] for answer in answers for card in answer.get("cards", [])]
    assert {"combinationTherapy", "avoidForInduction"} <= set(topics)


def test_its_errors_reach_the_page_too(caller: Caller) -> None:
    refused = requests.post(caller.site.url + "/cds-services/rpild-patient-view", headers=ORIGIN, timeout=20)
    assert (refused.status_code, is_allowed(refused)) == (401, True)


def test_its_issuer_is_refused_outside_dev_mode(tmp_path: Path) -> None:
    record = {"name": "x", "iss": WEB_CLIENT, "jwks_file": tmp_path / "keys.json"}
    with pytest.raises(SettingsError, match="anybody can sign as this issuer"):
        load_settings(ehrs=(record,))
    assert load_settings(ehrs=(record,), accept_test_issuers=True).ehrs[0].iss == WEB_CLIENT
