"""The running demo as a clinician uses it: a page opened from a chart, its forms filled and sent over HTTP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from rpild_server.demo import Addresses, running_demo
from tests.conftest import free_port_pair
from tests.smart.launch.browsing import Browser

PAGE_OF = re.compile(r"\A(/app/[A-Za-z0-9_-]+/)")
WRITING = "patient/Observation.cu"


@dataclass
class Visit:
    """One opened page and what it last showed."""

    demo: Demo
    browser: Browser
    path: str
    text: str = ""

    def look(self, query: str = "") -> str:
        """Load the page."""
        answer = self.browser.get(f"{self.path}{query}")
        assert answer.status_code == 200, answer.text
        self.text = answer.text
        return self.text

    def hidden(self, name: str) -> str:
        """The value of a hidden field of the page."""
        found = re.search(rf'name="{name}" value="([^"]+)"', self.text)
        assert found, f"the page has no field {name}"
        return found[1]

    def send(self, act: str, **form: str) -> requests.Response:
        """Send a form of the page as it stands there."""
        given = {"csrf": self.hidden("csrf")} | ({"key": self.hidden("key")} if act == "attest" else {})
        return self.browser.post(f"{self.path}{act}", given | form)

    def done(self, act: str, **form: str) -> str:
        """Send a form, follow it back; the word for how it ended."""
        answer = self.send(act, **form)
        assert answer.status_code == 303, answer.text
        target = urlsplit(answer.headers["Location"])
        assert target.path == self.path
        self.look(f"?{target.query}" if target.query else "")
        return target.query.removeprefix("done=")

    def block(self, code: str) -> str:
        """The part of the page about one statement."""
        return self.text.split(f'id="attest-{code}"')[1].split("</details>")[0]

    def criterion(self, id: str) -> str:
        """Status of a criterion as the hook tells it now, for the same patient."""
        return self.demo.criteria(self.patient)[id]

    @property
    def patient(self) -> str:
        return self.demo.patients[self.path]


@dataclass
class Demo:
    """The running demo: plug-in and EHR."""

    addresses: Addresses
    patients: dict[str, str] = field(default_factory=dict)

    def visit(self, patient: str, browser: Browser | None = None) -> Visit:
        """A page opened from a patient's chart."""
        browser = browser or Browser(self.addresses.plug_in)
        url, answer = browser.follow(f"{self.addresses.ehr}/auth/launch/{patient}")
        assert answer.status_code == 200, answer.text
        found = PAGE_OF.match(urlsplit(url).path)
        assert found, url
        self.patients[found[1]] = patient
        return Visit(self, browser, found[1], answer.text)

    def assessment(self, patient: str) -> dict[str, Any]:
        """What the hook says about a patient now, read from the open base of the demo EHR."""
        body = {
            "hook": "patient-view", "hookInstance": str(uuid.uuid4()),
            "fhirServer": f"{self.addresses.ehr}/open/fhir",
            "fhirAuthorization": {
                "access_token": "none", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs",
                "subject": "rpild",
            },
            "context": {"userId": "Practitioner/dr-demo", "patientId": patient},
        }  # fmt: skip
        answer = requests.post(f"{self.addresses.plug_in}/cds-services/rpild-patient-view", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        self.cards = {each["source"]["topic"]["code"]: each for each in answer.json()["cards"]}
        return dict(answer.json()["extension"]["org.rpild.assessment"])

    cards: dict[str, dict[str, Any]] = field(default_factory=dict)

    def criteria(self, patient: str) -> dict[str, str]:
        found = self.assessment(patient)
        return found["criteria"] | found["definitions"]

    def observations(self, patient: str, code: str) -> list[dict[str, Any]]:
        """The statements that the EHR holds."""
        query = {"patient": patient, "code": f"urn:rpild:attestation|{code}"}
        answer = requests.get(f"{self.addresses.ehr}/open/fhir/Observation", params=query, timeout=20)
        return [each["resource"] for each in answer.json().get("entry", ())]

    @contextmanager
    def fault(self, **switches: str) -> Iterator[None]:
        """Something goes wrong in the EHR while the block runs."""
        wanted = {name.replace("_", "-"): value for name, value in switches.items()}
        assert requests.post(f"{self.addresses.ehr}/faults", json=wanted, timeout=5).status_code == 200
        try:
            yield
        finally:
            requests.delete(f"{self.addresses.ehr}/faults", timeout=5)


@pytest.fixture(scope="module")
def running() -> Iterator[Addresses]:
    with running_demo(free_port_pair()) as addresses:
        yield addresses


@pytest.fixture
def demo(running: Addresses) -> Demo:
    return Demo(running)
