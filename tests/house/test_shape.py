"""The shape of the house: short rooms, short functions, shallow nesting, errors that are not swallowed."""

from __future__ import annotations

import ast
import re
import statistics

from tests.house.source_tree import PACKAGES, Function, functions, modules, name, tree

MODULE_MEDIAN, MODULE_MOST = 120, 300
FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MOST = 6, 18, 40
DEEPEST = 2
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FORBIDDEN_STEMS = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
# Spelled backwards, so that this file does not find itself.
MARKS = ("ODOT", "EMXIF", "KCAH", "rorrEdetnemelpmItoN")
UNFINISHED = re.compile(rf"\b({'|'.join(mark[::-1] for mark in MARKS)})\b")
ASSERTING = re.compile(r"assert|raises|check|expect|verify|fail")


def lines_of(function: Function) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def nesting(node: ast.AST, level: int = 0) -> int:
    """How deep blocks lie in each other; an `elif` counts as a level below its `if`."""
    children = [child for child in ast.iter_child_nodes(node) if not isinstance(child, INNER)]
    return max((nesting(child, level + isinstance(child, BLOCKS)) for child in children), default=level)


def test_modules_are_short() -> None:
    lengths = {name(path): path.read_text(encoding="utf-8").count("\n") for path in modules(*PACKAGES)}
    assert {where: lines for where, lines in lengths.items() if lines > MODULE_MOST} == {}
    assert statistics.median(lengths.values()) <= MODULE_MEDIAN


def test_functions_are_short() -> None:
    lengths = {
        f"{name(path)}:{each.lineno} {each.name}": lines_of(each)
        for path in modules(*PACKAGES)
        for each in functions(path)
    }
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_MOST} == {}
    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= FUNCTION_MEDIAN
    assert ordered[int(len(ordered) * 0.9)] <= FUNCTION_P90


def test_nesting_is_shallow() -> None:
    deep = [
        f"{name(path)}:{each.lineno} {each.name}: {nesting(each)}"
        for path in modules(*PACKAGES)
        for each in functions(path)
        if nesting(each) > DEEPEST
    ]
    assert deep == []


def broad(handler: ast.ExceptHandler) -> bool:
    """A handler that catches everything, alone or in a tuple."""
    caught = [] if handler.type is None else [getattr(each, "id", "") for each in ast.walk(handler.type)]
    return not caught or bool({"Exception", "BaseException"} & set(caught))


def test_one_broad_except_around_one_criterion() -> None:
    places = [
        name(path)
        for path in modules(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and broad(node)
    ]
    assert places == ["rpild_rules/assess.py"]


def test_names_say_what_lives_there() -> None:
    vague = [name(path) for path in modules(*PACKAGES, "tests", "benchmarks") if path.stem in FORBIDDEN_STEMS]
    assert vague == []


def test_nothing_is_left_unfinished() -> None:
    places = [
        f"{name(path)}:{number} {line.strip()}"
        for path in modules(*PACKAGES, "tests", "benchmarks")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert places == []


def test_every_test_can_fail() -> None:
    wordless = [
        f"{name(path)}:{each.lineno} {each.name}"
        for path in modules("tests")
        if path.name.startswith("test_")
        for each in functions(path)
        if each.name.startswith("test_") and not ASSERTING.search(ast.unparse(each).split("\n", 1)[-1])
    ]
    assert wordless == []
