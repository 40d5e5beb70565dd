"""What becomes of a statement: written to the EHR or kept by us, decided about, withdrawn; never lost or deleted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from ehr_access.fhir_writer import EhrWriter, FhirWrites, WriteOutcome, Written
from ehr_access.transport import ReadError
from fhir_mappings.attestation_drafts import IDENTIFIER, WITHDRAWN, Statement, attestation, withdrawn
from fhir_mappings.write_answers import OBSERVATION, code_of, found_as, is_statement, read_json, version_of
from smart_app.attest_forms import Entered
from smart_app.opening import Opened
from smart_app.ports import SmartPorts
from smart_app.statement_ports import FINAL, KeptStatement, Place, Statements, Subject
from smart_app.writing import may_change, may_create, open_writes

UNDECIDED: tuple[Place, ...] = ("sending", "refused", "unheard")
REFUSALS = frozenset({WriteOutcome.REFUSED, WriteOutcome.INVALID})
ID_DIGITS = 32
REFERENCE = re.compile(r"Observation/[A-Za-z0-9.\-]{1,64}", re.ASCII)
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Acts:
    """What one signed-in clinician may do on one page. Each act answers with the word for how it ended (`done.*`)."""

    seen: Opened
    ports: SmartPorts
    statements: Statements
    writer: EhrWriter | None = None

    @property
    def about(self) -> Subject:
        """The patient and the clinician."""
        return Subject(self.seen.ehr, self.seen.launch.patient, self.seen.launch.user)

    def state(self, code: str, entered: Entered, key: str) -> str:
        """Put a statement on record. The same form sent twice is one statement; another answer is another one."""
        launch, now = self.seen.launch, self.ports.now()
        id = _digest(launch.id, key, code, str(entered))
        said = Statement(
            code, entered.value, id, launch.patient, launch.user, launch.user_name, now, entered.compared,
            entered.method,
        )  # fmt: skip
        place: Place = "sending" if self.writer and may_create(launch.scopes) else "own"
        kept = KeptStatement(id, code, place, FINAL, now, _packed(attestation(said)))
        if not self.statements.add(self.about, kept):
            return next((each.place for each in self.statements.of_patient(self.about) if each.id == id), "")
        return self._send(kept) if place == "sending" else place

    def decide(self, id: str, what: str) -> str:
        """What to do with an own statement that the EHR did not take: `again`, `own` (keep it here), `discard`."""
        mine = (each for each in self.statements.of_patient(self.about) if each.mine and each.place in UNDECIDED)
        kept = next((each for each in mine if each.id == id and each.status == FINAL), None)
        if kept is None:
            return ""
        there = self._arrived(kept)
        if there:
            return self._keep(kept, "ehr", there)
        if what == "again":
            return self._send(kept)
        return self._keep(kept, "own") if what == "own" else self._discard(kept)

    def withdraw(self, reference: str) -> str:
        """Mark a statement as entered in error, where it is kept."""
        if not REFERENCE.fullmatch(reference):
            return KEPT
        rows = [each for each in self.statements.of_patient(self.about) if each.status == FINAL]
        kept = next((each for each in rows if _reference(each) == reference), None)
        if kept is None or kept.place != "own":
            return self._withdraw_there(reference, kept)
        there = self._arrived(kept)  # sent once, unheard, and kept here since
        if there and self._withdraw_there(f"{OBSERVATION}/{there}", kept) == "withdrawn":
            return "withdrawn"
        return "withdrawn" if self._mark(kept, json.loads(kept.content), "own") else "changed"

    def _send(self, kept: KeptStatement) -> str:
        writes = self._writes()
        body = {name: value for name, value in json.loads(kept.content).items() if name != "id"}
        written = writes.create(_packed(body), f"{IDENTIFIER}|{kept.id}") if writes else Written(WriteOutcome.UNHEARD)
        if written.outcome is WriteOutcome.WRITTEN:
            return self._keep(kept, "ehr", written.id)
        self._refused("state", written)
        return self._keep(kept, "refused" if written.outcome in REFUSALS else "unheard")

    def _keep(self, kept: KeptStatement, place: Place, there: str = "") -> str:
        """Note where a statement is now; `there` is the EHR's id of it."""
        content = _packed(json.loads(kept.content) | {"id": there}) if there else kept.content
        now = self.ports.now()
        self.statements.change(self.about, replace(kept, place=place, content=content), UNDECIDED, now)
        return place

    def _discard(self, kept: KeptStatement) -> str:
        self._mark(kept, json.loads(kept.content), kept.place)
        return "discarded"

    def _mark(self, kept: KeptStatement, observation: Mapping[str, Any], place: Place) -> bool:
        """Keep a statement as withdrawn by this clinician now."""
        launch, now = self.seen.launch, self.ports.now()
        gone = withdrawn(observation, launch.user, launch.user_name, now)
        return self.statements.change(
            self.about, replace(kept, place=place, status=WITHDRAWN, content=_packed(gone)), (kept.place,), now
        )

    def _withdraw_there(self, reference: str, kept: KeptStatement | None) -> str:
        """The same in the EHR: what it holds now, with a new status, unless it was changed meanwhile."""
        writes = self._writes() if may_change(self.seen.launch.scopes) else None
        found = _read(writes, reference) if writes else {}
        if writes is None or not is_statement(found, reference, self.seen.launch.patient):
            return KEPT
        launch, now = self.seen.launch, self.ports.now()
        try:
            gone = withdrawn(found, launch.user, launch.user_name, now)
        except (ValueError, TypeError):  # the EHR holds it in a form that our model refuses: better left than damaged
            return KEPT
        written = writes.replace(str(found["id"]), _packed(gone), version_of(found))
        if written.outcome is not WriteOutcome.WRITTEN:
            self._refused("withdraw", written)
            return {WriteOutcome.CONFLICT: "changed", WriteOutcome.UNHEARD: "unsure"}.get(written.outcome, KEPT)
        self._note_withdrawal(reference, kept, gone)
        return "withdrawn"

    def _note_withdrawal(self, reference: str, kept: KeptStatement | None, gone: dict[str, Any]) -> None:
        now, kept = self.ports.now(), kept or self._twin(gone)
        if kept is None:
            id = _digest(self.seen.ehr.name, self.seen.launch.patient, reference)
            self.statements.add(self.about, KeptStatement(id, code_of(gone), "ehr", WITHDRAWN, now, _packed(gone)))
        else:
            marked = replace(kept, status=WITHDRAWN, content=_packed(gone))
            self.statements.change(self.about, marked, (kept.place,), now)

    def _twin(self, gone: dict[str, Any]) -> KeptStatement | None:
        """The same statement as we keep it, by its number."""
        numbers = {each.get("value") for each in gone.get("identifier", ())}
        rows = self.statements.of_patient(self.about)
        return next((each for each in rows if each.id in numbers and each.status == FINAL), None)

    def _arrived(self, kept: KeptStatement) -> str:
        """The EHR's id of a statement of which it is not known whether it arrived; empty if it is not found there."""
        writes = self._writes() if kept.place != "refused" else None
        if writes is None:
            return ""
        query = urlencode({"identifier": f"{IDENTIFIER}|{kept.id}", "patient": self.seen.launch.patient})
        try:
            return found_as(writes.read(f"{OBSERVATION}?{query}"), kept.id, self.seen.launch.patient)
        except ReadError:
            return ""

    def _writes(self) -> FhirWrites | None:
        return open_writes(self.seen, self.ports, self.writer) if self.writer else None

    def _refused(self, act: str, written: Written) -> None:
        self.ports.report("not-written", ehr=self.seen.ehr.name, status=written.status)
        self.ports.audit("attestation-refused", self.seen.ehr.name, act=act, why=written.outcome.value)


def _read(writes: FhirWrites, reference: str) -> dict[str, Any]:
    try:
        return read_json(writes.read(reference))
    except ReadError:
        return {}


def _reference(kept: KeptStatement) -> str:
    return f"{OBSERVATION}/{json.loads(kept.content)['id']}"


def _digest(*parts: str) -> str:
    """An id that says nothing, the same for the same parts."""
    return f"rpild-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:ID_DIGITS]}"


def _packed(observation: Mapping[str, Any]) -> bytes:
    return json.dumps(observation).encode()
