"""The peer: HealthChain, the one live Python framework for CDS Hooks, doing one rule on dicts (own environment)."""

from __future__ import annotations

import argparse
from typing import Any

import uvicorn  # type: ignore[import-not-found]
from healthchain.gateway import CDSHooksService, HealthChainAPI  # type: ignore[import-not-found]
from healthchain.models.requests.cdsrequest import CDSRequest  # type: ignore[import-not-found]
from healthchain.models.responses.cdsresponse import Card, CDSResponse, Source  # type: ignore[import-not-found]

FERRITIN, LIMIT = "2276-4", 1500.0
SERVICE = "one-rule"
service = CDSHooksService()


def values(prefetch: dict[str, Any]) -> list[float]:
    """Every ferritin among the laboratory results."""
    entries = (prefetch.get("laboratory") or {}).get("entry", [])
    observations = [each["resource"] for each in entries]
    return [
        each["valueQuantity"]["value"]
        for each in observations
        if any(coding.get("code") == FERRITIN for coding in each["code"]["coding"]) and "valueQuantity" in each
    ]


@service.hook("order-sign", id=SERVICE, title="One rule", description="Ferritin above a limit")  # type: ignore[untyped-decorator]
def one_rule(request: CDSRequest) -> CDSResponse:
    """A card when any ferritin lies above the limit."""
    high = [each for each in values(request.prefetch or {}) if each > LIMIT]
    card = Card(summary="Ferritin is high", indicator="info", source=Source(label="bench"))
    return CDSResponse(cards=[card] if high else [])


def build() -> HealthChainAPI:
    """The application as the framework's documents build it."""
    app = HealthChainAPI(title="peer")
    app.register_service(service)

    @app.get("/readyz")  # type: ignore[untyped-decorator]
    def ready() -> str:
        """Tell the bench that the server is up."""
        return "ready"

    return app


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    uvicorn.run(build(), host="127.0.0.1", port=options.parse_args().port, log_level="warning")
