"""The whole examination of one EHR, step by step, so that a progress bar can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ehr_access.client_keys import ClientKeys
from ehr_access.measured import Examiner
from ehr_access.smart_client import SmartClient
from fhir_mappings.queries import KEYS
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from rpild_server.check_ehr.capability import look_at_capability
from rpild_server.check_ehr.data import Data
from rpild_server.check_ehr.data_advice import judge_data, judge_drugs
from rpild_server.check_ehr.findings import Finding
from rpild_server.check_ehr.patients import choose_patients
from rpild_server.check_ehr.prefetching import ask_template, judge_prefetch, template_links
from rpild_server.check_ehr.search_advice import judge_searches
from rpild_server.check_ehr.searching import FORMS, Searched, Searcher
from rpild_server.check_ehr.signing_in import sign_in
from rpild_server.check_ehr.smart import look_at_smart

Step = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be examined: the FHIR base (no closing slash), where its SMART configuration lies, how to sign in
    (a token, or a client with its keys), which patients, the mapping in force, seconds for one answer.
    """

    base: str
    iss: str
    token: str = field(default="", repr=False)
    client: SmartClient | None = None
    keys: ClientKeys = field(default_factory=ClientKeys)
    patients: tuple[str, ...] = ()
    most: int = 5
    patient_form: str = FORMS[0]
    site: SiteMapping = NO_MAPPING
    seconds: float = 30.0

    @property
    def steps(self) -> int:
        """How many steps an examination takes at most: one for each search."""
        return (len(self.patients) or self.most) * len(KEYS)


@dataclass(slots=True)
class Examined:
    """What came of it."""

    asked: Asked
    at: datetime
    data: Data
    patients: int = 0
    findings: list[Finding] = field(default_factory=list)
    searches: list[Searched] = field(default_factory=list)


def examine(asked: Asked, now: datetime, step: Step) -> Examined:
    """Look at everything; `step` is called after each search. Only reads: nothing is written to the EHR."""
    found = Examined(asked, now, Data(asked.site, now.date()))
    found.findings += look_at_smart(asked.iss)
    examiner = Examiner(asked.base, _token(asked, found), asked.seconds)
    try:
        found.findings += look_at_capability(examiner)
        _look_at_patients(found, examiner, step)
    finally:
        examiner.close()
    return found


def _token(asked: Asked, found: Examined) -> str:
    if asked.client is None:
        return asked.token
    signed_in = sign_in(asked.iss, asked.client, asked.keys)
    found.findings += signed_in.findings
    return signed_in.token


def _look_at_patients(found: Examined, examiner: Examiner, step: Step) -> None:
    patients, chosen = choose_patients(examiner, found.asked.patients, found.asked.most)
    found.findings.append(chosen)
    found.patients = len(patients)
    if not patients:
        return
    searcher = Searcher(examiner, found.at, found.asked.patient_form)
    for number, patient in enumerate(patients, 1):
        mine = [_search(searcher, key, number, patient, step) for key in KEYS]
        found.data.add(number, mine)
        found.searches += mine
    links = template_links(patients[0])
    accepted = {key: ask_template(examiner, link) for key, link in links.items()}
    found.findings += judge_searches(found.searches)
    found.findings += judge_prefetch(accepted, found.searches)
    found.findings += judge_data(found.data, found.patients)
    found.findings += judge_drugs(found.data, found.searches, examiner)


def _search(searcher: Searcher, key: str, number: int, patient: str, step: Step) -> Searched:
    found = searcher.search(key, number, patient)
    step()
    return found
