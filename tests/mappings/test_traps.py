"""One row for each trap that the terminology notes, the data notes and the fault list name, with its reading."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.charts import Json, bundle, chart, resource
from tests.mappings.trap_words import readings
from tests.mappings.traps_of_charts import CHARTS
from tests.mappings.traps_of_codes import CODES
from tests.mappings.traps_of_shapes import SHAPES
from tests.mappings.traps_of_times import DRAFTS, TIMES

TRAPS: list[tuple[str, list[Json], list[str]]] = [*CODES, *SHAPES, *CHARTS]


def test_every_trap_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in TRAPS] + [row[0] for row in (*TIMES, *DRAFTS)]
    assert len(set(names)) == len(names) > 200


@pytest.mark.parametrize(("resources", "expected"), [row[1:] for row in TRAPS], ids=[row[0] for row in TRAPS])
def test_trap(resources: list[Json], expected: list[str]) -> None:
    assert readings(chart(*resources)) == expected


@pytest.mark.parametrize(("resources", "expected"), [row[1:] for row in TRAPS], ids=[row[0] for row in TRAPS])
def test_trap_beside_a_broken_entry(resources: list[Json], expected: list[str]) -> None:
    """The lenient lane reads the same: a broken entry of the same type sends the whole Bundle there."""
    kinds = {each["resourceType"] for each in resources} - {"Patient"}
    broken: list[Json] = [{"resourceType": kind, "id": "broken", "meta": 5, "code": 7, "class": 7} for kind in kinds]
    found = readings(chart(*resources, *broken))
    assert [line for line in found if "/broken " not in line] == expected


@pytest.mark.parametrize(("members", "printed"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_trap_of_time(members: Json, printed: str) -> None:
    found = chart(resource("Observation", status="final", **members)).facts.measurements[0].when
    shown = (found.printed + (" issued" if found.of_issue else "")) if found is not None else "no time"
    assert shown == printed


@pytest.mark.parametrize(("entries", "expected"), [row[1:] for row in DRAFTS], ids=[row[0] for row in DRAFTS])
def test_trap_of_a_draft(entries: list[Any], expected: list[str]) -> None:
    assert readings(chart(draft_orders=bundle(*entries))) == expected
