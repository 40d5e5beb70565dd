"""OpenTelemetry traces, only where a site names a receiver: one span a request, its FHIR reads and its record.

Spans hold what the allow-list names and nothing else: routes in place of addresses, counts in place of contents. Of
what a caller sends along only `traceparent` is read, and no exception is written into a span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

from rpild_server.storage.per_process import PerProcess

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ALLOWED = frozenset({
    "http.request.method", "http.route", "http.response.status_code", "rpild.correlation", "rpild.ehr",
    "rpild.service", "rpild.result", "rpild.cards", "rpild.searches", "rpild.failures",
})  # fmt: skip
SEND_SECONDS = 2.0  # at the end of a process, whose drain must not wait for a receiver that is gone
INSTALL = "pip install 'rpild[otel]'"


class Traces:
    """Where spans go; each process has a sender of its own, and no call waits for it."""

    def __init__(self, endpoint: str, version: str) -> None:
        """`endpoint` is the address of a receiver of OTLP over HTTP, without the closing `/v1/traces`."""
        self._provider = PerProcess(lambda: _provider(endpoint, version))

    @contextmanager
    def span(self, name: str, of_request: bool = False, parent: str = "") -> Iterator[Span]:
        """A span below the one under way, or below the caller's own (`parent`, a `traceparent` header)."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        above = TraceContextTextMapPropagator().extract({"traceparent": parent}) if of_request else None
        tracer = self._provider().get_tracer("rpild")
        with tracer.start_as_current_span(
            name,
            above,
            SpanKind.SERVER if of_request else SpanKind.INTERNAL,
            record_exception=False,  # its text may hold a value
            set_status_on_exception=False,
        ) as span:
            yield span

    def close(self) -> None:
        """Send what is left, if the receiver takes it in time."""
        provider = self._provider.made()
        if provider:
            sending = Thread(target=provider.shutdown, daemon=True)
            sending.start()
            sending.join(SEND_SECONDS)


def _provider(endpoint: str, version: str) -> TracerProvider:
    """The library's usual environment variables hold: OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_EXPORTER_OTLP_HEADERS."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource({"service.name": "rpild", "service.version": version})
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    return provider


def note(span: Span, fields: Mapping[str, str | int]) -> None:
    """Write fields into a span; one that is not on the list is dropped."""
    span.set_attributes({name: value for name, value in fields.items() if name in ALLOWED})


def is_installed() -> bool:
    """Whether the extra `otel` is there."""
    return all(find_spec(each) for each in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter"))
