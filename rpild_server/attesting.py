"""Attestations that we keep, for the chart: on the hook as on the page, by the same pseudonym of the patient."""

from __future__ import annotations

from collections.abc import Callable

from cds_hooks.client_auth import identity
from cds_hooks.errors import NotRecordedError
from cds_hooks.hook_request import HookRequest
from ehr_access.registry import TrustedEhr
from rpild_server.logs import report
from rpild_server.storage.errors import StorageError
from rpild_server.storing import Store

Load = Callable[[HookRequest], tuple[bytes, ...]]


def whose(ehr: TrustedEhr) -> str:
    """What stands for an EHR in pseudonyms of its patients: as its calls name it; an EHR that never calls, its name."""
    return identity(ehr) or f"ehr:{ehr.name}"


def load_for_hook(store: Store | None) -> Load:
    """What we keep about the patient of a call; a store that cannot be read ends the call, for it would lose facts."""
    return _Loading(store).load if store else _nothing


def _nothing(_request: HookRequest) -> tuple[bytes, ...]:
    return ()


class _Loading:
    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, request: HookRequest) -> tuple[bytes, ...]:
        """The Observations as JSON; raises NotRecordedError."""
        try:
            storage = self._store()
            return storage.attestations.counting(storage.keyring.pseudonym(request.iss, request.patient_id))
        except StorageError as problem:
            report("attestations-unread", code=problem.code)
            raise NotRecordedError(f"The attestations cannot be read now ({problem.code}).") from None
