"""Pages that live outside docs/ join the built site, with their links turned to where they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
OUTSIDE = {
    "README.md": "index.md",
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "GLOSSARY.md": "GLOSSARY.md",
    "benchmarks/README.md": "benchmarks.md",
}
LINK = re.compile(r"\]\(([^)#\s]+)")
# What the site does not hold: files of the project that a reader of it has at hand.
ELSEWHERE = re.compile(r"\[([^\]]+)\]\((?!https?:|#)[^)\s]*?(?:NOTICE|LICENSE|\.toml|\.json|\.py|/)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside."""
    for source, place in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=_turned(text, Path(source).parent)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links that leave docs/ lead to the pages that joined."""
    folder = Path("docs") / Path(page.file.src_uri).parent
    return markdown if page.file.src_uri in OUTSIDE.values() else _turned(markdown, folder, page.file.src_uri)


def _turned(text: str, folder: Path, page: str = "index.md") -> str:
    """A text of the project's `folder` as a page of the site."""
    depth = "../" * (len(Path(page).parts) - 1)

    def place(found: re.Match[str]) -> str:
        if found[1].startswith(("http:", "https:", "mailto:")):
            return found[0]
        target = (ROOT / folder / found[1]).resolve()
        if not target.is_relative_to(ROOT):
            return found[0]
        inside = target.relative_to(ROOT).as_posix()
        return f"]({depth}{OUTSIDE.get(inside, inside.removeprefix('docs/'))}"

    return LINK.sub(place, ELSEWHERE.sub(r"\1", text))
