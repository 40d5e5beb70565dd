"""FHIR token and reference search: `system|code`, `|code`, `code`, `system|`; `x` and `Patient/x`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ehr_sandbox.fhir_json import Json, as_list


def elements(resource: Json, path: str) -> Iterator[Any]:
    """The values at a dotted path, through lists."""
    name, _, rest = path.partition(".")
    values = as_list(resource.get(name))
    if not rest:
        yield from values
    for value in values if rest else ():
        yield from elements(value, rest)


def codings(value: Any) -> list[tuple[str, str]]:
    """The (system, code) pairs of a code, boolean, Coding, CodeableConcept or Identifier."""
    if not isinstance(value, dict):
        return [("", str(value).lower() if isinstance(value, bool) else str(value))]
    found = value.get("coding", [] if "text" in value else [value])
    return [(each.get("system", ""), each.get("code", each.get("value", ""))) for each in found]


def token_test(wanted: str) -> Callable[[Any], bool]:
    """A search value as a test on an element."""
    system, bar, code = wanted.rpartition("|")

    def matches(pair: tuple[str, str]) -> bool:
        return (not bar or pair[0] == system) and (not code or pair[1] == code)

    return lambda value: any(matches(pair) for pair in codings(value))


def reference_test(name: str, wanted: str) -> Callable[[Any], bool]:
    """`x` or `Type/x` (or an absolute address ending so) as a test on a Reference; `patient` means a Patient."""
    kind, _, identity = wanted.rpartition("/")
    kind = kind.rpartition("/")[2] or {"patient": "Patient", "encounter": "Encounter"}.get(name, "")

    def test(value: Any) -> bool:
        found_kind, _, found = str(value.get("reference", "")).rpartition("/")
        return found == identity and (not kind or found_kind.rpartition("/")[2] == kind)

    return test
