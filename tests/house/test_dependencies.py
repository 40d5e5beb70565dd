"""What is declared is imported, what is imported is declared, and both are locked with hashes."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.house.source_tree import PACKAGES, ROOT, imports, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Needed without being imported by name.
SILENT = {
    "gunicorn",  # imported where it exists: not on Windows
    "tzdata",  # the standard library's zoneinfo reads it where the system has no zone tables
}
# Come with a declared package that re-exports them.
ALONG = {"werkzeug": "flask", "pydantic": "pydantic-settings", "jinja2": "flask", "markupsafe": "flask"}

# Imported where an extra is installed: the package of each extra's name for it.
OPTIONAL = {"otel": "opentelemetry"}


def plain(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0].lower().replace(".", "-").replace("_", "-")


def imported() -> set[str]:
    """Distributions that the packages import."""
    owners = packages_distributions()
    names = {what for path in modules(*PACKAGES) for _, what in imports(path)}
    tops = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - set(PACKAGES) - {*OPTIONAL.values()}
    return {"fhir-resources" if top == "fhir" else plain(owners[top][0]) for top in tops}


def declared() -> set[str]:
    return {plain(each) for each in PROJECT["project"]["dependencies"]}


def test_what_is_imported_is_declared() -> None:
    assert {ALONG.get(each, each) for each in imported()} - declared() == set()


def test_what_only_some_sites_use_is_an_extra_and_imported_where_it_is_used() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert {name for name, top in OPTIONAL.items() if any(plain(each).startswith(top) for each in extras[name])} == {
        *OPTIONAL
    }
    for path in modules(*PACKAGES):
        eager = [line for line in path.read_text().splitlines() if re.match(r"(from|import) opentelemetry", line)]
        assert eager == [], f"{path}: import it inside the function, for sites without it"


def test_what_is_declared_is_imported() -> None:
    assert declared() - imported() - SILENT == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_locks_pin_everything_with_hashes(lock: str) -> None:
    entries = re.split(r"^(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert declared() - {plain(entry) for entry in entries} == set()


def test_both_locks_name_the_same_versions() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z][\w.-]*==\S+", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-test.lock")
