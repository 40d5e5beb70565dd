"""The audit of refusals: a storage that fails is reported and changes no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog.testing
from sqlalchemy import select

from rpild_server.auditing import MOST_A_MINUTE, AuditTrail
from rpild_server.storage.errors import RecordStoreClosedError
from rpild_server.storage.tables import audit_log
from rpild_server.storing import temporary_store
from tests.service.conftest import EVALUATED, serving, test_settings
from tests.service.hostile_server import Behaviour
from tests.service.test_tokens import ask, signed_site
from tests.service.tokens import confused


def test_a_closed_storage_is_reported() -> None:
    with temporary_store() as store:
        store().close()
        with structlog.testing.capture_logs() as log:
            AuditTrail(store, lambda: EVALUATED)("refused", "main", code="RPILD-CALLER")
    assert [(each["event"], each["code"]) for each in log] == [("audit-failed", RecordStoreClosedError.code)]


def test_a_refusal_stays_a_refusal_when_it_cannot_be_kept(
    tmp_path: Path, quiet_fhir: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with temporary_store() as store, signed_site(tmp_path, quiet_fhir, store) as site:
        store().close()
        assert ask(site, confused()).status_code == 401


def test_without_a_storage_nothing_is_kept(quiet_fhir: Behaviour) -> None:
    with serving(test_settings(quiet_fhir), quiet_fhir, unsigned="") as site:
        assert ask(site, confused()).status_code == 401


def test_uses_of_a_patients_data_are_never_left_out() -> None:
    with temporary_store() as store:
        trail = AuditTrail(store, lambda: EVALUATED)
        for number in range(MOST_A_MINUTE + 5):
            trail("chart-read", "main", number=number)
            trail("refused", "main", code="RPILD-CALLER")
        store().close()
        place = store().engine
        with place.connect() as connection:
            kinds = list(connection.execute(select(audit_log.c.kind)).scalars())
        assert (kinds.count("chart-read"), kinds.count("refused")) == (MOST_A_MINUTE + 5, MOST_A_MINUTE)
