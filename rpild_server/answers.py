"""Answers already given, in memory and bounded; and the records of a service that has no storage."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Digest, Evaluated, Said
from rpild_rules.fatigue import NOTHING, Remembered

CAPACITY = 500
Key = tuple[str, ...]


def call_key(request: HookRequest) -> Key:
    """What two calls with the same body must share to be the same."""
    return request.iss, request.service, request.hook_instance


class RecentAnswers:
    """The newest answers by call key, each for one body; the oldest leave first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[Key, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Key, body_sha256: Digest) -> bytes | None:
        """The answer given to this call before."""
        with self._lock:
            kept = self._answers.get(key)
        return kept[1] if kept and kept[0] == body_sha256() else None

    def keep(self, key: Key, body_sha256: str, answer: bytes) -> bytes:
        """Keep an answer; when another thread was first with the same body, its answer is the one."""
        with self._lock:
            kept = self._answers.get(key)
            if kept and kept[0] == body_sha256:
                return kept[1]
            self._answers[key] = body_sha256, answer
            if len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
            return answer


class AllOn:
    """Nothing is switched off."""

    def state(self, _topic: str, _unit: str) -> str:
        """Always `on`."""
        return "on"


class NoRecords:
    """Answers without a record, an alert memory or a switch: for measuring and for tests, never for care."""

    def __init__(self) -> None:
        self._recent = RecentAnswers()

    def find(self, request: HookRequest, body_sha256: Digest) -> bytes | None:
        """The answer given to this call before."""
        return self._recent.find(call_key(request), body_sha256)

    def silence(self, _request: HookRequest) -> AllOn:
        """Nothing is switched off."""
        return AllOn()

    def recall(self, _request: HookRequest) -> Remembered:
        """Nothing is remembered."""
        return NOTHING

    def record(self, evaluated: Evaluated) -> bytes:
        """Keep the answer for a repeated call, unless it stopped at the gate."""
        answer = evaluated.conclusion.answer
        if not evaluated.body_sha256:
            return answer
        return self._recent.keep(call_key(evaluated.inputs.request), evaluated.body_sha256, answer)

    def save_feedback(self, _iss: str, _said: Sequence[Said]) -> int:
        """No card is known."""
        return 0
