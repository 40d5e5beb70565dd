"""Between the alert memory of the storage and that of the rules: pseudonyms, sealed fingerprints, overrides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from cds_hooks.hook_request import HookRequest
from cds_hooks.ports import Report, Said
from rpild_rules import fatigue
from rpild_rules.fatigue import Remembered, Shown
from rpild_rules.marks import read_marks
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import StorageError
from rpild_server.storage.feedback import KnownCard, Statement
from rpild_server.storage.memory import Alert, AlertKey
from rpild_server.storage.store import Storage

OVERRIDDEN = "overridden"
UNSAID = datetime.fromtimestamp(0, UTC)  # stands for a time that could not be read, so that a repetition is the same


def seal_of(keyring: Keyring, patient: str) -> partial[str]:
    """How the exact part of a fingerprint is stored: under the key of pseudonyms, different for each patient."""
    return partial(keyring.pseudonym, patient)


def remembered_of(storage: Storage, request: HookRequest, memory: bool = True) -> Remembered:
    """What was shown about the patient of a call; nothing without `memory`. Raises MemoryFailedError."""
    who = Speaker(*pseudonyms(storage.keyring, request))
    return recalled(storage, who) if memory else Remembered(seal=seal_of(storage.keyring, who.patient))


def pseudonyms(keyring: Keyring, request: HookRequest) -> tuple[str, str]:
    """The patient and the user of a call."""
    return keyring.pseudonym(request.iss, request.patient_id), keyring.pseudonym(request.iss, request.user_id)


def _readable(alerts: Iterable[Alert], clinician: str) -> Iterator[fatigue.Alert]:
    """One that cannot be read is left out: its card is shown again."""
    for each in alerts:
        try:
            marks = read_marks(each.marks)
        except (ValueError, TypeError):
            continue
        own = each.key.clinician == clinician
        yield fatigue.Alert(
            each.key.topic, each.key.fingerprint, own, marks, each.sent, each.override_reason, each.overridden
        )


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something on a patient's page: both pseudonyms."""

    patient: str
    clinician: str


def recalled(storage: Storage, who: Speaker) -> Remembered:
    """What bears on the cards of one user about one patient. Raises MemoryFailedError."""
    alerts = tuple(_readable(storage.alerts.recall(who.patient, who.clinician), who.clinician))
    return Remembered(True, alerts, seal_of(storage.keyring, who.patient))


def note_shown(storage: Storage, request: HookRequest, shown: Iterable[Shown], now: datetime) -> None:
    """Remember the cards of an answer; raises MemoryFailedError."""
    key = pseudonyms(storage.keyring, request)
    storage.alerts.note_sent(
        [Alert(AlertKey(*key, each.topic, each.fingerprint), each.marks.text(), now) for each in shown]
    )


def keep_said(
    storage: Storage, iss: str, said: Said, now: datetime, report: Report, speaker: Speaker | None = None
) -> bool:
    """Keep one statement; False if the card is none that this EHR was sent. Raises RecordStoreError.

    A time ahead of the clock is stored as given, and silences from now on only. With a speaker the card must be about
    that patient, and only the user who was sent it silences it.
    """
    card = storage.feedback.find_card(iss, said.card)
    if card is None or (speaker and speaker.patient != card.patient):
        return False
    statement = Statement(card, said.outcome, said.when or UNSAID, said.reason, said.comment, said.suggestions)
    silences = said.outcome == OVERRIDDEN and (speaker is None or speaker.clinician == card.clinician)
    if storage.feedback.save(statement, now) and silences:
        _note_override(storage, card, said, now, report)
    return True


def _note_override(storage: Storage, card: KnownCard, said: Said, now: datetime, report: Report) -> None:
    """An override that cannot be remembered silences nothing: the card is shown again."""
    key = AlertKey(card.patient, card.clinician, card.topic, card.fingerprint)
    try:
        storage.alerts.note_override(key, said.reason, "", min(said.when or now, now))
    except StorageError as problem:
        report("memory-failed", code=problem.code)
