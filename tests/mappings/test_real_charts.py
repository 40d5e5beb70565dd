"""Charts that nobody on this project wrote: every resource is read without a stumble."""

from __future__ import annotations

import gzip
import json
from datetime import UTC
from pathlib import Path

from fhir_mappings.chart import Chart, ChartContext, read_chart
from fhir_mappings.mixed import answers_for, one_patient, read_bundle
from tests.mappings.charts import NOW


def read(body: bytes, wanted: str = "") -> Chart:
    """The chart of a file."""
    mixed = read_bundle(body)
    person = one_patient(mixed, wanted)
    return read_chart(answers_for(mixed, person), ChartContext(person, NOW, UTC))


def test_synthea(shared: Path) -> None:
    files = sorted((shared / "data" / "synthea").glob("*.json.gz"))
    assert len(files) == 10
    charts = [read(gzip.decompress(path.read_bytes())) for path in files]
    assert [each.unreadable for each in charts] == [()] * 10
    assert all(each.facts.stays and each.facts.person.birth for each in charts)


def test_us_core(shared: Path) -> None:
    lines = gzip.decompress((shared / "data" / "us-core" / "examples.ndjson.gz").read_bytes()).splitlines()
    subjects = read_bundle(b"\n".join(lines)).subjects
    people = [json.dumps({"resourceType": "Patient", "id": each}).encode() for each in subjects]
    charts = [read(b"\n".join([*lines, *people]), each) for each in subjects]
    assert len(charts) == 2
    assert [each.unreadable for each in charts] == [(), ()]
