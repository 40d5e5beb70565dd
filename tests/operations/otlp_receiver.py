"""A receiver of OpenTelemetry traces: real OTLP over HTTP, decoded with the protocol's own classes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from rpild_server import loopback


@dataclass
class Receiver:
    """`bodies` as they came, `spans` decoded, `resources` the attributes of who sent them."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)

    def wait_for(self, holds: Callable[[list[Span]], bool], seconds: float = 15) -> list[Span]:
        """The spans once this holds for them."""
        deadline = time.monotonic() + seconds
        while not holds(self.spans):
            assert time.monotonic() < deadline, [each.name for each in self.spans]
            time.sleep(0.05)
        return self.spans

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append({each.key: each.value.string_value for each in group.resource.attributes})
            self.spans += [span for scope in group.scope_spans for span in scope.spans]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver while the block runs."""
    app, receiver = Flask("receiver"), Receiver()

    @app.post("/v1/traces")
    def take() -> Response:
        receiver.take(request.get_data())
        return Response(b"", content_type="application/x-protobuf")

    with loopback.serving(app) as port:
        receiver.url = f"http://127.0.0.1:{port}"
        yield receiver
