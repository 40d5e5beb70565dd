"""Other people's files are what their package held, with their licence, and named in NOTICE."""

from __future__ import annotations

import hashlib

from tests.conftest import ROOT

FOLDER = ROOT / "static/vendor/uplot"


def sums() -> dict[str, str]:
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_file_is_the_one_of_the_package() -> None:
    shipped = {path.name for path in FOLDER.iterdir()} - {"SHA256SUMS", "README.md"}
    assert shipped == {"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"}
    assert {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in shipped} == {
        name: digest for name, digest in sums().items() if name in shipped
    }


def test_version_archive_and_licence_are_told() -> None:
    (archive,) = (name for name in sums() if name.endswith(".tgz"))
    version = archive.removeprefix("uplot-").removesuffix(".tgz")
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert f"uPlot {version}" in notice
    assert version in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in (FOLDER / "LICENSE").read_text(encoding="utf-8")
