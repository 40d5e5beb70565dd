"""ServiceRequest drafts for suggestions: one work-up item each; never a medication, never a dose."""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir_mappings.code_tables import ROWS, CodeTableError, Row, canonical
from fhir_mappings.orders import ITEMS
from fhir_mappings.resources import checked

ROW_OF = {f"{row.system} {row.code}": row for row in reversed(ROWS)}
WORK_UP = tuple(ITEMS)


def label(item: str) -> str:
    """What the draft orders, in words. Raises KeyError for an item that order_items.toml does not hold."""
    return str(ITEMS[item]["text"])


def service_request(item: str, patient_id: str, encounter_id: str | None = None) -> dict[str, Any]:
    """A ServiceRequest as FHIR JSON: status draft, intent proposal, text and (where a verified one exists) a code.

    Raises KeyError for an item that order_items.toml does not hold.
    """
    draft = _checked(item) | {"subject": {"reference": f"Patient/{patient_id}"}}
    if encounter_id:
        draft["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    return draft


@cache
def _checked(item: str) -> dict[str, Any]:
    """The draft of an item for nobody yet, checked by the model of FHIR; only references are added to it."""
    nobody = {"reference": "Patient/0"}
    drafted = {"status": "draft", "intent": "proposal", "code": _code(item), "subject": nobody}
    return checked({"resourceType": "ServiceRequest"} | drafted)


def _code(item: str) -> dict[str, Any]:
    row = row_of(item)
    coding = [{"system": canonical(row.system), "code": row.code, "display": row.display}] if row is not None else []
    return ({"coding": coding} if coding else {}) | {"text": label(item)}


def row_of(item: str) -> Row | None:
    """The code table row behind an item; None where no verified code exists.

    Raises CodeTableError for a row that is not there.
    """
    name = ITEMS[item]["code"]
    if name and name not in ROW_OF:
        raise CodeTableError(
            f"codes/order_items.toml [{item}]: no row {name!r}. Name a row of the code tables, or leave it empty."
        )
    return ROW_OF.get(name)


def warm_up() -> None:
    """Load what the first draft would have to load: for programs that fork or must answer the first call fast."""
    for item in ITEMS:
        _checked(item)
