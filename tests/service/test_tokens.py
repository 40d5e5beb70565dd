"""Who may call: the tokens of registered EHRs over real HTTP, and everything else as a 401 that says nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog.testing

from rpild_server import storing
from rpild_server.storage.audit import entries
from rpild_server.storing import Store, temporary_store
from tests.service.calls import bundle, fresh, healthy, hook_body, rapid_disease
from tests.service.conftest import EVALUATED, Site, serving, test_settings
from tests.service.hostile_server import Behaviour
from tests.service.test_answers_over_http import METHOTREXATE
from tests.service.test_refusals_over_http import coded
from tests.service.tokens import (
    BASE,
    ISS,
    NOW,
    VIEW,
    bearer,
    claims,
    confused,
    encoded,
    jwks,
    key,
    segment,
    token,
    unsigned,
    write_jwks,
)

JKU = "https://ehr.example/keys"
OTHER = "https://other.example"


def records(folder: Path, fhir: Behaviour) -> tuple[dict[str, Any], ...]:
    """Two EHRs, one of them with a tenant, and one whose record switches most hooks off."""
    keys = write_jwks(folder / "keys.json", key(), key("rsa", "RSA"))
    other = write_jwks(folder / "other.json", key("other"))
    return (
        {"name": "main", "iss": ISS, "jwks_file": keys, "jku": JKU, "fhir_bases": (fhir.base,), "audiences": {"rpild"}},
        {"name": "other", "iss": OTHER, "jwks_file": other, "hooks": {"order-sign"}},
        {"name": "ward", "iss": ISS, "tenant": "ward", "jwks_file": other, "silent_mode": True},
    )


@contextmanager
def signed_site(folder: Path, fhir: Behaviour, store: Store, **changed: Any) -> Iterator[Site]:
    given = {"public_base_url": BASE, "ehrs": records(folder, fhir)} | changed
    with serving(test_settings(fhir, **given), fhir, unsigned="", store=store) as site:
        yield site


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with temporary_store() as opened:
        yield opened


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, quiet_fhir: Behaviour, store: Store) -> Iterator[Site]:
    with signed_site(tmp_path_factory.mktemp("keys"), quiet_fhir, store) as site:
        yield site


def ask(site: Site, text: str, body: Any = None, service: str = "rpild-patient-view") -> requests.Response:
    content = body or hook_body(prefetch=healthy(site.templates()), hookInstance=fresh())
    return site.post(content, service, headers=bearer(text))


GOOD: dict[str, Any] = {
    "ES384": lambda: token(),
    "RS384": lambda: token(signer=key("rsa", "RSA")),
    "with its jku": lambda: token(jku=JKU),
    "an audience among others": lambda: token(claims(aud=["https://elsewhere.example", BASE + VIEW])),
    "an audience typed in by hand": lambda: token(claims(aud="rpild")),
    "more claims and a header of its own": lambda: token(claims(sub="ehr", nbf=NOW - 300), vendor="x"),
    "typ in small letters": lambda: token(typ="jwt"),
    "a clock that is a minute ahead": lambda: token(claims(iat=NOW + 59, exp=NOW + 300)),
    "a clock that is a minute behind": lambda: token(claims(iat=NOW - 400, exp=NOW - 59)),
    "fifteen minutes": lambda: token(claims(iat=NOW - 10, nbf=NOW - 310, exp=NOW + 890)),
    "fractions of seconds": lambda: token(claims(iat=NOW - 0.5, exp=NOW + 300.25)),
    "a tenant": lambda: token(claims(tenant="ward"), key("other")),
}


@pytest.mark.verifies("CH-52")
@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD)
def test_a_good_token_is_accepted(guarded: Site, make: Any) -> None:
    assert ask(guarded, make()).status_code == 200


def tampered() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{segment(claims(sub='someone')).decode()}.{signature}"


def cut() -> str:
    return token()[:-4]


BAD: dict[str, tuple[Any, str]] = {
    "no algorithm": (lambda: unsigned(), "form"),
    "no signature": (lambda: unsigned("ES384"), "form"),
    "a public key as a shared secret": (confused, "algorithm"),
    "ES256": (lambda: token(alg="ES256"), "algorithm"),
    "the key of a stranger under a known kid": (lambda: token(signer=key("thief"), kid="first"), "signature"),
    "a key of its own in the header": (lambda: token(signer=key("thief"), jwk=jwks(key("thief"))["keys"][0]), "form"),
    "a foreign jku": (lambda: token(signer=key("thief"), jku="https://evil.example/keys"), "jku"),
    "a jku that looks alike": (lambda: token(jku=JKU + "/"), "jku"),
    "an unknown kid": (lambda: token(kid="unknown"), "key"),
    "no kid": (lambda: token(kid=None), "form"),
    "an empty kid": (lambda: token(kid=""), "form"),
    "a kid that is a path": (lambda: token(kid="../../etc/passwd"), "key"),
    "crit": (lambda: token(crit=["x"], x=1), "form"),
    "b64 false": (lambda: token(b64=False, crit=["b64"]), "form"),
    "another typ": (lambda: token(typ="at+jwt"), "form"),
    "no typ": (lambda: token(typ=None), "form"),
    "claims changed after signing": (tampered, "signature"),
    "a signature cut off": (cut, "signature"),
    "the wrong kind of key": (lambda: token(kid="rsa"), "signature"),
    "expired": (lambda: token(claims(iat=NOW - 400, exp=NOW - 61)), "expired"),
    "ten years": (lambda: token(claims(exp=NOW + 315_360_000)), "lifetime"),
    "more than twenty minutes": (lambda: token(claims(exp=NOW + 1201)), "lifetime"),
    "exp before iat": (lambda: token(claims(iat=NOW + 30, exp=NOW + 20)), "lifetime"),
    "a day old": (lambda: token(claims(iat=NOW - 86_400)), "lifetime"),
    "too old though short": (lambda: token(claims(iat=NOW - 961, exp=NOW + 200)), "age"),
    "not before later": (lambda: token(claims(nbf=NOW + 100)), "not-yet"),
    "issued later": (lambda: token(claims(iat=NOW + 61, exp=NOW + 300)), "not-yet"),
    "exp as text": (lambda: token(claims(exp=str(NOW + 300))), "form"),
    "exp true": (lambda: token(claims(exp=True)), "form"),
    "exp beyond every clock": (lambda: token(claims(exp=10**400, iat=10**400 - 5)), "form"),
    "no exp": (lambda: token(claims(exp=None)), "form"),
    "no iat": (lambda: token(claims(iat=None)), "form"),
    "no jti": (lambda: token(claims(jti=None)), "form"),
    "an empty jti": (lambda: token(claims(jti="")), "form"),
    "an endless jti": (lambda: token(claims(jti="x" * 300)), "form"),
    "no audience": (lambda: token(claims(aud=None)), "form"),
    "an empty list of audiences": (lambda: token(claims(aud=[])), "audience"),
    "another service": (lambda: token(claims("/cds-services/rpild-order-sign")), "audience"),
    "a prefix of the address": (lambda: token(claims("/cds-services")), "audience"),
    "a closing slash": (lambda: token(claims(VIEW + "/")), "audience"),
    "the address of the request": (lambda: token(claims(aud="http://127.0.0.1" + VIEW)), "audience"),
    "an issuer that looks alike": (lambda: token(claims(iss=ISS + "/")), "issuer"),
    "an issuer in capitals": (lambda: token(claims(iss=ISS.upper())), "issuer"),
    "no issuer": (lambda: token(claims(iss=None)), "form"),
    "a tenant that is not registered": (lambda: token(claims(tenant="other")), "issuer"),
    "the token of one tenant for another": (lambda: token(claims(tenant="ward")), "key"),
    "another EHR's key": (lambda: token(claims(iss=OTHER)), "key"),
    "no JSON": (lambda: token(payload=b"hello"), "form"),
    "a list": (lambda: token(payload=b"[]"), "form"),
    "NaN": (lambda: token(payload=b'{"exp":NaN}'), "form"),
    "deep JSON": (lambda: token(payload=b"[" * 3000), "form"),
    "UTF-16": (lambda: token(payload='{"iss":"x"}'.encode("utf-16")), "form"),
    "a huge token": (lambda: token(claims(sub="x" * 9000)), "form"),
    "two parts": (lambda: ".".join(token().split(".")[:2]), "form"),
    "five parts": (lambda: token() + ".a.b", "form"),
    "an encrypted token": (lambda: f"{segment({'alg': 'RSA-OAEP', 'enc': 'A256GCM'}).decode()}.a.b.c.d", "form"),
    "not base64": (lambda: "a.b.c", "form"),
    "padding": (lambda: token() + "==", "form"),
    "a header that is no object": (lambda: f"{encoded(b'1').decode()}.{segment(claims()).decode()}.AA", "form"),
}


@pytest.mark.verifies("CH-51", "CH-52", "CH-53", "CH-55", "CH-56", "A-1", "A-2", "A-3", "A-4", "A-5", "H18")
@pytest.mark.parametrize(("make", "why"), BAD.values(), ids=BAD)
def test_a_bad_token_is_a_401_that_says_nothing(
    guarded: Site, make: Any, why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    text = make()
    with structlog.testing.capture_logs() as log:
        answer = ask(guarded, text)
    assert (answer.status_code, answer.content, answer.headers["WWW-Authenticate"]) == (401, b"", "Bearer")
    assert "Content-Type" not in answer.headers
    (line,) = [each for each in log if each["event"] == "refused"]
    assert (line["code"], line["why"], line["correlation"]) == (
        "RPILD-CALLER",
        why,
        answer.headers["X-Correlation-Id"],
    )
    assert text not in str(log) + "".join(capfd.readouterr())
    assert guarded.fhir.seen == []


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer  ", "Bearer a b c", "bearer\t{}", "{}"])
def test_what_is_no_bearer_token_is_refused(guarded: Site, header: str) -> None:
    body = hook_body(prefetch=healthy(guarded.templates()))
    answer = guarded.post(body, headers={"Authorization": header.format(token())} if header else {})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.verifies("CH-56")
def test_every_refusal_looks_the_same(guarded: Site) -> None:
    seen = set()
    for make in (confused, tampered, lambda: token(kid="unknown"), lambda: "x"):
        headers = dict(ask(guarded, make()).headers)
        headers.pop("X-Correlation-Id")
        headers.pop("Date")
        seen.add(tuple(sorted(headers.items())))
    assert len(seen) == 1


@pytest.mark.verifies("CH-54", "A-6")
def test_a_token_is_accepted_once(guarded: Site) -> None:
    text = token()
    assert [ask(guarded, text).status_code for _ in range(3)] == [200, 401, 401]


@pytest.mark.verifies("A-6")
def test_a_token_used_in_one_process_is_used_in_another(
    tmp_path: Path, quiet_fhir: Behaviour, store: Store, guarded: Site
) -> None:
    text = token()
    with signed_site(tmp_path, quiet_fhir, store) as second:
        assert [ask(guarded, text).status_code, ask(second, text).status_code] == [200, 401]


def test_the_same_jti_of_another_issuer_is_another_token(guarded: Site) -> None:
    one, two = claims(jti="one"), claims(jti="one", tenant="ward")
    assert [ask(guarded, token(one)).status_code, ask(guarded, token(two, key("other"))).status_code] == [200, 200]


@pytest.mark.verifies("CH-54")
def test_a_refused_token_uses_no_jti_up(guarded: Site) -> None:
    given = claims()
    assert ask(guarded, token(given, key("thief"), kid="first")).status_code == 401
    assert ask(guarded, token(given)).status_code == 200


@pytest.mark.verifies("CH-50", "CH-52")
def test_feedback_and_each_service_have_an_audience_of_their_own(guarded: Site) -> None:
    path = f"{VIEW}/feedback"
    assert guarded.post({"feedback": []}, "rpild-patient-view/feedback", headers=bearer(token())).status_code == 401
    answer = guarded.post({"feedback": []}, "rpild-patient-view/feedback", headers=bearer(token(claims(path))))
    assert answer.status_code == 200


@pytest.mark.verifies("CH-11")
def test_discovery_is_open_but_checks_a_token_that_is_sent(guarded: Site) -> None:
    address = f"{guarded.url}/cds-services"
    assert requests.get(address, timeout=20).status_code == 200
    assert requests.get(address, headers=bearer(token()), timeout=20).status_code == 401
    good = requests.get(address, headers=bearer(token(claims("/cds-services"))), timeout=20)
    assert len(good.json()["services"]) == 3


def test_an_ehr_sees_and_calls_the_hooks_that_are_on_for_it(guarded: Site) -> None:
    mine = token(claims("/cds-services", iss=OTHER), key("other"))
    services = requests.get(f"{guarded.url}/cds-services", headers=bearer(mine), timeout=20).json()["services"]
    assert [each["hook"] for each in services] == ["order-sign"]
    answer = ask(guarded, token(claims(iss=OTHER), key("other")))
    assert (answer.status_code, coded(answer)) == (403, "RPILD-HOOK-OFF")


def test_an_ehr_may_have_settings_of_its_own(guarded: Site) -> None:
    body = hook_body(prefetch=rapid_disease(guarded.templates()))
    assert ask(guarded, token(), body).json()["cards"]
    assert ask(guarded, token(claims(tenant="ward"), key("other")), body).json()["cards"] == []


def test_cards_of_two_issuers_are_never_the_same_card(guarded: Site) -> None:
    path = "/cds-services/rpild-order-sign"
    somebody = {"draftOrders": bundle(METHOTREXATE), "userId": "Practitioner/who-was-told-nothing-yet"}
    body = hook_body("order-sign", rapid_disease(guarded.templates()), somebody)
    texts = (token(claims(path)), token(claims(path, iss=OTHER), key("other")))
    one, two = (ask(guarded, text, body, "rpild-order-sign").json()["cards"] for text in texts)
    assert [each["source"]["topic"] for each in one] == [each["source"]["topic"] for each in two]
    assert {each["uuid"] for each in one}.isdisjoint(each["uuid"] for each in two)


@pytest.mark.verifies("CH-29.1", "A-23")
def test_one_ehr_may_not_name_the_fhir_server_of_another(guarded: Site) -> None:
    path = "/cds-services/rpild-order-sign"
    body = hook_body("order-sign", context={"draftOrders": {"resourceType": "Bundle"}}, **guarded.grant())
    answer = ask(guarded, token(claims(path, iss=OTHER), key("other")), body, "rpild-order-sign")
    assert (answer.status_code, coded(answer)) == (412, "RPILD-REQUIRED-DATA")
    assert guarded.fhir.seen == []


@pytest.mark.verifies("A-22")
def test_a_spoofed_host_does_not_change_the_expected_audience(guarded: Site) -> None:
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    body = hook_body(prefetch=healthy(guarded.templates()))
    evil = bearer(token(claims(aud="https://evil.example" + VIEW)))
    assert guarded.post(body, headers=spoofed | evil).status_code == 401
    assert guarded.post(body, headers=spoofed | bearer(token())).status_code == 200


def test_a_preflight_bears_no_token(guarded: Site) -> None:
    answer = requests.options(f"{guarded.url}{VIEW}", timeout=20)
    assert answer.status_code == 200


def test_without_a_memory_of_tokens_none_is_accepted(tmp_path: Path, quiet_fhir: Behaviour) -> None:
    settings = test_settings(quiet_fhir, public_base_url=BASE, ehrs=records(tmp_path, quiet_fhir))
    with serving(settings, quiet_fhir, unsigned="") as site:
        answer = ask(site, token())
    assert (answer.status_code, coded(answer), answer.headers["Retry-After"]) == (503, "RPILD-TOKEN-MEMORY", "5")


@pytest.mark.verifies("A-6")
def test_a_full_memory_of_tokens_accepts_none(
    tmp_path: Path, quiet_fhir: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with temporary_store() as own:
        monkeypatch.setattr(own().tokens, "_capacity", 3)
        monkeypatch.setattr("rpild_server.storage.used_tokens.SWEEP_USES", 1)
        with signed_site(tmp_path, quiet_fhir, own) as site:
            statuses = [ask(site, token()).status_code for _ in range(6)]
    assert statuses.count(200) <= 4
    assert statuses[-1] == 503


@pytest.mark.verifies("CH-55", "H18")
def test_refusals_stand_in_the_audit_log_but_no_flood_of_them(
    tmp_path: Path, quiet_fhir: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rpild_server.auditing.MOST_A_MINUTE", 5)
    with temporary_store() as own, signed_site(tmp_path, quiet_fhir, own) as site:
        for _ in range(8):
            assert ask(site, confused()).status_code == 401
        body = hook_body(prefetch=healthy(site.templates()) | {"patient": {"resourceType": "Patient", "id": "p2"}})
        assert ask(site, token(), body).status_code == 400
        monkeypatch.setattr("rpild_server.auditing.MINUTE", 0.0)
        assert ask(site, confused()).status_code == 401
        storing.close_store(own)
        kept = [(each.kind, each.who, json.loads(each.what)) for each in entries(own().engine)]
    stranger = ("refused", "unknown", "RPILD-CALLER")
    assert [(kind, who, what["code"]) for kind, who, what in kept] == [
        *[stranger] * 5,
        ("refused", "main", "RPILD-OTHER-PATIENT"),
        stranger,
    ]
    assert kept[0][2]["why"] == "algorithm"
    assert kept[0][2]["iss"] == ISS
    assert kept[-1][2]["left_out"] == 3
    assert "p2" not in str(kept)


@pytest.mark.verifies("CH-54")
def test_a_token_lives_in_the_memory_as_long_as_it_is_accepted(guarded: Site, store: Store) -> None:
    given = claims(iat=NOW - 300, exp=NOW - 58)
    text = token(given)
    assert ask(guarded, text).status_code == 200
    later = EVALUATED + timedelta(seconds=2)
    assert not store().tokens.first_use(ISS, given["jti"], later, later)
