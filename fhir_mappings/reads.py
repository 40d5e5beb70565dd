"""What came of asking the EHR for one key: pages of raw JSON, nothing, or a failure."""

from __future__ import annotations

from dataclasses import dataclass

from rpild_rules.findings import Reason


class OtherPatientError(Exception):
    """A resource names another patient: the call stops (rulings 1). `reference` is the resource, never the patient."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} belongs to another patient: check which chart the EHR put into this call")
        self.reference = reference


class MixedSubjectsError(Exception):
    """A file with no patient, several, or not the one asked for. `subjects` are the patient ids found."""

    def __init__(self, subjects: tuple[str, ...], wanted: str = "") -> None:
        found = ", ".join(subjects) or "none"
        asked = f"patient {wanted} is not in the file" if wanted else f"the file holds {len(subjects)} patients"
        super().__init__(f"{asked} (found: {found}): name one of them, and give a file with its Patient resource")
        self.subjects = subjects


class UnreadableFileError(Exception):
    """A file that is neither a FHIR Bundle, nor a resource, nor NDJSON of resources."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The key was asked for and could not be had: `not-permitted` or `fetch-failed`."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one search. `complete` is None when that has to be judged from the pages (rulings 2)."""

    bodies: tuple[bytes, ...]
    complete: bool | None = None


Answer = bytes | Pages | Failure | None
"""Raw JSON of one resource or Bundle; pages of a search; a failure; or None: read and empty. A key that is absent
was not read.
"""
