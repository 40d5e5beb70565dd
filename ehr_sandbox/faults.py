"""Switches for what this EHR shall do wrong, for all requests or for one that names them in a header."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from threading import Lock

from flask import has_request_context, request

from ehr_sandbox.fhir_json import Json

FILE = Path(__file__).parent / "faults.toml"
NUMBER = re.compile(r"\d{1,3}(\.\d{1,3})?")
HEADER = "X-Demo-Fault"


class FaultError(ValueError):
    """A fault that this EHR does not know; the text is fit to show."""


@cache
def known_faults() -> dict[str, Json]:
    """Name to `{where, value, meaning, text}`, in the order of the table."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


class Faults:
    """What is switched on, with its value. A request may switch on more for itself: `X-Demo-Fault: slow=2, outcome`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._on: dict[str, str] = {}

    def switch_on(self, name: str, value: str = "") -> None:
        """Raises FaultError. An empty value stands for the table's."""
        checked = _checked(name, value)
        with self._lock:
            self._on[name] = checked

    def switch_off(self, name: str = "") -> None:
        """One fault, or all of them. Raises FaultError."""
        if name:
            _known(name)
        with self._lock:
            self._on = {each: value for each, value in self._on.items() if name and each != name}

    def get(self, name: str) -> str | None:
        """The value of a fault that is on for this request, else None. Raises FaultError for an unknown one."""
        with self._lock:
            found = self._on.get(name)
        return _of_header(name) if found is None else found

    def hits(self, name: str, kind: str) -> bool:
        """Whether a fault is on for a resource type."""
        return self.get(name) in ("", kind)

    def overview(self) -> dict[str, Json]:
        """Every fault as the table has it, with `on` (whether) and `now` (its value if on)."""
        with self._lock:
            on = dict(self._on)
        return {name: fault | {"on": name in on, "now": on.get(name, "")} for name, fault in known_faults().items()}


def _known(name: str) -> None:
    if name not in known_faults():
        raise FaultError(f"There is no fault {name!r}. Faults are: {', '.join(known_faults())}.")


def _checked(name: str, value: str) -> str:
    """The value that a fault gets. Raises FaultError for one that it cannot have."""
    _known(name)
    fault = known_faults()[name]
    checked, shape = value or str(fault["value"]), fault.get("shape")
    if shape == "number" and not NUMBER.fullmatch(checked):
        raise FaultError(f"{name} needs a number: {fault['meaning']}.")
    if shape == "object" and not _is_object(checked):
        raise FaultError(f"{name} needs {fault['meaning']}.")
    return checked


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _of_header(wanted: str) -> str | None:
    text = request.headers.get(HEADER, "") if has_request_context() else ""
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = each.partition("=")
        checked = _checked(name, value)
        if name == wanted:
            return checked
    return None
