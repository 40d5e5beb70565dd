"""Every card of every demo patient on every hook, asked by the demo EHR, against the logical model and the kit."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ehr_sandbox.authorization.call_tokens import call_access
from ehr_sandbox.authorization.token_store import TokenStore
from ehr_sandbox.cds_client import CdsClient
from ehr_sandbox.charting import load_patients
from ehr_sandbox.exchanges import Exchange, Exchanges
from ehr_sandbox.hook_calls import HookCaller
from ehr_sandbox.order_pad import draft
from ehr_sandbox.records import Records
from tests.conformance.kit import response_faults
from tests.conformance.logical_model import faults
from tests.conftest import Demo

pytestmark = pytest.mark.slow
ORDERS = ("methotrexate", "rituximab", "methylprednisolone-pulse", "hrct")


def exchanges(demo: Demo, patient: str, hook: str) -> list[Exchange]:
    records = Records(load_patients())
    reader, access = f"reader-{uuid4()}", call_access(TokenStore())
    caller = HookCaller(CdsClient(demo.url), records, Exchanges(), f"{demo.ehr}/open/fhir", reader, access)
    when = records.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    drafts = [] if hook == "patient-view" else [draft(order, patient, when) for order in ORDERS]
    return caller.fire(hook, patient, drafts, [f"{each['resourceType']}/{each['id']}" for each in drafts])


@pytest.mark.verifies("CH-33", "CH-36", "CH-37", "CH-39")
@pytest.mark.parametrize("hook", ["patient-view", "order-sign", "order-select"])
def test_calls_and_cards_of_all_patients_are_in_order(demo: Demo, hook: str) -> None:
    told = 0
    for patient in load_patients():
        for each in exchanges(demo, patient.id, hook):
            assert (each.status, each.problem) == (200, "")
            assert faults("request", each.request) == []
            assert faults("response", each.response) == []
            drafts = each.request["context"].get("draftOrders", {}).get("entry", [])
            own = {f"{order['resource']['resourceType']}/{order['resource']['id']}" for order in drafts}
            assert list(response_faults(each.response, own)) == []
            told += len(each.cards)
    assert told >= 10
