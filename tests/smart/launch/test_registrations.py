"""Registrations of the page: refused at the start with file, key and remedy, and never with a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ehr_access.client_keys import ClientKeys, load_client_keys, make_client_key, write_client_keys
from ehr_access.public_keys import KeysError
from rpild_server.cli import main
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.smart_rules import app_serve_faults

HOME = "https://rpild.example"
APP = {"name": "main", "smart": True, "client_id": "rpild", "fhir_bases": ("https://ehr.example/fhir",)}


def settings(*changed: dict[str, Any], **site: Any) -> Settings:
    given = {"public_base_url": HOME, "ehrs": tuple(APP | each for each in changed)}
    return load_settings(**(given | site))


@pytest.mark.verifies("I-22", "APP-4")
@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"client_auth": "client_secret_post"}, "client_auth"),
        ({"client_auth": "client_secret_jwt"}, "client_auth"),
        ({"client_algorithm": "RS256"}, "client_algorithm"),
        ({"access": "always"}, "access"),
        ({"client_id": ""}, "needs client_id and fhir_bases"),
        ({"fhir_bases": ()}, "needs client_id and fhir_bases"),
        ({"fhir_bases": ("http://ehr.example/fhir",)}, "plain http"),
        ({"name": "St. Elsewhere/1"}, "name stands in addresses"),
        ({"client_auth": "client_secret_basic"}, "client_secret_file: missing"),
        ({"client_secret_file": "x"}, "client_secret_file: remove it"),
        ({"client_auth": "client_secret_basic", "client_secret_file": "absent"}, "cannot be read"),
        ({"scopes": "x"}, "known settings of an EHR"),
    ],
)
def test_a_registration_that_cannot_work_stops_the_start(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        settings(changed)


@pytest.mark.verifies("APP-4")
def test_the_page_needs_an_address_and_a_launch_one_ehr() -> None:
    with pytest.raises(SettingsError, match="public_base_url: missing"):
        settings({}, public_base_url=None)
    with pytest.raises(SettingsError, match="belongs to main already"):
        settings({}, {"name": "second", "fhir_bases": ("https://EHR.example:443/fhir/",)})
    with pytest.raises(SettingsError, match="mend its spelling"):
        settings({"fhir_bases": ("https://ehr.example/fhïr",)})


@pytest.mark.verifies("I-10")
@pytest.mark.parametrize(("text", "mode", "fault"), [
    ("s3cret", 0o644, "others than its owner"), ("two words", 0o600, "one line"), ("a:b", 0o600, "one line"),
    ("", 0o600, "one line"), ("gehéim", 0o600, "one line"),
])  # fmt: skip
def test_a_secret_lies_in_a_file_of_its_own(tmp_path: Path, text: str, mode: int, fault: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    basic = {"client_auth": "client_secret_basic", "client_secret_file": file}
    with pytest.raises(SettingsError, match=fault) as refused:
        settings(basic)
    assert text == "" or text not in str(refused.value)
    file.write_text("s3cret")
    file.chmod(0o600)
    given = settings(basic)
    client = given.ehrs[0].client()
    assert client.secret == "s3cret"
    assert "s3cret" not in f"{client!r} {given!r} {given.registry().ehrs!r}"


def key_file(path: Path, *keys: tuple[str, str]) -> Path:
    path.write_bytes(write_client_keys(ClientKeys(tuple(make_client_key(*each) for each in keys))))
    path.chmod(0o600)
    return path


@pytest.mark.verifies("APP-51", "APP-4")
def test_a_start_with_real_data_needs_the_keys_that_sign(tmp_path: Path) -> None:
    assert "rpild client-key" in "".join(app_serve_faults(settings({})))
    assert not list(app_serve_faults(settings({"client_auth": "none"})))
    assert not list(app_serve_faults(settings({"smart": False})))
    file = key_file(tmp_path / "keys.json", ("a", "ES384"), ("b", "ES384"))
    for changed, fault in (({}, ""), ({"client_key_id": "b"}, ""), ({"client_key_id": "c"}, "no ES384 key c"),
                           ({"client_algorithm": "RS384"}, "--algorithm RS384")):  # fmt: skip
        told = "".join(app_serve_faults(settings(changed, client_keys_file=file)))
        assert (fault in told) if fault else told == ""
    assert "cannot be read" in "".join(app_serve_faults(settings({}, client_keys_file=tmp_path / "absent")))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 1}', '{"keys": [{}]}', '{"keys": [{"alg": "ES384"}]}'])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeysError, match="private JWKs"):
        load_client_keys(file)


def test_keys_of_another_kind_public_ones_and_doubles_are_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path / "keys.json", ("a", "ES384"), ("a", "RS384"))
    with pytest.raises(KeysError, match="one kid"):
        load_client_keys(file)
    swapped = key_file(file, ("a", "ES384")).read_text().replace("ES384", "RS384")
    for text in (swapped, file.read_text().replace('"d"', '"x-d"')):
        file.write_text(text)
        with pytest.raises(KeysError, match="private JWKs"):
            load_client_keys(file)
    file.chmod(0o644)
    with pytest.raises(KeysError, match="chmod 600"):
        load_client_keys(file)


@pytest.mark.verifies("APP-51")
def test_the_command_adds_keys_and_keeps_the_old_ones(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    for algorithm in ("ES384", "ES384", "RS384"):
        done = CliRunner().invoke(main, ["client-key", str(file), "--algorithm", algorithm])
        assert done.exit_code == 0, done.output
    keys = load_client_keys(file)
    assert [each.algorithm for each in keys.keys] == ["ES384", "ES384", "RS384"]
    assert len({each.id for each in keys.keys}) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    assert keys.signing("ES384") == keys.keys[0]
    file.write_text("broken")
    broken = CliRunner().invoke(main, ["client-key", str(file)])
    assert (broken.exit_code, file.read_text()) == (2, "broken")
