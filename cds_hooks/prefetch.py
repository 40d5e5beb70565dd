"""What the call knows of each prefetch key: taken as the EHR sent it, read from the FHIR server where it is absent.

| sent | taken as |
|---|---|
| `null`, a Bundle without entries | read, and empty; not read again |
| a Bundle with a `next` link | its first page; the rest is followed, else the search is partial |
| an OperationOutcome | a failure; not read again |
| `{}`, another resource type, a Patient without id, unreadable | absent |
| nothing | absent: read from the FHIR server, if the EHR lets us |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cds_hooks.errors import RequiredDataMissingError
from cds_hooks.hook_request import NULL
from cds_hooks.ports import Fetch
from fhir_mappings.decode import peek
from fhir_mappings.envelopes import look
from fhir_mappings.queries import QUERIES
from fhir_mappings.reads import Answer, Failure, Pages

MOST_SINGLE_READS = 50
NO_ACCESS = "not in the prefetch, and no FHIR access that this service trusts"


@dataclass(slots=True)
class Reading:
    """The answers of one call as they come in. `searches` gives the relative searches of some keys."""

    prefetch: Mapping[str, bytes]
    searches: Callable[[Iterable[str]], Mapping[str, str]]
    fetch: Fetch | None
    answers: dict[str, Answer] = field(default_factory=dict)

    def read(self, keys: Iterable[str], share: float = 1.0) -> None:
        """Answer these keys, spending at most this share of what is left of the call's budget."""
        absent: list[str] = []
        following: dict[str, str] = {}
        for key in keys:
            if key not in self.answers:
                self._take(key, absent, following)
        if self.fetch and (absent or following):
            self._complete(self.fetch({**self.searches(absent), **following}, share), following)

    def _take(self, key: str, absent: list[str], following: dict[str, str]) -> None:
        raw = self.prefetch.get(key, b"")
        sent = look(raw, links=self.fetch is not None)
        if raw == NULL or sent.refusal:
            self.answers[key] = Failure(sent.refusal) if sent.refusal else None
        elif sent.resource_type == _expected(key) and _names_itself(key, raw):
            self.answers[key] = raw
            following |= {key: sent.next_link} if sent.next_link else {}
        else:
            absent.append(key)

    def _complete(self, found: Mapping[str, Answer], following: Mapping[str, str]) -> None:
        for key, answer in found.items():
            first = self.answers.get(key)
            self.answers[key] = _joined(first, answer) if key in following and isinstance(first, bytes) else answer

    def read_each(self, references: Iterable[str]) -> Pages | None:
        """Single resources by `Type/id`, as many as could be read; None when there is nothing to read or no access."""
        wanted = {reference: reference for reference in list(references)[:MOST_SINGLE_READS]}
        if not self.fetch or not wanted:
            return None
        found = self.fetch(wanted, 1.0).values()
        return Pages(tuple(each for each in found if isinstance(each, bytes)), complete=True)

    def require(self, keys: Iterable[str]) -> None:
        """Raise RequiredDataMissingError unless every one of these keys was read."""
        missing = [f"{key} ({self._why(key)})" for key in keys if not self._has(key)]
        if missing:
            raise RequiredDataMissingError(f"Required data could not be had: {', '.join(missing)}.")

    def _has(self, key: str) -> bool:
        answer = self.answers.get(key)
        if answer is None:
            return key in self.answers and _expected(key) == "Bundle"
        return isinstance(answer, Pages) or (isinstance(answer, bytes) and _names_itself(key, answer))

    def _why(self, key: str) -> str:
        answer = self.answers.get(key)
        if isinstance(answer, Failure):
            return answer.reason.value
        if _lacks_id(key, answer if isinstance(answer, bytes) else self.prefetch.get(key, b"")):
            return "without id"
        return "sent as null" if key in self.answers else NO_ACCESS


def _names_itself(key: str, raw: bytes) -> bool:
    """What is read by id must bear one: whose it is could not be told else."""
    return not QUERIES[key].is_read or bool(peek(raw)[1])


def _lacks_id(key: str, raw: bytes) -> bool:
    return look(raw, links=False).resource_type == _expected(key) and not _names_itself(key, raw)


def _expected(key: str) -> str:
    """A search gives a Bundle, a read its resource type."""
    return QUERIES[key].kind if QUERIES[key].is_read else "Bundle"


def _joined(first: bytes, rest: Answer) -> Pages:
    """The first page and those read after it; without them the search is partial."""
    if isinstance(rest, Pages):
        return Pages((first, *rest.bodies), rest.complete)
    return Pages((first,), complete=False)
