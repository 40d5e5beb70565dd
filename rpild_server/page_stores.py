"""Statements, feedback and last views as the page sees them, over the storage: users and patients as pseudonyms."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from cds_hooks.client_auth import identity
from cds_hooks.ports import Said
from ehr_access.fhir_writer import EhrWriter
from rpild_rules.fatigue import NOTHING, Remembered
from rpild_server.attesting import whose
from rpild_server.logs import report
from rpild_server.remembering import Speaker, keep_said, recalled
from rpild_server.smart_wiring import on_store
from rpild_server.storage.attestations import Kept
from rpild_server.storage.audit import Event
from rpild_server.storage.errors import StorageError
from rpild_server.storage.feedback import SentTo
from rpild_server.storage.store import Storage
from rpild_server.storage.views import View
from rpild_server.storing import Store
from smart_app.ports import SmartPorts
from smart_app.statement_ports import CardAnswer, KeptStatement, Place, ShownCard, Subject


def with_stores(ports: SmartPorts, store: Store, writer: EhrWriter) -> SmartPorts:
    """The ports of the page with everything that clinicians leave behind."""
    statements = StoredStatements(store)

    def attestations(ehr: str, patient: str) -> tuple[bytes, ...]:
        known = ports.ehrs.find(ehr)
        return statements.counting(Subject(known, patient, "")) if known else ()

    return replace(
        ports, statements=statements, feedback=StoredFeedback(store), views=StoredViews(store), writer=writer,
        attestations=attestations,
    )  # fmt: skip


def _speaker(storage: Storage, about: Subject) -> Speaker:
    ehr = whose(about.ehr)
    return Speaker(storage.keyring.pseudonym(ehr, about.patient), storage.keyring.pseudonym(ehr, about.user))


@dataclass(frozen=True, slots=True)
class StoredStatements:
    """Attestations of a patient; a storage that fails is a page of its own."""

    store: Store

    def of_patient(self, about: Subject) -> tuple[KeptStatement, ...]:
        """All of a patient, oldest first."""
        return on_store(self.store, lambda storage: tuple(_shown(storage, about)))

    def add(self, about: Subject, kept: KeptStatement) -> bool:
        """Keep a statement; False if there is one of this id."""

        def do(storage: Storage) -> bool:
            return storage.attestations.add(_row(storage, about, kept))

        return on_store(self.store, do)

    def change(self, about: Subject, kept: KeptStatement, was: Collection[Place], now: datetime) -> bool:
        """Give a statement its new place, status and content."""

        def do(storage: Storage) -> bool:
            row = _row(storage, about, kept)
            return storage.attestations.change(row, was, row.clinician, now)  # the audit log names who changes it

        return on_store(self.store, do)

    def counting(self, about: Subject) -> tuple[bytes, ...]:
        """What we alone keep, for the chart."""
        return on_store(self.store, lambda storage: storage.attestations.counting(_speaker(storage, about).patient))


def _row(storage: Storage, about: Subject, kept: KeptStatement) -> Kept:
    who = _speaker(storage, about)
    return Kept(kept.id, who.patient, who.clinician, kept.code, kept.place, kept.status, kept.created, kept.content)


def _shown(storage: Storage, about: Subject) -> Iterable[KeptStatement]:
    who = _speaker(storage, about)
    for row in storage.attestations.of_patient(who.patient):
        mine = row.clinician == who.clinician
        yield KeptStatement(row.id, row.code, row.place, row.status, row.created, row.content, mine)


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """What users say about cards on the page, in the store of the hook's feedback."""

    store: Store

    def cards(self, about: Subject, since: datetime) -> tuple[ShownCard, ...]:
        """The newest card of each topic about a patient, newest first."""

        def find(storage: Storage) -> tuple[ShownCard, ...]:
            who = _speaker(storage, about)
            found = storage.feedback.cards_of(identity(about.ehr), who.patient, since)
            newest: dict[str, SentTo] = {}
            for each in found:
                newest.setdefault(each.topic, each)
            return tuple(_card(each, who.clinician) for each in newest.values())

        return on_store(self.store, find)

    def remembered(self, about: Subject) -> Remembered:
        """The alert memory; one that fails costs the word that a card was set aside, and nothing else."""
        try:
            storage = self.store()
            return recalled(storage, _speaker(storage, about))
        except StorageError as problem:
            report("memory-failed", code=problem.code)
            return NOTHING

    def save(self, about: Subject, said: CardAnswer, now: datetime) -> bool:
        """Keep what was said, audited."""

        def keep(storage: Storage) -> bool:
            who = _speaker(storage, about)
            given = Said(said.card, said.outcome, now, said.reason, said.comment)
            known = keep_said(storage, identity(about.ehr), given, now, report, who)
            if known:
                what: dict[str, object] = {"card": said.card, "outcome": said.outcome, "reason": said.reason}
                storage.audit(Event(now, "feedback", who.clinician, what), wait=True)
            return known

        return on_store(self.store, keep)


def _card(sent: SentTo, clinician: str) -> ShownCard:
    mine = sent.clinician == clinician
    return ShownCard(sent.card_id, sent.topic, sent.indicator, sent.created, mine, sent.outcome, sent.reason)


@dataclass(frozen=True, slots=True)
class StoredViews:
    """The last views; they are a convenience, so a store that fails costs the comparison and nothing else."""

    store: Store

    def note(self, about: Subject, launch: str, view: bytes, now: datetime) -> bytes | None:
        """Keep a view; back with the one to compare it with."""
        try:
            storage = self.store()
            who = _speaker(storage, about)
            return storage.views.note(View(who.patient, who.clinician, launch, view), now)
        except StorageError as problem:
            report("view-not-kept", code=problem.code)
            return None
