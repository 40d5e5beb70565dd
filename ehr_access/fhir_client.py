"""Reading a patient's resources from a trusted FHIR server: in parallel, page by page, within one budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event
from typing import Protocol

import requests

from ehr_access.addresses import resolve
from ehr_access.breaker import Breaker
from ehr_access.budget import Deadline, Limits
from ehr_access.registry import Registry
from ehr_access.transport import ReadError, Renew, Transport, open_session
from fhir_mappings.envelopes import is_json, look
from fhir_mappings.reads import Answer, Failure, Pages
from rpild_rules.findings import Reason

Fetch = Callable[[Mapping[str, str], float], Mapping[str, Answer]]


class Access(Protocol):
    """The EHR's permission for one call."""

    @property
    def server(self) -> str: ...

    @property
    def token(self) -> str: ...

    @property
    def expires_in(self) -> float: ...


class EhrReader:
    """Opens the reading of one call on any registered EHR. One session per process keeps connections alive."""

    def __init__(
        self, registry: Registry, limits: Limits, on_circuit: Callable[[str, bool], None] = lambda _ehr, _open: None
    ) -> None:
        """`on_circuit` hears an EHR's name and whether reads of its server are not tried for a while."""
        self._registry = registry
        self._on_circuit = on_circuit
        self._limits = limits
        self._session: requests.Session | None = None
        self._breakers: dict[str, Breaker] = {}

    def open(self, access: Access, ehr: str, renew: Renew | None = None) -> Fetch | None:
        """How to read with this permission; None when the server is not this EHR's or the token has run out.

        `renew` gives another token for one that the server does not accept any more.
        """
        trusted = self._registry.find(ehr)
        if access.expires_in <= 0 or trusted is None or not trusted.trusts(access.server):
            return None
        base = access.server.removesuffix("/")
        transport = Transport(self._shared_session(), access.token, self._limits, renew)
        deadline = Deadline(min(self._limits.seconds, access.expires_in))
        return PatientReads(base, transport, deadline, self._breaker_of(base, ehr)).fetch

    def _breaker_of(self, base: str, ehr: str) -> Breaker:
        return self._breakers.setdefault(base, Breaker(told=partial(self._on_circuit, ehr)))

    def _shared_session(self) -> requests.Session:
        """Opened at the first read, so that no connection is shared across a fork."""
        if self._session is None:
            self._session = open_session(self._limits)
        return self._session


class PatientReads:
    """The reads of one call, all below `base` and before `deadline`."""

    def __init__(self, base: str, transport: Transport, deadline: Deadline, breaker: Breaker) -> None:
        self._base = base
        self._transport = transport
        self._deadline = deadline
        self._breaker = breaker

    def fetch(self, wanted: Mapping[str, str], share: float) -> dict[str, Answer]:
        """Every key's answer; what is not there after this share of the budget is a failed fetch."""
        if not self._breaker.lets_through():
            return dict.fromkeys(wanted, Failure(Reason.FETCH_FAILED))
        deadline, heard = self._deadline.share(share), Event()
        pool = ThreadPoolExecutor(self._transport.limits.parallel, thread_name_prefix="fhir")
        try:
            running = {key: pool.submit(self._answer, link, deadline, heard) for key, link in wanted.items()}
            wait(running.values(), timeout=max(deadline.left, 0))
            return {key: _outcome(future) for key, future in running.items()}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._breaker.note(heard.is_set())

    def _answer(self, link: str, deadline: Deadline, heard: Event) -> Answer:
        """One key's answer; `heard` is set as soon as the server has said anything."""
        try:
            body = self._get(link, deadline)
            heard.set()
            return self._follow(body, deadline)
        except ReadError as problem:
            if not problem.down:
                heard.set()
            return Failure(problem.reason)

    def _get(self, link: str, deadline: Deadline) -> bytes:
        """One resource or page; raises ReadError for an OperationOutcome and for what is no resource at all."""
        address = resolve(self._base, link)
        if address is None:
            raise ReadError(Reason.FETCH_FAILED)
        body = self._transport.get(address, deadline)
        found = look(body)
        if found.refusal or not found.resource_type or not is_json(body):
            raise ReadError(found.refusal or Reason.FETCH_FAILED)
        return body

    def _follow(self, first: bytes, deadline: Deadline) -> Answer:
        """All pages behind the first; when a page fails, those read so far as an incomplete search."""
        if look(first).resource_type != "Bundle":
            return first
        bodies, seen, link = [first], set[str](), look(first).next_link
        while link:
            if link in seen or self._is_full(bodies):
                return Pages(tuple(bodies), complete=False)
            seen.add(link)
            try:
                bodies.append(self._get(link, deadline))
            except ReadError:
                return Pages(tuple(bodies), complete=False)
            link = look(bodies[-1]).next_link
        return Pages(tuple(bodies))

    def _is_full(self, bodies: list[bytes]) -> bool:
        limits = self._transport.limits
        return len(bodies) >= limits.pages or sum(map(len, bodies)) >= limits.max_bytes


def _outcome(future: Future[Answer]) -> Answer:
    return future.result() if future.done() and not future.cancelled() else Failure(Reason.FETCH_FAILED)
