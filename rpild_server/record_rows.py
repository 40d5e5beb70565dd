"""A call as a row of the storage: the decision record, or the short row of a call that stopped at the gate."""

from __future__ import annotations

from collections.abc import Sequence

from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Evaluated
from rpild_rules.fatigue import Shown
from rpild_rules.knowledge import Knowledge
from rpild_server.payload import pack
from rpild_server.remembering import pseudonyms
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.records import CallKey, Decision, GateRow, SentCard
from rpild_server.summary import summarize
from rpild_server.version import APP_VERSION


def call_of(request: HookRequest, body_sha256: str) -> CallKey:
    """What makes two calls the same."""
    return CallKey(request.iss, request.service, request.hook_instance, body_sha256)


def gate_row_of(evaluated: Evaluated, knowledge: Knowledge, keyring: Keyring) -> GateRow:
    """The row of a call that stopped at the gate."""
    request = evaluated.inputs.request
    return GateRow(
        hook_instance=request.hook_instance,
        iss=request.iss,
        service=request.service,
        patient=keyring.pseudonym(request.iss, request.patient_id),
        gate=evaluated.conclusion.assessment.gate.key,
        knowledge_version=knowledge.version,
        created=evaluated.inputs.now,
        unit=evaluated.unit,
    )


def decision_of(evaluated: Evaluated, shown: Sequence[Shown], knowledge: Knowledge, keyring: Keyring) -> Decision:
    """The record of a decision; `shown` is what the alert memory will keep of its cards."""
    inputs, conclusion = evaluated.inputs, evaluated.conclusion
    patient, clinician = pseudonyms(keyring, inputs.request)
    return Decision(
        id=evaluated.correlation,
        call=call_of(inputs.request, evaluated.body_sha256),
        patient=patient,
        clinician=clinician,
        created=inputs.now,
        knowledge_version=knowledge.version,
        knowledge_sha256=knowledge.sha256,
        app_version=APP_VERSION,
        payload=pack(evaluated, knowledge),
        response=conclusion.answer,
        unit=evaluated.unit,
        timings={name: round(value, 2) for name, value in evaluated.timings.items()},
        cards=tuple(
            SentCard(card["uuid"], each.topic, card["indicator"], each.fingerprint)
            for card, each in zip(conclusion.cards, shown, strict=True)
        ),
        summary=summarize(evaluated),
    )
