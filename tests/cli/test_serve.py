"""`rpild init` and `rpild serve`: what a new site gets, what is refused at start, what the running stack accepts."""

from __future__ import annotations

import json
import socket
import stat
import time
import tomllib
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner, Result
from joserfc import jwt
from joserfc.jwk import ECKey

from rpild_server import listening
from rpild_server.cli import main
from rpild_server.ehr_settings import EhrSettings
from rpild_server.settings import SettingsError, load_settings
from rpild_server.storage.secrets_file import load_secrets
from tests.cli.serving import ISS, Served, served, write_site
from tests.conftest import ROOT
from tests.service.calls import healthy, hook_body
from tests.service.tokens import bearer

EXAMPLE = ROOT / "docs/examples/rpild.toml"
WEB_CLIENT = ROOT / "docs/examples/web-client.toml"
VIEW = "/cds-services/rpild-patient-view"


def serve(config: Path) -> Result:
    return CliRunner().invoke(main, ["serve", "--config", str(config)])


def test_init_writes_what_serve_needs(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    result = CliRunner().invoke(main, ["init", str(folder)])
    assert result.exit_code == 0
    assert result.output.splitlines() == [str(folder / "rpild.toml"), str(folder / "secrets.toml")]
    assert len(load_secrets(folder / "secrets.toml").pseudonym) == 32
    settings = load_settings(folder / "rpild.toml")
    assert settings.secrets_file == folder / "secrets.toml"
    assert [stat.S_IMODE((folder / each).stat().st_mode) for each in ("rpild.toml", "secrets.toml")] == [0o600] * 2


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text("mine")
    result = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert (result.exit_code, "secrets.toml is there already" in result.stderr) == (2, True)
    assert [each.name for each in tmp_path.iterdir()] == ["secrets.toml"]


def test_the_example_is_what_init_writes_and_is_in_order() -> None:
    assert EXAMPLE.read_text() == (ROOT / "rpild_server/sample.toml").read_text()
    settings = load_settings(EXAMPLE)
    assert settings.silent_mode
    assert [each.name for each in settings.ehrs] == ["main"]


def test_every_line_of_the_example_that_is_commented_out_is_accepted_too(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line[:30] else line for line in text.splitlines()
    ]
    lines = [line for line in lines if not line.startswith(("jwks_url", "data_folder"))]
    config = tmp_path / "all.toml"
    config.write_text("\n".join(lines))
    assert load_settings(config).ehrs[0].jwks_file == tmp_path / "main-keys.json"
    named = set(tomllib.loads("\n".join(lines))["ehrs"][0])
    assert named <= set(EhrSettings.model_fields)
    assert len(named) > 9


def test_the_web_clients_record_is_for_trying_only(tmp_path: Path) -> None:
    assert load_settings(WEB_CLIENT).ehrs[0].iss == "https://sandbox.cds-hooks.org"
    config = tmp_path / "rpild.toml"
    config.write_text(WEB_CLIENT.read_text().replace("accept_test_issuers = true", ""))
    with pytest.raises(SettingsError, match="anybody can sign as this issuer"):
        load_settings(config)


REFUSED = {
    "ehrs": ({"ehrs": ""}, "no EHR with an iss"),
    "base": ({"public_base_url": ""}, "public_base_url: missing"),
    "data": ({"data_folder": ""}, "data_folder: missing"),
    "secrets": ({"secrets_file": ""}, "secrets_file: missing"),
    "no such secrets": ({"secrets_file": '"absent.toml"'}, "RPILD-SECRETS"),
    "plain http": ({"allow_http_loopback": "false"}, "public_base_url: plain http; write https"),
    "far http": ({"public_base_url": '"http://rpild.example"'}, "public_base_url: plain http"),
    "no such keys": ({"ehrs": f'[{{name = "a", iss = "{ISS}", jwks_file = "absent.json"}}]'}, "ehrs.0.jwks_file"),
    "a private key": ({"ehrs": f'[{{name = "a", iss = "{ISS}", jwks_file = "private.json"}}]'}, "holds a private key"),
    "a test issuer": (
        {"ehrs": '[{name = "a", iss = "https://sandbox.cds-hooks.org", jwks_file = "keys.json"}]'},
        "anybody can sign",
    ),
    "several hosts": ({"hosts": "2"}, "RPILD-STORE-HOSTS"),
    "an unknown key": ({"trust_everybody": "true"}, "trust_everybody"),
}


@pytest.mark.verifies("CH-1.2", "A-24", "S5")
@pytest.mark.parametrize(("changed", "told"), REFUSED.values(), ids=REFUSED)
def test_serve_refuses_to_start(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    config = write_site(tmp_path, 8499, 8498, **changed)
    key = json.loads((tmp_path / "kit.jwk").read_text())
    (tmp_path / "private.json").write_text(json.dumps({"keys": [key]}))
    result = serve(config)
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
    assert key["d"] not in result.stderr


@pytest.mark.verifies("S5")
def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    config = write_site(tmp_path, 8499, 8498)
    (tmp_path / "secrets.toml").chmod(0o644)
    result = serve(config)
    assert (result.exit_code, "chmod 600" in result.stderr) == (2, True)


def test_a_port_in_use_is_told_in_one_line_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "WAIT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = write_site(tmp_path, port, 8498)
        result = serve(config)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.stderr
        assert f"nothing can listen at 127.0.0.1:{port} (Address already in use)" in result.stderr
        assert not (tmp_path / "data").exists()
        monkeypatch.setenv("GUNICORN_FD", "5")
        listening.refuse_place_in_use(load_settings(config))
    monkeypatch.delenv("GUNICORN_FD")
    listening.refuse_place_in_use(load_settings(config))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Served:
    with served(tmp_path_factory.mktemp("site")) as stack:
        yield stack


def signed(running: Served, **changed: object) -> dict[str, str]:
    key = ECKey.import_key(json.loads(running.jwk.read_text()))
    issued = int(time.time())
    claims = {"iss": ISS, "aud": running.url + VIEW, "iat": issued, "exp": issued + 300, "jti": str(uuid.uuid4())}
    return bearer(jwt.encode({"alg": "ES384", "typ": "JWT", "kid": "kit"}, claims | changed, key, algorithms=["ES384"]))


def post(running: Served, headers: dict[str, str]) -> requests.Response:
    keys = requests.get(f"{running.url}/cds-services", timeout=5).json()["services"][0]["prefetch"]
    return requests.post(running.url + VIEW, json=hook_body(prefetch=healthy(keys)), headers=headers, timeout=10)


@pytest.mark.verifies("CH-50")
@pytest.mark.slow
def test_only_the_registered_ehr_is_served(running: Served) -> None:
    assert post(running, signed(running)).status_code == 200
    assert post(running, {}).status_code == 401
    assert post(running, signed(running, iss="https://evil.example")).status_code == 401


@pytest.mark.verifies("A-6")
@pytest.mark.slow
def test_a_token_is_accepted_once_by_all_workers_together(running: Served) -> None:
    headers = signed(running)
    assert sorted(post(running, headers).status_code for _ in range(8)) == [200] + [401] * 7


@pytest.mark.slow
def test_the_log_begins_with_where_it_listens_and_to_whom(running: Served) -> None:
    told, warned = map(json.loads, running.log.read_text().splitlines()[:2])
    assert (told["event"], told["at"], told["ehr"], told["silent"]) == ("serving", running.url, "kit", "")
    assert (warned["event"], warned["level"]) == ("example-settings", "warning")
    assert "ehrs.0.iss still name hosts" in warned["why"]


@pytest.mark.verifies("A-22")
@pytest.mark.slow
def test_forwarded_headers_change_nothing(running: Served) -> None:
    spoofed = {"X-Forwarded-Host": "spoofed.example", "X-Forwarded-Proto": "https", "Forwarded": "host=spoofed.example"}
    assert post(running, signed(running) | spoofed).status_code == 200
    assert post(running, signed(running, aud="https://spoofed.example" + VIEW) | spoofed).status_code == 401
    assert "spoofed.example" not in running.log.read_text()


def half_a_call(running: Served, headers: dict[str, str], body: bytes) -> bytes:
    """What comes back on the wire when a request is begun and nothing more is sent."""
    host, port = running.url.removeprefix("http://").split(":")
    head = [f"POST {VIEW} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        wire.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        answer = b""
        while not answer.endswith(b"}") and (piece := wire.recv(4000)):
            answer += piece
    return answer


@pytest.mark.slow
@pytest.mark.verifies("H6")
def test_a_body_that_stops_arriving_frees_its_thread(running: Served) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        stalled = [
            pool.submit(half_a_call, running, signed(running) | {"Content-Length": "99"}, b"{") for _ in range(10)
        ]
        answers = [each.result() for each in stalled]
    assert time.monotonic() - began < 28
    assert all(each.startswith(b"HTTP/1.1 408") and b"RPILD-SLOW-BODY" in each for each in answers)
    assert post(running, signed(running)).status_code == 200


@pytest.mark.slow
@pytest.mark.verifies("S7")
def test_idle_connections_hold_up_no_call(running: Served) -> None:
    place = urlsplit(running.url)
    with ExitStack() as idle:
        for _ in range(800):
            idle.enter_context(socket.create_connection((place.hostname or "", place.port or 0), timeout=5))
        assert post(running, signed(running)).status_code == 200
    assert post(running, signed(running)).status_code == 200


@pytest.mark.slow
@pytest.mark.verifies("H6")
def test_malformed_chunks_are_refused(running: Served) -> None:
    answer = half_a_call(running, signed(running) | {"Transfer-Encoding": "chunked"}, b"zz\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"RPILD-BODY" in answer


@pytest.mark.slow
@pytest.mark.verifies("A-11")
@pytest.mark.parametrize(
    ("request_text", "status", "code"),
    [
        (f"POST {VIEW} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {'canary' * 2000}\r\n\r\n", 431, "RPILD-HEADERS"),
        (f"POST {VIEW} HTTP/1.1\r\n" + "X-Canary: 1\r\n" * 200 + "\r\n", 431, "RPILD-HEADERS"),
        (f"POST {VIEW} HTTP/1.1\r\nHost: h\r\nAuthorization: can\0ary\r\n\r\n", 400, "RPILD-HTTP"),
        ("canary\r\n\r\n", 400, "RPILD-HTTP"),
        (f"POST {VIEW}?{'canary' * 2000} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "RPILD-HTTP"),
    ],
    ids=["long header", "many headers", "odd header", "no request", "long address"],
)
def test_what_the_web_server_cannot_read_is_a_coded_refusal(
    running: Served, request_text: str, status: int, code: str
) -> None:
    answer = on_the_wire(running, request_text.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"X-Correlation-Id: " in head
    assert json.loads(body)["issue"][0]["details"]["coding"][0]["code"] == code
    assert "canary" not in running.log.read_text().lower()
    assert post(running, signed(running)).status_code == 200


def on_the_wire(running: Served, sent: bytes) -> bytes:
    """All that comes back, until the other side ends it."""
    place = urlsplit(running.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as wire:
        wire.sendall(sent)
        return b"".join(iter(lambda: wire.recv(4000), b""))


@pytest.mark.slow
def test_it_tells_that_it_lives_and_is_ready(running: Served) -> None:
    assert [requests.get(f"{running.url}/{each}", timeout=5).status_code for each in ("livez", "readyz")] == [200, 200]
