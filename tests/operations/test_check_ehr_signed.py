"""`rpild check-ehr` against the demo EHR: its open base, and its protected one by Backend Services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ehr_access.client_keys import load_client_keys
from ehr_sandbox.charting import load_patients
from fhir_mappings.queries import KEYS, scopes
from rpild_server.check_ehr.signing_in import sign_in
from rpild_server.cli import main
from rpild_server.client_key_command import add_key
from rpild_server.demo import SERVICE_ID, running_demo
from tests.conftest import free_port_pair
from tests.smart.launch.scripted_ehr import ScriptedEhr, scripted_ehr

Json = dict[str, Any]
EVERYBODY = str(len(load_patients()))


@dataclass(frozen=True)
class Site:
    """A running demo whose service client signs with the keys of a file."""

    ehr: str
    keys: Path

    def run(self, base: str, *options: str) -> Result:
        return CliRunner().invoke(main, ["check-ehr", "--fhir", f"{self.ehr}/{base}", *options])

    @property
    def signing(self) -> tuple[str, ...]:
        return ("--client", SERVICE_ID, "--client-keys", str(self.keys))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    keys = tmp_path_factory.mktemp("keys") / "client-keys.json"
    add_key(keys, "ES384", date(2026, 11, 24))
    with running_demo(free_port_pair(), keys_file=keys) as addresses:
        yield Site(addresses.ehr, keys)


def test_the_open_base_is_read_whole(site: Site, tmp_path: Path) -> None:
    html = tmp_path / "report.html"
    done = site.run("open/fhir", "--patients", EVERYBODY, "--json", "--html", str(html))
    assert done.exit_code == 0, done.output
    found: Json = json.loads(done.stdout)
    assert {each["key"]: each["accepted"] for each in found["searches"]} == dict.fromkeys(KEYS, int(EVERYBODY))
    have = {each["name"]: each["patients"] for each in found["elements"]}
    assert have["E-PAT"] == have["E-COND"] == int(EVERYBODY)
    assert {"E-FERR", "E-MSA", "E-GAS", "E-PFT", "E-CT", "E-ATT"} <= {name for name, number in have.items() if number}
    names = [patient.name for patient in load_patients()]
    assert not [name for name in names if name in done.output + html.read_text()]
    assert "<svg" in html.read_text()
    assert "<script" not in html.read_text()


def test_the_protected_base_is_read_by_backend_services(site: Site) -> None:
    done = site.run("fhir", *site.signing)
    assert done.exit_code == 0, done.output
    assert "Backend Services: a token for 300 seconds" in done.output
    assert "24 of 24 are accepted" in done.output
    for line in ("backend_services = true", 'client_auth = "private_key_jwt"', "refuse_without_s256 = true"):
        assert line in done.output


def test_the_protected_base_without_a_token(site: Site) -> None:
    done = site.run("fhir")
    assert done.exit_code == 1
    assert "It asks for a token: give --token, or --client" in " ".join(done.output.split())


def test_a_token_that_is_not_accepted(site: Site) -> None:
    done = site.run("fhir", "--token", "t0ken-canary", "--json")
    assert done.exit_code == 1
    assert "t0ken-canary" not in done.output


def test_other_keys_than_those_registered_are_refused(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    add_key(other, "ES384", date(2026, 11, 24))
    done = site.run("fhir", "--client", SERVICE_ID, "--client-keys", str(other), "--json")
    assert done.exit_code == 1
    (refused,) = [each for each in json.loads(done.stdout)["findings"] if each["part"] == "Backend Services"]
    assert refused["text"] == "the token endpoint refuses: invalid_client"
    assert "client_credentials" in refused["remedy"]


def test_keys_belong_to_a_client_and_a_token_stands_alone(site: Site) -> None:
    assert site.run("fhir", "--client-keys", str(site.keys)).exit_code == 2
    assert site.run("fhir", *site.signing, "--token", "t").exit_code == 2
    site.keys.with_name("broken.json").write_text("{}")
    assert site.run("fhir", "--client", "x", "--client-keys", str(site.keys.with_name("broken.json"))).exit_code == 2


def test_a_registered_ehr_is_read_as_its_record_says(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text(
        f'allow_http_loopback = true\npublic_base_url = "http://127.0.0.1:1"\nclient_keys_file = "{site.keys}"\n'
        f'[[ehrs]]\nname = "north"\nvendor = "epic"\nsmart = true\nbackend_services = true\n'
        f'client_id = "{SERVICE_ID}"\nfhir_bases = ["{site.ehr}/fhir"]\n[[ehrs]]\nname = "south"\n'
    )
    command = ["check-ehr", "--config", str(file)]
    done = CliRunner().invoke(main, [*command, "--ehr", "north", "--patients", "1"])
    assert done.exit_code == 0, done.output
    assert "Backend Services: a token for 300 seconds" in done.output
    assert 'patient_form = "id"' in done.output, "as its vendor spells it"
    for wrong in (
        (),
        ("--ehr", "west"),
        ("--ehr", "south"),
        ("--ehr", "north", "--client", "x"),
        ("--fhir", "http://x"),
    ):
        assert CliRunner().invoke(main, [*command, *wrong]).exit_code == 2


@pytest.fixture
def ehr() -> Iterator[ScriptedEhr]:
    with scripted_ehr() as running:
        yield running


def signed_in(ehr: ScriptedEhr, keys: Path) -> Any:
    from ehr_access.smart_client import SmartClient

    return sign_in(ehr.fhir, SmartClient("x"), load_client_keys(keys))


def test_scopes_of_version_1_are_tried_where_2_is_refused(ehr: ScriptedEhr, site: Site) -> None:
    answers = iter([{"error": "invalid_scope"}, ehr.grant(scope=" ".join(scopes(1, "system")))])
    ehr.token = lambda: next(answers)
    found = signed_in(ehr, site.keys)
    assert (found.token, found.findings[1].setting) == ("access-0", "scope_version = 1")
    assert len(found.findings) == 2
    assert [form["scope"].split()[0].rpartition(".")[2] for form, _ in ehr.asked] == ["rs", "read"]


def test_rights_that_are_not_granted_are_named(ehr: ScriptedEhr, site: Site) -> None:
    granted = [each for each in scopes(2, "system") if "Condition" not in each]
    ehr.token = lambda: ehr.grant(scope=" ".join([*granted, "patient/Condition.rs", "openid"]))
    assert [each.text for each in signed_in(ehr, site.keys).findings[1:]] == ["no right to read Condition was granted"]
    ehr.token = lambda: ehr.grant(scope=None)
    assert len(signed_in(ehr, site.keys).findings) == 1


@pytest.mark.parametrize(
    ("habit", "words"),
    [
        ({"missing": True}, "the SMART configuration cannot be used"),
        ({"token": lambda: {"access_token": ""}}, "access_token is missing"),
        ({"token": lambda: {"error": ""}}, "no reason given"),
    ],
)
def test_a_token_that_cannot_be_had_is_a_fault(ehr: ScriptedEhr, site: Site, habit: Json, words: str) -> None:
    for name, value in habit.items():
        setattr(ehr, name, value)
    found = signed_in(ehr, site.keys)
    assert found.token == ""
    assert found.findings[0].level == "fault"
    assert words in found.findings[0].text
