"""Withdrawing what an EHR keeps when the EHR is difficult: nothing is damaged, and what is not known is not claimed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ehr_access.budget import Deadline, Limits
from ehr_access.fhir_writer import EhrWriter, FhirWrites
from ehr_access.registry import Registry, TrustedEhr
from ehr_access.scopes import read_granted
from ehr_access.transport import open_session
from fhir_mappings.attestation_drafts import Statement, attestation
from smart_app import attest
from smart_app.attest import Acts
from smart_app.attest_forms import Entered
from smart_app.opening import Opened
from smart_app.ports import SmartPorts
from smart_app.statement_ports import FINAL, KeptStatement
from tests.service.hostile_server import Act, Behaviour, bundle, give, hostile_server, status

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WRITTEN = attestation(Statement("infection-reviewed", True, "rpild-1", "p1", "Practitioner/d1", "", NOW)) | {"id": "9"}
READ, PUT = "Observation/9", "PUT Observation/9"


@dataclass
class Memory:
    """A store of statements in memory."""

    rows: dict[str, KeptStatement] = field(default_factory=dict)

    def of_patient(self, _about: object) -> tuple[KeptStatement, ...]:
        return tuple(self.rows.values())

    def add(self, _about: object, kept: KeptStatement) -> bool:
        return self.rows.setdefault(kept.id, kept) is kept

    def change(self, _about: object, kept: KeptStatement, was: tuple[str, ...], _now: datetime) -> bool:
        good = self.rows[kept.id].place in was and self.rows[kept.id].status == FINAL
        self.rows |= {kept.id: kept} if good else {}
        return good


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


@pytest.fixture
def acts(fhir: Behaviour, monkeypatch: pytest.MonkeyPatch) -> Acts:
    """The acts of a clinician whose EHR is the hostile server."""

    def open_writes(*_: object) -> FhirWrites:
        limits = Limits(seconds=1.0)
        return FhirWrites(open_session(limits), fhir.base, "token", limits, Deadline(1.0))

    monkeypatch.setattr(attest, "open_writes", open_writes)
    launch = SimpleNamespace(
        id="l", ehr="e", server=fhir.base, patient="p1", user="Practitioner/d1", user_name="",
        scopes=read_granted("patient/Observation.cu"),
    )  # fmt: skip
    seen = SimpleNamespace(launch=launch, ehr=TrustedEhr("e"), csrf="c")
    ports = SimpleNamespace(now=lambda: NOW, report=lambda *_, **__: None, audit=lambda *_, **__: None)
    writer = EhrWriter(Registry([]), Limits())
    return Acts(cast("Opened", seen), cast("SmartPorts", ports), Memory(), writer)


@pytest.mark.parametrize(
    ("found", "put", "word"),
    [
        (give(WRITTEN), give(WRITTEN), "withdrawn"),
        (give(WRITTEN), status(412), "changed"),
        (give(WRITTEN), status(500), "unsure"),
        (give(WRITTEN), status(403), "kept"),
        (give(WRITTEN), status(422), "kept"),
        (status(404), give(WRITTEN), "kept"),
        (give(b"<html>"), give(WRITTEN), "kept"),
        (give(WRITTEN | {"subject": {"reference": "Patient/p2"}}), give(WRITTEN), "kept"),
        (give(WRITTEN | {"valueBoolean": "perhaps"}), give(WRITTEN), "kept"),
        (give(WRITTEN | {"note": 5}), give(WRITTEN), "kept"),
    ],
)
def test_how_a_withdrawal_ends(acts: Acts, fhir: Behaviour, found: Act, put: Act, word: str) -> None:
    fhir.acts |= {READ: found, PUT: put}
    assert acts.withdraw(READ) == word
    rows = acts.statements.of_patient(acts.about)
    assert [(each.code, each.place, each.status) for each in rows] == (
        [("infection-reviewed", "ehr", "entered-in-error")] if word == "withdrawn" else []
    )
    assert all(json.loads(body)["status"] == "entered-in-error" for body in fhir.bodies)


def test_the_ehrs_own_additions_stay(acts: Acts, fhir: Behaviour) -> None:
    local = {"system": "urn:ehr", "code": "local"}
    extended: dict[str, Any] = WRITTEN | {
        "meta": {"versionId": "3"}, "extension": [{"url": "urn:x", "valueString": "kept"}],
        "code": {"coding": [local, *WRITTEN["code"]["coding"]]},
    }  # fmt: skip
    fhir.acts |= {READ: give(extended), PUT: give({})}
    assert acts.withdraw(READ) == "withdrawn"
    sent = json.loads(fhir.bodies[0])
    assert {name: sent[name] for name in ("extension", "code", "valueBoolean")} == {
        name: extended[name] for name in ("extension", "code", "valueBoolean")
    }
    assert fhir.seen[1][1]["If-Match"] == 'W/"3"'
    assert acts.statements.of_patient(acts.about)[0].code == "infection-reviewed"


def test_a_search_that_fails_leaves_the_decision_to_the_clinician(acts: Acts, fhir: Behaviour) -> None:
    fhir.acts["POST Observation"] = status(500)
    assert acts.state("infection-reviewed", Entered(True), "k") == "unheard"
    (kept,) = acts.statements.of_patient(acts.about)
    assert acts.decide(kept.id, "own") == "own"
    assert acts.decide(kept.id, "own") == ""


def test_what_arrived_is_told_even_to_who_discards_it(acts: Acts, fhir: Behaviour) -> None:
    fhir.acts["POST Observation"] = status(500)
    acts.state("infection-reviewed", Entered(True), "k")
    (kept,) = acts.statements.of_patient(acts.about)
    query = f"Observation?identifier=urn%3Arpild%3Aattestation-id%7C{kept.id}&patient=p1"
    arrived = WRITTEN | {"identifier": [{"system": "urn:rpild:attestation-id", "value": kept.id}]}
    fhir.acts[query] = give(bundle(arrived))
    assert acts.decide(kept.id, "discard") == "ehr"
    (kept,) = acts.statements.of_patient(acts.about)
    assert (kept.place, kept.status, json.loads(kept.content)["id"]) == ("ehr", FINAL, "9")


def test_the_same_form_again_tells_where_the_statement_is(acts: Acts, fhir: Behaviour) -> None:
    fhir.acts["POST Observation"] = give({}, 201, {"Location": f"{fhir.base}/Observation/9"})
    assert [acts.state("causes-excluded", Entered(True), "k") for _ in range(2)] == ["ehr", "ehr"]
    assert acts.state("causes-excluded", Entered(False), "k") == "ehr"
    assert len(fhir.bodies) == 2
    assert "id" not in json.loads(fhir.bodies[0])
