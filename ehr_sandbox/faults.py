"""Switches for what this EHR shall do wrong, for all requests or for one that names them in a header."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from threading import Lock

from flask import has_request_context, request

from ehr_sandbox.fhir_json import Json

FILE = Path(__file__).parent / "faults.toml"
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
        _known(name)
        with self._lock:
            self._on[name] = value or known_faults()[name]["value"]

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


def _of_header(wanted: str) -> str | None:
    text = request.headers.get(HEADER, "") if has_request_context() else ""
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = each.partition("=")
        _known(name)
        if name == wanted:
            return value or str(known_faults()[name]["value"])
    return None
