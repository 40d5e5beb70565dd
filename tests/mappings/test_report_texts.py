"""The words of chest reports: by report and by study, without markup, cut, and of final chest reports only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhir_mappings.reads import OtherPatientError
from fhir_mappings.report_texts import LONGEST, report_texts

CHEST = {"coding": [{"system": "http://loinc.org", "code": "37441-3"}]}
ANKLE = {"coding": [{"system": "http://loinc.org", "code": "24541-5"}]}


def told(*reports: dict[str, Any]) -> dict[str, str]:
    """The texts of these reports of patient 1."""
    usual = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": CHEST,
        "subject": {"reference": "Patient/1"},
    }
    entries = [{"resource": usual | {"id": f"r{number}"} | each} for number, each in enumerate(reports)]
    return report_texts({"reports": json.dumps({"resourceType": "Bundle", "entry": entries}).encode()}, "1")


def test_a_conclusion_stands_under_its_report_and_under_its_studies() -> None:
    studies = [{"reference": "https://ehr.example/fhir/ImagingStudy/a"}, {"reference": "urn:uuid:1"}]
    found = told({"conclusion": "Ground-glass\n opacities.\u202e", "imagingStudy": studies})
    assert found == dict.fromkeys(("DiagnosticReport/r0", "ImagingStudy/a"), "Ground-glass opacities.")


def test_a_narrative_stands_in_without_its_markup() -> None:
    found = told({"text": {"div": "<div><b>Both</b> lower &lt;lobes&gt;<script>x</script></div>"}})
    assert found == {"DiagnosticReport/r0": "Both lower <lobes> x"}


def test_a_long_text_is_cut_and_says_so() -> None:
    (text,) = told({"conclusion": "word " * LONGEST}).values()
    assert len(text) <= LONGEST + 2
    assert text.endswith("word …")


@pytest.mark.parametrize(
    "other", [{"code": ANKLE, "conclusion": "x"}, {"status": "preliminary", "conclusion": "x"}, {"conclusion": ""}]
)
def test_other_reports_say_nothing_here(other: dict[str, Any]) -> None:
    assert told(other) == {}


def test_without_reports_there_are_no_words_and_another_patient_stops_it() -> None:
    assert report_texts({}, "1") == {}
    with pytest.raises(OtherPatientError):
        told({"subject": {"reference": "Patient/2"}})
