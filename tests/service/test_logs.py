"""The log: JSON lines, allow-listed fields, nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from rpild_server.logs import report, start_logging


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    start_logging(stream=stream)
    yield stream
    structlog.reset_defaults()


def test_a_line_holds_allowed_fields_only(log: io.StringIO) -> None:
    report("answered", service="rpild-patient-view", cards=1, patient="canary", name="canary", token="canary")
    line = json.loads(log.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "answered", "level": "info", "service": "rpild-patient-view", "cards": 1}


def test_line_breaks_cannot_forge_a_line(log: io.StringIO) -> None:
    report("refused", code='x\n{"event": "forged"}')
    assert log.getvalue().count("\n") == 1
