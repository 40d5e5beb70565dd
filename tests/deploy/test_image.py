"""The image and the Compose file: what they name exists, and nothing runs with more rights than it needs."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from rpild_server.initial import write_initial
from rpild_server.settings import load_settings
from rpild_server.site_rules import serve_faults
from tests.conftest import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def sources() -> set[str]:
    """What the builder copies from the project."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return {source for line in lines for source in line.split()[:-1]}


def test_the_image_holds_every_package_and_what_their_build_needs() -> None:
    wanted = {
        *PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        "static",
        "pyproject.toml",
        "README.md",
    }
    assert wanted | {*PROJECT["project"]["license-files"], "requirements-server.lock"} == sources()
    assert all((ROOT / each).exists() for each in sources())


def test_the_builder_is_sent_exactly_what_it_copies() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == sources()


def test_the_image_installs_by_hash_with_the_database_driver_and_runs_as_nobody_special() -> None:
    assert "--no-deps --require-hashes -r requirements-server.lock" in DOCKERFILE
    lock = (ROOT / "requirements-server.lock").read_text()
    assert "psycopg-binary==" in lock
    assert "USER 10001:10001" in DOCKERFILE


def test_the_lock_of_the_image_is_that_of_the_demo_with_the_driver_and_the_traces() -> None:
    pinned = re.compile(r"^([A-Za-z0-9._-]+==\S+)", re.MULTILINE)
    demo = set(pinned.findall((ROOT / "requirements.lock").read_text()))
    image = set(pinned.findall((ROOT / "requirements-server.lock").read_text()))
    assert demo <= image
    more = {each.split("==")[0] for each in image - demo}
    assert {"psycopg", "psycopg-binary", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= more
    needed = {"googleapis-common-protos", "protobuf", "psycopg", "psycopg-binary"}
    assert [each for each in more - needed if not each.startswith("opentelemetry-")] == []


def test_compose_runs_the_service_read_only_beside_a_database_that_only_it_reaches() -> None:
    service, database = COMPOSE["services"]["rpild"], COMPOSE["services"]["database"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"] == "10001:10001"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "ports" not in database
    assert "/readyz" in " ".join(service["healthcheck"]["test"])


def test_compose_holds_no_password() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    assert set(re.findall(r"PASSWORD: (\S+)", text)) == {"${POSTGRES_PASSWORD:?set"}


def test_compose_follows_the_compose_specification() -> None:
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert list(validator.iter_errors(COMPOSE)) == []
    misspelt = {"services": {"rpild": COMPOSE["services"]["rpild"] | {"read_onyl": True}}}
    assert list(validator.iter_errors(misspelt)), "the schema refuses what it does not know"


def test_what_init_writes_is_served_in_compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of its environment win over the file, so that nothing but addresses is to be edited."""
    service = COMPOSE["services"]["rpild"]
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{.*?\}", "secret", value))
    config, _ = write_initial(tmp_path / "site", date(2026, 11, 24))
    settings = load_settings(config)
    assert list(serve_faults(settings)) == []
    assert (settings.host, service["ports"]) == ("0.0.0.0", [f"127.0.0.1:{settings.port}:{settings.port}"])
    place = settings.place()
    assert place
    assert place.is_postgres
    assert f"127.0.0.1:{settings.port}/readyz" in " ".join(service["healthcheck"]["test"])
    (mount,) = service["volumes"]
    assert mount == "./site:/etc/rpild:ro"
    assert f'"/etc/rpild/{config.name}"' in DOCKERFILE
