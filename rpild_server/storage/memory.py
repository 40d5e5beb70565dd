"""The alert memory: what each clinician was shown about each patient, and how they answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from itertools import starmap

from sqlalchemy import Connection, Engine, bindparam, delete, select, union_all, update
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.engines import for_writing, insert_or
from rpild_server.storage.errors import memory_failure
from rpild_server.storage.prepared import Prepared
from rpild_server.storage.retention import forget_patient
from rpild_server.storage.tables import alert_memory
from rpild_server.storage.times import read_stamp, stamp

NO_OVERRIDE = {"override_reason": "", "override_role": "", "overridden": ""}
KEY = ("patient", "clinician", "topic", "fingerprint")


COLUMNS = [alert_memory.c[name] for name in (*KEY, "marks", "sent", "override_reason", "override_role", "overridden")]
ABOUT = select(*COLUMNS).where(alert_memory.c.patient == bindparam("patient"))
OF_PATIENT = Prepared(ABOUT.order_by(*KEY))
# Two parts, each by an index of its own: one condition with OR would look at all that anybody was shown.
OWN = ABOUT.where(alert_memory.c.clinician == bindparam("clinician"))
OVERRIDDEN = ABOUT.where(alert_memory.c.clinician != bindparam("clinician"), alert_memory.c.override_reason > "")
SILENCING = Prepared(union_all(OWN, OVERRIDDEN).order_by(*KEY))


@dataclass(frozen=True, slots=True)
class AlertKey:
    """What was shown to whom about whom: two pseudonyms, the topic, and the exact part of the fingerprint, hashed."""

    patient: str
    clinician: str
    topic: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A card as last sent. `marks` is JSON text of the fatigue rules; override fields are empty until there is one."""

    key: AlertKey
    marks: str
    sent: datetime
    override_reason: str = ""
    override_role: str = ""
    overridden: datetime | None = None


@contextmanager
def memory_transaction(engine: Engine) -> Iterator[Connection]:
    """A writing transaction; a fault becomes MemoryFailedError."""
    try:
        with for_writing(engine).begin() as connection:
            yield connection
    except SQLAlchemyError as problem:
        raise memory_failure(problem) from None


def _alert(
    patient: str, clinician: str, topic: str, fingerprint: str, marks: str, sent: str, why: str, role: str, when: str
) -> Alert:
    """A row of the table."""
    key = AlertKey(patient, clinician, topic, fingerprint)
    return Alert(key, marks, read_stamp(sent), why, role, read_stamp(when) if when else None)


@cache
def _note(dialect: str) -> Prepared:
    """Keeping cards as sent."""
    statement = insert_or(dialect, alert_memory)
    fresh = {name: statement.excluded[name] for name in ("marks", "sent")}
    return Prepared(statement.on_conflict_do_update(index_elements=KEY, set_=fresh))


class AlertMemory:
    """Reads before cards are chosen, writes after they are sent; each method raises MemoryFailedError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = for_writing(engine)

    def recall(self, patient: str, clinician: str = "") -> tuple[Alert, ...]:
        """What was sent about a patient, to anybody, in a fixed order.

        With a clinician only what can silence a card there: what that one was sent, and what others have overridden.
        A patient whom hundreds have seen costs no more than one.
        """
        who = {"patient": patient, "clinician": clinician}
        try:
            with self._engine.connect() as connection:
                return tuple(starmap(_alert, (SILENCING if clinician else OF_PATIENT).rows(connection, who)))
        except SQLAlchemyError as problem:
            raise memory_failure(problem) from None

    def note_sent(self, alerts: Sequence[Alert]) -> None:
        """Keep cards as sent: time and marks are new, an override that was there before stays readable."""
        if not alerts:
            return
        rows = [asdict(each.key) | NO_OVERRIDE | {"marks": each.marks, "sent": stamp(each.sent)} for each in alerts]
        with memory_transaction(self._engine) as connection:
            _note(connection.dialect.name).write(connection, rows)

    def note_override(self, key: AlertKey, reason: str, role: str, when: datetime) -> bool:
        """Keep an override of a card that was sent; False if it is not remembered."""
        row = {"override_reason": reason, "override_role": role, "overridden": stamp(when)}
        where = [alert_memory.c[name] == value for name, value in asdict(key).items()]
        with memory_transaction(self._engine) as connection:
            return connection.execute(update(alert_memory).where(*where).values(row)).rowcount == 1

    def forget(self, patient: str) -> int:
        """Remove all that is known of a patient; the number of rows."""
        with memory_transaction(self._engine) as connection:
            return forget_patient(connection, patient)

    def purge(self, before: datetime) -> int:
        """Remove what was neither sent nor overridden since; the number of rows."""
        old = (alert_memory.c.sent < stamp(before)) & (alert_memory.c.overridden < stamp(before))
        with memory_transaction(self._engine) as connection:
            return connection.execute(delete(alert_memory).where(old)).rowcount
