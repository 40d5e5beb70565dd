"""Who a client is: signed assertions of SMART's shape, each once; HTTP Basic; and never under another's name."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from authlib.oauth2.rfc6749 import InvalidClientError
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from ehr_sandbox.authorization.client_keys import ClientKeys
from ehr_sandbox.authorization.clients import Client
from tests.sandbox.authorization.conftest import Apps
from tests.sandbox.authorization.site import ASSERTION, KEY, OTHER_KEY, REDIRECT, RSA, SECRET, App, assertion


def signed(app: App, **claims: Any) -> str:
    return assertion("app", f"{app.base}/auth/token", **claims)


def exchange(app: App, proof: str, **more: Any) -> requests.Response:
    return app.redeem(app.code(), client_assertion=proof, **more)


@pytest.mark.parametrize("key", [KEY, RSA], ids=["ES384", "RS384"])
def test_both_algorithms_of_smart_are_taken(app: App, key: Any) -> None:
    assert exchange(app, signed(app, key=key)).status_code == 200


WRONG: dict[str, Callable[[App], str]] = {
    "a key of nobody": lambda app: signed(app, key=OTHER_KEY),
    "a foreign key under a known kid": lambda app: signed(app, key=OTHER_KEY, head={"kid": KEY.kid}),
    "no kid": lambda app: signed(app, head={"kid": None}),
    "another typ": lambda app: signed(app, head={"typ": "at+jwt"}),
    "aud of another server": lambda app: signed(app, aud="http://elsewhere.invalid/token"),
    "aud of the whole EHR": lambda app: signed(app, aud=app.base),
    "no aud": lambda app: signed(app, aud=None),
    "too long a life": lambda app: signed(app, exp=int(time.time()) + 310),
    "an hour": lambda app: signed(app, exp=int(time.time()) + 3600),
    "an endless life": lambda app: signed(app, exp=10**300),
    "no end": lambda app: signed(app, exp=None),
    "an end that is no number": lambda app: signed(app, exp="tomorrow"),
    "ended": lambda app: signed(app, exp=int(time.time()) - 1),
    "issued in the future": lambda app: signed(app, iat=int(time.time()) + 60),
    "not yet good": lambda app: signed(app, nbf=int(time.time()) + 60),
    "no jti": lambda app: signed(app, jti=None),
    "a jti that is no text": lambda app: signed(app, jti=["x"]),
    "another issuer": lambda app: signed(app, iss="basic"),
    "no issuer": lambda app: signed(app, iss=None),
    "another subject": lambda app: signed(app, sub="basic"),
    "an unknown subject": lambda app: signed(app, iss="stranger", sub="stranger"),
    "a subject that is no text": lambda app: signed(app, sub=["app"]),
    "no subject": lambda app: signed(app, sub=None),
    "alg none": lambda _: "eyJhbGciOiJub25lIn0.e30.",
    "not a JWT": lambda _: "nonsense",
    "empty": lambda _: "",
    "three dots": lambda _: "...",
    "not ASCII": lambda _: "é.é.é",
}


@pytest.mark.parametrize("proof", WRONG.values(), ids=WRONG)
def test_a_wrong_assertion_opens_nothing(app: App, proof: Callable[[App], str]) -> None:
    answer = exchange(app, proof(app))
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
def test_other_algorithms_are_refused(app: App, algorithm: str) -> None:
    key: Any = ECKey.generate_key("P-256") if algorithm == "ES256" else OctKey.import_key("the-public-key-as-a-secret")
    claims = {"iss": "app", "sub": "app", "aud": f"{app.base}/auth/token", "exp": int(time.time()) + 60, "jti": "j"}
    proof = jwt.encode({"alg": algorithm, "typ": "JWT", "kid": KEY.kid}, claims, key, algorithms=[algorithm])
    assert exchange(app, proof).json()["error"] == "invalid_client"


def test_an_assertion_is_good_once(app: App) -> None:
    proof = signed(app)
    assert exchange(app, proof).status_code == 200
    assert exchange(app, proof).json() == {"error": "invalid_client", "error_description": "JWT ID is used before."}


def test_a_jti_is_good_once_even_in_another_assertion(app: App) -> None:
    assert exchange(app, signed(app, jti="one")).status_code == 200
    assert exchange(app, signed(app, jti="one", exp=int(time.time()) + 200)).json()["error"] == "invalid_client"


def test_a_bad_assertion_does_not_use_a_jti_up(app: App) -> None:
    assert not exchange(app, signed(app, jti="two", aud="http://elsewhere.invalid")).ok
    assert exchange(app, signed(app, jti="two")).ok


def test_one_jti_at_once_gets_one_through(app: App) -> None:
    proof, codes = signed(app), [app.code() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda code: app.redeem(code, client_assertion=proof), codes))
    assert [each.ok for each in answers].count(True) == 1


def test_an_assertion_needs_its_type(app: App) -> None:
    assert exchange(app, signed(app), client_assertion_type="urn:something").json()["error"] == "invalid_client"


@pytest.mark.parametrize("auth", [("basic", "wrong"), ("basic", ""), ("stranger", SECRET), ("app", SECRET)])
def test_a_wrong_secret_is_told_with_a_challenge(apps: Apps, auth: tuple[str, str]) -> None:
    app = apps("basic")
    form = {"grant_type": "authorization_code", "code": app.code(), "redirect_uri": REDIRECT}
    answer = requests.post(f"{app.base}/auth/token", form | {"code_verifier": app.verifier}, auth=auth, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YQ==", "Bearer x", "Basic //79/A=="])
def test_a_broken_header_is_a_refusal(apps: Apps, header: str) -> None:
    app = apps("basic")
    answer = requests.post(
        f"{app.base}/auth/token",
        {"grant_type": "authorization_code", "code": "x"},
        headers={"Authorization": header},
        timeout=5,
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("client", ["app", "basic"])
def test_who_has_a_key_or_secret_must_use_it(apps: Apps, client: str) -> None:
    app = apps(client)
    form = {"grant_type": "authorization_code", "code": app.code(), "redirect_uri": REDIRECT, "client_id": client}
    answer = requests.post(f"{app.base}/auth/token", form | {"code_verifier": app.verifier}, timeout=5)
    assert answer.json()["error"] == "invalid_client"


def test_a_secret_in_the_body_is_refused(apps: Apps) -> None:
    app = apps("basic")
    form = {"grant_type": "authorization_code", "code": app.code(), "client_id": "basic", "client_secret": SECRET}
    assert requests.post(f"{app.base}/auth/token", form, timeout=5).json()["error"] == "invalid_request"


def test_two_proofs_at_once_are_refused(app: App) -> None:
    form = {"grant_type": "authorization_code", "code": app.code(), "client_assertion_type": ASSERTION}
    form["client_assertion"] = signed(app)
    answer = requests.post(f"{app.base}/auth/token", form, auth=("basic", SECRET), timeout=5)
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["basic", "public"])
def test_nobody_acts_under_another_name(app: App, name: str) -> None:
    assert exchange(app, signed(app), client_id=name).json()["error"] == "invalid_client"


@pytest.fixture
def key_page() -> Iterator[tuple[str, list[Response]]]:
    """An address for keys, and what it answers next."""
    answers: list[Response] = []

    @Request.application
    def page(_: Request) -> Response:
        return answers.pop(0)

    server = make_server("127.0.0.1", 0, page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json", answers
    server.shutdown()
    thread.join()


def test_keys_come_from_the_registered_address_and_may_change(key_page: tuple[str, list[Response]]) -> None:
    address, answers = key_page
    client = Client("remote", jwks_url=address)
    for key in (KEY, OTHER_KEY):
        answers.append(Response(json.dumps({"keys": [key.as_dict(private=False)]})))
        assert [each.kid for each in ClientKeys().of(client).keys] == [key.kid]


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>"),
        Response("{}"),
        Response("[]"),
        Response('{"keys": [{"kty": "nonsense"}]}'),
        Response("", 302, {"Location": "http://127.0.0.1:1/"}),
        Response("", 500),
        Response('{"keys": [' + " " * 100_000 + "]}"),
    ],
    ids=["a page", "no keys", "a list", "a strange key", "a redirect", "a failure", "too much"],
)
def test_an_address_without_keys_is_a_refusal(key_page: tuple[str, list[Response]], answer: Response) -> None:
    key_page[1].append(answer)
    with pytest.raises(InvalidClientError, match="could not be read"):
        ClientKeys().of(Client("remote", jwks_url=key_page[0]))
    with pytest.raises(InvalidClientError, match="could not be read"):
        ClientKeys().of(Client("gone", jwks_url="http://127.0.0.1:1/"))
