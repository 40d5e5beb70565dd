"""The project's own sources, as the house tests look at them: files, syntax trees, imports, functions."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rpild_rules", "fhir_mappings", "cds_hooks", "smart_app", "ehr_access", "rpild_server", "ehr_sandbox")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> list[Path]:
    """All Python files below these folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    """A file's path inside the project."""
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every import of a file, wherever it stands, with the full name that is imported from; import_module included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield node, ast.unparse(node.args[0]).lstrip("f").strip("\"'")
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, node.module or "."


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def tracked_files() -> list[Path]:
    """The files that are part of the project: what git tracks, or outside a checkout all that lies there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        return [ROOT / each for each in listed.stdout.decode().split("\0") if each and (ROOT / each).is_file()]
    hidden = (".venv", "build", "dist", "__pycache__")
    return [path for path in ROOT.rglob("*") if path.is_file() and not set(hidden) & set(path.parts)]
