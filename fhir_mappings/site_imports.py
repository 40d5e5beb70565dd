"""Rows of a site mapping out of FHIR ConceptMap and ValueSet resources: every code is taken, or told as a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_mappings.code_tables import concepts_of_codings
from fhir_mappings.datatypes import Coding
from fhir_mappings.site_rows import SIGNED, SiteMappingError, SiteRow, file_text, signed

# The target means the same as the local code, or more: what the local code says is then true of the target.
USABLE = frozenset({"equal", "equivalent", "wider", "subsumes"})
LEFT_OUT = frozenset({"unmatched", "disjoint"})
EITHER = "Give a ConceptMap or a ValueSet as JSON."
IN_FULL = "Export the ValueSet with its expansion, or list the codes."


def imported(path: Path, given: Mapping[str, str]) -> Iterator[SiteRow | str]:
    """The rows and faults of a ConceptMap or ValueSet; `given` holds what a TOML [[import]] says of it."""
    try:
        resource = json.loads(file_text(path, f"Name an import as seen from the folder of the mapping. {EITHER}"))
    except SiteMappingError as problem:
        yield str(problem)
    except json.JSONDecodeError as problem:
        yield f"{path.name}: not readable as JSON (line {problem.lineno}: {problem.msg}). {EITHER}"
    except RecursionError:
        yield f"{path.name}: not readable as JSON (nested too deep). {EITHER}"
    else:
        yield from _rows(path.name, resource, given)


def _rows(name: str, resource: Any, given: Mapping[str, str]) -> Iterator[SiteRow | str]:
    kind = resource.get("resourceType", "") if isinstance(resource, dict) else ""
    if kind == "ConceptMap":
        reader = _of_concept_map
    elif kind == "ValueSet":
        reader = _of_value_set
    else:
        yield f"{name}: {f'a {kind}' if kind else 'this'} holds no mapping. {EITHER}"
        return
    try:
        found = list(reader(name, resource, signed(_signature(resource) | dict(given))))
    except KeyError as problem:
        yield f"{name}: {kind} is not built as FHIR R4 says ({problem.args[0]} is missing). Correct it."
    except (AttributeError, TypeError):
        yield f"{name}: {kind} is not built as FHIR R4 says (a part is no object or list). Correct it."
    else:
        yield from found or [f"{name}: this {kind} holds no code that can be used. {IN_FULL}"]


def _signature(resource: Mapping[str, Any]) -> dict[str, str]:
    reason = resource.get("purpose") or resource.get("description") or ""
    return {"author": resource.get("publisher", ""), "date": resource.get("date", "")[:10], "reason": reason}


def _row(name: str, concept: str, given: Mapping[str, str], system: str, code: str) -> SiteRow:
    by = {key: given[key] for key in SIGNED}
    return SiteRow("code", f"{name}: {code}", concept, **by, system=system, code=code)


def _of_concept_map(name: str, resource: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[SiteRow | str]:
    for group, element, target in _targets(resource):
        code = element["code"]
        concept, fault = _target(group["target"], target)
        if fault:
            yield f"{name}: {code}: {fault}"
        if concept:
            yield _row(name, concept, given, group["source"], code)


def _targets(resource: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    pairs = ((group, element) for group in resource.get("group", ()) for element in group.get("element", ()))
    yield from ((group, element, target) for group, element in pairs for target in element.get("target", ()))


def _target(system: str, target: Mapping[str, Any]) -> tuple[str, str]:
    """The concept of a target, or what is wrong with it; neither for one that is left out."""
    equivalence = target.get("equivalence", "")
    if equivalence in LEFT_OUT:
        return "", ""
    if not equivalence and "relationship" in target:
        return "", "relationship is FHIR R5. Write equivalence as in FHIR R4: equal, equivalent or wider."
    if equivalence not in USABLE:
        told = f"equivalence {equivalence or '(none)'} cannot be used"
        return "", f"{told}. Write equal, equivalent or wider, or leave it out."
    found = concepts_of_codings([Coding(system, target["code"])])
    if len(found) != 1:
        told = f"target {target['code']} means {', '.join(sorted(found)) or 'nothing that is read'}"
        return "", f"{told}. Name a code that stands for one data element."
    return next(iter(found)), ""


def _of_value_set(name: str, resource: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[SiteRow | str]:
    concept = given["concept"] or resource.get("name", "")
    listed = _expanded if "expansion" in resource else _composed
    for each in listed(resource):
        yield f"{name}: {each}" if isinstance(each, str) else _row(name, concept, given, *each)


def _expanded(resource: Mapping[str, Any]) -> Iterator[tuple[str, str] | str]:
    """The codes of an expansion: what a terminology server made of the definition."""
    expansion = resource["expansion"]
    codes = list(_contained(expansion))
    total = expansion.get("total", len(codes))
    if total > len(codes):
        yield f"the expansion holds {len(codes)} of {total} codes. Export it whole."
    yield from codes


def _contained(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in part.get("contains", ()):
        if "code" in each and not each.get("abstract"):
            yield each["system"], each["code"]
        yield from _contained(each)


def _composed(resource: Mapping[str, Any]) -> Iterator[tuple[str, str] | str]:
    """The codes that a definition lists; what a terminology server would have to work out is a fault."""
    compose = resource.get("compose", {})
    if compose.get("exclude"):
        yield f"compose.exclude is not worked out here. {IN_FULL}"
    for include in compose.get("include", ()):
        asked = [key for key in ("filter", "valueSet") if include.get(key)]
        if asked or not include.get("concept"):
            what = f"include.{asked[0]}" if asked else f"all codes of {include['system']}"
            yield f"{what} is not worked out here. {IN_FULL}"
        else:
            yield from ((include["system"], each["code"]) for each in include["concept"])
