"""The kinds of fault: comparison, and/or, not, arithmetic, constant, status, reason, argument, element, return.

Words for people (a text with a space, the fixed parts of an f-string) are left alone: other tests hold the wording.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Edit:
    """Another value for one field of one node; `change` says it in words."""

    owner: ast.AST
    field: str
    value: Any
    change: str
    line: int


COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
STATUSES = ("MET", "NOT_MET", "UNKNOWN")
CALLED = {"any": "all", "min": "max", "any_of": "all_of", "conjunction": "disjunction", "after": "may_follow"}
CALLED |= {new: old for old, new in CALLED.items()}
NAMED = {"earliest": "latest", "first": "last", "start": "end", "met": "unknown"}
NAMED |= {new: old for old, new in NAMED.items()}
REQUIRED = ("facts", "now", "at", "knowledge", "m", "s", "window", "remembered")  # without them any call fails


def edits(node: ast.AST) -> Iterator[Edit]:
    """Every fault of one node."""
    for kind, faults in KINDS.items():
        if isinstance(node, kind):
            yield from (
                Edit(node, field, _placed(value, node), change, getattr(node, "lineno", 0) or _line(node))
                for field, value, change in faults(node)
            )


def _placed(value: Any, at: ast.AST) -> Any:
    for each in value if isinstance(value, list) else [value]:
        for new in ast.walk(each) if isinstance(each, ast.AST) else ():
            if "lineno" in new._attributes and not hasattr(new, "lineno"):
                ast.copy_location(new, at if hasattr(at, "lineno") else ast.Pass(lineno=1, col_offset=0))
    return value


def _line(node: ast.AST) -> int:
    return next(n.lineno for n in ast.walk(node) if hasattr(n, "lineno"))


def _said(node: ast.AST) -> str:
    return ast.unparse(node)


def _not(node: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), node)


Faults = Iterator[tuple[str, Any, str]]


def _compare(node: ast.Compare) -> Faults:
    for place, old in enumerate(node.ops):
        for new in COMPARISONS[type(old)]:
            ops = [*node.ops[:place], new(), *node.ops[place + 1 :]]
            yield "ops", ops, f"{_said(node)} → {_said(ast.Compare(node.left, ops, node.comparators))}"


def _logic(node: ast.BoolOp) -> Faults:
    both = isinstance(node.op, ast.And)
    other: ast.boolop = ast.Or() if both else ast.And()
    yield "op", other, f"{_said(node)} → {'or' if both else 'and'}"
    for place, operand in enumerate(node.values):
        values = [*node.values[:place], ast.Constant(both), *node.values[place + 1 :]]
        yield "values", values, f"{_said(node)} without {_said(operand)}"


def _unary(node: ast.UnaryOp) -> Faults:
    yield "operand", type(node)(node.op, node.operand), f"{_said(node)} → {_said(node.operand)}"


def _arithmetic(node: ast.BinOp) -> Faults:
    new = ARITHMETIC.get(type(node.op))
    if new:
        yield "op", new(), f"{_said(node)} → {_said(ast.BinOp(node.left, new(), node.right))}"


def _test(node: ast.If | ast.IfExp | ast.While) -> Faults:
    plain = not isinstance(node.test, ast.UnaryOp | ast.Compare) or len(getattr(node.test, "ops", [])) > 1
    if plain:
        yield "test", _not(node.test), f"if {_said(node.test)} → if not"


def _filter(node: ast.comprehension) -> Faults:
    for place, test in enumerate(node.ifs):
        yield "ifs", [*node.ifs[:place], *node.ifs[place + 1 :]], f"without if {_said(test)}"


def _constant(node: ast.Constant) -> Faults:
    value = node.value
    if isinstance(value, bool):
        yield "value", not value, f"{value} → {not value}"
    elif isinstance(value, int):
        yield "value", value + 1, f"{value} → {value + 1}"
    elif isinstance(value, str) and " " not in value:
        yield "value", f"{value}~", f"{value!r} → {value + '~'!r}"


def _name(node: ast.Name) -> Faults:
    if node.id in STATUSES and isinstance(node.ctx, ast.Load):
        yield from (("id", other, f"{node.id} → {other}") for other in STATUSES if other != node.id)


def _attribute(node: ast.Attribute) -> Faults:
    if isinstance(node.value, ast.Name) and node.value.id == "Reason":
        other = "CONFLICT" if node.attr == "NO_DATA" else "NO_DATA"
        yield "attr", other, f"{_said(node)} → {other}"
    elif node.attr in NAMED:
        yield "attr", NAMED[node.attr], f"{_said(node)} → {NAMED[node.attr]}"


def _call(node: ast.Call) -> Faults:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in CALLED:
        yield "func", ast.Name(CALLED[name], ast.Load()), f"{_said(node)} → {CALLED[name]}"
    for place, each in enumerate(node.keywords):
        yield "keywords", [*node.keywords[:place], *node.keywords[place + 1 :]], f"{_said(node)} without {_said(each)}"
    for place, argument in enumerate(node.args):
        last = place == len(node.args) - 1 and place > 0
        last = last and _said(argument) not in REQUIRED
        if last or isinstance(argument, ast.Starred):
            yield "args", [*node.args[:place], *node.args[place + 1 :]], f"{_said(node)} without {_said(argument)}"


def _elements(node: ast.Tuple | ast.List | ast.Set) -> Faults:
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for place, element in enumerate(node.elts):
        if isinstance(node, ast.Set) and len(node.elts) == 1:
            yield "elts", [ast.Starred(ast.Tuple([], ast.Load()), ast.Load())], f"{_said(node)} → empty"
        else:
            yield "elts", [*node.elts[:place], *node.elts[place + 1 :]], f"{_said(node)} without {_said(element)}"


def _return(node: ast.Return) -> Faults:
    if node.value and not isinstance(node.value, ast.Constant):
        yield "value", ast.Constant(None), f"{_said(node)} → return None"


def _statement(node: ast.Expr) -> Faults:
    if isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield "value", ast.YieldFrom(ast.Tuple([], ast.Load())), f"without {_said(node)}"
    elif isinstance(node.value, ast.Call):
        yield "value", ast.Constant(None), f"without {_said(node)}"


KINDS: dict[Any, Any] = {
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.UnaryOp: _unary,
    ast.BinOp: _arithmetic,
    ast.If | ast.IfExp | ast.While: _test,
    ast.comprehension: _filter,
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Tuple | ast.List | ast.Set: _elements,
    ast.Return: _return,
    ast.Expr: _statement,
}
