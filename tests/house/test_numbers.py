"""A number is a document: thresholds and windows stand in parameter files, codes in code tables, never in Python."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tests.house.source_tree import ROOT, modules, name, tree

PLAIN = {Decimal(0), Decimal(1), Decimal(100)}  # none, one, percent
LOINC = re.compile(r"\b\d{3,6}-\d\b")
LONG_CODE = re.compile(r"^\d{6,18}$")  # SNOMED CT and RxNorm
CODE_ROOMS = ("rpild_rules", "fhir_mappings", "cds_hooks", "smart_app", "ehr_access", "rpild_server")


def decimal_texts(path: Path) -> Iterator[tuple[int, Decimal]]:
    """Decimal("…") in the source: a number in another coat."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Decimal" and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                try:
                    yield node.lineno, Decimal(argument.value)
                except InvalidOperation:
                    continue


def numbers(path: Path) -> Iterator[tuple[int, Decimal]]:
    """Every number written in a file, a subscript such as parts[2] included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield node.lineno, Decimal(str(node.value))
    yield from decimal_texts(path)


def test_rules_hold_no_number() -> None:
    typed = [
        f"{name(path)}:{line} {value}"
        for path in modules("rpild_rules")
        for line, value in numbers(path)
        if value not in PLAIN
    ]
    assert typed == []


def docstrings(path: Path) -> set[int]:
    """The ids of the nodes that are documentation."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree(path)) if isinstance(node, owners)]
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def test_python_holds_no_code() -> None:
    typed = [
        f"{name(path)}:{node.lineno} {node.value}"
        for path in modules(*CODE_ROOMS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (LOINC.search(node.value) or LONG_CODE.match(node.value))
        and id(node) not in docstrings(path)
    ]
    assert typed == []


OF_ALL_MODULES = {"told"}  # what cards and answers tell, over charts of the other files


def test_one_stem_in_three_places() -> None:
    stems = {path.stem for path in modules("rpild_rules")}
    parameters = {path.stem for path in (ROOT / "rpild_rules/parameters").glob("*.toml")}
    cases = {path.stem.removesuffix("_edges") for path in (ROOT / "tests/cases").glob("*.toml")} - OF_ALL_MODULES
    assert parameters, "rpild_rules/parameters holds no file"
    assert sorted(parameters - stems) == [], "a parameter file without a module of that name"
    assert sorted(cases - stems) == [], "a case file without a module of that name"


def test_no_shipped_table_holds_a_binary_float() -> None:
    def floats(value: object) -> Iterator[float]:
        if isinstance(value, float):
            yield value
        elif isinstance(value, dict):
            yield from (each for inner in value.values() for each in floats(inner))
        elif isinstance(value, list):
            yield from (each for inner in value for each in floats(inner))

    folders = (ROOT / "rpild_rules", ROOT / "fhir_mappings")
    found = {
        name(path): list(floats(tomllib.loads(path.read_text(encoding="utf-8"))))
        for folder in folders
        for path in folder.rglob("*.toml")
    }
    assert {where: values for where, values in found.items() if values} == {}
