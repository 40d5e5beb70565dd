"""Lean: only the gate's keys are announced; what else is needed is read for patients who pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from fhir_mappings.queries import GATE_KEYS, KEYS, templates
from rpild_server.ehr_settings import EhrSettings
from rpild_server.settings import load_settings
from tests.recording.conftest import running


@pytest.mark.parametrize(
    ("lean", "dated", "keys", "today"),
    [
        (False, False, KEYS, False),
        (False, True, KEYS, True),
        (True, False, GATE_KEYS, False),
        (True, True, GATE_KEYS, True),
    ],
)
def test_the_prefetch_of_a_profile(lean: bool, dated: bool, keys: tuple[str, ...], today: bool) -> None:
    ehr = EhrSettings(name="main", dates_in_prefetch=dated)
    profile = load_settings(lean=lean).for_hooks(ehr).prefetch_profile
    found = templates("rpild-patient-view", profile)
    assert tuple(found) == keys
    assert any("today()" in each for each in found.values()) is today


def test_an_ehr_of_its_own_may_be_lean() -> None:
    settings: Any = load_settings(ehrs=({"name": "main", "lean": True},))
    assert settings.for_hooks(settings.ehrs[0]).prefetch_profile == "lean"
    assert settings.for_hooks().prefetch_profile == "generic"


def test_lean_is_announced_and_enough_for_the_gate(tmp_path: Path) -> None:
    with running(tmp_path, "lean = true") as hospital:
        services = requests.get(f"{hospital.url}/cds-services", timeout=20).json()["services"]
        assert [tuple(each["prefetch"]) for each in services] == [GATE_KEYS] * 3
        answer = hospital.ask(hospital.body()).json()
        assert answer["extension"]["org.rpild.assessment"]["context"] == "confirmed"
