"""Whose a resource is: the references by which resources name themselves and their patient (rulings 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from fhir_mappings.reads import OtherPatientError

PATIENT_REFERENCE = re.compile(r"(?:\A|/)Patient/([A-Za-z0-9.\-_]+)(?:/_history/[^/]+)?\Z")
USUAL_PORTS = re.compile(r":(?:80|443)\Z")
OF_NO_PATIENT = frozenset({"Medication", "Device"})
Entry = tuple[str, Any]
"""A fullUrl (or empty) and its resource."""


class Home:
    """The FHIR bases at which an id is this patient's: at any other the same id is somebody else's.

    Where none is known, the first that a reference names counts, and a second one is another's.
    """

    def __init__(self, bases: Iterable[str] = ()) -> None:
        self._places = {_place(base) for base in bases if base}

    def holds(self, base: str) -> bool:
        """Whether a reference with this base stays at home; a relative one always does."""
        if "://" not in base:
            return True
        if not self._places:
            self._places.add(_place(base))
        return _place(base) in self._places


@lru_cache(maxsize=1024)
def _place(base: str) -> str:
    """Host and path: a proxy changes the scheme, its usual port and a closing slash without changing the server."""
    host, slash, path = base.partition("://")[2].partition("/")
    return (USUAL_PORTS.sub("", host.lower()) + slash + path).rstrip("/")


def reference_of(resource: Any) -> str:
    """`Type/id`, or the type alone when there is no id."""
    return f"{resource.resource_type}/{resource.id}" if resource.id else str(resource.resource_type)


def urls_of(entries: Iterable[Entry]) -> dict[str, str]:
    """`Type/id` by fullUrl, where the fullUrl does not say it itself."""
    return {url: reference_of(resource) for url, resource in entries if url.startswith("urn:")}


def belongs(resource: Any, patient_id: str, urls: Mapping[str, str], home: Home | None = None) -> bool:
    """Whether a resource names this patient. False if it names none; raises OtherPatientError if it names another, or
    the same id at a FHIR base that is not `home`.
    """
    if resource.resource_type == "Patient":
        return resource.id != "" and _same(resource.id, patient_id, resource)
    reference = resource.subject or resource.patient
    if reference is None or not reference.reference:
        return resource.resource_type in OF_NO_PATIENT
    text = urls.get(reference.reference, reference.reference)
    found = PATIENT_REFERENCE.search(text)
    if found is None:
        return False
    if home is not None and not home.holds(text[: found.start()]):
        raise OtherPatientError(reference_of(resource))
    return _same(found[1], patient_id, resource)


def names(text: str, patient_id: str, home: Home) -> bool:
    """Whether a reference is one to this patient."""
    found = PATIENT_REFERENCE.search(text)
    return found is not None and found[1] == patient_id and home.holds(text[: found.start()])


def _same(identity: str, patient_id: str, resource: Any) -> bool:
    if identity != patient_id:
        raise OtherPatientError(reference_of(resource))
    return True


def subject_of(resource: Any, urls: Mapping[str, str]) -> str:
    """The patient id that a resource names, or empty."""
    if resource.resource_type == "Patient":
        return str(resource.id)
    reference = resource.subject or resource.patient
    text = reference.reference if reference is not None else ""
    found = PATIENT_REFERENCE.search(urls.get(text, text))
    return found[1] if found else ""
