"""This EHR as a CDS Hooks client: discovery, hook calls and feedback over HTTP."""

from __future__ import annotations

import time
from typing import Any

import requests

from ehr_sandbox.exchanges import Exchange
from ehr_sandbox.fhir_json import Json, as_list
from ehr_sandbox.signing import Signer

PATIENCE = 6.0
DISCOVERY_KEPT = 30.0


class ServiceError(Exception):
    """The service did not answer as it should; the text is fit to show to the user."""

    def __init__(self, text: str, status: int = 0, body: Json | None = None) -> None:
        super().__init__(text)
        self.status, self.body = status, body or {}


class CdsClient:
    """Talks to one CDS service provider at `url`, its address without /cds-services. It may be down at the start.

    Calls are signed if there is a signer.
    """

    def __init__(self, url: str, signer: Signer | None = None) -> None:
        self.url = url.rstrip("/")
        self._signer = signer
        self._session = requests.Session()
        self._session.trust_env = False
        self._services: list[Json] = []
        self._discovered = float("-inf")

    def services(self, hook: str) -> list[Json]:
        """The services for a hook, by discovery (kept for half a minute). Raises ServiceError."""
        if time.monotonic() - self._discovered > DISCOVERY_KEPT:
            self._services = as_list(self._ask("GET", "/cds-services")[1].get("services"))
            self._discovered = time.monotonic()
        return [service for service in self._services if service.get("hook") == hook]

    def call(self, service: Json, body: Json) -> Exchange:
        """Call a service; a refusal or failure becomes the exchange's problem."""
        exchange = Exchange(str(body["hook"]), str(service["id"]), body)
        started = time.perf_counter()
        try:
            exchange.status, exchange.response = self._ask("POST", f"/cds-services/{service['id']}", body)
            if not isinstance(exchange.response.get("cards"), list):
                exchange.problem = f"the service answered {exchange.status} without a list of cards"
        except ServiceError as problem:
            exchange.status, exchange.response, exchange.problem = problem.status, problem.body, str(problem)
        exchange.milliseconds = round((time.perf_counter() - started) * 1000)
        return exchange

    def send_feedback(self, service: str, feedback: Json) -> None:
        """Tell the service what became of a card. Raises ServiceError."""
        self._ask("POST", f"/cds-services/{service}/feedback", {"feedback": [feedback]})

    def _ask(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        address = self.url + path
        headers = self._signer.header(address) if self._signer else {}
        try:
            answer = self._session.request(
                method, address, json=body, headers=headers, timeout=PATIENCE, allow_redirects=False
            )
        except requests.Timeout as problem:
            raise ServiceError(f"the service at {self.url} did not answer within {PATIENCE:g} seconds") from problem
        except requests.RequestException as problem:
            raise ServiceError(f"the service at {self.url} cannot be reached: is it running?") from problem
        content = _json_of(answer)
        if not answer.ok:
            text = f"the service answered {answer.status_code}: {_cause(content, answer.reason)}"
            raise ServiceError(text, answer.status_code, content)
        return answer.status_code, content


def _json_of(answer: requests.Response) -> Json:
    """The JSON object of an answer; an error answer or feedback may have none."""
    try:
        content: Any = answer.json() if answer.content else {}
    except ValueError:
        content = None
    if isinstance(content, dict):
        return content
    if answer.ok:
        text = f"the service answered {answer.status_code} with something that is not a JSON object"
        raise ServiceError(text, answer.status_code)
    return {}


def _cause(body: Json, reason: str) -> str:
    """Cause and remedy in the words of an OperationOutcome, else the HTTP reason."""
    issue = next((each for each in as_list(body.get("issue")) if isinstance(each, dict)), {})
    texts = (issue.get("details", {}).get("text"), issue.get("diagnostics"))
    return " — ".join(filter(None, texts)) or reason or "no reason given"
