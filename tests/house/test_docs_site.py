"""The documentation as a site: it builds without a warning, every link leads somewhere, every proof it names exists."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PROOF = re.compile(r"\b(?:CH|APP|A|H|L|F|S|W|I)-?\d[\d.]*\b")


def proofs(page: str) -> set[str]:
    """What the last column of a page's tables names."""
    rows = [
        line.rstrip(" |").rpartition("|")[2] for line in (DOCS / page).read_text().splitlines() if line.startswith("| ")
    ]
    return {name for row in rows for name in PROOF.findall(row)}


def known() -> set[str]:
    with (ROOT / "tests" / "requirements.csv").open(newline="") as file:
        return {row["id"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("page", ["threat-model.md", "safety-case.md"])
def test_every_proof_that_a_page_names_is_a_proven_requirement(page: str) -> None:
    named = proofs(page)
    assert len(named) >= 5
    assert named <= known()


def test_every_threat_has_a_proof() -> None:
    rows = [line for line in (DOCS / "threat-model.md").read_text().splitlines() if re.match(r"\| [STRIDE] \|", line)]
    assert {row[2] for row in rows} == set("STRIDE")
    assert all(PROOF.search(row.rstrip(" |").rpartition("|")[2]) for row in rows)


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    tool = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 15
    outside = {
        link
        for page in pages
        for link in re.findall(r'(?:src|href)="(https?://[^"]+)"', page.read_text())
        if "src=" in link or link.endswith((".js", ".css"))
    }
    assert outside == set(), "a page fetches something from elsewhere"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80
