"""Who may import whom: one direction, one network room, one door to fhir.resources, no clock in the middle."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.house.source_tree import PACKAGES, imports, modules, name, tree

MAY_IMPORT = {
    "rpild_rules": set(),
    "fhir_mappings": {"rpild_rules"},
    "ehr_access": {"fhir_mappings", "rpild_rules"},
    "cds_hooks": {"fhir_mappings", "rpild_rules"},
    "smart_app": {"ehr_access", "fhir_mappings", "rpild_rules"},
    "rpild_server": {"cds_hooks", "smart_app", "ehr_access", "fhir_mappings", "rpild_rules", "ehr_sandbox"},
    "ehr_sandbox": set(),
}
NETWORK = {"requests", "urllib3", "urllib.request", "http.client", "socket", "httpx", "aiohttp"}
# Where a socket is one to listen on: a time limit, a look whether the port is free; no call out.
LISTENING = {("rpild_server/run.py", "socket"), ("rpild_server/listening.py", "socket")}
CLOCK_CALLS = re.compile(
    r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))\b|\brandom\.|\buuid[14]\("
)
CLOCK_ROOMS = {"rpild_server", "ehr_sandbox"}
INPUT_OUTPUT = {"os", "subprocess", "sqlite3", "socket", "random", "secrets", "time", "threading", "asyncio"}


def package_of(path: Path) -> str:
    return name(path).split("/", maxsplit=1)[0]


def test_every_package_is_there() -> None:
    assert set(MAY_IMPORT) == set(PACKAGES)
    assert [package for package in PACKAGES if not modules(package)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_arrows(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{name(path)} imports {what}"
        for path in modules(package)
        for _, what in imports(path)
        if what.split(".")[0] in PACKAGES and what.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_rules_use_the_standard_library_only() -> None:
    foreign = [
        f"{name(path)} imports {what}"
        for path in modules("rpild_rules")
        for _, what in imports(path)
        if what.split(".")[0] not in sys.stdlib_module_names | {"rpild_rules"} or what.split(".")[0] in INPUT_OUTPUT
    ]
    assert foreign == []


def test_only_the_demo_imports_the_sandbox_and_only_when_it_runs() -> None:
    importing = [
        (name(path), node)
        for path in modules(*PACKAGES)
        if package_of(path) != "ehr_sandbox"
        for node, what in imports(path)
        if what.split(".")[0] == "ehr_sandbox"
    ]
    assert {where for where, _ in importing} <= {"rpild_server/demo.py"}
    at_import_time = [node for path in modules("rpild_server") for node in tree(path).body]
    assert [where for where, node in importing if node in at_import_time] == [], (
        "import it inside the function that starts it"
    )


def test_the_network_stays_in_its_room() -> None:
    outside = [
        f"{name(path)} imports {what}"
        for path in modules(*PACKAGES)
        for _, what in imports(path)
        if any(what == each or what.startswith(f"{each}.") for each in NETWORK)
        and package_of(path) not in {"ehr_access", "ehr_sandbox"}
        and name(path) != "rpild_server/probe.py"
        and (name(path), what) not in LISTENING
    ]
    assert outside == []


def test_fhir_resources_has_one_door() -> None:
    elsewhere = [
        f"{name(path)} imports {what}"
        for path in modules(*PACKAGES)
        for _, what in imports(path)
        if what.startswith("fhir.") and (name(path) != "fhir_mappings/resources.py" or ".R4B" not in what)
    ]
    assert elsewhere == []


def test_the_middle_has_no_clock_and_no_chance() -> None:
    reading = [
        f"{name(path)}:{node.lineno} {ast.unparse(node)}"
        for path in modules(*PACKAGES)
        if package_of(path) not in CLOCK_ROOMS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and CLOCK_CALLS.search(ast.unparse(node.func) + "(")
    ]
    assert reading == []
