"""Clinicians' attestations: Observations of our own code system (contract)."""

from __future__ import annotations

from decimal import Decimal

from fhir_mappings.code_tables import canonical, read_table
from fhir_mappings.dates import span
from fhir_mappings.references import References
from fhir_mappings.structs import ObservationIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.units import ATTESTED, read_quantity
from rpild_rules.facts import Attestation
from rpild_rules.when import When

SYSTEM = canonical("Attestation")
TABLE = read_table("attestations")
CLINICIANS = ("Practitioner/", "PractitionerRole/")


def read_attestation(code: str, each: ObservationIn, refs: References) -> Attestation:
    """One attestation; its value is None where it cannot be read."""
    start, end = span(each.effective_period, refs.read)
    issued = refs.read(each.issued)
    sources = (refs.local(source) for source in (*each.derived_from, *each.focus))
    performers = each.performers()
    return Attestation(
        code=code,
        value=_value(code, each, refs),
        made=refs.read(each.effective_date_time) or issued,
        issued=issued,
        status=each.status,
        by_clinician=any(refs.local(performer).startswith(CLINICIANS) for performer in performers),
        reference=reference_of(each),
        start=start,
        end=end,
        studies=frozenset(filter(None, sources)),
        by=next((performer.display or refs.local(performer) for performer in performers), ""),
        method=each.method.text if each.method is not None else "",
    )


def _value(code: str, each: ObservationIn, refs: References) -> bool | Decimal | str | When | None:
    kind = TABLE.get(code, {}).get("value", "")
    if kind == "boolean":
        return each.value_boolean if isinstance(each.value_boolean, bool) else None
    if kind == "time":
        return refs.read(each.value_date_time)
    if kind == "word":
        return each.value_string if each.value_string in TABLE[code]["words"] else None
    return _percent(code, each)


def _percent(code: str, each: ObservationIn) -> Decimal | None:
    if code not in ATTESTED or each.value_quantity is None:
        return None
    reading = read_quantity(each.value_quantity, ATTESTED[code])
    return None if reading.comparator else reading.value
