"""The register of knowledge rows: which file holds each row and which test proves it.

It stands in docs/knowledge/rows.toml.

`python -m tests.knowledge.row_register` prints docs/knowledge/rows.md.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "docs/knowledge/rows.toml"
PAGE = ROOT / "docs/knowledge/rows.md"
PREFACE = (
    "# Where each row of the knowledge lives",
    "",
    "Generated from `docs/knowledge/rows.toml` by `make knowledge`: do not edit it. Each row of the clinical source",
    "list has an owner (a key of a data file) and a test that proves it; a test fails when one of them is not there.",
    "",
    "| row | owner | proven by |",
    "|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Registered:
    """One row: its id, the owners as `file#key`, and the proofs as `file::test` or `file: case`."""

    id: str
    owners: tuple[str, ...]
    proofs: tuple[str, ...]


def registered() -> list[Registered]:
    """Every row in the order of the file; an owner ending in `#` is completed with the row's id."""
    groups = tomllib.loads(REGISTER.read_text(encoding="utf-8"))["rows"]
    return [_row(id, group) for group in groups for id in group["ids"]]


def _row(id: str, group: dict[str, Any]) -> Registered:
    own = group.get("own", {}).get(id, {})
    owners = (*group["owners"], *own.get("owners", ()))
    complete = (_placed(f"{owner}{id}" if owner.endswith(("#", ".")) else owner) for owner in owners)
    return Registered(id, tuple(complete), (*group["tests"], *own.get("tests", ())))


def _placed(owner: str) -> str:
    """`folder#key` as `file#key`, if a file of the folder holds the key."""
    folder, _, key = owner.partition("#")
    found = (path for path in sorted((ROOT / folder).glob("*.toml")) if key in _keys(path))
    return next((f"{path.relative_to(ROOT).as_posix()}#{key}" for path in found), owner)


def faults(row: Registered) -> Iterator[str]:
    """What is wrong with a row: no owner, no proof, or one that is not there."""
    if not row.owners or not row.proofs:
        yield f"{row.id} has no owner or no test"
    yield from (f"{row.id}: owner {owner} is not there" for owner in row.owners if not _owner_exists(owner))
    yield from (f"{row.id}: test {proof} is not there" for proof in row.proofs if not _proof_exists(proof))


def _owner_exists(owner: str) -> bool:
    name, _, key = owner.partition("#")
    return (ROOT / name).is_file() and (not key or key in _keys(ROOT / name))


@cache
def _keys(path: Path) -> frozenset[str]:
    """Every row and parameter of a TOML file as `kind.id` or `id`."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    below = {f"{name}.{id}" for name, table in content.items() if isinstance(table, dict) for id in table}
    return frozenset({*content, *below})


def _proof_exists(proof: str) -> bool:
    file, _, test = proof.partition("::")
    if test:
        return (ROOT / file).is_file() and test in _tests(ROOT / file)
    file, _, case = proof.partition(": ")
    return (ROOT / file).is_file() and case in _cases(ROOT / file)


@cache
def _tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


@cache
def _cases(path: Path) -> frozenset[str]:
    return frozenset(case["name"] for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"])


def page() -> str:
    """The register as Markdown."""
    rows = (f"| {row.id} | {_printed(row.owners)} | {_printed(row.proofs)} |" for row in registered())
    return "\n".join((*PREFACE, *rows)) + "\n"


def _printed(places: tuple[str, ...]) -> str:
    return "<br>".join(f"`{each}`" for each in places)


if __name__ == "__main__":
    sys.stdout.write(page())
