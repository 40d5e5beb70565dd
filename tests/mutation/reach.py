"""Which test reaches which statement of the rules: the running code is exchanged for code that notes where it was.

Coverage measures the same; with one context a test it took ten times as long.
"""

from __future__ import annotations

import ast
import copy
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.mutation.mutants import Source
from tests.mutation.running import Running

BODIES = ("body", "orelse", "finalbody")
Spot = tuple[str, int]


class Reach:
    """The spots (module and line of a statement or lambda) by test."""

    def __init__(self, sources: list[Source]) -> None:
        self.running = [Running(source) for source in sources]
        self.seen: set[Spot] = set()
        self.tests: dict[Spot, set[str]] = {}

    @contextmanager
    def noting(self) -> Iterator[Callable[[str], None]]:
        """Puts the noting code in place, and the plain code back; gives what ends the part of one test."""
        for each in self.running:
            vars(importlib.import_module(f"rpild_rules.{each.source.module}"))["_reached"] = self.seen.add
            each.exchange(compile(noted(each.source), str(each.source.path), "exec", dont_inherit=True))
        yield self._end
        for each in self.running:
            each.exchange(each.source.compiled())

    def _end(self, test: str) -> None:
        for spot in self.seen:
            self.tests.setdefault(spot, set()).add(test)
        self.seen.clear()


def noted(source: Source) -> ast.Module:
    """The module with a note before every statement of a function, and inside every lambda."""
    tree = copy.deepcopy(source.tree)
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            _note_bodies(node, source.module)
        elif isinstance(node, ast.Lambda):
            node.body = ast.BoolOp(ast.Or(), [_note(source.module, node.lineno), node.body])
    return ast.fix_missing_locations(tree)


def _note_bodies(function: ast.FunctionDef, module: str) -> None:
    """Before each statement, at any depth; what is inside a nested function is left to that function's own turn."""
    waiting: list[ast.AST] = [function]
    while waiting:
        node = waiting.pop()
        for name in BODIES:
            body = getattr(node, name, None)
            if isinstance(body, list) and body:
                waiting += [each for each in body if not isinstance(each, ast.FunctionDef)]
                setattr(node, name, list(_with_notes(body, module)))
        waiting += getattr(node, "handlers", [])


def _with_notes(body: list[ast.stmt], module: str) -> Iterator[ast.stmt]:
    for each in body:
        yield ast.copy_location(ast.Expr(_note(module, each.lineno)), each)
        yield each


def _note(module: str, line: int) -> ast.Call:
    spot = ast.Tuple([ast.Constant(module), ast.Constant(line)], ast.Load())
    return ast.Call(ast.Name("_reached", ast.Load()), [spot], [])
