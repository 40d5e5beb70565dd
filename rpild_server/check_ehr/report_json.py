"""An examination for programs, complete."""

from __future__ import annotations

import dataclasses

import orjson

from rpild_server.check_ehr.examination import Examined
from rpild_server.check_ehr.findings import exit_status
from rpild_server.check_ehr.summary import code_rows, element_rows, mapping_of, record_of, search_rows, unit_rows


def report_json(found: Examined) -> bytes:
    """Findings and tables as JSON; neither patients' ids, names nor values are in it."""
    return orjson.dumps(
        {
            "fhir": found.asked.base,
            "at": found.at,
            "patients": found.patients,
            "status": exit_status(found.findings),
            "findings": [dataclasses.asdict(each) for each in found.findings],
            "elements": [dataclasses.asdict(each) for each in element_rows(found)],
            "searches": [dataclasses.asdict(each) for each in search_rows(found)],
            "codes": [dataclasses.asdict(each) for each in code_rows(found)],
            "units": [dict(zip(("concept", "unit", "known", "count"), each, strict=True)) for each in unit_rows(found)],
            "record": record_of(found),
            "mapping": mapping_of(found),
        },
        option=orjson.OPT_INDENT_2,
    )
