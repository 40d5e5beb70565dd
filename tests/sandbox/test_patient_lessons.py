"""Each demo patient teaches its lesson: the plug-in, asked by the demo EHR over HTTP, answers with these cards."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ehr_sandbox.cds_client import CdsClient
from ehr_sandbox.charting import load_patients
from ehr_sandbox.exchanges import Exchange, Exchanges
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.hook_calls import HookCaller
from ehr_sandbox.order_pad import draft
from ehr_sandbox.records import Records
from tests.conftest import Demo

pytestmark = pytest.mark.slow
OPENED = {
    "classic": "combinationTherapy",
    "kurasawa-k1": "refractoryOptions transplantReferral",
    "local-l1": "combinationTherapy dataQuality",
    "local-l2": "otherMyositisAntibody",
    "suh-a1": "aipPathway",
    "tocilizumab-t1": "",
    "no-lung-signs": "mda5Surveillance",
    "missing-gas": "undeterminedHighRisk",
    "wrong-units": "undeterminedHighRisk dataQuality",
    "conflicting-gases": "undeterminedHighRisk dataQuality",
    "improving": "",
    "ecmo-candidate": "ecmoTransplant combinationTherapy",
    "three-months": "threeMonthProgression",
    "antibody-pending": "antibodyPending",
    "workup-only": "workup",
    "rheumatoid-knee": "",
    "dirty-chart": "combinationTherapy dataQuality",
    "one-statement": "undeterminedHighRisk",
    "response-day-six": "transplantReferral",
    "aip-no-cause": "aipPathway",
}
SIGNED = [
    ("classic", "methotrexate", "pregnancyCheck combinationTherapy avoidForInduction"),
    ("classic", "ankle-xray", "combinationTherapy"),  # rule c: a critical card is told once a day on any order
    ("missing-gas", "ankle-xray", ""),
    ("kurasawa-k1", "transplant-referral", "refractoryOptions"),
    ("three-months", "tacrolimus", "threeMonthProgression cniSafety"),
    ("kurasawa-k1", "tofacitinib", "refractoryOptions preImmunosuppressionScreen jakiRisk"),
    ("suh-a1", "methylprednisolone-pulse", "possibleInfection aipPathway"),
    ("response-day-six", "cyclophosphamide", "cytopenia preImmunosuppressionScreen pjpProphylaxis"),
    ("rheumatoid-knee", "methotrexate", ""),
    ("rheumatoid-knee", "knee-xray", ""),
]


@pytest.fixture
def caller(demo: Demo) -> HookCaller:
    """The demo EHR's own way of calling, for a user who has seen no card yet: the plug-in repeats none within a day."""
    records, user = Records(load_patients()), f"reader-{uuid4()}"
    return HookCaller(CdsClient(demo.url), records, Exchanges(), f"{demo.ehr}/open/fhir", user, access)


def access(patient: str, user: str) -> Json:
    """What a call needs to be read from the open base, which looks at no token."""
    token = {"access_token": "synthetic", "token_type": "Bearer", "expires_in": 300}
    return token | {"scope": "patient/*.read", "subject": "demo", "patient": patient}


def topics(exchanges: list[Exchange]) -> list[str]:
    assert [(each.status, each.problem) for each in exchanges] == [(200, "")]
    return [card["source"]["topic"]["code"] for card in exchanges[0].cards]


def test_every_patient_has_a_lesson_here() -> None:
    assert set(OPENED) == {patient.id for patient in load_patients()}


@pytest.mark.parametrize("patient", OPENED)
def test_opening_the_chart(caller: HookCaller, patient: str) -> None:
    assert topics(caller.fire("patient-view", patient, [])) == OPENED[patient].split()


@pytest.mark.parametrize(("patient", "order", "expected"), SIGNED)
def test_signing_an_order(caller: HookCaller, patient: str, order: str, expected: str) -> None:
    signed = draft(order, patient, caller.records.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert topics(caller.fire("order-sign", patient, [signed])) == expected.split()


def test_selecting_an_order(caller: HookCaller) -> None:
    chosen = draft("methotrexate", "classic", caller.records.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    selected = caller.fire("order-select", "classic", [chosen], ["MedicationRequest/draft-methotrexate"])
    assert topics(selected) == ["pregnancyCheck", "avoidForInduction"]


@pytest.mark.parametrize("patient", ["classic", "ecmo-candidate", "antibody-pending", "rheumatoid-knee"])
def test_the_plug_in_reads_the_same_from_the_fhir_server(caller: HookCaller, patient: str) -> None:
    """Without prefetch the plug-in fetches from this EHR's FHIR server, page by page."""
    service = {key: value for key, value in caller.client.services("patient-view")[0].items() if key != "prefetch"}
    body = caller.request_for("patient-view", caller.context_for("patient-view", patient, [], []), service)
    assert "prefetch" not in body
    assert topics([caller.client.call(service, body)]) == OPENED[patient].split()
