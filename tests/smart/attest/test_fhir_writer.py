"""Writing to an EHR that refuses, stalls, lies or stumbles: each ending is told apart, and nothing is written twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ehr_access.budget import Limits
from ehr_access.fhir_writer import EhrWriter, FhirWrites, WriteOutcome, Written
from ehr_access.registry import Registry, TrustedEhr
from ehr_access.transport import ReadError, Renew
from tests.service.hostile_server import Behaviour, bomb, give, hostile_server, in_turn, silent, status

BODY, CREATE = b'{"resourceType": "Observation"}', "POST Observation"
IDENTIFIER = "urn:x|a b"
REFUSED, INVALID, CONFLICT, UNHEARD = (
    WriteOutcome.REFUSED, WriteOutcome.INVALID, WriteOutcome.CONFLICT, WriteOutcome.UNHEARD,
)  # fmt: skip


@dataclass(frozen=True)
class Grant:
    server: str
    token: str = "canary-token"
    expires_in: float = 300


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


def writer(*bases: str, seconds: float = 1.5) -> EhrWriter:
    return EhrWriter(Registry([TrustedEhr("test", bases)]), Limits(seconds=seconds))


def opened(fhir: Behaviour, renew: Renew | None = None, seconds: float = 1.5) -> FhirWrites:
    writes = writer(fhir.base, seconds=seconds).open(Grant(fhir.base), "test", renew)
    assert writes
    return writes


def test_an_observation_is_sent_once_with_what_makes_a_repetition_harmless(fhir: Behaviour) -> None:
    fhir.acts[CREATE] = give({}, 201, {"Location": f"{fhir.base}/Observation/7/_history/1"})
    assert opened(fhir).create(BODY, IDENTIFIER) == Written(WriteOutcome.WRITTEN, "7", 201)
    ((_, headers),) = fhir.seen
    assert headers["If-None-Exist"] == "identifier=urn%3Ax%7Ca%20b"
    assert headers["Content-Type"] == "application/fhir+json"
    assert headers["Authorization"] == "Bearer canary-token"
    assert fhir.bodies == [BODY]
    assert "canary" not in repr(opened(fhir))


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(403, REFUSED), (401, REFUSED), (400, INVALID), (404, INVALID), (422, INVALID), (307, INVALID), (409, CONFLICT),
     (500, UNHEARD), (502, UNHEARD)],
)  # fmt: skip
def test_refusals_are_told_apart_and_not_repeated(fhir: Behaviour, code: int, outcome: WriteOutcome) -> None:
    fhir.acts[CREATE] = give(b"canary", code, {"Location": f"{fhir.base}/elsewhere"})
    assert opened(fhir).create(BODY, IDENTIFIER) == Written(outcome, status=code)
    assert len(fhir.bodies) == 1


def test_several_of_the_same_identifier_need_no_further_one(fhir: Behaviour) -> None:
    fhir.acts[CREATE] = status(412)
    assert opened(fhir).create(BODY, IDENTIFIER) == Written(WriteOutcome.WRITTEN, status=412)


@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_did_nothing_is_asked_once_more_in_time(fhir: Behaviour, code: int) -> None:
    fhir.acts[CREATE] = in_turn(status(code), give({"resourceType": "Observation", "id": "8"}, 201))
    assert opened(fhir).create(BODY, IDENTIFIER).id == "8"
    fhir.bodies.clear()
    fhir.acts[CREATE] = give(b"", code, {"Retry-After": "3600"})
    assert opened(fhir).create(BODY, IDENTIFIER).status == code
    assert len(fhir.bodies) == 1


def test_a_token_is_renewed_once(fhir: Behaviour) -> None:
    stale: list[str] = []

    def renew(old: str) -> str:
        stale.append(old)
        return "fresh"

    fhir.acts[CREATE] = in_turn(status(401), status(503), give({}, 201))
    assert opened(fhir, renew).create(BODY, IDENTIFIER).status == 201
    assert stale == ["canary-token"]
    assert [headers["Authorization"] for _, headers in fhir.seen[1:]] == ["Bearer fresh"] * 2
    fhir.acts[CREATE] = status(401)
    assert opened(fhir, lambda _old: None).create(BODY, IDENTIFIER) == Written(REFUSED, status=401)


def test_a_server_that_says_nothing_in_time_leaves_it_open(fhir: Behaviour) -> None:
    fhir.acts[CREATE] = silent(1.5)
    begun = time.monotonic()
    assert opened(fhir, seconds=0.3).create(BODY, IDENTIFIER) == Written(UNHEARD)
    assert time.monotonic() - begun < 1.2
    late = opened(fhir, seconds=0.01)
    time.sleep(0.02)
    assert late.create(BODY, IDENTIFIER) == Written(UNHEARD)
    nobody = writer("http://127.0.0.1:1/fhir").open(Grant("http://127.0.0.1:1/fhir"), "test")
    assert nobody
    assert nobody.create(BODY, "") == Written(UNHEARD)


def test_a_bomb_in_the_answer_does_no_harm(fhir: Behaviour) -> None:
    fhir.acts[CREATE] = bomb(3_000_000)
    assert opened(fhir).create(BODY, IDENTIFIER) == Written(WriteOutcome.WRITTEN, "", 200)


def test_a_version_is_replaced_not_another_one(fhir: Behaviour) -> None:
    fhir.acts["PUT Observation/a%2Fb"] = in_turn(give({}), status(412), give({}))
    writes = opened(fhir)
    found = [writes.replace("a/b", BODY, version) for version in ("3", "3", "")]
    assert [each.outcome for each in found] == [WriteOutcome.WRITTEN, CONFLICT, WriteOutcome.WRITTEN]
    assert [headers.get("If-Match") for _, headers in fhir.seen] == ['W/"3"', 'W/"3"', None]


def test_what_is_there_is_read_under_the_same_limits(fhir: Behaviour) -> None:
    fhir.acts["Observation/1"] = give(b"{}")
    assert opened(fhir).read("Observation/1") == b"{}"
    with pytest.raises(ReadError):
        opened(fhir).read("Observation/2")
    for foreign in ("https://elsewhere.example/fhir/Observation/1", "Observation/..", "Observation/%2e%2e"):
        with pytest.raises(ReadError):
            opened(fhir).read(foreign)


def test_only_a_registered_server_and_a_living_token_are_used() -> None:
    base = "https://ehr.example/fhir"
    same = writer(base)
    first, second = (same.open(Grant(base), "test") for _ in range(2))
    assert first
    assert second
    assert first.session is second.session
    assert writer(base).open(Grant("https://other.example/fhir"), "test") is None
    assert writer(base).open(Grant(base), "unknown") is None
    assert writer(base).open(Grant(base, expires_in=0), "test") is None
