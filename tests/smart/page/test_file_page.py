"""`rpild assess FILE --html OUT`: one file, complete in itself."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from fhir_mappings.identity import Identity
from rpild_server.cli import main
from rpild_server.html_page import identity_in
from tests.cli.charts import AT, write_bundle, write_ndjson
from tests.smart.pictures.looking import Seen


def test_the_page_of_a_chart_in_a_file(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = CliRunner().invoke(main, ["assess", str(write_bundle(tmp_path)), "--at", AT, "--html", str(out)])
    assert (result.exit_code, result.output) == (0, "")
    one = Seen(out.read_text(encoding="utf-8"))
    assert one.open == []
    assert "RP-ILD criteria are met today" in one.html
    assert "--accent" in one.html
    assert "nothing can be recorded here" in one.html
    tags = [tag for tag, _ in one.elements]
    assert not {"form", "script", "link"} & set(tags)


def test_a_place_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    out = tmp_path / "none" / "page.html"
    result = CliRunner().invoke(main, ["assess", str(write_bundle(tmp_path)), "--at", AT, "--html", str(out)])
    assert result.exit_code == 2
    assert "page.html" in result.output


def test_the_banner_is_of_the_patient_assessed(tmp_path: Path) -> None:
    person = {"resourceType": "Patient", "id": "1", "name": [{"text": "Ann Example"}], "birthDate": "1976-10-14"}
    other = {"resourceType": "Patient", "id": "2", "name": [{"text": "Bo Other"}]}
    entries = [{"resource": other}, {"resource": person}, {"resource": "odd"}, {"fullUrl": "urn:x"}]
    body = json.dumps({"resourceType": "Bundle", "entry": entries}).encode()
    assert identity_in(body, "1").name == "Ann Example"
    assert identity_in(body, "3").name == ""
    assert identity_in(write_ndjson(tmp_path).read_bytes(), "nobody") == Identity()
