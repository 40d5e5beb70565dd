"""Whether the EHR could fill our prefetch templates: each is asked once as it stands, for the first patient."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from ehr_access.measured import Examiner
from fhir_mappings.queries import PATIENT, templates
from rpild_server.check_ehr.findings import Finding, good
from rpild_server.check_ehr.searching import Searched

PART = "prefetch"
UNFILLED = "Leave the key out of the table given to the EHR; the plug-in reads it by itself then."


def template_links(patient: str) -> dict[str, str]:
    """Our templates with the patient filled in."""
    return {key: quote(each.replace(PATIENT, patient), safe="/?&=,") for key, each in templates().items()}


def ask_template(examiner: Examiner, link: str) -> bool:
    """Whether the EHR's own search answers a template."""
    return examiner.get(link).good


def judge_prefetch(accepted: dict[str, bool], found: list[Searched]) -> Iterator[Finding]:
    """Which keys can be filled, and which would have held something for these patients."""
    filled = {each.key for each in found if each.entries}
    told = f"{sum(accepted.values())} of {len(accepted)} templates are answered"
    yield good(PART, f"{told}; {len(filled & accepted.keys())} would hold something for these patients")
    refused = [key for key, good_one in accepted.items() if not good_one]
    if refused:
        yield Finding("warn", PART, f"not answered: {', '.join(refused)}", UNFILLED)
