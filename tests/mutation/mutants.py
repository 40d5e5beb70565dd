"""Small faults put into one module of the rules, one at a time: each an edit of its syntax tree that can be undone."""

from __future__ import annotations
import __future__

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from tests.mutation.faults import Edit, edits

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Mutant:
    """One fault: module, the outermost function around it ("" outside of all), line, the line's text, what changes.

    `nth` tells apart equal changes of equal lines of one function. `names`: what the statement around it defines, for
    a fault outside of all functions. `spot`: the line of the innermost statement or lambda around it.
    """

    module: str
    place: str
    line: int
    text: str
    change: str
    nth: int
    names: tuple[str, ...] = ()
    spot: int = 0
    edit: Edit | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> str:
        """The name under which its fate is kept."""
        return "\n".join((self.module, self.place, self.text, self.change, str(self.nth)))

    def is_one_in(self, number: int) -> bool:
        """Whether it is in the sample: chosen by its name, so that the same faults are tried in every run."""
        return int.from_bytes(hashlib.sha256(self.key.encode()).digest()[:4]) % number == 0


class Source:
    """One module as text and tree, with its mutants, of which those `tried` may be only some."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        text = path.read_text(encoding="utf-8") if text is None else text
        self.path, self.module, self.lines = path, path.stem, text.splitlines()
        self.tree = ast.parse(text, str(path))
        self.shapes: dict[str, str] = {"": ast.dump(ast.Module(list(self._outside()), []))}
        self.mutants = list(self._mutants())
        self.tried = self.mutants

    def compiled(self, mutant: Mutant | None = None, alone: bool = False) -> CodeType:
        """The module's code, with the fault if one is given; `alone` leaves out what stands around the faulty one."""
        if mutant is None or mutant.edit is None:
            return self._compile(self.tree)
        owner, name = mutant.edit.owner, mutant.edit.field
        kept = getattr(owner, name)
        setattr(owner, name, mutant.edit.value)
        try:
            return self._compile(ast.Module([self._around(mutant)], []) if alone else self.tree)
        finally:
            setattr(owner, name, kept)

    def _around(self, mutant: Mutant) -> ast.stmt:
        return max((each for each in self.tree.body if each.lineno <= mutant.line), key=lambda each: each.lineno)

    def _compile(self, tree: ast.Module) -> CodeType:
        # The tree holds no new line numbers: every new node got the place of the old one.
        postponed = __future__.annotations.compiler_flag
        code: CodeType = compile(tree, str(self.path), "exec", flags=postponed, dont_inherit=True)
        return code

    def _outside(self) -> Iterator[ast.stmt]:
        """The statements of the module without the bodies of its functions."""
        for statement in self.tree.body:
            bare = copy.deepcopy(statement)
            for node in ast.walk(bare):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    node.body = [ast.Pass()]
            yield bare

    def _mutants(self) -> Iterator[Mutant]:
        seen: Counter[tuple[str, str, str]] = Counter()
        for edit, place, names, spot in _walk(self.tree, "", (), self.shapes, 0):
            text = self.lines[edit.line - 1].strip()
            same = (place, text, edit.change)
            yield Mutant(self.module, place, edit.line, text, edit.change, seen[same], names, spot, edit)
            seen[same] += 1


Found = tuple[Edit, str, tuple[str, ...], int]


def _walk(node: ast.AST, place: str, names: tuple[str, ...], shapes: dict[str, str], spot: int) -> Iterator[Found]:
    """Every edit below a node: the outermost function around it, what is defined there, the innermost statement."""
    spot = node.lineno if isinstance(node, ast.stmt | ast.Lambda) else spot
    yield from ((edit, place, names, spot) for edit in edits(node))
    for name, child in _parts(node):
        inside = isinstance(node, Scope) and name == "body"
        below = place or (_title(node, names, shapes) if inside else "")
        defined = names if place or inside else _defined(child) or names
        if isinstance(node, ast.ClassDef) and name == "body":
            defined = (*names, *_defined(child))
        yield from _walk(child, below, defined, shapes, spot)


def _title(node: ast.AST, names: tuple[str, ...], shapes: dict[str, str]) -> str:
    """The name of an outermost function, as its code object carries it; its shape is noted."""
    lambdas = isinstance(node, ast.Lambda)
    title = f"{'.'.join(names)}.<lambda>@{node.lineno}" if lambdas else ".".join(names)  # type: ignore[attr-defined]
    shapes[title] = ast.dump(node)
    return title


def _defined(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return tuple(n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


IGNORED = {"annotation", "returns", "decorator_list", "type_params", "format_spec"}


def _parts(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The children in which a fault would be a fault of the rules: no imports, annotations, documentation, types."""
    for name, value in ast.iter_fields(node):
        if name in IGNORED:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _idle(node, child):
                yield name, child


def _idle(parent: ast.AST, node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert):
        return True
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(parent, ast.Assign) and _is_type(node):
        return True
    words = isinstance(node, ast.Constant) and isinstance(node.value, str)
    # An element of a literal is taken out as a whole; nothing is gained by changing its letters too.
    return words and isinstance(parent, ast.Expr | ast.JoinedStr | ast.Tuple | ast.List | ast.Set)


TYPES = {"tuple", "list", "dict", "set", "frozenset", "Callable", "Iterator", "Iterable", "Mapping"}


def _is_type(node: ast.AST) -> bool:
    """A name for a type, which nothing reads while the rules run."""
    return any(isinstance(n, ast.Subscript) and getattr(n.value, "id", "") in TYPES for n in ast.walk(node))
