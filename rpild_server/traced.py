"""Tracing beside the straight line: requests, the reads of a call and its record, each in a span."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Flask, Response, g, request

from cds_hooks.hook_request import FhirAccess
from cds_hooks.ports import CompletePrefetch, Evaluated, Fetch, Ports, Records
from fhir_mappings.reads import Answer, Failure
from rpild_server.tracing import Traces, note

# Asked every few seconds by machines; they would drown the rest.
UNTRACED = frozenset({"livez", "readyz", "metrics"})
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"})


def trace_requests(app: Flask, traces: Traces) -> None:
    """A span around each request, named by its route: an address may hold the id of a page."""

    @app.before_request
    def begin() -> None:
        if request.endpoint not in UNTRACED:
            method = request.method if request.method in METHODS else "_OTHER"
            route = {"http.route": request.url_rule.rule} if request.url_rule else {}
            name = " ".join([method, *route.values()])
            g.trace = ExitStack()
            g.span = g.trace.enter_context(traces.span(name, True, request.headers.get("traceparent", "")))
            note(g.span, {"http.request.method": method} | route)

    @app.after_request
    def describe(answer: Response) -> Response:
        if "span" in g:
            told = {"rpild.correlation": g.get("correlation"), "rpild.ehr": g.get("ehr")}
            status = {"http.response.status_code": answer.status_code}
            note(g.span, status | {name: value for name, value in told.items() if value})
        return answer

    @app.teardown_request
    def end(_problem: BaseException | None) -> None:
        if "trace" in g:
            g.trace.close()


def traced(ports: Ports, traces: Traces) -> Ports:
    """The same ports, each read and each record in a span."""
    return replace(
        ports,
        complete_prefetch=_traced_reads(ports.complete_prefetch, traces),
        records=cast("Records", _TracedRecords(ports.records, traces)),
    )


def _traced_reads(complete_prefetch: CompletePrefetch, traces: Traces) -> CompletePrefetch:
    def opened(access: FhirAccess | None, ehr: str) -> Fetch | None:
        fetch = complete_prefetch(access, ehr)
        return _TracedFetch(fetch, traces) if fetch else None

    return opened


@dataclass(frozen=True, slots=True)
class _TracedFetch:
    """One group of reads."""

    fetch: Fetch
    traces: Traces

    def __call__(self, wanted: Mapping[str, str], share: float) -> Mapping[str, Answer]:
        with self.traces.span("FHIR reads") as span:
            answers = self.fetch(wanted, share)
            failed = sum(isinstance(each, Failure) for each in answers.values())
            note(span, {"rpild.searches": len(wanted), "rpild.failures": failed})
        return answers


class _TracedRecords:
    """Records, of which only the durable one of a decision is worth a span."""

    def __init__(self, records: Records, traces: Traces) -> None:
        self._records = records
        self._traces = traces

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def record(self, evaluated: Evaluated) -> bytes:
        """As it is, timed by its span."""
        with self._traces.span("record") as span:
            cards = len(evaluated.conclusion.cards)
            passed = evaluated.conclusion.assessment.gate.passed
            result = "gate" if not passed else "cards" if cards else "no-card"
            service = evaluated.inputs.request.service
            note(span, {"rpild.service": service, "rpild.result": result, "rpild.cards": cards})
            return self._records.record(evaluated)
