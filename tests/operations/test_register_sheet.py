"""`rpild register-sheet`: what stands in it is what the program does, and its HTML says the same as its Markdown."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_hooks.discovery import services
from ehr_access.registry import VENDORS
from fhir_mappings.drafts import WORK_UP, label
from fhir_mappings.queries import KEYS, scopes, templates
from rpild_server.cli import main
from rpild_server.initial import write_initial
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
        f'public_base_url = "https://rpild.test/below/"\n{settings}\n[[ehrs]]\nname = "north"\nsmart = true\n'
        f'client_id = "c-1"\nfhir_bases = ["https://ehr.test/fhir"]\niss = "https://iss.test"\n'
        f'jwks_url = "https://keys.test/jwks"\n{record}\n'
    )
    return file


@pytest.mark.verifies("CH-60")
def test_addresses_of_a_configured_ehr(tmp_path: Path) -> None:
    text = sheet("--config", str(write_settings(tmp_path)))
    for each in services().values():
        assert f"| {each.hook} | https://rpild.test/below/cds-services/{each.id} |" in text
    for address in ("smart/launch", "smart/callback/north", "smart/jwks.json"):
        assert f"| https://rpild.test/below/{address} |" in text
    assert "| `iss` | https://iss.test, exactly |" in text
    assert "Outwards, from the plug-in: https://ehr.test, https://keys.test." in text
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
    assert "decision support at south (generic)" in sheet("--config", str(file), "--ehr", "south")
    done = run("--config", str(file), "--ehr", "west")
    assert done.exit_code == 2
    assert "west is not configured (there: north, south)" in done.output
    file.write_text("colour = 1\n")
    assert run("--config", str(file)).exit_code == 2


def test_a_redirect_that_several_share(tmp_path: Path) -> None:
    text = sheet("--config", str(write_settings(tmp_path, "sends_iss = true")))
    assert "| https://rpild.test/below/smart/callback |" in text


def test_what_init_wrote_is_still_to_be_filled_in(tmp_path: Path) -> None:
    text = sheet("--config", str(write_initial(tmp_path, date(2026, 11, 24))[0]))
    rows = re.findall(r"^\| (?:discovery|order-sign) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        "https://rpild.hospital.example/cds-services (TO BE FILLED IN)",
        "https://rpild.hospital.example/cds-services/rpild-order-sign (TO BE FILLED IN)",
    ]
    assert "Inwards, to rpild.hospital.example (TO BE FILLED IN) on HTTPS" in text
    assert "TO BE FILLED IN" not in sheet("--config", str(write_settings(tmp_path)))


def test_without_the_page_nothing_of_it_is_asked_for(tmp_path: Path) -> None:
    file = write_settings(tmp_path)
    page = ("/smart/", "Scopes of the page", "## Browser", "Client id", "Links of cards")
    assert [each for each in page[:4] if each not in sheet("--config", str(file), "--vendor", "epic")] == []
    file.write_text(file.read_text().replace("smart = true", "smart = false"))
    for vendor in VENDORS:
        text = sheet("--config", str(file), "--vendor", vendor)
        assert [each for each in page if each in text] == []
        assert "**The page is off for this EHR**" in text


def test_another_vendor_than_the_records_is_told(tmp_path: Path) -> None:
    file = write_settings(tmp_path, 'vendor = "oracle"')
    assert "still to be filled in" in sheet("--config", str(file))
    assert 'says `vendor = "oracle"`' not in sheet("--config", str(file), "--vendor", "oracle")
    assert 'says `vendor = "oracle"`, this sheet is for `epic`' in sheet("--config", str(file), "--vendor", "epic")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ("", "| `alg` | ES384, RS384; Epic signs with RS384 |"),
        ('algorithms = ["ES384"]', "PUT IT INTO `algorithms`"),
        ("", "| `aud` | what is typed in at Epic: PUT IT INTO `audiences`; until then only the address called"),
        ('audiences = ["rpild"]', "| `aud` | the address called, exactly, or `rpild` |"),
    ],
)
def test_what_epic_signs_with_and_writes_into_aud(tmp_path: Path, record: str, told: str) -> None:
    assert told in sheet("--config", str(write_settings(tmp_path, record)), "--vendor", "epic")
