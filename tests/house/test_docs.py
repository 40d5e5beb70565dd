"""Documents that cannot drift: what they name exists, and what exists is named."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rpild_rules.findings import Reason
from rpild_server.assessing import assess_file
from rpild_server.cli import main
from rpild_server.settings import load_settings
from tests.house.source_tree import PACKAGES, ROOT, modules, name, tree

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks/README.md"])
READMES = [ROOT / package / "README.md" for package in PACKAGES]
REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8")


def commands() -> set[str]:
    assert isinstance(main, click.Group)
    return set(main.commands)


def section(title: str) -> str:
    return REFERENCE.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("path", modules(*PACKAGES, "tests", "benchmarks"), ids=name)
def test_every_module_opens_with_a_sentence(path: Path) -> None:
    docstring = ast.get_docstring(tree(path)) or ""
    first = docstring.split("\n\n")[0].strip()
    assert first, "begin with one sentence that says what lives here"
    assert first.endswith("."), f"a sentence ends with a full stop: {first!r}"


@pytest.mark.parametrize("path", READMES, ids=name)
def test_every_package_says_what_lives_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prose = [line for line in text.splitlines() if line.strip() and not line.startswith(("|", "#", "```"))]
    assert 3 <= len(prose) <= 12
    assert re.search(r"\b[Nn]ever\b", text), "say what never lives here"
    assert re.search(r"\b[Aa]dd\b|\bnew\b", text), "say how to add one"


def test_every_command_is_documented() -> None:
    assert set(re.findall(r"^\| `rpild ([a-z-]+)", section("Commands"), re.MULTILINE)) == commands()


def test_every_option_is_documented() -> None:
    options = {
        text
        for command in main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for text in parameter.opts
        if text.startswith("--")
    }
    assert options - {"--help"} == set(re.findall(r"`(--[a-z-]+)", section("Commands")))


def test_records_of_the_vendors_page_are_accepted(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/vendors.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "rpild.toml").write_text("\n".join(blocks))
    assert [each.vendor for each in load_settings(tmp_path / "rpild.toml").ehrs] == ["generic", "epic", "oracle"]


def test_every_path_of_the_service_is_documented(service_paths: set[str]) -> None:
    assert set(re.findall(r"`(/[^`]*)`", section("Addresses"))) == service_paths


@pytest.fixture
def service_paths() -> set[str]:
    """What the application with the page really routes, in the form of the document."""
    from rpild_server.app import create_app
    from rpild_server.demo import Addresses, demo_settings
    from rpild_server.storing import temporary_store

    with temporary_store() as store:
        app = create_app(demo_settings(Addresses(8090), ()), store=store)
    rules = {rule.rule for rule in app.url_map.iter_rules() if "<path:" not in rule.rule}
    return {re.sub(r"<(?:\w+:)?\w+>", "{id}", rule) for rule in rules}


@cache
def words_of_the_project() -> frozenset[str]:
    """Every identifier, key and quoted word of sources and tables."""
    files = [path for folder in (*PACKAGES, "benchmarks", "tests") for path in (ROOT / folder).rglob("*.*")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in {".py", ".toml", ".json"}]
    return frozenset(word for text in texts for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))


@pytest.mark.parametrize("path", [*PAGES, *READMES], ids=name)
def test_what_a_page_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    assert [word for word in quoted if looks_like_a_path(word) and not is_there(word, path)] == []
    identifiers = {word for word in quoted if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", word)}
    assert identifiers - words_of_the_project() == set()


def looks_like_a_path(word: str) -> bool:
    return bool(re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?|\w+\.(py|toml|md|lock)", word)) and not word.startswith("http")


def is_there(word: str, page: Path) -> bool:
    """A path from the project's folder or from the page's own; a bare file name may lie anywhere in a room."""
    places = [ROOT, page.parent, *(ROOT / package for package in PACKAGES)]
    return any(list(place.glob(word.rstrip("/"))) for place in places)


@pytest.mark.parametrize("path", [*PAGES, *READMES], ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", [*PAGES, *READMES], ids=name)
def test_commands_in_pages_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", code)) - targets == set()
    assert set(re.findall(r"\brpild ([a-z][a-z-]+)\b", code)) - commands() == set()


def test_the_changelog_tags_every_entry() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^- (.*)$", text, re.MULTILINE)
    assert entries
    assert [entry for entry in entries if not re.match(r"\*\*(clinical|technical)\*\*", entry)] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert "## [Unreleased]" in text or f"## [{version}]" in text


def test_prefetch_keys_and_what_they_carry_are_those_of_the_register_sheet() -> None:
    def rows(text: str) -> list[str]:
        return re.findall(r"^\| `\w+`.* \|$", text.split("| key | carries |\n")[1].split("\n\n")[0], re.MULTILINE)

    sheet = CliRunner().invoke(main, ["register-sheet"]).stdout
    assert rows((ROOT / "docs" / "integration.md").read_text()) == rows(sheet)


def test_every_field_of_the_assessment_is_documented() -> None:
    text = (ROOT / "docs" / "integration.md").read_text().split("## Extension fields")[1]
    named = {
        name for cell in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    chart = ROOT / "docs" / "examples" / "chart.json"
    told = assess_file(chart, None, datetime(2026, 11, 22, 9, 30, tzinfo=UTC), None).contract
    assert named - {"unreadable"} == told.keys() | {"kurasawa"}
    assert [each.value for each in Reason if f"`{each.value}`" not in text] == []
