"""The bill of materials: valid by the schema of its standard, whole, with hashes and licences, each time the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.sbom import bill, pinned, written
from tests.conftest import ROOT

LOCK = (ROOT / "requirements-server.lock").read_text()
Json = dict[str, Any]


def printed() -> str:
    command = [sys.executable, str(ROOT / "deploy" / "sbom.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def text() -> str:
    return printed()


@pytest.fixture(scope="module")
def parts(text: str) -> dict[str, Json]:
    return {each["name"]: each for each in json.loads(text)["components"]}


def test_it_is_valid_and_the_validator_can_tell(text: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"application"', '"programme"')) is not None


def test_it_is_the_same_each_time(text: str) -> None:
    assert printed() == text


def test_every_package_of_the_lock_is_there_with_all_its_hashes_and_a_licence(parts: dict[str, Json]) -> None:
    locked = re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.MULTILINE)
    assert {(name, each["version"]) for name, each in parts.items() if each["purl"].startswith("pkg:pypi/")} == {
        *locked
    }
    hashes = [each["content"] for part in parts.values() for each in part.get("hashes", ())]
    assert sorted(hashes) == sorted(re.findall(r"--hash=sha256:(\w+)", LOCK))
    assert [name for name, each in parts.items() if not each.get("licenses")] == []
    assert parts["orjson"]["licenses"][0]["expression"] == "MPL-2.0 AND (Apache-2.0 OR MIT)"


def test_what_is_vendored_is_there_in_its_version(parts: dict[str, Json]) -> None:
    folders = {each["properties"][0]["value"] for each in parts.values() if each["purl"].startswith("pkg:npm/")}
    assert folders == {f"static/vendor/{each.name}" for each in (ROOT / "static" / "vendor").iterdir()}
    script = next((ROOT / "static" / "vendor" / "uplot").glob("*.js")).read_text()
    assert f"v{parts['uplot']['version']}" in script


def test_what_depends_on_what(text: str) -> None:
    graph = {each["ref"].split("==")[0]: each.get("dependsOn", []) for each in json.loads(text)["dependencies"]}
    names = {ref: {each.split("==")[0] for each in below} for ref, below in graph.items()}
    assert {"flask", "psycopg", "opentelemetry-sdk", "uplot@1.6.32"} <= names["rpild"]
    assert "werkzeug" not in names["rpild"]
    assert {"werkzeug", "jinja2"} <= names["flask"]


def test_a_package_of_other_machines_is_listed_without_a_licence() -> None:
    lock = f"no-such-package==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{'0' * 64}\n"
    assert [each.marker for each in pinned(lock)] == ["sys_platform == 'win32'"]
    project = {
        "name": "x",
        "version": "1",
        "license": "MIT",
        "dependencies": ["no-such-package"],
        "optional-dependencies": {},
    }
    (part,) = json.loads(written(bill(lock, project | {"optional-dependencies": {}}, [])))["components"]
    assert (part["name"], "licenses" in part) == ("no-such-package", False)
