"""Puts a fault into the modules that already run, and takes it out: the code of one function is exchanged."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper, cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tests.mutation.mutants import Mutant, Source

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "rpild_rules"


def sources(names: list[str]) -> list[Source]:
    """The modules of the rules, or those named."""
    paths = {path.stem: path for path in sorted(RULES.glob("*.py")) if path.stem != "__init__"}
    unknown = sorted(set(names) - set(paths))
    if unknown:
        raise SystemExit(f"no module of rpild_rules: {', '.join(unknown)}; there are {', '.join(paths)}")
    return [Source(paths[name]) for name in names or paths]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code objects of functions that stand in a module or a class, lambdas included."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each) if _is_class(each) else (each,)


def _is_class(code: CodeType) -> bool:
    return "__qualname__" in code.co_names and "__module__" in code.co_names


@cache
def functions_of_the_rules() -> dict[str, list[FunctionType]]:
    """Every live function by the file of its code; looked for once, when all modules of the rules are there."""
    for path in RULES.glob("*.py"):
        importlib.import_module(f"rpild_rules.{path.stem}")
    found: dict[str, list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found.setdefault(each.__code__.co_filename, []).append(each)
    return found


class Running:
    """The live functions of one module by name and line, and how to exchange their code."""

    def __init__(self, source: Source) -> None:
        importlib.import_module(f"rpild_rules.{source.module}")
        self.source = source
        self.live: dict[tuple[str, int], list[FunctionType]] = {}
        for each in functions_of_the_rules().get(str(source.path), []):
            self.live.setdefault(_title(each.__code__), []).append(each)

    def exchange(self, changed: CodeType) -> Callable[[], None]:
        """Put the functions of a changed compilation in place of the running ones; gives what undoes it."""
        before = []
        for code in _codes(changed):
            for function in self.live.get(_title(code), []):
                if function.__code__ != code:
                    before.append((function, function.__code__))
                    function.__code__ = code

        def undo() -> None:
            for function, code in before:
                function.__code__ = code

        return undo

    def at(self, place: str) -> list[FunctionType]:
        """The functions of a fault's place; all lambdas of its line."""
        _, _, line = place.partition("@")
        wanted = (lambda n, first: n.endswith("<lambda>") and str(first) == line) if line else (lambda n, _: n == place)
        return [each for title, found in self.live.items() if wanted(*title) for each in found]

    def infect(self, mutant: Mutant) -> Callable[[], None]:
        """Put one fault in place; gives what takes it out again."""
        return self.exchange(self.source.compiled(mutant, alone=True))


def _title(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


@cache
def _memories() -> list[tuple[str, Callable[[], None]]]:
    kept: list[Any] = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    return [(str(each.__module__), each.cache_clear) for each in kept]


def memories(all_of_them: bool) -> list[Callable[[], None]]:
    """What empties the caches of the rules; those of their tests as well, so that a faulty loader is asked again."""
    rooms = ("rpild_rules", "tests") if all_of_them else ("rpild_rules",)
    return [clear for module, clear in _memories() if module.startswith(rooms)]
