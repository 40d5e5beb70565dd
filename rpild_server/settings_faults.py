"""What is wrong with settings, in words: source, key, fault, and what was probably meant."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from rpild_server.ehr_settings import EhrSettings

if TYPE_CHECKING:
    from pydantic import ValidationError

PREFIX = "RPILD_"
NEAR = 0.8  # how alike two names are when one is a slip of the other
LISTS = ("tuple_type", "frozen_set_type")


def explain(problem: ValidationError, path: Path | None, known: Collection[str]) -> str:
    """One line per fault; the offending value is not repeated, it may be a secret. `known` are the site's settings."""
    rows = []
    for fault in problem.errors(include_input=False, include_url=False):
        key = ".".join(map(str, fault["loc"]))
        rows.append(
            f"{_source(str(fault['loc'][0]), path)}: {key}: {_text(fault['type'], fault['msg'], fault['loc'], known)}."
        )
    return "\n".join(rows)


def strange_variables(known: Collection[str]) -> Iterator[str]:
    """Environment variables that are no setting but nearly one; others of our prefix may be somebody else's."""
    for variable in sorted(each for each in os.environ if each.upper().startswith(PREFIX)):
        name = variable[len(PREFIX) :].lower()
        near = get_close_matches(name, known, 1, NEAR)
        if name not in known and near:
            yield f"environment {variable}: no such setting; did you mean {variable_of(near[0])}?"


def variable_of(key: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{key.upper()}"


def _source(key: str, path: Path | None) -> str:
    return f"environment {variable_of(key)}" if variable_of(key) in os.environ else str(path or "settings")


def _text(kind: str, message: str, place: tuple[int | str, ...], known: Collection[str]) -> str:
    if kind == "extra_forbidden":
        return _unknown(place, known)
    if kind in LISTS:
        return 'a list is wanted; write it in brackets, as in ["a", "b"]'
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return f"{message}; correct this value"


def _unknown(place: tuple[int | str, ...], known: Collection[str]) -> str:
    """A name that is none here: a slip, or it stands in the wrong part of the file."""
    name, ehr = str(place[-1]), len(place) > 1
    here, there = (EhrSettings.model_fields, known) if ehr else (known, EhrSettings.model_fields)
    near = get_close_matches(name, here, 1, NEAR)
    if near:
        return f"no such setting; did you mean {near[0]}?"
    if name in there:
        whose = "the whole site: move it above the first [[ehrs]]" if ehr else "an EHR: move it below its [[ehrs]]"
        return f"no such setting here; it is one of {whose}"
    return f"no such setting; known settings{' of an EHR' if ehr else ''}: {', '.join(here)}"
