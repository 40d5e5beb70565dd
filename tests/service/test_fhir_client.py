"""The FHIR client against a server that drips, bombs, redirects, loops and lies."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ehr_access.addresses import resolve
from ehr_access.budget import Limits
from ehr_access.fhir_client import EhrReader, Fetch
from ehr_access.registry import Registry, TrustedEhr
from fhir_mappings.reads import Failure, Pages
from rpild_rules.findings import Reason
from tests.service.hostile_server import Behaviour, bomb, bundle, drip, give, hostile_server, in_turn, silent, status

FAILED, REFUSED = Failure(Reason.FETCH_FAILED), Failure(Reason.NOT_PERMITTED)
PATIENT = {"resourceType": "Patient", "id": "p"}
TOKEN = "canary-token"


@dataclass(frozen=True)
class Grant:
    server: str
    token: str = TOKEN
    expires_in: float = 300


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


def reader(base: str, **limits: float) -> EhrReader:
    return EhrReader(Registry([TrustedEhr("test", (base,))]), Limits(**({"seconds": 1.5} | limits)))  # type: ignore[arg-type]


def opened(fhir: Behaviour, **limits: float) -> Fetch:
    fetch = reader(fhir.base, **limits).open(Grant(fhir.base), "test")
    assert fetch is not None
    return fetch


def one(fhir: Behaviour, path: str, **limits: float) -> object:
    return opened(fhir, **limits)({"key": path}, 1.0)["key"]


def test_a_resource_comes_as_sent_and_the_token_goes_with_it(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = give(PATIENT)
    assert one(fhir, "Patient/p") == json.dumps(PATIENT).encode()
    assert fhir.seen[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_all_pages_are_followed(fhir: Behaviour) -> None:
    fhir.acts["Condition?patient=p"] = give(bundle(following=f"{fhir.base}/Condition?page=2"))
    fhir.acts["Condition?page=2"] = give(bundle(following="Condition?page=3"))
    fhir.acts["Condition?page=3"] = give(bundle())
    answer = one(fhir, "Condition?patient=p")
    assert isinstance(answer, Pages)
    assert (len(answer.bodies), answer.complete) == (3, None)


@pytest.mark.verifies("A-9", "F2")
@pytest.mark.parametrize(
    "following",
    [
        "http://127.0.0.1:1/fhir/Condition?page=2",
        "http://evil.example/fhir/Condition",
        "{base}/../admin",
        "{base}/%2e%2e/admin",
        "{base}x/Condition",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_to_elsewhere_is_not_followed(fhir: Behaviour, following: str) -> None:
    fhir.acts["Condition"] = give(bundle(following=following.replace("{base}", fhir.base)))
    answer = one(fhir, "Condition")
    assert isinstance(answer, Pages)
    assert answer.complete is False
    assert fhir.paths() == ["/fhir/Condition"]


@pytest.mark.verifies("F2")
def test_a_loop_of_pages_ends(fhir: Behaviour) -> None:
    fhir.acts["Condition"] = give(bundle(following=f"{fhir.base}/Condition"))
    answer = one(fhir, "Condition")
    assert isinstance(answer, Pages)
    assert (len(answer.bodies), answer.complete) == (2, False)


@pytest.mark.verifies("A-18", "F2")
def test_endless_pages_are_capped(fhir: Behaviour) -> None:
    for page in range(9):
        fhir.acts[f"Condition?page={page}"] = give(bundle(following=f"{fhir.base}/Condition?page={page + 1}"))
    answer = one(fhir, "Condition?page=0", pages=4)
    assert isinstance(answer, Pages)
    assert (len(answer.bodies), answer.complete) == (4, False)


def test_a_failing_second_page_leaves_a_partial_search(fhir: Behaviour) -> None:
    fhir.acts["Condition"] = give(bundle(following=f"{fhir.base}/Condition?page=2"))
    fhir.acts["Condition?page=2"] = status(500)
    answer = one(fhir, "Condition")
    assert isinstance(answer, Pages)
    assert (len(answer.bodies), answer.complete) == (1, False)


def outcome(code: str) -> dict[str, object]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


@pytest.mark.verifies("F4", "F5")
@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (status(401), REFUSED),
        (status(403), REFUSED),
        (status(404), FAILED),
        (status(410), FAILED),
        (status(400), FAILED),
        (status(500), FAILED),
        (status(204), FAILED),
        (status(302, {"Location": "/fhir/other"}), FAILED),
        (status(307, {"Location": "http://evil.example/"}), FAILED),
        (give(b"<html>busy</html>"), FAILED),
        (give(b""), FAILED),
        (give(b'{"resourceType":"Pati'), FAILED),
        (give(b'{"resourceType":"Patient","id":"p"'), FAILED),
        (give(b"[]"), FAILED),
        (give(outcome("forbidden")), REFUSED),
        (give(outcome("login")), REFUSED),
        (give(outcome("exception")), FAILED),
        (give(b"not gzip", headers={"Content-Encoding": "gzip"}), FAILED),
        (give(b"{}", headers={"Content-Length": "5000", "Connection": "close"}), FAILED),
    ],
)
def test_what_is_no_good_answer_is_a_named_failure(fhir: Behaviour, act: object, expected: object) -> None:
    fhir.acts["Patient/p"] = act  # type: ignore[assignment]
    assert one(fhir, "Patient/p") == expected
    assert fhir.paths() == ["/fhir/Patient/p"]


def test_compressed_answers_are_read(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = give(gzip.compress(json.dumps(PATIENT).encode()), headers={"Content-Encoding": "gzip"})
    assert one(fhir, "Patient/p") == json.dumps(PATIENT).encode()


@pytest.mark.verifies("F4")
@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(fhir: Behaviour, code: int) -> None:
    fhir.acts["Patient/p"] = in_turn(status(code), status(code), give(PATIENT))
    assert one(fhir, "Patient/p") == json.dumps(PATIENT).encode()
    assert len(fhir.seen) == 3


def test_a_server_that_stays_busy_fails_after_the_last_try(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = status(503)
    assert one(fhir, "Patient/p") == FAILED
    assert len(fhir.seen) == 3


@pytest.mark.verifies("F4")
@pytest.mark.parametrize(("wait", "calls"), [("3600", 1), ("garbage", 3), ("0", 3)])
def test_retry_after_is_heeded_within_the_budget(fhir: Behaviour, wait: str, calls: int) -> None:
    fhir.acts["Patient/p"] = status(429, {"Retry-After": wait})
    assert one(fhir, "Patient/p") == FAILED
    assert len(fhir.seen) == calls


@pytest.mark.verifies("A-19", "F2")
@pytest.mark.parametrize("act", [silent(3), drip(b"{" + b" " * 500, 0.05)], ids=["silent", "drip"])
def test_a_slow_server_fails_within_the_budget_and_the_others_are_used(fhir: Behaviour, act: object) -> None:
    fhir.acts["Patient/p"] = give(PATIENT)
    fhir.acts["Condition"] = act  # type: ignore[assignment]
    began = time.monotonic()
    answers = opened(fhir, seconds=0.6)({"patient": "Patient/p", "conditions": "Condition"}, 1.0)
    assert time.monotonic() - began < 1.2
    assert answers == {"patient": json.dumps(PATIENT).encode(), "conditions": FAILED}


def test_a_share_of_the_budget_leaves_the_rest(fhir: Behaviour) -> None:
    fhir.acts["Flag"] = silent(3)
    fhir.acts["Patient/p"] = give(PATIENT)
    fetch = opened(fhir, seconds=0.8)
    assert fetch({"flags": "Flag"}, 0.5) == {"flags": FAILED}
    assert fetch({"patient": "Patient/p"}, 1.0) == {"patient": json.dumps(PATIENT).encode()}
    time.sleep(0.5)
    assert fetch({"patient": "Patient/p"}, 1.0) == {"patient": FAILED}


@pytest.mark.verifies("F2")
def test_a_compressed_bomb_is_cut(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = bomb(60_000_000)
    assert one(fhir, "Patient/p", max_bytes=1_000_000) == FAILED


@pytest.mark.verifies("F2")
def test_many_bytes_over_many_pages_are_cut(fhir: Behaviour) -> None:
    large = {"resourceType": "Condition", "text": "x" * 600}
    for page in range(9):
        fhir.acts[f"Condition?page={page}"] = give(bundle(large, following=f"{fhir.base}/Condition?page={page + 1}"))
    answer = one(fhir, "Condition?page=0", max_bytes=2000)
    assert isinstance(answer, Pages)
    assert (len(answer.bodies), answer.complete) == (3, False)


@pytest.mark.verifies("A-8")
@pytest.mark.parametrize(
    "server",
    [
        "http://169.254.169.254/fhir",
        "http://127.1/fhir",
        "http://2130706433/fhir",
        "http://[::ffff:127.0.0.1]/fhir",
        "file:///etc/passwd",
        "{base}/other",
        "{base}#x",
        "HTTP{rest}",
        "",
    ],
)
def test_only_a_registered_address_is_read(fhir: Behaviour, server: str) -> None:
    named = server.replace("{base}", fhir.base).replace("{rest}", fhir.base.removeprefix("http"))
    assert reader(fhir.base).open(Grant(named), "test") is None
    user = fhir.base.replace("http://", "http://127.0.0.1@")
    assert reader(fhir.base).open(Grant(user), "test") is None
    assert fhir.seen == []


def test_a_closing_slash_is_the_same_server(fhir: Behaviour) -> None:
    assert reader(fhir.base).open(Grant(fhir.base + "/"), "test") is not None


@pytest.mark.verifies("CH-30")
@pytest.mark.parametrize("seconds", [0, -1])
def test_a_token_that_has_run_out_gives_no_access(fhir: Behaviour, seconds: float) -> None:
    assert reader(fhir.base).open(Grant(fhir.base, expires_in=seconds), "test") is None


@pytest.mark.verifies("A-10")
def test_netrc_does_not_replace_the_token(fhir: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    fhir.acts["Patient/p"] = give(PATIENT)
    assert one(fhir, "Patient/p") == json.dumps(PATIENT).encode()
    assert fhir.seen[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_cookies_are_not_sent_back(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = give(PATIENT, headers={"Set-Cookie": "a=b"})
    fetch = opened(fhir)
    fetch({"key": "Patient/p"}, 1.0)
    fetch({"key": "Patient/p"}, 1.0)
    assert "Cookie" not in fhir.seen[1][1]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("Patient/p", "https://ehr.example/fhir/Patient/p"),
        ("https://ehr.example/fhir?page=2", "https://ehr.example/fhir?page=2"),
        ("https://ehr.example/fhir/?page=2", "https://ehr.example/fhir/?page=2"),
        ("http://ehr.example/fhir/Patient", None),
        ("https://ehr.example:444/fhir/Patient", None),
        ("https://user@ehr.example/fhir/Patient", None),
        ("https://ehr.example/fhir/a/..%2f..", None),
        ("https://ehr.example/fhir/%252e%252e/x", None),
        ("https://ehr.example/fhir\\x", None),
        ("https://ehr.example/fhir/a\nb", None),
    ],
)
def test_an_address_stays_below_the_base(link: str, expected: str | None) -> None:
    assert resolve("https://ehr.example/fhir", link) == expected


@pytest.mark.verifies("CH-21.2", "A-10")
def test_a_token_is_never_printed(fhir: Behaviour) -> None:
    from ehr_access.transport import Transport, open_session

    assert TOKEN not in repr(Transport(open_session(Limits()), TOKEN, Limits()))
