"""The boolean rules of a module, found in its syntax tree, and the tree changed so that each tells what it saw."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KLEENE = {"any_of": "or", "disjunction": "or", "all_of": "and", "conjunction": "and"}


@dataclass
class Decision:
    """One rule: module, function, its text, its conditions, and for a three-valued one whether it is `and` or `or`.

    The conditions of a three-valued rule are its legs; where the source does not spell them out they are learnt while
    running. `stand_in`: its last part is a constant that stands in for a missing value.
    """

    module: str
    place: str
    line: int
    text: str
    conditions: list[str]
    kleene: str = ""
    stand_in: bool = False

    @property
    def title(self) -> str:
        """The function that holds it."""
        return f"{self.module}.{self.place}"


class Instrumented:
    """A module whose decisions report: `_begin`, `_seen` and `_decided` for and/or/not, `_kleene` for three values."""

    def __init__(self, path: Path, first: int) -> None:
        self.path, self.module = path, path.stem
        self.tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self.decisions: list[Decision] = []
        self.first = first
        self._visit(self.tree, "")

    def _visit(self, node: ast.AST, place: str) -> None:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST):
                    new = self._changed(child, _inside(child, place))
                    self._put(node, name, index, new)

    @staticmethod
    def _put(node: ast.AST, name: str, index: int, new: ast.AST) -> None:
        value = getattr(node, name)
        if isinstance(value, list):
            value[index] = new
        else:
            setattr(node, name, new)

    def _changed(self, node: ast.AST, place: str) -> ast.AST:
        if place and isinstance(node, ast.BoolOp | ast.UnaryOp) and _is_logic(node):
            return self._two_valued(node, place)
        if place and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KLEENE:
            return self._three_valued(node, node.func, place)
        self._visit(node, place)
        return node

    def _two_valued(self, node: ast.expr, place: str) -> ast.expr:
        number = self._number(
            Decision(self.module, place, node.lineno, ast.unparse(node), [], stand_in=_stands_in(node))
        )
        changed = self._leaves(node, number, place)
        begin = ast.Call(ast.Name("_begin", ast.Load()), [ast.Constant(number)], [])
        return _at(node, ast.Call(ast.Name("_decided", ast.Load()), [begin, changed], []))

    def _leaves(self, node: ast.expr, number: int, place: str) -> ast.expr:
        if isinstance(node, ast.BoolOp):
            node.values = [self._leaves(value, number, place) for value in node.values]
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._leaves(node.operand, number, place)
            return node
        conditions = self.decisions[number - self.first].conditions
        conditions.append(ast.unparse(node))
        leaf = self._changed(node, place)
        seen: list[ast.expr] = [ast.Constant(number), ast.Constant(len(conditions) - 1), leaf]  # type: ignore[list-item]
        return _at(node, ast.Call(ast.Name("_seen", ast.Load()), seen, []))

    def _three_valued(self, node: ast.Call, name: ast.Name, place: str) -> ast.expr:
        legs = node.args[-1]
        spelt = [ast.unparse(each) for each in legs.elts] if isinstance(legs, ast.Tuple) else []
        number = self._number(Decision(self.module, place, node.lineno, ast.unparse(node), spelt, KLEENE[name.id]))
        self._visit(node, place)
        return _at(node, ast.Call(ast.Name("_kleene", ast.Load()), [ast.Constant(number), node.func, *node.args], []))

    def _number(self, decision: Decision) -> int:
        self.decisions.append(decision)
        return self.first + len(self.decisions) - 1


def _inside(node: ast.AST, place: str) -> str:
    """Functions inside classes by both names; what is inside a function belongs to it."""
    if isinstance(node, ast.ClassDef):
        return ""
    if isinstance(node, ast.FunctionDef):
        return place or node.name
    return place or ("a table" if isinstance(node, ast.Lambda) else "")


def _is_logic(node: ast.expr) -> bool:
    """And/or, or a denial of one."""
    return any(isinstance(each, ast.BoolOp) for each in _skeleton(node))


def _stands_in(node: ast.expr) -> bool:
    return isinstance(node, ast.BoolOp) and isinstance(node.values[-1], ast.Constant)


def _skeleton(node: ast.expr) -> Iterator[ast.expr]:
    yield node
    for part in (
        node.values if isinstance(node, ast.BoolOp) else [node.operand] if isinstance(node, ast.UnaryOp) else []
    ):
        yield from _skeleton(part)


def _at(old: ast.expr, new: ast.expr) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(new, old))
