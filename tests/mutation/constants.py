"""Faults in plain tables outside of functions, put into the running rules: quicker than to import them anew.

Plain are words, numbers, and collections of them that nothing else outside of functions is made from, unless that is
plain as well; all others are left to tests/mutation/outside.py.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from types import FunctionType
from typing import Any

from tests.mutation.mutants import Mutant, Source
from tests.mutation.running import RULES, functions_of_the_rules


def changed_names(source: Source, mutant: Mutant) -> frozenset[str]:
    """The names that a fault of a plain table changes; none when it must be imported anew."""
    there = vars(importlib.import_module(f"rpild_rules.{source.module}"))
    names, more = set[str](), set(mutant.names)
    while more - names:
        names |= more
        users = [each for each in _outside(source.module) if _loads(each) & names]
        more = {name for each in users for name in _stored(each) or ("",)}
    fit = bool(names) and all(name in there and _is_plain(there[name]) for name in names)
    return frozenset(names) if fit and not _used_elsewhere(source.module, names) else frozenset()


def readers(source: Source, names: frozenset[str]) -> list[FunctionType]:
    """The functions that read one of these names."""
    there = vars(importlib.import_module(f"rpild_rules.{source.module}"))
    functions = [f for found in functions_of_the_rules().values() for f in found]
    return [f for f in functions if any(f.__globals__.get(n, f) is there[n] for n in names & _read(f.__code__))]


def _read(code: Any) -> set[str]:
    inner = [each for each in code.co_consts if hasattr(each, "co_names")]
    return set(code.co_names).union(*map(_read, inner))


def exchange(source: Source, mutant: Mutant, names: frozenset[str]) -> Callable[[], None]:
    """Give these names the values of the faulty module, wherever they were imported; gives what undoes it."""
    module = importlib.import_module(f"rpild_rules.{source.module}")
    new: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(source.compiled(mutant), new)  # noqa: S102 - a module of the rules, with one fault
    old = {name: vars(module)[name] for name in names}
    places = [(each, name) for each in list(sys.modules.values()) for name in names if _holds(each, name, old[name])]
    for each, name in places:
        setattr(each, name, new[name])

    def undo() -> None:
        for each, name in places:
            setattr(each, name, old[name])

    return undo


def _holds(module: Any, name: str, value: Any) -> bool:
    return vars(module).get(name, module) is value


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | Decimal | None)


@cache
def _outside(module: str) -> tuple[ast.AST, ...]:
    tree = ast.parse((RULES / f"{module}.py").read_text(encoding="utf-8"))
    return tuple(part for statement in tree.body for part in _parts(statement))


def _parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """What is worked out at import: statements, defaults, decorators, bodies of classes; no bodies of functions."""
    if isinstance(statement, ast.FunctionDef):
        yield from (*statement.decorator_list, *statement.args.defaults, *filter(None, statement.args.kw_defaults))
    elif isinstance(statement, ast.ClassDef):
        yield from (*statement.decorator_list, *statement.bases)
        yield from (part for each in statement.body for part in _parts(each))
    elif not isinstance(statement, ast.Import | ast.ImportFrom):
        yield statement


def _loads(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _stored(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


@cache
def _used_outside() -> dict[str, set[str]]:
    """The names that each module reads outside of functions."""
    return {path.stem: set[str]().union(*map(_loads, _outside(path.stem))) for path in RULES.glob("*.py")}


def _used_elsewhere(module: str, names: set[str]) -> bool:
    there = vars(importlib.import_module(f"rpild_rules.{module}"))
    for other, used in _used_outside().items():
        others = vars(importlib.import_module(f"rpild_rules.{other}")) if other not in (module, "__init__") else {}
        if any(others.get(name) is there[name] for name in used & names):
            return True
    return False
