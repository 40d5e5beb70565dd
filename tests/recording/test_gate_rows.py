"""What the short row of a call that stopped at the gate says of the reason."""

from __future__ import annotations

from sqlalchemy import select

from rpild_server.storage.tables import gate_rows
from tests.recording.conftest import Hospital
from tests.service.calls import healthy


def test_the_row_of_an_unknown_age_does_not_say_that_the_patient_is_a_child(hospital: Hospital) -> None:
    born = healthy(hospital.keys)["patient"]
    ageless = {name: value for name, value in born.items() if name != "birthDate"}
    for sent in (ageless, ageless | {"birthDate": "2020"}):
        hospital.ask(hospital.body() | {"prefetch": healthy(hospital.keys) | {"patient": sent}})
    hospital.settle()
    with hospital.store().engine.connect() as connection:
        rows = connection.execute(select(gate_rows)).mappings()
        assert [row["gate"] for row in rows] == ["G1-age", "G1"]
