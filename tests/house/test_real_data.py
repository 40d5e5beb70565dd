"""Charts that nobody on this project wrote pass through command line and hook without a fault and without a card."""

from __future__ import annotations

import gzip
import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from benchmarks.charts import prescription
from benchmarks.hook_body import answer, bundle
from rpild_server.cli import main
from tests.conftest import SHARED, Demo

pytestmark = pytest.mark.slow
Json = dict[str, Any]
HOOKS = {"patient-view": "rpild-patient-view", "order-sign": "rpild-order-sign"}


def unzip(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("utf-8")


def synthea(path: Path) -> list[Json]:
    """A transaction Bundle as the server that took it would hold it: references are Type/id."""
    text = unzip(path)
    for entry in json.loads(text)["entry"]:
        resource = entry["resource"]
        text = text.replace(f'"{entry["fullUrl"]}"', json.dumps(f"{resource['resourceType']}/{resource['id']}"))
    return [entry["resource"] for entry in json.loads(text)["entry"]]


def us_core() -> dict[str, list[Json]]:
    """The example resources by subject, each with a minimal Patient."""
    charts: dict[str, list[Json]] = defaultdict(list)
    for line in unzip(SHARED / "data/us-core/examples.ndjson.gz").splitlines():
        resource = json.loads(line)
        charts[resource["subject"]["reference"].removeprefix("Patient/")].append(resource)
    person = {"resourceType": "Patient", "birthDate": "1970-01-01", "gender": "female"}
    return {subject: [person | {"id": subject}, *found] for subject, found in charts.items()}


def charts() -> Iterator[tuple[str, list[Json]]]:
    for path in sorted((SHARED / "data/synthea").glob("*.json.gz")):
        yield path.name.split(".")[0], synthea(path)
    if SHARED.is_dir():
        yield from ((f"us-core-{subject}", chart) for subject, chart in us_core().items())


CHARTS = dict(charts())
CHART_NAMES = sorted(CHARTS) or ["absent"]


def patient_id(chart: list[Json]) -> str:
    return str(next(each["id"] for each in chart if each["resourceType"] == "Patient"))


@pytest.mark.parametrize("name", CHART_NAMES)
def test_command_line_assesses_it(shared: Path, name: str, tmp_path: Path) -> None:
    file = tmp_path / "chart.json"
    file.write_text(json.dumps(bundle(CHARTS[name])), encoding="utf-8")
    result = CliRunner().invoke(main, ["assess", str(file), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assessment = json.loads(result.stdout)
    assert assessment["cards"] == []
    table = CliRunner().invoke(main, ["assess", str(file)], catch_exceptions=False)
    assert table.exit_code == 0, table.output


@pytest.mark.parametrize("path", sorted((SHARED / "data/synthea").glob("*.gz")) or [SHARED], ids=lambda each: each.name)
def test_command_line_reads_the_bundle_as_it_came(shared: Path, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "chart.json"
    file.write_text(unzip(path), encoding="utf-8")
    result = CliRunner().invoke(main, ["assess", str(file), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["cards"] == []


def call(demo: Demo, hook: str, chart: list[Json]) -> requests.Response:
    """A hook call with every prefetch key filled as the EHR would."""
    services = requests.get(f"{demo.url}/cds-services", timeout=10).json()["services"]
    templates = next(each["prefetch"] for each in services if each["id"] == HOOKS[hook])
    context: Json = {"userId": "Practitioner/1", "patientId": patient_id(chart)}
    if hook == "order-sign":
        draft = prescription("draft-1", "6902", "Methylprednisolone", "2026-01-01", "draft")
        context["draftOrders"] = bundle([draft | {"subject": {"reference": f"Patient/{patient_id(chart)}"}}])
    prefetch = {key: answer(template, chart) for key, template in templates.items()}
    body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": prefetch}
    return requests.post(f"{demo.url}/cds-services/{HOOKS[hook]}", json=body, timeout=20)


@pytest.mark.parametrize("hook", sorted(HOOKS))
@pytest.mark.parametrize("name", CHART_NAMES)
def test_hook_answers_without_a_card(shared: Path, demo: Demo, name: str, hook: str) -> None:
    response = call(demo, hook, CHARTS[name])
    assert response.status_code == 200, response.text[:1000]
    assert response.json()["cards"] == []
