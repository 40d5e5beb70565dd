"""Whatever is thrown at it, the authorization server refuses and never breaks."""

from __future__ import annotations

import logging
import random

import pytest
import requests

from tests.sandbox.authorization.site import App

SEED, ROUNDS = 5, 300
NAMES = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "aud",
    "launch",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "code",
    "code_verifier",
    "client_assertion",
    "client_assertion_type",
    "client_secret",
    "refresh_token",
    "token",
    "token_type_hint",
    "prompt",
    "consent",
    "decision",
    "patient",
]
PIECES = [
    "",
    "a",
    "code",
    "app",
    "S256",
    "é",
    "\x00",
    "\r\nX: y",
    '"',
    "\\",
    "<b>",
    "%00",
    "💉",
    "x" * 3000,
    "openid",
    "launch",
]
PATHS = ("authorize", "token", "introspect", "revoke")


@pytest.mark.parametrize("path", PATHS)
def test_no_input_breaks_it(app: App, path: str) -> None:
    chance = random.Random(f"{SEED}{path}")
    with requests.Session() as session:
        for _ in range(ROUNDS):
            form = {name: chance.choice(PIECES) for name in chance.sample(NAMES, chance.randint(0, 12))}
            if path == "authorize" and chance.random() < 0.6:  # nearly right, so that later checks are met too
                form = app.request(launch=None) | {name: form[name] for name in list(form)[:2]}
            headers = {"Authorization": chance.choice(["Basic é".encode(), b"Basic OjpA", b"Bearer x"])}
            answer = session.post(
                f"{app.base}/auth/{path}",
                data=form,
                headers=headers if chance.random() < 0.2 else None,
                allow_redirects=False,
                timeout=5,
            )
            assert answer.status_code < 500, (path, form)
            assert "X" not in answer.headers
            assert "access_token" not in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_another_host_name_changes_nothing(app: App, path: str) -> None:
    headers = {"Host": "elsewhere.invalid"}
    answer = requests.post(f"{app.base}/auth/{path}", headers=headers, allow_redirects=False, timeout=5)
    assert answer.status_code == 400
    told = requests.get(f"{app.base}/fhir/.well-known/smart-configuration", headers=headers, timeout=5)
    assert "elsewhere" not in told.text


def test_no_token_is_written_to_a_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        tokens = app.tokens()
        renewed = app.refresh(tokens["refresh_token"]).json()
    values = [each[name] for each in (tokens, renewed) for name in ("access_token", "refresh_token")]
    assert [value for value in values if value in caplog.text] == []


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_other_bodies_are_refused(app: App, content_type: str) -> None:
    for path in PATHS[1:]:
        answer = requests.post(
            f"{app.base}/auth/{path}", data=b'{"grant_type": "x"}', headers={"Content-Type": content_type}, timeout=5
        )
        assert 400 <= answer.status_code < 500
