"""Bodies that were good once: cut, flipped, doubled and stuffed at seeded places, sent over real HTTP.

The count of answers by status is printed (`pytest -s`). `RPILD_TRIES` sets how many are sent.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.service.calls import INSTANCE, bundle, draft, fresh, hook_body, rapid_disease, sent
from tests.service.conftest import Site

TRIES = int(os.environ.get("RPILD_TRIES", "600"))
ALLOWED = {200, 400, 412, 413, 415}
SPLINTERS = (
    *(b"\x00", b"\xff\xfe", b"{", b"[" * 1100, b'"', b"NaN", b"1e999"),
    *(b"\\ud800", b"null", b"-", b'"p2"', b"\xe2\x80\xae"),
)
STRANGE: tuple[Any, ...] = (None, True, 0, -1, 1e300, "", "x" * 5000, [], {}, [[]], {"reference": "Patient/p2"})


def flip(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    return body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]


def cut(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randrange(1, 200) :]


def end_early(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def double(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body))
    part = body[start : start + chance.randrange(1, 300)]
    return body[:start] + part + body[start:]


def stuff(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    return body[:place] + chance.choice(SPLINTERS) + body[place:]


def swap_value(body: bytes, chance: random.Random) -> bytes:
    """One value of the JSON, wherever it is, becomes something else; what is no JSON any more stays."""
    try:
        whole: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body
    place = whole
    while isinstance(place, (dict, list)) and place:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        if not isinstance(place[key], (dict, list)) or chance.random() < 0.3:
            place[key] = chance.choice(STRANGE)
            break
        place = place[key]
    return sent(whole)


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, cut, end_early, double, stuff, swap_value)


def bodies(site: Site) -> list[tuple[str, bytes]]:
    prefetch = rapid_disease(site.templates())
    context = {"draftOrders": bundle(draft(medicationCodeableConcept={"text": "methotrexate"}))}
    selecting = context | {"selections": ["MedicationRequest/draft-1"]}
    entry = {"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T09:31:00Z"}
    return [
        ("rpild-patient-view", sent(hook_body(prefetch=prefetch, **site.grant()))),
        ("rpild-order-sign", sent(hook_body("order-sign", prefetch, context))),
        ("rpild-order-select", sent(hook_body("order-select", prefetch, selecting))),
        ("rpild-order-sign/feedback", sent({"feedback": [entry]})),
    ]


@pytest.mark.verifies("A-12", "A-13", "A-14", "H1", "H3", "H4")
def test_no_damage_to_a_body_is_a_fault_of_ours(site: Site) -> None:
    given, chance, seen = bodies(site), random.Random(20261122), Counter[int]()
    for number in range(TRIES):
        service, body = given[number % len(given)]
        spoilt = body.replace(INSTANCE.encode(), fresh().encode())
        ways = WAYS if chance.random() < 0.5 else (swap_value,)
        for _ in range(chance.randrange(1, 4)):
            spoilt = chance.choice(ways)(spoilt or b" ", chance)
        answer = site.post(spoilt, service)
        seen[answer.status_code] += 1
        assert answer.status_code in ALLOWED, (number, answer.text[:300])
        assert answer.status_code == 200 or answer.json()["resourceType"] == "OperationOutcome"
    sys.stdout.write(f"\nspoilt bodies: {sum(seen.values())} tried, by status {dict(sorted(seen.items()))}, 5xx: 0\n")
    assert seen[200] > TRIES / 100
    assert seen[400] > TRIES / 4


@pytest.mark.verifies("H1", "H2")
def test_a_body_that_is_none_is_refused_at_once(site: Site) -> None:
    for body in (b"", b"null", b"[]", b'"x"', b"7", b"{", b"<html>"):
        site.post(body)
        began = time.monotonic()
        for _ in range(5):
            assert site.post(body).status_code == 400
        assert (time.monotonic() - began) / 5 < 0.1
