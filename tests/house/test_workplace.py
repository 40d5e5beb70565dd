"""Nothing that is committed depends on the place where it was written: no machine paths, no names of local tools."""

from __future__ import annotations

import re

from tests.house.source_tree import name, tracked_files

# Spelled with a gap, so that this file does not find itself.
PLACES = ("/wor k/", "/roo t/", "/hom e/", "/Use rs/", "/tm p/", "C:\\Us ers")
TOOLS = (
    "house_ check",
    "before- stop",
    "issues sho w",
    ".libr ary/",
    "pye nv",
    "cla ude",
    "anthr opic",
    "chatg pt",
    "copi lot",
)
FOUND = re.compile("|".join(re.escape(each.replace(" ", "")) for each in (*PLACES, *TOOLS)), re.IGNORECASE)
BINARY = {".png", ".woff2", ".ico", ".gz"}


def test_no_machine_path_and_no_workplace_tool() -> None:
    hits = [
        f"{name(path)}:{number} {line.strip()[:100]}"
        for path in tracked_files()
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FOUND.search(line)
    ]
    assert hits == []


def test_no_secret_is_committed() -> None:
    keys = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY|\"d\"\s*:\s*\"[A-Za-z0-9_-]{40,}\"|ghp_[A-Za-z0-9]{30}|AKIA[A-Z0-9]{16}"
    )
    texts = {name(path): path.read_text(encoding="utf-8") for path in tracked_files() if path.suffix not in BINARY}
    assert [where for where, text in texts.items() if keys.search(text)] == []
