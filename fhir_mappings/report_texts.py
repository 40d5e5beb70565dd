"""What reports of chest imaging say, to be shown beside a clinician's choice: never parsed, kept or logged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape

from fhir_mappings.chart import decode_key
from fhir_mappings.imaging import REPORTED, scan_concept
from fhir_mappings.reads import Answer
from fhir_mappings.references import LOCAL
from fhir_mappings.structs import ReportIn
from fhir_mappings.subjects import reference_of

KEY = "reports"
LONGEST = 1200
MARKUP = re.compile(r"<[^>]*>")
BLANKS = re.compile(r"\s+")
CUT = " …"


def report_texts(answers: Mapping[str, Answer], patient_id: str) -> dict[str, str]:
    """The words of each final chest report, by its reference and by those of the studies that it is about.

    Raises OtherPatientError.
    """
    answer = answers.get(KEY)
    if answer is None:
        return {}
    decoded = decode_key(KEY, answer, patient_id)
    reports = [each for each in decoded.resources if isinstance(each, ReportIn) and each.status in REPORTED]
    return dict(_told(each for each in reports if scan_concept([each.code], ())))


def _told(reports: Iterable[ReportIn]) -> Iterable[tuple[str, str]]:
    for each in reports:
        words = _words(each)
        if words:
            found = (LOCAL.search(study.reference) for study in each.imaging_study)
            yield from ((reference, words) for reference in (reference_of(each), *(one[1] for one in found if one)))


def _words(report: ReportIn) -> str:
    """The conclusion, else the narrative without its markup; without marks that no reader sees."""
    text = report.conclusion or unescape(MARKUP.sub(" ", report.text.div if report.text is not None else ""))
    plain = "".join(each for each in BLANKS.sub(" ", text) if each.isprintable()).strip()
    return plain if len(plain) <= LONGEST else plain[:LONGEST].rstrip() + CUT
