"""Hook requests as this EHR composes them, and the feedback that follows."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from ehr_sandbox.cds_client import CdsClient, ServiceError
from ehr_sandbox.charting import PRACTITIONER
from ehr_sandbox.clock import instant
from ehr_sandbox.exchanges import Exchange, Exchanges
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.prefetch import fill
from ehr_sandbox.records import Records

HOOKS = ("patient-view", "order-select", "order-sign")
CallAccess = Callable[[str, str], Json]  # patient and user to fhirAuthorization


@dataclass(frozen=True)
class HookCaller:
    """Calls every service of a hook for one patient and keeps what was said."""

    client: CdsClient
    records: Records
    exchanges: Exchanges
    fhir_base: str
    user: str = PRACTITIONER
    access: CallAccess | None = None

    def fire(self, hook: str, patient: str, drafts: list[Json], selections: list[str] | None = None) -> list[Exchange]:
        """One exchange per service of this hook; a failed discovery is one exchange with the problem."""
        context = self.context_for(hook, patient, drafts, selections or [])
        try:
            services = self.client.services(hook)
        except ServiceError as problem:
            return [self.exchanges.keep(Exchange(hook, "", {}, problem.status, problem.body, str(problem)))]
        return [self.exchanges.keep(self._call(hook, context, service)) for service in services]

    def _call(self, hook: str, context: Json, service: Json) -> Exchange:
        started = time.perf_counter()
        body = self.request_for(hook, context, service)
        filling = round((time.perf_counter() - started) * 1000)
        exchange = self.client.call(service, body)
        exchange.filling = filling
        return exchange

    def request_for(self, hook: str, context: Json, service: Json) -> Json:
        """The whole request: context, access to the FHIR server if it is given, and prefetch where templates ask."""
        body: Json = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
        if self.access:
            body |= {"fhirServer": self.fhir_base, "fhirAuthorization": self.access(context["patientId"], self.user)}
        prefetch = fill(service.get("prefetch", {}), context, self.records, self.fhir_base)
        return body | ({"prefetch": prefetch} if prefetch else {})

    def context_for(self, hook: str, patient: str, drafts: list[Json], selections: list[str]) -> Json:
        """The hook context: user, patient, open encounter, and for order hooks the drafts."""
        context: Json = {"userId": f"Practitioner/{self.user}", "patientId": patient}
        encounter = self.records.open_encounter(patient)
        if encounter:
            context["encounterId"] = encounter
        if hook in ("order-select", "order-sign"):
            entries = [{"resource": each} for each in drafts]
            context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        if hook == "order-select":
            context["selections"] = selections
        return context

    def override(self, exchange: Exchange, card: Json, code: str, comment: str) -> None:
        """Tell the service that a card was set aside, and why. Raises ServiceError."""
        offered = {reason["code"]: reason for reason in card.get("overrideReasons", [])}
        reason = {"reason": offered[code]} if code in offered else {}
        why = reason | ({"userComment": comment} if comment else {})
        self._feedback(exchange, card, "overridden", {"overrideReason": why} if why else {})

    def accept(self, exchange: Exchange, card: Json, suggestion: str) -> None:
        """Tell the service that a suggestion was taken. Raises ServiceError."""
        self._feedback(exchange, card, "accepted", {"acceptedSuggestions": [{"id": suggestion}]})

    def _feedback(self, exchange: Exchange, card: Json, result: str, more: Json) -> None:
        entry = {"card": card["uuid"], "outcome": result, "outcomeTimestamp": instant(self.records.now())}
        self.client.send_feedback(exchange.service, entry | more)
