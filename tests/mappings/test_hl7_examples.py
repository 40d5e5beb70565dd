"""The example resources of HL7 for FHIR R4, from the npm registry: every one is read without a stumble."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from hashlib import sha512
from pathlib import Path
from typing import Any

import pytest

from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.coverage import Coverage, count
from fhir_mappings.mixed import KEY_OF, answers_for, read_bundle
from fhir_mappings.queries import KEYS
from tests.conftest import need
from tests.mappings.charts import NOW

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
ARCHIVE = "hl7.fhir.r4.examples-4.0.1.tgz"
SHA512 = (
    "0d705d21939e41a48a220094ef0e87382eecc3fe81cf29668a92e4056e1ffffa"
    "53f8173de31fbc2c89b04ddbda35384f2683b3a41cefc40ccdaa37aedd7ff32f"
)


def fetched(root: Path) -> Path:
    """The package in the cache of this checkout, fetched if it is not there, and always the one that is pinned."""
    path = root / "build" / "hl7" / ARCHIVE
    if not path.exists():
        fetch(path)
    assert sha512(path.read_bytes()).hexdigest() == SHA512, f"{path} is not the pinned package: delete it"
    return path


def fetch(path: Path) -> None:
    """Get it with npm; skipped without npm or network, which in CI is a failure."""
    npm = need("npm", "npm")
    path.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([npm, "pack", PACKAGE], cwd=path.parent, capture_output=True, timeout=300)
    if done.returncode:
        message = f"npm pack {PACKAGE} failed; it needs the npm registry"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(scope="module")
def examples(root: Path) -> list[bytes]:
    return list(_resources(fetched(root)))


def _resources(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            found = archive.extractfile(member) if member.name.endswith(".json") else None
            raw = json.loads(found.read()) if found is not None else {}
            if isinstance(raw, dict) and "resourceType" in raw and raw["resourceType"] in KEY_OF:
                yield json.dumps(raw).encode()


def test_every_example_is_decoded(examples: list[bytes]) -> None:
    mixed = read_bundle(b"\n".join(examples))
    kinds = Counter(resource.resource_type for _, resource in mixed.entries)
    assert len(mixed.entries) == len(examples) > 250
    assert mixed.unreadable == ()
    assert kinds["Observation"] > 40


def test_every_example_reads_as_somebodys_chart(examples: list[bytes]) -> None:
    mixed = read_bundle(b"\n".join(examples))
    people = {json.loads(each)["id"] for each in examples if b'"resourceType": "Patient"' in each[:40]}
    assert len(people) > 10
    read = 0
    for each in sorted(people):
        chart = read_chart(answers_for(mixed, each), ChartContext(each, NOW, UTC))
        assert set(chart.facts.readings.values()) == {"complete"}
        read += sum(chart.counts.values())
    assert read > len(people)


def test_every_example_alone_under_its_key(examples: list[bytes]) -> None:
    """As a prefetch answer of the patient it names, in a searchset Bundle."""
    for raw in examples:
        resource: Any = json.loads(raw)
        whose = (resource.get("subject") or resource.get("patient") or {}).get("reference", "Patient/p1")
        patient = resource["id"] if resource["resourceType"] == "Patient" else whose.rpartition("/")[2] or "p1"
        key = KEY_OF[resource["resourceType"]]
        body = raw if key == "patient" else b'{"resourceType":"Bundle","entry":[{"resource":' + raw + b"}]}"
        chart = read_chart(dict.fromkeys(KEYS) | {key: body}, ChartContext(patient, NOW, UTC))
        assert chart.counts[key] + len(chart.unreadable) >= int(whose.startswith("Patient/"))


def test_a_coverage_report_of_all_examples(examples: list[bytes]) -> None:
    coverage = Coverage()
    count([resource for _, resource in read_bundle(b"\n".join(examples)).entries], coverage)
    assert coverage.resources.total() == len(examples)
    assert coverage.mapped()
