"""The chart of a launch: read with its token as far as it is permitted, in the same two steps as for a hook call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ehr_access.apps import registration
from ehr_access.fhir_client import Fetch
from ehr_access.oauth import OAuthClient
from ehr_access.registry import TrustedEhr
from ehr_access.scopes import Granted
from ehr_access.token_answer import Grant
from fhir_mappings.chart import Chart, ChartContext
from fhir_mappings.chart_reading import ChartReading
from fhir_mappings.identity import Identity, read_identity
from fhir_mappings.queries import KEYS, QUERIES, searches
from fhir_mappings.reads import Answer, Failure, OtherPatientError, Pages
from fhir_mappings.report_texts import report_texts
from rpild_rules.findings import Reason
from smart_app.errors import OtherChartError, PageError, PatientUnreadError, SessionEndedError
from smart_app.launch_store import Launch
from smart_app.opening import Opened
from smart_app.page_texts import page_texts
from smart_app.ports import SmartPorts
from smart_app.token_keeping import TokenKeeper

MOST_SINGLE_READS = 50


@dataclass(frozen=True, slots=True)
class PatientChart:
    """What was read, when, for whom; and in words what the EHR did not permit or did not answer.

    `report_texts` are the words of chest reports by report and by study.
    """

    chart: Chart
    identity: Identity
    read_at: datetime
    not_permitted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    report_texts: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Permission:
    """The token for one reading, as the reader takes it."""

    server: str
    expires_in: float
    token: str = field(repr=False)


@dataclass(slots=True)
class PermittedReads:
    """The answers of one reading; what the token does not allow is not asked for, and known as not permitted."""

    fetch: Fetch
    searches: Callable[[Iterable[str]], Mapping[str, str]]
    granted: Granted
    answers: dict[str, Answer] = field(default_factory=dict)

    def read(self, keys: Iterable[str], share: float = 1.0) -> None:
        """Answer these keys, spending at most this share of what is left of the time."""
        new = [key for key in keys if key not in self.answers]
        allowed = [key for key in new if may_read(self.granted, key)]
        self.answers |= dict.fromkeys(new, Failure(Reason.NOT_PERMITTED))
        if allowed:
            self.answers |= self.fetch(self.searches(allowed), share)

    def require(self, keys: Iterable[str]) -> None:
        """Raise PatientUnreadError unless each of these keys was read."""
        lost = [f"{key} ({answer.reason.value})" for key in keys if isinstance(answer := self.answers[key], Failure)]
        if lost:
            raise PatientUnreadError(f"Could not be read: {', '.join(lost)}.")

    def read_each(self, references: Iterable[str]) -> Pages | None:
        """Single resources by `Type/id`, as many as could be read; None when there is nothing to read."""
        wanted = [each for each in references if self.granted.allows(each.partition("/")[0], "r")][:MOST_SINGLE_READS]
        if not wanted:
            return None
        found = self.fetch(dict(zip(wanted, wanted, strict=True)), 1.0).values()
        return Pages(tuple(each for each in found if isinstance(each, bytes)), complete=True)


def may_read(granted: Granted, key: str) -> bool:
    """Whether the scopes allow all that a key asks for."""
    query = QUERIES[key]
    return granted.allows(query.kind, "r" if query.is_read else "s", dict(query.parameters))


def read_patient_chart(opened: Opened, ports: SmartPorts) -> PatientChart:
    """The chart of this launch now. Raises OtherChartError, SessionEndedError, PatientUnreadError."""
    launch, now = opened.launch, ports.now()
    ehr, settings = opened.ehr, ports.settings(opened.launch.ehr)
    keeper = token_keeper(opened, ports)
    fetch, granted = _fetch(keeper, launch, ports, now)
    searching = partial(searches, launch.patient, now, patient_form=settings.patient_form)
    reads = PermittedReads(fetch, searching, granted)
    context = ChartContext(
        patient_id=launch.patient, now=now, zone=settings.zone, user_id=launch.user,
        attestations=ports.attestations(ehr.name, launch.patient), site=settings.site,
        fhir_bases=(*ehr.fhir_bases, launch.server),
    )  # fmt: skip
    try:
        chart = ChartReading(reads, context, ports.knowledge).read()
    except OtherPatientError as problem:
        shown = "A Patient resource" if problem.reference.startswith("Patient/") else problem.reference
        raise OtherChartError(f"{shown} belongs to another patient than this launch.", ehr.name) from None
    except PatientUnreadError as problem:
        raise _ended(keeper, ehr) or problem from None
    if keeper.ended:
        raise SessionEndedError(keeper.ended, ehr.name)
    ports.audit("chart-read", ehr.name, patient=ports.pseudonym(ehr, launch.patient), user=launch.user or "unknown")
    return _told(chart, reads, now, launch.patient)


def _ended(keeper: TokenKeeper, ehr: TrustedEhr) -> PageError | None:
    """The end of the session, if that is why nothing could be read: even the renewed token was not accepted."""
    if keeper.ended or keeper.refused:
        return SessionEndedError(keeper.ended or "The EHR accepts no token of this session any more.", ehr.name)
    return None


def _fetch(keeper: TokenKeeper, launch: Launch, ports: SmartPorts, now: datetime) -> tuple[Fetch, Granted]:
    """How to read, and what is granted; raises SessionEndedError."""
    tokens = keeper.usable()
    if tokens is None:
        raise SessionEndedError(keeper.ended, launch.ehr)
    permission = _Permission(launch.server, tokens.expires - now.timestamp(), tokens.access)
    fetch = ports.reader.open(permission, launch.ehr, keeper.after_refusal)
    if fetch is None:
        raise SessionEndedError("The FHIR server of this launch is not registered any more.", launch.ehr)
    return fetch, launch.scopes


def token_keeper(opened: Opened, ports: SmartPorts) -> TokenKeeper:
    """The tokens of this launch, renewed when they have to be."""
    launch, ehr = opened.launch, opened.ehr

    def refresh(token: str, scope: str) -> Grant:
        repeated = scope if registration(ehr).refresh_with_scope else ""

        def ask(oauth: OAuthClient) -> Grant:
            return oauth.refresh(token, repeated)

        return ports.ehrs.with_token_endpoint(ehr, launch.server, ask)

    return TokenKeeper(launch.id, launch.patient, ports.rows, refresh, ports.now)


def _told(chart: Chart, reads: PermittedReads, now: datetime, patient_id: str) -> PatientChart:
    """The chart with what could not be read, by the names of data elements in the order of the table."""
    patient = reads.answers.get("patient")
    return PatientChart(
        chart,
        read_identity(patient) if isinstance(patient, bytes) else Identity(),
        now,
        _words(reads.answers, Reason.NOT_PERMITTED),
        _words(reads.answers, Reason.FETCH_FAILED),
        report_texts(reads.answers, patient_id),
    )


def _words(answers: Mapping[str, Answer], reason: Reason) -> tuple[str, ...]:
    lost = [key for key in KEYS if isinstance(answer := answers.get(key), Failure) and answer.reason is reason]
    elements = dict.fromkeys(each for key in lost for each in (*QUERIES[key].elements, *QUERIES[key].aids))
    label = page_texts().label
    return tuple(dict.fromkeys(label("element", each) for each in elements))
