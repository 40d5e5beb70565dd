"""Wiring of records: a decision is on the disk before its answer goes out, then what was shown is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cds_hooks.errors import NotRecordedError
from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Digest, Evaluated, Report, Said
from rpild_rules.fatigue import Remembered, Shown, to_remember
from rpild_rules.knowledge import Knowledge
from rpild_server.record_rows import call_of, decision_of, gate_row_of
from rpild_server.remembering import keep_said, note_shown, remembered_of
from rpild_server.storage.errors import StorageError
from rpild_server.storage.switches import Scope, Switch, state_of
from rpild_server.storing import Store


class Snapshot:
    """The switches as one call sees them."""

    def __init__(self, switches: Sequence[Switch], ehr: str, hook: str) -> None:
        self._switches, self._ehr, self._hook = switches, ehr, hook

    def state(self, topic: str, unit: str) -> str:
        """`on`, `silent` or `off`."""
        return state_of(self._switches, Scope(self._ehr, self._hook, topic, unit)) if self._switches else "on"


class StoredRecords:
    """Decision records, alert memory, switches and feedback in the storage of all processes.

    A storage that cannot record ends the call with 503 (NotRecordedError). An alert memory that fails is told and
    changes nothing else: a repeated card is safer than silence.
    """

    def __init__(
        self, store: Store, knowledge: Knowledge, report: Report, now: Callable[[], datetime], memory: bool = True
    ) -> None:
        self._store = store
        self._knowledge = knowledge
        self._report = report
        self._now = now
        self._memory = memory

    def find(self, request: HookRequest, body_sha256: Digest) -> bytes | None:
        """The answer given to this call before, by any process."""
        with self._recorded():
            records = self._store().records
            return records.find(call_of(request, body_sha256())) if records.knows(request.hook_instance) else None

    def silence(self, request: HookRequest) -> Snapshot:
        """The switches of this moment."""
        with self._recorded():
            return Snapshot(self._store().switches.current(), request.ehr, request.hook)

    def recall(self, request: HookRequest) -> Remembered:
        """What was shown about this patient to this user, and what others have overridden."""
        try:
            return remembered_of(self._store(), request, self._memory)
        except StorageError as problem:
            self._report("memory-failed", code=problem.code)
            return remembered_of(self._store(), request, memory=False)

    def record(self, evaluated: Evaluated) -> bytes:
        """Record, remember, and give the answer to send."""
        with self._recorded():
            return self._note(evaluated) if evaluated.conclusion.assessment.gate.failed else self._decide(evaluated)

    def _note(self, evaluated: Evaluated) -> bytes:
        """Nobody waits for the row of a call that stopped at the gate."""
        storage = self._store()
        storage.records.note(gate_row_of(evaluated, self._knowledge, storage.keyring))
        return evaluated.conclusion.answer

    def _decide(self, evaluated: Evaluated) -> bytes:
        """What was shown is remembered only by the call whose answer is the one that was stored."""
        storage, conclusion = self._store(), evaluated.conclusion
        shown = to_remember(conclusion.choice.sent, conclusion.assessment, evaluated.inputs.remembered)
        answer = storage.records.record(decision_of(evaluated, shown, self._knowledge, storage.keyring))
        if answer == conclusion.answer:
            self._remember(evaluated, shown)
        return answer

    def _remember(self, evaluated: Evaluated, shown: Sequence[Shown]) -> None:
        if not self._memory:
            return
        try:
            note_shown(self._store(), evaluated.inputs.request, shown, evaluated.inputs.now)
        except StorageError as problem:
            self._report("memory-failed", code=problem.code)

    def save_feedback(self, iss: str, said: Sequence[Said]) -> int:
        """Keep the statements about cards that this EHR was sent, and let overrides silence."""
        with self._recorded():
            return sum(keep_said(self._store(), iss, each, self._now(), self._report) for each in said)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        try:
            yield
        except StorageError as problem:
            self._report("not-recorded", code=problem.code)
            raise NotRecordedError(f"The records cannot be used now ({problem.code}).") from None
