"""Whose a resource is: the references by which resources name themselves and their patient (rulings 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fhir_mappings.reads import OtherPatientError

PATIENT_REFERENCE = re.compile(r"(?:\A|/)Patient/([A-Za-z0-9.\-_]+)(?:/_history/[^/]+)?\Z")
OF_NO_PATIENT = frozenset({"Medication", "Device"})
Entry = tuple[str, Any]
"""A fullUrl (or empty) and its resource."""


def reference_of(resource: Any) -> str:
    """`Type/id`, or the type alone when there is no id."""
    return f"{resource.resource_type}/{resource.id}" if resource.id else str(resource.resource_type)


def urls_of(entries: Iterable[Entry]) -> dict[str, str]:
    """`Type/id` by fullUrl, where the fullUrl does not say it itself."""
    return {url: reference_of(resource) for url, resource in entries if url.startswith("urn:")}


def belongs(resource: Any, patient_id: str, urls: Mapping[str, str]) -> bool:
    """Whether a resource names this patient. False if it names none; raises OtherPatientError if it names another."""
    if resource.resource_type == "Patient":
        return resource.id != "" and _same(resource.id, patient_id, resource)
    reference = resource.subject or resource.patient
    if reference is None or not reference.reference:
        return resource.resource_type in OF_NO_PATIENT
    found = PATIENT_REFERENCE.search(urls.get(reference.reference, reference.reference))
    return found is not None and _same(found[1], patient_id, resource)


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
