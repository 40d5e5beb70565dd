"""What the page shows beside the assessment: statements and their forms, feedback, what is new since the last view."""

from __future__ import annotations

from dataclasses import replace

from rpild_rules.assessment import Assessment
from rpild_rules.when import When
from smart_app.attest_panel import Again, AttestPanel, Stating, attest_panel
from smart_app.changes import changes, pack_view, seen_in, unpack_view
from smart_app.feedback_panel import ANSWERED, FeedbackPanel, feedback_panel
from smart_app.opening import Opened
from smart_app.page import View
from smart_app.patient_chart import PatientChart
from smart_app.ports import SmartPorts
from smart_app.set_aside import find_set_aside
from smart_app.statement_ports import Subject
from smart_app.writing import may_change, may_create


def subject_of(seen: Opened) -> Subject:
    """The patient and the user of a launch."""
    return Subject(seen.ehr, seen.launch.patient, seen.launch.user)


def with_forms(
    view: View, seen: Opened, patient: PatientChart, assessment: Assessment, ports: SmartPorts, done: str = "",
    again: Again | None = None,
) -> View:  # fmt: skip
    """The view with forms and feedback, and with what is new for this user."""
    zone = patient.chart.facts.zone
    since, new = "", view.changes
    before = unpack_view(_noted(seen, assessment, ports))
    if before:
        new = changes(before, seen_in(assessment), ports.knowledge.texts)
        since = When.at(before.at, zone).printed
    panel = _attest(seen, patient, ports, done, again)
    aside = {}
    if ports.feedback is not None:
        aside = dict(find_set_aside(assessment, ports.feedback.remembered(subject_of(seen)), view.max_cards))
    return replace(
        view, attest=panel, feedback=_feedback(seen, patient, ports, done), since=since, changes=new,
        opened=_opened(panel, done, again), aside=aside,
    )  # fmt: skip


def _opened(panel: AttestPanel, done: str, again: Again | None) -> frozenset[str]:
    """The part of the form that was just sent, and statements that wait for a decision."""
    if done == ANSWERED:
        return frozenset({"feedback"})
    return frozenset({"attest"} if again or panel.notice or panel.waiting else ())


def _noted(seen: Opened, assessment: Assessment, ports: SmartPorts) -> bytes | None:
    """Keep this view; back with the one to compare it with. Without a known user there is none."""
    if ports.views is None or not seen.launch.user:
        return None
    return ports.views.note(subject_of(seen), seen.launch.id, pack_view(seen_in(assessment)), ports.now())


def _attest(seen: Opened, patient: PatientChart, ports: SmartPorts, done: str, again: Again | None) -> AttestPanel:
    launch, facts = seen.launch, patient.chart.facts
    kept = ports.statements.of_patient(subject_of(seen)) if ports.statements else ()
    writes = ports.writer is not None
    return attest_panel(
        Stating(
            launch.user, facts, ports.knowledge, When.at(patient.read_at, facts.zone),
            again.form.get("key", "") if again else ports.correlation(),
            writes and may_create(launch.scopes), writes and may_change(launch.scopes), ports.statements is not None,
            kept, done, again, patient.report_texts,
        )
    )  # fmt: skip


def _feedback(seen: Opened, patient: PatientChart, ports: SmartPorts, done: str) -> FeedbackPanel | None:
    if ports.feedback is None or not seen.launch.user:
        return None
    zone = patient.chart.facts.zone
    return feedback_panel(subject_of(seen), ports.feedback, ports.now(), ports.knowledge, zone, done == ANSWERED)
