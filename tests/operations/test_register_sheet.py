"""`rpild register-sheet`: what stands in it is what the program does, and its HTML says the same as its Markdown."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_hooks.discovery import services
from fhir_mappings.drafts import WORK_UP, label
from fhir_mappings.queries import KEYS, scopes, templates
from rpild_server.cli import main
from rpild_server.sheet_html import page_of
from tests.conftest import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "rpild.toml"


def run(*options: str) -> Result:
    return CliRunner().invoke(main, ["register-sheet", *options])


def sheet(*options: str) -> str:
    done = run(*options)
    assert done.exit_code == 0, done.output
    return done.stdout


def write_settings(folder: Path, record: str = "", settings: str = "") -> Path:
    """A settings file with one EHR whose page is registered."""
    file = folder / "rpild.toml"
    file.write_text(
        f'public_base_url = "https://rpild.example/below/"\n{settings}\n[[ehrs]]\nname = "north"\nsmart = true\n'
        f'client_id = "c-1"\nfhir_bases = ["https://ehr.example/fhir"]\niss = "https://iss.example"\n'
        f'jwks_url = "https://keys.example/jwks"\n{record}\n'
    )
    return file


@pytest.mark.verifies("CH-60")
def test_addresses_of_a_configured_ehr(tmp_path: Path) -> None:
    text = sheet("--config", str(write_settings(tmp_path)))
    for each in services().values():
        assert f"| {each.hook} | https://rpild.example/below/cds-services/{each.id} |" in text
    for address in ("smart/launch", "smart/callback/north", "smart/jwks.json"):
        assert f"| https://rpild.example/below/{address} |" in text
    assert "| `iss` | https://iss.example, exactly |" in text
    assert "Outwards, from the plug-in: https://ehr.example, https://keys.example." in text
    assert "Client id: `c-1`." in text
    assert "https://PUBLIC-BASE-URL" not in text


def test_prefetch_can_be_pasted_as_it_is_announced(tmp_path: Path) -> None:
    rows = sheet().split("```\n")[1].splitlines()
    assert dict(row.split(": ", 1) for row in rows) == templates()
    dated = sheet("--config", str(write_settings(tmp_path, "dates_in_prefetch = true\nlean = true")))
    rows = dated.split("```\n")[1].splitlines()
    assert dict(row.split(": ", 1) for row in rows) == templates("", "lean-dated")
    assert "Dates are filled in by the EHR." in dated


def test_each_scope_has_a_reason(tmp_path: Path) -> None:
    text = sheet("--config", str(write_settings(tmp_path, 'extra_scopes = ["user/Slot.rs"]\nbackend_services = true')))
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE))
    wanted = {*scopes(), *scopes(2, "system"), "openid", "fhirUser", "launch", "launch/patient", "online_access"}
    assert wanted | {"patient/Observation.cu", "user/Slot.rs"} <= rows.keys()
    assert all(rows[each] for each in wanted)
    assert rows["patient/Condition.rs"] == "diagnoses"
    assert "ferritin" in rows["patient/Observation.rs"]


def test_scopes_follow_the_record(tmp_path: Path) -> None:
    text = sheet(
        "--config", str(write_settings(tmp_path, 'scope_version = 1\nwrite_attestations = false\naccess = ""'))
    )
    assert "`patient/Condition.read`" in text
    assert ".rs`" not in text
    assert "Observation.write" not in text
    assert "refresh: none" in text


@pytest.mark.parametrize(("vendor", "form"), [("generic", "Patient/1"), ("epic", "1"), ("oracle", "1")])
def test_a_vendor_has_its_own_part(vendor: str, form: str) -> None:
    text = sheet("--vendor", vendor)
    assert f"`patient={form}`" in text
    others = {"generic": "Nothing is assumed", "epic": "Discovery is not read", "oracle": "registered by form"}
    assert [name for name, words in others.items() if words in text] == [vendor]


def test_every_order_key_and_topic_is_there() -> None:
    text = sheet()
    assert [item for item in WORK_UP if f"| {label(item)} |" not in text] == []
    assert [key for key in KEYS if f"| `{key}`" not in text] == []
    assert "| combinationTherapy | Combination therapy in anti-MDA5 RP-ILD |" in text


def test_html_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "sheet.html"
    assert sheet("--config", str(EXAMPLE), "--html", str(file)) == ""
    html, text = file.read_text(), sheet("--config", str(EXAMPLE))
    words = re.sub(r"<[^>]+>", " ", html.split("<body>")[1])
    assert sorted(set(re.findall(r"\w+", unescape(words)))) == sorted(set(re.findall(r"\w+", text)))
    assert "<script" not in html
    assert html.count("<tr>") == len(re.findall(r"^\|(?!--)", text, re.MULTILINE))


def test_html_escapes_and_keeps_bars() -> None:
    page = page_of("# A <b>\n\n| `a\\|b` | **c** |\n|---|---|\n| <i> | d |\n\n- one & two\n\n```\n<x>|\n```\n")
    assert "<title>A &lt;b&gt;</title>" in page
    assert '<th scope="col"><code>a|b</code></th><th scope="col"><strong>c</strong></th>' in page
    assert '<th scope="row">&lt;i&gt;</th><td>d</td>' in page
    assert "<ul>\n<li>one &amp; two</li>\n</ul>" in page
    assert "<pre>&lt;x&gt;|\n</pre>" in page


def test_several_ehrs_and_names_that_are_not_there(tmp_path: Path) -> None:
    file = write_settings(tmp_path, '[[ehrs]]\nname = "south"\n')
    assert "smart/callback/NAME |" in sheet("--config", str(file)), "none of several is guessed"
    assert "smart/callback/south |" in sheet("--config", str(file), "--ehr", "south")
    done = run("--config", str(file), "--ehr", "west")
    assert done.exit_code == 2
    assert "west is not configured (there: north, south)" in done.output
    file.write_text("colour = 1\n")
    assert run("--config", str(file)).exit_code == 2


def test_a_redirect_that_several_share(tmp_path: Path) -> None:
    text = sheet("--config", str(write_settings(tmp_path, "sends_iss = true")))
    assert "| https://rpild.example/below/smart/callback |" in text
